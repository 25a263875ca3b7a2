//! Which alarms an event triggers.

use super::all;
use crate::world::{Tx, World};
use vim_types::mo::{AlarmProperties, ManagedEntityProperties};
use vim_types::{
    AlarmExpression, AlarmState, AndAlarmExpression, Event, EventAlarmExpression, EventEx,
    ManagedEntityStatus, OrAlarmExpression,
};
use vim_wire::{MoRef, Poly};

/// The key of an alarm's state on an entity: the numbers of both.
pub(super) fn key(alarm: &MoRef, entity: &MoRef) -> String {
    let number = |moref: &MoRef| moref.value().rsplit('-').next().unwrap_or_default().to_owned();
    format!("{}.{}", number(alarm), number(entity))
}

/// An entity and all that it lies in.
pub(super) fn above(world: &World, entity: &MoRef) -> Vec<MoRef> {
    world.lineage(entity).map(|node| node.moref.clone()).collect()
}

/// Triggers the alarms that wait for an event, and ends those that it ends.
pub(crate) fn trigger(tx: &mut Tx<'_>, event: &Poly<Event>) {
    let met: Vec<(MoRef, MoRef, ManagedEntityStatus)> = all(tx)
        .iter()
        .filter_map(|moref| {
            let info = &tx.get::<AlarmProperties>(moref).ok()?.info;
            let (entity, status) = meets(tx, &info.expression, event).filter(|_| info.enabled)?;
            above(tx, &entity).contains(&info.entity).then(|| (moref.clone(), entity, status))
        })
        .collect();
    for (alarm, entity, status) in met {
        let key = key(&alarm, &entity);
        let state = AlarmState {
            key,
            entity: entity.clone(),
            alarm,
            overall_status: status,
            time: tx.now,
            acknowledged: Some(false),
            event_key: Some(event.key),
            ..Default::default()
        };
        for moref in above(tx, &entity) {
            if let Ok(entity) = tx.edit::<ManagedEntityProperties>(&moref) {
                set(&mut entity.triggered_alarm_state, &state);
            }
        }
    }
}

/// Sets a state in place of the one before; a green one is none.
fn set(states: &mut Vec<AlarmState>, state: &AlarmState) {
    let green = state.overall_status == ManagedEntityStatus::GREEN;
    match states.iter().position(|old| old.key == state.key) {
        Some(at) if green => drop(states.remove(at)),
        Some(at) => {
            if let Some(old) = states.get_mut(at) {
                old.overall_status = state.overall_status.clone();
            }
        }
        None if green => {}
        None => states.push(state.clone()),
    }
}

/// The entity and the status of an alarm whose expression an event meets.
fn meets(
    world: &World,
    expression: &Poly<AlarmExpression>,
    event: &Poly<Event>,
) -> Option<(MoRef, ManagedEntityStatus)> {
    if let Some(any) = expression.downcast_ref::<OrAlarmExpression>() {
        return any.expression.iter().find_map(|expression| meets(world, expression, event));
    }
    if let Some(all) = expression.downcast_ref::<AndAlarmExpression>() {
        let met: Option<Vec<_>> =
            all.expression.iter().map(|expression| meets(world, expression, event)).collect();
        return met?.pop();
    }
    let on = expression.downcast_ref::<EventAlarmExpression>()?;
    let extended = event.downcast_ref::<EventEx>();
    let id = on.event_type_id.as_deref().filter(|id| !id.is_empty());
    let fits = match (extended, id) {
        (Some(extended), Some(id)) => extended.event_type_id == id,
        (_, Some(id)) => event.as_object().desc().lineage().any(|desc| desc.name == id),
        (_, None) => event.as_object().desc().lineage().any(|desc| desc.name == on.event_type),
    };
    if !fits {
        return None;
    }
    let kind = on.object_type.as_deref().map(|kind| kind.strip_prefix("vim.").unwrap_or(kind));
    let named = extended.and_then(|extended| {
        let kind = extended.object_type.as_deref()?;
        let kind = kind.strip_prefix("vim.").unwrap_or(kind).to_owned();
        Some(MoRef::new(kind, extended.object_id.as_deref()?))
    });
    let arguments = [
        event.vm.as_ref().map(|of| &of.vm),
        event.host.as_ref().map(|of| &of.host),
        event.compute_resource.as_ref().map(|of| &of.compute_resource),
        event.ds.as_ref().map(|of| &of.datastore),
        event.net.as_ref().map(|of| &of.network),
        event.dvs.as_ref().map(|of| &of.dvs),
        event.datacenter.as_ref().map(|of| &of.datacenter),
    ];
    let mut objects = named.iter().chain(arguments.into_iter().flatten());
    let is_of_kind = |object: &&MoRef| {
        world.node(object).is_some_and(|node| kind.is_none_or(|kind| kind.is_empty() || node.is_a(kind)))
    };
    let object = objects.find(is_of_kind)?;
    Some((object.clone(), on.status.clone().unwrap_or(ManagedEntityStatus::RED)))
}
