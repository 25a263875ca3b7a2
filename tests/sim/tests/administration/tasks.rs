//! Tasks: those that are under way, those that were, and those of extensions.

use crate::{connect, manager, root, small, vm};
use std::time::Duration;
use vim_client::mo::{Task as TaskObject, TaskHistoryCollector, TaskManager, VirtualMachine};
use vim_client::types::{
    InvalidArgument, InvalidState, NotSupported, TaskFilterSpec, TaskFilterSpecByEntity,
    TaskFilterSpecRecursionOption, TaskInProgress, TaskInfo, TaskInfoState, VirtualMachineCloneSpec,
    VirtualMachineConfigSpec, VirtualMachineRelocateSpec,
};
use vim_client::{Client, ManagedObject, MoRef, Properties};
use vim_sim::{Clock, Simulator};

#[derive(Debug, Properties)]
#[properties(of = TaskObject)]
struct Row {
    info: TaskInfo,
}

async fn info(client: &Client, task: &MoRef) -> TaskInfo {
    client.retrieve::<Row>().objects([task.clone()]).all().await.unwrap().remove(0).row.info
}

async fn slow() -> Simulator {
    small().clock(Clock::Manual).task_time(Duration::from_secs(100)).start().await.unwrap()
}

#[tokio::test]
async fn progress_is_told_and_one_task_at_a_time_has_a_machine() {
    let simulator = slow().await;
    let client = connect(&simulator, "user").await;
    let machine = vm(&client, "DC0_H0_VM0").await;
    let off = machine.power_off().await.unwrap();
    simulator.advance(Duration::from_secs(60));
    let half = info(&client, off.moref()).await;
    assert_eq!((half.state, half.progress), (TaskInfoState::RUNNING, Some(50)));
    // Another task on the machine has to wait its turn; one on another machine does not.
    let spec = VirtualMachineConfigSpec { annotation: Some("x".into()), ..Default::default() };
    let other = machine.reconfigure(&spec).await.unwrap();
    let elsewhere = vm(&client, "DC0_H0_VM1").await.reconfigure(&spec).await.unwrap();
    simulator.advance(Duration::from_secs(1));
    let refused = info(&client, other.moref()).await;
    let fault = refused.error.unwrap().fault;
    assert_eq!(&fault.downcast_ref::<TaskInProgress>().unwrap().task, off.moref());
    simulator.advance(Duration::from_secs(100));
    assert_eq!(info(&client, off.moref()).await.state, TaskInfoState::SUCCESS);
    assert_eq!(info(&client, elsewhere.moref()).await.state, TaskInfoState::SUCCESS);
}

#[tokio::test]
async fn what_is_cancelled_has_not_happened_and_does_not_happen_later() {
    let simulator = slow().await;
    let client = connect(&simulator, "user").await;
    let machine = vm(&client, "DC0_H0_VM0").await;
    let off = machine.power_off().await.unwrap();
    let task: TaskObject = client.object(off.moref().clone());
    let error = task.cancel().await.unwrap_err();
    assert!(error.fault_as::<NotSupported>().is_some(), "{error}");
    simulator.advance(Duration::from_secs(200));
    let error = task.cancel().await.unwrap_err();
    assert!(error.fault_as::<InvalidState>().is_some(), "{error}");

    let pool = client.inventory("").resource_pool("/DC0/host/DC0_H0/Resources").one().await.unwrap();
    let location =
        VirtualMachineRelocateSpec { pool: Some(pool.handle().moref().clone()), ..Default::default() };
    let spec = VirtualMachineCloneSpec { location, ..Default::default() };
    let folder = crate::folder(&client).await;
    let copy = machine.clone_vm(&folder, "copy", &spec).await.unwrap();
    simulator.advance(Duration::from_secs(50));
    let task: TaskObject = client.object(copy.moref().clone());
    task.cancel().await.unwrap();
    let cancelled = info(&client, copy.moref()).await;
    assert!(cancelled.cancelled && cancelled.state == TaskInfoState::ERROR);
    simulator.advance(Duration::from_secs(200));
    assert_eq!(info(&client, copy.moref()).await, cancelled);
    assert!(client.inventory("").virtual_machine("copy").optional().await.unwrap().is_none());
}

#[tokio::test]
async fn tasks_are_forgotten_after_ten_minutes_and_known_to_history() {
    let simulator = small().clock(Clock::Manual).start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let manager: TaskManager = manager(&client, "TaskManager").await;
    let machine = vm(&client, "DC0_H0_VM0").await;
    let off = machine.power_off().await.unwrap();
    simulator.advance(Duration::from_secs(1));
    assert_eq!(info(&client, off.moref()).await.state, TaskInfoState::SUCCESS);
    simulator.advance(Duration::from_secs(601));
    let gone = client.retrieve::<Row>().objects([off.moref().clone()]).all().await;
    assert!(gone.is_err() || gone.unwrap().is_empty());
    let filter = |entity: MoRef, recursion| TaskFilterSpec {
        entity: Some(TaskFilterSpecByEntity { entity, recursion }),
        ..Default::default()
    };
    use TaskFilterSpecRecursionOption as Recursion;
    let read = |filter: TaskFilterSpec| {
        let manager = manager.clone();
        async move {
            let collector: TaskHistoryCollector = manager.create_collector(&filter).await.unwrap();
            collector.read_next(10).await.unwrap()
        }
    };
    let moref = machine.handle().moref().clone();
    let known = read(filter(moref.clone(), Recursion::SELF)).await;
    assert_eq!(known.len(), 1);
    assert_eq!(
        (known[0].key.as_str(), known[0].name.as_deref()),
        (off.moref().value(), Some("PowerOffVM_Task"))
    );
    assert_eq!(read(filter(root(&client).await, Recursion::ALL)).await.len(), 1);
    assert_eq!(read(filter(moref.clone(), Recursion::CHILDREN)).await.len(), 0);
    let failed = TaskFilterSpec { state: vec![TaskInfoState::ERROR], ..filter(moref, Recursion::SELF) };
    assert_eq!(read(failed).await.len(), 0);
}

#[tokio::test]
async fn extensions_make_tasks_of_their_own() {
    let simulator = small().start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let manager: TaskManager = manager(&client, "TaskManager").await;
    let machine: VirtualMachine = vm(&client, "DC0_H0_VM0").await;
    let moref = machine.handle().moref();
    let error = manager.create_task(moref, "no.such.task", true).await.unwrap_err();
    assert!(error.fault_as::<InvalidArgument>().is_some(), "{error}");
    let made = manager.create_task(moref, "com.vmware.govmomi.simulator.test", true).await.unwrap();
    assert_eq!((made.state, made.entity_name.as_deref()), (TaskInfoState::QUEUED, Some("DC0_H0_VM0")));
    let task: TaskObject = client.object(made.task.clone());
    assert!(task.update_progress(10).await.unwrap_err().fault_as::<InvalidState>().is_some());
    task.set_state(&TaskInfoState::RUNNING).await.unwrap();
    task.update_progress(10).await.unwrap();
    task.set_state(&TaskInfoState::SUCCESS).result(&vim_client::Any::from("done")).await.unwrap();
    let ended = info(&client, &made.task).await;
    assert_eq!((ended.state, ended.result), (TaskInfoState::SUCCESS, Some(vim_client::Any::from("done"))));
    let error = task.set_state(&TaskInfoState::RUNNING).await.unwrap_err();
    assert!(error.fault_as::<InvalidState>().is_some(), "{error}");
}
