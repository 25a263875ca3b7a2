//! `AlarmManager` and `Alarm`: what is triggered by events. Alarms of states and of metrics can be made and are never
//! triggered.

mod description;
mod trigger;

pub(crate) use trigger::trigger;

use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::authorization_manager::require;
use crate::world::{Tx, World};
use trigger::{above, key};
use vim_types::mo::{AlarmManagerProperties, AlarmProperties, ManagedEntityProperties};
use vim_types::{
    AlarmCreatedEvent, AlarmEvent, AlarmEventArgument, AlarmExpression, AlarmFilterSpec, AlarmInfo,
    AlarmReconfiguredEvent, AlarmRemovedEvent, AlarmSpec, AlarmState, DuplicateName, EntityEventArgument,
    EventAlarmExpression, InvalidName, ManagedEntityStatus, OrAlarmExpression,
};
use vim_wire::{MoRef, Poly};

methods! {
    "CreateAlarm" => create_alarm,
    "GetAlarm" => get,
    "GetAlarmState" => states,
    "AcknowledgeAlarm" => acknowledge,
    "ClearTriggeredAlarms" => clear,
    "AreAlarmActionsEnabled" => are_actions_enabled,
    "EnableAlarmActions" => enable_actions,
    "ReconfigureAlarm" => reconfigure,
    "RemoveAlarm" => remove,
}

/// The alarms in the order in which they were made: the manager's own.
#[derive(Clone, Debug, Default)]
struct Alarms {
    all: Vec<MoRef>,
    last: u64,
}

fn all(world: &World) -> &[MoRef] {
    let alarms = world.of_kind_one("AlarmManager").and_then(|manager| world.state::<Alarms>(&manager));
    alarms.map_or(&[], |alarms| &alarms.all)
}

/// Creates the manager and the alarms that are there from the start. The first has vcsim's name and types of events, for
/// scripts that trigger it.
pub(crate) fn create(tx: &mut Tx<'_>, moref: &MoRef, root: &MoRef) -> Result<()> {
    let description = description::description();
    tx.create(moref, AlarmManagerProperties { description, ..Default::default() });
    let on = |kind: &str, id: Option<&str>, object: &str, status: ManagedEntityStatus| {
        Poly::<AlarmExpression>::from(EventAlarmExpression {
            event_type: kind.into(),
            event_type_id: id.map(str::to_owned),
            object_type: Some(object.into()),
            status: Some(status),
            ..Default::default()
        })
    };
    let (green, yellow, red) =
        (ManagedEntityStatus::GREEN, ManagedEntityStatus::YELLOW, ManagedEntityStatus::RED);
    let (vm, host, ex) = ("VirtualMachine", "HostSystem", "EventEx");
    let alarms = [
        (
            "vcsim VM Alarm",
            None,
            vec![
                on(ex, Some("vcsim.vm.success"), vm, green),
                on(ex, Some("vcsim.vm.failure"), vm, yellow.clone()),
                on(ex, Some("vcsim.vm.fatal"), vm, red.clone()),
            ],
        ),
        (
            "Host error",
            Some("alarm.HostErrorAlarm"),
            vec![
                on("GeneralHostErrorEvent", None, host, red.clone()),
                on("GeneralHostWarningEvent", None, host, yellow.clone()),
            ],
        ),
        (
            "Virtual machine error",
            Some("alarm.VmErrorAlarm"),
            vec![on("GeneralVmErrorEvent", None, vm, red), on("GeneralVmWarningEvent", None, vm, yellow)],
        ),
    ];
    for (name, system_name, expression) in alarms {
        let spec = AlarmSpec {
            name: name.into(),
            system_name: system_name.map(str::to_owned),
            description: name.into(),
            enabled: true,
            expression: OrAlarmExpression { expression, ..Default::default() }.into(),
            ..Default::default()
        };
        add(tx, moref, root.clone(), spec)?;
    }
    Ok(())
}

