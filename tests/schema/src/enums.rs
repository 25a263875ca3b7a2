//! Each enumeration with each value that it has and with one that it lacks.

use crate::canonical::{Document, round_trip, xsi_type};
use crate::schema::{VIM25, What, schema};
use codegen::schema::QName;
use std::collections::BTreeSet;
use vim_types::{REGISTRY, VirtualMachinePowerState};
use vim_wire::{Any, EnumDesc, OpenEnum, Slot};

fn any(name: &QName, value: &str) -> Any {
    let document = Document::of(|document| {
        document
            .element("val", VIM25, VIM25, &xsi_type(name, VIM25), |document| document.text.push_str(value));
    });
    round_trip(&document.text).val
}

#[test]
fn each_value_of_each_enumeration_survives_in_an_any_and_so_does_an_unknown_one() {
    let mut values = 0;
    for (name, declared) in &schema().raw.enums {
        for value in declared.values.iter().map(String::as_str).chain(["notYetHeardOf"]) {
            match any(name, value) {
                Any::Enum(found) => {
                    assert_eq!((found.type_name, found.value.as_str()), (name.name.as_str(), value))
                }
                other => panic!("{name:?}: {other:?}"),
            }
            values += 1;
        }
    }
    assert!(values >= 2088 + 446 + 22, "{values}");
}

#[test]
fn each_field_of_an_enumeration_takes_known_and_unknown_values() {
    let mut declared = BTreeSet::new();
    for (owner, ty) in schema().types() {
        for field in &ty.fields {
            let What::Enum(of) = schema().what(&field.ty) else { continue };
            let desc: &EnumDesc = REGISTRY.enums().find(|desc| desc.name == field.ty.name).expect("is there");
            for value in of.values.iter().map(String::as_str).chain(["notYetHeardOf", ""]) {
                let text = Document::of(|document| {
                    document.element("val", VIM25, VIM25, &xsi_type(owner, VIM25), |document| {
                        document.element(&field.name, &owner.ns, VIM25, "", |document| {
                            document.text.push_str(value)
                        });
                    });
                });
                let read = crate::canonical::read(&text.text);
                let Some(Slot::Enum(found, items)) =
                    crate::canonical::as_object(&read).as_ref().get(&field.name)
                else {
                    panic!("{}.{}", owner.name, field.name)
                };
                assert_eq!(found.name, desc.name);
                assert!(
                    items.iter().map(vim_wire::OpenValue::as_str).eq([value]),
                    "{}.{}",
                    owner.name,
                    field.name
                );
            }
            declared.insert(&field.ty);
        }
    }
    assert_eq!(declared.iter().filter(|name| name.ns == VIM25).count(), 50);
}

#[test]
fn constants_are_patterns() {
    let state = VirtualMachinePowerState::from("poweredOn");
    assert!(matches!(state, VirtualMachinePowerState::POWERED_ON));
    assert_eq!(VirtualMachinePowerState::DESC.values, ["poweredOff", "poweredOn", "suspended"]);
}
