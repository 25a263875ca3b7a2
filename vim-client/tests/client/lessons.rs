//! What users of other clients suffered from most; the numbers are those of the collected complaints.

use crate::support::{Reply, Server, http, soap};
use crate::{client, patiently, says};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use vim_client::{ErrorKind, MoRef, mo};

#[tokio::test]
async fn lesson_01_an_idle_session_is_renewed() {
    let server = Server::usual().await;
    let client = client(&server).connect().await.expect("a session");
    client.current_time().await.expect("the time");
    server.end_sessions();
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        calls.spawn(async move { client.current_time().await });
    }
    while let Some(done) = calls.join_next().await {
        done.expect("a task").expect("the time");
    }
    assert_eq!(server.count("Login"), 2, "however many calls fail, one login is made");
    assert_eq!(server.sessions(), 1);
}

#[tokio::test]
async fn lesson_01_what_changes_something_is_repeated_after_a_refusal_too() {
    let server = Server::start(|call| match (call.method.as_str(), call.nth) {
        ("Rename_Task", 0) => Reply::Fault("NotAuthenticated", "", "The session is not authenticated."),
        ("Rename_Task", _) => Reply::Results("<returnval type=\"Task\">task-1</returnval>".to_owned()),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).connect().await.expect("a session");
    let root: mo::Folder = client.object(MoRef::new("Folder", "group-d1"));
    let task = root.rename("new").await.expect("a task");
    assert_eq!(task.moref().value(), "task-1");
    assert_eq!((server.count("Login"), server.count("Rename_Task")), (2, 2));
}

#[tokio::test]
async fn lesson_01_a_session_that_keeps_ending_is_not_renewed_for_ever() {
    let server = Server::start(|call| match call.method.as_str() {
        "CurrentTime" => Reply::Fault("NotAuthenticated", "", "The session is not authenticated."),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).connect().await.expect("a session");
    assert!(client.current_time().await.expect_err("no session").is_not_authenticated());
    assert_eq!((server.count("Login"), server.count("CurrentTime")), (2, 2));
}

#[tokio::test]
async fn lesson_02_a_failed_set_up_leaves_no_session() {
    // The login is carried out, and its answer of no use.
    for body in ["<LoginResponse", "<a/>"] {
        let server = Server::start(move |call| match call.method.as_str() {
            "Login" => {
                Reply::Raw(http(200, "text/xml", "Set-Cookie: vmware_soap_session=\"leaked\"\r\n", body))
            }
            "Logout" => Reply::Results(String::new()),
            _ => Reply::Usual,
        })
        .await;
        let error = client(&server).connect().await.expect_err("no session");
        says(&error, &["Login", &server.url]);
        assert_eq!(server.calls("Logout")[0].cookie.as_deref(), Some("vmware_soap_session=\"leaked\""));
    }
}

#[tokio::test]
async fn lesson_02_a_login_whose_answer_breaks_off_leaves_no_session() {
    let server = Server::start(|call| match call.method.as_str() {
        "Login" => Reply::Raw(
            b"HTTP/1.1 200 OK\r\nSet-Cookie: vmware_soap_session=\"leaked\"\r\nContent-Length: 500\r\n\r\n<?xml".to_vec(),
        ),
        "Logout" => Reply::Results(String::new()),
        _ => Reply::Usual,
    })
    .await;
    let error = client(&server).connect().await.expect_err("no session");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(server.count("Login"), 1, "a login is not tried again");
    assert_eq!(server.calls("Logout")[0].cookie.as_deref(), Some("vmware_soap_session=\"leaked\""));
}

#[tokio::test]
async fn lesson_02_a_connect_that_is_given_up_leaves_no_session() {
    let (open, gate) = watch::channel(false);
    let server = Server::start(move |call| match call.method.as_str() {
        "Login" => Reply::When(gate.clone(), Box::new(Reply::Usual)),
        _ => Reply::Usual,
    })
    .await;
    let connect = tokio::spawn(client(&server).connect());
    server.until("Login", 1).await;
    connect.abort();
    assert!(connect.await.is_err());
    open.send_replace(true);
    server.until("Logout", 1).await;
}

#[tokio::test]
async fn lesson_02_a_client_that_is_dropped_logs_out_in_the_background() {
    let server = Server::usual().await;
    drop(client(&server).keepalive(Duration::from_secs(300)).connect().await.expect("a session"));
    server.until("Logout", 1).await;
}

#[tokio::test]
async fn lesson_04_the_keepalive_survives_errors() {
    let server = Server::start(|call| match (call.method.as_str(), call.nth) {
        ("CurrentTime", 0) => Reply::Raw(Vec::new()),
        ("CurrentTime", 1) => Reply::Raw(http(500, "text/plain", "", "oops")),
        ("CurrentTime", 2) => Reply::Fault("SystemError", "<reason>x</reason>", "oops"),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).keepalive(Duration::from_millis(5)).connect().await.expect("a session");
    server.until("CurrentTime", 6).await;
    server.end_sessions();
    server.until("Login", 2).await;
    client.close().await.expect("closed");
    assert_eq!(server.sessions(), 0);
}

#[tokio::test]
async fn lesson_04_a_hanging_keepalive_blocks_neither_calls_nor_closing() {
    let hanging = Arc::new(AtomicBool::new(true));
    let hangs = Arc::clone(&hanging);
    let server = Server::start(move |call| match call.method.as_str() {
        "CurrentTime" if hangs.swap(false, Ordering::Relaxed) => Reply::Silence(Vec::new()),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).keepalive(Duration::from_millis(5)).connect().await.expect("a session");
    server.until("CurrentTime", 1).await;
    client.current_time().await.expect("the time");
    client.close().await.expect("closed");
    assert_eq!(server.sessions(), 0);
}

#[tokio::test]
async fn lesson_05_a_long_poll_ends_when_its_server_is_silent() {
    let server = Server::start(|call| match call.method.as_str() {
        "WaitForUpdatesEx" => Reply::Silence(Vec::new()),
        _ => Reply::Usual,
    })
    .await;
    let client = patiently(client(&server).request_timeout(Duration::from_millis(100))).await;
    let collector: mo::PropertyCollector = client.object(MoRef::new("PropertyCollector", "pc"));
    let error = collector.wait_for_updates_ex().await.expect_err("silence");
    assert!(error.is_timeout());
    says(&error, &["WaitForUpdatesEx on PropertyCollector:pc", &server.url, "within 100ms"]);
}

#[tokio::test]
async fn lesson_12_a_fault_without_a_message_can_be_acted_on() {
    let server = Server::start(|call| match call.method.as_str() {
        "PowerOnVM_Task" => Reply::Fault(
            "InvalidPowerState",
            "<requestedState>poweredOn</requestedState><existingState>suspended</existingState>",
            "",
        ),
        "RebootGuest" => Reply::Fault("FutureFault", "<detail>new in 12.0</detail>", "Not now."),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).connect().await.expect("a session");
    let vm: mo::VirtualMachine = client.object(MoRef::new("VirtualMachine", "vm-42"));
    let error = vm.power_on().await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Fault);
    says(
        &error,
        &[
            "PowerOnVM_Task on VirtualMachine:vm-42",
            "InvalidPowerState",
            "requestedState: \"poweredOn\"",
            "existingState: \"suspended\"",
        ],
    );
    let fault = error.fault_as::<vim_client::types::InvalidPowerState>().expect("the typed fault");
    assert_eq!(fault.existing_state, vim_client::types::VirtualMachinePowerState::SUSPENDED);
    let error = vm.reboot_guest().await.expect_err("refused");
    says(&error, &["RebootGuest on VirtualMachine:vm-42", "FutureFault", "Not now."]);
}

#[tokio::test]
async fn lesson_20_a_connection_that_does_not_come_about_ends() {
    // A listener that never accepts TLS: the handshake hangs.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    let accept = tokio::spawn(async move {
        let mut open = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            open.push(stream);
        }
    });
    let client =
        crate::to(&url).connect_timeout(Duration::from_millis(100)).retry(vim_client::Retry::never());
    let error = client.connect().await.expect_err("no handshake");
    assert_eq!(error.kind(), ErrorKind::Connect);
    says(&error, &[&url, "no connection within 100ms"]);
    accept.abort();
}

#[tokio::test]
async fn lesson_20_a_server_that_never_answers_is_left() {
    let server = Server::start(|call| match call.method.as_str() {
        "CurrentTime" => Reply::Silence(Vec::new()),
        _ => Reply::Usual,
    })
    .await;
    let client = patiently(client(&server).request_timeout(Duration::from_millis(100))).await;
    let error = client.current_time().await.expect_err("silence");
    assert!(error.is_timeout());
    says(&error, &[&server.url, "did not answer within 100ms"]);
}

#[tokio::test]
async fn lesson_20_a_call_that_is_dropped_leaves_the_client_usable() {
    let (open, gate) = watch::channel(false);
    let server = Server::start(move |call| match (call.method.as_str(), call.nth) {
        ("CurrentTime", 0) => Reply::When(
            gate.clone(),
            Box::new(Reply::Raw(http(200, "text/xml", "", &soap("CurrentTime", "")))),
        ),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).connect().await.expect("a session");
    let first = tokio::spawn({
        let client = client.clone();
        async move { client.current_time().await }
    });
    server.until("CurrentTime", 1).await;
    first.abort();
    client.current_time().await.expect("the time");
    open.send_replace(true);
}
