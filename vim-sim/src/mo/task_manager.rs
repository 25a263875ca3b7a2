//! `TaskManager`: tasks that are under way, and the ones that were.

use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::log::Log;
use crate::mo::history_collector;
use crate::mo::task::description_id;
use crate::sim::Sim;
use crate::world::{Tx, World};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use vim_types::mo::{
    ExtensionManagerProperties, ManagedEntityProperties, TaskManagerProperties, TaskProperties,
};
use vim_types::{
    Description, ElementDescription, TaskDescription, TaskFilterSpec, TaskInfo, TaskInfoState,
    TaskReasonUser, TypeDescription,
};
use vim_wire::MoRef;

methods! {
    "CreateTask" => create_task,
    "CreateCollectorForTasks" => create_collector,
}

/// How long a task can be asked for after its end. Collectors of tasks know more.
const KEPT: Duration = Duration::from_secs(600);
/// How many tasks are recent.
const RECENT: usize = 200;
/// How many tasks are remembered.
const REMEMBERED: usize = 1 << 13;

/// A task of the past or of now.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    Live(MoRef),
    Past(Arc<TaskInfo>),
}

/// All tasks that are remembered: the task manager's own.
#[derive(Clone, Debug)]
struct History(Log<Entry>);

impl Default for History {
    fn default() -> Self {
        Self(Log::new(REMEMBERED))
    }
}

/// A task's number in the history: the task's own.
#[derive(Clone, Debug, Default)]
struct Number(u64);

/// The tasks that there were.
pub(crate) fn history(world: &World) -> Option<&Log<Entry>> {
    world.state::<History>(&world.of_kind_one("TaskManager")?).map(|history| &history.0)
}

/// What is known of a task by its number.
pub(crate) fn info(world: &World, number: u64) -> Option<&TaskInfo> {
    match history(world)?.get(number)? {
        Entry::Live(task) => world.get::<TaskProperties>(task).ok().map(|task| &task.info),
        Entry::Past(info) => Some(info),
    }
}

fn add_recent(recent: &mut Vec<MoRef>, task: &MoRef) {
    if recent.len() >= RECENT {
        recent.remove(0);
    }
    recent.push(task.clone());
}

/// Notes a task that has begun, where people look for it.
pub(crate) fn began(tx: &mut Tx<'_>, task: &MoRef, entity: &MoRef) -> Result<()> {
    if let Some(manager) = tx.of_kind_one("TaskManager") {
        add_recent(&mut tx.edit::<TaskManagerProperties>(&manager)?.recent_task, task);
        let number = tx.edit_state::<History>(&manager)?.0.push(Entry::Live(task.clone()));
        tx.edit_state::<Number>(task)?.0 = number;
    }
    if tx.get::<ManagedEntityProperties>(entity).is_ok() {
        add_recent(&mut tx.edit::<ManagedEntityProperties>(entity)?.recent_task, task);
    }
    Ok(())
}

/// Has a task that has ended forgotten after a while.
pub(crate) fn ended(sim: &Arc<Sim>, task: &MoRef) {
    let task = task.clone();
    sim.timer.after_real(KEPT, move |sim| {
        // Somebody else may have forgotten it.
        drop(sim.write(|tx| forget(tx, &task)));
    });
}

fn forget(tx: &mut Tx<'_>, task: &MoRef) -> Result<()> {
    let info = tx.get::<TaskProperties>(task)?.info.clone();
    if let Some(manager) = tx.of_kind_one("TaskManager") {
        tx.edit::<TaskManagerProperties>(&manager)?.recent_task.retain(|other| other != task);
        if let Some(Number(number)) = tx.state::<Number>(task).cloned() {
            tx.edit_state::<History>(&manager)?.0.set(number, Entry::Past(Arc::new(info.clone())));
        }
    }
    if let Some(entity) = info.entity
        && tx.get::<ManagedEntityProperties>(&entity).is_ok()
    {
        tx.edit::<ManagedEntityProperties>(&entity)?.recent_task.retain(|other| other != task);
    }
    tx.remove(task);
    Ok(())
}