fn add(tx: &mut Tx<'_>, manager: &MoRef, entity: MoRef, spec: AlarmSpec) -> Result<MoRef> {
    let alarms = tx.edit_state::<Alarms>(manager)?;
    alarms.last += 1;
    let alarm = MoRef::new("Alarm", format!("alarm-{}", alarms.last));
    alarms.all.push(alarm.clone());
    let info = AlarmInfo {
        key: alarm.value().to_owned(),
        alarm: alarm.clone(),
        entity,
        last_modified_time: tx.now,
        last_modified_user: tx.user.clone(),
        extends: spec,
        ..Default::default()
    };
    tx.create(&alarm, AlarmProperties { info, ..Default::default() });
    Ok(alarm)
}

fn check_name(world: &World, name: &str, own: Option<&MoRef>) -> Result<()> {
    if name.is_empty() {
        return Err(Fault::new(InvalidName::default(), "The name '' is invalid"));
    }
    let is_called = |alarm: &&MoRef| {
        Some(*alarm) != own && world.get::<AlarmProperties>(alarm).is_ok_and(|alarm| alarm.info.name == name)
    };
    match all(world).iter().find(is_called) {
        None => Ok(()),
        Some(other) => {
            let fault = DuplicateName { name: name.to_owned(), object: other.clone(), ..Default::default() };
            Err(Fault::new(fault, format!("The name '{name}' already exists.")))
        }
    }
}

fn event(info: &AlarmInfo) -> AlarmEvent {
    let extends = EntityEventArgument { name: info.name.clone(), ..Default::default() };
    AlarmEvent { alarm: AlarmEventArgument { alarm: info.alarm.clone(), extends }, ..Default::default() }
}

fn create_alarm(call: &Call<'_>) -> Result<Reply> {
    let (entity, spec): (MoRef, Poly<AlarmSpec>) = (call.arg("entity")?, call.arg("spec")?);
    let alarm = call.write(|tx| {
        tx.get::<ManagedEntityProperties>(&entity)?;
        require(tx, &tx.user, "Alarm.Create", &entity)?;
        check_name(tx, &spec.name, None)?;
        let on = events::entity(tx, &entity);
        let alarm = add(tx, &call.this, entity, AlarmSpec::clone(&spec))?;
        let extends = event(&tx.get::<AlarmProperties>(&alarm)?.info);
        events::post(tx, AlarmCreatedEvent { extends, entity: on });
        Ok(alarm)
    })?;
    call.returns(&alarm)
}

fn reconfigure(call: &Call<'_>) -> Result<Reply> {
    let spec: Poly<AlarmSpec> = call.arg("spec")?;
    call.write(|tx| {
        check_name(tx, &spec.name, Some(&call.this))?;
        let (now, user) = (tx.now, tx.user.clone());
        let info = &mut tx.edit::<AlarmProperties>(&call.this)?.info;
        info.extends = AlarmSpec::clone(&spec);
        (info.last_modified_time, info.last_modified_user) = (now, user);
        let (extends, entity) = (event(info), info.entity.clone());
        let entity = events::entity(tx, &entity);
        events::post(tx, AlarmReconfiguredEvent { extends, entity, ..Default::default() });
        Ok(())
    })?;
    call.done()
}

fn remove(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| {
        let info = tx.get::<AlarmProperties>(&call.this)?.info.clone();
        if let Some(manager) = tx.of_kind_one("AlarmManager") {
            tx.edit_state::<Alarms>(&manager)?.all.retain(|alarm| *alarm != call.this);
        }
        for entity in triggered(tx) {
            let entity = tx.edit::<ManagedEntityProperties>(&entity)?;
            entity.triggered_alarm_state.retain(|state| state.alarm != call.this);
        }
        tx.remove(&call.this);
        let entity = events::entity(tx, &info.entity);
        events::post(tx, AlarmRemovedEvent { extends: event(&info), entity });
        Ok(())
    })?;
    call.done()
}

/// The entities on which an alarm is triggered.
fn triggered(world: &World) -> Vec<MoRef> {
    let has = |entity: &ManagedEntityProperties| !entity.triggered_alarm_state.is_empty();
    world.nodes().filter(|node| node.properties().is_some_and(has)).map(|node| node.moref.clone()).collect()
}

