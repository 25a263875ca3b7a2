//! VirtRigaud's provider for VMware vSphere: virtual machines from documents, exactly once.

pub mod provider;
pub mod spec;
mod vsphere;

pub use provider::{Defaults, Provider};
pub use vsphere::{Purged, VsphereProvider};
