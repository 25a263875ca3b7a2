//! The end of an entity, and of what lies below it.

use super::{detach, privilege};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::authorization_manager::require;
use crate::mo::{
    compute_resource, datacenter, datastore, distributed_virtual_portgroup, distributed_virtual_switch,
    host_system, network, relations, resource_pool, virtual_app, virtual_machine,
};
use crate::world::Tx;
use vim_types::VmRemovedEvent;
use vim_types::mo::{FolderProperties, VirtualMachineSnapshotProperties};
use vim_wire::{Any, MoRef};

pub(super) fn destroy_task(call: &Call<'_>) -> Result<Reply> {
    let moref = call.this.clone();
    call.read(|world| match privilege::to_destroy(world, &moref) {
        Some(privilege) => require(world, call.user(), privilege, &moref),
        None => Ok(()),
    })?;
    call.task(&call.this, move |tx| destroy(tx, &moref).map(|()| Any::Nil))
}

/// Destroys an entity as its kind has it.
pub(crate) fn destroy(tx: &mut Tx<'_>, moref: &MoRef) -> Result<()> {
    let node = tx.must(moref)?;
    match () {
        () if node.is_a("VirtualMachine") => virtual_machine::destroy(tx, moref),
        () if node.is_a("Datastore") => datastore::destroy(tx, moref),
        () if node.is_a("Folder") => destroy_folder(tx, moref),
        () if node.is_a("Datacenter") => datacenter::destroy(tx, moref),
        () if node.is_a("HostSystem") => host_system::destroy(tx, moref),
        () if node.is_a("ComputeResource") => compute_resource::destroy(tx, moref),
        () if node.is_a("VirtualApp") => virtual_app::destroy(tx, moref),
        () if node.is_a("ResourcePool") => resource_pool::destroy(tx, moref),
        () if node.is_a("DistributedVirtualPortgroup") => distributed_virtual_portgroup::destroy(tx, moref),
        () if node.is_a("Network") => network::destroy(tx, moref),
        () if node.is_a("DistributedVirtualSwitch") => distributed_virtual_switch::destroy(tx, moref),
        () => Err(Fault::not_supported(moref)),
    }
}

/// A folder goes with all that is in it; where one of those cannot go, all stay.
fn destroy_folder(tx: &mut Tx<'_>, moref: &MoRef) -> Result<()> {
    let parent = tx.must(moref)?.parent().cloned();
    if parent.is_none_or(|parent| tx.node(&parent).is_none_or(|node| !node.is_a("Folder"))) {
        return Err(Fault::not_supported(format!("{moref} belongs to the datacenter or is the root")));
    }
    for child in tx.get::<FolderProperties>(moref)?.child_entity.clone() {
        // A switch may have taken its portgroups along.
        if tx.node(&child).is_some() {
            destroy(tx, &child)?;
        }
    }
    detach(tx, moref)?;
    tx.remove(moref);
    Ok(())
}

/// Takes a VM out of the inventory because its host leaves it: whether it runs or not.
pub(crate) fn forget_vm(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let extends = events::of_vm(tx, vm);
    events::post(tx, VmRemovedEvent { extends });
    relations::set_pool(tx, vm, None)?;
    relations::set_host(tx, vm, None)?;
    relations::set_datastores(tx, vm, Vec::new())?;
    relations::set_networks(tx, vm, Vec::new())?;
    let snapshots = tx.of_kind("VirtualMachineSnapshot").into_iter().filter(|node| {
        node.properties::<VirtualMachineSnapshotProperties>().is_some_and(|snapshot| snapshot.vm == *vm)
    });
    for snapshot in snapshots.map(|node| node.moref.clone()).collect::<Vec<_>>() {
        tx.remove(&snapshot);
    }
    detach(tx, vm)?;
    tx.remove(vm);
    Ok(())
}
