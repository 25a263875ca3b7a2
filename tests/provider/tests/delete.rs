//! Removing machines: at once, but for their disks, after a time; and with the connection cut at each request.
#![allow(clippy::expect_used, reason = "a test that cannot go on says where")]

use provider_tests::{client, id, machine, provider, requests, stamp};
use std::time::{Duration, SystemTime};
use vim_client::mo::VirtualMachine;
use vim_client::types::ext::DeviceList;
use vim_client::types::{VirtualDevice, VirtualMachineConfigSpec};
use vim_client::{Client, ManagedObject, Poly, Properties};
use vim_sim::{Failure, Rule, Simulator};
use virtrigaud_vsphere::Provider;
use virtrigaud_vsphere::provider::{DeleteOptions, ErrorKind, Owner};
use virtrigaud_vsphere::spec::Age;

const NAME: &str = "DC0_C0_RP0_VM0";

#[derive(Properties)]
#[properties(of = VirtualMachine)]
struct Named {
    name: String,
}

#[derive(Properties)]
#[properties(of = VirtualMachine)]
struct Devices {
    #[property("config.hardware.device")]
    devices: Vec<Poly<VirtualDevice>>,
}

async fn devices(client: &Client, vm: &VirtualMachine) -> Vec<Poly<VirtualDevice>> {
    let rows = client.retrieve::<Devices>().all().await.expect("rows");
    let row = rows.into_iter().find(|row| row.moref == *vm.handle().moref()).expect("its row");
    row.row.devices
}

async fn names(client: &Client) -> Vec<String> {
    let mut names: Vec<String> =
        client.retrieve::<Named>().all().await.expect("rows").iter().map(|row| row.name.clone()).collect();
    names.sort();
    names
}

fn retain() -> DeleteOptions {
    DeleteOptions { retain: Some(Age::from_secs(3600)), ..DeleteOptions::default() }
}

#[tokio::test]
async fn a_machine_that_runs_is_removed_and_one_that_is_gone_is_a_success() {
    let simulator = Simulator::builder().start().await.expect("a simulator");
    let client = client(&simulator).await;
    let vm = machine(&client, NAME).await;
    stamp(&vm, "u1").await;
    let provider = provider(&simulator).await;
    provider.validate().await.expect("a server");
    requests(&simulator);
    provider.delete(&id(&vm), DeleteOptions::default()).await.expect("sent").await.expect("deleted");
    assert_eq!(requests(&simulator), 3, "a read, off, and destroy");
    assert!(!names(&client).await.contains(&NAME.to_owned()));
    requests(&simulator);
    provider.delete(&id(&vm), DeleteOptions::default()).await.expect("sent").await.expect("gone already");
    assert_eq!(requests(&simulator), 1);
    let uuid = "5f0e2c1e-0000-4000-8000-000000000000".parse().expect("an id");
    provider.delete(&uuid, DeleteOptions::default()).await.expect("sent").await.expect("never there");
}

#[tokio::test]
async fn a_stranger_s_machine_stays() {
    let simulator = Simulator::builder().start().await.expect("a simulator");
    let client = client(&simulator).await;
    let vm = machine(&client, NAME).await;
    let provider = provider(&simulator).await;
    let error = provider.delete(&id(&vm), DeleteOptions::default()).await.expect_err("a stranger's");
    assert_eq!(error.kind(), ErrorKind::FailedPrecondition);
    assert!(error.to_string().contains("was not made by this provider"), "{error}");
    stamp(&vm, "u1").await;
    let owner = Owner { uid: "u2".into(), namespace: "a".into(), name: "b".into() };
    let of = DeleteOptions { owner: Some(owner), ..DeleteOptions::default() };
    let error = provider.delete(&id(&vm), of.clone()).await.expect_err("another owner's");
    assert!(error.to_string().contains("belongs to default/it and not to a/b"), "{error}");
    assert!(names(&client).await.contains(&NAME.to_owned()));
    let told = DeleteOptions { foreign: true, ..of };
    provider.delete(&id(&vm), told).await.expect("sent").await.expect("deleted");
    assert!(!names(&client).await.contains(&NAME.to_owned()));
}

// D21: what cannot be read is not what is gone.
#[tokio::test]
async fn an_error_of_the_first_read_is_no_success() {
    let simulator = Simulator::builder().start().await.expect("a simulator");
    let client = client(&simulator).await;
    let vm = machine(&client, NAME).await;
    stamp(&vm, "u1").await;
    let provider = provider(&simulator).await;
    let fault = vim_client::types::NoPermission {
        object: None,
        privilege_id: Some("System.Read".into()),
        ..Default::default()
    };
    simulator.rule(Rule::on("RetrievePropertiesEx").times(1).fault(fault, "no"));
    let error = provider.delete(&id(&vm), DeleteOptions::default()).await.expect_err("not read");
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(names(&client).await.contains(&NAME.to_owned()));
}

