//! The provider's implementation on vSphere.

pub(crate) mod catalog;
mod describe;
pub(crate) mod errors;
pub(crate) mod owner;
pub(crate) mod place;
pub(crate) mod read;
