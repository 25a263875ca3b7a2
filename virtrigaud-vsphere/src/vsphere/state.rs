//! A machine as it is now, with the tasks that the server carries out on it: what a repeated request decides by.

use super::core::Core;
use super::errors::{gone, server};
use super::read::{Read, Values};
use crate::provider::Result;
use vim_client::types::{TaskInfo, TaskInfoState};
use vim_client::{MoRef, Task};

/// A machine's properties and its tasks.
#[derive(Debug)]
pub(super) struct State {
    pub(super) values: Values,
    tasks: Vec<TaskInfo>,
}

impl State {
    /// A task of that method that has not ended, such as `createSnapshot`, to be waited for.
    pub(super) fn running<T>(&self, core: &Core, method: &str, description: &str) -> Option<Task<T>> {
        let is_it = |info: &&TaskInfo| {
            matches!(info.state, TaskInfoState::RUNNING | TaskInfoState::QUEUED)
                && info.description_id.eq_ignore_ascii_case(&format!("VirtualMachine.{description}"))
        };
        let info = self.tasks.iter().find(is_it)?;
        let line =
            format!("{method} Task:{} VirtualMachine:{}", info.task.value(), self.values.moref.value());
        core.client.resume(&line).ok()
    }

    pub(super) fn name(&self) -> &str {
        self.values.text("name")
    }

    pub(super) fn power(&self) -> &str {
        self.values.text("runtime.powerState")
    }
}

/// Reads properties and tasks of a machine in one request; none where it certainly does not exist.
pub(super) async fn find(core: &Core, machine: &MoRef, paths: &[&str]) -> Result<Option<State>> {
    let paths: Vec<&str> =
        paths.iter().copied().chain(["name", "runtime.powerState", "recentTask"]).collect();
    let read = Read::default().of("VirtualMachine", &paths).of("Task", &["info"]);
    let all = match read.from(machine, &["recentTask"]).send(&core.client).await {
        Ok(all) => all,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(server(&format!("reading {}", machine.value()), error)),
    };
    let tasks = all.iter().filter_map(|values| values.object::<TaskInfo>("info").cloned()).collect();
    let found = all.into_iter().find(|values| values.moref == *machine);
    Ok(found.map(|values| State { values, tasks }))
}

/// As [`find`], for a machine that must be there.
pub(super) async fn read(core: &Core, machine: &MoRef, paths: &[&str]) -> Result<State> {
    find(core, machine, paths).await?.ok_or_else(|| gone(machine.value()))
}
