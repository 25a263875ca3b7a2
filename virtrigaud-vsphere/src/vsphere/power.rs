//! Switching a machine on and off.
//!
//! Nothing is read before: the server is asked to do it, and says when there was nothing to do.

use super::core::Core;
use super::errors::server;
use crate::provider::{Error, ErrorKind, MachineId, Operation, OperationId, Power, Reporter, Result};
use futures_util::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use vim_client::mo::VirtualMachine;
use vim_client::types::{InvalidPowerState, ToolsUnavailable, VirtualMachinePowerState as State};
use vim_client::{Change, Client, MoRef, Properties, Task};

pub(super) async fn power(core: &Arc<Core>, id: &MachineId, power: Power) -> Result<Operation<()>> {
    let moref = core.machine(id).await?;
    let vm = core.vm(&moref);
    match power {
        Power::On => one(core, "switching on", id, State::POWERED_ON, vm.power_on().await),
        Power::Off => one(core, "switching off", id, State::POWERED_OFF, vm.power_off().await),
        Power::Suspend => one(core, "suspending", id, State::SUSPENDED, vm.suspend().await),
        Power::Shutdown { grace } => {
            let (core_, id) = (Arc::clone(core), id.clone());
            let work = |reporter| async move { shutdown(&core_, &id, &moref, grace, &reporter).await };
            Ok(core.start(OperationId::new("power"), work))
        }
        Power::Restart => {
            let (core_, id) = (Arc::clone(core), id.clone());
            let work = |reporter| async move { restart(&core_, &id, &moref, &reporter).await };
            Ok(core.start(OperationId::new("power"), work))
        }
    }
}

/// Whether the server said that the machine is in that state already.
fn is_so(error: &vim_client::Error, wanted: &State) -> bool {
    error.fault_as::<InvalidPowerState>().is_some_and(|fault| fault.existing_state == *wanted)
}

/// Success where the machine is in that state already.
fn unless_so(doing: &str, id: &MachineId, wanted: &State, error: vim_client::Error) -> Result<()> {
    if is_so(&error, wanted) {
        return Ok(());
    }
    // A machine that is off cannot be suspended, and is not for that to be switched on.
    Err(server(&format!("{doing} {id}"), error))
}

/// A change that is one task of the server.
fn one(
    core: &Arc<Core>,
    doing: &'static str,
    id: &MachineId,
    wanted: State,
    sent: Result<Task<()>, vim_client::Error>,
) -> Result<Operation<()>> {
    let task = match sent {
        Ok(task) => task,
        Err(error) => {
            unless_so(doing, id, &wanted, error)?;
            return Ok(core.done(OperationId::new("power"), ()));
        }
    };
    let (core_, id) = (Arc::clone(core), id.clone());
    Ok(core.start(OperationId::of_task("power", task.moref(), true), move |reporter| async move {
        reporter.step(format!("{doing} {id}"), 0);
        match core_.follow(task, &reporter, (0, 100)).await {
            Ok(()) => Ok(()),
            Err(error) => unless_so(doing, &id, &wanted, error),
        }
    }))
}

/// Switches a machine on; one that is on is so already.
pub(super) async fn on(core: &Core, id: &MachineId, moref: &MoRef, reporter: &Reporter) -> Result<()> {
    let done = core.carry_out(core.vm(moref).power_on().await, reporter, (90, 100)).await;
    done.or_else(|error| unless_so("switching on", id, &State::POWERED_ON, error))
}

/// Switches a machine off; one that is off is so already.
pub(super) async fn off(
    core: &Core,
    id: &MachineId,
    moref: &MoRef,
    reporter: &Reporter,
    part: (u8, u8),
) -> Result<()> {
    let done = core.carry_out(core.vm(moref).power_off().await, reporter, part).await;
    done.or_else(|error| unless_so("switching off", id, &State::POWERED_OFF, error))
}

async fn shutdown(
    core: &Core,
    id: &MachineId,
    moref: &MoRef,
    grace: Duration,
    reporter: &Reporter,
) -> Result<()> {
    reporter.step(format!("shutting down the guest of {id}"), 0);
    match core.vm(moref).shutdown_guest().await {
        Ok(()) => {}
        Err(error) if is_so(&error, &State::POWERED_OFF) => return Ok(()),
        // No guest can be asked: none has tools that run, or it is suspended.
        Err(error) if error.fault_as::<ToolsUnavailable>().is_some() || is_so(&error, &State::SUSPENDED) => {
            return off(core, id, moref, reporter, (50, 100)).await;
        }
        Err(error) => return Err(server(&format!("shutting down the guest of {id}"), error)),
    }
    match tokio::time::timeout(grace, is_off(&core.client, moref)).await {
        Ok(Ok(())) => return Ok(()),
        Ok(Err(error)) => return Err(server(&format!("waiting for the guest of {id} to end"), error)),
        Err(_) => {}
    }
    reporter.check()?;
    reporter.step(format!("switching off {id}, whose guest took longer than {grace:?}"), 50);
    off(core, id, moref, reporter, (50, 100)).await
}

#[derive(Properties)]
#[properties(of = VirtualMachine)]
struct Running {
    #[property("runtime.powerState")]
    state: State,
}

/// Waits until a machine is off, or gone.
async fn is_off(client: &Client, moref: &MoRef) -> Result<(), vim_client::Error> {
    let mut changes = std::pin::pin!(client.watch::<Running>().objects([moref.clone()]).stream());
    while let Some(change) = changes.next().await {
        match change? {
            Change::Init(row) | Change::Applied(row) if row.state == State::POWERED_OFF => return Ok(()),
            Change::Removed(_) => return Ok(()),
            _ => {}
        }
    }
    // What is not known to be off is not told to be.
    Err(vim_client::Error::new(vim_client::ErrorKind::Interrupted, "the watch of its power state ended"))
}

async fn restart(core: &Core, id: &MachineId, moref: &MoRef, reporter: &Reporter) -> Result<()> {
    reporter.step(format!("restarting the guest of {id}"), 0);
    let vm = core.vm(moref);
    let error = match vm.reboot_guest().await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    if let Some(state) = error.fault_as::<InvalidPowerState>() {
        let message = format!("restarting {id}: it is {} and not running", state.existing_state);
        return Err(Error::new(ErrorKind::FailedPrecondition, message).because(error));
    }
    if error.fault_as::<ToolsUnavailable>().is_none() {
        return Err(server(&format!("restarting the guest of {id}"), error));
    }
    reporter.step(format!("resetting {id}, whose guest has no tools that run"), 50);
    let reset = core.carry_out(vm.reset().await, reporter, (50, 100)).await;
    reset.map_err(|error| server(&format!("resetting {id}"), error))
}