fn get(call: &Call<'_>) -> Result<Reply> {
    let entity: Option<MoRef> = call.opt("entity")?;
    let found: Vec<MoRef> = call.read(|world| {
        // Those that were made on the entity; on the root, or on none, all of them.
        let entity = entity.filter(|entity| world.node(entity).is_some_and(|node| node.parent().is_some()));
        let is_on = |alarm: &&MoRef| {
            entity.as_ref().is_none_or(|entity| {
                world.get::<AlarmProperties>(alarm).is_ok_and(|alarm| alarm.info.entity == *entity)
            })
        };
        all(world).iter().filter(is_on).cloned().collect()
    });
    call.returns(&found)
}

/// The state of each alarm that watches an entity.
fn states(call: &Call<'_>) -> Result<Reply> {
    let entity: MoRef = call.arg("entity")?;
    let states = call.read(|world| -> Result<Vec<AlarmState>> {
        let known = &world.get::<ManagedEntityProperties>(&entity)?.triggered_alarm_state;
        require(world, call.user(), "System.Read", &entity)?;
        let alarms = all(world).iter().filter_map(|alarm| world.get::<AlarmProperties>(alarm).ok());
        let watching = alarms.filter(|alarm| above(world, &entity).contains(&alarm.info.entity));
        Ok(watching
            .map(|alarm| {
                let key = key(&alarm.info.alarm, &entity);
                let state = known.iter().find(|state| state.key == key).cloned();
                state.unwrap_or_else(|| AlarmState {
                    key,
                    entity: entity.clone(),
                    alarm: alarm.info.alarm.clone(),
                    overall_status: ManagedEntityStatus::GREEN,
                    time: alarm.info.last_modified_time,
                    ..Default::default()
                })
            })
            .collect())
    })?;
    call.returns(&states)
}

fn acknowledge(call: &Call<'_>) -> Result<Reply> {
    let (alarm, entity): (MoRef, MoRef) = (call.arg("alarm")?, call.arg("entity")?);
    call.write(|tx| {
        tx.get::<AlarmProperties>(&alarm)?;
        tx.get::<ManagedEntityProperties>(&entity)?;
        require(tx, &tx.user, "Alarm.Acknowledge", &entity)?;
        let (now, user, key) = (tx.now, tx.user.clone(), key(&alarm, &entity));
        for moref in above(tx, &entity) {
            let states = &mut tx.edit::<ManagedEntityProperties>(&moref)?.triggered_alarm_state;
            if let Some(state) = states.iter_mut().find(|state| state.key == key)
                && state.acknowledged != Some(true)
            {
                state.acknowledged = Some(true);
                state.acknowledged_time = Some(now);
                state.acknowledged_by_user = Some(user.clone());
            }
        }
        Ok(())
    })?;
    call.done()
}

fn clear(call: &Call<'_>) -> Result<Reply> {
    let filter: AlarmFilterSpec = call.arg("filter")?;
    let kind = match filter.type_entity.as_deref() {
        Some("entityTypeHost") => Some("HostSystem"),
        Some("entityTypeVm") => Some("VirtualMachine"),
        _ => None,
    };
    call.write(|tx| {
        for entity in triggered(tx) {
            let entity = tx.edit::<ManagedEntityProperties>(&entity)?;
            entity.triggered_alarm_state.retain(|state| {
                let by_status = filter.status.is_empty() || filter.status.contains(&state.overall_status);
                let by_kind = kind.is_none_or(|kind| state.entity.kind() == kind);
                !(by_status && by_kind)
            });
        }
        Ok(())
    })?;
    call.done()
}

fn are_actions_enabled(call: &Call<'_>) -> Result<Reply> {
    let entity: MoRef = call.arg("entity")?;
    let enabled = call.read(|world| -> Result<bool> {
        Ok(world.get::<ManagedEntityProperties>(&entity)?.alarm_actions_enabled != Some(false))
    })?;
    call.returns(&enabled)
}

fn enable_actions(call: &Call<'_>) -> Result<Reply> {
    let (entity, enabled): (MoRef, bool) = (call.arg("entity")?, call.arg("enabled")?);
    call.write(|tx| {
        require(tx, &tx.user, "Alarm.DisableActions", &entity)?;
        tx.edit::<ManagedEntityProperties>(&entity)?.alarm_actions_enabled = Some(enabled);
        Ok(())
    })?;
    call.done()
}
