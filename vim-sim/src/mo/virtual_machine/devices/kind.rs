//! The kinds of devices: their keys, labels, numbers and controllers, as servers give them out.

use vim_types::{
    ParaVirtualSCSIController, VirtualAHCIController, VirtualBusLogicController, VirtualCdrom,
    VirtualController, VirtualDevice, VirtualDisk, VirtualEthernetCard, VirtualFloppy, VirtualIDEController,
    VirtualKeyboard, VirtualLsiLogicController, VirtualLsiLogicSASController, VirtualMachineVMCIDevice,
    VirtualMachineVideoCard, VirtualNVDIMM, VirtualNVDIMMController, VirtualNVMEController,
    VirtualPCIController, VirtualPCIPassthrough, VirtualPS2Controller, VirtualParallelPort,
    VirtualPointingDevice, VirtualPrecisionClock, VirtualSATAController, VirtualSCSIController,
    VirtualSCSIPassthrough, VirtualSIOController, VirtualSerialPort, VirtualSoundCard, VirtualTPM,
    VirtualUSB, VirtualUSBController, VirtualUSBXHCIController, VirtualWDT,
};
use vim_wire::Poly;

/// A kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Kind {
    Ide,
    Ps2,
    Pci,
    Sio,
    Scsi,
    Sata,
    Nvme,
    Usb,
    Xhci,
    NvdimmController,
    Keyboard,
    Pointing,
    Video,
    Vmci,
    Disk,
    Cdrom,
    Floppy,
    Serial,
    Parallel,
    Sound,
    Network,
    Passthrough,
    ScsiPassthrough,
    UsbDevice,
    Tpm,
    Nvdimm,
    Watchdog,
    Clock,
    Other,
}

impl Kind {
    pub(in super::super) fn of(device: &Poly<VirtualDevice>) -> Self {
        macro_rules! first {
            ($($class:ty => $kind:ident),* $(,)?) => {
                match () {
                    $(() if device.is::<$class>() => Self::$kind,)*
                    () => Self::Other,
                }
            };
        }
        first! {
            VirtualDisk => Disk,
            VirtualEthernetCard => Network,
            VirtualCdrom => Cdrom,
            VirtualIDEController => Ide,
            VirtualPS2Controller => Ps2,
            VirtualPCIController => Pci,
            VirtualSIOController => Sio,
            VirtualSCSIController => Scsi,
            VirtualSATAController => Sata,
            VirtualNVMEController => Nvme,
            VirtualUSBXHCIController => Xhci,
            VirtualUSBController => Usb,
            VirtualNVDIMMController => NvdimmController,
            VirtualKeyboard => Keyboard,
            VirtualPointingDevice => Pointing,
            VirtualMachineVideoCard => Video,
            VirtualMachineVMCIDevice => Vmci,
            VirtualFloppy => Floppy,
            VirtualSerialPort => Serial,
            VirtualParallelPort => Parallel,
            VirtualSoundCard => Sound,
            VirtualPCIPassthrough => Passthrough,
            VirtualSCSIPassthrough => ScsiPassthrough,
            VirtualUSB => UsbDevice,
            VirtualTPM => Tpm,
            VirtualNVDIMM => Nvdimm,
            VirtualWDT => Watchdog,
            VirtualPrecisionClock => Clock,
        }
    }

    pub(super) const fn is_controller(self) -> bool {
        matches!(
            self,
            Self::Ide
                | Self::Ps2
                | Self::Pci
                | Self::Sio
                | Self::Scsi
                | Self::Sata
                | Self::Nvme
                | Self::Usb
                | Self::Xhci
                | Self::NvdimmController
        )
    }

    /// The most of them that a machine has.
    pub(super) const fn most(self) -> usize {
        match self {
            Self::Ide => 2,
            Self::Scsi | Self::Sata | Self::Nvme => 4,
            Self::Cdrom => 124,
            Self::Network => 10,
            Self::Floppy => 2,
            Self::Parallel => 3,
            Self::Passthrough => 128,
            Self::Serial => 32,
            Self::UsbDevice => 20,
            Self::Nvdimm => 64,
            Self::Disk | Self::ScsiPassthrough => 256,
            Self::Other => usize::MAX,
            _ => 1,
        }
    }

