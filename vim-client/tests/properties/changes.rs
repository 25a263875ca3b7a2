//! Watches: what is told once and not again, what is not told, and how they go on or end.

use super::*;
use crate::watch::{object, server, set, told};
use futures_util::StreamExt;
use std::time::Duration;
use vim_client::{Change, Error, ErrorKind, MoRef, Object};

const IP: &str = "guest.ipAddress";

/// An object with its name, and more.
fn with(kind: &str, id: &str, more: &str) -> String {
    object(kind, id, id).replace("</objectSet>", &format!("{more}</objectSet>"))
}

/// A change that does not name the object's name.
fn only(id: &str, more: &str) -> String {
    format!("<objectSet><kind>modify</kind><obj type=\"VirtualMachine\">{id}</obj>{more}</objectSet>")
}

fn address(ip: &str) -> String {
    format!("<changeSet><name>{IP}</name><op>assign</op><val xsi:type=\"xsd:string\">{ip}</val></changeSet>")
}

/// A server whose polls are answered by these, and then not at all.
async fn polled(replies: Vec<Reply>) -> Server {
    let replies = std::sync::Mutex::new(std::collections::VecDeque::from(replies));
    server(move |_, _| {
        let next = replies.lock().expect("replies").pop_front();
        next.unwrap_or_else(|| Reply::Silence(Vec::new()))
    })
    .await
}

fn forgotten() -> Reply {
    Reply::Fault("InvalidCollectorVersion", "", "The version is too old.")
}

type Item = Option<Result<Change<Row>, Error>>;

async fn next(changes: &mut (impl StreamExt<Item = Result<Change<Row>, Error>> + Unpin)) -> Item {
    tokio::time::timeout(Duration::from_secs(30), changes.next()).await.expect("something is told")
}

#[track_caller]
fn applied(item: Item) -> Object<Row> {
    match item {
        Some(Ok(Change::Init(vm) | Change::Applied(vm))) => vm,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_object_with_a_denied_property_is_not_told_again_where_nothing_changed() {
    let one = || with("enter", "vm-1", &(denied(IP) + &denied("runtime")));
    // The same in another order.
    let again = || with("enter", "vm-1", &(denied("runtime") + &denied(IP)));
    let server = polled(vec![
        set("1", false, &one()),
        forgotten(),
        set("1", false, &(again() + &object("enter", "vm-2", "two"))),
        set("2", false, &only("vm-1", &denied(IP))),
        set("3", false, &object("modify", "vm-2", "zwei")),
    ])
    .await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().stream());
    let vm = applied(next(&mut changes).await);
    assert_eq!((vm.moref.value(), vm.missing.len()), ("vm-1", 2));
    for expected in ["ready", "applied vm-2 two", "applied vm-2 zwei"] {
        assert_eq!(told(&mut changes).await, expected);
    }
}

#[tokio::test]
async fn what_can_be_read_again_is_not_missing_any_more() {
    let server = polled(vec![
        set("1", false, &with("enter", "vm-1", &(denied("guest") + &denied("runtime.powerState")))),
        // A value below what was denied.
        set("2", false, &only("vm-1", &address("10.0.0.1"))),
        // Readable, and unset.
        set(
            "3",
            false,
            &only("vm-1", "<changeSet><name>runtime.powerState</name><op>indirectRemove</op></changeSet>"),
        ),
        // And denied after all.
        set("4", false, &only("vm-1", &denied("guest"))),
        forgotten(),
        set("9", false, &with("enter", "vm-1", &address("10.0.0.2"))),
    ])
    .await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().stream());
    let seen = |vm: &Object<Row>| {
        let paths: Vec<_> = vm.missing.iter().map(|missing| missing.path.clone()).collect();
        (vm.ip.clone().unwrap_or_default(), paths.join(" "))
    };
    let pair = |ip: &str, paths: &str| (ip.to_owned(), paths.to_owned());
    assert_eq!(seen(&applied(next(&mut changes).await)), pair("", "guest runtime.powerState"));
    assert_eq!(told(&mut changes).await, "ready");
    assert_eq!(seen(&applied(next(&mut changes).await)), pair("10.0.0.1", "runtime.powerState"));
    assert_eq!(seen(&applied(next(&mut changes).await)), pair("10.0.0.1", ""));
    assert_eq!(seen(&applied(next(&mut changes).await)), pair("", "guest"));
    assert_eq!(seen(&applied(next(&mut changes).await)), pair("10.0.0.2", ""));
}

#[tokio::test]
async fn the_error_that_ends_a_watch_is_its_last_item() {
    // The second object's update breaks off in the middle; what came before it is told.
    let broken = only(
        "vm-2",
        "<changeSet><name>name</name><op>assign</op><val xsi:type=\"xsd:string\">&bad;</val></changeSet>",
    );
    let server = polled(vec![
        set("1", false, &object("enter", "vm-1", "one")),
        set("2", false, &(object("modify", "vm-1", "eins") + &broken)),
    ])
    .await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().stream());
    for expected in ["init vm-1 one", "ready", "applied vm-1 eins"] {
        assert_eq!(told(&mut changes).await, expected);
    }
    let error = next(&mut changes).await.expect("an item").expect_err("is the end");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains(&server.url) && error.chain().contains("&bad;"), "{}", error.chain());
    assert!(changes.next().await.is_none() && changes.next().await.is_none());
}

