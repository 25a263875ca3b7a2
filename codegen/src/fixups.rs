//! Departures from the schema, each named, with its reason. A fixup that no longer applies is an error: the schema has
//! changed under it, and someone must look.

use crate::error::{Error, Result};

/// A departure from the schema.
#[derive(Clone, Copy, Debug)]
pub struct Fixup {
    /// Its name, for messages.
    pub name: &'static str,
    /// Why it is needed.
    pub reason: &'static str,
    /// The namespace that it is about.
    pub namespace: &'static str,
    /// What it does.
    pub change: Change,
}

/// What a fixup does.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    /// Makes a field optional that the schema requires.
    Optional {
        /// The data type.
        ty: &'static str,
        /// The field.
        field: &'static str,
    },
    /// Gives a method another name in Rust.
    Method {
        /// The method's name on the wire.
        method: &'static str,
        /// The name in Rust.
        to: &'static str,
    },
    /// Gives an enumeration's value another constant.
    Constant {
        /// The enumeration.
        ty: &'static str,
        /// The value.
        value: &'static str,
        /// The constant.
        to: &'static str,
    },
}

/// The fixups of the schema in `codegen/schema`.
///
/// None is needed now: `names` makes every name of 9.1.1.0 legal and apart from the others by rule, and vim-wire decodes
/// leniently, so that a server that leaves out what the schema requires is no reason for one.
pub const FIXUPS: &[Fixup] = &[];

/// Fixups at work: which were asked for, and which ones did something.
#[derive(Debug)]
pub struct Applied<'a> {
    fixups: &'a [Fixup],
    used: Vec<bool>,
}

impl<'a> Applied<'a> {
    /// Starts with none applied.
    #[must_use]
    pub fn new(fixups: &'a [Fixup]) -> Self {
        Self { fixups, used: vec![false; fixups.len()] }
    }

    /// Whether a field that the schema requires is to be optional.
    pub fn optional(&mut self, namespace: &str, owner: &str, name: &str) -> bool {
        self.find(namespace, |change| match change {
            Change::Optional { ty, field } if ty == owner && field == name => Some(()),
            _ => None,
        })
        .is_some()
    }

    /// The name in Rust that a method is to have.
    pub fn method(&mut self, namespace: &str, wire: &str) -> Option<&'static str> {
        self.find(namespace, |change| match change {
            Change::Method { method, to } if method == wire => Some(to),
            _ => None,
        })
    }

    /// The constant that an enumeration's value is to have.
    pub fn constant(&mut self, namespace: &str, owner: &str, of: &str) -> Option<&'static str> {
        self.find(namespace, |change| match change {
            Change::Constant { ty, value, to } if ty == owner && value == of => Some(to),
            _ => None,
        })
    }

    fn find<T>(&mut self, namespace: &str, pick: impl Fn(Change) -> Option<T>) -> Option<T> {
        let ours = self.fixups.iter().enumerate().filter(|(_, fixup)| fixup.namespace == namespace);
        let (index, found) = ours.filter_map(|(index, fixup)| Some((index, pick(fixup.change)?))).next()?;
        self.used[index] = true;
        Some(found)
    }

    /// The fixups that did nothing.
    pub fn stale(&self) -> impl Iterator<Item = &'a Fixup> {
        self.fixups.iter().zip(&self.used).filter(|(_, used)| !**used).map(|(fixup, _)| fixup)
    }

    /// Refuses fixups that did nothing.
    ///
    /// # Errors
    ///
    /// Names the first of them.
    pub fn check(&self) -> Result<()> {
        match self.stale().next() {
            None => Ok(()),
            Some(fixup) => Err(Error::new(
                "codegen/src/fixups.rs",
                fixup.name,
                format!(
                    "the fixup is stale: {:?} changes nothing any more. It was there because: {}",
                    fixup.change, fixup.reason
                ),
            )),
        }
    }
}
