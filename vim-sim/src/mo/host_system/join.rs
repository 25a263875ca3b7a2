//! Hosts come into the inventory, and go from one compute resource to another.

use super::create_as;
use super::leave::{check_idle, in_cluster, owner};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::managed_entity::{attach, check_free, detach};
use crate::mo::{
    cluster_compute_resource, compute_resource, host_network_system, network, relations, resource_pool,
};
use crate::world::Tx;
use vim_types::mo::{
    ComputeResourceProperties, DatacenterProperties, HostSystemProperties, VirtualMachineProperties,
};
use vim_types::{
    AlreadyConnected, ComputeResourceConfigSpec, DuplicateName, HostAddedEvent, HostConnectSpec,
    HostSystemConnectionState, NoHost,
};
use vim_wire::{MoRef, Poly};

/// Adds a host of its own to a folder, and returns its compute resource.
pub(crate) fn add_standalone(
    tx: &mut Tx<'_>,
    folder: &MoRef,
    spec: &HostConnectSpec,
    config: Option<&Poly<ComputeResourceConfigSpec>>,
    connected: bool,
) -> Result<MoRef> {
    let name = new_name(tx, spec)?;
    check_free(tx, folder, &name)?;
    let host = tx.new_ref("HostSystem");
    create_as(tx, &host, &name, false);
    let resource = compute_resource::create(tx, folder, &name)?;
    if let Some(config) = config {
        compute_resource::configure(tx, &resource, config)?;
    }
    attach(tx, &host, &resource)?;
    arrive(tx, &host, connected)?;
    Ok(resource)
}

/// Adds a host to a cluster.
pub(crate) fn add_to_cluster(
    tx: &mut Tx<'_>,
    cluster: &MoRef,
    spec: &HostConnectSpec,
    connected: bool,
) -> Result<MoRef> {
    let name = new_name(tx, spec)?;
    let host = tx.new_ref("HostSystem");
    create_as(tx, &host, &name, false);
    attach(tx, &host, cluster)?;
    arrive(tx, &host, connected)?;
    Ok(host)
}

/// The name of a host that the inventory has not yet.
fn new_name(tx: &Tx<'_>, spec: &HostConnectSpec) -> Result<String> {
    let Some(name) = spec.host_name.clone().filter(|name| !name.trim().is_empty()) else {
        return Err(Fault::new(NoHost::default(), "The spec names no host."));
    };
    if tx.of_kind("HostSystem").iter().any(|host| host.name() == name) {
        let message = format!("The host {name} is in the inventory already.");
        return Err(Fault::new(AlreadyConnected { name, ..Default::default() }, message));
    }
    Ok(name)
}

/// What a host brings along, and what is told of it.
fn arrive(tx: &mut Tx<'_>, host: &MoRef, connected: bool) -> Result<()> {
    if !connected {
        tx.edit::<HostSystemProperties>(host)?.runtime.connection_state =
            HostSystemConnectionState::DISCONNECTED;
    }
    bring_networks(tx, host)?;
    let extends = events::of_host(tx, host);
    events::post(tx, HostAddedEvent { extends });
    Ok(())
}

/// Has the datacenter have the networks of a host's portgroups: by their names, one for all hosts.
pub(crate) fn bring_networks(tx: &mut Tx<'_>, host: &MoRef) -> Result<()> {
    let info = host_network_system::info(tx, host)?;
    let own: Vec<String> = info.vnic.iter().map(|vnic| vnic.portgroup.clone()).collect();
    let names = info.portgroup.iter().map(|portgroup| portgroup.spec.name.clone());
    let names: Vec<String> = names.filter(|name| !own.contains(name)).collect();
    for name in names {
        bring_network(tx, host, &name)?;
    }
    Ok(())
}

