//! What must hold of any bytes that a server may send, over any schema.
#![allow(clippy::expect_used, unreachable_pub, reason = "test code")]

use std::fmt::Debug;
use vim_wire::{
    Any, Card, Cell, DataObject, DecodeError, Error, Limits, ObjRef, Object, Reader, Service, Slot, Tag,
    Wire, from_xml, soap, to_xml,
};

/// A schema to read the bytes over.
pub trait Schema {
    /// What `RetrievePropertiesEx` answers.
    type Answer: DataObject + Wire;
    /// An object with a field of any type.
    type Property: DataObject;
    /// An object with a field of any fault.
    type Fault: DataObject;
    /// An object that is a document of its own.
    type Root: DataObject;
    const SERVICE: &'static Service;

    fn property(value: Any) -> Self::Property;
    fn fault(fault: Object) -> Self::Fault;
}

/// Reads the bytes in every way that a client does.
///
/// # Panics
///
/// When reading panics, when two ways of reading disagree, or when what was read is not read again as it was written.
pub fn check<S: Schema>(bytes: &[u8]) {
    let registry = S::SERVICE.registry;
    if let Ok(Some(fault)) = soap::fault(bytes, registry, Limits::default()) {
        let error = Error::from_fault(fault.clone());
        let _ =
            (error.chain(), error.is_not_found(), error.is_no_permission(), format!("{error:?} {fault:?}"));
        if let Some(detail) = fault.detail {
            assert_eq!(
                detail.desc().field("faultCause").is_some(),
                detail.as_ref().get("faultCause").is_some()
            );
            round_trip(&S::fault(detail), S::SERVICE);
        }
    }

    let skipped = content(bytes, S::SERVICE, |reader, tag| reader.skip(tag));
    let answers = content(bytes, S::SERVICE, |reader, response| {
        let mut answers: Vec<S::Answer> = Vec::new();
        reader.each(response, |reader, child| {
            answers.push(reader.value(child)?);
            Ok(())
        })?;
        Ok(answers)
    });
    let any = content(bytes, S::SERVICE, |reader, tag| reader.value::<Any>(tag));
    if answers.is_ok() || any.is_ok() {
        assert_eq!(skipped, Ok(()), "what can be read can be passed over");
    }
    answers.iter().flatten().for_each(|answer| round_trip(answer, S::SERVICE));
    if let Ok(any) = any {
        round_trip(&S::property(any), S::SERVICE);
    }
    if let Ok(root) = from_xml::<S::Root>(bytes, registry, Limits::default()) {
        round_trip(&root, S::SERVICE);
    }
}

fn content<'x, T>(
    bytes: &'x [u8],
    service: &'static Service,
    read: impl FnOnce(&mut Reader<'x>, &Tag<'x>) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    soap::body(&mut Reader::new(bytes, service.registry, Limits::default())?, read)
}

/// What was read is written, unless it cannot be, and read again as it was.
fn round_trip<T: DataObject + Debug>(value: &T, service: &'static Service) {
    // Not a number is not itself, and no object that has one is.
    let is_itself = *value == value.clone();
    assert!(is_itself || format!("{value:?}").contains("NaN"), "a copy is equal: {value:?}");
    let Ok(xml) = to_xml(value, "value", service) else { return };
    let again: T = match from_xml(xml.as_bytes(), service.registry, Limits::default()) {
        Ok(again) => again,
        Err(error) => panic!("what was written is not read: {error}\n{xml}"),
    };
    if is_itself && !has_empty(Object::new(value.clone()).as_ref()) {
        assert_eq!(&again, value, "{xml}");
    }
    let written = |value: &T| to_xml(value, "value", service).expect("what was written can be written again");
    let second = written(&again);
    if second != xml {
        // An element of ours around it declares a prefix that occurs in what is not known: that is kept with it, once.
        let third: T = from_xml(second.as_bytes(), service.registry, Limits::default())
            .expect("what was written twice is read");
        assert!(!is_itself || third == again, "{xml}\n{second}");
        assert_eq!(written(&third), second);
        assert!(second.len() > xml.len() && second.contains(" xmlns:t"), "{xml}\n{second}");
    }
}

/// Whether an optional reference or enumeration value was sent empty somewhere, which is written as not set.
fn has_empty(object: ObjRef<'_>) -> bool {
    let mut found = false;
    object.each(&mut |_, slot| {
        found |= match slot {
            Slot::MoRef(Cell::Opt(Some(value))) => value.is_empty(),
            Slot::Enum(_, values) => {
                values.card() == Card::Opt && values.iter().any(|value| value.as_str().is_empty())
            }
            Slot::Struct(values) => values.iter().any(has_empty),
            Slot::Poly(_, values) => values.iter().any(|value| has_empty(value.as_ref())),
            Slot::Any(cell) => cell.values().iter().any(any_has_empty),
            _ => false,
        }
    });
    found
}

fn any_has_empty(any: &Any) -> bool {
    match any {
        Any::Object(object) => has_empty(object.as_ref()),
        Any::Array(array) => array.items.iter().any(any_has_empty),
        _ => false,
    }
}
