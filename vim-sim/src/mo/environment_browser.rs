//! `EnvironmentBrowser`: what VMs can be like in a compute resource.

use crate::call::methods;
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::EnvironmentBrowserProperties;
use vim_wire::MoRef;

methods! {}

/// The hardware version that new VMs have.
pub(crate) const DEFAULT_VERSION: &str = "vmx-21";

/// The hardware versions that VMs can have, oldest first.
const VERSIONS: [&str; 12] = [
    "vmx-10", "vmx-11", "vmx-12", "vmx-13", "vmx-14", "vmx-15", "vmx-16", "vmx-17", "vmx-18", "vmx-19",
    "vmx-20", "vmx-21",
];

/// The fault that there is no such hardware version.
pub(crate) fn check_version(version: &str) -> Result<()> {
    if version.is_empty() || VERSIONS.contains(&version) {
        return Ok(());
    }
    Err(Fault::invalid_argument("spec.defaultHardwareVersionKey"))
}

/// Adds the browser of a compute resource.
pub(crate) fn create(tx: &mut Tx<'_>) -> MoRef {
    let moref = tx.new_ref("EnvironmentBrowser");
    tx.create(&moref, EnvironmentBrowserProperties::default());
    moref
}
