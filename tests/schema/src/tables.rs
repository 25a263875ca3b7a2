//! The generated tables say what the XSD and the metadata say.

use crate::schema::{PBM, Schema, VIM25, What, schema};
use codegen::schema::{QName, RawField};
use std::collections::{BTreeMap, BTreeSet};
use vim_types::REGISTRY;
use vim_wire::{Card, FieldDesc, Kind, REQUIRED, SECRET, TypeDesc};

/// Names by namespace, and how many there are in vim25 and in pbm.
fn count<'n>(names: impl Iterator<Item = (&'n str, &'n str)>) -> (BTreeSet<(&'n str, &'n str)>, [usize; 2]) {
    let names: BTreeSet<_> = names.collect();
    let of = |ns: &str| names.iter().filter(|(of, _)| *of == ns).count();
    let counts = [VIM25, PBM].map(of);
    (names, counts)
}

#[test]
fn every_type_and_enumeration_of_the_schema_is_in_the_registry_and_nothing_else() {
    let schema = schema();
    let (wanted, counts) = count(schema.types().map(|(name, _)| (name.ns.as_str(), name.name.as_str())));
    assert_eq!(counts, [3030, 75]);
    let (found, _) = count(REGISTRY.types().map(|desc| (desc.namespace, desc.name)));
    assert_eq!(found, wanted);
    assert_eq!(REGISTRY.types().count(), wanted.len(), "a type is there twice");

    let (wanted, counts) = count(schema.raw.enums.keys().map(|name| (name.ns.as_str(), name.name.as_str())));
    assert_eq!(counts, [446, 22]);
    let (found, _) = count(REGISTRY.enums().map(|desc| (desc.namespace, desc.name)));
    assert_eq!(found, wanted);
    assert_eq!(REGISTRY.enums().count(), wanted.len(), "an enumeration is there twice");
}

#[test]
fn every_managed_object_is_known_by_name() {
    for ns in [VIM25, PBM] {
        for name in schema().metadata(ns).managed_objects.keys() {
            assert_eq!(REGISTRY.managed_named(name), Some(name.as_str()));
        }
    }
}

#[test]
fn what_a_type_of_a_feature_extends_is_known_without_it() {
    // Every type is in this build, so that the nearest base of each is its own base.
    let mut known = 0;
    for desc in REGISTRY.types() {
        let mut lineage = desc.lineage().skip(1);
        if let Some(nearest) = REGISTRY.nearest(desc.name) {
            let base = lineage.next().expect("has a base");
            assert!(std::ptr::eq(nearest, base), "{}: {}, not {}", desc.name, nearest.name, base.name);
            assert!(lineage.next().is_some(), "{}: what extends a root is left out", desc.name);
            known += 1;
        }
    }
    assert!(known > 1000, "{known}");
}

#[test]
fn codegen_resolved_the_same_types_as_the_xsd_has() {
    let folder = crate::schema::root().join("codegen/schema");
    let folders = codegen::schema::source::Folders(vec![folder.join("vim25"), folder.join("pbm")]);
    let metadata = [VIM25, PBM].map(|ns| schema().metadata(ns).clone());
    let roots = ["vimService.wsdl".to_owned(), "pbmService.wsdl".to_owned()];
    let (_, model, _) =
        codegen::vim_types(&folders, &roots, &metadata, codegen::fixups::FIXUPS).expect("a model");
    let of = |service| &model.services[service];
    let types: BTreeSet<_> = model.types.iter().map(|ty| (&of(ty.service).namespace, &ty.wire)).collect();
    assert_eq!(types, schema().types().map(|(name, _)| (&name.ns, &name.name)).collect());
    let enums: BTreeSet<_> = model.enums.iter().map(|ty| (&of(ty.service).namespace, &ty.wire)).collect();
    assert_eq!(enums, schema().raw.enums.keys().map(|name| (&name.ns, &name.name)).collect());
}

#[test]
fn each_type_has_its_base_its_fields_and_their_types() {
    let schema = schema();
    let mut fields = BTreeMap::new();
    for (name, ty) in schema.types() {
        let desc = REGISTRY.type_named(&name.name).expect("is there");
        assert_eq!(desc.namespace, name.ns, "{name:?}");
        let facts = schema.metadata(&name.ns).types.get(&name.name);
        let since = facts.and_then(|facts| facts.since.as_ref());
        assert_eq!(desc.since, schema.version(&name.ns, since), "{name:?}");
        let mut lineage: Vec<_> = desc.lineage().map(|desc| (desc.namespace, desc.name)).collect();
        lineage.reverse();
        let wanted: Vec<_> =
            schema.lineage(name).iter().map(|name| (name.ns.as_str(), name.name.as_str())).collect();
        assert_eq!(lineage, wanted, "{name:?}");
        assert!(
            desc.fields.iter().map(|field| field.name).eq(ty.fields.iter().map(|field| &field.name)),
            "{name:?}"
        );
        for (field, found) in ty.fields.iter().zip(desc.fields) {
            check(schema, name, field, desc, found);
            *fields.entry(&*name.ns).or_insert(0) += 1;
        }
    }
    assert_eq!((fields[VIM25], fields[PBM]), (7818, 186), "own fields");
}

