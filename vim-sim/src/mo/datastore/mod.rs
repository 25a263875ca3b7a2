//! `Datastore`.

mod derived;
mod maintenance;
mod rename;
#[cfg(test)]
mod tests;

pub(crate) use derived::derived;
pub(crate) use rename::rename;

use super::managed_entity::{attach, detach, entity};
use super::relations;
use super::storage_resource_manager::iorm;
use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::{DatastoreProperties, HostDatastoreBrowserProperties};
use vim_types::{
    DatastoreCapability, DatastoreDestroyedEvent, DatastoreEvent, DatastoreInfo, DatastoreSummary,
    DatastoreSummaryMaintenanceModeState, Event, FileQuery, FloppyImageFileQuery, FolderFileQuery,
    HostFileSystemVolume, HostScsiDiskPartition, HostVmfsVolume, IsoImageFileQuery, ResourceInUse,
    VmConfigFileQuery, VmDiskFileQuery, VmLogFileQuery, VmNvramFileQuery, VmSnapshotFileQuery,
    VmfsDatastoreInfo,
};
use vim_wire::{MoRef, Poly};

/// Where a host has its datastores.
const VOLUMES: &str = "ds:///vmfs/volumes/";

/// The bytes of a file at the most, on VMFS.
const LARGEST: i64 = 62 << 40;

methods! {
    "DestroyDatastore" => destroy_datastore,
    "RefreshDatastore" => refresh,
    "RefreshDatastoreStorageInfo" => refresh,
    "RenameDatastore" => rename::rename_datastore,
    "DatastoreEnterMaintenanceMode" => maintenance::enter,
    "DatastoreExitMaintenanceMode_Task" => maintenance::exit,
    "IsClusteredVmdkEnabled" => is_clustered_vmdk_enabled,
}

/// Adds a datastore to a folder. No host has it until one mounts it ([`relations::mount`]).
///
/// What `info` says of name and space is set from what is known better; its `url` is kept where there is one. `kind` is the
/// summary's type: `VMFS`, `NFS`, `OTHER` …
pub(crate) fn create(
    tx: &mut Tx<'_>,
    folder: &MoRef,
    name: &str,
    info: impl Into<Poly<DatastoreInfo>>,
    kind: &str,
) -> Result<MoRef> {
    let moref = tx.new_ref("Datastore");
    let mut info = info.into();
    if info.url.is_empty() {
        info.url = new_url();
    }
    info.name = name.to_owned();
    info.timestamp = Some(tx.now);
    let browser = create_browser(tx, &moref);
    let properties = DatastoreProperties {
        extends: entity(name),
        summary: DatastoreSummary {
            url: info.url.clone(),
            r#type: kind.to_owned(),
            accessible: true,
            maintenance_mode: Some(DatastoreSummaryMaintenanceModeState::NORMAL.as_str().to_owned()),
            ..Default::default()
        },
        info,
        browser,
        iorm_configuration: (kind != "OTHER").then(iorm::initial),
        capability: DatastoreCapability {
            directory_hierarchy_supported: true,
            per_file_thin_provisioning_supported: true,
            top_level_directory_create_supported: Some(true),
            raw_disk_mappings_supported: kind == "VMFS",
            storage_iorm_supported: kind != "OTHER",
            se_sparse_supported: Some(kind == "VMFS"),
            vmfs_sparse_supported: Some(kind == "VMFS"),
            ..Default::default()
        },
        ..Default::default()
    };
    tx.create(&moref, properties);
    attach(tx, &moref, folder)?;
    Ok(moref)
}

