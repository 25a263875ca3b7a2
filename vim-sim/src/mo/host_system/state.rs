//! A host's connection, maintenance and power.

use super::evacuate;
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::virtual_machine;
use crate::world::{Tx, World};
use std::time::Duration;
use vim_types::mo::{HostSystemProperties, VirtualMachineProperties};
use vim_types::{
    EnteredMaintenanceModeEvent, EnteringMaintenanceModeEvent, ExitMaintenanceModeEvent, HostConnectedEvent,
    HostDisconnectedEvent, HostSystemConnectionState, HostSystemPowerState, VirtualMachineConnectionState,
    VirtualMachinePowerState,
};
use vim_wire::{Any, MoRef};

/// The fault that there is no vCenter to be connected to.
fn check_vcenter(call: &Call<'_>) -> Result<()> {
    if call.sim.config.esx {
        return Err(Fault::not_supported("a host without a vCenter"));
    }
    Ok(())
}

/// The VMs of a host that run.
fn running<'w>(world: &'w World, host: &'w MoRef) -> impl Iterator<Item = &'w MoRef> {
    let vms = world.get::<HostSystemProperties>(host).map(|host| host.vm.as_slice()).unwrap_or_default();
    vms.iter().filter(|vm| {
        let vm = world.get::<VirtualMachineProperties>(vm);
        vm.is_ok_and(|vm| vm.runtime.power_state == VirtualMachinePowerState::POWERED_ON)
    })
}

pub(super) fn enter_maintenance(call: &Call<'_>) -> Result<Reply> {
    let (host, timeout): (_, i32) = (call.this.clone(), call.arg("timeout")?);
    let all = call.opt::<bool>("evacuatePoweredOffVms")?.unwrap_or(false);
    call.read(|world| {
        let runtime = &world.get::<HostSystemProperties>(&host)?.runtime;
        if runtime.in_maintenance_mode {
            return Err(Fault::invalid_state("the host is in maintenance mode already"));
        }
        if runtime.connection_state != HostSystemConnectionState::CONNECTED {
            return Err(Fault::invalid_state(format!("the host is {}", runtime.connection_state.as_str())));
        }
        Ok(())
    })?;
    call.write(|tx| {
        let extends = events::of_host(tx, &host);
        events::post(tx, EnteringMaintenanceModeEvent { extends });
        evacuate::evacuate(tx, &host, all)
    })?;
    let timeout = u64::try_from(timeout).ok().filter(|timeout| *timeout > 0).map(Duration::from_secs);
    let waits_for = host.clone();
    let ready = move |world: &World| running(world, &waits_for).next().is_none();
    call.task_when(&call.this, ready, timeout, move |tx| {
        tx.edit::<HostSystemProperties>(&host)?.runtime.in_maintenance_mode = true;
        let extends = events::of_host(tx, &host);
        events::post(tx, EnteredMaintenanceModeEvent { extends });
        Ok(Any::Nil)
    })
}

pub(super) fn exit_maintenance(call: &Call<'_>) -> Result<Reply> {
    let host = call.this.clone();
    call.task(&call.this, move |tx| {
        let runtime = &mut tx.edit::<HostSystemProperties>(&host)?.runtime;
        if !runtime.in_maintenance_mode {
            return Err(Fault::invalid_state("the host is not in maintenance mode"));
        }
        runtime.in_maintenance_mode = false;
        let extends = events::of_host(tx, &host);
        events::post(tx, ExitMaintenanceModeEvent { extends });
        Ok(Any::Nil)
    })
}

/// Sets a host's connection, and with it that of its VMs.
fn connect(tx: &mut Tx<'_>, host: &MoRef, state: HostSystemConnectionState) -> Result<()> {
    let of_vms = match state == HostSystemConnectionState::CONNECTED {
        true => VirtualMachineConnectionState::CONNECTED,
        false => VirtualMachineConnectionState::DISCONNECTED,
    };
    let properties = tx.edit::<HostSystemProperties>(host)?;
    properties.runtime.connection_state = state;
    for vm in properties.vm.clone() {
        tx.edit::<VirtualMachineProperties>(&vm)?.runtime.connection_state = of_vms.clone();
    }
    Ok(())
}

