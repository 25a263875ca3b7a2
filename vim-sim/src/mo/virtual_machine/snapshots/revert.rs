//! Going back to a snapshot: configuration, disks and power are what they were.

use super::super::devices::{Kind, file, list_children};
use super::super::{Facts, create as machines, layout, power};
use super::{all, create, current, kept, machine};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::files;
use crate::world::Tx;
use std::collections::HashSet;
use vim_types::mo::VirtualMachineProperties;
use vim_types::{VirtualMachineConfigInfo, VirtualMachinePowerState};
use vim_wire::{Any, DateTime, MoRef};

/// `RevertToSnapshot_Task`.
pub(in crate::mo) fn revert_task(call: &Call<'_>) -> Result<Reply> {
    let snapshot = call.this.clone();
    let vm = call.read(|world| machine(world, &snapshot))?;
    start(call, vm, snapshot)
}

/// `RevertToCurrentSnapshot_Task`.
pub(in crate::mo) fn revert_current_task(call: &Call<'_>) -> Result<Reply> {
    let vm = call.this.clone();
    match call.read(|world| current(world, &vm)) {
        Some(snapshot) => start(call, vm, snapshot),
        None => Err(Fault::not_found("the virtual machine has no snapshot")),
    }
}

fn start(call: &Call<'_>, vm: MoRef, snapshot: MoRef) -> Result<Reply> {
    let host: Option<MoRef> = call.opt("host")?;
    let suppress: bool = call.opt("suppressPowerOn")?.unwrap_or(false);
    if let Some(host) = &host {
        call.read(|world| world.must(host).map(|_| ()))?;
    }
    call.task(&vm.clone(), move |tx| revert(tx, &vm, &snapshot, suppress).map(|()| Any::Nil))
}

pub(super) fn revert(tx: &mut Tx<'_>, vm: &MoRef, snapshot: &MoRef, suppress: bool) -> Result<()> {
    let (config, facts) = kept(tx, snapshot)?;
    let (mut config, facts) = (config.clone(), facts.clone());
    if tx.get::<VirtualMachineProperties>(vm)?.runtime.power_state != VirtualMachinePowerState::POWERED_OFF {
        power::halt(tx, vm)?;
    }
    let now = machines::config_of(tx, vm)?.clone();
    drop_newest(tx, vm, &now)?;
    // A machine's place and name are not part of what it was.
    config.name.clone_from(&now.name);
    config.files.clone_from(&now.files);
    let modified = DateTime::from_unix_micros(tx.now.unix_micros().max(now.modified.unix_micros() + 1));
    config.modified = modified;
    config.change_version = modified.to_string();
    for device in &mut config.hardware.device {
        if let Some(connectable) = &mut device.connectable {
            connectable.connected = false;
        }
    }
    list_children(&mut config.hardware.device);
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    properties.config = Some(config);
    if let Some(info) = &mut properties.snapshot {
        info.current_snapshot = Some(snapshot.clone());
    }
    tx.edit_state::<Facts>(vm)?.identity = facts.identity;
    create::branch(tx, vm)?;
    layout::refresh(tx, vm)?;
    match facts.power {
        _ if suppress => Ok(()),
        VirtualMachinePowerState::POWERED_ON => power::resume(tx, vm),
        VirtualMachinePowerState::SUSPENDED => power::become_suspended(tx, vm),
        _ => Ok(()),
    }
}

/// Removes the files that hold what was written since the last snapshot: nothing else leads to them.
fn drop_newest(tx: &mut Tx<'_>, vm: &MoRef, now: &VirtualMachineConfigInfo) -> Result<()> {
    let mut needed = HashSet::new();
    for snapshot in all(tx, vm) {
        let (config, _) = kept(tx, &snapshot)?;
        for device in &config.hardware.device {
            needed.extend(file::chain(device).into_iter().map(|(_, name)| name));
        }
    }
    for device in now.hardware.device.iter().filter(|device| Kind::of(device) == Kind::Disk) {
        let chain = file::chain(device);
        // A disk that came after the snapshot is taken off and stays where it is.
        let [(datastore, newest), _, ..] = chain.as_slice() else { continue };
        if needed.contains(newest) || !chain.iter().any(|(_, name)| needed.contains(name)) {
            continue;
        }
        let (_, path) = files::parse(newest)?;
        if files::get(tx, datastore, &path).is_some() {
            files::remove(tx, datastore, &path)?;
        }
    }
    Ok(())
}
