//! Disks and what they are attached to.

use super::{Built, Wanted};
use crate::provider::Result;
use crate::spec::resolved::Disk;
use crate::spec::{ControllerType, DiskFormat, DiskMode};
use crate::vsphere::errors::invalid;
use vim_client::Poly;
use vim_client::types::ext::{
    DeviceChanges, DeviceList, HardwareVersion, Place, Provisioning, capacity_bytes, new_disk,
};
use vim_client::types::{
    ParaVirtualSCSIController, VirtualAHCIController, VirtualController, VirtualDevice, VirtualDisk,
    VirtualDiskFlatVer2BackingInfo, VirtualIDEController, VirtualLsiLogicController,
    VirtualLsiLogicSASController, VirtualNVMEController, VirtualSATAController, VirtualSCSIController,
    VirtualSCSISharing,
};

fn mode(mode: DiskMode) -> &'static str {
    match mode {
        DiskMode::Persistent => "persistent",
        DiskMode::IndependentPersistent => "independent_persistent",
        DiskMode::IndependentNonpersistent => "independent_nonpersistent",
    }
}

/// Whether a device is a controller of that type.
fn is_a(device: &Poly<VirtualDevice>, wanted: ControllerType) -> bool {
    match wanted {
        ControllerType::Scsi => device.is::<VirtualSCSIController>(),
        ControllerType::LsiLogic => device.is::<VirtualLsiLogicController>(),
        ControllerType::LsiLogicSas => device.is::<VirtualLsiLogicSASController>(),
        ControllerType::PvScsi => device.is::<ParaVirtualSCSIController>(),
        ControllerType::Ide => device.is::<VirtualIDEController>(),
        ControllerType::Sata => device.is::<VirtualSATAController>(),
        ControllerType::Nvme => device.is::<VirtualNVMEController>(),
    }
}

/// A new controller of that type; one of those that any guest starts from where only `scsi` is said.
fn new_controller(wanted: ControllerType) -> Poly<VirtualDevice> {
    match wanted {
        ControllerType::LsiLogic => VirtualLsiLogicController::default().into(),
        ControllerType::LsiLogicSas => VirtualLsiLogicSASController::default().into(),
        ControllerType::PvScsi | ControllerType::Scsi => ParaVirtualSCSIController::default().into(),
        ControllerType::Ide => VirtualIDEController::default().into(),
        ControllerType::Sata => VirtualAHCIController::default().into(),
        ControllerType::Nvme => VirtualNVMEController::default().into(),
    }
}

fn name_of(wanted: ControllerType) -> &'static str {
    match wanted {
        ControllerType::Scsi => "scsi",
        ControllerType::LsiLogic => "lsilogic",
        ControllerType::LsiLogicSas => "lsilogicsas",
        ControllerType::PvScsi => "pvscsi",
        ControllerType::Ide => "ide",
        ControllerType::Sata => "sata",
        ControllerType::Nvme => "nvme",
    }
}

/// The type whose controllers number themselves together with this one's.
fn family(wanted: ControllerType) -> ControllerType {
    match wanted {
        ControllerType::Ide | ControllerType::Sata | ControllerType::Nvme => wanted,
        _ => ControllerType::Scsi,
    }
}

/// The controller of a bus number: its key and whether it is of the wished type.
fn at_bus(changes: &DeviceChanges, wanted: ControllerType, bus: i32) -> Option<(i32, bool)> {
    let mut all = changes.devices().controllers();
    let (device, _) =
        all.find(|(device, controller)| is_a(device, family(wanted)) && controller.bus_number == bus)?;
    Some((device.key, is_a(device, wanted)))
}

fn add_controller(changes: &mut DeviceChanges, wanted: ControllerType, bus: Option<i32>) -> Result<i32> {
    let most = if wanted == ControllerType::Ide { 2 } else { 4 };
    let bus = match bus {
        Some(bus) => Some(bus).filter(|bus| *bus < most),
        None => (0..most).find(|bus| at_bus(changes, wanted, *bus).is_none()),
    };
    let bus = bus.ok_or_else(|| {
        invalid(format!("a machine has no more than {most} controllers of type {}", name_of(wanted)))
    })?;
    let mut device = new_controller(wanted);
    if let Some(controller) = device.downcast_mut::<VirtualController>() {
        controller.bus_number = bus;
    }
    if let Some(scsi) = device.downcast_mut::<VirtualSCSIController>() {
        scsi.shared_bus = VirtualSCSISharing::NO_SHARING;
    }
    Ok(changes.add(device))
}

