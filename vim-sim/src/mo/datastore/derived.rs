//! What follows from a datastore's other properties: its summary, and the sum of its pod.

use super::maintenance;
use crate::files;
use crate::mo::storage_resource_manager::pod;
use crate::mo::{host_datastore_system, host_system};
use crate::world::Tx;
use vim_types::VmfsDatastoreInfo;
use vim_types::mo::DatastoreProperties;
use vim_wire::MoRef;

/// Sets what follows from other properties.
pub(crate) fn derived(tx: &mut Tx<'_>, datastore: &MoRef) {
    let (capacity, free) = files::space(tx, datastore);
    let uncommitted = files::uncommitted(tx, datastore);
    let now = tx.now;
    maintenance::advance(tx, datastore);
    let Ok(properties) = tx.get::<DatastoreProperties>(datastore) else { return };
    let parent = properties.parent.clone();
    let name = properties.name.clone();
    let reached = |mount: &vim_types::DatastoreHostMount| mount.mount_info.accessible != Some(false);
    let mut summary = properties.summary.clone();
    summary.accessible = properties.host.is_empty() || properties.host.iter().any(reached);
    summary.multiple_host_access = Some(properties.host.len() > 1);
    summary.datastore = Some(datastore.clone());
    summary.name.clone_from(&name);
    (summary.capacity, summary.free_space) = (capacity, free);
    summary.uncommitted = Some(uncommitted);
    let mut info = properties.info.clone();
    info.name = name;
    if info.free_space != free {
        info.timestamp = Some(now);
    }
    info.free_space = free;
    if let Some(volume) = info.downcast_mut::<VmfsDatastoreInfo>().and_then(|info| info.vmfs.as_mut()) {
        volume.capacity = capacity;
        volume.name.clone_from(&summary.name);
    } else {
        (info.max_file_size, info.max_memory_file_size) = (capacity, capacity);
    }
    if summary != properties.summary || info != properties.info {
        let before = &properties.summary;
        let hosts = match before.capacity != summary.capacity || before.name != summary.name {
            true => properties.host.iter().map(|mount| mount.key.clone()).collect(),
            false => Vec::new(),
        };
        let Ok(properties) = tx.edit::<DatastoreProperties>(datastore) else { return };
        (properties.summary, properties.info) = (summary, info);
        for host in &hosts {
            // What a host tells of its volumes; where it is gone, nobody asks it.
            if host_datastore_system::follow(tx, host).is_ok() {
                host_system::derived(tx, host);
            }
        }
    }
    if let Some(parent) = parent.filter(|parent| parent.kind() == "StoragePod") {
        pod::derived(tx, &parent);
    }
}
