//! Tasks.

use super::*;
use futures_util::StreamExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use vim_client::mo::VirtualMachine;
use vim_client::{ErrorKind, MoRef};

/// A task that an update set shows, with its state.
pub fn infos(task: &str, state: &str, more: &str) -> String {
    format!(
        "<objectSet><kind>enter</kind><obj type=\"Task\">{task}</obj><changeSet><name>info</name><op>assign</op>\
         <val xsi:type=\"TaskInfo\"><key>{task}</key><task type=\"Task\">{task}</task><descriptionId>x</descriptionId>\
         <entityName>web-1</entityName><state>{state}</state><cancelled>false</cancelled><cancelable>true</cancelable>{more}\
         <reason xsi:type=\"TaskReasonUser\"><userName>u</userName></reason><queueTime>2026-01-01T00:00:00Z</queueTime>\
         <eventChainId>1</eventChainId></val></changeSet></objectSet>"
    )
}

pub fn update(version: &str, objects: &str) -> Reply {
    Reply::Results(format!(
        "<returnval><version>{version}</version><filterSet><filter type=\"PropertyFilter\">f</filter>{objects}</filterSet></returnval>"
    ))
}

pub fn state(version: &str, task: &str, state: &str, more: &str) -> Reply {
    update(version, &infos(task, state, more))
}

/// A task whose state is not given, for that reason.
pub fn missing(version: &str, task: &str, fault: &str, fields: &str) -> Reply {
    update(
        version,
        &format!(
            "<objectSet><kind>enter</kind><obj type=\"Task\">{task}</obj><missingSet><path>info</path><fault>\
             <fault xsi:type=\"{fault}\">{fields}</fault><localizedMessage>It is not given.</localizedMessage></fault></missingSet></objectSet>"
        ),
    )
}

pub async fn server(polls: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Server {
    let count = Arc::new(AtomicUsize::new(0));
    Server::start(move |call| match call.method.as_str() {
        "WaitForUpdatesEx" => polls(count.fetch_add(1, Ordering::Relaxed)),
        "PowerOnVM_Task" => Reply::Results("<returnval type=\"Task\">task-1</returnval>".into()),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await
}

pub fn vm(client: &Client) -> VirtualMachine {
    client.object(MoRef::new("VirtualMachine", "vm-1"))
}

#[tokio::test]
async fn a_wait_gets_over_a_lost_connection_and_a_lost_collector() {
    let server = server(|nth| match nth {
        0 => state("1", "task-1", "running", "<progress>10</progress>"),
        1 => Reply::Raw(Vec::new()),
        2 => Reply::Fault(
            "ManagedObjectNotFound",
            "<obj type=\"PropertyCollector\">pc-1</obj>",
            "It has gone.",
        ),
        3 => state("1", "task-1", "success", ""),
        _ => Reply::Silence(Vec::new()),
    })
    .await;
    let client = connect(&server).await;
    let task = vm(&client).power_on().await.expect("is started");
    tokio::time::timeout(Duration::from_secs(30), async { task.await })
        .await
        .expect("ends")
        .expect("succeeds");
    // What is not idempotent was sent once.
    assert_eq!(server.count("PowerOnVM_Task"), 1);
}

#[tokio::test]
async fn a_time_out_says_what_was_seen_last() {
    let server = server(|nth| match nth {
        0 => state("1", "task-1", "running", "<progress>42</progress>"),
        _ => Reply::Silence(Vec::new()),
    })
    .await;
    let client = connect(&server).await;
    let task = vm(&client).power_on().await.expect("is started");
    let mut seen = task.progress();
    assert_eq!(seen.next().await.expect("is told").expect("a state").percent, Some(42));
    let error = task.timeout(Duration::from_millis(700)).await.expect_err("does not end");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let text = error.to_string();
    for part in [
        "PowerOnVM_Task on web-1 (VirtualMachine:vm-1)",
        "Task:task-1",
        "last seen running at 42 %",
        "can be resumed",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[tokio::test]
async fn lesson_12_a_failed_task_names_itself_and_the_operation() {
    let server = server(|nth| match nth {
        0 => state(
            "1",
            "task-1",
            "error",
            "<error><fault xsi:type=\"InvalidPowerState\"><existingState>poweredOn</existingState></fault>\
             <localizedMessage>Not in this state.</localizedMessage></error>",
        ),
        _ => Reply::Silence(Vec::new()),
    })
    .await;
    let client = connect(&server).await.with_operation_id("reconcile-7");
    let task = vm(&client).power_on().await.expect("is started");
    let kept = task.task_ref().to_string();
    let error = task.await.expect_err("fails");
    let resumed: vim_client::Task<()> = connect(&server).await.resume(&kept).expect("is a task");
    assert_eq!(resumed.task_ref().operation_id.as_deref(), Some("reconcile-7"));
    assert_eq!((error.kind(), error.operation_id()), (ErrorKind::TaskFailed, Some("reconcile-7")));
    let text = error.to_string();
    for part in [
        "PowerOnVM_Task on web-1 (VirtualMachine:vm-1)",
        "InvalidPowerState: Not in this state.",
        "Task:task-1",
        "(opID reconcile-7)",
    ] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    // An id that nobody gave is said too: the one that was sent.
    let error =
        vm(&connect(&server).await).power_on().await.expect("is started").task_ref().operation_id.clone();
    let sent = &server.calls("PowerOnVM_Task")[1].body;
    assert!(sent.contains(&format!("<operationID>{}</operationID>", error.expect("an id"))), "{sent}");
}

#[tokio::test]
async fn a_cancelled_task_is_cancelled_and_no_success() {
    let server = server(|nth| match nth {
        0 => state(
            "1",
            "task-1",
            "error",
            "<error><fault xsi:type=\"RequestCanceled\"/><localizedMessage>The task was canceled by a user.</localizedMessage></error>",
        ),
        _ => Reply::Silence(Vec::new()),
    })
    .await;
    let client = connect(&server).await;
    let task = vm(&client).power_on().await.expect("is started");
    task.cancel().await.expect("is asked for");
    assert_eq!(server.count("CancelTask"), 1);
    let error = task.await.expect_err("was cancelled");
    assert!(error.is_canceled(), "{error}");
    assert!(error.to_string().contains("web-1"), "{error}");
}

#[tokio::test]
async fn lesson_15_a_call_whose_answer_is_lost_is_never_sent_twice() {
    let server = Server::start(|call| match call.method.as_str() {
        "CloneVM_Task" | "PowerOnVM_Task" => Reply::Raw(Vec::new()),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let folder: vim_client::mo::Folder = client.object(MoRef::new("Folder", "group-v1"));
    let spec = vim_client::types::VirtualMachineCloneSpec::default();
    let error = vm(&client).clone_vm(&folder, "copy", &spec).await.expect_err("the answer is lost");
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error}");
    assert!(!error.is_never_sent());
    assert!(error.to_string().contains("CloneVM_Task on VirtualMachine:vm-1"), "{error}");
    assert_eq!(server.count("CloneVM_Task"), 1);
}

#[tokio::test]
async fn a_watcher_at_rest_lets_its_client_go() {
    let server = server(|nth| match nth {
        0 => state("1", "task-1", "success", ""),
        _ => Reply::Silence(Vec::new()),
    })
    .await;
    let client = connect(&server).await;
    vm(&client).power_on().await.expect("is started").await.expect("succeeds");
    drop(client);
    // The client that is dropped logs out in the background, which it can only where nothing else holds it.
    server.until("Logout", 1).await;
}