/// Adds a datastore as models have them: `LocalDS_0`, a volume of VMFS.
pub(crate) fn create_vmfs(tx: &mut Tx<'_>, folder: &MoRef, name: &str) -> Result<MoRef> {
    let url = new_url();
    let uuid = url.trim_start_matches(VOLUMES).trim_end_matches('/').to_owned();
    let volume = HostVmfsVolume {
        extends: HostFileSystemVolume { r#type: "VMFS".into(), name: name.to_owned(), ..Default::default() },
        block_size_mb: 1,
        block_size: Some(1024),
        unmap_granularity: Some(1024),
        unmap_priority: Some("low".into()),
        max_blocks: 63_963_136,
        major_version: 6,
        version: "6.82".into(),
        extent: vec![HostScsiDiskPartition {
            disk_name: format!("naa.{}", uuid.replace('-', "")),
            partition: 1,
        }],
        uuid,
        ssd: Some(true),
        local: Some(false),
        ..Default::default()
    };
    let info = VmfsDatastoreInfo {
        extends: DatastoreInfo {
            url,
            max_file_size: LARGEST,
            max_memory_file_size: LARGEST,
            ..Default::default()
        },
        max_physical_rdm_file_size: LARGEST,
        max_virtual_rdm_file_size: LARGEST,
        vmfs: Some(volume),
    };
    create(tx, folder, name, info, "VMFS")
}

/// An URL with an id as VMFS makes them.
fn new_url() -> String {
    let id = uuid::Uuid::new_v4().as_u128();
    let (a, b, c, d) = (id >> 96, (id >> 64) & 0xffff_ffff, (id >> 48) & 0xffff, id & 0xffff_ffff_ffff);
    format!("{VOLUMES}{a:08x}-{b:08x}-{c:04x}-{d:012x}/")
}

fn create_browser(tx: &mut Tx<'_>, datastore: &MoRef) -> MoRef {
    let browser = MoRef::new("HostDatastoreBrowser", format!("datastoreBrowser-{}", datastore.value()));
    let properties = HostDatastoreBrowserProperties {
        datastore: vec![datastore.clone()],
        supported_type: supported_types(),
    };
    tx.create(&browser, properties);
    browser
}

/// The kinds of files that a browser knows.
pub(crate) fn supported_types() -> Vec<Poly<FileQuery>> {
    vec![
        FolderFileQuery::default().into(),
        VmConfigFileQuery::default().into(),
        VmDiskFileQuery::default().into(),
        VmSnapshotFileQuery::default().into(),
        VmNvramFileQuery::default().into(),
        VmLogFileQuery::default().into(),
        IsoImageFileQuery::default().into(),
        FloppyImageFileQuery::default().into(),
    ]
}

/// Takes a datastore out of the inventory and off its hosts, with its files.
///
/// Errors: ResourceInUse where VMs are on it.
pub(crate) fn destroy(tx: &mut Tx<'_>, datastore: &MoRef) -> Result<()> {
    let properties = tx.get::<DatastoreProperties>(datastore)?;
    let browser = properties.browser.clone();
    let hosts: Vec<_> = properties.host.iter().map(|mount| mount.key.clone()).collect();
    check_unused(tx, datastore)?;
    let event = Event { ds: Some(events::datastore(tx, datastore)), ..Default::default() };
    let event = DatastoreEvent { extends: event, datastore: Some(events::datastore(tx, datastore)) };
    events::post(tx, DatastoreDestroyedEvent { extends: event });
    for host in hosts {
        relations::unmount(tx, datastore, &host)?;
    }
    detach(tx, datastore)?;
    tx.remove(&browser);
    tx.remove(datastore);
    Ok(())
}

/// The fault that a datastore is in use, where VMs are on it.
pub(crate) fn check_unused(tx: &Tx<'_>, datastore: &MoRef) -> Result<()> {
    let properties = tx.get::<DatastoreProperties>(datastore)?;
    if properties.vm.is_empty() {
        return Ok(());
    }
    let name = properties.name.clone();
    let message = format!("The resource '{name}' is in use.");
    Err(Fault::new(
        ResourceInUse { r#type: Some("Datastore".into()), name: Some(name), ..Default::default() },
        message,
    ))
}

fn destroy_datastore(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| destroy(tx, &call.this))?;
    call.done()
}

/// What is known of the space is up to date always; only the time of looking is new.
fn refresh(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| {
        let now = tx.now;
        tx.edit::<DatastoreProperties>(&call.this)?.info.timestamp = Some(now);
        Ok(())
    })?;
    call.done()
}

fn is_clustered_vmdk_enabled(call: &Call<'_>) -> Result<Reply> {
    call.read(|world| world.get::<DatastoreProperties>(&call.this).map(|_| ()))?;
    call.returns(&false)
}
