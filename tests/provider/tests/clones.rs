//! Machines made from others.
#![allow(clippy::expect_used, reason = "a test that cannot go on says where")]

use provider_tests::{client, id, machine, provider};

use vim_sim::{Failure, Rule, Simulator};
use virtrigaud_vsphere::Provider;
use virtrigaud_vsphere::provider::{CloneRequest, ErrorKind};
use virtrigaud_vsphere::spec::Documents;

fn request(source: &vim_client::mo::VirtualMachine, linked: bool) -> CloneRequest {
    let text = "apiVersion: infra.virtrigaud.io/v1beta1\nkind: VirtualMachine\nmetadata: {name: copy}\nspec:\n  powerState: On\n  placement: {cluster: DC0_C0}\n";
    let machine = Documents::parse(text).expect("a document").virtual_machine("copy").expect("a machine");
    CloneRequest { source: id(source), machine, linked, snapshot: None }
}

#[tokio::test]
async fn a_linked_clone_shares_its_disk_and_is_made_once() {
    let simulator = Simulator::builder().start().await.expect("a simulator");
    let client = client(&simulator).await;
    let vm = machine(&client, "DC0_C0_RP0_VM0").await;
    let provider = provider(&simulator).await;
    let made = provider.clone_machine(&request(&vm, true)).await.expect("sent").await.expect("made");
    assert!(!made.existed);
    let again = provider.clone_machine(&request(&vm, true)).await.expect("sent").await.expect("there");
    assert!(again.existed && again.id == made.id);
    assert_eq!(provider.snapshot_list(&id(&vm)).await.expect("a list").len(), 1);
    let is = provider.describe(&made.id).await.expect("it");
    assert!(is.owner.is_some() && is.disks.iter().all(|disk| disk.parent.is_some()), "{is:?}");
    let other = machine(&client, "DC0_C0_RP0_VM1").await;
    let error = provider.clone_machine(&request(&other, true)).await.expect("sent").await.expect_err("taken");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
}

#[tokio::test]
async fn a_cut_connection_leaves_one_clone() {
    for failure in [Failure::CutBefore, Failure::CutAfter] {
        for skip in 0..16 {
            let simulator = Simulator::builder().start().await.expect("a simulator");
            let client = client(&simulator).await;
            let vm = machine(&client, "DC0_C0_RP0_VM0").await;
            let first = provider(&simulator).await;
            let rule = simulator.rule(Rule::on("*").skip(skip).times(1).failure(failure.clone()));
            let _ = async { first.clone_machine(&request(&vm, true)).await?.await }.await;
            simulator.remove_rule(rule);
            let second = provider(&simulator).await;
            let made = second.clone_machine(&request(&vm, true)).await.expect("sent").await.expect("made");
            assert_eq!(id(&machine(&client, "copy").await), made.id);
            assert_eq!(
                second.snapshot_list(&id(&vm)).await.expect("a list").len(),
                1,
                "{failure:?} at {skip}"
            );
        }
    }
}
