//! What goes wrong before and in an exchange: each a clear error that names the endpoint and the cause.

use crate::support::{Reply, Server, http, soap};
use crate::{client, patiently, says, to};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use vim_client::{ErrorKind, Limits};

/// A server whose `CurrentTime` is answered so, and the error that this makes.
async fn answered(reply: impl Fn() -> Reply + Send + Sync + 'static) -> (Server, vim_client::Error) {
    let server =
        Server::start(move |call| if call.method == "CurrentTime" { reply() } else { Reply::Usual }).await;
    let client = patiently(client(&server).idle_timeout(Duration::from_millis(100))).await;
    let error = client.current_time().await.expect_err("a broken answer");
    says(&error, &["CurrentTime on ServiceInstance:ServiceInstance: ", &server.url]);
    (server, error)
}

#[tokio::test]
async fn a_wrong_address_is_refused() {
    let error = to("ftp://vc").build().expect_err("no address");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    says(&error, &["ftp://vc", "https"]);
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_and_then_said() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let error = to(&url).connect().await.expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.is_never_sent());
    says(&error, &[&url, "Connection refused", "after 5 attempts"]);
}

#[tokio::test]
async fn a_host_that_does_not_resolve_is_said() {
    let error = to("https://no-such-host.invalid")
        .retry(vim_client::Retry::never())
        .connect()
        .await
        .expect_err("no host");
    assert_eq!(error.kind(), ErrorKind::Connect);
    says(&error, &["https://no-such-host.invalid", "no connection: "]);
}

#[tokio::test]
async fn another_web_server_is_told_from_a_vsphere() {
    let server = Server::start(|_| {
        Reply::Raw(http(200, "text/html", "", "<html><title>Welcome to nginx!</title></html>"))
    })
    .await;
    let error = client(&server).connect().await.expect_err("no vSphere");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    says(&error, &[&server.url, "not a vCenter or an ESXi host", "Welcome to nginx!"]);
}

#[tokio::test]
async fn a_redirection_is_not_followed() {
    let server =
        Server::start(|_| Reply::Raw(http(301, "text/html", "Location: https://elsewhere/\r\n", ""))).await;
    let error = client(&server).connect().await.expect_err("moved");
    says(&error, &[&server.url, "HTTP 301", "https://elsewhere/"]);
}

/// Says that to everyone, and then listens.
fn greet(listener: TcpListener, words: &'static [u8]) {
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut buffer = [0; 2048];
                let _ = stream.write_all(words).await;
                while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
            });
        }
    });
}

#[tokio::test]
async fn what_speaks_no_http_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    greet(listener, b"SSH-2.0-OpenSSH_9.6\r\n");
    let error = to(&url).connect().await.expect_err("no HTTP");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    says(&error, &[&url, "not HTTP"]);
}

#[tokio::test]
async fn a_port_without_tls_is_said() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("https://{}", listener.local_addr().expect("an address"));
    greet(listener, b"HTTP/1.1 400 Bad Request\r\n\r\n");
    let error = to(&url).connect().await.expect_err("no TLS");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    says(&error, &[&url, "does not speak TLS", "http://"]);
}

#[tokio::test]
async fn html_instead_of_soap_is_said() {
    let html = "<html><head><title>Sign in</title></head></html>";
    let (_, error) = answered(move || Reply::Raw(http(200, "text/html", "", html))).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    says(&error, &["no SOAP", "text/html", "Sign in"]);
}

#[tokio::test]
async fn a_500_without_a_fault_is_said() {
    let (_, error) = answered(|| Reply::Raw(http(500, "text/plain", "", "Internal Server Error"))).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    says(&error, &["HTTP 500", "Internal Server Error"]);
    let (_, error) = answered(|| Reply::Raw(http(500, "text/xml", "", &soap("CurrentTime", "")))).await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    says(&error, &["no fault", "HTTP 500"]);
}

