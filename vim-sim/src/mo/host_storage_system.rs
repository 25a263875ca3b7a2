//! `HostStorageSystem`: a host's adapters, disks and paths.

use super::host_system::host_of;
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{HostStorageSystemProperties, HostSystemProperties};
use vim_types::{
    HostDiskDimensionsChs, HostDiskDimensionsLba, HostDiskPartitionAttributes, HostDiskPartitionBlockRange,
    HostDiskPartitionInfo, HostDiskPartitionLayout, HostDiskPartitionSpec, HostScsiDisk,
    HostStorageDeviceInfo,
};
use vim_wire::{Any, MoRef};

methods! {
    "RescanAllHba" => refresh,
    "RescanHba" => rescan_adapter,
    "RescanVmfs" => refresh,
    "RefreshStorageSystem" => refresh,
    "RetrieveDiskPartitionInfo" => partition_info,
    "UpdateScsiLunDisplayName" => update_display_name,
    "AttachScsiLun" => attach,
    "DetachScsiLun" => detach,
    "UpdateSoftwareInternetScsiEnabled" => enable_iscsi,
    "MarkAsSsd_Task" => mark_as_ssd,
    "MarkAsNonSsd_Task" => mark_as_non_ssd,
    "MarkAsLocal_Task" => mark_as_local,
    "MarkAsNonLocal_Task" => mark_as_non_local,
}

/// What there is, is known.
fn refresh(call: &Call<'_>) -> Result<Reply> {
    call.read(|world| host_of(world, &call.this))?;
    call.done()
}

fn devices<'w>(world: &'w World, system: &MoRef) -> Result<&'w HostStorageDeviceInfo> {
    let info = world.get::<HostStorageSystemProperties>(system)?.storage_device_info.as_ref();
    info.ok_or_else(|| Fault::managed_object_not_found(system))
}

fn rescan_adapter(call: &Call<'_>) -> Result<Reply> {
    let device: String = call.arg("hbaDevice")?;
    call.read(|world| {
        let known =
            devices(world, &call.this)?.host_bus_adapter.iter().any(|adapter| adapter.device == device);
        if known { Ok(()) } else { Err(Fault::not_found(format!("adapter {device}"))) }
    })?;
    call.done()
}

/// Changes a host's disk, known by its uuid; the host's configuration follows.
fn edit_disk(
    tx: &mut Tx<'_>,
    system: &MoRef,
    uuid: &str,
    change: impl FnOnce(&mut HostScsiDisk) -> Result<()>,
) -> Result<()> {
    let host = host_of(tx, system)?;
    let info = tx.edit::<HostStorageSystemProperties>(system)?.storage_device_info.get_or_insert_default();
    let lun = info.scsi_lun.iter_mut().find(|lun| lun.uuid == uuid);
    let disk = lun.and_then(|lun| lun.downcast_mut::<HostScsiDisk>());
    change(disk.ok_or_else(|| Fault::not_found(format!("disk {uuid}")))?)?;
    tx.edit::<HostSystemProperties>(&host)?;
    Ok(())
}

fn edit_by_call(call: &Call<'_>, change: impl FnOnce(&mut HostScsiDisk) -> Result<()>) -> Result<Reply> {
    let uuid: String = call.arg("lunUuid")?;
    call.write(|tx| edit_disk(tx, &call.this, &uuid, change))?;
    call.done()
}

fn update_display_name(call: &Call<'_>) -> Result<Reply> {
    let name: String = call.arg("displayName")?;
    edit_by_call(call, |disk| {
        disk.display_name = Some(name);
        Ok(())
    })
}

fn set_state(call: &Call<'_>, from: &str, to: &str) -> Result<Reply> {
    edit_by_call(call, |disk| {
        if disk.operational_state.iter().any(|state| state == to) {
            return Err(Fault::invalid_state(format!("the disk is {to} already")));
        }
        disk.operational_state.retain(|state| state != from);
        disk.operational_state.push(to.to_owned());
        Ok(())
    })
}

