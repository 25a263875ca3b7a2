//! Disks that come and go.

use super::super::edit::Edit;
use super::super::{faults, place};
use super::file::{self, Shape};
use crate::fault::{Fault, Result};
use crate::files;
use vim_types::{
    SharesInfo, SharesLevel, StorageIOAllocationInfo, VirtualDevice, VirtualDeviceConfigSpec,
    VirtualDeviceConfigSpecFileOperation, VirtualDeviceFileBackingInfo, VirtualDisk,
    VirtualDiskFlatVer2BackingInfo, VirtualDiskLocalPMemBackingInfo,
    VirtualDiskRawDiskMappingVer1BackingInfo,
};
use vim_wire::{MoRef, Poly};

/// The most bytes of a disk: 62 TB.
const MOST: i64 = 62 << 40;

/// The modes that a disk can have.
const MODES: &[&str] = &[
    "persistent",
    "nonpersistent",
    "undoable",
    "independent_persistent",
    "independent_nonpersistent",
    "append",
];

/// The size of a disk: in bytes, where that is said, and in kilobytes otherwise.
pub(super) fn size(disk: &VirtualDisk) -> i64 {
    match disk.capacity_in_bytes {
        Some(bytes) if bytes > 0 => bytes,
        _ => disk.capacity_in_kb.saturating_mul(1024),
    }
}

pub(super) fn set_size(disk: &mut VirtualDisk, bytes: i64) {
    disk.capacity_in_bytes = Some(bytes);
    disk.capacity_in_kb = bytes / 1024;
}

/// Adds a disk: with a new file, or with one that is there.
pub(super) fn add(
    edit: &mut Edit<'_, '_>,
    index: usize,
    change: &VirtualDeviceConfigSpec,
    device: &mut Poly<VirtualDevice>,
) -> Result<()> {
    check_mode(index, device)?;
    match &change.file_operation {
        Some(
            VirtualDeviceConfigSpecFileOperation::CREATE | VirtualDeviceConfigSpecFileOperation::REPLACE,
        ) => {
            create(edit, index, change, device)?;
        }
        None => attach(edit, index, device)?,
        Some(_) => return Err(faults::invalid_operation(index, change)),
    }
    let key = device.key;
    let Some(disk) = file::disk_mut(device) else { return Ok(()) };
    let normal = SharesInfo { shares: 1000, level: SharesLevel::NORMAL };
    let allocation = disk.storage_io_allocation.get_or_insert_default();
    allocation.limit = allocation.limit.or(Some(-1));
    allocation.reservation = allocation.reservation.or(Some(0));
    count_shares(allocation, disk.shares.as_ref().unwrap_or(&normal));
    disk.shares.clone_from(&allocation.shares);
    disk.disk_object_id = Some(format!("{}-{key}", edit.vm.value().trim_start_matches("vm-")));
    disk.virtual_disk_format.get_or_insert_with(|| "native_512".into());
    Ok(())
}

/// Has the number of a disk's shares be what their level stands for.
pub(super) fn count_shares(allocation: &mut StorageIOAllocationInfo, or: &SharesInfo) {
    let shares = allocation.shares.get_or_insert_with(|| or.clone());
    shares.shares = match shares.level {
        SharesLevel::LOW => 500,
        SharesLevel::NORMAL => 1000,
        SharesLevel::HIGH => 2000,
        _ => shares.shares,
    };
}

pub(super) fn check_mode(index: usize, device: &mut Poly<VirtualDevice>) -> Result<()> {
    let Some(backing) = &mut device.backing else {
        return Err(faults::invalid_backing(index, "device.backing"));
    };
    if let Some(flat) = backing.downcast_mut::<VirtualDiskFlatVer2BackingInfo>() {
        if flat.disk_mode.is_empty() {
            flat.disk_mode = "persistent".into();
        }
        return match MODES.contains(&flat.disk_mode.as_str()) {
            true => Ok(()),
            false => Err(Fault::invalid_argument("configSpec.deviceChange.device.backing.diskMode")),
        };
    }
    let known = backing.is::<VirtualDiskRawDiskMappingVer1BackingInfo>()
        || backing.is::<VirtualDiskLocalPMemBackingInfo>();
    // ESXi writes no other kinds of disks.
    if known { Ok(()) } else { Err(faults::invalid_backing(index, "device.backing")) }
}

