//! What follows from a machine's other properties.

use crate::fault::Result;
use crate::world::Tx;
use vim_types::VirtualMachineConfigSummary;
use vim_types::mo::VirtualMachineProperties;
use vim_wire::MoRef;

/// Sets what follows from other properties.
pub(crate) fn derived(tx: &mut Tx<'_>, vm: &MoRef) {
    // A machine that is gone has nothing to set.
    drop(set(tx, vm));
}

fn set(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    properties.summary.vm = Some(vm.clone());
    properties.summary.runtime = properties.runtime.clone();
    properties.summary.overall_status = properties.extends.overall_status.clone();
    properties.summary.quick_stats.guest_heartbeat_status = properties.guest_heartbeat_status.clone();
    if let Some(config) = &properties.config {
        properties.summary.config = VirtualMachineConfigSummary {
            name: properties.extends.name.clone(),
            vm_path_name: config.files.vm_path_name.clone().unwrap_or_default(),
            ..Default::default()
        };
    }
    Ok(())
}
