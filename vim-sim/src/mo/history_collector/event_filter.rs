//! Which events a filter lets through.

use super::task_filter::{in_time, is_within};
use crate::events::category;
use crate::mo::authorization_manager::can;
use crate::world::World;
use vim_types::{
    AlarmEvent, Event, EventEx, EventFilterSpec, EventFilterSpecRecursionOption, ScheduledTaskEvent,
};
use vim_wire::{MoRef, Poly};

/// The objects that an event is of.
fn arguments(event: &Event) -> impl Iterator<Item = &MoRef> {
    let all = [
        event.vm.as_ref().map(|of| &of.vm),
        event.host.as_ref().map(|of| &of.host),
        event.compute_resource.as_ref().map(|of| &of.compute_resource),
        event.ds.as_ref().map(|of| &of.datastore),
        event.net.as_ref().map(|of| &of.network),
        event.dvs.as_ref().map(|of| &of.dvs),
        event.datacenter.as_ref().map(|of| &of.datacenter),
    ];
    all.into_iter().flatten()
}

pub(super) fn matches(world: &World, filter: &EventFilterSpec, event: &Poly<Event>) -> bool {
    filter.event_chain_id.is_none_or(|chain| chain == 0 || chain == event.chain_id)
        && is_of_type(&filter.event_type_id, event)
        && is_of_type(&filter.r#type, event)
        && is_of_category(&filter.category, event)
        && filter.time.as_ref().is_none_or(|time| in_time(event.created_time, time.begin_time, time.end_time))
        && filter.user_name.as_ref().is_none_or(|user| {
            user.system_user && event.user_name.is_empty() || user.user_list.contains(&event.user_name)
        })
        && filter.alarm.as_ref().is_none_or(|alarm| {
            event.downcast_ref::<AlarmEvent>().is_some_and(|event| event.alarm.alarm == *alarm)
        })
        && filter.scheduled_task.as_ref().is_none_or(|task| {
            event
                .downcast_ref::<ScheduledTaskEvent>()
                .is_some_and(|event| event.scheduled_task.scheduled_task == *task)
        })
        // Events have tags only from extensions.
        && filter.tag.is_empty()
        && filter.entity.as_ref().is_none_or(|by| is_of_entity(world, &by.entity, &by.recursion, event))
}

/// Types are named by themselves, by what they extend, and events of extensions by their ids.
fn is_of_type(names: &[String], event: &Poly<Event>) -> bool {
    names.is_empty()
        || match event.downcast_ref::<EventEx>() {
            Some(extended) if names.contains(&extended.event_type_id) => true,
            _ => event.as_object().desc().lineage().any(|desc| names.iter().any(|name| name == desc.name)),
        }
}

fn is_of_category(names: &[String], event: &Poly<Event>) -> bool {
    if names.is_empty() {
        return true;
    }
    let severity =
        event.downcast_ref::<EventEx>().map(|extended| extended.severity.as_deref().unwrap_or("info"));
    let category = severity.unwrap_or_else(|| category(event.type_name()));
    names.iter().any(|name| name == category)
}

fn is_of_entity(
    world: &World,
    entity: &MoRef,
    recursion: &EventFilterSpecRecursionOption,
    event: &Poly<Event>,
) -> bool {
    let object = event.downcast_ref::<EventEx>().is_some_and(|extended| {
        extended.object_id.as_deref() == Some(entity.value())
            && extended.object_type.as_deref() == Some(entity.kind())
    });
    let root = || world.node(entity).is_some_and(|node| node.is_a("Folder") && node.parent().is_none());
    let own = || object || arguments(event).any(|of| of == entity) || root();
    let below = || arguments(event).any(|of| is_within(world, of, entity));
    match recursion.as_str() {
        "self" => own(),
        "children" => below(),
        _ => own() || below(),
    }
}

/// Whether a user with limited privileges may see an event: who may see nothing of what it is of sees nothing of it.
pub(super) fn is_visible(world: &World, user: &str, event: &Poly<Event>) -> bool {
    event.user_name == user || arguments(event).any(|of| can(world, user, "System.Read", of))
}
