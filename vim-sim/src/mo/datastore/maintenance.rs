//! Maintenance mode: a datastore is out of service once no VM is on it, and then nothing new comes onto it.

use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::files::Files;
use crate::mo::storage_resource_manager::recommend;
use crate::mo::{task, task_manager};
use crate::world::{Tx, World};
use vim_types::mo::{DatastoreProperties, TaskProperties};
use vim_types::{
    DatastoreSummaryMaintenanceModeState as Mode, InvalidState, RequestCanceled, StoragePlacementResult,
    TaskInfoState,
};
use vim_wire::{Any, MoRef};

/// The mode that a datastore is in.
fn mode(world: &World, datastore: &MoRef) -> Result<Mode> {
    let summary = &world.get::<DatastoreProperties>(datastore)?.summary;
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
/// has left; so long runs the task.
pub(super) fn enter(call: &Call<'_>) -> Result<Reply> {
    call.read(|world| match mode(world, &call.this)? {
        Mode::NORMAL => Ok(()),
        _ => Err(invalid("The datastore is in maintenance mode, or entering it, already.")),
    })?;
    let waiting = call.begin_task(&call.this)?;
    let recommendations = call.write(|tx| {
        set(tx, &call.this, &Mode::ENTERING_MAINTENANCE)?;
        tx.edit_state::<Files>(&call.this)?.evacuation = Some(waiting.clone());
        let now = tx.now;
        let info = &mut tx.edit::<TaskProperties>(&waiting)?.info;
        (info.state, info.start_time) = (TaskInfoState::RUNNING, Some(now));
        recommend::evacuation(tx, &call.this)
    })?;
    let over = call.read(|world| {
        world.get::<TaskProperties>(&waiting).is_ok_and(|waiting| task::is_final(&waiting.info))
    });
    if over {
        task_manager::ended(call.sim, &waiting);
    }
    call.returns(&StoragePlacementResult { recommendations, task: Some(waiting), ..Default::default() })
}

/// Ends it, or gives it up.
pub(super) fn exit(call: &Call<'_>) -> Result<Reply> {
    let datastore = call.this.clone();
    call.task(&call.this, move |tx| {
        if mode(tx, &datastore)? == Mode::NORMAL {
            return Err(invalid("The datastore is not in maintenance mode."));
        }
        set(tx, &datastore, &Mode::NORMAL)?;
        if let Some(waiting) = tx.edit_state::<Files>(&datastore)?.evacuation.take() {
            let fault = Fault::new(RequestCanceled::default(), "The task was canceled by a user.");
            task::end(tx, &waiting, Err(fault))?;
        }
        Ok(Any::Nil)
    })
}

/// Reaches the mode, once nothing is in the way.
pub(super) fn advance(tx: &mut Tx<'_>, datastore: &MoRef) {
    let Ok(Mode::ENTERING_MAINTENANCE) = mode(tx, datastore) else { return };
    let empty = tx.get::<DatastoreProperties>(datastore).is_ok_and(|datastore| datastore.vm.is_empty());
    if empty {
        // It is there: its mode was read.
        drop(reach(tx, datastore));
    }
}

fn reach(tx: &mut Tx<'_>, datastore: &MoRef) -> Result<()> {
    set(tx, datastore, &Mode::IN_MAINTENANCE)?;
    match tx.edit_state::<Files>(datastore)?.evacuation.take() {
        Some(waiting) => task::end(tx, &waiting, Ok(Any::Nil)),
        None => Ok(()),
    }
}
