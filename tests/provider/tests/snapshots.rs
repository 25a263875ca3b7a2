//! Snapshots: made, listed, reverted to and deleted; and with the connection cut at each request.
#![allow(clippy::expect_used, reason = "a test that cannot go on says where")]

use provider_tests::{client, id, machine, provider, requests};
use vim_client::types::VirtualMachineConfigSpec;
use vim_sim::{Failure, Rule, Simulator};
use virtrigaud_vsphere::Provider;
use virtrigaud_vsphere::provider::{ErrorKind, PowerStatus, SnapshotId, SnapshotRequest};

const NAME: &str = "DC0_C0_RP0_VM0";

fn request(name: &str) -> SnapshotRequest {
    SnapshotRequest { name: name.into(), description: "why".into(), ..SnapshotRequest::default() }
}

#[tokio::test]
async fn they_are_made_listed_reverted_to_and_deleted() {
    let simulator = Simulator::builder().start().await.expect("a simulator");
    let client = client(&simulator).await;
    let vm = machine(&client, NAME).await;
    let (provider, id) = (provider(&simulator).await, id(&vm));
    provider.validate().await.expect("a server");
    requests(&simulator);
    let with_memory = SnapshotRequest { memory: true, ..request("a") };
    let a = provider.snapshot_create(&id, &with_memory).await.expect("sent").await.expect("made");
    assert_eq!(requests(&simulator), 2);
    // D27: the guest's file systems are made whole where that is asked for.
    let quiet = SnapshotRequest { quiesce: true, ..request("b") };
    let b = provider.snapshot_create(&id, &quiet).await.expect("sent").await.expect("made");
    let c = provider.snapshot_create(&id, &request("c")).await.expect("sent").await.expect("made");
    let again = provider.snapshot_create(&id, &request("c")).await.expect("sent").await.expect("there");
    assert_eq!(again, c);
    let other = SnapshotRequest { description: "other".into(), ..request("c") };
    let error = provider.snapshot_create(&id, &other).await.expect_err("the name is taken");
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);

    let all = provider.snapshot_list(&id).await.expect("a list");
    let told: Vec<_> =
        all.iter().map(|it| (&it.id, it.name.as_str(), it.parent.clone(), it.current)).collect();
    assert_eq!(
        told,
        [(&a, "a", None, false), (&b, "b", Some(a.clone()), false), (&c, "c", Some(b.clone()), true),]
    );
    assert!(all.iter().any(|it| it.id == a && it.memory && it.description == "why"));
    assert!(all.iter().any(|it| it.id == b && it.quiesced && !it.memory), "{all:?}");

    let note = VirtualMachineConfigSpec { annotation: Some("a mistake".into()), ..Default::default() };
    vm.reconfigure(&note).await.expect("a task").await.expect("a note");
    provider.snapshot_revert(&id, &a).await.expect("sent").await.expect("reverted");
    let is = provider.describe(&id).await.expect("it");
    assert_eq!((is.annotation.as_str(), is.power), ("", PowerStatus::On));

    // Its children stay; one that is gone already is a success.
    for _ in 0..2 {
        provider.snapshot_delete(&id, &b).await.expect("sent").await.expect("deleted");
    }
    let all = provider.snapshot_list(&id).await.expect("a list");
    assert_eq!(all.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["a", "c"]);
    assert_eq!(all.last().and_then(|it| it.parent.clone()), Some(a));
    let error = provider.snapshot_revert(&id, &b).await.expect_err("gone");
    assert!(error.is_not_found() && error.to_string().contains(&format!("{c} 'c'")), "{error}");
}

#[tokio::test]
async fn another_machine_s_snapshot_is_not_touched() {
    let simulator = Simulator::builder().start().await.expect("a simulator");
    let client = client(&simulator).await;
    let (one, two) = (machine(&client, NAME).await, machine(&client, "DC0_C0_RP0_VM1").await);
    let provider = provider(&simulator).await;
    let made = provider.snapshot_create(&id(&one), &request("a")).await.expect("sent").await.expect("made");
    provider.snapshot_delete(&id(&two), &made).await.expect("sent").await.expect("it has none");
    assert!(provider.snapshot_revert(&id(&two), &made).await.expect_err("not its own").is_not_found());
    assert_eq!(provider.snapshot_list(&id(&one)).await.expect("a list").len(), 1);
}

#[tokio::test]
async fn a_cut_connection_leaves_one_snapshot_and_none_after_its_end() {
    for failure in [Failure::CutBefore, Failure::CutAfter] {
        for skip in 0..8 {
            let simulator = Simulator::builder().start().await.expect("a simulator");
            let client = client(&simulator).await;
            let vm = machine(&client, NAME).await;
            let id = id(&vm);
            let cut = || simulator.rule(Rule::on("*").skip(skip).times(1).failure(failure.clone()));
            let first = provider(&simulator).await;
            let rule = cut();
            let outcome = async { first.snapshot_create(&id, &request("a")).await?.await }.await;
            simulator.remove_rule(rule);
            let second = provider(&simulator).await;
            let made = second.snapshot_create(&id, &request("a")).await.expect("sent").await.expect("made");
            if let Ok(earlier) = outcome {
                assert_eq!(earlier, made);
            }
            assert_eq!(second.snapshot_list(&id).await.expect("a list").len(), 1, "{failure:?} at {skip}");
            let rule = cut();
            let _ = async { second.snapshot_delete(&id, &made).await?.await }.await;
            simulator.remove_rule(rule);
            let third = provider(&simulator).await;
            third.snapshot_delete(&id, &made).await.expect("sent").await.expect("deleted");
            assert!(third.snapshot_list(&id).await.expect("a list").is_empty(), "{failure:?} at {skip}");
            assert!(third.snapshot_delete(&id, &SnapshotId("snapshot-none".into())).await.is_ok());
        }
    }
}
