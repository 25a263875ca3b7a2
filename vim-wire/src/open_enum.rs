//! Enumerations that stay open: a server may send values that the schema here lacks.

use crate::desc::EnumDesc;
use std::fmt;

/// The value of an open enumeration: one that the schema knows, or whatever else a server sent.
///
/// *Invariant:* a known value is never held as `Other`, so that the derived equality, which lets constants be used as
/// patterns, is equality of the text.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpenValue {
    Known(&'static str),
    Other(Box<str>),
}

impl Default for OpenValue {
    fn default() -> Self {
        Self::Known("")
    }
}

impl OpenValue {
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(value) => value,
            Self::Other(value) => value,
        }
    }

    #[must_use]
    pub fn of(desc: &'static EnumDesc, value: &str) -> Self {
        match desc.values.iter().find(|known| **known == value) {
            Some(known) => Self::Known(known),
            None if value.is_empty() => Self::default(),
            None => Self::Other(value.into()),
        }
    }
}

/// An enumeration of the schema as an open newtype. Implemented by the `open_enum!` macro alone.
pub trait OpenEnum: fmt::Debug + Clone + Default + Eq + From<String> {
    /// What is known of the enumeration.
    const DESC: &'static EnumDesc;

    /// The value on the wire; empty where a server sent an empty one.
    fn as_str(&self) -> &str;
}
