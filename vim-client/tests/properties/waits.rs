//! Waits for tasks that servers make hard: those that begin again, and those that nothing would end.

use super::*;
use crate::tasks::{infos, missing, server, state, update, vm};
use futures_util::{FutureExt, StreamExt};
use std::time::Duration;
use tokio::sync::watch;
use vim_client::types::InvalidPowerState;
use vim_client::{Error, ErrorKind, MoRef, Task, TaskProgress};

/// What must not hang.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("does not hang")
}

fn task(client: &Client, id: &str) -> Task<()> {
    let line = format!("VirtualMachine.PowerOnVM_Task Task:{id} VirtualMachine:vm-1");
    client.resume(&line).expect("is a task")
}

/// A server whose polls are answered by these, and then not at all.
async fn polled(replies: Vec<fn() -> Reply>) -> Server {
    server(move |nth| replies.get(nth).map_or_else(|| Reply::Silence(Vec::new()), |reply| reply())).await
}

#[tokio::test]
async fn a_task_can_be_followed_again_after_its_end() {
    let server = polled(vec![|| state("1", "task-1", "success", "")]).await;
    let client = connect(&server).await;
    let task = vm(&client).power_on().await.expect("is started");
    let told: Vec<TaskProgress> = soon(task.progress().map(|news| news.expect("is told")).collect()).await;
    assert_eq!(told.last().map(|last| last.state.as_str()), Some("success"));
    // The server has nothing more to say of it: its last state is known here.
    let line = task.task_ref().to_string();
    soon(async { task.await }).await.expect("succeeds");
    let again: Task<()> = client.resume(&line).expect("is a task");
    soon(async { again.await }).await.expect("succeeds");
    assert_eq!(server.count("ModifyListView"), 1);
}

#[tokio::test]
async fn lesson_14_a_wait_that_timed_out_is_resumed_where_the_task_is_by_then() {
    let (ended, gate) = watch::channel(false);
    let server = server(move |nth| match nth {
        0 => state("1", "task-1", "running", "<progress>42</progress>"),
        _ => Reply::When(gate.clone(), Box::new(state("2", "task-1", "success", ""))),
    })
    .await;
    let client = connect(&server).await;
    let task = vm(&client).power_on().await.expect("is started");
    let kept = task.task_ref().to_string();
    let mut seen = task.progress();
    assert_eq!(soon(seen.next()).await.expect("is told").expect("a state").percent, Some(42));
    server.until("WaitForUpdatesEx", 2).await;
    drop(seen);
    let error = soon(async { task.timeout(Duration::from_millis(20)).await }).await.expect_err("goes on");
    assert!(error.is_timeout(), "{error}");
    let resumed: Task<()> = client.resume(&kept).expect("is a task");
    let resumed = tokio::spawn(resumed.into_future());
    ended.send_replace(true);
    soon(resumed).await.expect("is not dropped").expect("succeeds");
    // The same view serves, and the poll goes on from where it was.
    assert_eq!((server.count("CreateListView"), server.count("ModifyListView")), (1, 1));
    assert!(server.calls("WaitForUpdatesEx").last().unwrap().body.contains("<version>1</version>"));
}

#[tokio::test]
async fn who_comes_later_is_told_the_state_at_once() {
    let server = polled(vec![|| state("1", "task-1", "running", "<progress>42</progress>")]).await;
    let client = connect(&server).await;
    let task = vm(&client).power_on().await.expect("is started");
    let mut first = task.progress();
    soon(first.next()).await.expect("is told").expect("a state");
    let second = soon(task.progress().next()).await.expect("is told").expect("a state");
    assert_eq!((second.state.as_str(), second.percent), ("running", Some(42)));
}

