//! `Datacenter`.

use super::folder::{self, Takes};
use super::managed_entity::{attach, entity};
use crate::call::methods;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::DatacenterConfigInfo;
use vim_types::mo::DatacenterProperties;
use vim_wire::MoRef;

methods! {}

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
