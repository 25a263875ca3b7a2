//! Which tasks a filter lets through.

use crate::mo::authorization_manager::can;
use crate::world::World;
use vim_types::mo::VirtualMachineProperties;
use vim_types::{
    TaskFilterSpec, TaskFilterSpecByEntity, TaskFilterSpecByTime, TaskInfo, TaskReasonAlarm,
    TaskReasonSchedule, TaskReasonUser,
};
use vim_wire::{DateTime, MoRef};

/// Whether an object lies below another: in folders, or as a virtual machine in a resource pool.
pub(super) fn is_within(world: &World, object: &MoRef, of: &MoRef) -> bool {
    let below = |from: &MoRef| world.lineage(from).skip(1).any(|node| node.moref == *of);
    below(object)
        || world
            .get::<VirtualMachineProperties>(object)
            .ok()
            .and_then(|vm| vm.resource_pool.as_ref())
            .is_some_and(|pool| pool == of || below(pool))
}

/// Whether a time lies between two, both included.
pub(super) fn in_time(time: DateTime, begin: Option<DateTime>, end: Option<DateTime>) -> bool {
    begin.is_none_or(|begin| begin <= time) && end.is_none_or(|end| time <= end)
}

fn is_in(names: &[String], name: Option<&String>) -> bool {
    names.is_empty() || name.is_some_and(|name| names.contains(name))
}

pub(super) fn matches(world: &World, filter: &TaskFilterSpec, info: &TaskInfo) -> bool {
    let user = info.reason.downcast_ref::<TaskReasonUser>().map(|reason| &reason.user_name);
    (filter.state.is_empty() || filter.state.contains(&info.state))
        && filter.time.as_ref().is_none_or(|time| is_of_time(time, info))
        && filter.entity.as_ref().is_none_or(|by| is_of_entity(world, by, info))
        && filter.user_name.as_ref().is_none_or(|by| match user {
            Some(user) => by.user_list.contains(user),
            None => by.system_user,
        })
        && filter.alarm.as_ref().is_none_or(|alarm| {
            info.reason.downcast_ref::<TaskReasonAlarm>().is_some_and(|reason| reason.alarm == *alarm)
        })
        && filter.scheduled_task.as_ref().is_none_or(|task| {
            let reason = info.reason.downcast_ref::<TaskReasonSchedule>();
            reason.is_some_and(|reason| reason.scheduled_task == *task)
        })
        && (filter.event_chain_id.is_empty() || filter.event_chain_id.contains(&info.event_chain_id))
        && is_in(&filter.activation_id, info.activation_id.as_ref())
        && is_in(&filter.parent_task_key, info.parent_task_key.as_ref())
        && is_in(&filter.root_task_key, info.root_task_key.as_ref())
        && is_in(&filter.tag, info.change_tag.as_ref())
}

fn is_of_time(by: &TaskFilterSpecByTime, info: &TaskInfo) -> bool {
    let time = match by.time_type.as_str() {
        "startedTime" => info.start_time,
        "completedTime" => info.complete_time,
        _ => Some(info.queue_time),
    };
    time.is_some_and(|time| in_time(time, by.begin_time, by.end_time))
}

fn is_of_entity(world: &World, by: &TaskFilterSpecByEntity, info: &TaskInfo) -> bool {
    let Some(entity) = &info.entity else { return false };
    let (own, below) = (|| *entity == by.entity, || is_within(world, entity, &by.entity));
    match by.recursion.as_str() {
        "self" => own(),
        "children" => below(),
        _ => own() || below(),
    }
}

/// Whether a user with limited privileges may see a task: their own, and those of what they may read.
pub(super) fn is_visible(world: &World, user: &str, info: &TaskInfo) -> bool {
    info.reason.downcast_ref::<TaskReasonUser>().is_some_and(|reason| reason.user_name == user)
        || info.entity.as_ref().is_some_and(|entity| can(world, user, "System.Read", entity))
}
