//! An entity's new name.

use super::{check_free, privilege, valid_name};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::authorization_manager::require;
use crate::mo::{datastore, distributed_virtual_portgroup, distributed_virtual_switch};
use crate::world::Tx;
use vim_types::mo::{ManagedEntityProperties, VirtualMachineProperties};
use vim_types::{DatacenterEvent, DatacenterRenamedEvent, Event, VmRenamedEvent};
use vim_wire::{Any, MoRef};

pub(super) fn rename_task(call: &Call<'_>) -> Result<Reply> {
    let name = valid_name(&call.arg::<String>("newName")?)?;
    let moref = call.this.clone();
    call.read(|world| match privilege::to_rename(world, &moref) {
        Some(privilege) => require(world, call.user(), privilege, &moref),
        None => Ok(()),
    })?;
    call.task(&call.this, move |tx| rename(tx, &moref, &name).map(|()| Any::Nil))
}

/// Gives an entity another name, which none beside it has. The name is escaped already.
pub(crate) fn rename(tx: &mut Tx<'_>, moref: &MoRef, name: &str) -> Result<()> {
    let node = tx.must(moref)?;
    if node.is_a("Datastore") {
        return datastore::rename(tx, moref, name);
    }
    let portgroup = node.is_a("DistributedVirtualPortgroup");
    if node.is_a("HostSystem") || (node.is_a("Network") && !portgroup) {
        return Err(Fault::not_supported(format!("{moref} has its name from the host")));
    }
    let (old, parent) = (node.name().to_owned(), node.parent().cloned());
    let Some(parent) = parent else { return Err(Fault::not_supported("the root folder has no other name")) };
    if tx.must(&parent)?.is_a("ComputeResource") {
        return Err(Fault::not_supported("a compute resource's own pool has no other name"));
    }
    if old == name {
        return Ok(());
    }
    check_free(tx, &parent, name)?;
    name.clone_into(&mut tx.edit::<ManagedEntityProperties>(moref)?.name);
    let (old, new) = (old, name.to_owned());
    match moref.kind() {
        "VirtualMachine" => {
            if let Some(config) = &mut tx.edit::<VirtualMachineProperties>(moref)?.config {
                config.name.clone_from(&new);
            }
            let extends = events::of_vm(tx, moref);
            events::post(tx, VmRenamedEvent { extends, old_name: old, new_name: new });
        }
        "Datacenter" => {
            let event = Event { datacenter: Some(events::datacenter(tx, moref)), ..Default::default() };
            let extends = DatacenterEvent { extends: event };
            events::post(tx, DatacenterRenamedEvent { extends, old_name: old, new_name: new });
        }
        "DistributedVirtualPortgroup" => distributed_virtual_portgroup::renamed(tx, moref, &old)?,
        "VmwareDistributedVirtualSwitch" => distributed_virtual_switch::renamed(tx, moref, &old)?,
        _ => {}
    }
    Ok(())
}
