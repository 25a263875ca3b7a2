//! The faults of machines and their devices, as a server words them.

use crate::fault::Fault;
use vim_types::{
    DuplicateName, InsufficientCpuResourcesFault, InsufficientMemoryResourcesFault,
    InsufficientResourcesFault, InvalidDeviceBacking, InvalidDeviceOperation, InvalidDeviceSpec,
    InvalidState, InvalidVmConfig, TooManyDevices, VirtualDeviceConfigSpec, VirtualMachinePowerState,
};
use vim_wire::MoRef;

/// A property of the configuration that cannot be so.
pub(super) fn invalid_config(property: &str, message: &str) -> Fault {
    Fault::new(InvalidVmConfig { property: Some(property.to_owned()), ..Default::default() }, message)
}

/// The device of a change is not one that can be.
pub(super) fn invalid_device(index: usize, property: &str) -> Fault {
    Fault::new(device_spec(index, property), invalid_configuration(index))
}

/// The backing of a change's device is none.
pub(super) fn invalid_backing(index: usize, property: &str) -> Fault {
    Fault::new(
        InvalidDeviceBacking { extends: device_spec(index, property) },
        format!("Incompatible device backing specified for device '{index}'."),
    )
}

/// The change is not one that can be done to its device.
pub(super) fn invalid_operation(index: usize, change: &VirtualDeviceConfigSpec) -> Fault {
    Fault::new(
        InvalidDeviceOperation {
            extends: device_spec(index, ""),
            bad_op: change.operation.clone(),
            bad_file_op: change.file_operation.clone(),
        },
        format!("Invalid operation for device '{index}'."),
    )
}

/// No more such devices fit.
pub(super) fn too_many(property: &str) -> Fault {
    let fault = TooManyDevices {
        extends: InvalidVmConfig { property: Some(property.to_owned()), ..Default::default() },
    };
    Fault::new(fault, "The virtual machine has too many devices of that type.")
}

fn device_spec(index: usize, property: &str) -> InvalidDeviceSpec {
    InvalidDeviceSpec {
        extends: InvalidVmConfig {
            property: Some(match property {
                "" => "virtualDeviceSpec".to_owned(),
                property => format!("virtualDeviceSpec.{property}"),
            }),
            ..Default::default()
        },
        device_index: i32::try_from(index).unwrap_or(i32::MAX),
    }
}

fn invalid_configuration(index: usize) -> String {
    format!("Invalid configuration for device '{index}'.")
}

pub(super) fn duplicate_name(name: &str, object: &MoRef) -> Fault {
    Fault::new(
        DuplicateName { name: name.to_owned(), object: object.clone(), ..Default::default() },
        format!("The name '{name}' already exists."),
    )
}

pub(super) fn invalid_state(message: impl Into<String>) -> Fault {
    Fault::new(InvalidState::default(), message)
}

/// What only a machine that does not run can have done to it.
pub(super) fn must_be_off(is: &VirtualMachinePowerState) -> Fault {
    Fault::power_state(Some(VirtualMachinePowerState::POWERED_OFF), is.clone())
}

/// What only a machine that runs can have done to it.
pub(super) fn must_be_on(is: &VirtualMachinePowerState) -> Fault {
    Fault::power_state(Some(VirtualMachinePowerState::POWERED_ON), is.clone())
}

/// More processor is reserved than there is.
pub(super) fn no_cpu(free: i64, wanted: i64) -> Fault {
    let fault = InsufficientCpuResourcesFault {
        extends: InsufficientResourcesFault::default(),
        unreserved: free,
        requested: wanted,
    };
    Fault::new(
        fault,
        "The available CPU resources in the parent resource pool are insufficient for the operation.",
    )
}

/// More memory is reserved than there is.
pub(super) fn no_memory(free: i64, wanted: i64) -> Fault {
    let fault = InsufficientMemoryResourcesFault {
        extends: InsufficientResourcesFault::default(),
        unreserved: free,
        requested: wanted,
    };
    Fault::new(
        fault,
        "The available Memory resources in the parent resource pool are insufficient for the operation.",
    )
}
