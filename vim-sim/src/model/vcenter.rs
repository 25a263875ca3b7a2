//! The inventory of a vCenter.
//!
//! The numbers of ids are vcsim's: it makes tasks and host managers on the way, which is why some numbers are passed over.

use super::Model;
use super::machine::{self, Network, Place};
use crate::fault::{Fault, Result};
use crate::mo::managed_entity::attach;
use crate::mo::storage_resource_manager::pod;
use crate::mo::{
    cluster_compute_resource as cluster, compute_resource, datacenter, datastore,
    distributed_virtual_portgroup as portgroup, distributed_virtual_switch as switch, folder, host_system,
    network, relations, resource_pool, virtual_app,
};
use crate::world::Tx;
use vim_types::mo::{ComputeResourceProperties, DatacenterProperties, FolderProperties};
use vim_types::{
    ClusterConfigSpecEx, ClusterDrsConfigInfo, DVPortgroupConfigSpec, DVSConfigSpec, DVSCreateSpec,
};
use vim_wire::MoRef;

/// Numbers that vcsim gives to the managers of a host.
pub(super) const HOST_MANAGERS: u64 = 7;

/// The folders of a datacenter into which all is put.
struct Folders {
    vm: MoRef,
    host: MoRef,
    datastore: MoRef,
    network: MoRef,
}

/// VMs to be made once there are datastores.
struct Machines {
    prefix: String,
    pool: MoRef,
    hosts: Vec<MoRef>,
}

pub(super) fn create(tx: &mut Tx<'_>, model: &Model, root: &MoRef) -> Result<()> {
    let mut later = Vec::new();
    for number in 0..model.datacenters {
        later.push(datacenter(tx, model, root, number)?);
    }
    for (folders, network, hosts, machines) in later {
        let mut datastores = Vec::new();
        for number in 0..model.datastores {
            datastores.push(datastore(tx, &folders, number, &hosts)?);
        }
        let Some(datastore) = datastores.first() else { continue };
        for group in machines {
            let place = Place {
                folder: &folders.vm,
                pool: &group.pool,
                hosts: &group.hosts,
                datastore,
                network: &network,
            };
            machine::create(tx, &group.prefix, model.vms, model.autostart, &place)?;
        }
    }
    Ok(())
}

/// Passes over numbers that vcsim gives to what is not made here.
pub(super) fn pass(tx: &mut Tx<'_>, numbers: u64) {
    for _ in 0..numbers {
        tx.new_number();
    }
}

type Later = (Folders, Network, Vec<MoRef>, Vec<Machines>);

fn datacenter(tx: &mut Tx<'_>, model: &Model, root: &MoRef, number: usize) -> Result<Later> {
    let name = format!("DC{number}");
    // The last datacenters lie in folders, as many as there are folders.
    let within = (model.folders + number >= model.datacenters)
        .then(|| format!("F{}", number - model.datacenters.saturating_sub(model.folders)))
        .filter(|_| model.folders > 0);
    let parent = match &within {
        Some(within) => child_folder(tx, root, within)?,
        None => root.clone(),
    };
    let moref = datacenter::create(tx, &parent, &name)?;
    let datacenter = tx.get::<DatacenterProperties>(&moref)?;
    let mut folders = Folders {
        vm: datacenter.vm_folder.clone(),
        host: datacenter.host_folder.clone(),
        datastore: datacenter.datastore_folder.clone(),
        network: datacenter.network_folder.clone(),
    };
    let vm_network = network::create(tx, &folders.network, "VM Network")?;
    for number in 0..model.pods {
        pod::create(tx, &folders.datastore, &format!("{name}_POD{number}"))?;
    }
    if let Some(within) = &within {
        for folder in [&mut folders.datastore, &mut folders.host, &mut folders.network, &mut folders.vm] {
            *folder = child_folder(tx, folder, within)?;
        }
    }
    let (switch, machine_network) = networks(tx, model, &name, &folders.network, &vm_network)?;
    let (mut hosts, mut machines) = (Vec::new(), Vec::new());
    let mut add_host = |tx: &mut Tx<'_>, name: &str, cluster: Option<&MoRef>| -> Result<(MoRef, MoRef)> {
        pass(tx, 1 + HOST_MANAGERS);
        let host = tx.new_ref("HostSystem");
        host_system::create_as(tx, &host, name, false);
        let resource = match cluster {
            Some(cluster) => cluster.clone(),
            None => compute_resource::create(tx, &folders.host, name)?,
        };
        attach(tx, &host, &resource)?;
        relations::join_network(tx, &vm_network, &host)?;
        if let Some(switch) = &switch {
            pass(tx, 1);
            switch::add_host(tx, switch, &host)?;
        }
        hosts.push(host.clone());
        Ok((host, resource))
    };
    for number in 0..model.standalone_hosts {
        let prefix = format!("{name}_H{number}");
        let (host, resource) = add_host(tx, &prefix, None)?;
        machines.push(Machines { prefix, pool: pool_of(tx, &resource)?, hosts: vec![host] });
    }
    for number in 0..model.clusters {
        let name = format!("{name}_C{number}");
        let cluster = cluster::create(tx, &folders.host, &name)?;
        let drs = ClusterDrsConfigInfo { enabled: Some(true), ..Default::default() };
        let spec = ClusterConfigSpecEx { drs_config: Some(drs), ..Default::default() };
        cluster::configure(tx, &cluster, &spec)?;
        let mut own = Vec::new();
        for number in 0..model.hosts {
            own.push(add_host(tx, &format!("{name}_H{number}"), Some(&cluster))?.0);
        }
        let root = pool_of(tx, &cluster)?;
        if model.resource_pools == 0 {
            machines.push(Machines { prefix: format!("{name}_RP0"), pool: root.clone(), hosts: own.clone() });
        }
        let resources = resource_pool::unrestricted();
        for number in 1..=model.resource_pools {
            let prefix = format!("{name}_RP{number}");
            let pool = resource_pool::create(tx, &root, &cluster, &prefix, &resources)?;
            machines.push(Machines { prefix, pool, hosts: own.clone() });
        }
        for number in 0..model.apps {
            let prefix = format!("{name}_APP{number}");
            let pool = virtual_app::create(tx, &root, &cluster, Some(&folders.vm), &prefix, &resources)?;
            machines.push(Machines { prefix, pool, hosts: own.clone() });
        }
    }
    Ok((folders, machine_network, hosts, machines))
}