/// Where the file of a disk shall be: what its backing says, completed from where the machine is.
fn wanted(edit: &Edit<'_, '_>, device: &VirtualDevice) -> Result<(MoRef, String)> {
    let backing =
        device.backing.as_ref().and_then(|backing| backing.downcast_ref::<VirtualDeviceFileBackingInfo>());
    let named = backing.map_or("", |backing| backing.file_name.as_str());
    let home = edit.config.files.vm_path_name.clone().unwrap_or_default();
    let (own, path) = place::datastore_of(edit.tx, &edit.vm, edit.host.as_ref(), &home)?;
    let folder = place::parent(&path).to_owned();
    let stem = edit.config.name.replace('%', "_");
    if named.is_empty() {
        let datastore = match backing.and_then(|backing| backing.datastore.clone()) {
            Some(datastore) => {
                place::reachable(edit.tx, &datastore, edit.host.as_ref())?;
                datastore
            }
            None => own,
        };
        let path = file::free_path(edit.tx, &datastore, &folder, &stem);
        return Ok((datastore, path));
    }
    let (datastore, path) = place::datastore_of(edit.tx, &edit.vm, edit.host.as_ref(), named)?;
    if path.ends_with(".vmdk") {
        return Ok((datastore, path));
    }
    // A datastore or a folder: the server gives the name.
    let folder = if path.is_empty() { folder } else { path };
    let path = file::free_path(edit.tx, &datastore, &folder, &stem);
    Ok((datastore, path))
}

fn create(
    edit: &mut Edit<'_, '_>,
    index: usize,
    change: &VirtualDeviceConfigSpec,
    device: &mut Poly<VirtualDevice>,
) -> Result<()> {
    let mut shape = match device.downcast_ref::<VirtualDisk>() {
        Some(disk) => Shape { capacity: size(disk), thin: false, eager: false, uuid: None },
        None => return Err(faults::invalid_device(index, "device")),
    };
    let parent = parent(edit, device)?;
    if let Some((_, _, of)) = &parent
        && shape.capacity == 0
    {
        shape.capacity = of.capacity;
    }
    if shape.capacity <= 0 || shape.capacity > MOST {
        return Err(faults::invalid_device(index, "device.capacityInKB"));
    }
    let (datastore, path) = wanted(edit, device)?;
    if change.file_operation == Some(VirtualDeviceConfigSpecFileOperation::REPLACE)
        && files::get(edit.tx, &datastore, &path).is_some()
    {
        files::remove(edit.tx, &datastore, &path)?;
    }
    if let Some(flat) = file::flat_mut(device) {
        // What is zeroed at once cannot be thin.
        if flat.thin_provisioned == Some(true) && flat.eagerly_scrub == Some(true) {
            return Err(faults::invalid_backing(index, "device.backing.eagerlyScrub"));
        }
        shape.thin = flat.thin_provisioned == Some(true);
        shape.eager = flat.eagerly_scrub == Some(true);
        let uuid = flat.uuid.clone().filter(|uuid| !uuid.is_empty()).unwrap_or_else(file::new_uuid);
        shape.uuid = Some(uuid);
    }
    let of = parent.as_ref().map(|(_, path, _)| path.as_str());
    file::create(edit.tx, (&datastore, &path), &shape, of)?;
    let name = place::written(edit.tx, &datastore, &path);
    fill(edit, device, &datastore, name, &shape);
    if let Some(disk) = file::disk_mut(device) {
        set_size(disk, shape.capacity);
    }
    Ok(())
}

