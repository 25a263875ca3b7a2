//! What no client sends on purpose: each is answered by a fault or an HTTP error, or its connection ends, and the next request
//! is served.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use vim_sim::{Model, Simulator};

async fn simulator() -> Simulator {
    Simulator::builder().model(Model::vcenter().hosts(1).vms(1)).start().await.unwrap()
}

/// Sends a request, and reads what comes until the connection ends.
async fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // Whoever refuses may end the connection before everything was sent.
    let _ = stream.write_all(bytes).await;
    rest(stream).await
}

async fn rest(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /sdk HTTP/1.1\r\nHost: x\r\nConnection: close\r\nSOAPAction: \"urn:vim25\"\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn envelope(content: &str) -> String {
    let soap = "http://schemas.xmlsoap.org/soap/envelope/";
    format!("<e:Envelope xmlns:e=\"{soap}\"><e:Body>{content}</e:Body></e:Envelope>")
}

async fn is_served(address: SocketAddr) {
    let this = "<_this type=\"ServiceInstance\">ServiceInstance</_this>";
    let now = envelope(&format!("<CurrentTime xmlns=\"urn:vim25\">{this}</CurrentTime>"));
    let answer = exchange(address, &post(now.as_bytes())).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("CurrentTimeResponse"), "{answer}");
}

#[tokio::test]
async fn documents_that_are_none_get_a_fault() {
    let simulator = simulator().await;
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    let long_name = format!("<{} xmlns=\"urn:vim25\"/>", "x".repeat(1 << 20));
    let unknown_object = "<Destroy_Task xmlns=\"urn:vim25\"><_this type=\"No\">such</_this></Destroy_Task>";
    for (body, word) in [
        (String::new(), "InvalidRequest"),
        ("no XML".into(), "InvalidRequest"),
        ("<a><b></a>".into(), "InvalidRequest"),
        ("<a/>".into(), "InvalidRequest"),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>".into(), "InvalidRequest"),
        (envelope(""), "InvalidRequest"),
        (envelope("<NoSuchMethod xmlns=\"urn:vim25\"/>"), "NoSuchMethod"),
        (envelope(&deep), "InvalidRequest"),
        (envelope(&long_name), "InvalidRequest"),
        (envelope(unknown_object), "NotAuthenticated"),
        (envelope("<CurrentTime xmlns=\"urn:vim25\"/>"), "ManagedObjectNotFound"),
    ] {
        let answer = exchange(simulator.address(), &post(body.as_bytes())).await;
        let start: String = body.chars().take(80).collect();
        assert!(answer.starts_with("HTTP/1.1 500") && answer.contains(word), "{start}: {answer}");
        is_served(simulator.address()).await;
    }
}

#[tokio::test]
async fn random_bytes_do_no_harm() {
    let simulator = simulator().await;
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..50 {
        let bytes: Vec<u8> = (0..random.usize(1..4096)).map(|_| random.u8(..)).collect();
        let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
        let _ = stream.write_all(&bytes).await;
        // What looks like the beginning of a request is waited for otherwise.
        let _ = stream.shutdown().await;
        rest(stream).await;
        let answer = exchange(simulator.address(), &post(&bytes)).await;
        assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    }
    is_served(simulator.address()).await;
}

#[tokio::test]
async fn other_paths_and_methods_are_refused() {
    let simulator = simulator().await;
    for (request, status) in [
        ("GET /sdk", "405"),
        ("PUT /sdk", "405"),
        ("POST /sdk/vimService.wsdl", "405"),
        ("GET /mob", "404"),
        ("GET /sdk/../etc/passwd", "404"),
        ("GET /", "200"),
        ("GET /about", "200"),
        ("GET /sdk/vimService.wsdl", "200"),
        ("GET /sdk/vim-types.xsd", "200"),
        ("GET /sdk/vimServiceVersions.xml", "200"),
    ] {
        let head = format!("{request} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let answer = exchange(simulator.address(), head.as_bytes()).await;
        let line = answer.lines().next().unwrap_or_default();
        assert!(line.starts_with(&format!("HTTP/1.1 {status}")), "{request}: {line}");
    }
    let head = b"GET /sdk/vim.wsdl HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    let answer = exchange(simulator.address(), head).await;
    assert!(answer.contains("PowerOnVM_Task") && answer.trim_end().ends_with("definitions>"));
}

#[tokio::test]
async fn bodies_that_are_too_long_are_refused() {
    let simulator = simulator().await;
    let head = "POST /sdk HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000000\r\nConnection: close\r\n\r\n";
    let answer = exchange(simulator.address(), head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    // One that does not say how long it is.
    let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
    let head = "POST /sdk HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = [b"100000\r\n".as_slice(), &vec![b' '; 1 << 20], b"\r\n"].concat();
    let (mut reader, mut writer) = stream.split();
    let send = async {
        for _ in 0..64 {
            if writer.write_all(&piece).await.is_err() {
                break;
            }
        }
    };
    let mut answer = [0; 12];
    let (_, read) = tokio::join!(send, reader.read_exact(&mut answer));
    read.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
    is_served(simulator.address()).await;
}

/// Who does not send what was announced is not waited for. Time is the runtime's, which passes when nothing else happens.
#[tokio::test(start_paused = true)]
async fn slow_senders_are_given_up() {
    let simulator = simulator().await;
    let begin = tokio::time::Instant::now();
    for half in
        ["POST /sdk HTTP/1.1\r\nHost:", "POST /sdk HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n<half"]
    {
        let mut stream = TcpStream::connect(simulator.address()).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    assert!(begin.elapsed() < Duration::from_secs(120));
    is_served(simulator.address()).await;
}
