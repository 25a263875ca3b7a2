//! What is moved into folders, and out of the inventory with them.

use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::managed_entity::{attach, check_free, destroy, detach, forget_vm, privilege};
use crate::mo::{authorization_manager, host_system};
use crate::world::{Tx, World};
use vim_types::mo::{FolderProperties, VirtualMachineProperties};
use vim_types::{InvalidFolder, VirtualMachinePowerState};
use vim_wire::{Any, MoRef};

pub(super) fn move_into_folder(call: &Call<'_>) -> Result<Reply> {
    let (folder, list): (_, Vec<MoRef>) = (call.this.clone(), call.list("list")?);
    call.read(|world| -> Result<()> {
        for moref in &list {
            world.must(moref)?;
            if let Some(privilege) = privilege::to_move(world, moref) {
                authorization_manager::require(world, call.user(), privilege, moref)?;
                authorization_manager::require(world, call.user(), privilege, &folder)?;
            }
        }
        Ok(())
    })?;
    call.task(&call.this, move |tx| {
        list.iter().try_for_each(|moref| move_into(tx, moref, &folder))?;
        Ok(Any::Nil)
    })
}

/// The type by which a folder says that it takes an entity.
fn taken_as(world: &World, moref: &MoRef) -> Result<&'static str> {
    let node = world.must(moref)?;
    let kinds = [
        "StoragePod",
        "Folder",
        "Datacenter",
        "VirtualMachine",
        "VirtualApp",
        "ComputeResource",
        "Datastore",
    ];
    let kind = kinds.into_iter().find(|kind| node.is_a(kind));
    let networks = ["Network", "DistributedVirtualSwitch"].into_iter().find(|kind| node.is_a(kind));
    kind.or(networks).ok_or_else(|| Fault::not_supported(format!("{moref} lies in no folder")))
}

fn move_into(tx: &mut Tx<'_>, moref: &MoRef, folder: &MoRef) -> Result<()> {
    if moref.kind() == "HostSystem" {
        return host_system::make_standalone(tx, moref, folder);
    }
    let kind = taken_as(tx, moref)?;
    let target = tx.get::<FolderProperties>(folder)?;
    // A folder is taken by one that takes the same.
    let fits = match kind {
        "Folder" => target.child_type == tx.get::<FolderProperties>(moref)?.child_type,
        kind => target.child_type.iter().any(|taken| taken == kind),
    };
    let parent = tx.must(moref)?.parent().cloned();
    let movable =
        parent.as_ref().is_some_and(|parent| tx.node(parent).is_some_and(|node| node.is_a("Folder")));
    if !fits || !movable {
        return Err(Fault::not_supported(format!("{folder} does not take {moref}")));
    }
    let within = tx.lineage(folder).any(|above| above.moref == *moref);
    let datacenter = |of: &MoRef| tx.above(of, "Datacenter").map(|node| node.moref.clone());
    let elsewhere = kind != "Datacenter" && kind != "Folder" && datacenter(moref) != datacenter(folder);
    if within || elsewhere {
        let fault = InvalidFolder { target: folder.clone(), ..Default::default() };
        return Err(Fault::new(fault, format!("{moref} cannot be moved into {folder}.")));
    }
    if parent.as_ref() == Some(folder) {
        return Ok(());
    }
    check_free(tx, folder, tx.name(moref))?;
    detach(tx, moref)?;
    attach(tx, moref, folder)
}

pub(super) fn unregister_and_destroy(call: &Call<'_>) -> Result<Reply> {
    let folder = call.this.clone();
    let takes =
        call.read(|world| world.get::<FolderProperties>(&folder).map(|folder| folder.child_type.clone()))?;
    if !takes.iter().any(|kind| kind == "VirtualMachine") {
        return Err(Fault::not_supported(format!("{folder} holds no VMs")));
    }
    call.task(&call.this, move |tx| {
        unregister_all(tx, &folder)?;
        destroy(tx, &folder)?;
        Ok(Any::Nil)
    })
}

/// Takes the VMs of a folder, and of the folders below it, out of the inventory; their files stay.
fn unregister_all(tx: &mut Tx<'_>, folder: &MoRef) -> Result<()> {
    for child in tx.get::<FolderProperties>(folder)?.child_entity.clone() {
        if let Ok(vm) = tx.get::<VirtualMachineProperties>(&child) {
            let state = vm.runtime.power_state.clone();
            if state != VirtualMachinePowerState::POWERED_OFF {
                return Err(Fault::power_state(Some(VirtualMachinePowerState::POWERED_OFF), state));
            }
            forget_vm(tx, &child)?;
        } else if child.kind() == "Folder" {
            unregister_all(tx, &child)?;
        }
    }
    Ok(())
}