/// For tasks of extensions: they say themselves how far these are.
fn create_task(call: &Call<'_>) -> Result<Reply> {
    let (entity, kind): (MoRef, String) = (call.arg("obj")?, call.arg("taskTypeId")?);
    let (initiator, cancelable): (Option<String>, bool) = (call.opt("initiatedBy")?, call.arg("cancelable")?);
    let (parent, activation): (Option<String>, Option<String>) =
        (call.opt("parentTaskKey")?, call.opt("activationId")?);
    let info = call.write(|tx| {
        let known = tx.of_kind_one("ExtensionManager").is_some_and(|manager| {
            tx.get::<ExtensionManagerProperties>(&manager).is_ok_and(|manager| {
                let mut tasks = manager.extension_list.iter().flat_map(|extension| &extension.task_list);
                tasks.any(|task| task.task_id == kind)
            })
        });
        if !known {
            return Err(Fault::invalid_argument("taskTypeId"));
        }
        tx.must(&entity)?;
        let task = tx.new_ref("Task");
        let user_name = initiator.unwrap_or_else(|| tx.user.clone());
        let root = parent.as_ref().map(|parent| {
            let parent = MoRef::new("Task", parent.as_str());
            let root = tx.get::<TaskProperties>(&parent).ok();
            root.and_then(|task| task.info.root_task_key.clone()).unwrap_or_else(|| parent.value().to_owned())
        });
        let info = TaskInfo {
            key: task.value().to_owned(),
            task: task.clone(),
            description_id: kind,
            entity: Some(entity.clone()),
            entity_name: Some(tx.name(&entity).to_owned()),
            state: TaskInfoState::QUEUED,
            cancelable,
            reason: TaskReasonUser { user_name, ..Default::default() }.into(),
            queue_time: tx.now,
            event_chain_id: i32::try_from(tx.new_number()).unwrap_or(i32::MAX),
            parent_task_key: parent,
            root_task_key: root,
            activation_id: activation,
            ..Default::default()
        };
        tx.create(&task, TaskProperties { info: info.clone(), ..Default::default() });
        began(tx, &task, &entity)?;
        Ok(info)
    })?;
    call.returns(&info)
}

fn create_collector(call: &Call<'_>) -> Result<Reply> {
    let filter: TaskFilterSpec = call.arg("filter")?;
    if call.sim.config.esx {
        return Err(Fault::not_supported("a host keeps no history of tasks"));
    }
    call.returns(&history_collector::create_for_tasks(call, filter)?)
}

/// The property `description`. It is long, which is why the task manager itself does not hold it.
pub(crate) fn description() -> &'static TaskDescription {
    static DESCRIPTION: OnceLock<TaskDescription> = OnceLock::new();
    DESCRIPTION.get_or_init(|| {
        let words = |label: &str| Description { label: label.to_owned(), summary: label.to_owned() };
        let element =
            |key: &str, label: &str| ElementDescription { key: key.to_owned(), extends: words(label) };
        let reason = |key: &str, label: &str| TypeDescription { key: key.to_owned(), extends: words(label) };
        let methods = vim_types::METHODS.iter().flat_map(|area| area.iter()).filter(|method| method.task);
        TaskDescription {
            method_info: methods
                .map(|method| element(&description_id(method.this, method.name), &label(method.name)).into())
                .collect(),
            state: [("queued", "Queued"), ("running", "Running"), ("success", "Success"), ("error", "Error")]
                .map(|(key, label)| element(key, label).into())
                .into(),
            reason: [
                ("TaskReasonAlarm", "Alarm"),
                ("TaskReasonSchedule", "Scheduled task"),
                ("TaskReasonSystem", "System"),
                ("TaskReasonUser", "User"),
            ]
            .map(|(key, label)| reason(key, label).into())
            .into(),
        }
    })
}

/// `PowerOnVM_Task` in words: "Power on VM".
fn label(method: &str) -> String {
    let name = method.strip_suffix("_Task").unwrap_or(method);
    let mut label = String::new();
    for (at, letter) in name.char_indices() {
        let next_is_lower =
            name.get(at + 1..).and_then(|rest| rest.chars().next()).is_some_and(char::is_lowercase);
        let after_lower = label.chars().next_back().is_some_and(char::is_lowercase);
        if at > 0 && letter.is_uppercase() && (after_lower || next_is_lower) {
            label.push(' ');
            match next_is_lower {
                true => label.extend(letter.to_lowercase()),
                false => label.push(letter),
            }
        } else {
            label.push(letter);
        }
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_have_labels() {
        assert_eq!(label("PowerOnVM_Task"), "Power on VM");
        assert_eq!(label("CreateVM_Task"), "Create VM");
        assert_eq!(label("ReconfigureDVPortgroup_Task"), "Reconfigure DV portgroup");
        assert_eq!(label("Destroy_Task"), "Destroy");
    }
}