    /// The controllers that such a device can be on.
    pub(super) const fn controllers(self) -> &'static [Self] {
        match self {
            Self::Disk => &[Self::Scsi, Self::Sata, Self::Nvme, Self::Ide],
            Self::ScsiPassthrough => &[Self::Scsi],
            // A CD drive on SCSI is what vcsim's machines have.
            Self::Cdrom => &[Self::Ide, Self::Sata, Self::Scsi],
            Self::Keyboard | Self::Pointing => &[Self::Ps2],
            Self::Floppy | Self::Serial | Self::Parallel => &[Self::Sio],
            Self::UsbDevice => &[Self::Xhci, Self::Usb],
            Self::Nvdimm => &[Self::NvdimmController],
            Self::Ide | Self::Ps2 | Self::Pci | Self::Sio => &[],
            _ => &[Self::Pci],
        }
    }

    /// Whether a running machine takes such a device, or lets it go. Drives on IDE are no such devices.
    pub(super) const fn is_hot(self) -> bool {
        matches!(
            self,
            Self::Disk
                | Self::Cdrom
                | Self::Network
                | Self::Scsi
                | Self::Sata
                | Self::Nvme
                | Self::Xhci
                | Self::UsbDevice
                | Self::ScsiPassthrough
        )
    }

    /// What is there as long as the machine is.
    pub(super) const fn is_built_in(self) -> bool {
        matches!(
            self,
            Self::Ps2 | Self::Pci | Self::Sio | Self::Keyboard | Self::Pointing | Self::Video | Self::Vmci
        )
    }

    /// The first key of such devices.
    pub(super) const fn first_key(self) -> i32 {
        match self {
            Self::Pci => 100,
            Self::Ide => 200,
            Self::Ps2 => 300,
            Self::Sio => 400,
            Self::Video => 500,
            Self::Keyboard => 600,
            Self::Pointing => 700,
            Self::Scsi => 1000,
            Self::Disk | Self::ScsiPassthrough => 2000,
            Self::Cdrom => 3000,
            Self::Network => 4000,
            Self::Sound => 5000,
            Self::Usb => 7000,
            Self::Floppy => 8000,
            Self::Serial => 9000,
            Self::Parallel => 10000,
            Self::Tpm => 11000,
            Self::Vmci => 12000,
            Self::Passthrough => 13000,
            Self::Xhci => 14000,
            Self::Sata => 15000,
            Self::Watchdog => 18000,
            Self::Clock => 19000,
            Self::UsbDevice => 20000,
            Self::NvdimmController => 30000,
            Self::Nvme => 31000,
            Self::Nvdimm => 36000,
            Self::Other => 50000,
        }
    }

    /// What a device of the kind is labelled with; the number follows.
    const fn label(self) -> (&'static str, Counting) {
        match self {
            Self::Ide => ("IDE", Counting::Bus),
            Self::Ps2 => ("PS2 controller", Counting::Bus),
            Self::Pci => ("PCI controller", Counting::Bus),
            Self::Sio => ("SIO controller", Counting::Bus),
            Self::Scsi => ("SCSI controller", Counting::Bus),
            Self::Sata => ("SATA controller", Counting::Bus),
            Self::Nvme => ("NVME controller", Counting::Bus),
            Self::NvdimmController => ("NVDIMM controller", Counting::Bus),
            Self::Usb => ("USB controller", Counting::None),
            Self::Xhci => ("USB xHCI controller", Counting::None),
            Self::Keyboard => ("Keyboard", Counting::None),
            Self::Pointing => ("Pointing device", Counting::None),
            Self::Video => ("Video card", Counting::None),
            Self::Vmci => ("VMCI device", Counting::None),
            Self::Disk => ("Hard disk", Counting::FromOne),
            Self::Cdrom => ("CD/DVD drive", Counting::FromOne),
            Self::Floppy => ("Floppy drive", Counting::FromOne),
            Self::Serial => ("Serial port", Counting::FromOne),
            Self::Parallel => ("Parallel port", Counting::FromOne),
            Self::Sound => ("Sound card", Counting::None),
            Self::Network => ("Network adapter", Counting::FromOne),
            Self::Passthrough => ("PCI device", Counting::FromZero),
            Self::ScsiPassthrough => ("SCSI device", Counting::FromOne),
            Self::UsbDevice => ("USB", Counting::FromOne),
            Self::Tpm => ("Virtual TPM", Counting::None),
            Self::Nvdimm => ("NVDIMM", Counting::FromOne),
            Self::Watchdog => ("Watchdog timer", Counting::None),
            Self::Clock => ("Precision clock", Counting::FromOne),
            Self::Other => ("Device", Counting::FromOne),
        }
    }
}