#[tokio::test]
async fn disks_are_kept_even_with_snapshots() {
    let simulator = Simulator::builder().start().await.expect("a simulator");
    let client = client(&simulator).await;
    let vm = machine(&client, NAME).await;
    stamp(&vm, "u1").await;
    let provider = provider(&simulator).await;
    vm.create_snapshot("s", false, false).await.expect("a task").await.expect("a snapshot");
    let kept = devices(&client, &vm).await.disks().map(|(device, _)| device.clone()).next().expect("a disk");
    let keep = DeleteOptions { keep_disks: true, ..DeleteOptions::default() };
    provider.delete(&id(&vm), keep).await.expect("sent").await.expect("deleted");
    assert!(!names(&client).await.contains(&NAME.to_owned()));
    // The file is there: another machine can take it.
    let file = format!("[LocalDS_0] {NAME}/disk1.vmdk");
    let other = machine(&client, "DC0_C0_RP0_VM1").await;
    let mut disk = vim_client::types::ext::existing_disk(&file);
    (disk.extends.controller_key, disk.extends.unit_number) = (kept.controller_key, Some(5));
    disk.extends.key = -1;
    let change = vim_client::types::ext::add_device(disk, None);
    let spec = VirtualMachineConfigSpec { device_change: vec![change], ..Default::default() };
    let outcome = other.reconfigure(&spec).await.expect("a task").await;
    outcome.expect("the disk's file is there");
}

#[tokio::test]
async fn a_machine_is_kept_for_a_time_and_purged_when_it_is_due() {
    let simulator = Simulator::builder().start().await.expect("a simulator");
    let client = client(&simulator).await;
    let vm = machine(&client, NAME).await;
    stamp(&vm, "u1").await;
    let provider = provider(&simulator).await;
    for _ in 0..2 {
        provider.delete(&id(&vm), retain()).await.expect("sent").await.expect("put aside");
    }
    let is = provider.describe(&id(&vm)).await.expect("it is there");
    assert!(is.name.starts_with(&format!("{NAME}.deleted-")), "{}", is.name);
    assert_eq!(is.power, virtrigaud_vsphere::provider::PowerStatus::Off);
    let folder =
        client.inventory("DC0").folder("/DC0/vm/virtrigaud-deleted").one().await.expect("the folder");
    let there = client.retrieve::<Named>().below(&*folder).all().await.expect("rows");
    assert_eq!(there.len(), 1);
    let purged = provider.purge_due(SystemTime::now()).await.expect("asked");
    assert!(purged.removed.is_empty() && purged.failed.is_empty(), "{purged:?}");
    let later = SystemTime::now() + Duration::from_secs(4000);
    let purged = provider.purge_due(later).await.expect("asked");
    assert_eq!(purged.removed, [id(&vm)], "{purged:?}");
    assert!(provider.describe(&id(&vm)).await.expect_err("gone").is_not_found());
}

/// Cuts the connection at each request in turn, and repeats with a new provider.
async fn cut(options: DeleteOptions, check: impl AsyncFn(&Client)) {
    for failure in [Failure::CutBefore, Failure::CutAfter] {
        for skip in 0.. {
            let simulator = Simulator::builder().start().await.expect("a simulator");
            let client = client(&simulator).await;
            let vm = machine(&client, NAME).await;
            stamp(&vm, "u1").await;
            let first = provider(&simulator).await;
            let rule = simulator.rule(Rule::on("*").skip(skip).times(1).failure(failure.clone()));
            let outcome = async { first.delete(&id(&vm), options.clone()).await?.await }.await;
            simulator.remove_rule(rule);
            drop(first);
            if outcome.is_err() {
                let second = provider(&simulator).await;
                second.delete(&id(&vm), options.clone()).await.expect("sent").await.expect("repeated");
            }
            check(&client).await;
            if skip > 12 {
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_cut_connection_leaves_nothing_over() {
    cut(DeleteOptions::default(), async |client| {
        assert!(!names(client).await.iter().any(|name| name.starts_with(NAME)));
    })
    .await;
}

#[tokio::test]
async fn a_cut_connection_leaves_one_machine_put_aside() {
    cut(retain(), async |client| {
        let folder =
            client.inventory("DC0").folder("/DC0/vm/virtrigaud-deleted").one().await.expect("the folder");
        assert_eq!(client.retrieve::<Named>().below(&*folder).all().await.expect("rows").len(), 1);
        assert_eq!(names(client).await.iter().filter(|name| name.starts_with(NAME)).count(), 1);
    })
    .await;
}
