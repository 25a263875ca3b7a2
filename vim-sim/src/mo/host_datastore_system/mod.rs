//! `HostDatastoreSystem`: a host's datastores.

mod create;
mod remove;
mod vmfs;

use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{
    DatastoreProperties, HostDatastoreBrowserProperties, HostDatastoreSystemProperties,
    HostStorageSystemProperties, HostSystemProperties,
};
use vim_types::{
    HostDatastoreSystemCapabilities, HostFileSystemMountInfo, HostFileSystemVolume, InaccessibleDatastore,
    NasDatastoreInfo, VmfsDatastoreInfo,
};
use vim_wire::{MoRef, Poly};

methods! {
    "CreateLocalDatastore" => create::local,
    "CreateNasDatastore" => create::nas,
    "CreateVmfsDatastore" => vmfs::create,
    "QueryAvailableDisksForVmfs" => vmfs::available_disks,
    "QueryUnresolvedVmfsVolumes" => vmfs::unresolved,
    "QueryVmfsDatastoreCreateOptions" => vmfs::options,
    "RemoveDatastore" => remove::remove,
    "RemoveDatastoreEx_Task" => remove::remove_several,
    "UpdateLocalSwapDatastore" => update_swap,
}

/// Has a host's datastore system and browser know the datastores that the host mounts.
pub(crate) fn follow(tx: &mut Tx<'_>, host: &MoRef) -> Result<()> {
    let moref = host;
    let host = tx.get::<HostSystemProperties>(host)?;
    let storage = host.config_manager.storage_system.clone();
    let (datastores, browser) = (host.datastore.clone(), host.datastore_browser.clone());
    if let Some(system) = host.config_manager.datastore_system.clone() {
        let properties = tx.edit::<HostDatastoreSystemProperties>(&system)?;
        properties.datastore.clone_from(&datastores);
        properties.capabilities = HostDatastoreSystemCapabilities {
            nfs_mount_creation_required: true,
            nfs_mount_creation_supported: true,
            local_datastore_supported: true,
            vmfs_extent_expansion_supported: true,
        };
    }
    let properties = tx.edit::<HostDatastoreBrowserProperties>(&browser)?;
    properties.datastore = datastores.clone();
    properties.supported_type = super::datastore::supported_types();
    if let Some(storage) = storage {
        let mounts = datastores.iter().filter_map(|datastore| mount_of(tx, datastore, moref)).collect();
        tx.edit::<HostStorageSystemProperties>(&storage)?.file_system_volume_info.mount_info = mounts;
    }
    Ok(())
}

/// A datastore's volume as its host tells of it.
fn mount_of(world: &World, datastore: &MoRef, host: &MoRef) -> Option<HostFileSystemMountInfo> {
    let datastore = world.get::<DatastoreProperties>(datastore).ok()?;
    let mount = datastore.host.iter().find(|mount| mount.key == *host)?;
    let vmfs = datastore.info.downcast_ref::<VmfsDatastoreInfo>().and_then(|info| info.vmfs.as_ref());
    let nas = datastore.info.downcast_ref::<NasDatastoreInfo>().and_then(|info| info.nas.as_ref());
    let mut volume: Poly<HostFileSystemVolume> = match (vmfs, nas) {
        (Some(vmfs), _) => vmfs.clone().into(),
        (_, Some(nas)) => nas.clone().into(),
        // A folder of the host's is no volume.
        (None, None) => return None,
    };
    (volume.capacity, volume.name) = (datastore.summary.capacity, datastore.name.clone());
    Some(HostFileSystemMountInfo {
        mount_info: mount.mount_info.clone(),
        volume,
        vstorage_support: Some("vStorageUnsupported".to_owned()),
    })
}

/// The host whose datastore system that is.
fn host_of(world: &World, system: &MoRef) -> Result<MoRef> {
    let is_of = |host: &HostSystemProperties| host.config_manager.datastore_system.as_ref() == Some(system);
    let hosts = world.of_kind("HostSystem");
    let host = hosts.iter().find(|node| node.properties().is_some_and(is_of));
    host.map(|node| node.moref.clone()).ok_or_else(|| Fault::managed_object_not_found(system))
}

/// Where the swap files of machines on the host go, where these shall not be beside the machines' other files.
fn update_swap(call: &Call<'_>) -> Result<Reply> {
    let datastore: Option<MoRef> = call.opt("datastore")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        if let Some(datastore) = &datastore {
            let name = tx.must(datastore)?.name().to_owned();
            if !tx.get::<HostSystemProperties>(&host)?.datastore.contains(datastore) {
                let message = format!("The host has no access to datastore '{name}'.");
                let mut fault = InaccessibleDatastore::default();
                (fault.datastore, fault.name) = (Some(datastore.clone()), Some(name));
                return Err(Fault::new(fault, message));
            }
        }
        if let Some(config) = &mut tx.edit::<HostSystemProperties>(&host)?.config {
            config.local_swap_datastore = datastore;
        }
        Ok(())
    })?;
    call.done()
}
