//! Volumes of VMFS on a host's disks.

use super::create::{self, New};
use super::host_of;
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::files;
use crate::mo::managed_entity::valid_name;
use crate::world::World;
use vim_types::mo::{DatastoreProperties, HostSystemProperties};
use vim_types::{
    DatastoreInfo, HostConfigFault, HostDiskDimensionsLba, HostDiskPartitionAttributes,
    HostDiskPartitionBlockRange, HostDiskPartitionLayout, HostDiskPartitionSpec, HostFileSystemVolume,
    HostScsiDisk, HostScsiDiskPartition, HostUnresolvedVmfsVolume, HostVmfsSpec, HostVmfsVolume,
    VMFSDatastoreCreatedEvent, VmfsDatastoreAllExtentOption, VmfsDatastoreBaseOption,
    VmfsDatastoreCreateSpec, VmfsDatastoreInfo, VmfsDatastoreOption, VmfsDatastoreSingleExtentOption,
    VmfsDatastoreSpec,
};
use vim_wire::MoRef;

/// The version of VMFS that new volumes have.
const VERSION: i32 = 6;

/// Where a volume begins on its disk.
const FIRST_SECTOR: i64 = 2048;

/// A host's disks that no datastore is on.
fn available(world: &World, host: &MoRef) -> Result<Vec<HostScsiDisk>> {
    let host = world.get::<HostSystemProperties>(host)?;
    let storage = host.config.as_ref().and_then(|config| config.storage_device.as_ref());
    let volume = |datastore| {
        let info = &world.get::<DatastoreProperties>(datastore).ok()?.info;
        info.downcast_ref::<VmfsDatastoreInfo>()?.vmfs.as_ref()
    };
    let used = |name: Option<&str>| {
        let mut extents = host.datastore.iter().filter_map(volume).flat_map(|volume| &volume.extent);
        extents.any(|extent| Some(&*extent.disk_name) == name)
    };
    let disks = storage.iter().flat_map(|storage| &storage.scsi_lun).filter_map(|lun| lun.downcast_ref());
    Ok(disks.filter(|disk: &&HostScsiDisk| !used(disk.canonical_name.as_deref())).cloned().collect())
}

pub(super) fn available_disks(call: &Call<'_>) -> Result<Reply> {
    let _: Option<MoRef> = call.opt("datastore")?;
    let disks = call.read(|world| available(world, &host_of(world, &call.this)?))?;
    call.returns(&disks)
}

pub(super) fn unresolved(call: &Call<'_>) -> Result<Reply> {
    call.returns(&Vec::<HostUnresolvedVmfsVolume>::new())
}

/// A volume on the whole of a disk is what can be made.
pub(super) fn options(call: &Call<'_>) -> Result<Reply> {
    let path: String = call.arg("devicePath")?;
    let version: i32 = call.opt("vmfsMajorVersion")?.unwrap_or(VERSION);
    let disks = call.read(|world| available(world, &host_of(world, &call.this)?))?;
    let disk = disks.iter().find(|disk| disk.device_path == path).ok_or_else(|| Fault::not_found(&path))?;
    call.returns(&vec![option(disk, version)])
}

fn option(disk: &HostScsiDisk, version: i32) -> VmfsDatastoreOption {
    let at = |block| HostDiskDimensionsLba { block, ..disk.capacity.clone() };
    let last = disk.capacity.block - 1;
    let range = HostDiskPartitionBlockRange {
        partition: Some(1),
        r#type: "vmfs".into(),
        start: at(FIRST_SECTOR),
        end: at(last),
    };
    let layout =
        HostDiskPartitionLayout { total: Some(disk.capacity.clone()), partition: vec![range.clone()] };
    let base = VmfsDatastoreBaseOption { layout, partition_format_change: Some(false) };
    let single = VmfsDatastoreSingleExtentOption { extends: base, vmfs_extent: range };
    let partition = HostDiskPartitionAttributes {
        partition: 1,
        start_sector: FIRST_SECTOR,
        end_sector: last,
        r#type: "vmfs".into(),
        ..Default::default()
    };
    let name = disk.canonical_name.clone().unwrap_or_default();
    let spec = VmfsDatastoreCreateSpec {
        extends: VmfsDatastoreSpec { disk_uuid: disk.uuid.clone() },
        partition: HostDiskPartitionSpec {
            partition_format: Some("gpt".into()),
            total_sectors: Some(disk.capacity.block),
            partition: vec![partition],
            ..Default::default()
        },
        vmfs: HostVmfsSpec {
            extent: HostScsiDiskPartition { disk_name: name, partition: 1 },
            major_version: version,
            ..Default::default()
        },
        ..Default::default()
    };
    VmfsDatastoreOption { info: VmfsDatastoreAllExtentOption { extends: single }.into(), spec: spec.into() }
}

pub(super) fn create(call: &Call<'_>) -> Result<Reply> {
    let spec: VmfsDatastoreCreateSpec = call.arg("spec")?;
    let name = valid_name(&spec.vmfs.volume_name)?;
    let datastore = call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let wanted = &spec.vmfs.extent.disk_name;
        let disks = available(tx, &host)?;
        let disk = disks.iter().find(|disk| disk.canonical_name.as_ref() == Some(wanted));
        let Some(disk) = disk else {
            let message = format!("Disk '{wanted}' is not there, or a datastore is on it already.");
            return Err(Fault::new(HostConfigFault::default(), message));
        };
        let block = i64::from(disk.capacity.block_size);
        let blocks = match spec.partition.partition.first() {
            Some(partition) => partition.end_sector - partition.start_sector + 1,
            None => disk.capacity.block - FIRST_SECTOR,
        };
        if blocks <= 0 || blocks > disk.capacity.block {
            return Err(Fault::invalid_argument("spec.partition"));
        }
        let volume = HostVmfsVolume {
            extends: HostFileSystemVolume { r#type: "VMFS".into(), name: name.clone(), ..Default::default() },
            block_size_mb: 1,
            max_blocks: 63_963_136,
            major_version: spec.vmfs.major_version,
            version: format!("{}.82", spec.vmfs.major_version),
            uuid: uuid::Uuid::new_v4().to_string(),
            extent: std::iter::once(&spec.vmfs.extent).chain(&spec.extent).cloned().collect(),
            ssd: disk.ssd,
            local: disk.local_disk,
            ..Default::default()
        };
        let info = VmfsDatastoreInfo { vmfs: Some(volume), ..Default::default() };
        let new = New { name, info: info.into(), kind: "VMFS".into() };
        let datastore = create::add(tx, &host, new, |_: &vim_wire::Poly<DatastoreInfo>| false)?;
        files::set_capacity(tx, &datastore, blocks.saturating_mul(block))?;
        let event = VMFSDatastoreCreatedEvent {
            extends: events::of_host(tx, &host),
            datastore: events::datastore(tx, &datastore),
            datastore_url: Some(tx.get::<DatastoreProperties>(&datastore)?.summary.url.clone()),
        };
        events::post(tx, event);
        Ok(datastore)
    })?;
    call.returns(&datastore)
}
