//! Settings and answers at the ends of what can be said.

use crate::client;
use crate::support::{Reply, Server, http, soap};
use std::time::Duration;
use vim_client::{ErrorKind, MoRef, Retry, mo};

#[tokio::test]
async fn more_time_may_be_allowed_than_can_be_counted() {
    let server = Server::start(|call| match (call.method.as_str(), call.nth) {
        ("CurrentTime", 0) => Reply::Raw(http(503, "text/plain", "", "starting")),
        _ => Reply::Usual,
    })
    .await;
    let retry = Retry {
        total: Duration::MAX,
        longest_delay: Duration::MAX,
        first_delay: Duration::from_millis(1),
        attempts: u32::MAX,
    };
    let client = client(&server)
        .connect_timeout(Duration::MAX)
        .request_timeout(Duration::MAX)
        .idle_timeout(Duration::MAX)
        .keepalive(Duration::MAX)
        .retry(retry)
        .connect()
        .await
        .expect("a session");
    client.current_time().await.expect("the time");
    client.close().await.expect("closed");
}

#[tokio::test]
async fn a_server_that_asks_to_be_left_alone_for_ages_is_given_up() {
    for ages in [u64::MAX.to_string(), "99999999999999999999999".to_owned()] {
        let server = Server::start(move |call| match call.method.as_str() {
            "CurrentTime" => Reply::Raw(http(503, "text/plain", &format!("Retry-After: {ages}\r\n"), "busy")),
            _ => Reply::Usual,
        })
        .await;
        let client = client(&server).connect().await.expect("a session");
        let error = client.current_time().await.expect_err("is not available");
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        crate::says(&error, &[&server.url, "HTTP 503", "busy"]);
    }
}

#[tokio::test]
async fn a_missing_privilege_is_found_where_newer_servers_say_it() {
    let both = "<missingPrivileges><entity type=\"Folder\">group-v3</entity><privilegeIds>Folder.Create</privilegeIds>\
                <privilegeIds>System.View</privilegeIds></missingPrivileges>";
    let old = "<object type=\"Folder\">group-v1</object><privilegeId>Folder.Delete</privilegeId>";
    for (fields, privilege, object) in [
        (both.to_owned(), "Folder.Create", Some("group-v3")),
        (format!("{old}{both}"), "Folder.Delete", Some("group-v1")),
        (old.to_owned(), "Folder.Delete", Some("group-v1")),
        (format!("<object type=\"Folder\">group-v1</object>{both}"), "Folder.Create", Some("group-v1")),
        (String::new(), "", None),
    ] {
        let fields: &'static str = fields.leak();
        let server = Server::start(move |call| match call.method.as_str() {
            "CreateFolder" => {
                Reply::Fault("NoPermission", fields, "Permission to perform this operation was denied.")
            }
            _ => Reply::Usual,
        })
        .await;
        let client = client(&server).connect().await.expect("a session");
        let root: mo::Folder = client.object(MoRef::new("Folder", "group-d1"));
        let error = root.create_folder("new").await.expect_err("denied");
        let missing = error.is_no_permission().expect("is why");
        assert_eq!(
            (missing.privilege.as_str(), missing.object.as_ref().map(MoRef::value)),
            (privilege, object)
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_cut_off_within_a_whole_response_names_the_endpoint() {
    for cut in [20, 60, 90, 200] {
        let whole = soap("CurrentTime", "<returnval>2026-01-02T03:04:05Z</returnval>");
        let answer = http(200, "text/xml", "", &whole[..whole.len() - cut]);
        let server = Server::start(move |call| match call.method.as_str() {
            "CurrentTime" => Reply::Raw(answer.clone()),
            _ => Reply::Usual,
        })
        .await;
        let client = client(&server).connect().await.expect("a session");
        let error = client.current_time().await.expect_err("is cut off");
        assert_eq!(error.kind(), ErrorKind::Protocol);
        crate::says(&error, &[&server.url, "CurrentTime on ServiceInstance", "cannot be read"]);
        assert_eq!(server.count("CurrentTime"), 1);
    }
}

#[tokio::test]
async fn a_server_is_reached_by_an_address_of_version_6() {
    let server = Server::start_on("[::1]:0", None, |_| Reply::Usual).await;
    assert!(server.url.starts_with("http://[::1]:"), "{}", server.url);
    let client = client(&server).connect().await.expect("a session");
    assert_eq!((client.endpoint().host(), client.endpoint().to_string()), ("::1", server.url.clone()));
    client.current_time().await.expect("the time");
    client.close().await.expect("closed");
    assert_eq!(server.sessions(), 0);
}
