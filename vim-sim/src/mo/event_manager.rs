//! `EventManager`: posting events and asking for them.

use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::Result;
use crate::mo::authorization_manager::require;
use crate::mo::history_collector;
use vim_types::{Event, EventFilterSpec, GeneralEvent, GeneralUserEvent, TaskInfo};
use vim_wire::{MoRef, Poly};

methods! {
    "PostEvent" => post,
    "LogUserEvent" => log,
    "QueryEvents" => query,
    "CreateCollectorForEvents" => create_collector,
}

fn post(call: &Call<'_>) -> Result<Reply> {
    let mut event: Poly<Event> = call.arg("eventToPost")?;
    let task: Option<TaskInfo> = call.opt("taskInfo")?;
    // These are the server's to say.
    event.user_name.clear();
    event.chain_id = task.map_or(0, |task| task.event_chain_id);
    call.write(|tx| {
        events::post(tx, event);
        Ok(())
    })?;
    call.done()
}

fn log(call: &Call<'_>) -> Result<Reply> {
    let (entity, message): (MoRef, String) = (call.arg("entity")?, call.arg("msg")?);
    call.write(|tx| {
        tx.must(&entity)?;
        require(tx, &tx.user, "Global.LogEvent", &entity)?;
        let mut event = Event::default();
        events::set_argument(tx, &mut event, &entity);
        let entity = Some(events::entity(tx, &entity));
        events::post(tx, GeneralUserEvent { extends: GeneralEvent { extends: event, message }, entity });
        Ok(())
    })?;
    call.done()
}

fn query(call: &Call<'_>) -> Result<Reply> {
    let filter: EventFilterSpec = call.arg("filter")?;
    call.returns(&call.read(|world| history_collector::query_events(world, call.user(), filter))?)
}

fn create_collector(call: &Call<'_>) -> Result<Reply> {
    let filter: EventFilterSpec = call.arg("filter")?;
    call.returns(&history_collector::create_for_events(call, filter)?)
}