fn check(schema: &Schema, owner: &QName, field: &RawField, desc: &TypeDesc, found: &FieldDesc) {
    let place = format!("{}.{}", owner.name, field.name);
    assert_eq!(found.kind.card(), card(field), "{place}");
    assert_eq!(type_of(&found.kind), wanted_type(schema, &field.ty), "{place}");
    let facts = schema.facts(owner, &field.name);
    let secret = facts.is_some_and(|facts| facts.secret);
    let flags = if secret { SECRET } else { 0 } | if field.optional { 0 } else { REQUIRED };
    assert_eq!(found.flags, flags, "{place}");
    let since = schema.version(&owner.ns, facts.and_then(|facts| facts.since.as_ref()));
    assert_eq!(found.since, since.max(desc.since), "{place}");
}

fn card(field: &RawField) -> Card {
    match (field.array, field.optional) {
        (true, _) => Card::Many,
        (false, true) => Card::Opt,
        (false, false) => Card::One,
    }
}

/// The type that a field holds, in the schema's words.
fn type_of(kind: &Kind) -> String {
    match kind {
        Kind::Bool(_) => "boolean".to_owned(),
        Kind::I8(_) => "byte".to_owned(),
        Kind::I16(_) => "short".to_owned(),
        Kind::I32(_) => "int".to_owned(),
        Kind::I64(_) => "long".to_owned(),
        Kind::F32(_) => "float".to_owned(),
        Kind::F64(_) => "double".to_owned(),
        Kind::Str(_) => "string".to_owned(),
        Kind::DateTime(_) => "dateTime".to_owned(),
        Kind::Binary(_) => "base64Binary".to_owned(),
        Kind::Any(_) => "anyType".to_owned(),
        Kind::MoRef(_) => "reference".to_owned(),
        Kind::Enum(desc, _) => format!("enum {} {}", desc.namespace, desc.name),
        Kind::Poly(desc, _) => format!("base {} {}", desc.get().namespace, desc.get().name),
        Kind::Struct(desc, _) => format!("type {} {}", desc.get().namespace, desc.get().name),
    }
}

fn wanted_type(schema: &Schema, ty: &QName) -> String {
    match schema.what(ty) {
        What::Plain("anyURI") => "string".to_owned(),
        What::Plain(name) => name.to_owned(),
        What::MoRef => "reference".to_owned(),
        What::Enum(_) => format!("enum {} {}", ty.ns, ty.name),
        What::Data if schema.is_poly(ty) => format!("base {} {}", ty.ns, ty.name),
        What::Data => format!("type {} {}", ty.ns, ty.name),
    }
}

#[test]
fn each_enumeration_has_its_values() {
    let schema = schema();
    let mut counts = BTreeMap::new();
    for desc in REGISTRY.enums() {
        let name = QName { ns: desc.namespace.to_owned(), name: desc.name.to_owned() };
        let facts = &schema.metadata(&name.ns).enums[&name.name];
        assert_eq!(desc.since, schema.version(&name.ns, facts.since.as_ref()), "{name:?}");
        assert_eq!(desc.values, schema.raw.enums[&name].values, "{name:?}");
        *counts.entry(desc.namespace).or_insert(0) += desc.values.len();
    }
    assert_eq!(counts[VIM25], 2088);
}

#[test]
fn the_secrets_are_those_that_are_known() {
    let fields = REGISTRY.types().flat_map(|desc| desc.fields).filter(|field| field.is_secret());
    assert_eq!(fields.count(), 25);
    let params = vim_types::METHODS.iter().flat_map(|area| area.iter()).flat_map(|method| method.params);
    assert_eq!(params.filter(|param| param.flags & SECRET != 0).count(), 11);
}

#[test]
fn the_versions_are_those_of_the_metadata() {
    for (ns, service) in [(VIM25, &vim_types::VIM25), (PBM, &vim_types::PBM)] {
        assert_eq!(service.versions, schema().metadata(ns).versions);
        assert_eq!(service.namespace, ns);
        assert_eq!(service.version(), schema().metadata(ns).version);
    }
}
