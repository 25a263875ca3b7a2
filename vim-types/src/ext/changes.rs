//! Several changes of a VM's devices, with keys and units that do not clash.

use super::devices::DeviceList;
use super::spec::{Files, add_device, edit_device, remove_device};
use super::units::{HardwareVersion, Place, buses};
use crate::{
    VirtualController, VirtualDevice, VirtualDeviceConfigSpec, VirtualDeviceConfigSpecFileOperation,
    VirtualDeviceConfigSpecOperation, VirtualSCSIController, VirtualSCSISharing,
};
use vim_wire::{DataObject, Poly};

/// Changes of a VM's devices in the making: for `deviceChange` of a spec.
///
/// It knows what the devices will be after each change, so that new keys, units and bus numbers are free.
///
/// ```
/// use vim_types::ext::{DeviceChanges, DeviceList, Files, Provisioning, new_disk};
/// use vim_types::{VirtualDisk, VirtualNVMEController};
///
/// let mut changes = DeviceChanges::default();
/// for _ in 0..2 {
///     let mut disk = new_disk(1 << 30, "[ds1]", Provisioning::Thin);
///     changes.place::<VirtualNVMEController>().expect("there is room").put(&mut disk);
///     changes.add_with_file(disk);
/// }
/// let units: Vec<_> = changes.devices().disks().map(|(device, _)| (device.key, device.unit_number)).collect();
/// assert_eq!(units, [(-2, Some(0)), (-3, Some(1))]);
///
/// // Of a VM that has devices: all disks grow, and the network cards go.
/// let mut changes = DeviceChanges::of(changes.devices());
/// for (device, disk) in changes.devices().to_vec().disks() {
///     let mut larger = device.clone();
///     if let Some(larger) = larger.downcast_mut::<VirtualDisk>() {
///         larger.capacity_in_kb = disk.capacity_in_kb * 2;
///         larger.capacity_in_bytes = None;
///     }
///     assert!(changes.edit(larger));
/// }
/// for key in changes.devices().nics().map(|(device, _)| device.key).collect::<Vec<_>>() {
///     assert!(changes.remove(key, Files::Keep));
/// }
/// assert_eq!(changes.into_specs().len(), 2);
/// ```
#[derive(Clone, Debug, Default)]
pub struct DeviceChanges {
    devices: Vec<Poly<VirtualDevice>>,
    specs: Vec<Poly<VirtualDeviceConfigSpec>>,
    hardware: HardwareVersion,
}

impl DeviceChanges {
    /// Changes of a VM that has these devices; of a VM to be made, [`DeviceChanges::default`].
    #[must_use]
    pub fn of(devices: &[Poly<VirtualDevice>]) -> Self {
        Self { devices: devices.to_vec(), ..Self::default() }
    }

    /// Says which virtual hardware the VM has: newer versions have more room on some controllers.
    #[must_use]
    pub const fn hardware(mut self, version: HardwareVersion) -> Self {
        self.hardware = version;
        self
    }

    /// The devices as they will be.
    #[must_use]
    pub fn devices(&self) -> &[Poly<VirtualDevice>] {
        &self.devices
    }

    /// The changes, in the order in which they were made.
    #[must_use]
    pub fn into_specs(self) -> Vec<Poly<VirtualDeviceConfigSpec>> {
        self.specs
    }

    /// Adds a device whose file is there already, or that has none; returns its key. The device gets a new key where its
    /// own is not negative or is taken.
    pub fn add(&mut self, device: impl Into<Poly<VirtualDevice>>) -> i32 {
        self.push(device.into(), None)
    }

    /// Adds a device and makes its file: a new disk.
    pub fn add_with_file(&mut self, device: impl Into<Poly<VirtualDevice>>) -> i32 {
        self.push(device.into(), Some(VirtualDeviceConfigSpecFileOperation::CREATE))
    }

    fn push(
        &mut self,
        mut device: Poly<VirtualDevice>,
        file_operation: Option<VirtualDeviceConfigSpecFileOperation>,
    ) -> i32 {
        if device.key >= 0 || self.devices.find_key(device.key).is_some() {
            device.key = self.devices.new_key();
        }
        let key = device.key;
        self.specs.push(add_device(device.clone(), file_operation));
        self.devices.push(device);
        key
    }

    /// A free place on a controller that is a `T`; where there is none, a `T` is added.
    ///
    /// `T` is a type that a VM can have, such as [`ParaVirtualSCSIController`](crate::ParaVirtualSCSIController),
    /// [`VirtualNVMEController`](crate::VirtualNVMEController) or [`VirtualAHCIController`](crate::VirtualAHCIController).
    /// None where all that a VM takes of them are full.
    pub fn place<T: DataObject>(&mut self) -> Option<Place> {
        if let Some(place) = self.devices.pick_controller::<T>(self.hardware) {
            return Some(place);
        }
        let controller_key = self.add_controller::<T>()?;
        let unit_number = self.devices.free_unit(controller_key, self.hardware)?;
        Some(Place { controller_key, unit_number })
    }

    /// Adds a controller with the next free bus number, and returns its key; none where a VM takes no more of its kind.
    /// SCSI controllers do not share their bus.
    pub fn add_controller<T: DataObject>(&mut self) -> Option<i32> {
        let mut device = Poly::<VirtualDevice>::from(T::default());
        let (count, alike) = buses(&device)?;
        let taken = |bus: i32| {
            let mut others = self.devices.controllers().filter(|(other, _)| alike(other));
            others.any(|(_, controller)| controller.bus_number == bus)
        };
        let bus = (0..count).find(|bus| !taken(*bus))?;
        if let Some(controller) = device.downcast_mut::<VirtualController>() {
            controller.bus_number = bus;
        }
        if let Some(scsi) = device.downcast_mut::<VirtualSCSIController>() {
            scsi.shared_bus = VirtualSCSISharing::NO_SHARING;
        }
        Some(self.push(device, None))
    }

    /// Changes the device of the given one's key to the given one; false where there is no such device.
    #[must_use = "false where there is no such device"]
    pub fn edit(&mut self, device: impl Into<Poly<VirtualDevice>>) -> bool {
        let device = device.into();
        let Some(old) = self.devices.iter_mut().find(|old| old.key == device.key) else { return false };
        *old = device.clone();
        // What is not there yet is added, or was edited before: in its new form.
        match self.specs.iter_mut().find(|spec| is_of(spec, device.key)) {
            Some(spec) => spec.device = device,
            None => self.specs.push(edit_device(device)),
        }
        true
    }

    /// Removes a device; false where there is no such device. What is on a removed controller is for the caller to move.
    #[must_use = "false where there is no such device"]
    pub fn remove(&mut self, key: i32, files: Files) -> bool {
        let Some(at) = self.devices.iter().position(|device| device.key == key) else { return false };
        let device = self.devices.remove(at);
        let pending = self.specs.iter().position(|spec| is_of(spec, key));
        let added = pending
            .is_some_and(|at| self.specs.remove(at).operation == Some(VirtualDeviceConfigSpecOperation::ADD));
        if !added {
            self.specs.push(remove_device(device, files));
        }
        true
    }
}

/// Whether a change is one of a device that will be there.
fn is_of(spec: &VirtualDeviceConfigSpec, key: i32) -> bool {
    spec.device.key == key && spec.operation != Some(VirtualDeviceConfigSpecOperation::REMOVE)
}
