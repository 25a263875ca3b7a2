//! The devices of a VM.

use super::units::{self, HardwareVersion, Place};
use crate::{VirtualController, VirtualDevice, VirtualDisk, VirtualEthernetCard};
use vim_wire::{DataObject, Poly};

/// What to ask a list of devices, such as `config.hardware.device` of a VM.
///
/// ```
/// use vim_types::ext::{self, DeviceList, HardwareVersion};
/// use vim_types::{Description, ParaVirtualSCSIController, VirtualDevice, VirtualDisk};
/// use vim_wire::Poly;
///
/// // As real servers number and label them.
/// let mut controller = ParaVirtualSCSIController::default();
/// controller.key = 1000;
/// let mut disk = VirtualDisk { capacity_in_kb: 1 << 20, ..Default::default() };
/// disk.key = 2000;
/// disk.controller_key = Some(1000);
/// disk.unit_number = Some(0);
/// disk.device_info = Some(Description { label: "Hard disk 1".into(), summary: "1,048,576 KB".into() }.into());
/// let devices: Vec<Poly<VirtualDevice>> = vec![controller.into(), disk.into()];
///
/// let (device, disk) = devices.disks().next().expect("there is a disk");
/// assert_eq!((device.key, disk.capacity_in_kb), (2000, 1 << 20));
/// assert_eq!(ext::label(device), Some("Hard disk 1"));
/// assert!(devices.by_label("Hard disk 2").is_none());
/// assert_eq!(devices.free_unit(1000, HardwareVersion::default()), Some(1));
/// assert_eq!(devices.new_key(), -1);
/// ```
pub trait DeviceList {
    /// The devices that are a `T` or extend it, each whole and as a `T`.
    fn of_type<T: DataObject>(&self) -> impl Iterator<Item = (&Poly<VirtualDevice>, &T)>;

    /// The device with that key: 2000 and up for disks on SCSI, 4000 and up for network cards, 1000 to 1003 for SCSI
    /// controllers, 200 and 201 for IDE, 15000 and up for SATA, on real servers.
    fn find_key(&self, key: i32) -> Option<&Poly<VirtualDevice>>;

    /// The first device with that label, such as `Hard disk 1` or `Network adapter 1`.
    ///
    /// Labels are text for people, in the language of the session's locale.
    fn by_label(&self, label: &str) -> Option<&Poly<VirtualDevice>>;

    /// The disks.
    fn disks(&self) -> impl Iterator<Item = (&Poly<VirtualDevice>, &VirtualDisk)>;

    /// The network cards, whatever their kind.
    fn nics(&self) -> impl Iterator<Item = (&Poly<VirtualDevice>, &VirtualEthernetCard)>;

    /// The controllers, those of the PCI bus, the keyboard and the like included.
    fn controllers(&self) -> impl Iterator<Item = (&Poly<VirtualDevice>, &VirtualController)>;

    /// The devices on a controller.
    fn on_controller(&self, key: i32) -> impl Iterator<Item = &Poly<VirtualDevice>>;

    /// A key for a device that is to be added: negative, so that no device that the server numbered has it, and none of
    /// these. The server replaces it; until then other devices of the same spec can refer to it.
    fn new_key(&self) -> i32;

    /// The lowest free unit of a controller.
    ///
    /// None where the controller is full or not in the list, and for those whose units the server gives out (PCI, USB and
    /// the like). SCSI controllers take 15 devices (unit 7 is their own), paravirtual ones 64 from hardware version 14 on;
    /// NVMe takes 15, from version 21 on 64; SATA takes 30, IDE 2.
    fn free_unit(&self, controller_key: i32, hardware: HardwareVersion) -> Option<i32>;

    /// A free place on the first controller that is a `T` or extends it and has one.
    fn pick_controller<T: DataObject>(&self, hardware: HardwareVersion) -> Option<Place>;
}

impl DeviceList for [Poly<VirtualDevice>] {
    fn of_type<T: DataObject>(&self) -> impl Iterator<Item = (&Poly<VirtualDevice>, &T)> {
        self.iter().filter_map(|device| Some((device, device.downcast_ref::<T>()?)))
    }

    fn find_key(&self, key: i32) -> Option<&Poly<VirtualDevice>> {
        self.iter().find(|device| device.key == key)
    }

    fn by_label(&self, wanted: &str) -> Option<&Poly<VirtualDevice>> {
        self.iter().find(|device| label(device) == Some(wanted))
    }

    fn disks(&self) -> impl Iterator<Item = (&Poly<VirtualDevice>, &VirtualDisk)> {
        self.of_type()
    }

    fn nics(&self) -> impl Iterator<Item = (&Poly<VirtualDevice>, &VirtualEthernetCard)> {
        self.of_type()
    }

    fn controllers(&self) -> impl Iterator<Item = (&Poly<VirtualDevice>, &VirtualController)> {
        self.of_type()
    }

    fn on_controller(&self, key: i32) -> impl Iterator<Item = &Poly<VirtualDevice>> {
        self.iter().filter(move |device| device.controller_key == Some(key))
    }

    fn new_key(&self) -> i32 {
        (i32::MIN..0).rev().find(|key| self.find_key(*key).is_none()).unwrap_or(-1)
    }

    fn free_unit(&self, controller_key: i32, hardware: HardwareVersion) -> Option<i32> {
        let (controller, _) = self.controllers().find(|(device, _)| device.key == controller_key)?;
        units::free(self, controller, hardware)
    }

    fn pick_controller<T: DataObject>(&self, hardware: HardwareVersion) -> Option<Place> {
        self.controllers().filter(|(device, _)| device.is::<T>()).find_map(|(device, controller)| {
            let unit_number = units::free(self, device, hardware)?;
            Some(Place { controller_key: controller.key, unit_number })
        })
    }
}

/// The label that the server shows for a device, such as `Hard disk 1`.
#[must_use]
pub fn label(device: &VirtualDevice) -> Option<&str> {
    device.device_info.as_ref().map(|info| info.label.as_str())
}

/// The summary that the server shows for a device, such as `1,048,576 KB`.
#[must_use]
pub fn summary(device: &VirtualDevice) -> Option<&str> {
    device.device_info.as_ref().map(|info| info.summary.as_str())
}