fn attach(call: &Call<'_>) -> Result<Reply> {
    set_state(call, "off", "ok")
}

/// A disk with a datastore on it stays.
fn detach(call: &Call<'_>) -> Result<Reply> {
    let used = call.read(|world| {
        let host = host_of(world, &call.this)?;
        world.get::<HostSystemProperties>(&host).map(|host| !host.datastore.is_empty())
    })?;
    if used {
        return Err(Fault::resource_in_use("ScsiLun", &call.arg::<String>("lunUuid")?));
    }
    set_state(call, "ok", "off")
}

fn enable_iscsi(call: &Call<'_>) -> Result<Reply> {
    let enabled: bool = call.arg("enabled")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let system = tx.edit::<HostStorageSystemProperties>(&call.this)?;
        system.storage_device_info.get_or_insert_default().software_internet_scsi_enabled = enabled;
        tx.edit::<HostSystemProperties>(&host)?;
        Ok(())
    })?;
    call.done()
}

fn mark(call: &Call<'_>, change: fn(&mut HostScsiDisk)) -> Result<Reply> {
    let (system, uuid): (_, String) = (call.this.clone(), call.arg("scsiDiskUuid")?);
    call.task(&call.this, move |tx| {
        edit_disk(tx, &system, &uuid, |disk| {
            change(disk);
            Ok(())
        })?;
        Ok(Any::Nil)
    })
}

fn mark_as_ssd(call: &Call<'_>) -> Result<Reply> {
    mark(call, |disk| disk.ssd = Some(true))
}

fn mark_as_non_ssd(call: &Call<'_>) -> Result<Reply> {
    mark(call, |disk| disk.ssd = Some(false))
}

fn mark_as_local(call: &Call<'_>) -> Result<Reply> {
    mark(call, |disk| disk.local_disk = Some(true))
}

fn mark_as_non_local(call: &Call<'_>) -> Result<Reply> {
    mark(call, |disk| disk.local_disk = Some(false))
}

fn partition_info(call: &Call<'_>) -> Result<Reply> {
    let paths: Vec<String> = call.list("devicePath")?;
    let found = call.read(|world| {
        let disks = devices(world, &call.this)?.scsi_lun.iter();
        let disks: Vec<&HostScsiDisk> = disks.filter_map(|lun| lun.downcast_ref()).collect();
        let of_path = |path: &String| {
            let disk = disks.iter().find(|disk| disk.device_path == *path);
            disk.map(|disk| partitions(disk)).ok_or_else(|| Fault::not_found(format!("disk {path}")))
        };
        paths.iter().map(of_path).collect::<Result<Vec<_>>>()
    })?;
    call.returns(&found)
}

/// What is on a disk: one partition, of VMFS.
fn partitions(disk: &HostScsiDisk) -> HostDiskPartitionInfo {
    /// Where the first partition begins.
    const FIRST: i64 = 2_048;
    let (blocks, block_size) = (disk.capacity.block, disk.capacity.block_size);
    let last = blocks - 34;
    let at = |block| HostDiskDimensionsLba { block_size, block };
    HostDiskPartitionInfo {
        device_name: disk.device_path.clone(),
        spec: HostDiskPartitionSpec {
            partition_format: Some("gpt".into()),
            chs: Some(HostDiskDimensionsChs { cylinder: blocks / (255 * 63), head: 255, sector: 63 }),
            total_sectors: Some(blocks),
            partition: vec![HostDiskPartitionAttributes {
                partition: 1,
                start_sector: FIRST,
                end_sector: last,
                r#type: "vmfs".into(),
                logical: false,
                ..Default::default()
            }],
            ..Default::default()
        },
        layout: HostDiskPartitionLayout {
            total: Some(at(blocks)),
            partition: vec![HostDiskPartitionBlockRange {
                partition: Some(1),
                r#type: "vmfs".into(),
                start: at(FIRST),
                end: at(last),
            }],
        },
    }
}
