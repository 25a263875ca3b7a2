//! Removing snapshots, and renaming them.

use super::super::devices::file;
use super::super::layout;
use super::{all, chain, kept, machine, set, tree};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::files;
use crate::world::Tx;
use vim_types::InvalidName;
use vim_types::mo::VirtualMachineProperties;
use vim_wire::{Any, MoRef};

/// `RemoveSnapshot_Task`.
pub(in crate::mo) fn remove_task(call: &Call<'_>) -> Result<Reply> {
    let children: bool = call.arg("removeChildren")?;
    let merge: bool = call.opt("consolidate")?.unwrap_or(true);
    let snapshot = call.this.clone();
    let vm = call.read(|world| machine(world, &snapshot))?;
    call.task(&vm.clone(), move |tx| {
        let mut gone = vec![snapshot.clone()];
        if children {
            let info = tx.get::<VirtualMachineProperties>(&vm)?.snapshot.clone().unwrap_or_default();
            if let Some(tree) = tree::find(&info.root_snapshot_list, &snapshot) {
                tree::each(&tree.child_snapshot_list, &mut |node| gone.push(node.snapshot.clone()));
            }
        }
        remove(tx, &vm, &gone, merge).map(|()| Any::Nil)
    })
}

/// `RemoveAllSnapshots_Task`.
pub(in crate::mo) fn remove_all_task(call: &Call<'_>) -> Result<Reply> {
    let merge: bool = call.opt("consolidate")?.unwrap_or(true);
    let vm = call.this.clone();
    call.task(&call.this, move |tx| {
        let gone = all(tx, &vm);
        remove(tx, &vm, &gone, merge).map(|()| Any::Nil)
    })
}

/// Removes snapshots, parents named before their children.
pub(super) fn remove(tx: &mut Tx<'_>, vm: &MoRef, gone: &[MoRef], merge: bool) -> Result<()> {
    // Those that are under way may have been removed meanwhile.
    for snapshot in gone.iter().rev() {
        remove_one(tx, vm, snapshot)?;
    }
    if merge {
        chain::consolidate(tx, vm)?;
    } else if !gone.is_empty() {
        tx.edit::<VirtualMachineProperties>(vm)?.runtime.consolidation_needed = true;
    }
    layout::refresh(tx, vm)
}

fn remove_one(tx: &mut Tx<'_>, vm: &MoRef, snapshot: &MoRef) -> Result<()> {
    let (config, facts) = kept(tx, snapshot)?;
    let own_files: Vec<String> = facts.data.iter().chain(&facts.memory).cloned().collect();
    let disks: Vec<(MoRef, String)> =
        config.hardware.device.iter().filter_map(|device| file::chain(device).into_iter().next()).collect();
    let mut info = tx.get::<VirtualMachineProperties>(vm)?.snapshot.clone().unwrap_or_default();
    if info.current_snapshot.as_ref() == Some(snapshot) {
        let path = tree::path(&info.root_snapshot_list, snapshot);
        info.current_snapshot = path.iter().rev().nth(1).cloned();
    }
    tree::remove(&mut info.root_snapshot_list, snapshot);
    set(tx, vm, info)?;
    tx.remove(snapshot);
    let datacenter = super::super::place::datacenter(tx, vm);
    for name in own_files {
        let (datastore, path) = files::resolve(tx, datacenter.as_ref(), &name)?;
        if files::get(tx, &datastore, &path).is_some() {
            files::remove(tx, &datastore, &path)?;
        }
    }
    // What only this snapshot led to is lost with it.
    for (datastore, name) in disks {
        let (_, path) = files::parse(&name)?;
        let is_delta = files::get(tx, &datastore, &path)
            .is_some_and(|file| matches!(&file.kind, files::FileKind::Disk { parent: Some(_), .. }));
        if is_delta && !chain::referenced(tx, vm, &name) && !chain::others_use(tx, vm, &datastore, &name) {
            files::remove(tx, &datastore, &path)?;
        }
    }
    Ok(())
}

/// `RenameSnapshot`.
pub(in crate::mo) fn rename(call: &Call<'_>) -> Result<Reply> {
    let name: Option<String> = call.opt("name")?;
    let description: Option<String> = call.opt("description")?;
    if name.as_ref().is_some_and(String::is_empty) {
        return Err(Fault::new(InvalidName::default(), "A snapshot needs a name."));
    }
    call.write(|tx| {
        let vm = machine(tx, &call.this)?;
        let mut info = tx.get::<VirtualMachineProperties>(&vm)?.snapshot.clone().unwrap_or_default();
        let node = tree::find_mut(&mut info.root_snapshot_list, &call.this)
            .ok_or_else(|| Fault::managed_object_not_found(&call.this))?;
        if let Some(name) = name {
            node.name = name;
        }
        if let Some(description) = description {
            node.description = description;
        }
        set(tx, &vm, info)
    })?;
    call.done()
}