/// The controllers that the class wishes for.
fn controllers(wanted: &Wanted<'_>, changes: &mut DeviceChanges, built: &mut Built) -> Result<()> {
    for wish in &wanted.machine.scsi_controllers {
        let bus = i32::from(wish.bus_number);
        match at_bus(changes, wish.kind, bus) {
            Some((_, true)) => {}
            Some((_, false)) => {
                return Err(invalid(format!(
                    "SCSI controller {bus} is there already and is not of type {}; the disks on it would have to move",
                    name_of(wish.kind)
                )));
            }
            None => {
                add_controller(changes, wish.kind, Some(bus))?;
                built.changes.push(format!("SCSI controller {bus}: added"));
            }
        }
    }
    Ok(())
}

/// How many devices the class lets a controller have.
fn most(wanted: &Wanted<'_>, controller: &VirtualController, is_scsi: bool) -> usize {
    let controllers = &wanted.machine.scsi_controllers;
    let wish = controllers.iter().find(|wish| is_scsi && i32::from(wish.bus_number) == controller.bus_number);
    wish.and_then(|wish| wish.max_devices).and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
}

/// A place for a disk: where it wishes to be, or the first that is free.
fn place(wanted: &Wanted<'_>, disk: &Disk, changes: &mut DeviceChanges) -> Result<Place> {
    let kind = disk.controller.unwrap_or(ControllerType::Scsi);
    let hardware = wanted.now.map_or_else(
        || HardwareVersion(wanted.machine.hardware.version.map_or(0, |version| version.number())),
        |now| HardwareVersion::from(now.version.as_str()),
    );
    let bus = disk.bus.map(i32::from).or(disk.unit.map(|_| {
        // A unit without a controller's number is one of the first controller of the type.
        let mut all = changes.devices().controllers();
        let first = all.find(|(device, _)| is_a(device, kind));
        first.map_or(0, |(_, controller)| controller.bus_number)
    }));
    if let Some(bus) = bus {
        let controller_key = match at_bus(changes, kind, bus) {
            Some((key, true)) => key,
            Some((_, false)) => {
                return Err(invalid(format!(
                    "disk '{}': controller {bus} is not of type {}",
                    disk.name,
                    name_of(kind)
                )));
            }
            None => add_controller(changes, kind, Some(bus))?,
        };
        let unit = disk.unit.map(|unit| i32::try_from(unit).unwrap_or(i32::MAX));
        if let Some(unit_number) = unit {
            let mut there = changes.devices().on_controller(controller_key);
            if there.any(|device| device.unit_number == Some(unit_number)) {
                return Err(invalid(format!(
                    "disk '{}': unit {unit_number} of controller {bus} is taken",
                    disk.name
                )));
            }
            return Ok(Place { controller_key, unit_number });
        }
        let unit_number = changes
            .devices()
            .free_unit(controller_key, hardware)
            .ok_or_else(|| invalid(format!("disk '{}': controller {bus} has no place left", disk.name)))?;
        return Ok(Place { controller_key, unit_number });
    }
    let free = changes.devices().controllers().filter(|(device, _)| is_a(device, kind)).find_map(
        |(device, controller)| {
            let there = changes.devices().on_controller(device.key).count();
            let has_room = there < most(wanted, controller, device.is::<VirtualSCSIController>());
            let unit_number = changes.devices().free_unit(device.key, hardware).filter(|_| has_room)?;
            Some(Place { controller_key: device.key, unit_number })
        },
    );
    if let Some(free) = free {
        return Ok(free);
    }
    let controller_key = add_controller(changes, kind, None)?;
    let unit_number = changes.devices().free_unit(controller_key, hardware).unwrap_or_default();
    Ok(Place { controller_key, unit_number })
}

