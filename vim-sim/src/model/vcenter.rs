//! The inventory of a vCenter.
//!
//! The numbers of ids are vcsim's: it makes tasks and host managers on the way, which is why some numbers are passed over.

use super::Model;
use super::machine::{self, Network, Place};
use crate::fault::{Fault, Result};
use crate::mo::managed_entity::{attach, entity};
use crate::mo::{
    cluster_compute_resource as cluster, compute_resource, datacenter,
    distributed_virtual_portgroup as portgroup, distributed_virtual_switch as switch, folder, host_system,
    network, relations, resource_pool, virtual_app,
};
use crate::world::Tx;
use vim_types::mo::{
    ComputeResourceProperties, DatacenterProperties, DatastoreProperties, FolderProperties,
    HostDatastoreBrowserProperties, StoragePodProperties,
};
use vim_types::{DVPortgroupConfigSpec, DatastoreCapability, DatastoreSummary, VmfsDatastoreInfo};
use vim_wire::MoRef;

/// The capacity of a datastore.
const CAPACITY: i64 = 4 << 40;

/// Numbers that vcsim gives to the managers of a host.
const HOST_MANAGERS: u64 = 7;

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

fn pass(tx: &mut Tx<'_>, numbers: u64) {
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
    for pod in 0..model.pods {
        storage_pod(tx, &folders.datastore, &format!("{name}_POD{pod}"))?;
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
        host_system::create_as(tx, &host, name);
        let resource = match cluster {
            Some(cluster) => cluster.clone(),
            None => compute_resource::create(tx, &folders.host, name)?,
        };
        host_system::join(tx, &host, &resource)?;
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

fn storage_pod(tx: &mut Tx<'_>, folder: &MoRef, name: &str) -> Result<()> {
    let moref = tx.new_ref("StoragePod");
    let extends = FolderProperties {
        extends: entity(name),
        child_type: vec!["Datastore".into()],
        ..Default::default()
    };
    tx.create(&moref, StoragePodProperties { extends, ..Default::default() });
    attach(tx, &moref, folder)
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
    let switch = switch::create(tx, folder, "DVS0")?;
    pass(tx, 1);
    switch::create_uplinks(tx, &switch)?;
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
        let segment = (number >= model.nsx_portgroups).then(|| uuid::Uuid::new_v4().to_string());
        let spec = DVPortgroupConfigSpec {
            name: Some(format!("{datacenter}_NSXPG{number}")),
            backing_type: Some("nsx".into()),
            logical_switch_uuid: segment.clone(),
            ..Default::default()
        };
        portgroup::create(tx, &switch, &spec)?;
        segments.extend(segment);
    }
    for (number, segment) in segments.iter().enumerate() {
        network::create_opaque(tx, folder, &format!("{datacenter}_NSX{number}"), segment)?;
    }
    Ok((Some(switch), machines))
}

fn datastore(tx: &mut Tx<'_>, folders: &Folders, number: usize, hosts: &[MoRef]) -> Result<MoRef> {
    let moref = tx.new_ref("Datastore");
    let name = format!("LocalDS_{number}");
    let id = uuid::Uuid::new_v4().simple().to_string();
    let url = format!("ds:///vmfs/volumes/{}-{}-{}-{}/", &id[..8], &id[8..16], &id[16..20], &id[20..]);
    let browser = MoRef::new("HostDatastoreBrowser", format!("datastoreBrowser-{}", moref.value()));
    pass(tx, 1);
    let mut info = VmfsDatastoreInfo::default();
    (info.name, info.url, info.free_space) = (name.clone(), url.clone(), CAPACITY);
    info.max_file_size = 62 << 40;
    info.timestamp = Some(tx.now);
    let summary = DatastoreSummary {
        datastore: Some(moref.clone()),
        name: name.clone(),
        url,
        capacity: CAPACITY,
        free_space: CAPACITY,
        accessible: true,
        multiple_host_access: Some(hosts.len() > 1),
        r#type: "VMFS".into(),
        maintenance_mode: Some("normal".into()),
        ..Default::default()
    };
    let properties = DatastoreProperties {
        extends: entity(name),
        info: info.into(),
        summary,
        browser: browser.clone(),
        capability: DatastoreCapability {
            directory_hierarchy_supported: true,
            raw_disk_mappings_supported: true,
            per_file_thin_provisioning_supported: true,
            storage_iorm_supported: true,
            native_snapshot_supported: false,
            top_level_directory_create_supported: Some(true),
            ..Default::default()
        },
        ..Default::default()
    };
    tx.create(&moref, properties);
    tx.create(&browser, HostDatastoreBrowserProperties::default());
    attach(tx, &moref, &folders.datastore)?;
    for host in hosts {
        relations::mount(tx, &moref, host)?;
    }
    Ok(moref)
}
