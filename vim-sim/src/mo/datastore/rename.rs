//! A datastore's new name.

use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::files;
use crate::mo::managed_entity::valid_name;
use crate::mo::virtual_machine;
use crate::world::Tx;
use vim_types::mo::{DatacenterProperties, DatastoreProperties, ManagedEntityProperties};
use vim_types::{DatastoreEvent, DatastoreRenamedEvent, DuplicateName, Event};
use vim_wire::MoRef;

pub(super) fn rename_datastore(call: &Call<'_>) -> Result<Reply> {
    let name: String = call.arg("newName")?;
    call.write(|tx| rename(tx, &call.this, &name))?;
    call.done()
}

/// Gives a datastore another name; those of a datacenter's datastores differ.
pub(crate) fn rename(tx: &mut Tx<'_>, datastore: &MoRef, name: &str) -> Result<()> {
    let name = valid_name(name)?;
    let old = tx.name(datastore).to_owned();
    if let Some(datacenter) = tx.above(datastore, "Datacenter") {
        let others = &tx.get::<DatacenterProperties>(&datacenter.moref)?.datastore;
        if let Some(other) = others.iter().find(|other| *other != datastore && tx.name(other) == name) {
            let message = format!("The name '{name}' already exists.");
            let fault = DuplicateName { name, object: other.clone(), ..Default::default() };
            return Err(Fault::new(fault, message));
        }
    }
    if old == name {
        return Ok(());
    }
    tx.edit::<ManagedEntityProperties>(datastore)?.name.clone_from(&name);
    for vm in tx.get::<DatastoreProperties>(datastore)?.vm.clone() {
        virtual_machine::datastore_renamed(tx, &vm, &old, &name)?;
    }
    for other in tx.of_kind("Datastore").into_iter().map(|node| node.moref.clone()).collect::<Vec<_>>() {
        files::rename_parents(tx, &other, &old, &name)?;
    }
    let argument = events::datastore(tx, datastore);
    let event = Event { ds: Some(argument.clone()), ..Default::default() };
    let event = DatastoreEvent { extends: event, datastore: Some(argument) };
    events::post(tx, DatastoreRenamedEvent { extends: event, old_name: old, new_name: name });
    Ok(())
}
