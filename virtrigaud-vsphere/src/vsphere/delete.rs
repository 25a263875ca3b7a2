//! Removing a machine: at once, but for its disks, or after a time.

use super::core::Core;
use super::errors::server;
use super::{describe, owner, power, retain, state};
use crate::provider::{DeleteOptions, Error, ErrorKind, MachineId, Operation, OperationId, Reporter, Result};
use std::sync::Arc;
use vim_client::MoRef;
use vim_client::types::ext::{DeviceList, Files, remove_device};
use vim_client::types::{VirtualHardware, VirtualMachineConfigSpec};

/// What is read of a machine that is to be removed.
pub(super) const PATHS: &[&str] = &[
    "config.extraConfig",
    "config.changeVersion",
    "config.hardware",
    "config.template",
    "snapshot",
    "parent",
];

pub(super) async fn delete(
    core: &Arc<Core>,
    id: &MachineId,
    options: DeleteOptions,
) -> Result<Operation<()>> {
    let operation = OperationId::new("delete");
    let machine = match core.machine(id).await {
        Err(error) if error.is_not_found() => return Ok(core.done(operation, ())),
        other => other?,
    };
    let Some(state) = state::find(core, &machine, PATHS).await? else {
        return Ok(core.done(operation, ()));
    };
    if !options.foreign {
        allow(&state, id, &options)?;
    }
    let (core_, id) = (Arc::clone(core), id.clone());
    Ok(core.start(operation, |reporter| async move {
        if let Some(age) = options.retain {
            return retain::retain(&core_, &id, &state, age, options.keep_disks, &reporter).await;
        }
        remove(&core_, &id, &state, options.keep_disks, &reporter).await
    }))
}

/// Refuses a machine that is not the one that is meant.
fn allow(state: &state::State, id: &MachineId, options: &DeleteOptions) -> Result<()> {
    // Where the stamp cannot be read, nobody knows whose it is.
    state.values.require("config.extraConfig")?;
    let settings = describe::settings(&state.values);
    let name = state.name();
    let fail = |why: String| {
        let message = format!("virtual machine '{name}' ({id}) {why}; it is not deleted");
        Err(Error::new(ErrorKind::FailedPrecondition, message)
            .hint("foreign: true has it deleted all the same"))
    };
    match (owner::owner(&settings), &options.owner) {
        (None, _) => fail("was not made by this provider".to_owned()),
        (Some(is), Some(wanted)) if is.uid != wanted.uid => fail(format!(
            "belongs to {}/{} and not to {}/{}",
            is.namespace, is.name, wanted.namespace, wanted.name
        )),
        _ => Ok(()),
    }
}

/// Ends a step that has nothing to do any more: the machine is gone.
fn unless_gone(doing: &str, outcome: Result<(), vim_client::Error>) -> Result<()> {
    match outcome {
        Err(error) if !error.is_not_found() => Err(server(doing, error)),
        _ => Ok(()),
    }
}

/// Switches off what is to be removed.
pub(super) async fn off(
    core: &Core,
    id: &MachineId,
    state: &state::State,
    reporter: &Reporter,
) -> Result<()> {
    if state.power() == "poweredOff" {
        return Ok(());
    }
    reporter.step(format!("switching off {id}"), 0);
    match power::off(core, id, &state.values.moref, reporter, (0, 30)).await {
        // The machine is gone, and this step with it.
        Err(error) if error.is_not_found() => Ok(()),
        done => done,
    }
}

/// Removes a machine that may be removed.
pub(super) async fn remove(
    core: &Core,
    id: &MachineId,
    state: &state::State,
    keep_disks: bool,
    reporter: &Reporter,
) -> Result<()> {
    let machine = &state.values.moref;
    if let Some(task) = state.running::<()>(core, "VirtualMachine.Destroy_Task", "destroy") {
        // Somebody asked for it before. Where that failed, it is tried again.
        if core.follow(task, reporter, (0, 50)).await.is_ok() {
            return Ok(());
        }
    }
    off(core, id, state, reporter).await?;
    reporter.check()?;
    if keep_disks {
        detach(core, id, state, machine, reporter).await?;
    }
    let doing = format!("deleting {id}");
    reporter.step(doing.clone(), 60);
    let sent = core.vm(machine).destroy().await;
    unless_gone(&doing, core.carry_out(sent, reporter, (60, 100)).await)
}

/// Takes the disks off a machine, and leaves their files.
async fn detach(
    core: &Core,
    id: &MachineId,
    state: &state::State,
    machine: &MoRef,
    reporter: &Reporter,
) -> Result<()> {
    let vm = core.vm(machine);
    let mut hardware = state.values.object::<VirtualHardware>("config.hardware").cloned();
    if state.values.get("snapshot").is_some() {
        // With snapshots a disk is a chain of files, which the machine's end would tear.
        let doing = format!("removing the snapshots of {id} before its disks are detached");
        reporter.step(doing.clone(), 30);
        let sent = vm.remove_all_snapshots().await;
        unless_gone(&doing, core.carry_out(sent, reporter, (30, 45)).await)?;
        // The disks' files are others now.
        let Some(read) = state::find(core, machine, &["config.hardware"]).await? else { return Ok(()) };
        hardware = read.values.object::<VirtualHardware>("config.hardware").cloned();
    }
    let Some(hardware) = hardware else {
        let message = format!("the disks of {id} cannot be read; it is not deleted");
        return Err(Error::new(ErrorKind::FailedPrecondition, message));
    };
    let device_change: Vec<_> =
        hardware.device.disks().map(|(device, _)| remove_device(device.clone(), Files::Keep)).collect();
    if device_change.is_empty() {
        return Ok(());
    }
    let doing = format!("detaching the disks of {id}");
    reporter.step(doing.clone(), 45);
    let spec = VirtualMachineConfigSpec { device_change, ..VirtualMachineConfigSpec::default() };
    let sent = vm.reconfigure(&spec).await;
    unless_gone(&doing, core.carry_out(sent, reporter, (45, 60)).await)
}