#[tokio::test]
async fn where_a_server_sends_nothing_again_a_task_that_is_come_back_to_is_asked_for_anew() {
    // vcsim's versions say nothing, and what a poll that was given up had to say is lost.
    let server = polled(vec![|| state("P", "task-1", "running", ""), || Reply::Silence(Vec::new()), || {
        state("P", "task-1", "success", "")
    }])
    .await;
    let client = connect(&server).await;
    let task = vm(&client).power_on().await.expect("is started");
    let mut seen = task.progress();
    soon(seen.next()).await.expect("is told").expect("a state");
    server.until("WaitForUpdatesEx", 2).await;
    drop(seen);
    // What is given up is destroyed.
    soon(server.until("DestroyView", 1)).await;
    soon(server.until("DestroyPropertyCollector", 1)).await;
    soon(async { task.await }).await.expect("succeeds");
    assert_eq!(server.count("CreateListView"), 2);
}

#[tokio::test]
async fn a_task_whose_state_may_not_be_read_is_an_error() {
    let server = polled(vec![|| {
        missing(
            "1",
            "task-1",
            "NoPermission",
            "<missingPrivileges><entity type=\"Folder\">group-v3</entity>\
        <privilegeIds>System.View</privilegeIds></missingPrivileges>",
        )
    }])
    .await;
    let client = connect(&server).await;
    let started = vm(&client).power_on().await.expect("is started");
    let again = client.resume::<()>(&started.task_ref().to_string()).expect("is a task");
    for wait in [started, again] {
        let error = soon(async { wait.await }).await.expect_err("cannot be known");
        let privilege = error.is_no_permission().expect("is why");
        // As servers from 7.0.3 on say it.
        assert_eq!(privilege.privilege, "System.View");
        assert_eq!(privilege.object, Some(MoRef::new("Folder", "group-v3")));
        let text = error.to_string();
        for part in
            ["PowerOnVM_Task on VirtualMachine:vm-1", "state of the task cannot be read", "Task:task-1"]
        {
            assert!(text.contains(part), "{part} is not in: {text}");
        }
    }
}

#[tokio::test]
async fn a_server_that_names_no_session_for_a_task_is_logged_in_to_again() {
    let server = polled(vec![|| missing("1", "task-1", "NotAuthenticated", ""), || {
        state("1", "task-1", "success", "")
    }])
    .await;
    let client = connect(&server).await;
    let task = vm(&client).power_on().await.expect("is started");
    soon(async { task.await }).await.expect("succeeds");
}

#[tokio::test]
async fn a_task_that_leaves_the_view_is_an_error() {
    let server = polled(vec![|| state("1", "task-1", "running", ""), || {
        update("2", "<objectSet><kind>leave</kind><obj type=\"Task\">task-1</obj></objectSet>")
    }])
    .await;
    let client = connect(&server).await;
    let task = vm(&client).power_on().await.expect("is started");
    let error = soon(async { task.await }).await.expect_err("is lost");
    assert!(error.is_not_found() && error.to_string().contains("task-1"), "{error}");
}

