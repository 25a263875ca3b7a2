//! Reading objects out of answers, each property straight into its row's field.

use super::object::{Missing, Object};
use std::collections::HashMap;
use vim_wire::path::Row;
use vim_wire::{DecodeError, Error, ErrorKind, Fault, MoRef, Reader, Tag};

/// A row that is being filled from answers, for one kind of row.
pub trait Fill: Send + Sync + 'static {
    /// What an object's properties are collected in.
    type Partial: Clone + Default + Send + Sync;
    /// What comes out.
    type Row: Send + Sync + 'static;

    /// Which of the asked-for properties that path is.
    fn index(&self, path: &str) -> Option<usize>;
    /// The path of an asked-for property.
    fn path(&self, index: usize) -> Option<&str>;
    fn read<'x>(
        &self,
        partial: &mut Self::Partial,
        index: usize,
        reader: &mut Reader<'x>,
        value: &Tag<'x>,
    ) -> Result<(), DecodeError>;
    fn unset(&self, partial: &mut Self::Partial, index: usize);
    /// The row, or the path of what it requires and has not got.
    fn build(&self, partial: Self::Partial) -> Result<Self::Row, String>;
}

/// Fills rows whose properties are known when they are compiled.
pub struct Typed<R>(std::marker::PhantomData<fn() -> R>);

impl<R> Default for Typed<R> {
    fn default() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<R: Row> Fill for Typed<R> {
    type Partial = R::Partial;
    type Row = R;

    fn index(&self, path: &str) -> Option<usize> {
        R::PATHS.iter().position(|known| *known == path)
    }

    fn path(&self, index: usize) -> Option<&str> {
        R::PATHS.get(index).copied()
    }

    fn read<'x>(
        &self,
        partial: &mut R::Partial,
        index: usize,
        reader: &mut Reader<'x>,
        value: &Tag<'x>,
    ) -> Result<(), DecodeError> {
        R::read(partial, index, reader, value)
    }

    fn unset(&self, partial: &mut R::Partial, index: usize) {
        R::unset(partial, index);
    }

    fn build(&self, partial: R::Partial) -> Result<R, String> {
        R::build(partial).map_err(|index| R::PATHS.get(index).copied().unwrap_or_default().to_owned())
    }
}

/// The properties of an object whose paths are known when the program runs.
pub type Values = HashMap<String, vim_wire::Any>;

/// Fills rows whose properties are known when the program runs.
pub struct Dynamic(pub(crate) Vec<String>);

impl Fill for Dynamic {
    type Partial = Values;
    type Row = Values;

    fn index(&self, path: &str) -> Option<usize> {
        self.0.iter().position(|known| known == path)
    }

    fn path(&self, index: usize) -> Option<&str> {
        self.0.get(index).map(String::as_str)
    }

    fn read<'x>(
        &self,
        partial: &mut Values,
        index: usize,
        reader: &mut Reader<'x>,
        value: &Tag<'x>,
    ) -> Result<(), DecodeError> {
        let any = reader.value(value)?;
        if let Some(path) = self.0.get(index) {
            partial.insert(path.clone(), any);
        }
        Ok(())
    }

    fn unset(&self, partial: &mut Values, index: usize) {
        if let Some(path) = self.0.get(index) {
            partial.remove(path);
        }
    }

    fn build(&self, partial: Values) -> Result<Values, String> {
        Ok(partial)
    }
}

/// An `ObjectContent`.
pub(crate) struct Content<P> {
    pub(crate) moref: MoRef,
    pub(crate) partial: P,
    pub(crate) missing: Vec<Missing>,
}

/// A page of a retrieval: its objects, and the token of the next page.
pub(crate) struct Page<P> {
    pub(crate) objects: Vec<Content<P>>,
    pub(crate) token: Option<String>,
}

/// The token of the page after this one. It comes before the objects, so that it is had for the price of a few bytes.
pub(crate) fn token<'x>(reader: &mut Reader<'x>, response: &Tag<'x>) -> Result<Option<String>, DecodeError> {
    let mut token = None;
    if let Some(result) = reader.child(response)?
        && let Some(first) = reader.child(&result)?
        && first.name() == "token"
    {
        token = Some(reader.text(&first)?.into_owned());
    }
    Ok(token)
}

