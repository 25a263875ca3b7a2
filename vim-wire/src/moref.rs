//! References to managed objects.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// A reference to a managed object: its type and its id, such as `VirtualMachine:vm-42`.
///
/// Two references are equal when type, id and, where a server gives one, its guid are.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MoRef {
    pub(crate) kind: Cow<'static, str>,
    pub(crate) value: Box<str>,
    pub(crate) server_guid: Option<Box<str>>,
}

impl MoRef {
    /// A reference by type and id.
    ///
    /// ```
    /// let vm = vim_wire::MoRef::new("VirtualMachine", "vm-42");
    /// assert_eq!(vm.to_string(), "VirtualMachine:vm-42");
    /// assert_eq!("VirtualMachine:vm-42".parse(), Ok(vm));
    /// ```
    #[must_use]
    pub fn new(kind: impl Into<Cow<'static, str>>, value: impl Into<Box<str>>) -> Self {
        Self { kind: kind.into(), value: value.into(), server_guid: None }
    }

    /// The managed object's type, such as `VirtualMachine`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The managed object's id, such as `vm-42`; unique in one server, and meaningless in another.
    #[must_use]
    pub const fn value(&self) -> &str {
        &self.value
    }

    /// The guid of the server that the object lives in, where the answering server gave one.
    #[must_use]
    pub fn server_guid(&self) -> Option<&str> {
        self.server_guid.as_deref()
    }

    /// Whether there is no id: what an unset required reference reads as.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.value.is_empty()
    }
}

impl Hash for MoRef {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // Ids are unique within a server; equal references have equal ids.
        self.value.hash(state);
    }
}

impl fmt::Display for MoRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}

impl fmt::Debug for MoRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is not a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseMoRefError(String);

impl fmt::Display for ParseMoRefError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a managed object reference: expected TYPE:ID, such as VirtualMachine:vm-42",
            self.0
        )
    }
}

impl std::error::Error for ParseMoRefError {}

impl FromStr for MoRef {
    type Err = ParseMoRefError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once(':') {
            Some((kind, value))
                if !kind.is_empty()
                    && !value.is_empty()
                    && kind.bytes().all(|b| b.is_ascii_alphanumeric()) =>
            {
                Ok(Self::new(kind.to_owned(), value))
            }
            _ => Err(ParseMoRefError(text.to_owned())),
        }
    }
}