fn pool_of(tx: &Tx<'_>, resource: &MoRef) -> Result<MoRef> {
    let pool = tx.get::<ComputeResourceProperties>(resource)?.resource_pool.clone();
    pool.ok_or_else(|| Fault::managed_object_not_found(resource))
}

/// A folder below a folder, which takes what that takes.
fn child_folder(tx: &mut Tx<'_>, parent: &MoRef, name: &str) -> Result<MoRef> {
    let child_type = tx.get::<FolderProperties>(parent)?.child_type.clone();
    folder::create(tx, parent, name, child_type)
}

/// The switch with its portgroups and the networks of NSX; and which network the VMs are connected to.
fn networks(
    tx: &mut Tx<'_>,
    model: &Model,
    datacenter: &str,
    folder: &MoRef,
    vm_network: &MoRef,
) -> Result<(Option<MoRef>, Network)> {
    let mut machines = Network::Standard { name: "VM Network".into(), network: vm_network.clone() };
    let nsx = model.nsx_portgroups + model.opaque_networks;
    if model.portgroups == 0 && nsx == 0 {
        return Ok((None, machines));
    }
    pass(tx, 1);
    let spec = DVSConfigSpec { name: Some("DVS0".into()), ..Default::default() };
    let spec = DVSCreateSpec { config_spec: spec.into(), ..Default::default() };
    let switch = switch::create(tx, folder, &spec)?;
    pass(tx, 1);
    switch::furnish(tx, &switch, &spec.config_spec)?;
    let uuid = tx.get::<vim_types::mo::DistributedVirtualSwitchProperties>(&switch)?.uuid.clone();
    for number in 0..model.portgroups {
        pass(tx, 1);
        let spec = DVPortgroupConfigSpec {
            name: Some(format!("{datacenter}_DVPG{number}")),
            num_ports: Some(1),
            ..Default::default()
        };
        let portgroup = portgroup::create(tx, &switch, &spec)?;
        if number == 0 {
            machines = Network::Portgroup { switch: uuid.clone(), network: portgroup };
        }
    }
    let mut segments = Vec::new();
    for number in 0..nsx {
        pass(tx, 1);
        let segment = uuid::Uuid::new_v4().to_string();
        let spec = DVPortgroupConfigSpec {
            name: Some(format!("{datacenter}_NSXPG{number}")),
            backing_type: Some("nsx".into()),
            logical_switch_uuid: Some(segment.clone()),
            segment_id: Some(format!("/infra/segments/vnet_{segment}")),
            ..Default::default()
        };
        portgroup::create(tx, &switch, &spec)?;
        if number >= model.nsx_portgroups {
            segments.push(segment);
        }
    }
    for (number, segment) in segments.iter().enumerate() {
        network::create_opaque(tx, folder, &format!("{datacenter}_NSX{number}"), segment)?;
    }
    Ok((Some(switch), machines))
}

fn datastore(tx: &mut Tx<'_>, folders: &Folders, number: usize, hosts: &[MoRef]) -> Result<MoRef> {
    let moref = datastore::create_vmfs(tx, &folders.datastore, &format!("LocalDS_{number}"))?;
    pass(tx, 1);
    for host in hosts {
        relations::mount(tx, &moref, host)?;
    }
    Ok(moref)
}
