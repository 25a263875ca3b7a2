//! Listings that end early, and pages that cannot be read.

use super::*;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::sync::watch;
use vim_client::mo::Folder;
use vim_client::types::{VirtualDevice, VirtualDisk};
use vim_client::{Error, ErrorKind, MoRef, Object, Poly};

fn page(objects: &str, token: &str) -> Reply {
    let token = if token.is_empty() { String::new() } else { format!("<token>{token}</token>") };
    Reply::Results(format!("<returnval>{token}{objects}</returnval>"))
}

fn named_vm(id: &str) -> String {
    content(id, &named(id))
}

/// A server of pages: the first, and what follows by number.
async fn server(
    first: impl Fn() -> Reply + Send + Sync + 'static,
    next: impl Fn(&Call) -> Reply + Send + Sync + 'static,
) -> Server {
    Server::start(move |call| match call.method.as_str() {
        "RetrievePropertiesEx" if call.body.contains("VirtualMachine") => first(),
        "ContinueRetrievePropertiesEx" => next(call),
        "CancelRetrievePropertiesEx" => Reply::Results(String::new()),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await
}

async fn listed(client: &Client) -> Vec<Result<Object<Row>, Error>> {
    client.retrieve::<Row>().stream().collect().await
}

const GONE: fn() -> Reply = || Reply::Fault("NotAuthenticated", "", "The session is not authenticated.");

#[tokio::test]
async fn a_page_that_is_cut_off_names_the_endpoint() {
    let cut = || {
        let whole =
            support::soap("RetrievePropertiesEx", &format!("<returnval>{}</returnval>", named_vm("vm-1")));
        Reply::Raw(support::http(200, "text/xml", "", &whole[..whole.len() - 60]))
    };
    let server = server(cut, |_| Reply::Usual).await;
    let client = connect(&server).await;
    let read = listed(&client).await.remove(0).expect_err("is cut off");
    let found =
        client.inventory("").virtual_machine("VirtualMachine:vm-1").one().await.expect_err("is cut off");
    for error in [read, found] {
        assert_eq!(error.kind(), ErrorKind::Protocol);
        let text = error.to_string();
        assert!(
            text.contains(&server.url) && text.contains("RetrievePropertiesEx") && text.contains("opID"),
            "{text}"
        );
        assert!(error.chain().contains("the document ends"), "{}", error.chain());
    }
}

#[tokio::test]
async fn lesson_08_a_token_in_an_odd_place_hides_no_page() {
    // Behind the objects, and far from the start of the answer.
    let first = || {
        Reply::Results(format!(
            "<returnval>{}<!--{}--><token>t1</token></returnval>",
            named_vm("vm-1"),
            "x".repeat(8_000)
        ))
    };
    let server = server(first, |_| page(&named_vm("vm-2"), "")).await;
    let client = connect(&server).await;
    let rows = listed(&client).await;
    assert_eq!(
        rows.into_iter().map(|row| row.expect("is read").name.clone()).collect::<Vec<_>>(),
        ["vm-1", "vm-2"]
    );
    assert!(server.calls("ContinueRetrievePropertiesEx")[0].body.contains("<token>t1</token>"));
}

#[tokio::test]
async fn a_listing_that_is_dropped_gives_up_the_page_after_the_one_that_arrived() {
    let (arrive, gate) = watch::channel(false);
    let server = server(
        || page(&named_vm("vm-1"), "t1"),
        move |_| Reply::When(gate.clone(), Box::new(page(&named_vm("vm-2"), "t2"))),
    )
    .await;
    let client = connect(&server).await;
    let mut rows = Box::pin(client.retrieve::<Row>().stream());
    rows.next().await.expect("a row").expect("is read");
    server.until("ContinueRetrievePropertiesEx", 1).await;
    drop(rows);
    arrive.send_replace(true);
    server.until("CancelRetrievePropertiesEx", 1).await;
    assert!(server.calls("CancelRetrievePropertiesEx")[0].body.contains("<token>t2</token>"));
}

#[tokio::test]
async fn a_listing_that_is_dropped_before_its_last_page_has_nothing_to_give_up() {
    let server = server(|| page(&named_vm("vm-1"), "t1"), |_| page(&named_vm("vm-2"), "")).await;
    let client = connect(&server).await;
    let mut rows = Box::pin(client.retrieve::<Row>().stream());
    rows.next().await.expect("a row").expect("is read");
    server.until("ContinueRetrievePropertiesEx", 1).await;
    drop(rows);
    server.until("DestroyView", 1).await;
    client.close().await.expect("closes");
    assert_eq!(server.count("CancelRetrievePropertiesEx"), 0);
}

#[tokio::test]
async fn a_session_that_ends_in_the_middle_ends_the_listing_with_an_error() {
    let server = server(|| page(&named_vm("vm-1"), "t1"), |_| GONE()).await;
    let client = connect(&server).await;
    let rows = listed(&client).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0].as_ref().expect("is read").name, "vm-1");
    let error = rows[1].as_ref().expect_err("is cut off");
    assert!(error.is_not_authenticated() && error.to_string().contains("list again"), "{error}");
    // A token is of no use in another session.
    assert_eq!((server.count("ContinueRetrievePropertiesEx"), server.count("Login")), (1, 1));
    client.current_time().await.expect("the client goes on");
}

