//! Logins that fail or hang, and what those get who wait for them.

use crate::support::{Reply, Server};
use crate::{client, says};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use vim_client::ErrorKind;

#[tokio::test]
async fn all_who_waited_for_a_refused_login_learn_where_and_as_whom() {
    let (open, gate) = watch::channel(false);
    let server = Server::start(move |call| match call.method.as_str() {
        "Login" => {
            Reply::When(gate.clone(), Box::new(Reply::Fault("InvalidLogin", "", "Incorrect user name.")))
        }
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).build().expect("a client");
    let mut calls = JoinSet::new();
    for _ in 0..5 {
        let client = client.clone();
        calls.spawn(async move { client.current_time().await });
    }
    server.until("Login", 1).await;
    open.send_replace(true);
    let mut errors = Vec::new();
    while let Some(done) = calls.join_next().await {
        errors.push(done.expect("a task").expect_err("refused"));
    }
    // Within a minute the server is not asked again, and its answer is the same.
    errors.push(client.current_time().await.expect_err("refused"));
    for error in errors {
        assert!(error.is_invalid_login() && error.kind() == ErrorKind::Login);
        says(&error, &["Login on SessionManager", "Incorrect user name.", "\"alice\"", &server.url, "opID"]);
    }
    assert_eq!(server.count("Login"), 1);
}

#[tokio::test]
async fn all_who_waited_for_a_login_that_was_cut_off_learn_where() {
    let (open, gate) = watch::channel(false);
    let server = Server::start(move |call| match call.method.as_str() {
        "Login" => Reply::When(gate.clone(), Box::new(Reply::Raw(Vec::new()))),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).build().expect("a client");
    let mut calls = JoinSet::new();
    for _ in 0..3 {
        let client = client.clone();
        calls.spawn(async move { client.current_time().await });
    }
    server.until("Login", 1).await;
    open.send_replace(true);
    while let Some(done) = calls.join_next().await {
        let error = done.expect("a task").expect_err("cut off");
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        says(&error, &["Login on SessionManager", &server.url]);
    }
}

#[tokio::test]
async fn closing_does_not_wait_for_a_login_that_hangs() {
    let (open, gate) = watch::channel(false);
    let server = Server::start(move |call| match call.method.as_str() {
        "Login" => Reply::When(gate.clone(), Box::new(Reply::Usual)),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).build().expect("a client");
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.current_time().await }
    });
    server.until("Login", 1).await;
    let closing = tokio::spawn({
        let client = client.clone();
        async move { client.close().await }
    });
    // Who waits for the login learns at once that nothing will come of it.
    assert_eq!(waiting.await.expect("a task").expect_err("closed").kind(), ErrorKind::Closed);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(21)).await;
    tokio::time::resume();
    let error = closing.await.expect("a task").expect_err("the login hangs");
    assert!(error.is_timeout());
    says(&error, &[&server.url, "within 20s", "the client is closed"]);
    assert_eq!(client.current_time().await.expect_err("closed").kind(), ErrorKind::Closed);
    // The login is carried out after all, and its session ended.
    open.send_replace(true);
    server.until("Logout", 1).await;
    assert_eq!((server.count("Login"), server.sessions()), (1, 0));
}

#[tokio::test]
async fn closing_waits_for_a_login_that_ends() {
    let (open, gate) = watch::channel(false);
    let server = Server::start(move |call| match call.method.as_str() {
        "Login" => Reply::When(gate.clone(), Box::new(Reply::Usual)),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).build().expect("a client");
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.current_time().await }
    });
    server.until("Login", 1).await;
    let closing = tokio::spawn({
        let client = client.clone();
        async move { client.close().await }
    });
    assert!(waiting.await.expect("a task").is_err());
    open.send_replace(true);
    closing.await.expect("a task").expect("closed");
    assert_eq!((server.count("Logout"), server.sessions()), (1, 0));
}
