//! A server that is older than the bindings: what it has not is refused before anything is sent, and the rest works.

use super::*;
use futures_util::StreamExt;
use vim_client::types::{
    VirtualDevice, VirtualDeviceBackingInfo, VirtualDeviceConfigSpec, VirtualMachineConfigSpec,
    VirtualPCIPassthrough, VirtualPCIPassthroughDvxBackingInfo, VirtualPCIPassthroughVmiopBackingInfo,
};
use vim_client::{Error, ErrorKind, MoRef, Poly};

#[derive(Clone, Debug, Properties)]
#[properties(of = VirtualMachine)]
struct Newer {
    name: String,
    #[property("config.rebootPowerOff")]
    power_off: Option<bool>,
}

async fn seven() -> Server {
    Server::start(|call| match call.method.as_str() {
        "GET" => support::versions("7.0.3.0"),
        "RetrievePropertiesEx" if call.body.contains("VirtualMachine") => {
            Reply::Results(format!("<returnval>{}</returnval>", content("vm-1", &named("one"))))
        }
        "ReconfigVM_Task" => Reply::Results("<returnval type=\"Task\">task-1</returnval>".into()),
        _ => plumbing(call).unwrap_or(Reply::Usual),
    })
    .await
}

#[track_caller]
fn is_refused(error: &Error, words: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    let text = error.to_string();
    for word in words {
        assert!(text.contains(word), "{word} is not in: {text}");
    }
}

#[tokio::test]
async fn an_older_server_is_spoken_to_at_its_own_version() {
    let server = seven().await;
    let client = connect(&server).await;
    assert_eq!(client.api_version().await.expect("is known"), "7.0.3.0");
    assert_eq!(client.retrieve::<Row>().all().await.expect("is read")[0].name, "one");
    for method in ["Login", "CreateContainerView", "RetrievePropertiesEx", "DestroyView"] {
        let calls = server.calls(method);
        assert!(
            !calls.is_empty() && calls.iter().all(|call| call.action == "urn:vim25/7.0.3.0"),
            "{calls:?}"
        );
    }
}

#[tokio::test]
async fn a_row_that_is_newer_than_the_server_is_refused() {
    let server = seven().await;
    let client = connect(&server).await;
    let words = ["rebootPowerOff needs API version 8.0.0.1", "the server has 7.0.3.0"];
    is_refused(&client.retrieve::<Newer>().all().await.expect_err("is newer"), &words);
    let mut changes = Box::pin(client.watch::<Newer>().stream());
    is_refused(&changes.next().await.expect("an item").expect_err("is newer"), &words);
    assert!(changes.next().await.is_none());
    is_refused(&client.cache::<Newer>().await.expect_err("is newer"), &words);
    for method in ["CreateContainerView", "CreateFilter"] {
        // The cache has a second watch, of names, which is not newer.
        let sent = server.calls(method);
        assert!(!sent.iter().any(|call| call.body.contains("VirtualMachine")), "{sent:?}");
    }
    assert_eq!(server.count("RetrievePropertiesEx"), 0);
}

#[tokio::test]
async fn a_data_type_that_is_newer_than_the_server_is_refused() {
    let server = seven().await;
    let client = connect(&server).await;
    let vm: VirtualMachine = client.object(MoRef::new("VirtualMachine", "vm-1"));
    let with = |backing: Poly<VirtualDeviceBackingInfo>| {
        let device = VirtualDevice { backing: Some(backing), ..Default::default() };
        let card = VirtualPCIPassthrough { extends: device };
        VirtualMachineConfigSpec {
            device_change: vec![VirtualDeviceConfigSpec { device: card.into(), ..Default::default() }.into()],
            ..Default::default()
        }
    };
    // The type is three levels deep, each of them open to what extends it.
    is_refused(
        &vm.reconfigure(&with(VirtualPCIPassthroughDvxBackingInfo::default().into()))
            .await
            .expect_err("is newer"),
        &["VirtualPCIPassthroughDvxBackingInfo needs API version 8.0.0.1", "7.0.3.0"],
    );
    assert_eq!(server.count("ReconfigVM_Task"), 0);
    drop(
        vm.reconfigure(&with(VirtualPCIPassthroughVmiopBackingInfo::default().into()))
            .await
            .expect("an older type is sent"),
    );
    assert_eq!(server.count("ReconfigVM_Task"), 1);
}
