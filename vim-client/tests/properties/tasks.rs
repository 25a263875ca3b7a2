//! Tasks.

use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use vim_client::mo::VirtualMachine;
use vim_client::{ErrorKind, MoRef};

fn state(version: &str, task: &str, state: &str, more: &str) -> Reply {
    Reply::Results(format!(
        "<returnval><version>{version}</version><filterSet><filter type=\"PropertyFilter\">f</filter><objectSet><kind>enter</kind>\
         <obj type=\"Task\">{task}</obj><changeSet><name>info</name><op>assign</op><val xsi:type=\"TaskInfo\"><key>{task}</key>\
         <task type=\"Task\">{task}</task><descriptionId>x</descriptionId><entityName>web-1</entityName><state>{state}</state>\
         <cancelled>false</cancelled><cancelable>true</cancelable>{more}<reason xsi:type=\"TaskReasonUser\"><userName>u</userName></reason>\
         <queueTime>2026-01-01T00:00:00Z</queueTime><eventChainId>1</eventChainId></val></changeSet></objectSet></filterSet></returnval>"
    ))
}

async fn server(polls: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Server {
    let count = Arc::new(AtomicUsize::new(0));
    Server::start(move |call| match call.method.as_str() {
        "WaitForUpdatesEx" => polls(count.fetch_add(1, Ordering::Relaxed)),
        "PowerOnVM_Task" => Reply::Results("<returnval type=\"Task\">task-1</returnval>".into()),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await
}

fn vm(client: &Client) -> VirtualMachine {
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
    server.until("ModifyListView", 0).await;
    let error = task.timeout(Duration::from_millis(700)).await.expect_err("does not end");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let text = error.to_string();
    assert!(
        text.contains("PowerOnVM_Task on web-1 (VirtualMachine:vm-1)") && text.contains("task-1"),
        "{text}"
    );
    assert!(text.contains("last seen running at 42 %") || text.contains("its state was not seen"), "{text}");
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
