//! Virtual machines come and go.

use crate::fault::{Fault, Result};
use crate::mo::managed_entity::{attach, detach, entity, valid_name};
use crate::mo::relations;
use crate::world::Tx;
use vim_types::mo::VirtualMachineProperties;
use vim_types::{
    ManagedEntityStatus, VirtualMachineConfigInfo, VirtualMachineConfigSpec, VirtualMachineConnectionState,
    VirtualMachineFaultToleranceState, VirtualMachinePowerState, VirtualMachineRecordReplayState,
    VirtualMachineRuntimeInfo,
};
use vim_wire::MoRef;

/// Creates a machine in a folder, as `CreateVM_Task` does: files, default devices, the devices of the spec. Where no host
/// is given, one of the pool's owner is taken.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    folder: &MoRef,
    spec: &VirtualMachineConfigSpec,
    pool: &MoRef,
    host: Option<&MoRef>,
) -> Result<MoRef> {
    add(tx, folder, spec, pool, host)
}

fn add(
    tx: &mut Tx<'_>,
    folder: &MoRef,
    spec: &VirtualMachineConfigSpec,
    pool: &MoRef,
    host: Option<&MoRef>,
) -> Result<MoRef> {
    let name = spec.name.clone().ok_or_else(|| Fault::invalid_argument("configSpec.name"))?;
    let name = valid_name(&name)?;
    let vm = tx.new_ref("VirtualMachine");
    let properties = VirtualMachineProperties {
        extends: entity(name.clone()),
        config: Some(VirtualMachineConfigInfo { name, ..Default::default() }),
        runtime: VirtualMachineRuntimeInfo {
            connection_state: VirtualMachineConnectionState::CONNECTED,
            power_state: VirtualMachinePowerState::POWERED_OFF,
            fault_tolerance_state: VirtualMachineFaultToleranceState::NOT_CONFIGURED,
            record_replay_state: VirtualMachineRecordReplayState::INACTIVE,
            ..Default::default()
        },
        guest_heartbeat_status: ManagedEntityStatus::GRAY,
        ..Default::default()
    };
    tx.create(&vm, properties);
    attach(tx, &vm, folder)?;
    relations::set_pool(tx, &vm, Some(pool))?;
    relations::set_host(tx, &vm, host)?;
    Ok(vm)
}

/// Destroys a machine that does not run: its files go with it.
pub(crate) fn destroy(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    unregister(tx, vm)
}

/// Takes a machine that does not run out of the inventory; its files stay.
pub(crate) fn unregister(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let properties = tx.get::<VirtualMachineProperties>(vm)?;
    if properties.runtime.power_state != VirtualMachinePowerState::POWERED_OFF {
        return Err(Fault::power_state(
            Some(VirtualMachinePowerState::POWERED_OFF),
            properties.runtime.power_state.clone(),
        ));
    }
    relations::set_pool(tx, vm, None)?;
    relations::set_host(tx, vm, None)?;
    relations::set_datastores(tx, vm, Vec::new())?;
    relations::set_networks(tx, vm, Vec::new())?;
    detach(tx, vm)?;
    tx.remove(vm);
    Ok(())
}
