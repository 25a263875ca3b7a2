//! What a world's properties lack: values that the schema requires, enumerations that it does not know, references to
//! nothing. For tests.

use crate::world::World;
use std::collections::BTreeSet;
use vim_wire::{Any, MoRef, ObjRef, Slot};

/// Everything that is wrong, by type and property; empty where all is well.
pub(crate) fn lacks(world: &World) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for node in world.nodes() {
        let mut check = Check { world, found: &mut found };
        check.object(node.object.as_ref(), node.kind().name);
    }
    found
}

struct Check<'a> {
    world: &'a World,
    found: &'a mut BTreeSet<String>,
}

impl Check<'_> {
    fn object(&mut self, object: ObjRef<'_>, at: &str) {
        object.each(&mut |field, slot| {
            let path = format!("{at}.{}", field.name);
            if field.is_required() && !present(&slot) {
                self.found.insert(format!("{path} is required"));
            }
            match slot {
                Slot::Enum(desc, items) => {
                    for value in items.iter().map(|value| value.as_str()) {
                        if !desc.values.contains(&value) && !value.is_empty() {
                            self.found.insert(format!("{path} is {value:?}, which is no {}", desc.name));
                        } else if value.is_empty() {
                            self.found.insert(format!("{path} is an empty {}", desc.name));
                        }
                    }
                }
                Slot::MoRef(cell) => cell.values().iter().for_each(|moref| self.reference(moref, &path)),
                Slot::Struct(items) => items.iter().for_each(|item| self.object(item, &path)),
                Slot::Poly(_, items) => {
                    for item in items.iter() {
                        self.object(item.as_ref(), &format!("{path}<{}>", item.desc().name));
                    }
                }
                Slot::Any(cell) => {
                    for value in cell.values() {
                        if let Any::MoRef(moref) = value {
                            self.reference(moref, &path);
                        }
                    }
                }
                _ => {}
            }
        });
    }

    fn reference(&mut self, moref: &MoRef, path: &str) {
        if moref.is_empty() {
            self.found.insert(format!("{path} is an empty reference"));
        } else if self.world.node(moref).is_none() {
            self.found.insert(format!("{path} refers to {moref}, which is not there"));
        }
    }
}

fn present(slot: &Slot<'_>) -> bool {
    match slot {
        Slot::MoRef(cell) => !cell.values().iter().all(MoRef::is_empty),
        Slot::Struct(items) => !items.is_empty(),
        Slot::Poly(_, items) => !items.is_empty(),
        Slot::Enum(_, items) => !items.is_empty(),
        _ => true,
    }
}