/// Has the datacenter have one network of a host, by its name.
pub(crate) fn bring_network(tx: &mut Tx<'_>, host: &MoRef, name: &str) -> Result<()> {
    let datacenter = tx.above(host, "Datacenter").map(|node| node.moref.clone());
    let datacenter = datacenter.ok_or_else(|| Fault::managed_object_not_found(host))?;
    let properties = tx.get::<DatacenterProperties>(&datacenter)?;
    let known =
        properties.network.iter().find(|network| network.kind() == "Network" && tx.name(network) == name);
    let network = match known.cloned() {
        Some(network) => network,
        None => {
            let folder = properties.network_folder.clone();
            if host.value() == "ha-host" {
                let network = MoRef::new("Network", format!("HaNetwork-{name}"));
                network::create_as(tx, &network, &folder, name)?;
                network
            } else {
                network::create(tx, &folder, name)?
            }
        }
    };
    relations::join_network(tx, &network, host)
}

/// Moves a host into a cluster of the same datacenter, and its VMs into a pool there: the cluster's own where none is said.
pub(crate) fn move_to_cluster(
    tx: &mut Tx<'_>,
    host: &MoRef,
    cluster: &MoRef,
    pool: Option<&MoRef>,
) -> Result<()> {
    let name = tx.get::<HostSystemProperties>(host)?.name.clone();
    let from = owner(tx, host)?;
    if from == *cluster {
        let fault = DuplicateName { name: name.clone(), object: host.clone(), ..Default::default() };
        return Err(Fault::new(fault, format!("Host {name} is in the cluster already.")));
    }
    let datacenter = |of: &MoRef| tx.above(of, "Datacenter").map(|node| node.moref.clone());
    if datacenter(host) != datacenter(cluster) {
        return Err(Fault::invalid_argument("host"));
    }
    let to = match pool {
        Some(pool) => pool.clone(),
        None => own_pool(tx, cluster)?,
    };
    change_owner(tx, host, &from, cluster, &to)
}

/// Takes a host out of a cluster to be by itself in a folder.
pub(crate) fn make_standalone(tx: &mut Tx<'_>, host: &MoRef, folder: &MoRef) -> Result<()> {
    if !in_cluster(tx, host) {
        return Err(Fault::not_supported("a standalone host is moved with its compute resource"));
    }
    crate::mo::folder::check_takes(tx, folder, "ComputeResource", "list")?;
    let from = owner(tx, host)?;
    let name = tx.get::<HostSystemProperties>(host)?.name.clone();
    check_free(tx, folder, &name)?;
    check_idle(tx, host)?;
    let resource = compute_resource::create(tx, folder, &name)?;
    let pool = own_pool(tx, &resource)?;
    change_owner(tx, host, &from, &resource, &pool)
}

fn own_pool(tx: &Tx<'_>, resource: &MoRef) -> Result<MoRef> {
    let pool = tx.get::<ComputeResourceProperties>(resource)?.resource_pool.clone();
    pool.ok_or_else(|| Fault::managed_object_not_found(resource))
}

fn change_owner(tx: &mut Tx<'_>, host: &MoRef, from: &MoRef, to: &MoRef, pool: &MoRef) -> Result<()> {
    let cluster = in_cluster(tx, host);
    if cluster {
        check_idle(tx, host)?;
        cluster_compute_resource::forget_host(tx, from, host)?;
    }
    detach(tx, host)?;
    attach(tx, host, to)?;
    for vm in tx.get::<HostSystemProperties>(host)?.vm.clone() {
        // Templates are in no pool.
        if tx.get::<VirtualMachineProperties>(&vm)?.resource_pool.is_some() {
            relations::set_pool(tx, &vm, Some(pool))?;
        }
    }
    if !cluster {
        let resource = tx.get::<ComputeResourceProperties>(from)?;
        let (own, browser) = (resource.resource_pool.clone(), resource.environment_browser.clone());
        if let Some(own) = own {
            resource_pool::remove_tree(tx, &own)?;
        }
        detach(tx, from)?;
        browser.iter().for_each(|browser| tx.remove(browser));
        tx.remove(from);
    }
    Ok(())
}
