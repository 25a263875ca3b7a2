//! Disks.

use crate::{
    VirtualDevice, VirtualDeviceFileBackingInfo, VirtualDisk, VirtualDiskFlatVer2BackingInfo, VirtualDiskMode,
};

/// When a new disk takes its space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Provisioning {
    /// As it is written.
    #[default]
    Thin,
    /// At once; zeroed as it is written first.
    Thick,
    /// At once, zeroed at once.
    EagerZeroed,
}

/// A disk that is to be made, of that many bytes, rounded up to whole KiB.
///
/// `file` is the datastore path of its file, such as `[ds1] web/data.vmdk`; `[ds1]` alone lets the server name the file on
/// that datastore, and an empty text on the VM's own. It needs a place on a controller, and is added with its file.
///
/// ```
/// use vim_types::ext::{Provisioning, capacity_bytes, disk_file, new_disk};
///
/// let disk = new_disk(20 << 30, "[ds1] web/data.vmdk", Provisioning::Thin);
/// assert_eq!((disk.capacity_in_kb, capacity_bytes(&disk)), (20 << 20, 20 << 30));
/// assert_eq!(disk_file(&disk), Some("[ds1] web/data.vmdk"));
/// ```
#[must_use]
pub fn new_disk(capacity_bytes: u64, file: &str, provisioning: Provisioning) -> VirtualDisk {
    let kib = i64::try_from(capacity_bytes.div_ceil(1024)).unwrap_or(i64::MAX);
    let mut backing = backing(file);
    backing.thin_provisioned = Some(provisioning == Provisioning::Thin);
    backing.eagerly_scrub = Some(provisioning == Provisioning::EagerZeroed);
    VirtualDisk { capacity_in_kb: kib, capacity_in_bytes: kib.checked_mul(1024), ..on(backing) }
}

/// A disk whose file is there already, at that datastore path. It needs a place on a controller, and is added without a
/// file operation.
#[must_use]
pub fn existing_disk(file: &str) -> VirtualDisk {
    on(backing(file))
}

fn on(backing: VirtualDiskFlatVer2BackingInfo) -> VirtualDisk {
    let extends = VirtualDevice { backing: Some(backing.into()), ..Default::default() };
    VirtualDisk { extends, ..Default::default() }
}

fn backing(file: &str) -> VirtualDiskFlatVer2BackingInfo {
    let extends = VirtualDeviceFileBackingInfo { file_name: file.to_owned(), ..Default::default() };
    let disk_mode = VirtualDiskMode::PERSISTENT.as_str().to_owned();
    VirtualDiskFlatVer2BackingInfo { extends, disk_mode, ..Default::default() }
}

/// The datastore path of a disk's file, whatever kind of backing it has; none for one without a file.
#[must_use]
pub fn disk_file(disk: &VirtualDisk) -> Option<&str> {
    let file = disk.backing.as_ref()?.downcast_ref::<VirtualDeviceFileBackingInfo>()?;
    Some(&file.file_name)
}

/// A disk's capacity in bytes; servers before 5.5 give it in KiB alone.
#[must_use]
pub fn capacity_bytes(disk: &VirtualDisk) -> i64 {
    disk.capacity_in_bytes.unwrap_or_else(|| disk.capacity_in_kb.saturating_mul(1024))
}
