//! Powering on many VMs at once.

use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::virtual_machine;
use vim_types::mo::VirtualMachineProperties;
use vim_types::{ClusterAttemptedVmInfo, ClusterNotAttemptedVmInfo, ClusterPowerOnVmResult};
use vim_wire::{Any, MoRef, Object};

pub(super) fn power_on_multi(call: &Call<'_>) -> Result<Reply> {
    let vms: Vec<MoRef> = call.list("vm")?;
    let datacenter = call.this.clone();
    call.read(|world| {
        for vm in &vms {
            world.get::<VirtualMachineProperties>(vm)?;
            if world.above(vm, "Datacenter").is_none_or(|node| node.moref != datacenter) {
                return Err(Fault::invalid_argument("vm"));
            }
        }
        Ok(())
    })?;
    call.task(&call.this, move |tx| {
        let mut result = ClusterPowerOnVmResult::default();
        for vm in vms {
            match virtual_machine::power_on(tx, &vm) {
                Ok(()) => result.attempted.push(ClusterAttemptedVmInfo { vm, task: None }),
                Err(fault) => {
                    result.not_attempted.push(ClusterNotAttemptedVmInfo { vm, fault: fault.localized() });
                }
            }
        }
        Ok(Any::Object(Object::new(result)))
    })
}
