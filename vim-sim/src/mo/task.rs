//! `Task`: work that goes on after its call was answered.
//!
//! A task's work is one transaction, made at its end together with its success: who sees the one sees the other. What is
//! cancelled or fails has changed nothing.

use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::mo::authorization_manager::require;
use crate::sim::Sim;
use crate::world::{Tx, World};
use std::sync::Arc;
use std::time::Duration;
use vim_types::mo::{TaskProperties, VirtualMachineProperties};
use vim_types::{
    InvalidState, LocalizableMessage, NotSupported, RequestCanceled, TaskInProgress, TaskInfo, TaskInfoState,
    TaskReasonUser, Timedout,
};
use vim_wire::{Any, MoRef};

methods! {
    "CancelTask" => cancel,
    "SetTaskState" => set_state,
    "SetTaskDescription" => set_description,
    "UpdateProgress" => update_progress,
}

/// The work of a task: its result, or why it failed.
pub(crate) type Work = Box<dyn FnOnce(&mut Tx<'_>) -> Result<Any> + Send>;

/// In how many steps the progress of a task that takes time is told.
const STEPS: u32 = 4;

/// A task that is to fail, since a rule says so: at which percentage, and how.
#[derive(Clone, Debug)]
pub(crate) struct Doomed {
    pub(crate) at: i32,
    pub(crate) fault: Fault,
}

impl Call<'_> {
    /// Starts a task on an object and answers its reference. The work is done at the task's end.
    pub(crate) fn task(
        &self,
        entity: &MoRef,
        work: impl FnOnce(&mut Tx<'_>) -> Result<Any> + Send + 'static,
    ) -> Result<Reply> {
        let time = self.sim.config.task_time;
        let doomed = match &self.doomed {
            // Tasks that take no time are over before the next one looks, even where their end is yet to come.
            None if !time.is_zero() => self.read(|world| in_the_way(world, self.method.name, entity)),
            doomed => doomed.clone(),
        };
        let task = self.begin_task(entity)?;
        schedule(self.sim, task.clone(), time, doomed, Box::new(work));
        self.returns(&task)
    }

    /// Starts a task whose work is done as soon as the world is `ready` for it, or that fails after a time.
    pub(crate) fn task_when(
        &self,
        entity: &MoRef,
        ready: impl Fn(&World) -> bool + Send + 'static,
        timeout: Option<Duration>,
        work: impl FnOnce(&mut Tx<'_>) -> Result<Any> + Send + 'static,
    ) -> Result<Reply> {
        if self.doomed.is_some() || self.read(&ready) {
            return self.task(entity, work);
        }
        let task = self.begin_task(entity)?;
        progress(self.sim, &task, 0);
        if let Some(timeout) = timeout {
            let task = task.clone();
            self.sim.timer.after(timeout, move |sim| {
                let late = Fault::new(Timedout::default(), "Operation timed out.");
                finish(sim, &task, Some(late), Box::new(|_| Ok(Any::Nil)));
            });
        }
        let (mut changes, waits, sim) = (self.sim.changes(), task.clone(), Arc::downgrade(self.sim));
        tokio::spawn(async move {
            // It ends with the simulator, or when the task has ended otherwise.
            loop {
                let Some(sim) = sim.upgrade() else { return };
                let open = |world: &World| {
                    world.get::<TaskProperties>(&waits).is_ok_and(|task| !is_final(&task.info))
                };
                if !sim.read(open) {
                    return;
                }
                if sim.read(&ready) {
                    return finish(&sim, &waits, None, Box::new(work));
                }
                drop(sim);
                if changes.changed().await.is_err() {
                    return;
                }
            }
        });
        self.returns(&task)
    }

    /// A task that waits; whoever wants it ends it ([`end`]).
    pub(crate) fn begin_task(&self, entity: &MoRef) -> Result<MoRef> {
        self.write(|tx| {
            let task = tx.new_ref("Task");
            let info = TaskInfo {
                key: task.value().to_owned(),
                task: task.clone(),
                name: Some(self.method.name.to_owned()),
                description_id: description_id(self.method.this, self.method.name),
                entity: Some(entity.clone()),
                entity_name: Some(tx.name(entity).to_owned()),
                state: TaskInfoState::QUEUED,
                cancelable: CANCELABLE.contains(&self.method.name),
                reason: TaskReasonUser { user_name: self.user().to_owned(), ..Default::default() }.into(),
                queue_time: tx.now,
                event_chain_id: i32::try_from(tx.new_number()).unwrap_or(i32::MAX),
                activation_id: self.operation_id().map(str::to_owned),
                ..Default::default()
            };
            tx.create(&task, TaskProperties { info, ..Default::default() });
            crate::mo::task_manager::began(tx, &task, entity)?;
            Ok(task)
        })
    }
}

/// What a client can cancel: what takes long on a server.
const CANCELABLE: &[&str] = &[
    "CloneVApp_Task",
    "CloneVM_Task",
    "ConsolidateVMDisks_Task",
    "CopyDatastoreFile_Task",
    "CopyVirtualDisk_Task",
    "CreateSnapshotEx_Task",
    "CreateSnapshot_Task",
    "CreateVM_Task",
    "CreateVirtualDisk_Task",
    "EnterMaintenanceMode_Task",
    "EvacuateVsanNode_Task",
    "ExtendVirtualDisk_Task",
    "InflateVirtualDisk_Task",
    "InstantClone_Task",
    "MigrateVM_Task",
    "MoveDatastoreFile_Task",
    "MoveVirtualDisk_Task",
    "PromoteDisks_Task",
    "RelocateVM_Task",
    "SearchDatastoreSubFolders_Task",
    "SearchDatastore_Task",
    "ShrinkVirtualDisk_Task",
    "UpgradeTools_Task",
    "ZeroFillVirtualDisk_Task",
];

/// What other tasks on the same virtual machine can go on beside.
const SHARED: &[&str] = &["CloneVM_Task", "CreateScreenshot_Task", "InstantClone_Task"];

/// A virtual machine is worked on by one task at a time, except by those that only read it.
fn in_the_way(world: &World, method: &str, entity: &MoRef) -> Option<Doomed> {
    let vm = world.get::<VirtualMachineProperties>(entity).ok()?;
    let shared = SHARED.contains(&method);
    let task = vm.recent_task.iter().find(|task| {
        world.get::<TaskProperties>(task).is_ok_and(|task| {
            let other_shared = task.info.name.as_ref().is_some_and(|name| SHARED.contains(&name.as_str()));
            !(is_final(&task.info) || shared && other_shared)
        })
    })?;
    let fault = TaskInProgress { task: task.clone(), ..Default::default() };
    Some(Doomed { at: 0, fault: Fault::new(fault, "Another task is already in progress.") })
}

/// `VirtualMachine.powerOn` of `PowerOnVM_Task`: the method as VMODL names it.
pub(crate) fn description_id(this: &str, method: &str) -> String {
    let name = method.strip_suffix("_Task").unwrap_or(method);
    let name = match (this, name) {
        ("VirtualMachine", name) => name.strip_suffix("VM").unwrap_or(name),
        ("VirtualApp", name) => name.strip_suffix("VApp").unwrap_or(name),
        (_, name) => name,
    };
    let mut name = name.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    format!("{this}.{name}")
}

fn schedule(sim: &Arc<Sim>, task: MoRef, time: Duration, doomed: Option<Doomed>, work: Work) {
    if time.is_zero() {
        let doomed = doomed.map(|doomed| doomed.fault);
        sim.timer.after(time, move |sim| finish(sim, &task, doomed, work));
        return;
    }
    let started = task.clone();
    sim.timer.after(Duration::ZERO, move |sim| progress(sim, &started, 0));
    for step in 1..STEPS {
        let (task, percent) = (task.clone(), (100 * step / STEPS) as i32);
        if doomed.as_ref().is_some_and(|doomed| doomed.at <= percent) {
            break;
        }
        sim.timer.after(time * step / STEPS, move |sim| progress(sim, &task, percent));
    }
    match doomed {
        Some(Doomed { at, fault }) => {
            let percent = at.clamp(0, 100);
            sim.timer.after(time.mul_f64(f64::from(percent) / 100.0), move |sim| {
                progress(sim, &task, percent);
                finish(sim, &task, Some(fault), work);
            });
        }
        None => sim.timer.after(time, move |sim| finish(sim, &task, None, work)),
    }
}

/// Whether a task's state is its last.
pub(crate) fn is_final(info: &TaskInfo) -> bool {
    matches!(info.state, TaskInfoState::SUCCESS | TaskInfoState::ERROR)
}

fn progress(sim: &Arc<Sim>, task: &MoRef, percent: i32) {
    let told = sim.write(|tx| {
        let now = tx.now;
        let info = &mut tx.edit::<TaskProperties>(task)?.info;
        if !is_final(info) {
            info.state = TaskInfoState::RUNNING;
            info.progress = Some(percent);
            info.start_time.get_or_insert(now);
        }
        Ok(())
    });
    // A task may be forgotten before it ends; then nobody can ask for it.
    drop(told);
}

fn finish(sim: &Arc<Sim>, task: &MoRef, doomed: Option<Fault>, work: Work) {
    let user = sim.read(|world| {
        let reason = world.get::<TaskProperties>(task).map(|task| task.info.reason.clone()).ok()?;
        Some(reason.downcast_ref::<TaskReasonUser>()?.user_name.clone())
    });
    let done = sim.write_as(&user.unwrap_or_default(), |tx| {
        let info = &tx.get::<TaskProperties>(task)?.info;
        // Whoever cancelled it was first: then nothing happens.
        if is_final(info) {
            return Ok(());
        }
        tx.chain = info.event_chain_id;
        let result = match doomed {
            Some(fault) => Err(fault),
            None => work(tx),
        }?;
        end(tx, task, Ok(result))
    });
    if let Err(fault) = done {
        // A task that was forgotten cannot be asked for.
        drop(sim.write(|tx| match is_final(&tx.get::<TaskProperties>(task)?.info) {
            true => Ok(()),
            false => end(tx, task, Err(fault)),
        }));
    }
    crate::mo::task_manager::ended(sim, task);
}

/// Ends a task.
pub(crate) fn end(tx: &mut Tx<'_>, task: &MoRef, result: Result<Any>) -> Result<()> {
    let now = tx.now;
    let info = &mut tx.edit::<TaskProperties>(task)?.info;
    info.start_time.get_or_insert(now);
    info.complete_time = Some(now);
    info.cancelable = false;
    info.progress = None;
    match result {
        Ok(result) => {
            info.state = TaskInfoState::SUCCESS;
            info.result = Some(result).filter(|result| *result != Any::Nil);
        }
        Err(fault) => {
            info.state = TaskInfoState::ERROR;
            info.error = Some(fault.localized());
        }
    }
    Ok(())
}

fn cancel(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| {
        let info = &tx.get::<TaskProperties>(&call.this)?.info;
        let own =
            info.reason.downcast_ref::<TaskReasonUser>().is_some_and(|reason| reason.user_name == tx.user);
        if !own {
            require(tx, &tx.user, "Global.CancelTask", &call.this)?;
        }
        if is_final(info) {
            return Err(Fault::new(InvalidState::default(), "The task has ended already"));
        }
        if !info.cancelable {
            return Err(Fault::new(NotSupported::default(), "The task cannot be cancelled"));
        }
        let fault = Fault::new(RequestCanceled::default(), "The task was canceled by a user.");
        end(tx, &call.this, Err(fault))?;
        tx.edit::<TaskProperties>(&call.this)?.info.cancelled = true;
        Ok(())
    })?;
    crate::mo::task_manager::ended(call.sim, &call.this);
    call.done()
}

/// For tasks that an extension created itself.
fn set_state(call: &Call<'_>) -> Result<Reply> {
    let state: TaskInfoState = call.arg("state")?;
    let result: Option<Any> = call.opt("result")?;
    let fault: Option<vim_types::LocalizedMethodFault> = call.opt("fault")?;
    call.write(|tx| {
        let now = tx.now;
        let info = &mut tx.edit::<TaskProperties>(&call.this)?.info;
        if is_final(info) {
            return Err(Fault::new(InvalidState::default(), "The task has ended already"));
        }
        info.state = state;
        if info.state == TaskInfoState::RUNNING {
            info.start_time.get_or_insert(now);
        }
        if is_final(info) {
            info.complete_time = Some(now);
            info.cancelable = false;
            (info.result, info.error) = (result, fault);
        }
        Ok(is_final(info))
    })
    .map(|over| {
        if over {
            crate::mo::task_manager::ended(call.sim, &call.this);
        }
    })?;
    call.done()
}

fn update_progress(call: &Call<'_>) -> Result<Reply> {
    let percent: i32 = call.arg("percentDone")?;
    if !(0..=100).contains(&percent) {
        return Err(Fault::invalid_argument("percentDone"));
    }
    call.write(|tx| {
        let info = &mut tx.edit::<TaskProperties>(&call.this)?.info;
        if info.state != TaskInfoState::RUNNING {
            return Err(Fault::new(InvalidState::default(), "The task is not running"));
        }
        info.progress = Some(percent);
        Ok(())
    })?;
    call.done()
}

fn set_description(call: &Call<'_>) -> Result<Reply> {
    let description: LocalizableMessage = call.arg("description")?;
    call.write(|tx| {
        let info = &mut tx.edit::<TaskProperties>(&call.this)?.info;
        if is_final(info) {
            return Err(Fault::new(InvalidState::default(), "The task has ended already"));
        }
        info.description = Some(description);
        Ok(())
    })?;
    call.done()
}
