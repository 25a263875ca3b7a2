//! Reading update sets.

use super::object::Missing;
use super::read;
use vim_wire::{Answer, DecodeError, MoRef, Reader, Tag, soap};

/// What an update set says of itself.
#[derive(Debug, Default)]
pub(crate) struct Updates {
    /// The version to ask for next; none where the wait ended without a change.
    pub(crate) version: Option<String>,
    /// Whether more is ready at once.
    pub(crate) truncated: bool,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Enter,
    Modify,
    Leave,
}

/// Takes in an update set's objects, one after the other, and their changes.
pub(crate) trait Sink {
    /// The next object, and what happened to it.
    fn object(&mut self, moref: MoRef, kind: Kind);
    /// A changed property: its value is read, or passed over.
    fn assign<'x>(&mut self, path: &str, reader: &mut Reader<'x>, value: &Tag<'x>)
    -> Result<(), DecodeError>;
    /// A property that is unset now.
    fn unset(&mut self, path: &str);
    /// A property that cannot be read.
    fn missing(&mut self, missing: Missing);
    /// The object's changes are complete.
    fn done(&mut self);
    /// An object of the filter is not there (any more).
    fn gone(&mut self, moref: MoRef);
}

pub(crate) fn read(answer: &Answer, sink: &mut dyn Sink) -> Result<Updates, DecodeError> {
    let mut reader = Reader::new(&answer.body, vim_types::VIM25.registry, answer.limits)?;
    let mut updates = Updates::default();
    soap::body(&mut reader, |reader, response| {
        reader.each(response, |reader, set| {
            reader.each(set, |reader, part| {
                match part.name() {
                    "version" => updates.version = Some(reader.text(part)?.into_owned()),
                    "truncated" => updates.truncated = reader.value(part)?,
                    "filterSet" => filter_set(reader, part, sink)?,
                    _ => reader.skip(part)?,
                }
                Ok(())
            })
        })
    })?;
    Ok(updates)
}

fn filter_set<'x>(reader: &mut Reader<'x>, tag: &Tag<'x>, sink: &mut dyn Sink) -> Result<(), DecodeError> {
    reader.each(tag, |reader, part| match part.name() {
        "objectSet" => object_update(reader, part, sink),
        "missingSet" => reader.each(part, |reader, field| match field.name() {
            "obj" => {
                sink.gone(reader.value(field)?);
                Ok(())
            }
            _ => reader.skip(field),
        }),
        _ => reader.skip(part),
    })
}

fn object_update<'x>(reader: &mut Reader<'x>, tag: &Tag<'x>, sink: &mut dyn Sink) -> Result<(), DecodeError> {
    let mut kind = Kind::Modify;
    reader.each(tag, |reader, part| {
        match part.name() {
            "kind" => {
                kind = match &*reader.text(part)? {
                    "enter" => Kind::Enter,
                    "leave" => Kind::Leave,
                    _ => Kind::Modify,
                }
            }
            "obj" => sink.object(reader.value(part)?, kind),
            "changeSet" => change(reader, part, sink)?,
            "missingSet" => sink.missing(read::missing(reader, part)?),
            _ => reader.skip(part)?,
        }
        Ok(())
    })?;
    sink.done();
    Ok(())
}

fn change<'x>(reader: &mut Reader<'x>, tag: &Tag<'x>, sink: &mut dyn Sink) -> Result<(), DecodeError> {
    let mut name = std::borrow::Cow::Borrowed("");
    let mut assigned = false;
    reader.each(tag, |reader, part| {
        match part.name() {
            "name" => name = reader.text(part)?,
            "val" => {
                assigned = true;
                sink.assign(&name, reader, part)?;
            }
            _ => reader.skip(part)?,
        }
        Ok(())
    })?;
    if !assigned {
        sink.unset(&name);
    }
    Ok(())
}
