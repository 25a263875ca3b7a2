//! Reads.

use super::*;
use futures_util::StreamExt;
use vim_client::ErrorKind;

fn page(objects: &[String], token: &str) -> Reply {
    let token = if token.is_empty() { String::new() } else { format!("<token>{token}</token>") };
    Reply::Results(format!("<returnval>{token}{}</returnval>", objects.concat()))
}

#[tokio::test]
async fn lesson_10_a_denied_property_fails_no_listing() {
    let server = Server::start(|call| match call.method.as_str() {
        "RetrievePropertiesEx" if call.body.contains("VirtualMachine") => page(
            &[
                content("vm-1", &(named("one") + &denied("guest"))),
                content("vm-2", &denied("name")),
                content("vm-3", &named("three")),
            ],
            "",
        ),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let rows: Vec<_> = client.retrieve::<Row>().stream().collect().await;
    assert_eq!(rows.len(), 3);
    let one = rows[0].as_ref().expect("one is read");
    assert_eq!((one.name.as_str(), &one.ip), ("one", &None));
    assert_eq!((one.missing[0].path.as_str(), one.missing[0].fault.type_name()), ("guest", "NoPermission"));
    let two = rows[1].as_ref().expect_err("two has no name");
    let privilege = two.is_no_permission().expect("is why");
    assert_eq!(privilege.privilege, "System.Read");
    assert_eq!(two.object().map(|object| object.value()), Some("vm-2"));
    assert!(
        two.to_string()
            .contains("reading property name on VirtualMachine:vm-2: NoPermission: Permission denied."),
        "{two}"
    );
    assert_eq!(rows[2].as_ref().expect("three is read").name, "three");
    client.close().await.expect("closes");
    assert_eq!(server.count("DestroyView"), 1);
}

#[tokio::test]
async fn the_next_page_is_asked_for_while_this_one_is_read() {
    let server = Server::start(|call| match call.method.as_str() {
        "RetrievePropertiesEx" if call.body.contains("VirtualMachine") => {
            page(&[content("vm-1", &named("one")), content("vm-2", &named("two"))], "t1")
        }
        "ContinueRetrievePropertiesEx" => page(&[content("vm-3", &named("three"))], ""),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let mut rows = Box::pin(client.retrieve::<Row>().page_size(2).stream());
    assert_eq!(rows.next().await.expect("a row").expect("is read").name, "one");
    // Nothing more is taken from the stream, and the next page is on its way all the same.
    server.until("ContinueRetrievePropertiesEx", 1).await;
    assert!(server.calls("ContinueRetrievePropertiesEx")[0].body.contains("<token>t1</token>"));
    assert!(
        server
            .calls("RetrievePropertiesEx")
            .iter()
            .any(|call| call.body.contains("<maxObjects>2</maxObjects>"))
    );
    let rest: Vec<_> = rows.map(|row| row.expect("is read").name.clone()).collect().await;
    assert_eq!(rest, ["two", "three"]);
    assert_eq!(server.count("CancelRetrievePropertiesEx"), 0);
}

#[tokio::test]
async fn a_stream_that_is_dropped_tells_the_server() {
    let server = Server::start(|call| match call.method.as_str() {
        "RetrievePropertiesEx" if call.body.contains("VirtualMachine") => {
            page(&[content("vm-1", &named("one"))], "t1")
        }
        "ContinueRetrievePropertiesEx" => Reply::Silence(Vec::new()),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let mut rows = Box::pin(client.retrieve::<Row>().stream());
    rows.next().await.expect("a row").expect("is read");
    drop(rows);
    server.until("CancelRetrievePropertiesEx", 1).await;
    server.until("DestroyView", 1).await;
}

#[tokio::test]
async fn a_value_of_another_type_says_where() {
    let server = Server::start(|call| match call.method.as_str() {
        "RetrievePropertiesEx" if call.body.contains("VirtualMachine") => page(
            &[content(
                "vm-1",
                "<propSet><name>runtime.powerState</name><val xsi:type=\"xsd:string\">&bad;</val></propSet>",
            )],
            "",
        ),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let error = client.retrieve::<Row>().all().await.expect_err("is not readable");
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let text = error.chain();
    assert!(
        text.contains("returnval/objects/propSet/val") && text.contains("&bad;") && text.contains("at byte"),
        "{text}"
    );
}

#[tokio::test]
async fn lesson_19_a_newer_servers_words_are_read() {
    let server = Server::start(|call| match call.method.as_str() {
        "RetrievePropertiesEx" if call.body.contains("VirtualMachine") => {
            let power = "<propSet><name>runtime.powerState</name><val xsi:type=\"VirtualMachinePowerState\">hibernated</val></propSet>";
            let odd = "<propSet><name>future</name><val xsi:type=\"Future\"><x/></val></propSet><later/>";
            page(&[content("vm-1", &(named("one") + power + odd))], "")
        }
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let rows = client.retrieve::<Row>().all().await.expect("is read");
    assert_eq!(rows[0].power, Some(VirtualMachinePowerState::from("hibernated")));
}

#[tokio::test]
async fn no_objects_cost_no_request() {
    let server = Server::usual().await;
    let client = connect(&server).await;
    let before = server.count("RetrievePropertiesEx");
    assert!(client.retrieve::<Row>().objects([]).all().await.expect("is empty").is_empty());
    assert_eq!(server.count("RetrievePropertiesEx"), before);
    let error = client
        .retrieve::<Row>()
        .objects([vim_client::MoRef::default()])
        .all()
        .await
        .expect_err("is no reference");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn what_is_not_in_the_inventory_must_be_named() {
    let server = Server::usual().await;
    let client = connect(&server).await;
    let error = client
        .retrieve_paths::<vim_client::mo::SessionManager>(["currentSession"])
        .all()
        .await
        .expect_err("is refused");
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("a SessionManager is no part of the inventory tree"), "{error}");
    assert_eq!(server.count("CreateContainerView"), 0);
}

#[tokio::test]
async fn lesson_07_no_more_than_two_pages_are_held() {
    let server = Server::start(|call| match call.method.as_str() {
        "RetrievePropertiesEx" if call.body.contains("VirtualMachine") => {
            page(&[content("vm-0", &named("first"))], "t0")
        }
        "ContinueRetrievePropertiesEx" if call.nth < 20 => {
            page(&[content(&format!("vm-{}", call.nth + 1), &named("more"))], &format!("t{}", call.nth + 1))
        }
        "ContinueRetrievePropertiesEx" => page(&[content("vm-99", &named("last"))], ""),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await;
    let client = connect(&server).await;
    let mut rows = Box::pin(client.retrieve::<Row>().stream());
    let mut read = 0;
    while let Some(row) = rows.next().await {
        row.expect("is read");
        // One page is being read, and the next is on its way or there: never more, however slow the reader is.
        server.until("ContinueRetrievePropertiesEx", (read + 1).min(21)).await;
        tokio::task::yield_now().await;
        assert!(server.count("ContinueRetrievePropertiesEx") <= read + 1);
        read += 1;
    }
    assert_eq!(read, 22);
}
