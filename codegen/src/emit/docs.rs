//! Documentation: the schema's facts in words.

use super::Emitter;
use crate::model::{Field, Method, ServiceId, Ty, TypeId};

/// Where a link stands: managed objects are in another module than types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Types,
    Objects,
}

/// Lines of generated documentation are no wider than this.
const WIDTH: usize = 110;

/// More subtypes than this are counted, not listed.
const LISTED: usize = 12;

/// Paragraphs as doc comments.
pub(super) fn doc(out: &mut String, indent: &str, paragraphs: &[String]) {
    let mut first = true;
    for paragraph in paragraphs.iter().filter(|paragraph| !paragraph.is_empty()) {
        let item = paragraph.starts_with("- ");
        if !first && !item {
            out.push_str(indent);
            out.push_str("///\n");
        }
        first = false;
        wrap(out, indent, paragraph, if item { "  " } else { "" });
    }
}

fn wrap(out: &mut String, indent: &str, text: &str, hanging: &str) {
    let mut width = 0;
    for word in text.split(' ') {
        if width == 0 || width + 1 + word.len() > WIDTH {
            if width > 0 {
                out.push('\n');
            }
            out.push_str(indent);
            out.push_str("/// ");
            if width > 0 {
                out.push_str(hanging);
            }
            width = indent.len() + 4;
        } else {
            out.push(' ');
            width += 1;
        }
        out.push_str(word);
        width += word.len();
    }
    out.push('\n');
}

/// A single line.
pub(super) fn line(out: &mut String, indent: &str, text: &str) {
    doc(out, indent, &[text.to_owned()]);
}

/// Words that end in "a", or in "an" before a vowel.
fn article<'a>(words: &'a str, name: &str) -> std::borrow::Cow<'a, str> {
    if name.starts_with(['A', 'E', 'I', 'O', 'U', 'a', 'e', 'i', 'o', 'u']) {
        format!("{words}n").into()
    } else {
        words.into()
    }
}

