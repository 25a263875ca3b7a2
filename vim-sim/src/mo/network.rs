//! `Network` and what extends it.

use super::managed_entity::{attach, detach, entity};
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::{NetworkProperties, OpaqueNetworkProperties};
use vim_types::{NetworkSummary, OpaqueNetworkSummary};
use vim_wire::MoRef;

methods! {
    "DestroyNetwork" => destroy_network,
}

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

/// Takes a network out of the inventory.
pub(crate) fn destroy(tx: &mut Tx<'_>, moref: &MoRef) -> Result<()> {
    let network = tx.get::<NetworkProperties>(moref)?;
    if !network.host.is_empty() || !network.vm.is_empty() {
        return Err(Fault::resource_in_use("Network", &network.name));
    }
    detach(tx, moref)?;
    tx.remove(moref);
    Ok(())
}

/// Takes a standard network out that no host has and no VM uses any more.
pub(crate) fn remove_unused(tx: &mut Tx<'_>, moref: &MoRef) -> Result<()> {
    if moref.kind() != "Network" {
        return Ok(());
    }
    match destroy(tx, moref) {
        Err(fault) if fault.is_named("ResourceInUse") => Ok(()),
        done => done,
    }
}

fn destroy_network(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| match call.this.kind() {
        "DistributedVirtualPortgroup" => super::distributed_virtual_portgroup::destroy(tx, &call.this),
        _ => destroy(tx, &call.this),
    })?;
    call.done()
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
