//! Disks that change: they grow and never shrink.

use super::super::edit::{Edit, Why};
use super::super::{faults, place};
use super::disk::{self, set_size, size};
use super::file;
use crate::fault::Result;
use crate::files::{self, FileKind};
use vim_types::{VirtualDevice, VirtualDeviceConfigSpec, VirtualDisk};
use vim_wire::Poly;

pub(super) fn edit(
    edit: &mut Edit<'_, '_>,
    index: usize,
    change: &VirtualDeviceConfigSpec,
    device: &mut Poly<VirtualDevice>,
    old: &Poly<VirtualDevice>,
) -> Result<()> {
    if change.file_operation.is_some() {
        return Err(faults::invalid_operation(index, change));
    }
    let wanted = wanted_size(index, change, device, old)?;
    backing(edit, index, device, old)?;
    let Some(was) = old.downcast_ref::<VirtualDisk>() else { return Ok(()) };
    let before = size(was);
    if let Some(disk) = file::disk_mut(device) {
        set_size(disk, wanted);
        let fallback = was.shares.clone().unwrap_or_default();
        match (&mut disk.storage_io_allocation, &was.storage_io_allocation) {
            (Some(allocation), _) => disk::count_shares(allocation, &fallback),
            (none @ None, was) => none.clone_from(was),
        }
        if let Some(allocation) = &disk.storage_io_allocation {
            disk.shares.clone_from(&allocation.shares);
        }
        disk.disk_object_id.clone_from(&was.disk_object_id);
        disk.vdisk_id.clone_from(&was.vdisk_id);
        if disk.virtual_disk_format.is_none() {
            disk.virtual_disk_format.clone_from(&was.virtual_disk_format);
        }
    }
    if wanted > before {
        // The disk below a snapshot must stay as it is.
        if edit.has_snapshots() {
            return Err(faults::invalid_operation(index, change));
        }
        grow(edit, device, wanted)?;
    }
    Ok(())
}

/// The size that the disk shall have. Clients set one of two fields and send the other one as it was.
fn wanted_size(
    index: usize,
    change: &VirtualDeviceConfigSpec,
    device: &Poly<VirtualDevice>,
    old: &Poly<VirtualDevice>,
) -> Result<i64> {
    let (Some(new), Some(old)) = (device.downcast_ref::<VirtualDisk>(), old.downcast_ref::<VirtualDisk>())
    else {
        return Err(faults::invalid_device(index, "device"));
    };
    let before = size(old);
    let bytes = new.capacity_in_bytes.filter(|bytes| *bytes > 0 && *bytes != before);
    let kilobytes = Some(new.capacity_in_kb).filter(|size| *size > 0 && *size != old.capacity_in_kb);
    let wanted = match (bytes, kilobytes) {
        (Some(bytes), Some(kilobytes)) if bytes / 1024 != kilobytes => {
            return Err(faults::invalid_device(index, "device.capacityInKB"));
        }
        (Some(bytes), _) => bytes,
        (None, Some(kilobytes)) => kilobytes.saturating_mul(1024),
        (None, None) => before,
    };
    if wanted < before { Err(faults::invalid_operation(index, change)) } else { Ok(wanted) }
}

/// A disk keeps its files; its mode and the like may change.
fn backing(
    edit: &Edit<'_, '_>,
    index: usize,
    device: &mut Poly<VirtualDevice>,
    old: &Poly<VirtualDevice>,
) -> Result<()> {
    if device.backing == old.backing {
        return Ok(());
    }
    disk::check_mode(index, device)?;
    let Some(was) = file::flat(old).cloned() else {
        return Err(faults::invalid_backing(index, "device.backing"));
    };
    let Some(now) = file::flat_mut(device) else {
        return Err(faults::invalid_backing(index, "device.backing"));
    };
    // Who edits a copy while it is made knows the source's disks alone: clients send them as they read them, and what is a
    // file's own stays the copy's.
    let copied = edit.why == Why::Clone;
    if !copied && !now.file_name.is_empty() && now.file_name != was.file_name {
        return Err(faults::invalid_backing(index, "device.backing.fileName"));
    }
    if now.disk_mode != was.disk_mode || now.sharing.is_some() && now.sharing != was.sharing {
        edit.must_be_off()?;
        // What a snapshot covers cannot leave it.
        if edit.has_snapshots() {
            return Err(faults::invalid_backing(index, "device.backing.diskMode"));
        }
    }
    let (mode, write_through, sharing) = (now.disk_mode.clone(), now.write_through, now.sharing.clone());
    let (uuid, key_id) = (now.uuid.clone().filter(|_| !copied), now.key_id.clone());
    *now = was;
    now.disk_mode = mode;
    now.write_through = write_through.or(now.write_through);
    now.sharing = sharing.or(now.sharing.take());
    now.uuid = uuid.or(now.uuid.take());
    now.key_id = key_id.or(now.key_id.take());
    Ok(())
}

fn grow(edit: &mut Edit<'_, '_>, device: &Poly<VirtualDevice>, bytes: i64) -> Result<()> {
    let Some(name) = file::name(device).map(str::to_owned) else { return Ok(()) };
    let (datastore, path) = place::datastore_of(edit.tx, &edit.vm, edit.host.as_ref(), &name)?;
    files::update(edit.tx, &datastore, &path, |file| {
        if let FileKind::Disk { capacity, thin, .. } = &mut file.kind {
            if !*thin {
                file.size += bytes - *capacity;
            }
            *capacity = bytes;
        }
    })
}
