//! VMs leave a host that goes into maintenance mode, where its cluster moves them by itself.

use crate::events;
use crate::fault::Result;
use crate::mo::cluster_compute_resource::best_host;
use crate::mo::relations;
use crate::world::{Tx, World};
use vim_types::mo::{ClusterComputeResourceProperties, HostSystemProperties, VirtualMachineProperties};
use vim_types::{ClusterConfigInfoEx, DrsBehavior, VirtualMachinePowerState, VmMigratedEvent};
use vim_wire::MoRef;

/// Whether a cluster moves VMs without being told.
fn automated(world: &World, cluster: &MoRef) -> bool {
    let cluster = world.get::<ClusterComputeResourceProperties>(cluster).ok();
    let config = cluster.and_then(|cluster| cluster.configuration_ex.downcast_ref::<ClusterConfigInfoEx>());
    config.is_some_and(|config| {
        let drs = &config.drs_config;
        let behavior = drs.default_vm_behavior.as_ref();
        drs.enabled == Some(true) && behavior.is_none_or(|behavior| *behavior == DrsBehavior::FULLY_AUTOMATED)
    })
}

/// Moves the running VMs of a host to others of its cluster, as far as these can take them; the rest too, where `all` says
/// so.
pub(super) fn evacuate(tx: &mut Tx<'_>, host: &MoRef, all: bool) -> Result<()> {
    let cluster = tx.above(host, "ClusterComputeResource").map(|node| node.moref.clone());
    let Some(cluster) = cluster.filter(|cluster| automated(tx, cluster)) else { return Ok(()) };
    for vm in tx.get::<HostSystemProperties>(host)?.vm.clone() {
        let properties = tx.get::<VirtualMachineProperties>(&vm)?;
        let on = properties.runtime.power_state == VirtualMachinePowerState::POWERED_ON;
        if !on && !all {
            continue;
        }
        let Some(target) = best_host(tx, &cluster, &vm, host) else { continue };
        let source_host = events::host(tx, host);
        relations::set_host(tx, &vm, Some(&target))?;
        let mut event =
            VmMigratedEvent { extends: events::of_vm(tx, &vm), source_host, ..Default::default() };
        if let Some(datacenter) = tx.above(host, "Datacenter").map(|node| node.moref.clone()) {
            event.source_datacenter = Some(events::datacenter(tx, &datacenter));
        }
        if let Some(datastore) = tx.get::<VirtualMachineProperties>(&vm)?.datastore.first().cloned() {
            event.source_datastore = Some(events::datastore(tx, &datastore));
        }
        events::post(tx, event);
        let cluster = tx.edit::<ClusterComputeResourceProperties>(&cluster)?;
        cluster.summary_ex.num_vmotions += i32::from(on);
    }
    Ok(())
}
