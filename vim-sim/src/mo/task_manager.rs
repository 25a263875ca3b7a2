//! `TaskManager`: tasks that are under way, and the ones that were.

use crate::call::methods;
use crate::fault::Result;
use crate::sim::Sim;
use crate::world::Tx;
use std::sync::Arc;
use std::time::Duration;
use vim_types::mo::{ManagedEntityProperties, TaskManagerProperties};
use vim_wire::MoRef;

methods! {}

/// How long a task can be asked for after its end.
const KEPT: Duration = Duration::from_secs(600);

/// Notes a task that has begun, where people look for it.
pub(crate) fn began(tx: &mut Tx<'_>, task: &MoRef, entity: &MoRef) -> Result<()> {
    if let Some(manager) = tx.of_kind_one("TaskManager") {
        tx.edit::<TaskManagerProperties>(&manager)?.recent_task.push(task.clone());
    }
    if tx.get::<ManagedEntityProperties>(entity).is_ok() {
        tx.edit::<ManagedEntityProperties>(entity)?.recent_task.push(task.clone());
    }
    Ok(())
}

/// Has a task that has ended forgotten after a while.
pub(crate) fn ended(sim: &Arc<Sim>, task: &MoRef) {
    let task = task.clone();
    sim.timer.after_real(KEPT, move |sim| {
        let forgotten = sim.write(|tx| {
            let entity = tx.get::<vim_types::mo::TaskProperties>(&task)?.info.entity.clone();
            if let Some(manager) = tx.of_kind_one("TaskManager") {
                tx.edit::<TaskManagerProperties>(&manager)?.recent_task.retain(|other| *other != task);
            }
            if let Some(entity) = entity
                && tx.get::<ManagedEntityProperties>(&entity).is_ok()
            {
                tx.edit::<ManagedEntityProperties>(&entity)?.recent_task.retain(|other| *other != task);
            }
            tx.remove(&task);
            Ok(())
        });
        // Somebody else may have forgotten it.
        drop(forgotten);
    });
}
