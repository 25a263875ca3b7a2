//! Copies of disks.

use super::super::devices::file::{self, Shape};
use super::super::place;
use super::target::{Move, Provisioning};
use crate::fault::Result;
use crate::files;
use crate::world::Tx;
use vim_types::{VirtualDevice, VirtualDeviceFileBackingInfo, VirtualDiskFlatVer2BackingInfo};
use vim_wire::{MoRef, Poly};

/// Where a copy's file shall be: a datastore, a folder there, and the beginning of its name, or the whole of it.
pub(super) struct Place<'a> {
    pub(super) datastore: &'a MoRef,
    pub(super) folder: &'a str,
    pub(super) stem: &'a str,
    pub(super) wished: Option<String>,
}

/// What a disk's files take, as one file.
pub(super) fn content(tx: &Tx<'_>, device: &VirtualDevice) -> i64 {
    let sizes = file::chain(device).into_iter().filter_map(|(datastore, name)| {
        let (_, path) = files::parse(&name).ok()?;
        files::get(tx, &datastore, &path).map(|file| file.size)
    });
    sizes.sum()
}

/// Makes a copy of a disk for another machine, and has the device be it.
pub(super) fn copy(
    tx: &mut Tx<'_>,
    device: &mut Poly<VirtualDevice>,
    to: &Place<'_>,
    how: Move,
    wanted: Provisioning,
) -> Result<()> {
    let Some((datastore, name)) = file::chain(device).into_iter().next() else { return Ok(()) };
    let (_, path) = files::parse(&name)?;
    let source = files::must(tx, &datastore, &path)?.clone();
    let shape = file::shape(&source);
    let new_path = match &to.wished {
        Some(name) => files::parse(name)?.1,
        None => file::free_path(tx, to.datastore, to.folder, to.stem),
    };
    let uuid = file::new_uuid();
    let thin = wanted.thin.unwrap_or(shape.thin);
    let new = Shape {
        capacity: shape.capacity,
        thin,
        eager: !thin && wanted.eager.unwrap_or(shape.eager),
        uuid: Some(uuid.clone()),
    };
    let at = (to.datastore, new_path.as_str());
    let mut parent = None;
    match how {
        Move::Child => {
            file::create(tx, at, &new, Some(&path))?;
            parent = file::flat(device).cloned().map(Box::new);
        }
        Move::Newest if file::chain(device).len() > 1 => {
            let below = file::chain(device).into_iter().nth(1);
            let below = below.and_then(|(_, name)| files::parse(&name).ok()).map(|(_, path)| path);
            file::create(tx, at, &new, below.as_deref())?;
            files::update(tx, to.datastore, &new_path, |file| file.size = source.size)?;
            parent = file::flat(device).and_then(|flat| flat.parent.clone());
        }
        Move::Newest | Move::Whole => {
            let size = content(tx, device).min(new.capacity);
            file::create(tx, at, &new, None)?;
            if new.thin {
                files::update(tx, to.datastore, &new_path, |file| file.size = size)?;
            }
        }
    }
    let name = place::written(tx, to.datastore, &new_path);
    let is_child = parent.is_some();
    if file::flat(device).is_none() {
        // A mapped device becomes a disk like others when it is copied.
        let mode = "persistent".to_owned();
        device.backing =
            Some(VirtualDiskFlatVer2BackingInfo { disk_mode: mode, ..Default::default() }.into());
    }
    if let Some(flat) = file::flat_mut(device) {
        flat.thin_provisioned = Some(new.thin || is_child);
        flat.eagerly_scrub = Some(new.eager);
        flat.uuid = Some(uuid);
        flat.content_id = Some(file::new_content_id());
        flat.parent = parent;
        flat.delta_disk_format = is_child.then(|| "redoLogFormat".into());
        flat.change_id = flat.change_id.take().map(|_| format!("{}/0", uuid::Uuid::new_v4()));
    }
    let backing = device.backing.as_mut();
    if let Some(file) = backing.and_then(|backing| backing.downcast_mut::<VirtualDeviceFileBackingInfo>()) {
        file.file_name = name;
        file.datastore = Some(to.datastore.clone());
    }
    Ok(())
}
