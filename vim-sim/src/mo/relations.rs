//! What leads from one object to another in both directions: a VM to its host and pool, a host to its datastores and
//! networks. One direction is set here together with the other.

use super::host_datastore_system;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::{
    DatastoreProperties, HostSystemProperties, NetworkProperties, ResourcePoolProperties,
    VirtualMachineProperties,
};
use vim_types::{DatastoreHostMount, HostMountInfo, HostMountMode};
use vim_wire::MoRef;

/// Puts a VM into a resource pool or vApp, out of the one where it was; none takes it out, as of templates.
pub(crate) fn set_pool(tx: &mut Tx<'_>, vm: &MoRef, pool: Option<&MoRef>) -> Result<()> {
    let before = tx.get::<VirtualMachineProperties>(vm)?.resource_pool.clone();
    if before.as_ref() == pool {
        return Ok(());
    }
    if let Some(before) = before.filter(|before| tx.node(before).is_some()) {
        tx.edit::<ResourcePoolProperties>(&before)?.vm.retain(|other| other != vm);
    }
    if let Some(pool) = pool {
        tx.edit::<ResourcePoolProperties>(pool)?.vm.push(vm.clone());
    }
    // A VM has a folder or a vApp above it. As in vcsim it is the folder, by which scripts find VMs; that it is in a vApp
    // shows in its pool.
    tx.edit::<VirtualMachineProperties>(vm)?.resource_pool = pool.cloned();
    Ok(())
}

/// Puts a VM onto a host, off the one where it was.
pub(crate) fn set_host(tx: &mut Tx<'_>, vm: &MoRef, host: Option<&MoRef>) -> Result<()> {
    let before = tx.get::<VirtualMachineProperties>(vm)?.runtime.host.clone();
    if before.as_ref() == host {
        return Ok(());
    }
    if let Some(before) = before.filter(|before| tx.node(before).is_some()) {
        tx.edit::<HostSystemProperties>(&before)?.vm.retain(|other| other != vm);
    }
    if let Some(host) = host {
        tx.edit::<HostSystemProperties>(host)?.vm.push(vm.clone());
    }
    tx.edit::<VirtualMachineProperties>(vm)?.runtime.host = host.cloned();
    Ok(())
}

/// Says on which datastores a VM's files lie.
pub(crate) fn set_datastores(tx: &mut Tx<'_>, vm: &MoRef, datastores: Vec<MoRef>) -> Result<()> {
    let before = tx.get::<VirtualMachineProperties>(vm)?.datastore.clone();
    let (left, joined) = differ(&before, &datastores);
    for datastore in left.iter().filter(|datastore| tx.node(datastore).is_some()).collect::<Vec<_>>() {
        tx.edit::<DatastoreProperties>(datastore)?.vm.retain(|other| other != vm);
    }
    for datastore in &joined {
        tx.edit::<DatastoreProperties>(datastore)?.vm.push(vm.clone());
    }
    if before != datastores {
        tx.edit::<VirtualMachineProperties>(vm)?.datastore = datastores;
    }
    Ok(())
}

/// Says to which networks a VM's cards are connected.
pub(crate) fn set_networks(tx: &mut Tx<'_>, vm: &MoRef, networks: Vec<MoRef>) -> Result<()> {
    let before = tx.get::<VirtualMachineProperties>(vm)?.network.clone();
    let (left, joined) = differ(&before, &networks);
    for network in left.iter().filter(|network| tx.node(network).is_some()).collect::<Vec<_>>() {
        tx.edit::<NetworkProperties>(network)?.vm.retain(|other| other != vm);
    }
    for network in &joined {
        tx.edit::<NetworkProperties>(network)?.vm.push(vm.clone());
    }
    if before != networks {
        tx.edit::<VirtualMachineProperties>(vm)?.network = networks;
    }
    Ok(())
}

/// What one list has and the other has not.
fn differ(before: &[MoRef], after: &[MoRef]) -> (Vec<MoRef>, Vec<MoRef>) {
    let left = before.iter().filter(|moref| !after.contains(moref)).cloned().collect();
    let joined = after.iter().filter(|moref| !before.contains(moref)).cloned().collect();
    (left, joined)
}

/// Mounts a datastore on a host.
pub(crate) fn mount(tx: &mut Tx<'_>, datastore: &MoRef, host: &MoRef) -> Result<()> {
    if tx.get::<HostSystemProperties>(host)?.datastore.contains(datastore) {
        return Ok(());
    }
    let properties = tx.edit::<DatastoreProperties>(datastore)?;
    let path = Some(properties.summary.url.trim_start_matches("ds://").trim_end_matches('/').to_owned());
    properties.host.push(DatastoreHostMount {
        key: host.clone(),
        mount_info: HostMountInfo {
            path,
            access_mode: HostMountMode::READ_WRITE.as_str().to_owned(),
            mounted: Some(true),
            accessible: Some(true),
            ..Default::default()
        },
    });
    tx.edit::<HostSystemProperties>(host)?.datastore.push(datastore.clone());
    host_datastore_system::follow(tx, host)
}

/// Takes a datastore off a host.
pub(crate) fn unmount(tx: &mut Tx<'_>, datastore: &MoRef, host: &MoRef) -> Result<()> {
    tx.edit::<DatastoreProperties>(datastore)?.host.retain(|mount| mount.key != *host);
    tx.edit::<HostSystemProperties>(host)?.datastore.retain(|other| other != datastore);
    host_datastore_system::follow(tx, host)
}

/// Makes a network one of a host's.
pub(crate) fn join_network(tx: &mut Tx<'_>, network: &MoRef, host: &MoRef) -> Result<()> {
    if tx.get::<HostSystemProperties>(host)?.network.contains(network) {
        return Ok(());
    }
    tx.edit::<NetworkProperties>(network)?.host.push(host.clone());
    tx.edit::<HostSystemProperties>(host)?.network.push(network.clone());
    Ok(())
}

/// Takes a network from a host.
pub(crate) fn leave_network(tx: &mut Tx<'_>, network: &MoRef, host: &MoRef) -> Result<()> {
    if tx.node(network).is_some() {
        tx.edit::<NetworkProperties>(network)?.host.retain(|other| other != host);
    }
    tx.edit::<HostSystemProperties>(host)?.network.retain(|other| other != network);
    Ok(())
}