#[tokio::test]
async fn one_state_that_cannot_be_read_fails_its_own_wait_alone() {
    let server = polled(vec![|| {
        update(
            "1",
            &(infos("task-1", "running", "<progress>many</progress>") + &infos("task-2", "success", "")),
        )
    }])
    .await;
    let client = connect(&server).await;
    let (one, two) = (task(&client, "task-1"), task(&client, "task-2"));
    let (one, two) = soon(async { tokio::join!(one.into_future(), two.into_future()) }).await;
    two.expect("succeeds");
    let error = one.expect_err("cannot be read");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let text = error.chain();
    for part in ["PowerOnVM_Task", "task-1", server.url.as_str(), "progress", "many"] {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
    assert!(error.to_string().contains(&server.url), "{error}");
}

#[tokio::test]
async fn a_poll_that_cannot_be_read_names_the_endpoint() {
    let server = polled(vec![|| {
        let whole = support::soap("WaitForUpdatesEx", "<returnval><version>1</version></returnval>");
        Reply::Raw(support::http(200, "text/xml", "", &whole[..whole.len() - 30]))
    }])
    .await;
    let client = connect(&server).await;
    let error = soon(async { task(&client, "task-1").await }).await.expect_err("is cut off");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let text = error.to_string();
    assert!(
        text.contains(&server.url) && text.contains("WaitForUpdatesEx") && text.contains("task-1"),
        "{text}"
    );
}

#[tokio::test]
async fn a_result_of_another_type_names_the_endpoint_and_the_task() {
    let server =
        polled(vec![|| state("1", "task-1", "success", "<result xsi:type=\"xsd:string\">vm-9</result>")])
            .await;
    let client = connect(&server).await;
    let line = "VirtualMachine.CloneVM_Task Task:task-1 VirtualMachine:vm-1 reconcile-7";
    let clone: Task<VirtualMachine> = client.resume(line).expect("is a task");
    let error = soon(async { clone.await }).await.expect_err("is no virtual machine");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let text = error.to_string();
    for part in
        ["CloneVM_Task on VirtualMachine:vm-1", "\"string\"", &server.url, "Task:task-1", "reconcile-7"]
    {
        assert!(text.contains(part), "{part} is not in: {text}");
    }
}

#[tokio::test]
async fn what_ends_the_watching_is_told_with_its_fault() {
    let server = polled(vec![|| {
        Reply::Fault("InvalidPowerState", "<requestedState>poweredOn</requestedState>", "No.")
    }])
    .await;
    let client = connect(&server).await;
    let (one, two) = (task(&client, "task-1"), task(&client, "task-2"));
    let (one, two) = soon(async { tokio::join!(one.into_future(), two.into_future()) }).await;
    for error in [one.expect_err("fails"), two.expect_err("fails")] {
        assert!(error.fault_as::<InvalidPowerState>().is_some(), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("PowerOnVM_Task on VirtualMachine:vm-1") && text.contains("WaitForUpdatesEx"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn lesson_20_a_cancelled_wait_is_never_a_success() {
    // The server gives the poll up, which says nothing of the task.
    let server = polled(vec![
        || state("1", "task-1", "running", ""),
        || Reply::Fault("RequestCanceled", "", "The request was canceled."),
        || update("2", &(infos("task-1", "running", "") + &infos("task-2", "success", ""))),
    ])
    .await;
    let client = connect(&server).await;
    // A wait that is dropped is gone, and the other goes on.
    let dropped = tokio::spawn(task(&client, "task-1").into_future());
    soon(server.until("WaitForUpdatesEx", 1)).await;
    let other = tokio::spawn(task(&client, "task-2").into_future());
    let waiting = tokio::spawn(task(&client, "task-1").into_future());
    dropped.abort();
    assert!(dropped.await.expect_err("is dropped").is_cancelled());
    soon(other).await.expect("is not dropped").expect("succeeds");
    // A client that is closed knows no more of the task.
    client.close().await.expect("closes");
    let error = soon(waiting).await.expect("is not dropped").expect_err("is no success");
    assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
}

#[tokio::test]
async fn an_interruption_leaves_nothing_behind() {
    let server = polled(vec![|| Reply::Raw(Vec::new()), || state("1", "task-1", "success", "")]).await;
    let client = connect(&server).await;
    soon(async { task(&client, "task-1").await }).await.expect("succeeds");
    soon(server.until("DestroyView", 1)).await;
    soon(server.until("DestroyPropertyCollector", 1)).await;
    assert_eq!(server.count("CreateListView"), 2);
    assert!(server.calls("DestroyView")[0].body.contains("list-0"));
}

#[tokio::test]
async fn a_task_that_nobody_awaits_does_not_delay_the_logout() {
    let server = polled(vec![|| state("1", "task-1", "running", "")]).await;
    let client = connect(&server).await;
    let mut seen = task(&client, "task-1").progress();
    soon(seen.next()).await.expect("is told").expect("a state");
    // The server holds this one.
    server.until("WaitForUpdatesEx", 2).await;
    drop(seen);
    drop(client);
    tokio::time::timeout(Duration::from_secs(10), server.until("Logout", 1)).await.expect("is not delayed");
}

#[test]
fn progress_outside_of_a_runtime_is_an_error() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = runtime.block_on(async {
        let server = polled(Vec::new()).await;
        connect(&server).await
    });
    let item: Option<Result<TaskProgress, Error>> =
        task(&client, "task-1").progress().next().now_or_never().expect("is told at once");
    let error = item.expect("an item").expect_err("cannot be followed");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("PowerOnVM_Task") && error.to_string().contains("tokio"), "{error}");
    let _inside = runtime.enter();
    drop(client);
}
