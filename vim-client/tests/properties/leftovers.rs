//! What is left on the server: nothing that the client made, whatever came between.

use super::*;
use crate::watch::{object, set};
use futures_util::StreamExt;
use std::time::Duration;
use tokio::sync::watch;
use vim_client::{ContainerView, MoRef, Task};

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), work).await.expect("does not hang")
}

/// A server that refuses the first call of that method, since the session has ended.
async fn refusing(method: &'static str) -> Server {
    Server::start(move |call| match call.method.as_str() {
        name if name == method && call.nth == 0 => {
            Reply::Fault("NotAuthenticated", "", "The session is not authenticated.")
        }
        "WaitForUpdatesEx" => match call.nth {
            0 => set("1", false, &object("enter", "vm-1", "one")),
            _ => Reply::Silence(Vec::new()),
        },
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await
}

async fn view(client: &Client) -> ContainerView {
    let root = MoRef::new("Folder", "group-d1");
    ContainerView::create(client, &root, &["VirtualMachine".to_owned()], true).await.expect("a view")
}

fn task(client: &Client) -> Task<()> {
    client.resume("VirtualMachine.PowerOnVM_Task Task:task-1 VirtualMachine:vm-1").expect("is a task")
}

#[tokio::test]
async fn a_view_that_was_made_by_a_call_that_logged_in_again_is_destroyed() {
    let server = refusing("CreateContainerView").await;
    let client = connect(&server).await;
    view(&client).await.close().await.expect("closes");
    assert_eq!((server.count("Login"), server.count("DestroyView")), (2, 1));
    drop(view(&client).await);
    soon(server.until("DestroyView", 2)).await;
}

#[tokio::test]
async fn a_view_goes_with_its_session_and_is_not_destroyed_in_another() {
    let server = refusing("none").await;
    let client = connect(&server).await;
    let (dropped, closed) = (view(&client).await, view(&client).await);
    server.end_sessions();
    client.current_time().await.expect("the time, with a new session");
    drop(dropped);
    closed.close().await.expect("is gone already");
    client.close().await.expect("closes");
    assert_eq!(server.count("DestroyView"), 0);
}

#[tokio::test]
async fn a_collector_that_was_made_by_a_call_that_logged_in_again_is_destroyed() {
    // Where the view is of the session before, the first collector is of no use.
    for (method, made) in [("CreateContainerView", 1), ("CreatePropertyCollector", 2)] {
        let server = refusing(method).await;
        let client = connect(&server).await;
        let mut changes = Box::pin(client.watch::<Row>().stream());
        soon(changes.next()).await.expect("an item").expect("is told");
        drop(changes);
        soon(server.until("DestroyPropertyCollector", made)).await;
        let kept = server.calls("WaitForUpdatesEx")[0].body.clone();
        let own = server.calls("DestroyPropertyCollector").into_iter().map(|call| call.body);
        let id =
            kept.split("PropertyCollector\">").nth(1).and_then(|rest| rest.split('<').next()).expect("an id");
        assert!(own.into_iter().any(|body| body.contains(&format!(">{id}<"))), "{method}: {id} is left");
        soon(server.until("DestroyView", 1)).await;
    }
}

#[tokio::test]
async fn a_task_view_that_was_made_by_a_call_that_logged_in_again_is_destroyed() {
    let server = Server::start(|call| match (call.method.as_str(), call.nth) {
        ("CreateListView", 0) => Reply::Fault("NotAuthenticated", "", "The session is not authenticated."),
        ("WaitForUpdatesEx", 0) => Reply::Raw(Vec::new()),
        ("WaitForUpdatesEx", _) => Reply::Silence(Vec::new()),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let waiting = tokio::spawn(task(&client).into_future());
    soon(server.until("WaitForUpdatesEx", 2)).await;
    soon(server.until("DestroyView", 1)).await;
    soon(server.until("DestroyPropertyCollector", 1)).await;
    assert!(server.calls("DestroyView")[0].body.contains(">list-1<"));
    waiting.abort();
}

#[tokio::test]
async fn a_view_whose_maker_went_away_is_destroyed() {
    let (open, gate) = watch::channel(false);
    let server = Server::start(move |call| match call.method.as_str() {
        "CreateContainerView" => Reply::When(
            gate.clone(),
            Box::new(Reply::Results("<returnval type=\"ContainerView\">view-7</returnval>".into())),
        ),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let making = tokio::spawn({
        let client = client.clone();
        async move { view(&client).await }
    });
    server.until("CreateContainerView", 1).await;
    making.abort();
    assert!(making.await.is_err());
    open.send_replace(true);
    soon(server.until("DestroyView", 1)).await;
    assert!(server.calls("DestroyView")[0].body.contains(">view-7<"));
}

#[tokio::test]
async fn a_session_that_stays_open_is_left_without_what_the_client_made_in_it() {
    for closes in [true, false] {
        let server = refusing("none").await;
        server.open_session("given-1");
        let client = Client::builder(&server.url).session("given-1").connect().await.expect("a session");
        let kept = view(&client).await;
        let mut changes = Box::pin(client.watch::<Row>().stream());
        soon(changes.next()).await.expect("an item").expect("is told");
        let waiting = tokio::spawn(task(&client).into_future());
        soon(server.until("ModifyListView", 1)).await;
        if closes {
            // What was dropped a moment ago, and what is still there.
            drop(changes);
            client.close().await.expect("closes");
            assert!(soon(waiting).await.expect("is not dropped").is_err());
            drop(kept);
        } else {
            waiting.abort();
            let _ = waiting.await;
            drop((kept, changes, client));
        }
        soon(server.until("DestroyView", 3)).await;
        soon(server.until("DestroyPropertyCollector", 2)).await;
        for id in ["view-0", "view-1", "list-0"] {
            let destroyed = server.calls("DestroyView");
            assert!(destroyed.iter().any(|call| call.body.contains(&format!(">{id}<"))), "{id} is left");
        }
        let cookie = Some("vmware_soap_session=\"given-1\"".to_owned());
        assert!(server.calls("DestroyView").iter().all(|call| call.cookie == cookie));
        assert_eq!((server.count("Logout"), server.sessions()), (0, 1));
    }
}

#[tokio::test]
async fn a_cache_that_is_given_up_while_it_fills_leaves_nothing_behind() {
    let server = Server::start(|call| match call.method.as_str() {
        "WaitForUpdatesEx" => Reply::Silence(Vec::new()),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let filling = tokio::spawn({
        let client = client.clone();
        async move { client.cache::<Row>().await.map(drop) }
    });
    server.until("WaitForUpdatesEx", 2).await;
    filling.abort();
    assert!(filling.await.is_err());
    soon(server.until("DestroyPropertyCollector", 2)).await;
    soon(server.until("DestroyView", 2)).await;
    // Nothing follows the server any more, so that nothing keeps the client.
    drop(client);
    soon(server.until("Logout", 1)).await;
}

#[tokio::test]
async fn a_cache_that_ends_says_why_with_the_fault() {
    let server = Server::start(|call| match call.method.as_str() {
        "WaitForUpdatesEx" => Reply::Fault(
            "NoPermission",
            "<missingPrivileges><entity type=\"Folder\">group-d1</entity>\
            <privilegeIds>System.View</privilegeIds></missingPrivileges>",
            "Permission denied.",
        ),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let error = soon(client.cache::<Row>()).await.expect_err("cannot be filled");
    let missing = error.is_no_permission().expect("is why");
    assert_eq!(
        (missing.privilege.as_str(), missing.object),
        ("System.View", Some(MoRef::new("Folder", "group-d1")))
    );
}
