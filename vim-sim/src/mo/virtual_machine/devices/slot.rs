//! Where a device is: its controller, its unit there, and the key that follows from both.

use super::super::edit::{Edit, Why};
use super::super::faults;
use super::kind::Kind;
use crate::fault::{Fault, Result};
use std::collections::HashMap;
use vim_types::ext::{DeviceList, HardwareVersion};
use vim_types::{
    InvalidController, VirtualController, VirtualDevice, VirtualSCSIController, VirtualSCSISharing,
};
use vim_wire::Poly;

/// The unit that a SCSI controller itself has.
const OWN_UNIT: i32 = 7;

/// The first unit of network cards on the PCI bus, and how many there are.
const FIRST_CARD: i32 = 7;

/// The controller of a device is none.
pub(super) fn no_controller(index: usize, key: i32) -> Fault {
    let fault = InvalidController {
        extends: vim_types::InvalidDeviceSpec {
            extends: vim_types::InvalidVmConfig {
                property: Some("virtualDeviceSpec.device.controllerKey".into()),
                ..Default::default()
            },
            device_index: i32::try_from(index).unwrap_or(i32::MAX),
        },
        controller_key: key,
    };
    Fault::new(fault, format!("Unable to find the controller {key} for device '{index}'."))
}

/// Gives a new device its controller and unit.
pub(super) fn place(
    edit: &Edit<'_, '_>,
    index: usize,
    device: &mut Poly<VirtualDevice>,
    keys: &HashMap<i32, i32>,
) -> Result<()> {
    let kind = Kind::of(device);
    if kind.is_controller() {
        bus(edit, index, device, kind)?;
    }
    let wanted = device.controller_key.filter(|key| *key != 0);
    let controller = match wanted {
        Some(key) => {
            let key = *keys.get(&key).unwrap_or(&key);
            Some(edit.devices().find_key(key).ok_or_else(|| no_controller(index, key))?)
        }
        None => standard_controller(edit, kind),
    };
    let Some(controller) = controller else {
        // What stands by itself, or a drive for which there is no room anywhere.
        let needs = matches!(kind, Kind::Disk | Kind::Cdrom | Kind::Nvdimm | Kind::UsbDevice);
        return if needs { Err(no_controller(index, 0)) } else { Ok(()) };
    };
    if !kind.controllers().contains(&Kind::of(controller)) && kind != Kind::Other {
        return Err(no_controller(index, controller.key));
    }
    let unit = match device.unit_number.filter(|unit| *unit >= 0) {
        Some(unit) if is_free(edit, controller, unit, None) && fits(edit, controller, kind, unit) => unit,
        // Units on the bus of the mainboard are the server's to give.
        Some(_) if Kind::of(controller) == Kind::Pci => free(edit, controller, kind)?,
        Some(_) => return Err(faults::invalid_device(index, "device.unitNumber")),
        None => free(edit, controller, kind)?,
    };
    let controller = controller.key;
    device.controller_key = Some(controller);
    device.unit_number = Some(unit);
    Ok(())
}

/// Moves a device, where a change says so; only while the machine does not run.
pub(super) fn replace(
    edit: &Edit<'_, '_>,
    index: usize,
    device: &mut Poly<VirtualDevice>,
    old: &Poly<VirtualDevice>,
    keys: &HashMap<i32, i32>,
) -> Result<()> {
    let key = device.controller_key.map(|key| *keys.get(&key).unwrap_or(&key));
    device.controller_key = key;
    let kind = Kind::of(device);
    let moved = key != old.controller_key || device.unit_number != old.unit_number;
    if !moved || kind.is_built_in() || kind.is_controller() {
        device.controller_key = old.controller_key;
        device.unit_number = old.unit_number;
        return Ok(());
    }
    edit.must_be_off()?;
    let key = key.unwrap_or(0);
    let controller = edit.devices().find_key(key).ok_or_else(|| no_controller(index, key))?;
    if !kind.controllers().contains(&Kind::of(controller)) {
        return Err(no_controller(index, key));
    }
    let unit = device.unit_number.unwrap_or(-1);
    if !is_free(edit, controller, unit, Some(device.key)) || !fits(edit, controller, kind, unit) {
        return Err(faults::invalid_device(index, "device.unitNumber"));
    }
    Ok(())
}

/// The controller that takes a device which names none.
fn standard_controller<'e>(edit: &'e Edit<'_, '_>, kind: Kind) -> Option<&'e Poly<VirtualDevice>> {
    let room = |controller: &&Poly<VirtualDevice>| free(edit, controller, kind).is_ok();
    kind.controllers()
        .iter()
        .find_map(|wanted| edit.devices().iter().filter(|device| Kind::of(device) == *wanted).find(room))
}

