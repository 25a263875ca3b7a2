//! `HostNetworkSystem`: a host's standard switches, portgroups, interfaces and cards.

use crate::call::methods;
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::HostNetworkInfo;
use vim_types::mo::{HostNetworkSystemProperties, HostSystemProperties};
use vim_wire::MoRef;

methods! {}

/// A host's network system.
fn of_host(world: &World, host: &MoRef) -> Result<MoRef> {
    let system = world.get::<HostSystemProperties>(host)?.config_manager.network_system.clone();
    system.ok_or_else(|| Fault::managed_object_not_found(host))
}

/// What a host's networks are like.
pub(crate) fn info<'w>(world: &'w World, host: &MoRef) -> Result<&'w HostNetworkInfo> {
    let system = world.get::<HostNetworkSystemProperties>(&of_host(world, host)?)?;
    system.network_info.as_ref().ok_or_else(|| Fault::managed_object_not_found(host))
}

/// Changes a host's networks; its configuration follows.
pub(crate) fn edit(
    tx: &mut Tx<'_>,
    host: &MoRef,
    change: impl FnOnce(&mut HostNetworkInfo) -> Result<()>,
) -> Result<()> {
    let system = of_host(tx, host)?;
    change(tx.edit::<HostNetworkSystemProperties>(&system)?.network_info.get_or_insert_default())?;
    tx.edit::<HostSystemProperties>(host)?;
    Ok(())
}
