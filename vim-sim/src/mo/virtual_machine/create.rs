//! Virtual machines come and go.

use super::links;
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::{FolderProperties, ManagedEntityProperties, VirtualMachineProperties};
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

/// Creates a machine of the initial inventory: device keys of the spec are kept and labels follow from them, as vcsim does.
pub(crate) fn create_initial(
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
    let vm = tx.new_ref("VirtualMachine");
    let properties = VirtualMachineProperties {
        extends: ManagedEntityProperties {
            name: name.clone(),
            parent: Some(folder.clone()),
            overall_status: ManagedEntityStatus::GREEN,
            config_status: ManagedEntityStatus::GREEN,
            ..Default::default()
        },
        config: Some(VirtualMachineConfigInfo { name, ..Default::default() }),
        resource_pool: Some(pool.clone()),
        runtime: VirtualMachineRuntimeInfo {
            host: host.cloned(),
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
    tx.edit::<FolderProperties>(folder)?.child_entity.push(vm.clone());
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
    if let Some(parent) = properties.extends.parent.clone() {
        tx.edit::<FolderProperties>(&parent)?.child_entity.retain(|child| child != vm);
    }
    links::clear(tx, vm)?;
    tx.remove(vm);
    Ok(())
}