/// Gives a controller its number among those of its kind.
fn bus(edit: &Edit<'_, '_>, index: usize, device: &mut Poly<VirtualDevice>, kind: Kind) -> Result<()> {
    let taken: Vec<i32> = edit
        .devices()
        .iter()
        .filter(|other| Kind::of(other) == kind)
        .filter_map(|other| Some(other.downcast_ref::<VirtualController>()?.bus_number))
        .collect();
    let most = i32::try_from(kind.most()).unwrap_or(i32::MAX);
    let Some(controller) = device.downcast_mut::<VirtualController>() else { return Ok(()) };
    if controller.bus_number < 0 {
        controller.bus_number = (0..most).find(|number| !taken.contains(number)).unwrap_or(0);
    }
    if controller.bus_number >= most || taken.contains(&controller.bus_number) {
        return Err(faults::invalid_device(index, "device.busNumber"));
    }
    controller.device.clear();
    if let Some(scsi) = device.downcast_mut::<VirtualSCSIController>() {
        scsi.scsi_ctlr_unit_number = Some(OWN_UNIT);
        scsi.hot_add_remove = Some(true);
        if scsi.shared_bus.as_str().is_empty() {
            scsi.shared_bus = VirtualSCSISharing::NO_SHARING;
        }
    }
    Ok(())
}

fn is_free(edit: &Edit<'_, '_>, controller: &Poly<VirtualDevice>, unit: i32, but: Option<i32>) -> bool {
    !edit
        .devices()
        .on_controller(controller.key)
        .any(|other| other.unit_number == Some(unit) && Some(other.key) != but)
}

/// Whether the controller has that unit for such a device.
fn fits(edit: &Edit<'_, '_>, controller: &Poly<VirtualDevice>, kind: Kind, unit: i32) -> bool {
    match Kind::of(controller) {
        Kind::Scsi if unit == OWN_UNIT => false,
        Kind::Scsi => {
            unit < if edit.devices().free_unit(controller.key, hardware(edit)).is_some() { 65 } else { 16 }
        }
        Kind::Nvme => unit < if edit.hardware_version() >= 21 { 64 } else { 15 },
        Kind::Sata => unit < 30,
        Kind::Ide => unit < 2,
        Kind::Pci if kind == Kind::Network => {
            (FIRST_CARD..FIRST_CARD + i32::try_from(Kind::Network.most()).unwrap_or(0)).contains(&unit)
        }
        _ => true,
    }
}

fn hardware(edit: &Edit<'_, '_>) -> HardwareVersion {
    HardwareVersion(edit.hardware_version())
}

/// The lowest free unit of a controller for such a device.
fn free(edit: &Edit<'_, '_>, controller: &Poly<VirtualDevice>, kind: Kind) -> Result<i32> {
    let devices = edit.devices();
    let unit = match (Kind::of(controller), kind) {
        (Kind::Scsi | Kind::Nvme | Kind::Sata | Kind::Ide, _) => {
            devices.free_unit(controller.key, hardware(edit))
        }
        (Kind::Pci, Kind::Network) => {
            let last = FIRST_CARD + i32::try_from(Kind::Network.most()).unwrap_or(0);
            (FIRST_CARD..last).find(|unit| is_free(edit, controller, *unit, None))
        }
        // Beyond the cards, and beyond what servers keep for the rest of a mainboard.
        (Kind::Pci, Kind::Scsi) => (3..FIRST_CARD).find(|unit| is_free(edit, controller, *unit, None)),
        (Kind::Pci, _) => (22..).find(|unit| is_free(edit, controller, *unit, None)),
        _ => (0..).find(|unit| is_free(edit, controller, *unit, None)),
    };
    unit.ok_or_else(|| faults::too_many("configSpec.deviceChange.device.unitNumber"))
}

/// The key of a new device, as servers make it: from its bus and unit where it is a drive, and else the next one of its
/// kind's.
pub(super) fn key(edit: &Edit<'_, '_>, device: &Poly<VirtualDevice>) -> i32 {
    let taken = |key: &i32| edit.devices().find_key(*key).is_some();
    if edit.why == Why::Initial && device.key > 0 && !taken(&device.key) {
        return device.key;
    }
    let kind = Kind::of(device);
    let unit = device.unit_number.unwrap_or(0);
    let controller = device.controller_key.and_then(|key| edit.devices().find_key(key));
    let bus = controller
        .and_then(|controller| controller.downcast_ref::<VirtualController>())
        .map_or(0, |controller| controller.bus_number);
    let wanted = match (kind, controller.map(Kind::of)) {
        (Kind::Disk | Kind::Cdrom | Kind::ScsiPassthrough, Some(Kind::Scsi)) if unit < 16 => {
            2000 + 16 * bus + unit
        }
        (Kind::Disk | Kind::Cdrom | Kind::ScsiPassthrough, Some(Kind::Scsi)) => 2064 + 64 * bus + unit - 16,
        (Kind::Disk | Kind::Cdrom, Some(Kind::Ide)) => 3000 + 2 * bus + unit,
        (Kind::Disk | Kind::Cdrom, Some(Kind::Sata)) => 16000 + 30 * bus + unit,
        (Kind::Disk, Some(Kind::Nvme)) => 32000 + 64 * bus + unit,
        (Kind::Network, _) => kind.first_key() + unit - FIRST_CARD,
        (kind, _) if kind.is_controller() => {
            let own =
                device.downcast_ref::<VirtualController>().map_or(0, |controller| controller.bus_number);
            kind.first_key() + own
        }
        (kind, _) => kind.first_key(),
    };
    (wanted..).find(|key| !taken(key)).unwrap_or(wanted)
}
