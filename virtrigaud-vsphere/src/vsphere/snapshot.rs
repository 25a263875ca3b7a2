//! Snapshots of machines.
//!
//! A name stands for one snapshot of a machine: that is what tells a repeated request from a new one.

use super::core::Core;
use super::errors::server;
use super::state;
use crate::provider::{
    Error, ErrorKind, MachineId, Operation, OperationId, Result, Snapshot, SnapshotId, SnapshotRequest,
};
use std::sync::Arc;
use vim_client::mo::VirtualMachineSnapshot;
use vim_client::types::{VirtualMachinePowerState, VirtualMachineSnapshotInfo, VirtualMachineSnapshotTree};
use vim_client::{ManagedObject, MoRef, Task};

/// All snapshots of a tree, each after the one that it was made on.
pub(super) fn all(info: Option<&VirtualMachineSnapshotInfo>) -> Vec<Snapshot> {
    let Some(info) = info else { return Vec::new() };
    let mut out = Vec::new();
    let mut open: Vec<(&VirtualMachineSnapshotTree, Option<SnapshotId>)> =
        info.root_snapshot_list.iter().rev().map(|root| (root, None)).collect();
    while let Some((tree, parent)) = open.pop() {
        let id = SnapshotId(tree.snapshot.value().to_owned());
        open.extend(tree.child_snapshot_list.iter().rev().map(|child| (child, Some(id.clone()))));
        out.push(Snapshot {
            name: tree.name.clone(),
            description: tree.description.clone(),
            created: tree.create_time.into(),
            // A snapshot of a machine that ran is one that runs only where its memory was kept.
            memory: tree.state != VirtualMachinePowerState::POWERED_OFF,
            quiesced: tree.quiesced,
            parent,
            current: info.current_snapshot.as_ref() == Some(&tree.snapshot),
            id,
        });
    }
    out
}

fn reference(id: &SnapshotId) -> MoRef {
    MoRef::new("VirtualMachineSnapshot", id.0.as_str())
}

pub(super) async fn list(core: &Arc<Core>, id: &MachineId) -> Result<Vec<Snapshot>> {
    let machine = core.machine(id).await?;
    let state = state::read(core, &machine, &["snapshot"]).await?;
    Ok(all(state.values.object("snapshot")))
}

pub(super) async fn create(
    core: &Arc<Core>,
    id: &MachineId,
    request: &SnapshotRequest,
) -> Result<Operation<SnapshotId>> {
    let machine = core.machine(id).await?;
    let state = state::read(core, &machine, &["snapshot"]).await?;
    let doing = format!("making the snapshot '{}' of {id}", request.name);
    let running = state.running(core, "VirtualMachine.CreateSnapshot_Task", "createSnapshot");
    if let Some(done) = existing(all(state.values.object("snapshot")), request, &doing)? {
        return Ok(core.done(OperationId::new("snapshot"), done));
    }
    let joined = running.is_some();
    let task: Task<VirtualMachineSnapshot> = match running {
        Some(task) => task,
        None => send(core, &machine, request).await.map_err(|error| server(&doing, error))?,
    };
    let (core_, request) = (Arc::clone(core), request.clone());
    let work = |reporter: crate::provider::Reporter| async move {
        reporter.step(doing.clone(), 0);
        let made = core_.wait(&doing, task, &reporter, (0, 100)).await;
        if joined {
            // The task that was joined may have made another one than is asked for.
            let state = state::read(&core_, &machine, &["snapshot"]).await?;
            if let Some(done) = existing(all(state.values.object("snapshot")), &request, &doing)? {
                return Ok(done);
            }
            let task = send(&core_, &machine, &request).await.map_err(|error| server(&doing, error))?;
            let made = core_.wait(&doing, task, &reporter, (50, 100)).await?;
            return Ok(SnapshotId(made.handle().moref().value().to_owned()));
        }
        Ok(SnapshotId(made?.handle().moref().value().to_owned()))
    };
    Ok(core.start(OperationId::new("snapshot"), work))
}