pub(crate) fn page<'x, F: Fill>(
    fill: &F,
    reader: &mut Reader<'x>,
    response: &Tag<'x>,
) -> Result<Page<F::Partial>, DecodeError> {
    let mut page = Page { objects: Vec::new(), token: None };
    reader.each(response, |reader, result| {
        reader.each(result, |reader, part| {
            match part.name() {
                "token" => page.token = Some(reader.text(part)?.into_owned()),
                "objects" => page.objects.push(content(fill, reader, part)?),
                _ => reader.skip(part)?,
            }
            Ok(())
        })
    })?;
    Ok(page)
}

fn content<'x, F: Fill>(
    fill: &F,
    reader: &mut Reader<'x>,
    tag: &Tag<'x>,
) -> Result<Content<F::Partial>, DecodeError> {
    let mut content =
        Content { moref: MoRef::default(), partial: F::Partial::default(), missing: Vec::new() };
    reader.each(tag, |reader, part| {
        match part.name() {
            "obj" => content.moref = reader.value(part)?,
            "propSet" => property(fill, reader, part, &mut content.partial)?,
            "missingSet" => content.missing.push(missing(reader, part)?),
            _ => reader.skip(part)?,
        }
        Ok(())
    })?;
    Ok(content)
}

fn property<'x, F: Fill>(
    fill: &F,
    reader: &mut Reader<'x>,
    tag: &Tag<'x>,
    partial: &mut F::Partial,
) -> Result<(), DecodeError> {
    let mut index = None;
    reader.each(tag, |reader, part| {
        match (part.name(), index) {
            ("name", _) => index = fill.index(&reader.text(part)?),
            ("val", Some(index)) => fill.read(partial, index, reader, part)?,
            _ => reader.skip(part)?,
        }
        Ok(())
    })
}

pub(crate) fn missing<'x>(reader: &mut Reader<'x>, tag: &Tag<'x>) -> Result<Missing, DecodeError> {
    let mut missing = Missing {
        path: String::new(),
        fault: Fault { message: String::new(), code: String::new(), detail: None },
    };
    reader.each(tag, |reader, part| {
        match part.name() {
            "path" => missing.path = reader.text(part)?.into_owned(),
            "fault" => missing.fault = fault(reader, part)?,
            _ => reader.skip(part)?,
        }
        Ok(())
    })?;
    Ok(missing)
}

/// A `LocalizedMethodFault`.
fn fault<'x>(reader: &mut Reader<'x>, tag: &Tag<'x>) -> Result<Fault, DecodeError> {
    let localized: vim_types::LocalizedMethodFault = reader.value(tag)?;
    Ok(from_localized(localized))
}

/// A fault as property values and tasks carry it.
pub(crate) fn from_localized(localized: vim_types::LocalizedMethodFault) -> Fault {
    Fault {
        message: localized.localized_message.unwrap_or_default(),
        code: String::new(),
        detail: Some(localized.fault.into_object()),
    }
}

/// An object with its row, or why that cannot be made.
pub(super) fn object<F: Fill>(fill: &F, content: Content<F::Partial>) -> Result<Object<F::Row>, Error> {
    match fill.build(content.partial) {
        Ok(row) => Ok(Object { moref: content.moref, row, missing: content.missing }),
        Err(path) => Err(incomplete(&content.moref, &path, &content.missing)),
    }
}

/// The error for an object whose row cannot be made: the server's reason where it gave one.
pub(crate) fn incomplete(moref: &MoRef, path: &str, missing: &[Missing]) -> Error {
    let reason = missing.iter().find(|missing| path_covers(&missing.path, path));
    let error = match reason {
        Some(missing) => Error::from_fault(missing.fault.clone()),
        None => Error::new(ErrorKind::Protocol, "the server gave no value and no reason")
            .with_hint("make the row's field an Option where the property may be unset"),
    };
    error.in_operation(format!("reading property {path}")).on_object(moref)
}

/// Whether a fault at one path concerns another: the same, or one below the other.
pub(super) fn path_covers(fault: &str, path: &str) -> bool {
    is_within(path, fault) || is_within(fault, path)
}

/// Whether a path is that one, or below it.
pub(super) fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