#[tokio::test]
async fn a_poll_that_is_cut_off_names_the_endpoint() {
    let whole = support::soap("WaitForUpdatesEx", "<returnval><version>1</version></returnval>");
    let cut = support::http(200, "text/xml", "", &whole[..whole.len() - 40]);
    let server = polled(vec![Reply::Raw(cut)]).await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().stream());
    let error = next(&mut changes).await.expect("an item").expect_err("is cut off");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let text = error.to_string();
    assert!(
        text.contains(&server.url) && text.contains("WaitForUpdatesEx") && text.contains("opID"),
        "{text}"
    );
}

#[tokio::test]
async fn a_poll_that_the_server_gives_up_does_not_end_the_watch() {
    let server = polled(vec![
        set("1", false, &object("enter", "vm-1", "one")),
        Reply::Fault("RequestCanceled", "", "The request was canceled."),
        set("1", false, &object("enter", "vm-1", "eins")),
    ])
    .await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().stream());
    for expected in ["init vm-1 one", "ready", "applied vm-1 eins"] {
        assert_eq!(told(&mut changes).await, expected);
    }
}

#[tokio::test]
async fn lesson_05_a_watch_goes_on_after_a_server_fell_silent() {
    let server = polled(vec![
        set("1", false, &object("enter", "vm-1", "one")),
        Reply::Silence(Vec::new()),
        set("2", false, &object("modify", "vm-1", "eins")),
    ])
    .await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().poll_time(Duration::from_secs(1)).stream());
    for expected in ["init vm-1 one", "ready"] {
        assert_eq!(told(&mut changes).await, expected);
    }
    let rest = tokio::spawn(async move { changes.next().await });
    server.until("WaitForUpdatesEx", 2).await;
    // A second, and what the client allows beyond it.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(32)).await;
    tokio::time::resume();
    let rest = tokio::time::timeout(Duration::from_secs(30), rest).await.expect("something is told");
    assert_eq!(applied(rest.expect("goes on")).name, "eins");
    // The collector has kept what was not told.
    assert_eq!(server.count("CreateFilter"), 1);
    assert!(server.calls("WaitForUpdatesEx")[2].body.contains("<version>1</version>"));
}

#[tokio::test]
async fn a_server_whose_versions_say_nothing_is_asked_for_everything_again() {
    // vcsim says "P" always, and what is lost on its way is lost.
    let server = polled(vec![
        set("P", false, &(object("enter", "vm-1", "one") + &object("enter", "vm-2", "two"))),
        Reply::Raw(Vec::new()),
        set("P", false, &(object("enter", "vm-1", "one") + &object("enter", "vm-3", "three"))),
    ])
    .await;
    let client = connect(&server).await;
    let mut changes = Box::pin(client.watch::<Row>().stream());
    for expected in ["init vm-1 one", "init vm-2 two", "ready", "applied vm-3 three", "removed vm-2"] {
        assert_eq!(told(&mut changes).await, expected);
    }
    assert_eq!(server.count("CreateFilter"), 2);
    assert!(!server.calls("WaitForUpdatesEx")[2].body.contains("<version>"));
}

#[tokio::test]
async fn lesson_10_an_object_that_is_not_there_is_said_once_and_watched_all_the_same() {
    let gone = "<missingSet><obj type=\"VirtualMachine\">vm-8</obj><fault><fault xsi:type=\"ManagedObjectNotFound\">\
                <obj type=\"VirtualMachine\">vm-8</obj></fault></fault></missingSet>";
    let server = polled(vec![
        // One is said not to be there, another left out.
        set("1", false, &(object("enter", "vm-1", "one") + gone)),
        forgotten(),
        set("1", false, gone),
        set("2", false, &object("enter", "vm-9", "nine")),
    ])
    .await;
    let client = connect(&server).await;
    let wanted = ["vm-1", "vm-8", "vm-9"].map(|id| MoRef::new("VirtualMachine", id));
    let mut changes = Box::pin(client.watch::<Row>().objects(wanted).stream());
    assert_eq!(told(&mut changes).await, "init vm-1 one");
    for id in ["vm-8", "vm-9"] {
        let error = next(&mut changes).await.expect("an item").expect_err("is not there");
        assert!(error.is_not_found() && error.to_string().contains(id), "{error}");
    }
    for expected in ["ready", "removed vm-1", "applied vm-9 nine"] {
        assert_eq!(told(&mut changes).await, expected);
    }
}

#[tokio::test]
async fn a_watch_in_a_session_that_cannot_be_replaced_ends_with_it() {
    let server = polled(vec![
        set("1", false, &object("enter", "vm-1", "one")),
        Reply::Fault("NotAuthenticated", "", "The session is not authenticated."),
    ])
    .await;
    server.open_session("given-1");
    let client = Client::builder(&server.url).session("given-1").connect().await.expect("a session");
    let mut changes = Box::pin(client.watch::<Row>().stream());
    for expected in ["init vm-1 one", "ready"] {
        assert_eq!(told(&mut changes).await, expected);
    }
    let error = next(&mut changes).await.expect("an item").expect_err("is the end");
    assert!(error.is_not_authenticated() && error.to_string().contains("session that was given"), "{error}");
    assert!(changes.next().await.is_none());
}

#[tokio::test]
async fn a_poll_may_be_allowed_more_time_than_there_is() {
    let server = polled(vec![set("1", false, &object("enter", "vm-1", "one"))]).await;
    let client = connect(&server).await;
    let watch = client.watch::<Row>().poll_time(Duration::MAX).patience(Duration::MAX);
    let mut changes = Box::pin(watch.stream());
    assert_eq!(told(&mut changes).await, "init vm-1 one");
    assert!(server.calls("WaitForUpdatesEx")[0].body.contains("<maxWaitSeconds>2147483647</maxWaitSeconds>"));
}
