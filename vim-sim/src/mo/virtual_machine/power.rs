//! Power.

use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::VirtualMachinePowerState;
use vim_types::mo::VirtualMachineProperties;
use vim_wire::{Any, MoRef};

/// Powers a machine on.
pub(crate) fn power_on(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let now = tx.now;
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    if properties.runtime.power_state == VirtualMachinePowerState::POWERED_ON {
        return Err(Fault::power_state(
            Some(VirtualMachinePowerState::POWERED_ON),
            properties.runtime.power_state.clone(),
        ));
    }
    properties.runtime.power_state = VirtualMachinePowerState::POWERED_ON;
    properties.runtime.boot_time = Some(now);
    Ok(())
}

/// Powers a machine off.
pub(crate) fn power_off(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    if properties.runtime.power_state == VirtualMachinePowerState::POWERED_OFF {
        return Err(Fault::power_state(
            Some(VirtualMachinePowerState::POWERED_OFF),
            properties.runtime.power_state.clone(),
        ));
    }
    properties.runtime.power_state = VirtualMachinePowerState::POWERED_OFF;
    properties.runtime.boot_time = None;
    Ok(())
}

/// Has the guest of a running machine be up: its tools run and it has addresses.
pub(crate) fn booted(_tx: &mut Tx<'_>, _vm: &MoRef) -> Result<()> {
    Ok(())
}

pub(super) fn power_on_task(call: &Call<'_>) -> Result<Reply> {
    let vm = call.this.clone();
    call.task(&call.this, move |tx| power_on(tx, &vm).map(|()| Any::Nil))
}

pub(super) fn power_off_task(call: &Call<'_>) -> Result<Reply> {
    let vm = call.this.clone();
    call.task(&call.this, move |tx| power_off(tx, &vm).map(|()| Any::Nil))
}
