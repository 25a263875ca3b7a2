//! A host gives up a datastore; one that no host has is no more.

use super::host_of;
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::{datastore, relations};
use crate::world::Tx;
use vim_types::mo::{DatastoreProperties, HostSystemProperties, VirtualMachineProperties};
use vim_types::{DatastoreRemovedOnHostEvent, HostDatastoreSystemDatastoreResult, ResourceInUse};
use vim_wire::{Any, ArrayAny, MoRef, Object};

pub(super) fn remove(call: &Call<'_>) -> Result<Reply> {
    let datastore: MoRef = call.arg("datastore")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        remove_one(tx, &host, &datastore)
    })?;
    call.done()
}

pub(super) fn remove_several(call: &Call<'_>) -> Result<Reply> {
    let datastores: Vec<MoRef> = call.list("datastore")?;
    let host = call.read(|world| host_of(world, &call.this))?;
    call.task(&host.clone(), move |tx| {
        let mut results = Vec::new();
        for key in datastores {
            // What is refused has changed nothing: it is refused before anything is done.
            let fault = remove_one(tx, &host, &key).err().map(Fault::localized);
            results.push(Any::Object(Object::new(HostDatastoreSystemDatastoreResult { key, fault })));
        }
        let type_name = "ArrayOfHostDatastoreSystemDatastoreResult".into();
        Ok(Any::Array(ArrayAny { type_name, items: results }))
    })
}

fn remove_one(tx: &mut Tx<'_>, host: &MoRef, datastore: &MoRef) -> Result<()> {
    if !tx.get::<HostSystemProperties>(host)?.datastore.contains(datastore) {
        tx.must(datastore)?;
        return Err(Fault::not_found(format!("{} on {}", tx.name(datastore), tx.name(host))));
    }
    let properties = tx.get::<DatastoreProperties>(datastore)?;
    let last = properties.host.iter().all(|mount| mount.key == *host);
    let on_host = |vm| {
        let vm = tx.get::<VirtualMachineProperties>(vm);
        vm.is_ok_and(|vm| vm.runtime.host.as_ref() == Some(host))
    };
    if last {
        datastore::check_unused(tx, datastore)?;
    } else if properties.vm.iter().any(on_host) {
        let name = properties.name.clone();
        let message = format!("The resource '{name}' is in use.");
        let fault =
            ResourceInUse { r#type: Some("Datastore".into()), name: Some(name), ..Default::default() };
        return Err(Fault::new(fault, message));
    }
    let event = DatastoreRemovedOnHostEvent {
        extends: events::of_host(tx, host),
        datastore: events::datastore(tx, datastore),
    };
    events::post(tx, event);
    match last {
        true => datastore::destroy(tx, datastore),
        false => relations::unmount(tx, datastore, host),
    }
}
