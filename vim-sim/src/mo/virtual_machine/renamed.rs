//! A datastore has another name: what machines say of their files names it.

use super::{layout, snapshots};
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::{VirtualMachineProperties, VirtualMachineSnapshotProperties};
use vim_types::{
    VirtualDeviceFileBackingInfo, VirtualDiskFlatVer2BackingInfo, VirtualDiskSeSparseBackingInfo,
    VirtualMachineConfigInfo,
};
use vim_wire::MoRef;

/// Has a machine, and its snapshots, name a datastore as it is called now.
pub(crate) fn datastore_renamed(tx: &mut Tx<'_>, vm: &MoRef, old: &str, new: &str) -> Result<()> {
    let (old, new) = (format!("[{old}]"), format!("[{new}]"));
    if let Some(config) = &mut tx.edit::<VirtualMachineProperties>(vm)?.config {
        rewrite(config, &old, &new);
    }
    for snapshot in snapshots::all(tx, vm) {
        rewrite(&mut tx.edit::<VirtualMachineSnapshotProperties>(&snapshot)?.config, &old, &new);
        let kept = tx.edit_state::<snapshots::Kept>(&snapshot)?;
        for file in [&mut kept.data, &mut kept.memory].into_iter().flatten() {
            name(file, &old, &new);
        }
    }
    layout::refresh(tx, vm)
}

fn name(file: &mut String, old: &str, new: &str) {
    if let Some(path) = file.strip_prefix(old) {
        *file = format!("{new}{path}");
    }
}

fn rewrite(config: &mut VirtualMachineConfigInfo, old: &str, new: &str) {
    let files = &mut config.files;
    let paths = [
        &mut files.vm_path_name,
        &mut files.snapshot_directory,
        &mut files.suspend_directory,
        &mut files.log_directory,
        &mut files.ft_metadata_directory,
    ];
    for path in paths.into_iter().flatten() {
        name(path, old, new);
    }
    for url in &mut config.datastore_url {
        if format!("[{}]", url.name) == old {
            url.name = new.trim_matches(['[', ']']).to_owned();
        }
    }
    for backing in config.hardware.device.iter_mut().filter_map(|device| device.backing.as_mut()) {
        if let Some(file) = backing.downcast_mut::<VirtualDeviceFileBackingInfo>() {
            name(&mut file.file_name, old, new);
        }
        let mut flat = backing.downcast_mut::<VirtualDiskFlatVer2BackingInfo>();
        while let Some(parent) = flat.and_then(|flat| flat.parent.as_deref_mut()) {
            name(&mut parent.file_name, old, new);
            flat = Some(parent);
        }
        let mut sparse = backing.downcast_mut::<VirtualDiskSeSparseBackingInfo>();
        while let Some(parent) = sparse.and_then(|sparse| sparse.parent.as_deref_mut()) {
            name(&mut parent.file_name, old, new);
            sparse = Some(parent);
        }
    }
}
