//! Maintenance mode: nothing new comes onto a datastore, and it is out of service once no VM is on it.

use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::storage_resource_manager::recommend;
use crate::world::Tx;
use vim_types::mo::DatastoreProperties;
use vim_types::{DatastoreSummaryMaintenanceModeState as Mode, InvalidState, StoragePlacementResult};
use vim_wire::{Any, MoRef};

/// The mode that a datastore is in.
fn mode(tx: &Tx<'_>, datastore: &MoRef) -> Result<Mode> {
    let summary = &tx.get::<DatastoreProperties>(datastore)?.summary;
    Ok(summary.maintenance_mode.as_deref().map_or(Mode::NORMAL, |mode| Mode::from(mode.to_owned())))
}

fn set(tx: &mut Tx<'_>, datastore: &MoRef, mode: &Mode) -> Result<()> {
    tx.edit::<DatastoreProperties>(datastore)?.summary.maintenance_mode = Some(mode.as_str().to_owned());
    Ok(())
}

fn invalid(message: &str) -> Fault {
    Fault::new(InvalidState::default(), message)
}

/// Begins it. Where VMs are on the datastore, the answer says where they could go, and the mode is reached when the last one
/// has left.
pub(super) fn enter(call: &Call<'_>) -> Result<Reply> {
    let recommendations = call.write(|tx| {
        if mode(tx, &call.this)? != Mode::NORMAL {
            return Err(invalid("The datastore is in maintenance mode, or entering it, already."));
        }
        set(tx, &call.this, &Mode::ENTERING_MAINTENANCE)?;
        recommend::evacuation(tx, &call.this)
    })?;
    call.returns(&StoragePlacementResult { recommendations, ..Default::default() })
}

/// Ends it, or gives it up.
pub(super) fn exit(call: &Call<'_>) -> Result<Reply> {
    let datastore = call.this.clone();
    call.task(&call.this, move |tx| {
        if mode(tx, &datastore)? == Mode::NORMAL {
            return Err(invalid("The datastore is not in maintenance mode."));
        }
        set(tx, &datastore, &Mode::NORMAL)?;
        Ok(Any::Nil)
    })
}

/// Reaches the mode, once nothing is in the way.
pub(super) fn advance(tx: &mut Tx<'_>, datastore: &MoRef) {
    let Ok(Mode::ENTERING_MAINTENANCE) = mode(tx, datastore) else { return };
    let empty = tx.get::<DatastoreProperties>(datastore).is_ok_and(|datastore| datastore.vm.is_empty());
    if empty {
        // It is there: its mode was read.
        drop(set(tx, datastore, &Mode::IN_MAINTENANCE));
    }
}
