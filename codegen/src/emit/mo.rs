//! Managed objects, and the functions that stand for methods where no metadata tells whose they are.

use super::docs::{From, doc, line};
use super::family::{self, Item};
use super::registry::rows;
use super::{Emitter, Files, SERVER, cfg, flags};
use crate::areas::{AreaId, CORE};
use crate::error::{Error, Result};
use crate::model::{Field, Method, ObjectId, Ty};
use crate::names::{camel, snake};
use std::collections::BTreeSet;
use std::fmt::Write;

/// What a method is called on.
#[derive(Clone, Copy)]
enum Receiver<'a> {
    Object(&'a str),
    Handle,
}

/// What `vim_wire::call!` gives every call.
const CALL: [&str; 2] = ["into_future", "to_request"];

impl Emitter<'_> {
    /// The module `mo`: a folder per area, in it a file per managed object.
    pub(super) fn managed_objects(&self, files: &mut Files) -> Result<()> {
        self.unique()?;
        for area in 0..self.plan.areas.len() {
            let ids: Vec<ObjectId> =
                (0..self.model.objects.len()).filter(|id| self.plan.objects[*id] == area).collect();
            if ids.is_empty() {
                continue;
            }
            let folder = format!("mo/{}", self.plan.areas[area].name);
            let mut module = self.header(None);
            let (mut uses, mut methods, mut names) = (String::new(), Vec::new(), Vec::new());
            for id in ids {
                let object = &self.model.objects[id];
                names.push(object.name.as_str());
                let file = snake(&object.name);
                files.insert(format!("{folder}/{file}.rs"), self.object(id, area));
                let _ = writeln!(module, "mod {file};");
                let _ = writeln!(uses, "pub use {file}::*;");
                methods.extend(
                    object.methods.iter().map(|method| (method.wire.as_str(), method.constant.as_str())),
                );
            }
            let _ = write!(module, "\n{uses}\n/// The methods, by their names on the wire.\n");
            module.push_str("pub(in crate::generated) static METHODS: &[&vim_wire::MethodDesc] = &[\n");
            methods.sort_unstable();
            rows(&mut module, methods.iter().map(|(_, constant)| format!("&{constant}")));
            module.push_str("];\n");
            if self.serves() {
                let _ = write!(
                    module,
                    "\n/// The managed objects' properties as data types, under the objects' names.\n\
                     #[cfg(feature = \"{SERVER}\")]\n\
                     pub(in crate::generated) static PROPERTIES: &[&vim_wire::TypeDesc] = &[\n"
                );
                rows(
                    &mut module,
                    names.iter().map(|name| format!("<{name}Properties as vim_wire::DataObject>::DESC")),
                );
                module.push_str("];\n");
            }
            files.insert(format!("{folder}/mod.rs"), module);
        }
        Ok(())
    }

    /// Refuses two items of one name in `mo`, or one that a type has, and setters that every call has already.
    fn unique(&self) -> Result<()> {
        let mut names: BTreeSet<String> = self.model.types.iter().map(|ty| ty.rust.clone()).collect();
        names.extend(self.model.enums.iter().map(|ty| ty.rust.clone()));
        let methods =
            self.model.objects.iter().flat_map(|object| &object.methods).chain(&self.model.functions);
        for method in methods {
            if let Some(param) = method.params.iter().find(|param| CALL.contains(&param.ident.as_str())) {
                let cause = format!("a parameter \"{}\", which every call has as a method", param.ident);
                return Err(Error::new("schema", &method.wire, cause));
            }
        }
        for object in &self.model.objects {
            let calls =
                object.methods.iter().filter(|method| has_setters(method)).map(|method| method.call.clone());
            let own = [object.name.clone(), format!("{}Properties", object.name)];
            for name in own.into_iter().chain(calls) {
                if !names.insert(name.clone()) {
                    return Err(Error::new("schema", &object.name, format!("a second item \"{name}\"")));
                }
            }
        }
        Ok(())
    }

    fn object(&self, id: ObjectId, area: AreaId) -> String {
        let object = &self.model.objects[id];
        let name = &object.name;
        let base = object.base.map(|base| self.model.objects[base].name.as_str());
        let mut out = self.header(Some(object.service));
        out.push_str("use super::super::flat::*;\nuse crate::generated::types::*;\n\n");

        let extends = base.map_or_else(String::new, |base| format!("; extends [`{base}`]"));
        let links: Vec<String> = object
            .subtypes
            .iter()
            .map(|id| self.object_link(&self.model.objects[*id].name, From::Objects))
            .collect();
        let extended =
            if links.is_empty() { String::new() } else { format!("Extended by {}.", links.join(", ")) };
        let head = format!("`{}`{extends}.", object.vmodl);
        doc(&mut out, "", &[head, self.since(object.service, object.since), extended]);
        out.push_str("#[derive(Clone, Debug)]\n");
        let _ = writeln!(out, "pub struct {name}({});", base.unwrap_or("vim_wire::Handle"));
        let head = base.map_or_else(|| name.clone(), |base| format!("{name}: {base}"));
        let service = &self.model.services[object.service].constant;
        let since = object.since;
        let facts = format!("\"{name}\", {since}, {name}Properties, crate::generated::{service} }}");
        let gap = if head.len() + facts.len() > 94 { "\n    " } else { " " };
        let _ = writeln!(out, "vim_wire::managed_object! {{ {head},{gap}{facts}\n");
        self.properties(&mut out, id, area, base);
        if object.methods.is_empty() {
            return out;
        }
        let _ = writeln!(out, "\nimpl {name} {{");
        for (at, method) in object.methods.iter().enumerate() {
            if at > 0 {
                out.push('\n');
            }
            self.function(&mut out, method, Receiver::Object(name), area);
        }
        out.push_str("}\n");
        for method in &object.methods {
            self.call(&mut out, method, Receiver::Object(name), area);
            self.description(&mut out, method, name);
        }
        out
    }

    fn properties(&self, out: &mut String, id: ObjectId, area: AreaId, base: Option<&str>) {
        let object = &self.model.objects[id];
        let name = &object.name;
        let server = self.serves();
        let use_of = if server { "A value only with the feature `server`" } else { "Never constructed" };
        line(out, "", &format!("The properties of [`{name}`], for typed property paths. {use_of}."));
        if server {
            let _ = writeln!(out, "#[cfg_attr(feature = \"{SERVER}\", derive(Default))]");
        }
        let _ = writeln!(out, "pub struct {name}Properties {{");
        if let Some(base) = base {
            line(out, "    ", &format!("What it has as a [`{base}`]."));
            let _ = writeln!(out, "    pub extends: {base}Properties,");
        }
        for property in &object.properties {
            let features = self.plan.features(area, self.plan.of_property(property));
            let mut text = self.field_doc(object.service, property, From::Objects);
            if !features.is_empty() {
                let _ = write!(text, " Needs the feature `{}`.", features.join("` and `"));
            }
            line(out, "    ", &text);
            out.push_str(&cfg(&features, "    "));
            let _ = writeln!(out, "    pub {}: {},", property.ident, self.field_type(property));
        }
        let head = base.map_or_else(
            || format!("{name}Properties"),
            |base| format!("{name}Properties: {base}Properties"),
        );
        let _ = write!(out, "}}\nvim_wire::properties! {{ {head}, {name}, {{");
        for property in &object.properties {
            let features = self.plan.features(area, self.plan.of_property(property));
            let _ = write!(
                out,
                "\n{}    {} \"{}\" {},",
                cfg(&features, "    "),
                property.ident,
                property.wire,
                property.since
            );
        }
        out.push_str(if object.properties.is_empty() { "} }\n" } else { "\n} }\n" });
        if server {
            let namespace = &self.model.services[object.service].namespace;
            let _ = write!(
                out,
                "#[cfg(feature = \"{SERVER}\")]\nvim_wire::property_object! {{ {head}, \"{name}\", \"{namespace}\", {}, {{",
                object.since
            );
            for property in &object.properties {
                let (ident, wire, since, flags) =
                    (&property.ident, &property.wire, property.since, flags(property));
                let _ = write!(out, "\n    {ident} \"{wire}\" {since} {flags},");
            }
            out.push_str(if object.properties.is_empty() { "} }\n" } else { "\n} }\n" });
        }
    }

    /// Whether managed objects' properties can be made values. What stands alone has no features.
    pub(super) fn serves(&self) -> bool {
        self.plan.areas.len() > 1
    }

    fn function(&self, out: &mut String, method: &Method, receiver: Receiver<'_>, area: AreaId) {
        let features = self.plan.features(area, self.plan.of_method(self.model, method));
        let indent = if matches!(receiver, Receiver::Handle) { "" } else { "    " };
        let positional: Vec<&Field> = method.params.iter().filter(|param| !param.optional).collect();
        doc(out, indent, &self.method_doc(method, &positional, &features));
        out.push_str(&cfg(&features, indent));
        let _ = writeln!(out, "{indent}#[inline]");
        let borrows = positional.iter().any(|param| self.param_type(param).starts_with('&'));
        // A parameter may have the handle's name.
        let is_taken = |name: &&str| positional.iter().any(|param| param.ident == *name);
        let this = match receiver {
            Receiver::Object(_) => "self",
            Receiver::Handle => {
                ["this", "handle"].into_iter().find(|name| !is_taken(name)).unwrap_or("this_")
            }
        };
        let (generic, lifetime) = if borrows { ("<'a>", "'a") } else { ("", "'_") };
        let borrow = if borrows { "&'a " } else { "&" };
        let mut params = vec![match receiver {
            Receiver::Object(_) => format!("{borrow}self"),
            Receiver::Handle => format!("{this}: {borrow}vim_wire::Handle"),
        }];
        params.extend(positional.iter().map(|param| format!("{}: {}", param.ident, self.param_type(param))));
        let setters = has_setters(method);
        let answer = if setters {
            format!("{}<{lifetime}>", method.call)
        } else {
            format!("vim_wire::Call<{lifetime}, {}>", self.answer(method))
        };
        let name = &method.ident;
        let one = format!("{indent}pub fn {name}{generic}({}) -> {answer} {{", params.join(", "));
        if one.len() <= 118 {
            let _ = writeln!(out, "{one}");
        } else {
            let _ = writeln!(out, "{indent}pub fn {name}{generic}(");
            for param in params {
                let _ = writeln!(out, "{indent}    {param},");
            }
            let _ = writeln!(out, "{indent}) -> {answer} {{");
        }
        let new = format!("vim_wire::Call::new({this}, &{})", method.constant);
        let args: Vec<String> = (method.params.iter().enumerate())
            .filter(|(_, param)| !param.optional)
            .map(|(index, param)| format!(".arg({index}, {})", param.ident))
            .collect();
        let (before, after) = if setters { (format!("{}(", method.call), ")") } else { (String::new(), "") };
        let one = format!("{indent}    {before}{new}{}{after}", args.concat());
        if one.len() <= 118 {
            let _ = writeln!(out, "{one}\n{indent}}}");
        } else {
            let deep = if setters { format!("{indent}        ") } else { format!("{indent}    ") };
            let chain = format!("{deep}{new}\n{deep}    {}", args.join(&format!("\n{deep}    ")));
            let body = if setters { format!("{indent}    {before}\n{chain}\n{indent}    )") } else { chain };
            let _ = writeln!(out, "{body}\n{indent}}}");
        }
    }

    /// The struct that takes what is optional in a call.
    fn call(&self, out: &mut String, method: &Method, receiver: Receiver<'_>, area: AreaId) {
        if !has_setters(method) {
            return;
        }
        let features = self.plan.features(area, self.plan.of_method(self.model, method));
        let cfg = cfg(&features, "");
        let (call, answer) = (&method.call, self.answer(method));
        let of = match receiver {
            Receiver::Object(object) => format!("{object}::{}", method.ident.trim_start_matches("r#")),
            Receiver::Handle => method.ident.clone(),
        };
        out.push('\n');
        line(out, "", &format!("A call of [`{of}`]: set what is optional, then await it."));
        let _ = writeln!(out, "{cfg}#[must_use = \"a call is sent when it is awaited\"]");
        let _ = writeln!(out, "pub struct {call}<'a>(vim_wire::Call<'a, {answer}>);");
        let _ = writeln!(out, "{cfg}impl<'a> {call}<'a> {{");
        for (index, param) in method.params.iter().enumerate().filter(|(_, param)| param.optional) {
            line(out, "    ", &self.field_doc(method.service, param, From::Objects));
            let (ident, ty) = (&param.ident, self.param_type(param));
            let one = format!("    pub fn {ident}(self, {ident}: {ty}) -> Self {{");
            let text = if one.len() > 118 {
                format!("    pub fn {ident}(\n        self,\n        {ident}: {ty},\n    ) -> Self {{")
            } else {
                one
            };
            let _ = writeln!(out, "    #[inline]\n{text}");
            let _ = writeln!(out, "        Self(self.0.arg({index}, {ident}))\n    }}");
        }
        let _ = writeln!(out, "}}\n{cfg}vim_wire::call! {{ {call}, {answer} }}");
    }

    fn description(&self, out: &mut String, method: &Method, this: &str) {
        out.push('\n');
        line(out, "", &format!("`{}`.", method.wire));
        let service = &self.model.services[method.service].constant;
        let _ =
            writeln!(out, "pub static {}: vim_wire::MethodDesc = vim_wire::MethodDesc {{", method.constant);
        let _ = writeln!(out, "    name: \"{}\",\n    this: \"{this}\",", method.wire);
        let _ = writeln!(
            out,
            "    service: &crate::generated::{service},\n    since: {},\n    task: {},",
            method.since, method.task
        );
        match &method.privilege {
            Some(privilege) => {
                let _ = writeln!(out, "    privilege: Some(\"{privilege}\"),");
            }
            None => out.push_str("    privilege: None,\n"),
        }
        out.push_str("    params: &[");
        for param in &method.params {
            let (name, since, flags) = (&param.wire, param.since, flags(param));
            let _ = write!(
                out,
                "\n        vim_wire::ParamDesc {{ name: \"{name}\", since: {since}, flags: {flags} }},"
            );
        }
        out.push_str(if method.params.is_empty() { "],\n" } else { "\n    ],\n" });
        let faults: Vec<String> =
            method.faults.iter().map(|id| format!("\"{}\"", self.model.types[*id].wire)).collect();
        let mut row = String::from("    faults: &[");
        for (at, fault) in faults.iter().enumerate() {
            let comma = if at + 1 < faults.len() { ", " } else { "" };
            if row.lines().last().map_or(0, str::len) + fault.len() + comma.len() > 116 {
                row.truncate(row.trim_end().len());
                row.push_str("\n        ");
            }
            row.push_str(fault);
            row.push_str(comma);
        }
        let result = method.result.as_ref().map_or_else(String::new, |answer| self.wire_type(answer.ty));
        let _ = writeln!(out, "{row}],\n    result: \"{result}\",\n}};");
    }

    /// What awaiting a call gives.
    fn answer(&self, method: &Method) -> String {
        let value = match &method.result {
            None => "()".to_owned(),
            Some(answer) => {
                let handle = answer.target.as_deref().filter(|target| {
                    answer.ty == Ty::MoRef
                        && !answer.array
                        && !answer.optional
                        && self.model.object(target).is_some()
                });
                let item = handle.map_or_else(|| self.item(answer.ty), str::to_owned);
                match (answer.array, answer.optional) {
                    (true, _) => format!("Vec<{item}>"),
                    (false, true) => format!("Option<{item}>"),
                    (false, false) => item,
                }
            }
        };
        if method.task { format!("vim_wire::Task<{value}>") } else { value }
    }

    fn param_type(&self, param: &Field) -> String {
        let item = self.item(param.ty);
        match param.ty {
            _ if param.array => format!("&'a [{item}]"),
            Ty::Bool | Ty::I8 | Ty::I16 | Ty::I32 | Ty::I64 | Ty::F32 | Ty::F64 => item,
            Ty::String => "&'a str".to_owned(),
            _ => format!("&'a {item}"),
        }
    }

    /// The module `methods`: what is known of methods without metadata.
    pub(super) fn functions(&self, files: &mut Files) {
        if self.model.functions.is_empty() {
            return;
        }
        let items = self.model.functions.iter().map(|method| {
            let mut text = String::new();
            self.function(&mut text, method, Receiver::Handle, CORE);
            self.call(&mut text, method, Receiver::Handle, CORE);
            self.description(&mut text, method, "");
            Item { name: camel(&method.wire), vmodl: None, service: method.service, text, is_enum: false }
        });
        let mut module = self.header(None);
        module.push_str(
            "//! Methods as functions on a handle: nothing tells which managed object has which.\n\n",
        );
        let mut uses = String::new();
        for (name, items) in family::split(items.collect(), "methods") {
            let mut text = self.header(items.first().map(|item| item.service));
            text.push_str("use crate::generated::types::*;\n");
            for item in items {
                text.push('\n');
                text.push_str(&item.text);
            }
            let _ = writeln!(module, "mod {name};");
            let _ = writeln!(uses, "pub use {name}::*;");
            files.insert(format!("methods/{name}.rs"), text);
        }
        let mut methods: Vec<&Method> = self.model.functions.iter().collect();
        methods.sort_unstable_by_key(|method| &method.wire);
        let _ = write!(module, "\n{uses}\n/// The methods, by their names on the wire.\n");
        module.push_str("pub(in crate::generated) static METHODS: &[&vim_wire::MethodDesc] = &[\n");
        rows(&mut module, methods.iter().map(|method| format!("&{}", method.constant)));
        module.push_str("];\n");
        files.insert("methods/mod.rs".to_owned(), module);
    }
}

fn has_setters(method: &Method) -> bool {
    method.params.iter().any(|param| param.optional)
}
