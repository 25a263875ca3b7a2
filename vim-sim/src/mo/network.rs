//! `Network` and what extends it.

use super::managed_entity::{attach, entity};
use crate::call::methods;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::{NetworkProperties, OpaqueNetworkProperties};
use vim_types::{NetworkSummary, OpaqueNetworkSummary};
use vim_wire::MoRef;

methods! {}

/// Adds a standard network to a folder. Networks of that kind come and go with the hosts that have them.
pub(crate) fn create(tx: &mut Tx<'_>, folder: &MoRef, name: &str) -> Result<MoRef> {
    let moref = tx.new_ref("Network");
    create_as(tx, &moref, folder, name)?;
    Ok(moref)
}

/// Adds a standard network under a reference that was given out.
pub(crate) fn create_as(tx: &mut Tx<'_>, moref: &MoRef, folder: &MoRef, name: &str) -> Result<()> {
    let summary = NetworkSummary { accessible: true, ..Default::default() }.into();
    tx.create(moref, NetworkProperties { extends: entity(name), summary, ..Default::default() });
    attach(tx, moref, folder)
}

/// Adds a network that something else than vCenter manages: NSX.
pub(crate) fn create_opaque(tx: &mut Tx<'_>, folder: &MoRef, name: &str, id: &str) -> Result<MoRef> {
    let moref = tx.new_ref("OpaqueNetwork");
    let summary = OpaqueNetworkSummary {
        extends: NetworkSummary { accessible: true, ..Default::default() },
        opaque_network_id: id.to_owned(),
        opaque_network_type: "nsx.LogicalSwitch".to_owned(),
    };
    let extends = NetworkProperties { extends: entity(name), summary: summary.into(), ..Default::default() };
    tx.create(&moref, OpaqueNetworkProperties { extends, ..Default::default() });
    attach(tx, &moref, folder)?;
    Ok(moref)
}

/// Sets what follows from other properties.
pub(crate) fn derived(tx: &mut Tx<'_>, moref: &MoRef) {
    let Ok(network) = tx.get::<NetworkProperties>(moref) else { return };
    let (name, summary) = (&network.name, &network.summary);
    if summary.name == *name && summary.network.as_ref() == Some(moref) {
        return;
    }
    let name = name.clone();
    if let Ok(network) = tx.edit::<NetworkProperties>(moref) {
        network.summary.name = name;
        network.summary.network = Some(moref.clone());
    }
}
