//! Opening, renewing, adopting and ending sessions.

use crate::support::{Reply, Server};
use crate::{client, says};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use vim_client::{Client, ErrorKind, Handle, MoRef};
use vim_wire::{MethodDesc, Service};

#[tokio::test]
async fn nothing_is_sent_before_the_first_call() {
    let server = Server::usual().await;
    let client = client(&server).build().expect("a client");
    assert_eq!(server.count("GET"), 0);
    assert_eq!(client.current_time().await.expect("the time").to_string(), "2026-01-02T03:04:05Z");
    assert_eq!(server.count("Login"), 1);
    assert_eq!(server.calls("CurrentTime")[0].cookie.as_deref(), Some("vmware_soap_session=\"session-1\""));
}

#[tokio::test]
async fn what_the_server_is_needs_no_login() {
    let server = Server::usual().await;
    let client = Client::builder(&server.url).user_agent("tests/1.0").build().expect("a client");
    assert!(client.is_vcenter().await.expect("an answer"));
    assert_eq!(client.about().await.expect("an answer").full_name, "VMware vCenter Server 8.0.3 build-1");
    assert_eq!(client.api_version().await.expect("an answer"), "8.0.3.0");
    let calls = server.calls("RetrieveServiceContent");
    assert_eq!(calls.len(), 1, "asked for once");
    assert_eq!(calls[0].action, "urn:vim25/8.0.3.0");
    assert_eq!(calls[0].user_agent, concat!("tests/1.0 vim-client/", env!("CARGO_PKG_VERSION")));
    let error = client.current_time().await.expect_err("no session");
    assert!(error.is_not_authenticated());
    says(&error, &["NotAuthenticated", "credentials", &server.url]);
}

#[tokio::test]
async fn calls_that_wait_share_one_login() {
    let server = Server::usual().await;
    let client = client(&server).build().expect("a client");
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        calls.spawn(async move { client.current_time().await });
    }
    while let Some(done) = calls.join_next().await {
        done.expect("a task").expect("the time");
    }
    assert_eq!(server.count("Login"), 1);
}

#[tokio::test]
async fn calls_that_wait_share_a_failed_login_too() {
    let (open, gate) = watch::channel(false);
    let server = Server::start(move |call| match call.method.as_str() {
        "Login" => Reply::When(gate.clone(), Box::new(Reply::Fault("InvalidLogin", "", "no"))),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).build().expect("a client");
    let mut calls = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        calls.spawn(async move { client.current_time().await });
    }
    server.until("Login", 1).await;
    open.send_replace(true);
    while let Some(done) = calls.join_next().await {
        assert!(done.expect("a task").expect_err("refused").is_invalid_login());
    }
    assert!(client.current_time().await.expect_err("refused").is_invalid_login());
    assert_eq!(
        server.count("Login"),
        1,
        "refused credentials are not shown again at once: accounts get locked"
    );
}

#[tokio::test]
async fn a_read_that_is_answered_with_missing_properties_alone_is_repeated_with_a_new_session() {
    let server = Server::start(|call| match (call.method.as_str(), call.nth) {
        ("RetrievePropertiesEx", 0) => Reply::Results(
            "<returnval><objects><obj type=\"Folder\">group-d1</obj><missingSet><path>name</path><fault><fault xsi:type=\"NotAuthenticated\">\
             <object type=\"Folder\">group-d1</object><privilegeId>System.View</privilegeId></fault><localizedMessage></localizedMessage>\
             </fault></missingSet></objects></returnval>"
                .to_owned(),
        ),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).connect().await.expect("a session");
    let content = client.service_content().await.expect("content");
    let collector: vim_client::mo::PropertyCollector = client.object(content.property_collector.clone());
    let result = collector
        .retrieve_properties_ex(&[], &Default::default())
        .await
        .expect("an answer")
        .expect("objects");
    assert_eq!(result.objects[0].prop_set.len(), 1);
    assert_eq!((server.count("Login"), server.count("RetrievePropertiesEx")), (2, 2));
}

#[tokio::test]
async fn a_given_session_is_sent_as_a_cookie_checked_and_left_open() {
    for given in [
        "vmware-api-session-id:given-1",
        "vmware-api-session-id: \"given-1\"",
        "vmware_soap_session=\"given-1\"; Path=/; HttpOnly",
        "vmware_soap_session=given-1",
        "given-1",
        "\"given-1\"",
    ] {
        let server = Server::usual().await;
        server.open_session("given-1");
        let client = Client::builder(&server.url).session(given).connect().await.expect(given);
        client.current_time().await.expect("the time");
        client.close().await.expect("closed");
        assert_eq!((server.count("Login"), server.count("Logout"), server.sessions()), (0, 0, 1), "{given}");
    }
}

#[tokio::test]
async fn a_session_that_the_server_does_not_know_is_said() {
    let server = Server::usual().await;
    let error = Client::builder(&server.url).session("stale-1").connect().await.expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::Login);
    says(&error, &[&server.url, "does not take the given session"]);
    assert!(!format!("{error:?} {error}").contains("stale-1"));
}

#[tokio::test]
async fn what_is_no_session_is_refused_and_not_repeated() {
    for (given, reason) in [
        ("<saml2:Assertion>top-secret</saml2:Assertion>", "SAML"),
        ("Bearer top-secret", "JSON web token"),
        ("eyJhbGciOi.top-secret.c2ln", "JSON web token"),
        ("top-secret with spaces", "character"),
        ("top-secret\r\nX-Other: 1", "character"),
        ("  ", "empty"),
    ] {
        let error = Client::builder("vc").session(given).build().expect_err(given);
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        says(&error, &[reason]);
        assert!(!format!("{error} {error:?}").contains("top-secret"), "{error}");
    }
}

