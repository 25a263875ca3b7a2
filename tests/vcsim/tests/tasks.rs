//! Tasks against vcsim.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use futures_util::{StreamExt, future};
use std::time::Duration;
use vcsim_tests::Vcsim;
use vim_client::mo::{Folder, VirtualMachine};
use vim_client::types::{self, InvalidPowerState, VirtualMachineCloneSpec, VirtualMachinePowerState};
use vim_client::{Client, ErrorKind, ManagedObject, MoRef, Properties, Task};

#[derive(Clone, Debug, Properties)]
#[properties(of = VirtualMachine)]
struct Power {
    name: String,
    parent: Option<MoRef>,
    #[property("runtime.powerState")]
    power: VirtualMachinePowerState,
}

async fn vms(client: &Client) -> Vec<vim_client::Object<Power>> {
    client.retrieve::<Power>().all().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn lesson_06_many_tasks_are_awaited_at_once() {
    let vcsim = Vcsim::start(&["-vm", "50"]).await;
    let client = vcsim.connect().await;
    let all = vms(&client).await;
    assert_eq!(all.len(), 100);
    let off = |client: &Client, moref: &MoRef| {
        let vm: VirtualMachine = client.object(moref.clone());
        async move { vm.power_off().await?.await }
    };
    let ended = tokio::time::timeout(
        Duration::from_secs(60),
        future::join_all(all.iter().map(|vm| off(&client, &vm.moref))),
    );
    for result in ended.await.expect("no wait hangs") {
        result.unwrap();
    }
    assert!(vms(&client).await.iter().all(|vm| vm.power == VirtualMachinePowerState::POWERED_OFF));
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn lesson_12_a_failed_task_says_what_failed_on_what_and_why() {
    let vcsim = Vcsim::start(&["-vm", "1"]).await;
    let client = vcsim.connect().await;
    let vm = client.inventory("").virtual_machine("DC0_H0_VM0").one().await.unwrap();
    let told: VirtualMachine = client.with_operation_id("reconcile-7").object(vm.handle().moref().clone());
    let task = told.power_on().await.unwrap();
    let id = task.moref().to_string();
    let error = task.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TaskFailed);
    let fault = error.fault_as::<InvalidPowerState>().expect("is typed");
    assert_eq!(fault.existing_state, VirtualMachinePowerState::POWERED_ON);
    let text = error.to_string();
    for part in [
        "PowerOnVM_Task",
        "DC0_H0_VM0",
        vm.handle().moref().value(),
        "InvalidPowerState",
        "poweredOn",
        &id,
        "opID reconcile-7",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    // A failed task does no harm to those that follow.
    vm.power_off().await.unwrap().await.unwrap();
    let error = vm.power_off().await.unwrap().await.unwrap_err();
    assert!(error.fault_as::<InvalidPowerState>().is_some(), "{error}");
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_tasks_result_is_typed_and_its_progress_ends_with_its_last_state() {
    let vcsim = Vcsim::start(&["-vm", "1", "-autostart=false"]).await;
    let client = vcsim.connect().await;
    let vm = client.inventory("DC0").virtual_machine("DC0_H0_VM0").one().await.unwrap();
    let parent = vms(&client).await[0].parent.clone().unwrap();
    let folder: Folder = client.object(parent);
    let pool = client.inventory("").resource_pool("/DC0/host/DC0_H0/Resources").one().await.unwrap();
    let location =
        types::VirtualMachineRelocateSpec { pool: Some(pool.handle().moref().clone()), ..Default::default() };
    let spec = VirtualMachineCloneSpec { location, ..Default::default() };
    let task: Task<VirtualMachine> = vm.clone_vm(&folder, "copy", &spec).await.unwrap();
    let states: Vec<String> = task.progress().map(|news| news.unwrap().state).collect().await;
    assert_eq!(states.last().map(String::as_str), Some("success"), "{states:?}");
    let copy = task.await.unwrap();
    assert_eq!(client.path_of(copy.handle().moref()).await.unwrap(), "/DC0/vm/copy");
    // The same name again is a failure that has its own word.
    let error = vm.clone_vm(&folder, "copy", &spec).await.unwrap().await.unwrap_err();
    assert!(error.is_already_exists(), "{error}");
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn lesson_14_a_wait_that_times_out_leaves_the_task_and_can_be_resumed() {
    let vcsim = Vcsim::start(&["-vm", "1", "-delay", "300"]).await;
    let client = vcsim.connect().await;
    let vm = client.inventory("").virtual_machine("DC0_H0_VM0").one().await.unwrap();
    let task = vm.power_off().await.unwrap();
    let kept = task.task_ref().clone();
    let error = task.timeout(Duration::from_millis(1)).await.unwrap_err();
    assert!(error.is_timeout() && error.to_string().contains("did not end within 1ms"), "{error}");
    let resumed: Task<()> = Task::resume(client.caller(), kept);
    resumed.await.unwrap();
    assert!(
        vms(&client)
            .await
            .iter()
            .any(|vm| vm.name == "DC0_H0_VM0" && vm.power == VirtualMachinePowerState::POWERED_OFF)
    );
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_wait_that_is_dropped_never_looks_like_success_and_others_go_on() {
    let vcsim = Vcsim::start(&["-vm", "2"]).await;
    let client = vcsim.connect().await;
    let all = vms(&client).await;
    let (first, second): (VirtualMachine, VirtualMachine) =
        (client.object(all[0].moref.clone()), client.object(all[1].moref.clone()));
    let one = first.power_off().await.unwrap();
    let two = second.power_off().await.unwrap();
    drop(one.progress());
    drop(one);
    two.await.unwrap();
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_task_that_the_server_forgot_is_an_error_and_no_hang() {
    let vcsim = Vcsim::start(&["-vm", "1"]).await;
    let client = vcsim.connect().await;
    let vm = client.inventory("").virtual_machine("DC0_H0_VM0").one().await.unwrap();
    let task = vm.power_off().await.unwrap();
    let mut kept = task.task_ref().clone();
    task.await.unwrap();
    kept.moref = MoRef::new("Task", "task-999999");
    let lost: Task<()> = Task::resume(client.caller(), kept);
    let error =
        tokio::time::timeout(Duration::from_secs(30), async { lost.await }).await.expect("ends").unwrap_err();
    assert!(error.is_not_found() && error.to_string().contains("task-999999"), "{error}");
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn lesson_15_a_task_is_resumed_from_a_line_by_another_client() {
    let vcsim = Vcsim::start(&["-vm", "1"]).await;
    let first = vcsim.connect().await;
    let vm = first.inventory("").virtual_machine("DC0_H0_VM0").one().await.unwrap();
    let line = vm.power_off().await.unwrap().task_ref().to_string();
    first.close().await.unwrap();
    let second = vcsim.connect().await;
    second.resume::<()>(&line).unwrap().await.unwrap();
    let off = |vm: &vim_client::Object<Power>| vm.power == VirtualMachinePowerState::POWERED_OFF;
    assert_eq!(vms(&second).await.iter().filter(|vm| off(vm)).count(), 1);
    second.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_task_is_followed_again_after_its_end() {
    let vcsim = Vcsim::start(&["-vm", "1"]).await;
    let client = vcsim.connect().await;
    let vm = client.inventory("").virtual_machine("DC0_H0_VM0").one().await.unwrap();
    let task = vm.power_off().await.unwrap();
    let states: Vec<String> = task.progress().map(|news| news.unwrap().state).collect().await;
    assert_eq!(states.last().map(String::as_str), Some("success"), "{states:?}");
    tokio::time::timeout(Duration::from_secs(30), task.into_future()).await.expect("does not hang").unwrap();
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn tasks_of_a_standalone_host_are_awaited_the_same_way() {
    let vcsim = Vcsim::start(&["-esx", "-vm", "2"]).await;
    let client = vcsim.connect().await;
    assert!(!client.is_vcenter().await.unwrap());
    for vm in client.inventory("").virtual_machine("*").all().await.unwrap() {
        vm.power_off().await.unwrap().await.unwrap();
        let error = vm.power_off().await.unwrap().await.unwrap_err();
        assert!(error.fault_as::<InvalidPowerState>().is_some(), "{error}");
    }
    assert!(vms(&client).await.iter().all(|vm| vm.power == VirtualMachinePowerState::POWERED_OFF));
    client.close().await.unwrap();
}