/// Whether and from where devices of a kind are numbered.
#[derive(Clone, Copy)]
enum Counting {
    None,
    Bus,
    FromZero,
    FromOne,
}

/// A label for a new device: the lowest number that no other of its kind has. Devices of the initial inventory, whose
/// labels have no such numbers, count as the first.
pub(super) fn label(devices: &[Poly<VirtualDevice>], device: &Poly<VirtualDevice>) -> String {
    let kind = Kind::of(device);
    let (text, counting) = kind.label();
    let first = match counting {
        Counting::None => return text.to_owned(),
        Counting::Bus => {
            let bus =
                device.downcast_ref::<VirtualController>().map_or(0, |controller| controller.bus_number);
            return format!("{text} {bus}");
        }
        Counting::FromZero => 0,
        Counting::FromOne => 1,
    };
    let others = devices.iter().filter(|other| Kind::of(other) == kind);
    let numbers: Vec<Option<usize>> =
        others.map(|other| vim_types::ext::label(other)?.strip_prefix(text)?.trim().parse().ok()).collect();
    let unnumbered = numbers.iter().filter(|number| number.is_none()).count();
    let number = (first + unnumbered..).find(|number| !numbers.contains(&Some(*number))).unwrap_or(first);
    format!("{text} {number}")
}

/// What vcsim and govc call a device: `disk-1000-0`, `ethernet-0`, `pvscsi-202`.
pub(super) fn short_name(device: &Poly<VirtualDevice>) -> String {
    let kind = match Kind::of(device) {
        Kind::Disk => {
            let (controller, unit) = (device.controller_key.unwrap_or(0), device.unit_number.unwrap_or(0));
            return format!("disk-{controller}-{unit}");
        }
        Kind::Network => return format!("ethernet-{}", device.unit_number.unwrap_or(7) - 7),
        Kind::Scsi if device.is::<ParaVirtualSCSIController>() => "pvscsi",
        Kind::Scsi if device.is::<VirtualLsiLogicSASController>() => "lsilogic-sas",
        Kind::Scsi if device.is::<VirtualBusLogicController>() => "buslogic",
        Kind::Scsi => "lsilogic",
        Kind::Sata => "ahci",
        Kind::Nvme => "nvme",
        Kind::Ide => "ide",
        Kind::Cdrom => "cdrom",
        Kind::Floppy => "floppy",
        Kind::Serial => "serialport",
        _ => {
            return format!(
                "{}-{}",
                device.type_name().trim_start_matches("Virtual").to_lowercase(),
                device.key
            );
        }
    };
    format!("{kind}-{}", device.key)
}

/// What a server says of a device, where that depends on its type alone.
pub(super) fn type_summary(device: &Poly<VirtualDevice>) -> Option<&'static str> {
    Some(match Kind::of(device) {
        Kind::Scsi if device.is::<ParaVirtualSCSIController>() => "VMware paravirtual SCSI",
        Kind::Scsi if device.is::<VirtualLsiLogicSASController>() => "LSI Logic SAS",
        Kind::Scsi if device.is::<VirtualLsiLogicController>() => "LSI Logic",
        Kind::Scsi if device.is::<VirtualBusLogicController>() => "Bus Logic",
        Kind::Sata if device.is::<VirtualAHCIController>() => "AHCI",
        Kind::Usb => "Auto connect Disabled",
        Kind::Xhci => "USB xHCI controller",
        Kind::Video => "Video card",
        Kind::Keyboard => "Keyboard",
        Kind::Pointing => "Pointing device; Device",
        Kind::Vmci => {
            "Device on the virtual machine PCI bus that provides support for the virtual machine communication interface"
        }
        _ => return None,
    })
}