#[tokio::test]
async fn a_token_is_not_sent_in_the_session_of_another_login() {
    let (ask, gate) = watch::channel(false);
    let server = server(
        || page(&named_vm("vm-1"), "t1"),
        move |call| match call.nth {
            0 => Reply::When(gate.clone(), Box::new(page(&named_vm("vm-2"), "t2"))),
            _ => page(&named_vm("vm-3"), ""),
        },
    )
    .await;
    let client = connect(&server).await;
    let mut rows = Box::pin(client.retrieve::<Row>().stream());
    rows.next().await.expect("a row").expect("is read");
    server.until("ContinueRetrievePropertiesEx", 1).await;
    // Another call logs in again meanwhile.
    server.end_sessions();
    client.current_time().await.expect("the time");
    assert_eq!(server.count("Login"), 2);
    ask.send_replace(true);
    assert_eq!(rows.next().await.expect("a row").expect("is read").name, "vm-2");
    let error = rows.next().await.expect("an item").expect_err("is cut off");
    assert!(error.is_not_authenticated() && error.to_string().contains("list again"), "{error}");
    assert!(rows.next().await.is_none());
    assert_eq!(server.count("ContinueRetrievePropertiesEx"), 1);
}

#[tokio::test]
async fn a_session_that_ends_between_the_view_and_the_read_costs_a_view() {
    let server = Server::start(|call| match (call.method.as_str(), call.nth) {
        ("RetrievePropertiesEx", 0) => GONE(),
        // The view is of the session that ended.
        ("RetrievePropertiesEx", 1) => {
            Reply::Fault("ManagedObjectNotFound", "<obj type=\"ContainerView\">view-0</obj>", "It has gone.")
        }
        ("RetrievePropertiesEx", _) if call.body.contains("view-1") => page(&named_vm("vm-1"), ""),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let rows = client.retrieve::<Row>().all().await.expect("is read");
    assert_eq!((rows.len(), server.count("Login"), server.count("CreateContainerView")), (1, 2, 2));
}

#[tokio::test]
async fn a_search_starts_again_where_its_session_ends() {
    let object = |id: &str| {
        format!(
            "<objects><obj type=\"Folder\">{id}</obj><propSet><name>name</name><val xsi:type=\"xsd:string\">{id}</val></propSet>\
                 <propSet><name>parent</name><val xsi:type=\"ManagedObjectReference\" type=\"Folder\">group-d1</val></propSet></objects>"
        )
    };
    let server = Server::start(move |call| match (call.method.as_str(), call.nth) {
        ("RetrievePropertiesEx", _) => page(&object("one"), "t1"),
        ("ContinueRetrievePropertiesEx", 0) => GONE(),
        ("ContinueRetrievePropertiesEx", _) => page(&object("two"), ""),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let found = client.inventory("").folder("/*").all().await.expect("are found");
    assert_eq!(found.iter().map(|found| found.path.as_str()).collect::<Vec<_>>(), ["/one", "/two"]);
    assert_eq!(server.count("ContinueRetrievePropertiesEx"), 2);
}

#[tokio::test]
async fn lesson_19_an_unknown_subtype_within_a_row_keeps_its_name_and_content() {
    #[derive(Clone, Debug, Properties)]
    #[properties(of = VirtualMachine)]
    struct Devices {
        #[property("config.hardware.device")]
        devices: Vec<Poly<VirtualDevice>>,
    }
    let devices = "<propSet><name>config.hardware.device</name><val xsi:type=\"ArrayOfVirtualDevice\">\
                   <VirtualDevice xsi:type=\"VirtualDisk\"><key>2000</key><capacityInKB>5</capacityInKB></VirtualDevice>\
                   <VirtualDevice xsi:type=\"VirtualQuantumDisk\"><key>9000</key><qubits>7</qubits></VirtualDevice></val></propSet>";
    let server = server(move || page(&content("vm-1", devices), ""), |_| Reply::Usual).await;
    let client = connect(&server).await;
    let rows = client.retrieve::<Devices>().all().await.expect("is read");
    let [disk, unknown] = &rows[0].devices[..] else { panic!("{rows:?}") };
    assert_eq!(disk.downcast_ref::<VirtualDisk>().map(|disk| disk.capacity_in_kb), Some(5));
    assert_eq!((unknown.key, unknown.type_name()), (9000, "VirtualQuantumDisk"));
    // What is written back is what was read.
    let spec = vim_client::types::VirtualMachineConfigSpec {
        device_change: vec![
            vim_client::types::VirtualDeviceConfigSpec { device: unknown.clone(), ..Default::default() }
                .into(),
        ],
        ..Default::default()
    };
    let vm: VirtualMachine = client.object(MoRef::new("VirtualMachine", "vm-1"));
    let _ = vm.reconfigure(&spec).await;
    let sent = &server.calls("ReconfigVM_Task")[0].body;
    assert!(sent.contains("VirtualQuantumDisk\"") && sent.contains("<qubits>7</qubits>"), "{sent}");
}

#[tokio::test]
async fn a_vapp_is_found_in_the_folder_that_it_is_shown_in() {
    let entity = |kind: &str, id: &str, more: &str| {
        format!(
            "<objects><obj type=\"{kind}\">{id}</obj><propSet><name>name</name><val xsi:type=\"xsd:string\">{id}</val></propSet>{more}</objects>"
        )
    };
    let lies_in = |path: &str, kind: &str, id: &str| {
        format!(
            "<propSet><name>{path}</name><val xsi:type=\"ManagedObjectReference\" type=\"{kind}\">{id}</val></propSet>"
        )
    };
    let server = Server::start(move |call| match call.method.as_str() {
        "RetrievePropertiesEx" if call.body.contains("<obj type=\"Folder\">group-d1<") => {
            page(&entity("Folder", "vm", &lies_in("parent", "Folder", "group-d1")), "")
        }
        "RetrievePropertiesEx" if call.body.contains("<obj type=\"Folder\">vm<") => {
            assert!(call.body.contains("<pathSet>parentFolder</pathSet>"), "{}", call.body);
            let places =
                lies_in("parent", "ResourcePool", "resgroup-8") + &lies_in("parentFolder", "Folder", "vm");
            page(&entity("VirtualApp", "shop", &places), "")
        }
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let found = client.inventory("").resource_pool("/vm/shop").one().await.expect("is found");
    assert_eq!((found.path.as_str(), found.object.handle_kind()), ("/vm/shop", "VirtualApp"));
}

trait Kind {
    fn handle_kind(&self) -> &str;
}

impl<T: vim_client::ManagedObject> Kind for T {
    fn handle_kind(&self) -> &str {
        self.handle().moref().kind()
    }
}

#[tokio::test]
async fn a_plain_call_whose_answer_is_cut_off_names_the_endpoint() {
    let server = Server::start(|call| match call.method.as_str() {
        "CreateFolder" => {
            let whole = support::soap("CreateFolder", "<returnval type=\"Folder\">group-v9</returnval>");
            Reply::Raw(support::http(200, "text/xml", "", &whole[..whole.len() - 60]))
        }
        _ => Reply::Usual,
    })
    .await;
    let client = connect(&server).await;
    let root: Folder = client.object(MoRef::new("Folder", "group-d1"));
    let error = tokio::time::timeout(Duration::from_secs(30), async { root.create_folder("new").await });
    let error = error.await.expect("does not hang").expect_err("is cut off");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let text = error.to_string();
    assert!(text.contains(&server.url) && text.contains("CreateFolder on Folder:group-d1"), "{text}");
    assert_eq!(server.count("CreateFolder"), 1);
}
