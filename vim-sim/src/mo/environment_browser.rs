//! `EnvironmentBrowser`: what VMs can be like in a compute resource.

use crate::call::methods;
use crate::world::Tx;
use vim_types::mo::EnvironmentBrowserProperties;
use vim_wire::MoRef;

methods! {}

/// The hardware version that new VMs have.
pub(crate) const DEFAULT_VERSION: &str = "vmx-21";

/// Adds the browser of a compute resource.
pub(crate) fn create(tx: &mut Tx<'_>) -> MoRef {
    let moref = tx.new_ref("EnvironmentBrowser");
    tx.create(&moref, EnvironmentBrowserProperties::default());
    moref
}
