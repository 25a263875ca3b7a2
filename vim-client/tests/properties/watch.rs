//! Watches.

use super::*;
use futures_util::{Stream, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use vim_client::{Change, Error};

pub fn set(version: &str, truncated: bool, objects: &str) -> Reply {
    let truncated = if truncated { "<truncated>true</truncated>" } else { "" };
    Reply::Results(format!(
        "<returnval><version>{version}</version><filterSet><filter type=\"PropertyFilter\">f</filter>{objects}</filterSet>{truncated}</returnval>"
    ))
}

pub fn object(kind: &str, id: &str, name: &str) -> String {
    format!(
        "<objectSet><kind>{kind}</kind><obj type=\"VirtualMachine\">{id}</obj><changeSet><name>name</name><op>assign</op>\
         <val xsi:type=\"xsd:string\">{name}</val></changeSet></objectSet>"
    )
}

/// A server whose polls are answered in turn, whatever collector they are of.
pub async fn server(polls: impl Fn(usize, &Call) -> Reply + Send + Sync + 'static) -> Server {
    let count = Arc::new(AtomicUsize::new(0));
    Server::start(move |call| match call.method.as_str() {
        "WaitForUpdatesEx" => polls(count.fetch_add(1, Ordering::Relaxed), call),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await
}

pub async fn told(changes: &mut (impl Stream<Item = Result<Change<Row>, Error>> + Unpin)) -> String {
    let change =
        tokio::time::timeout(Duration::from_secs(30), changes.next()).await.expect("something is told");
    match change.expect("the watch goes on").expect("is no error") {
        Change::Init(vm) => format!("init {} {}", vm.moref.value(), vm.name),
        Change::Ready => "ready".to_owned(),
        Change::Applied(vm) => format!("applied {} {}", vm.moref.value(), vm.name),
        Change::Removed(moref) => format!("removed {}", moref.value()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_truncated_set_is_followed_by_its_rest_and_then_ready() {
    let server = server(|nth, call| match nth {
        0 => set("1", true, &object("enter", "vm-1", "one")),
        1 => {
            assert!(call.body.contains("<version>1</version>"), "{}", call.body);
            set("2", false, &object("enter", "vm-2", "two"))
        }
        _ => Reply::Silence(Vec::new()),
    })
    .await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().stream());
    assert_eq!(told(&mut changes).await, "init vm-1 one");
    assert_eq!(told(&mut changes).await, "init vm-2 two");
    assert_eq!(told(&mut changes).await, "ready");
}

#[tokio::test]
async fn a_lost_connection_loses_and_repeats_nothing() {
    let server = server(|nth, call| match nth {
        0 => set("1", false, &(object("enter", "vm-1", "one") + &object("enter", "vm-2", "two"))),
        // The answer is lost on its way.
        1 => Reply::Raw(Vec::new()),
        2 => {
            assert!(call.body.contains("<version>1</version>"), "{}", call.body);
            set("2", false, &(object("modify", "vm-1", "one") + &object("modify", "vm-2", "zwei")))
        }
        // A time without news.
        3 => Reply::Results(String::new()),
        4 => set(
            "3",
            false,
            "<objectSet><kind>leave</kind><obj type=\"VirtualMachine\">vm-1</obj></objectSet>",
        ),
        _ => Reply::Silence(Vec::new()),
    })
    .await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().stream());
    for expected in ["init vm-1 one", "init vm-2 two", "ready", "applied vm-2 zwei", "removed vm-1"] {
        assert_eq!(told(&mut changes).await, expected);
    }
    assert_eq!(server.count("CreateFilter"), 1);
}

#[tokio::test]
async fn a_forgotten_version_is_read_anew_and_told_as_a_difference() {
    let server = server(|nth, call| match nth {
        0 => set("1", false, &(object("enter", "vm-1", "one") + &object("enter", "vm-2", "two"))),
        1 => Reply::Fault("InvalidCollectorVersion", "", "The version is too old."),
        2 => {
            assert!(!call.body.contains("<version>"), "{}", call.body);
            set("7", false, &(object("enter", "vm-2", "two") + &object("enter", "vm-3", "three")))
        }
        _ => Reply::Silence(Vec::new()),
    })
    .await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().stream());
    for expected in ["init vm-1 one", "init vm-2 two", "ready", "applied vm-3 three", "removed vm-1"] {
        assert_eq!(told(&mut changes).await, expected);
    }
    assert_eq!(server.count("CreateFilter"), 2);
}

#[tokio::test]
async fn lesson_05_a_poll_is_bounded_on_both_sides() {
    let server = server(|_, _| Reply::Silence(Vec::new())).await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().poll_time(Duration::from_secs(7)).stream());
    let waiting = tokio::spawn(async move { changes.next().await.is_some() });
    server.until("WaitForUpdatesEx", 1).await;
    assert!(server.calls("WaitForUpdatesEx")[0].body.contains("<maxWaitSeconds>7</maxWaitSeconds>"));
    waiting.abort();
    // The collector of a watch that is dropped is destroyed.
    server.until("DestroyPropertyCollector", 1).await;
}

#[tokio::test]
async fn a_fault_that_waiting_does_not_mend_ends_the_watch() {
    let server =
        server(|_, _| Reply::Fault("InvalidProperty", "<name>name</name>", "No such property.")).await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().stream());
    let error = changes.next().await.expect("an item").expect_err("is an error");
    assert!(error.to_string().contains("InvalidProperty"), "{error}");
    assert!(changes.next().await.is_none());
}

#[tokio::test]
async fn an_unset_property_is_unset_in_the_row() {
    let server = server(|nth, _| match nth {
        0 => set("1", false, &object("enter", "vm-1", "one").replace("</objectSet>", "<changeSet><name>guest.ipAddress</name><op>assign</op><val xsi:type=\"xsd:string\">10.0.0.1</val></changeSet></objectSet>")),
        1 => set("2", false, "<objectSet><kind>modify</kind><obj type=\"VirtualMachine\">vm-1</obj><changeSet><name>guest.ipAddress</name><op>indirectRemove</op></changeSet></objectSet>"),
        _ => Reply::Silence(Vec::new()),
    })
    .await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().stream());
    let ip = |change: Option<Result<Change<Row>, Error>>| match change {
        Some(Ok(Change::Init(vm) | Change::Applied(vm))) => vm.ip.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(ip(changes.next().await).as_deref(), Some("10.0.0.1"));
    assert_eq!(told(&mut changes).await, "ready");
    assert_eq!(ip(changes.next().await), None);
}
