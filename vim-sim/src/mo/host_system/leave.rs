//! A host leaves the inventory, and takes along what is only its own.

use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::managed_entity::{detach, forget_vm};
use crate::mo::{cluster_compute_resource, distributed_virtual_switch as switch, network, relations};
use crate::world::{Tx, World};
use vim_types::mo::{
    ComputeResourceProperties, DatastoreProperties, DistributedVirtualSwitchProperties, HostSystemProperties,
};
use vim_types::{HostRemovedEvent, HostSystemConnectionState};
use vim_wire::{MoRef, ObjRef, Slot};

/// Takes a host out of its cluster and the inventory.
pub(crate) fn destroy(tx: &mut Tx<'_>, host: &MoRef) -> Result<()> {
    if !in_cluster(tx, host) {
        return Err(Fault::not_supported("a standalone host leaves with its compute resource"));
    }
    check_idle(tx, host)?;
    leave(tx, host)
}

/// Whether a host is one of a cluster's.
pub(crate) fn in_cluster(world: &World, host: &MoRef) -> bool {
    world.above(host, "ClusterComputeResource").is_some()
}

/// The fault that a host is in use: neither in maintenance mode nor disconnected.
pub(crate) fn check_idle(world: &World, host: &MoRef) -> Result<()> {
    let properties = world.get::<HostSystemProperties>(host)?;
    let connected = properties.runtime.connection_state == HostSystemConnectionState::CONNECTED;
    if connected && !properties.runtime.in_maintenance_mode {
        return Err(Fault::invalid_state(format!(
            "host {} is neither in maintenance mode nor disconnected",
            properties.name
        )));
    }
    Ok(())
}

/// Takes a host out of the inventory, with its VMs and with the datastores and networks that no other host has.
pub(crate) fn leave(tx: &mut Tx<'_>, host: &MoRef) -> Result<()> {
    let extends = events::of_host(tx, host);
    events::post(tx, HostRemovedEvent { extends });
    for vm in tx.get::<HostSystemProperties>(host)?.vm.clone() {
        forget_vm(tx, &vm)?;
    }
    leave_networks(tx, host)?;
    for datastore in tx.get::<HostSystemProperties>(host)?.datastore.clone() {
        relations::unmount(tx, &datastore, host)?;
        let properties = tx.get::<DatastoreProperties>(&datastore)?;
        if properties.host.is_empty() && properties.vm.is_empty() {
            let browser = properties.browser.clone();
            detach(tx, &datastore)?;
            tx.remove(&browser);
            tx.remove(&datastore);
        }
    }
    let properties = tx.get::<HostSystemProperties>(host)?;
    let mut own = vec![properties.datastore_browser.clone()];
    ObjRef::of(&properties.config_manager).each(&mut |_, slot| {
        if let Slot::MoRef(cell) = slot {
            own.extend(cell.values().iter().cloned());
        }
    });
    if let Some(cluster) = tx.above(host, "ClusterComputeResource").map(|node| node.moref.clone()) {
        cluster_compute_resource::forget_host(tx, &cluster, host)?;
    }
    detach(tx, host)?;
    own.iter().for_each(|manager| tx.remove(manager));
    tx.remove(host);
    Ok(())
}

/// Takes a host off its switches and networks.
pub(crate) fn leave_networks(tx: &mut Tx<'_>, host: &MoRef) -> Result<()> {
    let switches = tx.of_kind("DistributedVirtualSwitch").into_iter().filter(|node| {
        node.properties::<DistributedVirtualSwitchProperties>()
            .is_some_and(|switch| switch.summary.host_member.contains(host))
    });
    for switch in switches.map(|node| node.moref.clone()).collect::<Vec<_>>() {
        switch::remove_host(tx, &switch, host)?;
    }
    for network in tx.get::<HostSystemProperties>(host)?.network.clone() {
        relations::leave_network(tx, &network, host)?;
        network::remove_unused(tx, &network)?;
    }
    Ok(())
}

/// The compute resource that a host belongs to.
pub(crate) fn owner(world: &World, host: &MoRef) -> Result<MoRef> {
    let above = world.above(host, "ComputeResource");
    let owner = above.map(|node| node.moref.clone()).ok_or_else(|| Fault::managed_object_not_found(host))?;
    world.get::<ComputeResourceProperties>(&owner)?;
    Ok(owner)
}