/// The disk that a new one shall be a child of: its datastore, path and shape.
fn parent(edit: &Edit<'_, '_>, device: &VirtualDevice) -> Result<Option<(MoRef, String, Shape)>> {
    let Some(parent) = file::flat(device).and_then(|flat| flat.parent.as_deref()) else { return Ok(None) };
    let (datastore, path) = place::datastore_of(edit.tx, &edit.vm, edit.host.as_ref(), &parent.file_name)?;
    let shape = file::shape(files::must(edit.tx, &datastore, &path)?);
    Ok(Some((datastore, path, shape)))
}

/// Sets what a server says of a disk's file.
fn fill(
    edit: &Edit<'_, '_>,
    device: &mut Poly<VirtualDevice>,
    datastore: &MoRef,
    name: String,
    shape: &Shape,
) {
    let tracked = edit.config.change_tracking_enabled == Some(true);
    if let Some(flat) = file::flat_mut(device) {
        flat.split = flat.split.or(Some(false));
        flat.write_through = flat.write_through.or(Some(false));
        flat.thin_provisioned = Some(shape.thin);
        flat.eagerly_scrub = Some(shape.eager);
        flat.digest_enabled = flat.digest_enabled.or(Some(false));
        flat.uuid = shape.uuid.clone().or_else(|| Some(file::new_uuid()));
        flat.content_id = Some(file::new_content_id());
        flat.change_id = tracked.then(|| format!("{}/0", uuid::Uuid::new_v4()));
        flat.sharing.get_or_insert_with(|| "sharingNone".into());
        if flat.parent.is_some() {
            flat.delta_disk_format.get_or_insert_with(|| "redoLogFormat".into());
        }
    }
    let backing = device.backing.as_mut();
    if let Some(file) = backing.and_then(|backing| backing.downcast_mut::<VirtualDeviceFileBackingInfo>()) {
        file.file_name = name;
        file.datastore = Some(datastore.clone());
    }
}

/// Takes a disk that is there.
fn attach(edit: &mut Edit<'_, '_>, index: usize, device: &mut Poly<VirtualDevice>) -> Result<()> {
    let Some(name) = file::name(device).filter(|name| !name.is_empty()).map(str::to_owned) else {
        return Err(faults::invalid_backing(index, "device.backing.fileName"));
    };
    let (datastore, path) = place::datastore_of(edit.tx, &edit.vm, edit.host.as_ref(), &name)?;
    let shape = file::shape(files::must(edit.tx, &datastore, &path)?);
    let name = place::written(edit.tx, &datastore, &path);
    let own = edit.devices().iter().any(|other| file::chain(other).iter().any(|(_, used)| *used == name));
    if own {
        return Err(faults::invalid_backing(index, "device.backing.fileName"));
    }
    fill(edit, device, &datastore, name, &shape);
    if let Some(disk) = file::disk_mut(device) {
        let wanted = size(disk);
        if wanted > shape.capacity && shape.capacity > 0 {
            return Err(faults::invalid_device(index, "device.capacityInKB"));
        }
        set_size(disk, shape.capacity);
    }
    Ok(())
}

/// Takes a disk out; with `destroy`, its files go with it.
pub(super) fn remove(
    edit: &mut Edit<'_, '_>,
    index: usize,
    change: &VirtualDeviceConfigSpec,
    device: &Poly<VirtualDevice>,
) -> Result<()> {
    match &change.file_operation {
        None => return Ok(()),
        Some(VirtualDeviceConfigSpecFileOperation::DESTROY) => {}
        Some(_) => return Err(faults::invalid_operation(index, change)),
    }
    // A snapshot may need them yet.
    if edit.has_snapshots() && file::chain(device).len() > 1 {
        return Err(faults::invalid_operation(index, change));
    }
    let Some((datastore, name)) = file::chain(device).into_iter().next() else { return Ok(()) };
    let (_, path) = files::parse(&name)?;
    files::remove(edit.tx, &datastore, &path)
}

/// `33,554,432 KB`.
pub(super) fn summary(device: &Poly<VirtualDevice>) -> String {
    let kilobytes = device.downcast_ref::<VirtualDisk>().map_or(0, |disk| disk.capacity_in_kb);
    let digits = kilobytes.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 + 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text.push_str(" KB");
    text
}
