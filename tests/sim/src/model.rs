//! The schema's methods with the types of their parameters, from which requests are made.

use crate::crawl::{escape, reference};
use codegen::metadata::{FieldFacts, Metadata};
use codegen::schema::source::Folders;
use codegen::schema::{QName, Raw, RawElement, RawField, XSD, load};
use std::path::Path;
use std::sync::LazyLock;
use vim_wire::MoRef;

const NAMESPACE: &str = "urn:vim25";

/// How deep a made-up value may nest.
const DEPTH: usize = 4;

/// A method: its name, the kind of object that has it, and what it takes.
#[derive(Debug)]
pub struct Method {
    /// The name on the wire.
    pub name: &'static str,
    /// The managed object that has it.
    pub this: &'static str,
    params: Vec<(&'static RawField, Option<&'static FieldFacts>)>,
}

struct Schema {
    raw: Raw,
    metadata: Metadata,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../codegen/schema/vim25");
    let raw =
        load::load(&Folders(vec![folder.clone()]), &["vimService.wsdl".into()]).expect("the schema is read");
    let text = std::fs::read_to_string(folder.join("vim-metadata.json")).expect("the metadata are read");
    let metadata = codegen::metadata::parse(&text, "vim-metadata.json").expect("are metadata");
    Schema { raw, metadata }
});

/// All methods of the schema, by name.
#[must_use]
pub fn methods() -> Vec<Method> {
    let schema = &*SCHEMA;
    let mut methods = Vec::new();
    for (this, object) in &schema.metadata.managed_objects {
        for facts in &object.methods {
            let operations = &schema.raw.ports[NAMESPACE].operations;
            let Some(operation) = operations.iter().find(|operation| operation.name == facts.name) else {
                continue;
            };
            let Some(RawElement::Named(request)) = schema.raw.elements.get(&operation.input) else {
                continue;
            };
            let fields = schema.raw.types[request].fields.iter().filter(|field| field.name != "_this");
            let params = fields.map(|field| (field, facts.params.get(&field.name))).collect();
            methods.push(Method { name: &facts.name, this, params });
        }
    }
    methods.sort_by_key(|method| (method.this, method.name));
    methods
}

/// Whether a managed object's kind is, or extends, another.
#[must_use]
pub fn is_a(kind: &str, of: &str) -> bool {
    let base = |kind: &str| SCHEMA.metadata.managed_objects.get(kind).and_then(|object| object.base.clone());
    std::iter::successors(Some(kind.to_owned()), |kind| base(kind)).any(|kind| kind == of)
}

impl Method {
    /// Arguments for what it requires, as elements; none where one cannot be made up. `find` gives a reference to an object
    /// of a kind.
    pub fn arguments(&self, find: &dyn Fn(&str) -> Option<MoRef>) -> Option<String> {
        let mut written = String::new();
        for (field, facts) in self.params.iter().filter(|(field, _)| !field.optional) {
            element(field, *facts, DEPTH, find, &mut written)?;
        }
        Some(written)
    }
}

/// Writes an element with a value of its type.
fn element(
    field: &RawField,
    facts: Option<&FieldFacts>,
    depth: usize,
    find: &dyn Fn(&str) -> Option<MoRef>,
    to: &mut String,
) -> Option<()> {
    let (name, ty) = (&field.name, &field.ty);
    if ty.ns == XSD {
        let value = match ty.name.as_str() {
            "string" => escape("made-up"),
            "boolean" => "false".to_owned(),
            "int" | "long" | "short" | "byte" | "float" | "double" => "1".to_owned(),
            "dateTime" => "2026-01-02T03:04:05Z".to_owned(),
            _ => return None,
        };
        to.push_str(&format!("<{name}>{value}</{name}>"));
        return Some(());
    }
    if let Some(values) = SCHEMA.raw.enums.get(ty) {
        let value = values.values.first()?;
        to.push_str(&format!("<{name}>{value}</{name}>"));
        return Some(());
    }
    let simple = SCHEMA.raw.types.get(ty)?.simple;
    if simple {
        to.push_str(&reference(name, &find(facts?.target.as_deref()?)?));
        return Some(());
    }
    let depth = depth.checked_sub(1)?;
    to.push_str(&format!("<{name}>"));
    for (owner, field) in fields(ty) {
        if !field.optional {
            let facts =
                SCHEMA.metadata.types.get(&owner.name).and_then(|facts| facts.fields.get(&field.name));
            element(field, facts, depth, find, to)?;
        }
    }
    to.push_str(&format!("</{name}>"));
    Some(())
}

/// All fields of a type in the order of the schema, each with the type that declares it.
fn fields(ty: &QName) -> Vec<(&'static QName, &'static RawField)> {
    let types = &SCHEMA.raw.types;
    let Some((name, raw)) = types.get_key_value(ty) else { return Vec::new() };
    let mut all = raw.base.as_ref().map(fields).unwrap_or_default();
    all.extend(raw.fields.iter().map(|field| (name, field)));
    all
}