/// The disks: those that there are grow, in their order, and the others are added.
pub(super) fn disks(wanted: &Wanted<'_>, changes: &mut DeviceChanges, built: &mut Built) -> Result<()> {
    controllers(wanted, changes, built)?;
    let there: Vec<Poly<VirtualDevice>> =
        changes.devices().disks().map(|(device, _)| device.clone()).collect();
    for (index, disk) in wanted.machine.disks.iter().enumerate() {
        match there.get(index) {
            Some(device) => edit(wanted.copied, disk, device, changes, built)?,
            None => add(wanted, disk, changes, built)?,
        }
    }
    Ok(())
}

fn edit(
    copied: bool,
    wish: &Disk,
    device: &Poly<VirtualDevice>,
    changes: &mut DeviceChanges,
    built: &mut Built,
) -> Result<()> {
    let mut edited = device.clone();
    let mut differs = false;
    if let (Some(controller), Some(key)) = (wish.controller, device.controller_key) {
        let on = changes.devices().find_key(key);
        if on.is_some_and(|on| !is_a(on, controller)) {
            return Err(invalid(format!(
                "disk '{}' is there already and is not on a controller of type {}; it is not moved",
                wish.name,
                name_of(controller)
            )));
        }
    }
    if let Some(unit) = wish.unit
        && device.unit_number != i32::try_from(unit).ok()
    {
        return Err(invalid(format!(
            "disk '{}' is there already and at unit {}; it is not moved to unit {unit}",
            wish.name,
            device.unit_number.unwrap_or_default()
        )));
    }
    if let Some(disk) = edited.downcast_mut::<VirtualDisk>() {
        let (old, new) = (u64::try_from(capacity_bytes(disk)).unwrap_or_default(), wish.size.bytes());
        if new < old {
            return Err(invalid(format!(
                "disk '{}' has {old} bytes and cannot shrink to {new}; disks only grow",
                wish.name
            )));
        }
        if new > old {
            let kib = i64::try_from(new.div_ceil(1024)).unwrap_or(i64::MAX);
            (disk.capacity_in_kb, disk.capacity_in_bytes) = (kib, kib.checked_mul(1024));
            built.changes.push(format!("disk '{}': grown from {old} to {new} bytes", wish.name));
            differs = true;
        }
        let backing = disk.extends.backing.as_mut();
        if let Some(flat) =
            backing.and_then(|backing| backing.downcast_mut::<VirtualDiskFlatVer2BackingInfo>())
        {
            if copied {
                // The copy is a disk of its own, whatever the guest knows the template's by.
                flat.uuid = None;
            }
            if let Some(wished) = wish.mode.map(mode)
                && flat.disk_mode != wished
            {
                wished.clone_into(&mut flat.disk_mode);
                built.changes.push(format!("disk '{}': mode {wished}", wish.name));
                differs = true;
            }
        }
    }
    if differs && !changes.edit(edited) {
        return Err(invalid(format!("disk '{}' is not there", wish.name)));
    }
    Ok(())
}

fn add(wanted: &Wanted<'_>, wish: &Disk, changes: &mut DeviceChanges, built: &mut Built) -> Result<()> {
    let place = place(wanted, wish, changes)?;
    let provisioning = match wish.format {
        None | Some(DiskFormat::Thin) => Provisioning::Thin,
        Some(DiskFormat::Thick) => Provisioning::Thick,
        Some(DiskFormat::EagerZeroedThick) => Provisioning::EagerZeroed,
    };
    // The server names the file; on the machine's own datastore where no other is said.
    let file = wish.datastore.as_deref().map_or_else(String::new, |name| format!("[{name}]"));
    let mut disk = new_disk(wish.size.bytes(), &file, provisioning);
    if let Some(wished) = wish.mode
        && let Some(backing) = disk.extends.backing.as_mut()
        && let Some(flat) = backing.downcast_mut::<VirtualDiskFlatVer2BackingInfo>()
    {
        mode(wished).clone_into(&mut flat.disk_mode);
    }
    place.put(&mut disk);
    changes.add_with_file(disk);
    built.changes.push(format!("disk '{}': added", wish.name));
    Ok(())
}