async fn send(
    core: &Core,
    machine: &MoRef,
    request: &SnapshotRequest,
) -> Result<Task<VirtualMachineSnapshot>, vim_client::Error> {
    let vm = core.vm(machine);
    vm.create_snapshot(&request.name, request.memory, request.quiesce).description(&request.description).await
}

/// The snapshot that a request made before; an error where another one has its name.
fn existing(snapshots: Vec<Snapshot>, request: &SnapshotRequest, doing: &str) -> Result<Option<SnapshotId>> {
    let Some(there) = snapshots.into_iter().find(|snapshot| snapshot.name == request.name) else {
        return Ok(None);
    };
    if there.description == request.description {
        return Ok(Some(there.id));
    }
    let message = format!("{doing}: {} has that name already, and another description", there.id);
    Err(Error::new(ErrorKind::AlreadyExists, message).hint("delete it first, or choose another name"))
}

pub(super) async fn delete(core: &Arc<Core>, id: &MachineId, snapshot: &SnapshotId) -> Result<Operation<()>> {
    let operation = OperationId::new("snapshot-delete");
    let machine = match core.machine(id).await {
        Err(error) if error.is_not_found() => return Ok(core.done(operation, ())),
        other => other?,
    };
    // The server takes any machine's snapshot; this one's alone is meant.
    let Some(state) = state::find(core, &machine, &["snapshot"]).await? else {
        return Ok(core.done(operation, ()));
    };
    if !all(state.values.object("snapshot")).iter().any(|other| other.id == *snapshot) {
        return Ok(core.done(operation, ()));
    }
    let doing = format!("deleting the snapshot {snapshot} of {id}");
    let object: VirtualMachineSnapshot = core.client.object(reference(snapshot));
    let task = match object.remove(false).await {
        Ok(task) => task,
        Err(error) if error.is_not_found() => return Ok(core.done(operation, ())),
        Err(error) => return Err(server(&doing, error)),
    };
    let core_ = Arc::clone(core);
    Ok(core.start(OperationId::of_task("snapshot-delete", task.moref(), true), move |reporter| async move {
        reporter.step(doing.clone(), 0);
        match core_.follow(task, &reporter, (0, 100)).await {
            Err(error) if !error.is_not_found() => Err(server(&doing, error)),
            _ => Ok(()),
        }
    }))
}

pub(super) async fn revert(core: &Arc<Core>, id: &MachineId, snapshot: &SnapshotId) -> Result<Operation<()>> {
    let machine = core.machine(id).await?;
    let state = state::read(core, &machine, &["snapshot"]).await?;
    let there = all(state.values.object("snapshot"));
    if !there.iter().any(|other| other.id == *snapshot) {
        return Err(missing(&there, snapshot, state.name()));
    }
    let doing = format!("reverting {id} to the snapshot {snapshot}");
    let object: VirtualMachineSnapshot = core.client.object(reference(snapshot));
    let task = object.revert().await.map_err(|error| server(&doing, error))?;
    let core_ = Arc::clone(core);
    Ok(core.start(OperationId::of_task("snapshot-revert", task.moref(), true), move |reporter| async move {
        reporter.step(doing.clone(), 0);
        core_.wait(&doing, task, &reporter, (0, 100)).await
    }))
}

/// The error for a snapshot that a machine does not have.
pub(super) fn missing(there: &[Snapshot], wanted: &SnapshotId, machine: &str) -> Error {
    let names: Vec<String> =
        there.iter().map(|snapshot| format!("{} '{}'", snapshot.id, snapshot.name)).collect();
    let hint =
        if names.is_empty() { "it has none".to_owned() } else { format!("it has {}", names.join(", ")) };
    let message = format!("snapshot '{wanted}' of virtual machine '{machine}' not found");
    Error::new(ErrorKind::NotFound, message).hint(hint)
}
