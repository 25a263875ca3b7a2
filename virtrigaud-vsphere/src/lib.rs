//! VirtRigaud's provider for VMware vSphere: virtual machines from documents, exactly once.

pub mod provider;
pub mod spec;
#[allow(dead_code, reason = "the provider that uses it is being written")]
mod vsphere;

pub use provider::{Defaults, Provider};
pub use vsphere::{Purged, VsphereProvider};
