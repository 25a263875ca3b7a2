//! The lists of others that name a virtual machine: its host's, pool's, datastores' and networks'.

use super::Facts;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::{
    DatastoreProperties, HostSystemProperties, NetworkProperties, ResourcePoolProperties,
    VirtualMachineProperties,
};
use vim_wire::MoRef;

/// Whose lists name a virtual machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Links(Vec<MoRef>);

/// Has those lists name the machine that its properties point to, and no others.
pub(super) fn refresh(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let properties = tx.get::<VirtualMachineProperties>(vm)?;
    let wanted: Vec<MoRef> = (properties.runtime.host.iter())
        .chain(&properties.resource_pool)
        .chain(&properties.datastore)
        .chain(&properties.network)
        .cloned()
        .collect();
    set(tx, vm, wanted)
}

/// Takes a machine out of all those lists.
pub(super) fn clear(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    set(tx, vm, Vec::new())
}

fn set(tx: &mut Tx<'_>, vm: &MoRef, wanted: Vec<MoRef>) -> Result<()> {
    let old = tx.state::<Facts>(vm).map(|facts| facts.links.0.clone()).unwrap_or_default();
    if old == wanted {
        return Ok(());
    }
    for other in old.iter().filter(|other| !wanted.contains(other)) {
        if let Some(list) = list(tx, other) {
            list.retain(|named| named != vm);
        }
    }
    for other in wanted.iter().filter(|other| !old.contains(other)) {
        if let Some(list) = list(tx, other) {
            list.push(vm.clone());
        }
    }
    tx.edit_state::<Facts>(vm)?.links = Links(wanted);
    Ok(())
}

/// The list of machines of a host, pool, datastore or network that is there.
fn list<'t>(tx: &'t mut Tx<'_>, of: &MoRef) -> Option<&'t mut Vec<MoRef>> {
    let node = tx.node(of)?;
    if node.is_a("HostSystem") {
        Some(&mut tx.edit::<HostSystemProperties>(of).ok()?.vm)
    } else if node.is_a("ResourcePool") {
        Some(&mut tx.edit::<ResourcePoolProperties>(of).ok()?.vm)
    } else if node.is_a("Datastore") {
        Some(&mut tx.edit::<DatastoreProperties>(of).ok()?.vm)
    } else if node.is_a("Network") {
        Some(&mut tx.edit::<NetworkProperties>(of).ok()?.vm)
    } else {
        None
    }
}
