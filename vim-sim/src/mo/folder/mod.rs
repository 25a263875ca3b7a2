//! `Folder`.

mod create;
mod moves;

use super::managed_entity::{attach, entity};
use crate::call::methods;
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::FolderProperties;
use vim_wire::MoRef;

methods! {
    "CreateFolder" => create::folder,
    "CreateDatacenter" => create::datacenter,
    "CreateCluster" => create::cluster,
    "CreateClusterEx" => create::cluster_ex,
    "CreateStoragePod" => create::storage_pod,
    "CreateDVS_Task" => create::switch,
    "AddStandaloneHost_Task" => create::standalone_host,
    "MoveIntoFolder_Task" => moves::move_into_folder,
    "UnregisterAndDestroy_Task" => moves::unregister_and_destroy,
}

/// What a folder takes, beside folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Datacenters,
    Machines,
    Hosts,
    Datastores,
    Networks,
}

impl Takes {
    /// The folder's `childType`.
    pub(crate) fn child_type(self) -> Vec<String> {
        let types: &[&str] = match self {
            Self::Datacenters => &["Folder", "Datacenter"],
            Self::Machines => &["Folder", "VirtualMachine", "VirtualApp"],
            Self::Hosts => &["Folder", "ComputeResource"],
            Self::Datastores => &["Folder", "Datastore", "StoragePod"],
            Self::Networks => &["Folder", "Network", "DistributedVirtualSwitch"],
        };
        types.iter().map(|&name| name.to_owned()).collect()
    }
}

/// The fault that a folder does not take what is to be put into it.
pub(crate) fn check_takes(world: &World, folder: &MoRef, kind: &str, argument: &str) -> Result<()> {
    let Ok(properties) = world.get::<FolderProperties>(folder) else {
        return Err(Fault::invalid_argument(argument));
    };
    if properties.child_type.iter().any(|taken| taken == kind) {
        return Ok(());
    }
    Err(Fault::invalid_argument(argument))
}

/// Adds a folder below an entity, which is a folder or a datacenter.
pub(crate) fn create(tx: &mut Tx<'_>, parent: &MoRef, name: &str, child_type: Vec<String>) -> Result<MoRef> {
    let moref = tx.new_ref("Folder");
    create_as(tx, &moref, parent, name, child_type)?;
    Ok(moref)
}

/// Adds a folder under a reference that was given out.
pub(crate) fn create_as(
    tx: &mut Tx<'_>,
    moref: &MoRef,
    parent: &MoRef,
    name: &str,
    child_type: Vec<String>,
) -> Result<()> {
    let properties = FolderProperties { extends: entity(name), child_type, ..Default::default() };
    tx.create(moref, properties);
    attach(tx, moref, parent)
}