#[tokio::test]
async fn a_malformed_answer_is_said() {
    let (_, error) =
        answered(|| Reply::Raw(http(200, "text/xml", "", "<soapenv:Envelope><oops></soapenv:Envelope>")))
            .await;
    assert_eq!(error.kind(), ErrorKind::Protocol);
    says(&error, &["cannot be read"]);
    let (_, error) = answered(|| Reply::Raw(http(500, "text/xml", "", "<a>"))).await;
    says(&error, &["its fault cannot be read"]);
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_tried_again_where_that_is_safe() {
    let cut = || {
        Reply::Raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 500\r\n\r\n<?xml".to_vec())
    };
    let (server, error) = answered(cut).await;
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(server.count("CurrentTime"), 5, "reading the time twice does nothing twice");
    says(&error, &["broke off", "after 5 attempts"]);
}

#[tokio::test]
async fn a_lost_connection_is_not_tried_again_where_that_could_do_a_thing_twice() {
    let server = Server::start(|call| match call.method.as_str() {
        "CreateFolder" => Reply::Raw(Vec::new()),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).connect().await.expect("a session");
    let root: vim_client::mo::Folder = client.object(vim_client::MoRef::new("Folder", "group-d1"));
    let error = root.create_folder("twice").await.expect_err("lost");
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    says(&error, &["CreateFolder on Folder:group-d1", &server.url]);
    assert_eq!(server.count("CreateFolder"), 1);
}

#[tokio::test]
async fn an_unavailable_server_is_waited_for_where_that_is_safe() {
    let server = Server::start(|call| match (call.method.as_str(), call.nth) {
        ("CurrentTime", 0..2) => Reply::Raw(http(503, "text/plain", "", "no healthy upstream")),
        ("CreateFolder", _) => Reply::Raw(http(503, "text/plain", "", "no healthy upstream")),
        _ => Reply::Usual,
    })
    .await;
    let client = client(&server).connect().await.expect("a session");
    assert!(client.current_time().await.is_ok());
    assert_eq!(server.count("CurrentTime"), 3);
    let root: vim_client::mo::Folder = client.object(vim_client::MoRef::new("Folder", "group-d1"));
    let error = root.create_folder("twice").await.expect_err("unavailable");
    says(&error, &["HTTP 503", "no healthy upstream", &server.url]);
    assert_eq!(server.count("CreateFolder"), 1);
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused() {
    for announced in [true, false] {
        let body = soap("CurrentTime", &" ".repeat(100_000));
        let answer = if announced {
            http(200, "text/xml", "", &body)
        } else {
            format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nConnection: close\r\n\r\n{body}")
                .into_bytes()
        };
        let server = Server::start(move |call| match call.method.as_str() {
            "CurrentTime" => Reply::Raw(answer.clone()),
            _ => Reply::Usual,
        })
        .await;
        let mut limits = Limits::default();
        limits.size = 50_000;
        let client = client(&server).limits(limits).connect().await.expect("a session");
        let error = client.current_time().await.expect_err("too large");
        assert_eq!(error.kind(), ErrorKind::Protocol);
        says(&error, &[&server.url, "over the limit of 50000 bytes"]);
    }
}

#[tokio::test]
async fn a_packed_answer_is_unpacked_and_the_limit_counts_what_comes_out() {
    // The server's time and 100,000 spaces.
    const PACKED: &[u8] = include_bytes!("padded_time.xml.gz");
    let server = Server::start(|call| match call.method.as_str() {
        "CurrentTime" => {
            let head = format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", PACKED.len());
            Reply::Raw([head.as_bytes(), PACKED].concat())
        }
        _ => Reply::Usual,
    })
    .await;
    let unpacked = client(&server).connect().await.expect("a session");
    assert_eq!(unpacked.current_time().await.expect("the time").to_string(), "2026-01-02T03:04:05Z");
    assert!(server.calls("CurrentTime")[0].accept_encoding.contains("gzip"));
    let mut limits = Limits::default();
    limits.size = 50_000;
    let limited = client(&server).limits(limits).connect().await.expect("a session");
    says(
        &limited.current_time().await.expect_err("too large"),
        &[&server.url, "over the limit of 50000 bytes"],
    );
}

#[tokio::test]
async fn a_server_that_stops_in_the_middle_of_an_answer_is_left() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 500\r\n\r\n<?xml";
    let (server, error) = answered(move || Reply::Silence(half.to_vec())).await;
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.is_timeout());
    says(&error, &["stopped in the middle of its answer for 100ms"]);
    assert_eq!(server.count("CurrentTime"), 1);
}

#[tokio::test]
async fn a_wrong_password_is_said_with_the_user() {
    let server = Server::start(|call| match call.method.as_str() {
        "Login" => Reply::Fault(
            "InvalidLogin",
            "",
            "Cannot complete login due to an incorrect user name or password.",
        ),
        _ => Reply::Usual,
    })
    .await;
    let error = client(&server).connect().await.expect_err("a wrong password");
    assert_eq!(error.kind(), ErrorKind::Login);
    assert!(error.is_invalid_login());
    says(
        &error,
        &[
            "Login on SessionManager:SessionManager",
            "InvalidLogin",
            "incorrect user name",
            "\"alice\"",
            &server.url,
        ],
    );
    assert_eq!(server.count("Login"), 1);
}

#[tokio::test]
async fn what_is_newer_than_the_server_is_refused_before_anything_is_sent() {
    let server = Server::usual().await;
    let client = client(&server).connect().await.expect("a session");
    let newer = vim_client::types::VIM25
        .versions
        .iter()
        .position(|version| *version == "9.0.0.0")
        .expect("a version");
    let methods = vim_client::types::METHODS.iter().flat_map(|methods| methods.iter());
    let method =
        methods.filter(|method| usize::from(method.since) >= newer).find(|method| method.params.is_empty());
    let method: &'static vim_wire::MethodDesc = method.expect("a method of 9.0 without parameters");
    let moref = vim_client::MoRef::new(method.this, "x-1");
    let handle = vim_client::Handle::new(client.caller(), moref);
    let error = vim_wire::Call::<()>::new(&handle, method).await.expect_err("too new");
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    says(&error, &[method.name, "9.", "8.0.3.0"]);
    assert_eq!(server.count(method.name), 0);
}
