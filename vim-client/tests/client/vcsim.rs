//! The client against govmomi's simulator. `VCSIM` names its program.

use crate::says;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, Command};
use vim_client::{Client, ClientBuilder, ContainerView, ErrorKind, ManagedObject, MoRef, Trust, mo};

struct Vcsim {
    url: String,
    address: String,
    _process: Child,
}

async fn vcsim(more: &[&str]) -> Vcsim {
    let program = std::env::var_os("VCSIM").expect("VCSIM names the vcsim program");
    let mut process = Command::new(program)
        .args(["-l", "127.0.0.1:0", "-api-version", "8.0.3.0", "-username", "user", "-password", "pass"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("vcsim runs");
    let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
    while let Some(line) = lines.next_line().await.expect("a line") {
        if let Some((_, url)) = line.split_once("GOVC_URL=") {
            let url = url.split(' ').next().unwrap_or(url);
            let host = url.rsplit_once('@').map_or(url, |(_, host)| host).trim_start_matches("https://");
            let address = host.trim_end_matches("/sdk").to_owned();
            return Vcsim { url: format!("https://{address}"), address, _process: process };
        }
    }
    panic!("vcsim said no address");
}

impl Vcsim {
    fn client(&self) -> ClientBuilder {
        Client::builder(&self.url).credentials("user", "pass").trust(Trust::Insecure)
    }
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_client_connects_reads_and_closes() {
    let vcsim = vcsim(&[]).await;
    let client = vcsim.client().connect().await.expect("a session");
    assert!(client.is_vcenter().await.expect("an answer"));
    assert_eq!(client.api_version().await.expect("an answer"), "8.0.3.0");
    client.current_time().await.expect("the time");
    let index: mo::SearchIndex = client.object(
        client.service_content().await.expect("content").search_index.clone().expect("a search index"),
    );
    let found = index.find_by_inventory_path("DC0/vm").await.expect("an answer");
    assert_eq!(found.expect("a folder").kind(), "Folder");
    client.close().await.expect("closed");
    assert_eq!(client.current_time().await.expect_err("closed").kind(), ErrorKind::Closed);
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn an_esxi_host_is_told_from_a_vcenter() {
    let vcsim = vcsim(&["-esx"]).await;
    let client = vcsim.client().connect().await.expect("a session");
    assert!(!client.is_vcenter().await.expect("an answer"));
    client.close().await.expect("closed");
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_wrong_password_is_refused() {
    let vcsim = vcsim(&[]).await;
    let error = vcsim.client().credentials("user", "Geheim1").connect().await.expect_err("a wrong password");
    assert!(error.is_invalid_login());
    says(&error, &["Login", "InvalidLogin", "\"user\"", &vcsim.url]);
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn an_untrusted_certificate_says_its_thumbprint_which_is_then_trusted() {
    let vcsim = vcsim(&[]).await;
    let error =
        vcsim.client().trust(Trust::Thumbprint("ab".repeat(32))).connect().await.expect_err("untrusted");
    assert_eq!(error.kind(), ErrorKind::Untrusted);
    let text = error.to_string();
    let (_, rest) = text.split_once("SHA-256 thumbprint is ").expect("a thumbprint");
    let thumbprint = rest.get(..95).expect("32 bytes");
    let client =
        vcsim.client().trust(Trust::Thumbprint(thumbprint.to_owned())).connect().await.expect("trusted");
    client.close().await.expect("closed");
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_terminated_session_is_renewed() {
    let vcsim = vcsim(&[]).await;
    let client = vcsim.client().keepalive(Duration::from_secs(300)).connect().await.expect("a session");
    let admin = vcsim.client().connect().await.expect("a session");
    let content = admin.service_content().await.expect("content");
    let sessions: mo::SessionManager =
        admin.object(content.session_manager.clone().expect("a session manager"));
    let own = current(&client).await;
    sessions.terminate(std::slice::from_ref(&own)).await.expect("terminated");
    let root: mo::Folder = client.object(content.root_folder.clone());
    root.create_folder("after").await.expect("a folder, with a new session");
    assert_ne!(current(&client).await, own);
    client.close().await.expect("closed");
    admin.close().await.expect("closed");
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_session_is_cloned_and_outlives_its_origin() {
    let vcsim = vcsim(&[]).await;
    let origin = vcsim.client().connect().await.expect("a session");
    let content = origin.service_content().await.expect("content");
    let sessions: mo::SessionManager =
        origin.object(content.session_manager.clone().expect("a session manager"));
    let ticket = sessions.acquire_clone_ticket().await.expect("a ticket");
    let clone = Client::builder(&vcsim.url)
        .trust(Trust::Insecure)
        .clone_ticket(ticket.as_str())
        .connect()
        .await
        .expect("a clone");
    origin.close().await.expect("closed");
    assert!(!current(&clone).await.is_empty());
    clone.close().await.expect("closed");
    let again =
        Client::builder(&vcsim.url).trust(Trust::Insecure).clone_ticket(ticket.as_str()).connect().await;
    says(&again.expect_err("a ticket serves once"), &["clone ticket", &vcsim.url]);
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_session_that_is_unknown_is_refused() {
    let vcsim = vcsim(&[]).await;
    let given = Client::builder(&vcsim.url).trust(Trust::Insecure).session("no-such-session");
    let error = given.connect().await.expect_err("unknown");
    assert_eq!(error.kind(), ErrorKind::Login);
    says(&error, &["does not take the given session", &vcsim.url]);
}

/// The key of the client's session.
async fn current(client: &Client) -> String {
    use vim_client::types::{ObjectSpec, PropertyFilterSpec, PropertySpec, RetrieveOptions, UserSession};
    let content = client.service_content().await.expect("content");
    let collector: mo::PropertyCollector = client.object(content.property_collector.clone());
    let filter = PropertyFilterSpec {
        prop_set: vec![PropertySpec {
            r#type: "SessionManager".to_owned(),
            path_set: vec!["currentSession".to_owned()],
            ..Default::default()
        }],
        object_set: vec![ObjectSpec {
            obj: content.session_manager.clone().expect("a session manager"),
            ..Default::default()
        }],
        ..Default::default()
    };
    let result =
        collector.retrieve_properties_ex(&[filter], &RetrieveOptions::default()).await.expect("an answer");
    let objects = result.expect("a result").objects;
    let property = objects[0].prop_set.first().expect("the session");
    property.val.downcast_ref::<UserSession>().expect("a session").key.clone()
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_session_that_someone_else_opened_is_used_and_left_open() {
    let vcsim = vcsim(&["-tls=false"]).await;
    let cookie = log_in_by_hand(&vcsim.address).await;
    let url = format!("http://{}", vcsim.address);
    let client = Client::builder(&url).session(cookie.as_str()).connect().await.expect("a session");
    let own = current(&client).await;
    let root: mo::Folder =
        client.object(client.service_content().await.expect("content").root_folder.clone());
    let folder = root.create_folder("by the given session").await.expect("a folder");
    // A task is followed in it too, and nothing of that stays.
    folder.destroy().await.expect("is started").await.expect("is destroyed");
    let folder = root.handle().moref().clone();
    let view = ContainerView::create(&client, &folder, &[], true).await.expect("a view");
    assert!(is_there(&client, view.moref()).await);
    client.close().await.expect("closed");
    let again = Client::builder(&url).session(cookie.as_str()).connect().await.expect("it is still open");
    assert_eq!(current(&again).await, own);
    assert!(!is_there(&again, view.moref()).await);
    drop(view);
    again.close().await.expect("closed");
}

/// Logs in as a program of another kind would, and returns its cookie.
async fn log_in_by_hand(address: &str) -> String {
    let body = "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><Login xmlns=\"urn:vim25\">\
                <_this type=\"SessionManager\">SessionManager</_this><userName>user</userName><password>pass</password>\
                </Login></e:Body></e:Envelope>";
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "POST /sdk HTTP/1.1\r\nHost: {address}\r\nContent-Type: text/xml\r\nSOAPAction: urn:vim25/8.0.3.0\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.expect("is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let cookie = answer.lines().find_map(|line| line.strip_prefix("Set-Cookie: "));
    cookie.expect("a cookie").to_owned()
}

/// Whether the client's session has that view.
async fn is_there(client: &Client, view: &MoRef) -> bool {
    let read = client.retrieve_paths::<mo::ContainerView>(["container"]).objects([view.clone()]).all().await;
    match read {
        Ok(rows) => rows.len() == 1,
        Err(error) => {
            assert!(error.is_not_found(), "{error}");
            false
        }
    }
}
