//! Typed property paths and rows: what the `Properties` derive of vim-macros leans on.

use crate::call::ManagedObject;
use crate::object::{DataObject, Poly};
use crate::slot::{Kind, Wire, WireItem};
use crate::xml::read::{Reader, Tag};
use crate::{Any, DecodeError};
use std::marker::PhantomData;

/// The properties of a managed object. Implemented by the `properties!` macro.
pub trait Properties {
    /// The managed object.
    type Object: ManagedObject;
    /// The managed object's own properties.
    const OWN: &'static [PropertyDesc];
    /// Those of its base, and of the base's base.
    const INHERITED: &'static [&'static [PropertyDesc]];

    /// Of all that a property path goes through, what came last, and the index of the version that brought it; none where
    /// there is no such property. What lies below a type's own fields, as in a subtype, is not known and does not count.
    #[must_use]
    fn since(path: &str) -> Option<(String, u8)> {
        let mut names = path.split('.').map(|name| name.split('[').next().unwrap_or(name));
        let first = names.next()?;
        let property = std::iter::once(Self::OWN).chain(Self::INHERITED.iter().copied()).flatten().find(|own| own.name == first)?;
        let mut newest = (format!("{}.{first}", Self::Object::KIND), property.since);
        let mut kind = property.kind;
        for name in names {
            let (Kind::Struct(desc, _) | Kind::Poly(desc, _)) = kind else { break };
            let Some(field) = desc.get().field(name) else { break };
            if field.since > newest.1 {
                newest = (format!("{}.{name}", desc.get().name), field.since);
            }
            kind = field.kind;
        }
        Some(newest)
    }
}

/// A property of a managed object.
#[derive(Clone, Copy)]
pub struct PropertyDesc {
    /// Its name on the wire.
    pub name: &'static str,
    /// The index, in the service's versions, of the version that brought it.
    pub since: u8,
    /// What it holds.
    pub kind: Kind,
}

impl std::fmt::Debug for PropertyDesc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PropertyDesc").field(&self.name).finish()
    }
}

/// A typed row: a managed object's type and some of its properties. Implemented by `#[derive(Properties)]`.
pub trait Row: Clone + Send + Sync + 'static {
    /// The managed object.
    type Object: ManagedObject;
    /// A row that is being filled.
    type Partial: Clone + Default + Send + Sync;
    /// The property paths, in the order of the row's fields.
    const PATHS: &'static [&'static str];

    /// Reads the value of the property at that index of [`PATHS`](Self::PATHS).
    ///
    /// # Errors
    ///
    /// When the value is not of the field's type.
    fn read<'x>(
        partial: &mut Self::Partial,
        index: usize,
        reader: &mut Reader<'x>,
        value: &Tag<'x>,
    ) -> Result<(), DecodeError>;

    /// Unsets the value of the property at that index.
    fn unset(partial: &mut Self::Partial, index: usize);

    /// The row, or the index of a property that it requires and has not got.
    ///
    /// # Errors
    ///
    /// The index, in [`PATHS`](Self::PATHS), of the property that is missing.
    fn finish(partial: &Self::Partial) -> Result<Self, usize>;
}

/// Always there.
#[derive(Debug)]
pub struct Always;
/// Not there where something on the way is unset.
#[derive(Debug)]
pub struct Perhaps;

/// A place that a path has reached; it exists in type checks alone.
#[doc(hidden)]
pub struct At<'a, T, O>(&'a T, PhantomData<O>);

/// Where every path starts.
#[doc(hidden)]
pub const fn start<P: Properties>(properties: &P) -> At<'_, P, Always> {
    At(properties, PhantomData)
}

/// One name of a path.
#[doc(hidden)]
pub fn step<'a, T, F, O>(at: At<'a, T, O>, field: impl FnOnce(&'a T) -> &'a F) -> At<'a, F, O> {
    At(field(at.0), PhantomData)
}

/// What a path can go on into: an object, or perhaps one.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a property path cannot go on below this property",
    label = "this property is no object",
    note = "a path goes through objects; an array's items are reached by reading the whole array"
)]
pub trait Open<'a> {
    type To;
    fn open(self) -> Self::To;
}

macro_rules! open {
    ($([$($of:tt)*] => $optional:ty),* $(,)?) => { $(
        impl<'a, T: DataObject, O> Open<'a> for At<'a, $($of)*, O> {
            type To = At<'a, T, $optional>;
            fn open(self) -> Self::To {
                unreachable!("paths are checked, never walked")
            }
        }
    )* };
}
open! { [T] => O, [Poly<T>] => O, [Option<T>] => Perhaps, [Option<Poly<T>>] => Perhaps }

/// Which row field types a property can be read into.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a row field of type `{Self}` cannot hold this property, which is a `{P}`",
    label = "not the property's type",
    note = "a property that may be unset, or that lies below one, needs an `Option`; an array needs a `Vec`"
)]
pub trait Reads<P, O> {}

impl<T: WireItem> Reads<T, Always> for T {}
impl<T: WireItem, O> Reads<T, O> for Option<T> {}
impl<T: WireItem, O> Reads<Option<T>, O> for Option<T> {}
impl<T: WireItem, O> Reads<Vec<T>, O> for Vec<T> {}

/// Ends a path: the row's field can hold the property.
#[doc(hidden)]
pub fn end<R: Reads<P, O> + Wire, P, O>(_: At<'_, P, O>) {}

/// Ends a path for a field that takes anything.
#[doc(hidden)]
pub fn end_any<P, O>(_: At<'_, P, O>, _: PhantomData<Option<Any>>) {}
