//! Where a machine is, and whether there is room for it.

use super::faults;
use crate::fault::{Fault, Result};
use crate::files;
use crate::mo::managed_entity::valid_name;
use crate::world::{Tx, World};
use vim_types::mo::{
    ComputeResourceProperties, DatastoreProperties, FolderProperties, HostSystemProperties,
    ResourcePoolProperties,
};
use vim_types::{HostSystemConnectionState, InvalidDatastore, InvalidHostState};
use vim_wire::MoRef;

/// The datacenter of an object.
pub(super) fn datacenter(world: &World, of: &MoRef) -> Option<MoRef> {
    world.above(of, "Datacenter").map(|node| node.moref.clone())
}

/// The object of that name in a folder, other than one.
fn named(world: &World, folder: &MoRef, name: &str, but: &MoRef) -> Option<MoRef> {
    let children = &world.get::<FolderProperties>(folder).ok()?.child_entity;
    children.iter().find(|child| *child != but && world.name(child) == name).cloned()
}

/// A name for a machine, or DuplicateName where another object of its folder has it.
pub(super) fn free_name(world: &World, vm: &MoRef, name: &str) -> Result<String> {
    let name = valid_name(name)?;
    if let Some(folder) = world.must(vm)?.parent()
        && let Some(other) = named(world, folder, &name, vm)
    {
        return Err(faults::duplicate_name(&name, &other));
    }
    Ok(name)
}

/// A name that no object of a folder has.
pub(super) fn new_name(world: &World, folder: &MoRef, name: &str) -> Result<String> {
    let name = valid_name(name)?;
    match named(world, folder, &name, folder) {
        Some(other) => Err(faults::duplicate_name(&name, &other)),
        None => Ok(name),
    }
}

/// The folder, or the fault that it takes no machines.
pub(super) fn folder(world: &World, folder: &MoRef) -> Result<()> {
    let properties = world.get::<FolderProperties>(folder)?;
    match properties.child_type.iter().any(|kind| kind == "VirtualMachine") {
        true => Ok(()),
        false => Err(Fault::not_supported("the folder takes no virtual machines")),
    }
}

/// The host on which a machine of a pool shall be: the one that is given, if it is of the pool's, or the one with the
/// fewest machines. It has the datastore where one is given.
pub(super) fn host(
    world: &World,
    pool: &MoRef,
    host: Option<&MoRef>,
    property: &str,
    datastore: Option<&MoRef>,
) -> Result<MoRef> {
    let owner = &world.get::<ResourcePoolProperties>(pool)?.owner;
    let hosts = &world.get::<ComputeResourceProperties>(owner)?.host;
    if let Some(host) = host {
        world.get::<HostSystemProperties>(host)?;
        if !hosts.contains(host) {
            return Err(Fault::invalid_argument(property));
        }
        usable(world, host)?;
        datastore.map_or(Ok(()), |datastore| reachable(world, datastore, Some(host)))?;
        return Ok(host.clone());
    }
    let has =
        |host: &MoRef| datastore.is_none_or(|datastore| reachable(world, datastore, Some(host)).is_ok());
    let usable_hosts: Vec<&MoRef> = hosts.iter().filter(|host| usable(world, host).is_ok()).collect();
    if let (Some(datastore), [first, ..]) = (datastore, usable_hosts.as_slice())
        && !usable_hosts.iter().any(|host| has(host))
    {
        reachable(world, datastore, Some(first))?;
    }
    let best = usable_hosts
        .into_iter()
        .filter(|host| has(host))
        .min_by_key(|host| world.get::<HostSystemProperties>(host).map_or(usize::MAX, |host| host.vm.len()));
    best.cloned().ok_or_else(|| {
        let fault = InvalidHostState { host: hosts.first().cloned(), ..Default::default() };
        Fault::new(fault, "No host is in a state in which it takes virtual machines.")
    })
}

/// Whether a host takes machines.
pub(super) fn usable(world: &World, host: &MoRef) -> Result<()> {
    let runtime = &world.get::<HostSystemProperties>(host)?.runtime;
    let connected = runtime.connection_state == HostSystemConnectionState::CONNECTED;
    if runtime.in_maintenance_mode || !connected {
        let fault = InvalidHostState { host: Some(host.clone()), ..Default::default() };
        let why = if connected { "in maintenance mode" } else { "not connected" };
        return Err(Fault::new(fault, format!("The host '{}' is {why}.", world.name(host))));
    }
    Ok(())
}

/// The datastore and the path in it of `[ds] a/b`, seen from a machine on a host.
pub(super) fn datastore_of(
    world: &World,
    vm: &MoRef,
    host: Option<&MoRef>,
    path: &str,
) -> Result<(MoRef, String)> {
    let datacenter = datacenter(world, vm);
    let (datastore, path) = files::resolve(world, datacenter.as_ref(), path)?;
    reachable(world, &datastore, host)?;
    Ok((datastore, path))
}

/// Whether a host has a datastore.
pub(super) fn reachable(world: &World, datastore: &MoRef, host: Option<&MoRef>) -> Result<()> {
    let properties = world.get::<DatastoreProperties>(datastore)?;
    let mounted = host.is_none_or(|host| properties.host.iter().any(|mount| mount.key == *host));
    if mounted {
        return Ok(());
    }
    let fault = InvalidDatastore {
        datastore: Some(datastore.clone()),
        name: Some(properties.name.clone()),
        ..Default::default()
    };
    let host = host.map_or("", |host| world.name(host));
    Err(Fault::new(fault, format!("The host '{host}' has no access to datastore '{}'.", properties.name)))
}

/// The folder of a path: `a` of `a/b.vmx`, and nothing of `b.vmx`.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path below a folder, whose own may be empty.
pub(super) fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// A transaction's view, for functions that take a world.
pub(super) fn written(tx: &Tx<'_>, datastore: &MoRef, path: &str) -> String {
    files::written(tx.name(datastore), path)
}
