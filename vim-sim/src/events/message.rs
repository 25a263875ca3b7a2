//! An event's message: its type's words, with what the event knows.

use super::words::{WORDS, of_type};
use crate::world::{Found, find};
use vim_types::{Event, EventEx};
use vim_wire::{Object, Poly, Slot};

/// The words of an event type, with places for what an event knows.
pub(super) fn format(kind: &str) -> String {
    match WORDS.binary_search_by_key(&kind, |(name, _)| name) {
        Ok(at) => WORDS.get(at).map_or_else(String::new, |(_, words)| (*words).to_owned()),
        Err(_) => match kind.starts_with("Vm") {
            true => format!("{}: {{vm.name}}", of_type(kind)),
            false => of_type(kind),
        },
    }
}

/// The message of an event that brings none along.
pub(super) fn of(event: &Poly<Event>) -> String {
    if let Some(extended) = event.downcast_ref::<EventEx>() {
        return extended.message.clone().unwrap_or_else(|| extended.event_type_id.clone());
    }
    fill(&format(event.type_name()), event.as_object())
}

/// Words with what an object has at their places.
fn fill(words: &str, object: &Object) -> String {
    let mut out = String::with_capacity(words.len() + 32);
    let mut rest = words;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((path, after)) = after.split_once('}') else { break };
        out.push_str(&text(object, path).unwrap_or_default());
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What lies at a path, as a text.
fn text(object: &Object, path: &str) -> Option<String> {
    let Ok(Found::Slot(slot)) = find(object.as_ref(), path) else { return None };
    match slot {
        Slot::Str(cell) => cell.values().first().cloned(),
        Slot::I32(cell) => cell.values().first().map(ToString::to_string),
        Slot::I64(cell) => cell.values().first().map(ToString::to_string),
        Slot::DateTime(cell) => cell.values().first().map(ToString::to_string),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vim_types::{REGISTRY, VmEvent, VmEventArgument, VmPoweredOnEvent};

    #[test]
    fn words_are_in_order_and_name_what_there_is() {
        assert!(WORDS.is_sorted_by_key(|(name, _)| name));
        for (name, words) in WORDS {
            let desc = REGISTRY.type_named(name).unwrap_or_else(|| panic!("there is no {name}"));
            assert!(desc.is_a(<Event as vim_wire::DataObject>::DESC), "{name}");
            for place in words.split('{').skip(1) {
                let path = place.split('}').next().unwrap_or_default();
                let first = path.split('.').next().unwrap_or_default();
                assert!(desc.field(first).is_some(), "{name} has no {path}");
            }
        }
    }

    #[test]
    fn messages_say_what_the_event_knows() {
        let mut vm = VmEventArgument::default();
        vm.name = "web".into();
        let extends = VmEvent { extends: Event { vm: Some(vm), ..Default::default() }, ..Default::default() };
        let event: Poly<Event> = VmPoweredOnEvent { extends }.into();
        assert_eq!(of(&event), "web on  in  is on");
        assert_eq!(format("VmFailedToPowerOffEvent"), "Vm failed to power off: {vm.name}");
        let other: Poly<Event> = EventEx { event_type_id: "a.b".into(), ..Default::default() }.into();
        assert_eq!(of(&other), "a.b");
    }
}
