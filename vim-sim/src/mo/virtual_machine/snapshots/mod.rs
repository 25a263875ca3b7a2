//! Snapshots: a tree of what a machine was, each with the disks' files of its time.

mod chain;
mod create;
mod remove;
mod revert;
mod tree;

pub(super) use chain::{consolidate, others_use, referenced};
pub(super) use create::branch;
pub(in crate::mo) use create::{create_ex_task, create_task};
pub(in crate::mo) use remove::{remove_all_task, remove_task, rename};
pub(in crate::mo) use revert::{revert_current_task, revert_task};

use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{VirtualMachineProperties, VirtualMachineSnapshotProperties};
use vim_types::{VirtualMachineConfigInfo, VirtualMachinePowerState, VirtualMachineSnapshotInfo};
use vim_wire::MoRef;

/// What there is to a snapshot beside its configuration.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    /// The file of its state.
    pub(super) data: Option<String>,
    /// The file of its memory.
    pub(super) memory: Option<String>,
    /// Whether the machine ran, and its memory was kept.
    pub(super) power: VirtualMachinePowerState,
    /// What the guest's own disks said of it.
    pub(super) identity: super::guest::Identity,
}

/// The snapshots of a machine, parents before their children.
pub(super) fn all(world: &World, vm: &MoRef) -> Vec<MoRef> {
    let info = world.get::<VirtualMachineProperties>(vm).ok().and_then(|vm| vm.snapshot.as_ref());
    info.map_or_else(Vec::new, |info| {
        let mut all = Vec::new();
        tree::each(&info.root_snapshot_list, &mut |node| all.push(node.snapshot.clone()));
        all
    })
}

/// A snapshot's configuration, and what else there is to it.
pub(super) fn kept<'w>(
    world: &'w World,
    snapshot: &MoRef,
) -> Result<(&'w VirtualMachineConfigInfo, &'w Kept)> {
    let config = &world.get::<VirtualMachineSnapshotProperties>(snapshot)?.config;
    let kept = world.state::<Kept>(snapshot).ok_or_else(|| Fault::managed_object_not_found(snapshot))?;
    Ok((config, kept))
}

/// The snapshot that a machine's present state follows.
pub(super) fn current(world: &World, vm: &MoRef) -> Option<MoRef> {
    world.get::<VirtualMachineProperties>(vm).ok()?.snapshot.as_ref()?.current_snapshot.clone()
}

/// The machine of a snapshot.
pub(super) fn machine(world: &World, snapshot: &MoRef) -> Result<MoRef> {
    Ok(world.get::<VirtualMachineSnapshotProperties>(snapshot)?.vm.clone())
}

/// Takes a machine's snapshots out of the inventory; their files stay.
pub(super) fn forget_all(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    for snapshot in all(tx, vm) {
        tx.remove(&snapshot);
    }
    set(tx, vm, VirtualMachineSnapshotInfo::default())
}

/// Sets a machine's snapshots and what follows from them.
fn set(tx: &mut Tx<'_>, vm: &MoRef, info: VirtualMachineSnapshotInfo) -> Result<()> {
    let roots = info.root_snapshot_list.iter().map(|root| root.snapshot.clone()).collect();
    let mut children = Vec::new();
    tree::each(&info.root_snapshot_list, &mut |node| {
        let own: Vec<MoRef> = node.child_snapshot_list.iter().map(|child| child.snapshot.clone()).collect();
        children.push((node.snapshot.clone(), own));
    });
    for (snapshot, own) in children {
        if tx.get::<VirtualMachineSnapshotProperties>(&snapshot)?.child_snapshot != own {
            tx.edit::<VirtualMachineSnapshotProperties>(&snapshot)?.child_snapshot = own;
        }
    }
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    properties.root_snapshot = roots;
    properties.snapshot = Some(info).filter(|info| !info.root_snapshot_list.is_empty());
    Ok(())
}

/// Sets a machine's snapshots as they were before it left the inventory.
pub(super) fn restore(tx: &mut Tx<'_>, vm: &MoRef, info: VirtualMachineSnapshotInfo) -> Result<()> {
    set(tx, vm, info)
}

/// Gives a snapshot of a tree another reference, and its machine.
pub(super) fn rename_in(info: &mut VirtualMachineSnapshotInfo, old: &str, new: &MoRef, vm: &MoRef) {
    let old = MoRef::new("VirtualMachineSnapshot", old);
    if info.current_snapshot.as_ref() == Some(&old) {
        info.current_snapshot = Some(new.clone());
    }
    if let Some(node) = tree::find_mut(&mut info.root_snapshot_list, &old) {
        node.snapshot = new.clone();
        node.vm = vm.clone();
    }
}

/// The work of the tasks, for tests.
#[cfg(test)]
pub(super) mod testing {
    use super::*;

    pub(in super::super) fn take(
        tx: &mut Tx<'_>,
        vm: &MoRef,
        name: &str,
        memory: bool,
        quiesce: bool,
    ) -> Result<MoRef> {
        create::named(tx, vm, name, memory, quiesce)
    }

    pub(in super::super) fn revert(tx: &mut Tx<'_>, vm: &MoRef, snapshot: &MoRef) -> Result<()> {
        revert::revert(tx, vm, snapshot, false)
    }

    pub(in super::super) fn remove(tx: &mut Tx<'_>, vm: &MoRef, gone: &[MoRef]) -> Result<()> {
        remove::remove(tx, vm, gone, true)
    }
}
