//! `HostAutoStartManager`: which VMs start and stop with their host.

use super::host_system::host_of;
use super::merge::merge;
use super::virtual_machine;
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::{HostAutoStartManagerProperties, HostSystemProperties, VirtualMachineProperties};
use vim_types::{
    AutoStartDefaults, AutoStartPowerInfo, HostAutoStartManagerConfig, VirtualMachinePowerState,
};
use vim_wire::MoRef;

methods! {
    "ReconfigureAutostart" => reconfigure,
    "AutoStartPowerOn" => power_on,
    "AutoStartPowerOff" => power_off,
}

fn reconfigure(call: &Call<'_>) -> Result<Reply> {
    let spec: HostAutoStartManagerConfig = call.arg("spec")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let vms = tx.get::<HostSystemProperties>(&host)?.vm.clone();
        let mut config = tx.get::<HostAutoStartManagerProperties>(&call.this)?.config.clone();
        if let Some(defaults) = &spec.defaults {
            let to = config.defaults.get_or_insert_default();
            merge!(to, defaults; enabled, start_delay, stop_delay, wait_for_heartbeat, stop_action);
        }
        for info in &spec.power_info {
            if !vms.contains(&info.key) {
                tx.must(&info.key)?;
                return Err(Fault::invalid_argument("spec.powerInfo.key"));
            }
            if info.start_order < -1 || info.start_order == 0 {
                return Err(Fault::invalid_argument("spec.powerInfo.startOrder"));
            }
            config.power_info.retain(|known| known.key != info.key);
            // Without an action there is nothing to keep of a VM.
            let idle = info.start_action.eq_ignore_ascii_case("none")
                && info.stop_action.eq_ignore_ascii_case("none");
            if !idle {
                config.power_info.push(info.clone());
            }
        }
        config.power_info.sort_by_key(order);
        tx.edit::<HostAutoStartManagerProperties>(&call.this)?.config = config;
        tx.edit::<HostSystemProperties>(&host)?;
        Ok(())
    })?;
    call.done()
}

/// The place of a VM in the order; those without one come last.
fn order(info: &AutoStartPowerInfo) -> i32 {
    if info.start_order > 0 { info.start_order } else { i32::MAX }
}

/// The VMs that start or stop with the host and are in another state.
fn listed(tx: &Tx<'_>, manager: &MoRef, start: bool, state: &VirtualMachinePowerState) -> Result<Vec<MoRef>> {
    let config = &tx.get::<HostAutoStartManagerProperties>(manager)?.config;
    if config.defaults.as_ref().and_then(|defaults: &AutoStartDefaults| defaults.enabled) != Some(true) {
        return Ok(Vec::new());
    }
    let acts = |info: &&AutoStartPowerInfo| {
        let action = if start { &info.start_action } else { &info.stop_action };
        !action.eq_ignore_ascii_case("none")
    };
    let is_in = |vm: &MoRef| {
        let vm = tx.get::<VirtualMachineProperties>(vm);
        vm.is_ok_and(|vm| vm.runtime.power_state == *state)
    };
    let listed = config.power_info.iter().filter(acts).map(|info| info.key.clone());
    Ok(listed.filter(is_in).collect())
}

fn power_on(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| {
        for vm in listed(tx, &call.this, true, &VirtualMachinePowerState::POWERED_OFF)? {
            virtual_machine::power_on(tx, &vm)?;
        }
        Ok(())
    })?;
    call.done()
}

fn power_off(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| {
        for vm in listed(tx, &call.this, false, &VirtualMachinePowerState::POWERED_ON)?.iter().rev() {
            virtual_machine::power_off(tx, vm)?;
        }
        Ok(())
    })?;
    call.done()
}