pub(super) fn disconnect(call: &Call<'_>) -> Result<Reply> {
    check_vcenter(call)?;
    let host = call.this.clone();
    call.task(&call.this, move |tx| {
        let state = &tx.get::<HostSystemProperties>(&host)?.runtime.connection_state;
        if *state == HostSystemConnectionState::DISCONNECTED {
            return Err(Fault::invalid_state("the host is disconnected already"));
        }
        connect(tx, &host, HostSystemConnectionState::DISCONNECTED)?;
        let extends = events::of_host(tx, &host);
        events::post(tx, HostDisconnectedEvent { extends, reason: Some("userRequest".into()) });
        Ok(Any::Nil)
    })
}

pub(super) fn reconnect(call: &Call<'_>) -> Result<Reply> {
    check_vcenter(call)?;
    let host = call.this.clone();
    call.task(&call.this, move |tx| {
        let runtime = &tx.get::<HostSystemProperties>(&host)?.runtime;
        if runtime.connection_state == HostSystemConnectionState::CONNECTED {
            return Err(Fault::invalid_state("the host is connected already"));
        }
        if runtime.power_state == HostSystemPowerState::POWERED_OFF {
            let name = tx.name(&host).to_owned();
            let fault = vim_types::NoHost { name: Some(name.clone()), ..Default::default() };
            return Err(Fault::new(fault, format!("Host {name} does not answer.")));
        }
        connect(tx, &host, HostSystemConnectionState::CONNECTED)?;
        let extends = events::of_host(tx, &host);
        events::post(tx, HostConnectedEvent { extends });
        Ok(Any::Nil)
    })
}

/// The fault that a host which is in use is to go down.
fn check_down(world: &World, host: &MoRef, force: bool) -> Result<()> {
    let in_maintenance = world.get::<HostSystemProperties>(host)?.runtime.in_maintenance_mode;
    if force || in_maintenance {
        return Ok(());
    }
    Err(Fault::invalid_state("the host is not in maintenance mode"))
}

fn stop_vms(tx: &mut Tx<'_>, host: &MoRef) -> Result<()> {
    let running: Vec<MoRef> = running(tx, host).cloned().collect();
    running.iter().try_for_each(|vm| virtual_machine::power_off(tx, vm))
}

pub(super) fn reboot(call: &Call<'_>) -> Result<Reply> {
    let (host, force): (_, bool) = (call.this.clone(), call.arg("force")?);
    call.read(|world| check_down(world, &host, force))?;
    call.task(&call.this, move |tx| {
        stop_vms(tx, &host)?;
        let now = tx.now;
        tx.edit::<HostSystemProperties>(&host)?.runtime.boot_time = Some(now);
        Ok(Any::Nil)
    })
}

pub(super) fn shutdown(call: &Call<'_>) -> Result<Reply> {
    let (host, force): (_, bool) = (call.this.clone(), call.arg("force")?);
    call.read(|world| check_down(world, &host, force))?;
    call.task(&call.this, move |tx| {
        stop_vms(tx, &host)?;
        connect(tx, &host, HostSystemConnectionState::NOT_RESPONDING)?;
        let runtime = &mut tx.edit::<HostSystemProperties>(&host)?.runtime;
        runtime.power_state = HostSystemPowerState::POWERED_OFF;
        runtime.boot_time = None;
        Ok(Any::Nil)
    })
}

/// These hosts have no standby.
pub(super) fn standby(call: &Call<'_>) -> Result<Reply> {
    Err(Fault::not_supported(format!("{} has no standby", call.this)))
}