impl Emitter<'_> {
    /// "Since 5.5.", or nothing for what was always there.
    pub(super) fn since(&self, service: ServiceId, since: usize) -> String {
        if since == 0 { String::new() } else { format!("Since {}.", self.model.version(service, since)) }
    }

    /// A link to a managed object, or its name where there is none of it.
    pub(super) fn object_link(&self, name: &str, from: From) -> String {
        match (self.model.object(name), from) {
            (None, _) => format!("`{name}`"),
            (Some(_), From::Types) => format!("[`{name}`](crate::mo::{name})"),
            (Some(_), From::Objects) => format!("[`{name}`]"),
        }
    }

    fn type_link(&self, id: TypeId) -> String {
        format!("[`{}`]", self.model.types[id].rust)
    }

    /// The paragraphs of a data type.
    pub(super) fn type_doc(&self, id: TypeId) -> Vec<String> {
        let ty = &self.model.types[id];
        let mut head = format!("`{}`", ty.vmodl.as_ref().unwrap_or(&ty.wire));
        if ty.rust != ty.wire {
            head += &format!(", on the wire `{}`", ty.wire);
        }
        match ty.base {
            Some(base) if !self.model.is_empty_root(base) => {
                head += &format!("; extends {}.", self.type_link(base))
            }
            _ => head.push('.'),
        }
        let extended = match ty.subtypes.len() {
            0 => String::new(),
            count if count <= LISTED => {
                let links: Vec<String> = ty.subtypes.iter().map(|id| self.type_link(*id)).collect();
                format!("Extended by {}.", links.join(", "))
            }
            _ => format!("Extended by {} types.", ty.descendants),
        };
        vec![head, self.since(ty.service, ty.since), extended]
    }

    /// What a field is, in a line: its wire name and what else is known.
    pub(super) fn field_doc(&self, service: ServiceId, field: &Field, from: From) -> String {
        let mut words = vec![format!("`{}`.", field.wire)];
        words.push(
            match (field.array, field.optional) {
                (true, true) => "Zero or more.",
                (true, false) => "One or more.",
                (false, true) => "Optional.",
                (false, false) => "Required.",
            }
            .to_owned(),
        );
        words.extend(self.facts(service, field, from));
        words.join(" ")
    }

    /// What is known of a field beyond its name, its type and whether it may be absent.
    pub(super) fn facts(&self, service: ServiceId, field: &Field, from: From) -> Vec<String> {
        let mut words = Vec::new();
        if field.later {
            words.push(self.since(service, field.since));
        }
        let facts = &field.facts;
        if let Some(target) = &facts.target {
            let plural = if field.array { "References to".into() } else { article("Reference to a", target) };
            words.push(format!("{plural} {}.", self.object_link(target, from)));
        }
        if let Some(link) = facts.link {
            let plural = if field.array { "Keys of" } else { "The key of a" };
            words.push(format!("{plural} {}.", self.type_link(link)));
        }
        if let Some(is) = &facts.is {
            let (one, many) = match is.as_str() {
                "TypeName" => ("A type name.", "Type names."),
                "MethodName" => ("A method name.", "Method names."),
                "PropertyPath" => ("A property path.", "Property paths."),
                other => (other, other),
            };
            words.push(if field.array { many } else { one }.to_owned());
        }
        if let Some(values) = facts.values {
            words.push(format!("Values: [`{}`].", self.model.enums[values].rust));
        }
        if let Some(privilege) = &facts.privilege {
            words.push(format!("Privilege: `{privilege}`."));
        }
        if facts.secret {
            words.push("Secret: redacted in Debug and in logs.".to_owned());
        }
        words
    }

    /// The paragraphs of a method. `positional` are the parameters that the function itself takes.
    pub(super) fn method_doc(
        &self,
        method: &Method,
        positional: &[&Field],
        features: &[&str],
    ) -> Vec<String> {
        let mut head = vec![format!("`{}`.", method.wire)];
        if method.later {
            head.push(self.since(method.service, method.since));
        }
        if let Some(privilege) = &method.privilege {
            head.push(format!("Privilege: `{privilege}`."));
        }
        let mut paragraphs = vec![head.join(" "), self.answer_doc(method)];
        for param in positional {
            let facts = self.facts(method.service, param, From::Objects);
            if !facts.is_empty() {
                paragraphs.push(format!("- `{}`: {}", param.wire, facts.join(" ")));
            }
        }
        // Every method may answer a RuntimeFault.
        let faults: Vec<String> = method
            .faults
            .iter()
            .filter(|id| self.model.types[**id].wire != "RuntimeFault")
            .map(|id| self.type_link(*id))
            .collect();
        if !faults.is_empty() {
            paragraphs.push(format!("Faults: {}.", faults.join(", ")));
        }
        if !features.is_empty() {
            let features: Vec<String> = features.iter().map(|feature| format!("`{feature}`")).collect();
            paragraphs.push(format!("Needs the feature {}.", features.join(" and ")));
        }
        paragraphs
    }

    fn answer_doc(&self, method: &Method) -> String {
        let secret = if method.secret { " The answer is a secret." } else { "" };
        let Some(answer) = &method.result else {
            return if method.task { "Answers a task without a result.".to_owned() } else { String::new() };
        };
        let (name, what) = match (&answer.target, answer.ty) {
            (Some(target), _) => (target.clone(), self.object_link(target, From::Objects)),
            (None, Ty::Data(id)) => (self.model.types[id].rust.clone(), self.type_link(id)),
            (None, Ty::Enum(id)) => {
                (self.model.enums[id].rust.clone(), format!("[`{}`]", self.model.enums[id].rust))
            }
            (None, ty) => (self.wire_type(ty), format!("`{}`", self.wire_type(ty))),
        };
        let what = match (answer.array, answer.optional) {
            (true, _) => format!("a list of {what}"),
            (false, true) => format!("{} {what}", article("perhaps a", &name)),
            (false, false) => format!("{} {what}", article("a", &name)),
        };
        if method.task {
            format!("Answers a task; its result is {what}.{secret}")
        } else {
            format!("Answers {what}.{secret}")
        }
    }
}
