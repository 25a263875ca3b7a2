//! What reading properties gives: an object, and what of it could not be read.

use std::ops::Deref;
use vim_wire::{Fault, MoRef};

/// A managed object's row.
#[derive(Clone, Debug, PartialEq)]
pub struct Object<R> {
    /// The managed object.
    pub moref: MoRef,
    /// Its properties.
    pub row: R,
    /// The properties that the server could not give, each with its reason. Optional fields of the row are unset for them.
    pub missing: Vec<Missing>,
}

impl<R> Deref for Object<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.row
    }
}

/// A property that the server could not give.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// The property's path.
    pub path: String,
    /// Why, in the server's words; a `NoPermission` most of the time.
    pub fault: Fault,
}
