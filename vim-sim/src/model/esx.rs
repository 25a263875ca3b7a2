//! The inventory of a host that stands alone. Its ids are words, as a host's are.

use super::Model;
use super::machine::{self, Network, Place};
use super::vcenter::{HOST_MANAGERS, pass};
use crate::fault::Result;
use crate::mo::compute_resource;
use crate::mo::folder::{self, Takes};
use crate::mo::managed_entity::{attach, entity};
use crate::mo::{datastore, host_system, network, relations};
use crate::world::Tx;
use vim_types::mo::{DatacenterProperties, ResourcePoolProperties};
use vim_types::{SharesInfo, SharesLevel};
use vim_wire::MoRef;

/// The name of the host and of its compute resource.
const NAME: &str = "localhost.localdomain";

pub(super) fn create(tx: &mut Tx<'_>, model: &Model, root: &MoRef) -> Result<()> {
    let datacenter = MoRef::new("Datacenter", "ha-datacenter");
    let folder = |name: &str| MoRef::new("Folder", format!("ha-folder-{name}"));
    let properties = DatacenterProperties {
        extends: entity("ha-datacenter"),
        vm_folder: folder("vm"),
        host_folder: folder("host"),
        datastore_folder: folder("datastore"),
        network_folder: folder("network"),
        ..Default::default()
    };
    tx.create(&datacenter, properties);
    attach(tx, &datacenter, root)?;
    let folders = [
        ("vm", Takes::Machines),
        ("host", Takes::Hosts),
        ("datastore", Takes::Datastores),
        ("network", Takes::Networks),
    ];
    for (name, takes) in folders {
        // A host's folders have no folders.
        let mut child_type = takes.child_type();
        child_type.retain(|kind| !["Folder", "VirtualApp", "StoragePod"].contains(&kind.as_str()));
        folder::create_as(tx, &folder(name), &datacenter, name, child_type)?;
    }
    pass(tx, HOST_MANAGERS);
    let resource = MoRef::new("ComputeResource", "ha-compute-res");
    let pool = MoRef::new("ResourcePool", "ha-root-pool");
    let properties = compute_resource::properties(tx, NAME, compute_resource::default_config());
    compute_resource::create_as(tx, (&resource, &pool), &folder("host"), properties)?;
    let custom = Some(SharesInfo { shares: 9_000, level: SharesLevel::CUSTOM });
    let config = &mut tx.edit::<ResourcePoolProperties>(&pool)?.config;
    config.cpu_allocation.shares.clone_from(&custom);
    config.memory_allocation.shares = custom;
    let host = MoRef::new("HostSystem", "ha-host");
    host_system::create_as(tx, &host, NAME, true);
    attach(tx, &host, &resource)?;
    let vm_network = MoRef::new("Network", format!("HaNetwork-{}", host_system::network::VM_NETWORK));
    network::create_as(tx, &vm_network, &folder("network"), host_system::network::VM_NETWORK)?;
    relations::join_network(tx, &vm_network, &host)?;
    let mut datastores = Vec::new();
    for number in 0..model.datastores {
        let moref = datastore::create_vmfs(tx, &folder("datastore"), &format!("LocalDS_{number}"))?;
        pass(tx, 1);
        relations::mount(tx, &moref, &host)?;
        datastores.push(moref);
    }
    let Some(datastore) = datastores.first() else { return Ok(()) };
    let network = Network::Standard { name: host_system::network::VM_NETWORK.into(), network: vm_network };
    let hosts = [host];
    let place = Place { folder: &folder("vm"), pool: &pool, hosts: &hosts, datastore, network: &network };
    machine::create(tx, "ha-host", model.vms, model.autostart, &place)
}
