//! Each managed object's properties in the generated text, against the metadata.

use crate::schema::{PBM, VIM25, in_vim25, root, schema};
use crate::signatures::rust;
use codegen::metadata::PropertyFacts;
use codegen::names;
use codegen::schema::{QName, XSD};
use std::collections::BTreeMap;
use std::path::Path;

/// A property: its name, its type, and for the table its wire name and version.
type Property = (String, String, String, u8);

/// Of each managed object what its properties' struct embeds, and the properties.
fn generated(folder: &Path, all: &mut BTreeMap<String, (Option<String>, Vec<Property>)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            generated(&path, all);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a file");
        let Some((_, rest)) = text.split_once("\nvim_wire::properties! {") else { continue };
        let (table, _) = rest.split_once("} }\n").expect("the table's end");
        let (head, rows) = table.split_once('{').expect("rows");
        let names: Vec<_> = head.split([':', ',']).map(str::trim).filter(|name| !name.is_empty()).collect();
        let (base, object) = match names[..] {
            [_, base, object] => (Some(base.to_owned()), object),
            [_, object] => (None, object),
            _ => panic!("{head}"),
        };
        let (_, body) = text.split_once(&format!("pub struct {object}Properties {{\n")).expect("a struct");
        let (body, _) = body.split_once("}\nvim_wire::properties!").expect("its end");
        let own = |line: &&str| !line.starts_with("//") && !line.starts_with("#[") && !line.is_empty();
        let mut fields = body.lines().map(str::trim).filter(own).peekable();
        if let Some(base) = &base {
            assert_eq!(fields.next(), Some(format!("pub extends: {base},").as_str()));
        }
        let fields = fields
            .map(|line| line.strip_prefix("pub ").and_then(|line| line.strip_suffix(',')).expect("a field"));
        let fields = fields.map(|line| line.split_once(": ").expect("a type"));
        let rows: Vec<_> = rows.lines().map(str::trim).filter(own).collect();
        let properties = rows.iter().map(|row| match row.split(' ').collect::<Vec<_>>()[..] {
            [ident, wire, since] => {
                (ident, wire.trim_matches('"'), since.trim_end_matches(',').parse().expect("a version"))
            }
            _ => panic!("{row}"),
        });
        let properties = fields.zip(properties).map(|((name, ty), (ident, wire, since))| {
            assert_eq!(name, ident, "{object}");
            (ident.to_owned(), ty.to_owned(), wire.to_owned(), since)
        });
        let properties: Vec<_> = properties.collect();
        assert_eq!(properties.len(), rows.len(), "{object}");
        all.insert(object.to_owned(), (base, properties));
    }
}

fn wanted(ns: &str, since: u8, facts: &PropertyFacts) -> Property {
    let ty = match facts.ty.strip_prefix("xsd:") {
        Some(name) => QName { ns: XSD.to_owned(), name: name.to_owned() },
        None if facts.ty == "ManagedObjectReference" => in_vim25(&facts.ty),
        None => QName { ns: ns.to_owned(), name: facts.ty.clone() },
    };
    let item = rust(schema(), &ty);
    let ty = match (facts.array, facts.optional) {
        (true, _) => format!("Vec<{item}>"),
        (false, true) => format!("Option<{item}>"),
        (false, false) => item,
    };
    let since = since.max(schema().version(ns, facts.since.as_ref()));
    (names::ident(&facts.name), ty, facts.name.clone(), since)
}

#[test]
fn each_managed_object_has_its_properties_in_order_with_their_types() {
    let mut all = BTreeMap::new();
    generated(&root().join("vim-types/src/generated/mo"), &mut all);
    let mut counts = [(0, 0); 2];
    for (at, ns) in [VIM25, PBM].into_iter().enumerate() {
        for (name, object) in &schema().metadata(ns).managed_objects {
            let (base, properties) = all.remove(name).unwrap_or_else(|| panic!("there is no {name}"));
            assert_eq!(base, object.base.as_ref().map(|base| format!("{base}Properties")), "{name}");
            let since = schema().version(ns, object.since.as_ref());
            let wanted: Vec<_> = object.properties.iter().map(|facts| wanted(ns, since, facts)).collect();
            assert_eq!(properties, wanted, "{name}");
            counts[at] = (counts[at].0 + 1, counts[at].1 + properties.len());
        }
    }
    assert_eq!(counts, [(140, 266), (8, 1)]);
    assert!(all.is_empty(), "{:?}", all.keys());
}
