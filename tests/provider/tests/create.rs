//! Machines made from a template, and empty ones.
#![allow(clippy::expect_used, reason = "a test that cannot go on says where")]

use provider_tests::{client, machine, provider, requests};

use vim_client::Client;
use vim_sim::{Failure, Rule, Simulator};
use virtrigaud_vsphere::Provider;
use virtrigaud_vsphere::provider::{ErrorKind, PowerStatus};
use virtrigaud_vsphere::spec::Documents;
use virtrigaud_vsphere::spec::resolved::Machine;

const DOCUMENTS: &str = "apiVersion: infra.virtrigaud.io/v1beta1
kind: VMClass
metadata: {name: small}
spec:
  cpus: 2
  memory: 2Gi
---
apiVersion: infra.virtrigaud.io/v1beta1
kind: VMImage
metadata: {name: golden}
spec:
  source:
    template: DC0_C0_RP0_VM0
---
apiVersion: infra.virtrigaud.io/v1beta1
kind: VirtualMachine
metadata: {name: web}
spec:
  powerState: On
  classRef: {name: small}
  imageRef: {name: golden}
  placement: {cluster: DC0_C0}
";

fn wanted() -> Machine {
    Documents::parse(DOCUMENTS).expect("documents").virtual_machine("web").expect("a machine")
}

/// A simulator with a template, and a client of it.
async fn simulator() -> (Simulator, Client) {
    let simulator = Simulator::builder().start().await.expect("a simulator");
    let client = client(&simulator).await;
    let vm = machine(&client, "DC0_C0_RP0_VM0").await;
    vm.power_off().await.expect("sent").await.expect("off");
    vm.mark_as_template().await.expect("a template");
    (simulator, client)
}

#[tokio::test]
async fn a_machine_is_made_from_a_template_and_once() {
    let (simulator, _client) = simulator().await;
    let provider = provider(&simulator).await;
    let made = provider.create(&wanted()).await.expect("sent").await.expect("made");
    assert!(!made.existed);
    let is = provider.describe(&made.id).await.expect("it");
    assert_eq!((is.cpus, is.memory_mib, is.power), (2, 2048, PowerStatus::On), "{is:?}");
    assert!(is.owner.is_some() && !is.template);
    let again = provider.create(&wanted()).await.expect("sent").await.expect("there");
    assert!(again.existed && again.id == made.id);
    // With the inventory known, the second machine takes what the first took without it.
    let _ = requests(&simulator);
    let text = DOCUMENTS.replace("name: web}", "name: web2}");
    let second = Documents::parse(&text).expect("documents").virtual_machine("web2").expect("a machine");
    provider.create(&second).await.expect("sent").await.expect("made");
    let sent = requests(&simulator);
    assert!(sent <= 8, "{sent} requests");
}

#[tokio::test]
async fn a_strangers_machine_is_not_taken() {
    let (simulator, client) = simulator().await;
    let vm = machine(&client, "DC0_C0_RP0_VM1").await;
    vm.rename("web").await.expect("sent").await.expect("renamed");
    let made = async { provider(&simulator).await.create(&wanted()).await?.await };
    assert_eq!(made.await.expect_err("taken").kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn a_cut_connection_leaves_one_machine() {
    for failure in [Failure::CutBefore, Failure::CutAfter] {
        for skip in 0..16 {
            let (simulator, client) = simulator().await;
            let first = provider(&simulator).await;
            let rule = simulator.rule(Rule::on("*").skip(skip).times(1).failure(failure.clone()));
            let _ = async { first.create(&wanted()).await?.await }.await;
            simulator.remove_rule(rule);
            let second = provider(&simulator).await;
            let made = second.create(&wanted()).await.expect("sent").await.expect("made");
            let vm = machine(&client, "web").await;
            assert_eq!(vm.moref().value(), made.id.as_str(), "{failure:?} at {skip}");
        }
    }
}