#[tokio::test]
async fn a_given_session_that_ends_is_said_and_not_replaced() {
    let server = Server::usual().await;
    server.open_session("given-1");
    let client = Client::builder(&server.url).session("given-1").connect().await.expect("a session");
    server.end_sessions();
    let error = client.current_time().await.expect_err("ended");
    assert!(error.is_not_authenticated());
    says(&error, &["session that was given", &server.url]);
}

#[tokio::test]
async fn a_clone_ticket_opens_a_session_of_its_own() {
    let server = Server::usual().await;
    let client = Client::builder(&server.url).clone_ticket("cst-VCT-1").connect().await.expect("a session");
    client.current_time().await.expect("the time");
    assert!(server.calls("CloneSession")[0].body.contains("<cloneTicket>cst-VCT-1</cloneTicket>"));
    client.close().await.expect("closed");
    assert_eq!((server.count("CloneSession"), server.sessions()), (1, 0));
}

#[tokio::test]
async fn closing_logs_out_once_and_refuses_what_comes_after() {
    let server = Server::usual().await;
    let client = client(&server).connect().await.expect("a session");
    let other = client.clone();
    let (first, second) = tokio::join!(client.close(), other.close());
    first.and(second).expect("closed");
    client.close().await.expect("closed already");
    assert_eq!((server.count("Logout"), server.sessions()), (1, 0));
    for error in [other.current_time().await.expect_err("closed"), other.about().await.expect_err("closed")] {
        assert_eq!(error.kind(), ErrorKind::Closed);
        says(&error, &[&server.url]);
    }
    assert_eq!(server.count("CurrentTime"), 0);
}

#[tokio::test]
async fn an_operation_id_of_ones_own_is_sent() {
    let server = Server::usual().await;
    let client = client(&server).connect().await.expect("a session");
    client.with_operation_id("reconcile-7").current_time().await.expect("the time");
    client.current_time().await.expect("the time");
    client.current_time().await.expect("the time");
    let bodies = server.calls("CurrentTime").into_iter().map(|call| call.body).collect::<Vec<_>>();
    assert!(bodies[0].contains("<operationID>reconcile-7</operationID>"), "{}", bodies[0]);
    assert_ne!(bodies[1], bodies[2], "each call has an id of its own");
}

#[tokio::test]
async fn connections_are_used_again() {
    let server = Server::usual().await;
    let client = client(&server).connect().await.expect("a session");
    for _ in 0..10 {
        client.current_time().await.expect("the time");
    }
    let calls = server.calls("CurrentTime");
    assert!(calls.iter().all(|call| call.connection == calls[0].connection), "{calls:?}");
}

#[test]
fn secrets_are_not_in_debug() {
    let shown = format!(
        "{:?} {:?} {:?}",
        Client::builder("vc").credentials("alice", "top-secret").keepalive(Duration::from_secs(9)),
        Client::builder("vc").session("top-secret"),
        Client::builder("vc").clone_ticket("top-secret"),
    );
    assert!(!shown.contains("top-secret") && shown.contains("alice"), "{shown}");
    for address in ["https://bob:top-secret@vc", "bob:#/?top-secret@vc", "ftp://bob:top-secret@vc"] {
        let builder = Client::builder(address);
        let shown = format!("{builder:?} {:?}", builder.clone().build().expect_err("user info"));
        assert!(!shown.contains("top-secret") && shown.contains("@vc"), "{shown}");
    }
}

#[tokio::test]
async fn another_service_takes_the_session_from_the_header() {
    static SERVICE: Service = Service {
        namespace: "urn:pbm",
        path: "/pbm",
        versions: &["1.0", "2.0", "8.0.3.0"],
        registry: &vim_client::types::REGISTRY,
    };
    static METHOD: MethodDesc = MethodDesc {
        name: "PbmNothing",
        this: "PbmServiceInstance",
        service: &SERVICE,
        since: 0,
        task: false,
        privilege: None,
        params: &[],
        faults: &[],
        result: "",
    };
    let server = Server::usual().await;
    let client = client(&server).connect().await.expect("a session");
    let handle = Handle::new(client.caller(), MoRef::new("PbmServiceInstance", "ServiceInstance"));
    vim_wire::Call::<()>::new(&handle, &METHOD).await.expect("an answer");
    let call = server.calls("PbmNothing").remove(0);
    assert_eq!((call.path.as_str(), call.action.as_str()), ("/pbm", "urn:pbm/8.0.3.0"));
    assert!(call.body.contains("<vcSessionCookie>session-1</vcSessionCookie>"), "{}", call.body);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let refused = |builder: vim_client::ClientBuilder, words: &[&str]| {
        let error = builder.build().expect_err("refused");
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        says(&error, words);
    };
    refused(Client::builder("vc").keepalive(Duration::ZERO), &["keepalive", "vc"]);
    refused(Client::builder("vc").request_timeout(Duration::ZERO), &["request time-out", "vc"]);
    refused(Client::builder("vc").session("s-1").locale("de_DE"), &["locale \"de_DE\"", "vc"]);
    refused(Client::builder("vc").user_agent("two\r\nlines"), &["https://vc"]);
}
