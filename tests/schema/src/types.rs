//! Each data type with all its fields set: read, looked at, written, read again, copied, compared and printed.

use crate::canonical::{Depth, Document, as_object, read, round_trip, xsi_type};
use crate::schema::{VIM25, schema};
use crate::texts::SECRET;
use codegen::schema::QName;
use vim_types::{DynamicProperty, REGISTRY};
use vim_wire::{Any, Card, EncodeError, Object, to_xml};

/// All types, in parts that run side by side.
fn part(index: usize) -> impl Iterator<Item = &'static QName> {
    schema().types().map(|(name, _)| name).skip(index).step_by(2)
}

fn survives(name: &QName) {
    let document = Document::object(name, Depth(2));
    let value = round_trip(&document.text);
    let object = as_object(&value);
    assert_eq!(object.type_name(), name.name);
    assert_eq!((object.desc().name, object.unknown_xml()), (name.name.as_str(), ""));

    let mut found = Vec::new();
    object.as_ref().each(&mut |field, slot| {
        assert!(slot.is_set(), "{}.{} is not set", name.name, field.name);
        found.push(field.name);
    });
    let wanted: Vec<_> = schema().fields(name).iter().map(|(_, field)| &field.name).collect();
    assert_eq!(found, wanted, "{name:?}");
    for field in &found {
        assert!(object.as_ref().get(field).is_some_and(|slot| slot.is_set()), "{}.{field}", name.name);
    }

    let copy = value.clone();
    assert!(copy == value && crate::canonical::write(&copy) == document.text, "{name:?} is not its copy");

    let shown = format!("{object:?}");
    assert!(shown.starts_with(&name.name) && !shown.contains(SECRET), "{shown}");
    assert!(document.secrets == 0 || shown.contains("<redacted>"), "{shown}");
}

#[test]
fn each_type_survives_with_all_its_fields_1() {
    part(0).for_each(survives);
}

#[test]
fn each_type_survives_with_all_its_fields_2() {
    part(1).for_each(survives);
}

#[test]
fn each_type_has_a_default_in_which_nothing_optional_is_set() {
    for (name, _) in schema().types() {
        let text = Document::of(|document| {
            document.element("val", VIM25, VIM25, &xsi_type(name, VIM25), |_| {});
        });
        let value = read(&text.text);
        let object = as_object(&value);
        assert_eq!(object.desc().name, name.name);
        let mut unset = false;
        object.as_ref().each(&mut |field, slot| {
            assert_eq!(slot.is_set(), field.kind.card() == Card::One, "{}.{}", name.name, field.name);
            unset |= matches!(&slot, vim_wire::Slot::MoRef(cell) if cell.values().iter().any(vim_wire::MoRef::is_empty));
            unset |= matches!(&slot, vim_wire::Slot::Enum(_, items) if items.iter().any(|item| item.as_str().is_empty()));
        });
        assert!(value == value.clone(), "{name:?}");
        assert!(format!("{object:?}").starts_with(&name.name), "{object:?}");
        // What is required and has no value that could be sent is an error, and everything else can be written.
        match to_xml(&value, "p", &vim_types::VIM25) {
            Ok(written) => assert!(!unset && read(&written) == value, "{written}"),
            Err(EncodeError::Missing { .. }) => {}
            Err(error) => panic!("{error}: {object:?}"),
        }
    }
}

#[test]
fn types_of_the_build_are_reached_by_name_as_by_their_rust_type() {
    let disk = vim_types::VirtualDisk { capacity_in_kb: 5, ..Default::default() };
    let value = DynamicProperty { name: "n".into(), val: Any::Object(Object::new(disk.clone())) };
    let back = round_trip(&crate::canonical::write(&value));
    assert_eq!(as_object(&back).downcast_ref::<vim_types::VirtualDisk>(), Some(&disk));
    assert!(std::ptr::eq(as_object(&back).desc(), REGISTRY.type_named("VirtualDisk").expect("is there")));
}
