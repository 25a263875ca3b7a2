//! Typed property paths and rows: what the `Properties` derive of vim-client-macros leans on.

mod check;

use crate::DecodeError;
use crate::call::ManagedObject;
use crate::slot::Kind;
use crate::xml::read::{Reader, Tag};

#[doc(hidden)]
pub use check::{Always, At, Held, Open, Perhaps, Reads, ReadsAny, check, fill, open, property, start, take};

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
        let property = std::iter::once(Self::OWN)
            .chain(Self::INHERITED.iter().copied())
            .flatten()
            .find(|own| own.name == first)?;
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
pub trait Row: Send + Sync + Sized + 'static {
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
    fn build(partial: Self::Partial) -> Result<Self, usize>;

    /// [`build`](Self::build) from a copy, for a row that goes on changing.
    ///
    /// # Errors
    ///
    /// As `build`.
    fn finish(partial: &Self::Partial) -> Result<Self, usize> {
        Self::build(partial.clone())
    }
}
