//! `Datacenter`.

mod config;
mod power;

use super::folder::{self, Takes};
use super::managed_entity::{attach, destroy as destroy_entity, detach, entity};
use crate::call::methods;
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::DatacenterConfigInfo;
use vim_types::mo::{DatacenterProperties, FolderProperties};
use vim_wire::MoRef;

methods! {
    "PowerOnMultiVM_Task" => power::power_on_multi,
    "ReconfigureDatacenter_Task" => config::reconfigure,
    "queryDatacenterConfigOptionDescriptor" => config::query_descriptors,
    "QueryConnectionInfo" => config::query_connection,
    "QueryConnectionInfoViaSpec" => config::query_connection_via_spec,
}

/// Adds a datacenter with its four folders.
pub(crate) fn create(tx: &mut Tx<'_>, parent: &MoRef, name: &str) -> Result<MoRef> {
    let moref = tx.new_ref("Datacenter");
    let configuration = DatacenterConfigInfo {
        default_hardware_version_key: Some(super::environment_browser::DEFAULT_VERSION.to_owned()),
        ..Default::default()
    };
    tx.create(&moref, DatacenterProperties { extends: entity(name), configuration, ..Default::default() });
    attach(tx, &moref, parent)?;
    let mut folder = |name, takes: Takes| folder::create(tx, &moref, name, takes.child_type());
    let (vm, host) = (folder("vm", Takes::Machines)?, folder("host", Takes::Hosts)?);
    let (datastore, network) = (folder("datastore", Takes::Datastores)?, folder("network", Takes::Networks)?);
    let properties = tx.edit::<DatacenterProperties>(&moref)?;
    (properties.vm_folder, properties.host_folder) = (vm, host);
    (properties.datastore_folder, properties.network_folder) = (datastore, network);
    Ok(moref)
}

/// Takes a datacenter out of the inventory, in which there are neither hosts nor VMs.
pub(crate) fn destroy(tx: &mut Tx<'_>, moref: &MoRef) -> Result<()> {
    let datacenter = tx.get::<DatacenterProperties>(moref)?;
    let name = datacenter.name.clone();
    let used = [datacenter.vm_folder.clone(), datacenter.host_folder.clone()];
    let unused = [datacenter.network_folder.clone(), datacenter.datastore_folder.clone()];
    for folder in &used {
        if !tx.get::<FolderProperties>(folder)?.child_entity.is_empty() {
            return Err(Fault::resource_in_use("Datacenter", &name));
        }
    }
    for folder in &unused {
        for child in tx.get::<FolderProperties>(folder)?.child_entity.clone() {
            // A switch takes its portgroups along.
            if tx.node(&child).is_some() {
                destroy_entity(tx, &child)?;
            }
        }
    }
    used.iter().chain(&unused).for_each(|folder| tx.remove(folder));
    detach(tx, moref)?;
    tx.remove(moref);
    Ok(())
}
