//! The provider's implementation on vSphere.

pub(crate) mod build;
pub(crate) mod catalog;
mod clone;
mod console;
mod core;
mod create;
mod delete;
mod describe;
pub(crate) mod errors;
mod folder;
mod image;
mod list;
pub(crate) mod owner;
pub(crate) mod place;
mod power;
mod provider;
pub(crate) mod read;
mod reconfigure;
mod retain;
mod snapshot;
mod source;
mod state;
mod template;
mod upgrade;

pub use provider::VsphereProvider;
pub use retain::Purged;
