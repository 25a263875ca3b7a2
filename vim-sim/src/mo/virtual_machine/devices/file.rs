//! The files of disks: a disk is a chain of them, the newest first, each holding what was written since the next.

use super::super::place;
use crate::fault::Result;
use crate::files::{self, File, FileKind};
use crate::world::{Tx, World};
use vim_types::{
    VirtualDevice, VirtualDeviceFileBackingInfo, VirtualDisk, VirtualDiskFlatVer2BackingInfo,
    VirtualDiskRawDiskMappingVer1BackingInfo,
};
use vim_wire::{MoRef, Poly};

/// The file that a disk writes to.
pub(in super::super) fn name(device: &VirtualDevice) -> Option<&str> {
    let file = device.backing.as_ref()?.downcast_ref::<VirtualDeviceFileBackingInfo>()?;
    Some(&file.file_name)
}

/// The datastore on which that file lies.
pub(in super::super) fn datastore(device: &VirtualDevice) -> Option<&MoRef> {
    device.backing.as_ref()?.downcast_ref::<VirtualDeviceFileBackingInfo>()?.datastore.as_ref()
}

/// All files of a disk, the newest first, each with its datastore.
pub(in super::super) fn chain(device: &VirtualDevice) -> Vec<(MoRef, String)> {
    let mut files = Vec::new();
    let Some(backing) = &device.backing else { return files };
    let mut note = |file: &VirtualDeviceFileBackingInfo| {
        files.push((file.datastore.clone().unwrap_or_default(), file.file_name.clone()));
    };
    if let Some(flat) = backing.downcast_ref::<VirtualDiskFlatVer2BackingInfo>() {
        let all = std::iter::successors(Some(flat), |flat| flat.parent.as_deref());
        all.for_each(|flat| note(flat));
    } else if let Some(mapped) = backing.downcast_ref::<VirtualDiskRawDiskMappingVer1BackingInfo>() {
        let all = std::iter::successors(Some(mapped), |mapped| mapped.parent.as_deref());
        all.for_each(|mapped| note(mapped));
    } else if let Some(file) = backing.downcast_ref::<VirtualDeviceFileBackingInfo>() {
        note(file);
    }
    files
}

/// Whether a disk takes part in snapshots: an independent one does not.
pub(in super::super) fn is_dependent(disk: &VirtualDisk) -> bool {
    flat(disk).is_some_and(|flat| !flat.disk_mode.starts_with("independent"))
}

pub(in super::super) fn flat(device: &VirtualDevice) -> Option<&VirtualDiskFlatVer2BackingInfo> {
    device.backing.as_ref()?.downcast_ref()
}

pub(in super::super) fn flat_mut(device: &mut VirtualDevice) -> Option<&mut VirtualDiskFlatVer2BackingInfo> {
    device.backing.as_mut()?.downcast_mut()
}

pub(in super::super) fn disk_mut(device: &mut Poly<VirtualDevice>) -> Option<&mut VirtualDisk> {
    device.downcast_mut()
}

/// An identifier as disks have it: one that begins with VMware's own number.
pub(in super::super) fn new_uuid() -> String {
    let mut uuid = uuid::Uuid::new_v4().to_string();
    if let Some(head) = uuid.get_mut(..7) {
        head.make_ascii_uppercase();
    }
    format!("6000C29{}", uuid.get(7..).unwrap_or_default())
}

/// What tells one state of a disk's content from another.
pub(in super::super) fn new_content_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// The first name in a folder that no file has: `vm.vmdk`, `vm_1.vmdk`, `vm_2.vmdk`.
pub(in super::super) fn free_path(world: &World, datastore: &MoRef, folder: &str, stem: &str) -> String {
    let path = |name: String| place::join(folder, &name);
    let first = path(format!("{stem}.vmdk"));
    if files::get(world, datastore, &first).is_none() {
        return first;
    }
    let numbered = (1_u32..).map(|number| path(format!("{stem}_{number}.vmdk")));
    numbered.into_iter().find(|path| files::get(world, datastore, path).is_none()).unwrap_or(first)
}

/// The first name for a child of a disk: `vm-000001.vmdk` of `vm.vmdk` and of `vm-000004.vmdk`.
pub(in super::super) fn free_delta(world: &World, datastore: &MoRef, folder: &str, of: &str) -> String {
    let name = of.rsplit('/').next().unwrap_or(of);
    let stem = name.strip_suffix(".vmdk").unwrap_or(name);
    let stem = match stem.rsplit_once('-') {
        Some((head, number)) if number.len() == 6 && number.bytes().all(|byte| byte.is_ascii_digit()) => head,
        _ => stem,
    };
    let numbered = (1_u32..).map(|number| place::join(folder, &format!("{stem}-{number:06}.vmdk")));
    numbered.into_iter().find(|path| files::get(world, datastore, path).is_none()).unwrap_or_default()
}

/// What a disk's file says of itself.
#[derive(Clone, Debug)]
pub(in super::super) struct Shape {
    pub(in super::super) capacity: i64,
    pub(in super::super) thin: bool,
    pub(in super::super) eager: bool,
    pub(in super::super) uuid: Option<String>,
}

/// What a file says of the disk in it. What was uploaded as something else holds as much as it takes.
pub(in super::super) fn shape(file: &File) -> Shape {
    match &file.kind {
        FileKind::Disk { capacity, thin, eager, uuid, .. } => Shape {
            capacity: *capacity,
            thin: *thin,
            eager: *eager,
            uuid: uuid.as_deref().map(str::to_owned),
        },
        _ => Shape { capacity: file.size, thin: false, eager: false, uuid: None },
    }
}

/// A new file of a disk: an empty one, or one that begins as a child of another.
pub(in super::super) fn create(
    tx: &mut Tx<'_>,
    at: (&MoRef, &str),
    shape: &Shape,
    parent: Option<&str>,
) -> Result<()> {
    // What is written to a child comes later, so that it takes next to nothing at first.
    let thin = shape.thin || parent.is_some();
    let mut file = File::disk(shape.capacity, thin, tx.now);
    file.kind = FileKind::Disk {
        capacity: shape.capacity,
        thin,
        eager: shape.eager,
        uuid: shape.uuid.as_deref().map(Into::into),
        parent: parent.map(Into::into),
    };
    files::put(tx, at.0, at.1, file)
}
