//! One change of one device.

use crate::{
    VirtualDevice, VirtualDeviceConfigSpec, VirtualDeviceConfigSpecFileOperation,
    VirtualDeviceConfigSpecOperation,
};
use vim_wire::Poly;

/// What becomes of a removed device's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// They stay on the datastore.
    Keep,
    /// They are deleted.
    Destroy,
}

/// Adds a device; with a file operation, its file is made ([`CREATE`](VirtualDeviceConfigSpecFileOperation::CREATE)) or
/// written over ([`REPLACE`](VirtualDeviceConfigSpecFileOperation::REPLACE)), without, it is there already or there is none.
///
/// ```
/// use vim_types::ext::{Provisioning, add_device, existing_disk, new_disk};
/// use vim_types::{VirtualDeviceConfigSpecFileOperation as FileOperation, VirtualDeviceConfigSpecOperation as Operation};
///
/// let add = add_device(new_disk(1 << 30, "[ds1]", Provisioning::Thin), Some(FileOperation::CREATE));
/// assert_eq!((add.operation.clone(), add.file_operation.clone()), (Some(Operation::ADD), Some(FileOperation::CREATE)));
/// let attach = add_device(existing_disk("[ds1] data/data.vmdk"), None);
/// assert_eq!(attach.file_operation, None);
/// ```
#[must_use]
pub fn add_device(
    device: impl Into<Poly<VirtualDevice>>,
    file_operation: Option<VirtualDeviceConfigSpecFileOperation>,
) -> Poly<VirtualDeviceConfigSpec> {
    change(device.into(), VirtualDeviceConfigSpecOperation::ADD, file_operation)
}

/// Changes a device to what is given: the device as it was read, with the changes made to it.
#[must_use]
pub fn edit_device(device: impl Into<Poly<VirtualDevice>>) -> Poly<VirtualDeviceConfigSpec> {
    change(device.into(), VirtualDeviceConfigSpecOperation::EDIT, None)
}

/// Removes a device.
///
/// ```
/// use vim_types::ext::{Files, existing_disk, remove_device};
/// use vim_types::VirtualDeviceConfigSpecFileOperation as FileOperation;
///
/// assert_eq!(remove_device(existing_disk("[ds1] a/a.vmdk"), Files::Keep).file_operation, None);
/// assert_eq!(remove_device(existing_disk("[ds1] a/a.vmdk"), Files::Destroy).file_operation, Some(FileOperation::DESTROY));
/// ```
#[must_use]
pub fn remove_device(device: impl Into<Poly<VirtualDevice>>, files: Files) -> Poly<VirtualDeviceConfigSpec> {
    let file_operation = match files {
        Files::Keep => None,
        Files::Destroy => Some(VirtualDeviceConfigSpecFileOperation::DESTROY),
    };
    change(device.into(), VirtualDeviceConfigSpecOperation::REMOVE, file_operation)
}

fn change(
    device: Poly<VirtualDevice>,
    operation: VirtualDeviceConfigSpecOperation,
    file_operation: Option<VirtualDeviceConfigSpecFileOperation>,
) -> Poly<VirtualDeviceConfigSpec> {
    let operation = Some(operation);
    VirtualDeviceConfigSpec { operation, file_operation, device, ..Default::default() }.into()
}
