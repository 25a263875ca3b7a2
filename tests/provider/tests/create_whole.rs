//! What a machine is made with, read back from it; and what is left when making it is interrupted.
#![allow(clippy::expect_used, reason = "a test that cannot go on says where")]

use provider_tests::{client, machine, provider};
use std::collections::HashMap;
use std::time::Duration;
use vim_client::types::ext::{DeviceList, capacity_bytes};
use vim_client::types::{
    NoDiskSpace, VirtualDisk, VirtualDiskFlatVer2BackingInfo, VirtualMachineConfigInfo,
    VirtualMachinePowerState as State,
};
use vim_client::{Client, Properties, mo::VirtualMachine};
use vim_sim::{Failure, Rule, Simulator};
use virtrigaud_vsphere::Provider;
use virtrigaud_vsphere::provider::{ErrorKind, ListRequest, Power, PowerStatus};
use virtrigaud_vsphere::spec::Documents;
use virtrigaud_vsphere::spec::resolved::Machine;

const WHOLE: &str = "apiVersion: infra.virtrigaud.io/v1beta1
kind: VMClass
metadata: {name: small}
spec:
  cpus: 4
  memory: 2Gi
  spec:
    hardware: {firmware: efi, secureBoot: true, enableCpuHotAdd: true, enableMemoryHotAdd: true}
    cpu: {coresPerSocket: 2, reservationMHz: 100, limitMHz: 4000, enableVirtualization: true}
    memory: {reservationMB: 256, limitMB: 2048, shareLevel: high}
    extraConfig: {acme.color: blue}
---
apiVersion: infra.virtrigaud.io/v1beta1
kind: VMImage
metadata: {name: golden}
spec:
  source: {template: DC0_C0_RP0_VM0}
---
apiVersion: infra.virtrigaud.io/v1beta1
kind: VirtualMachine
metadata: {name: web}
spec:
  powerState: On
  classRef: {name: small}
  imageRef: {name: golden}
  placement: {cluster: DC0_C0}
  disks:
    - {name: root, size: 40Gi}
    - {name: data, size: 5Gi, spec: {diskFormat: thick, unitNumber: 3}}
    - {name: logs, size: 1Gi, spec: {diskMode: independent_persistent}}
  networks:
    - {name: front, portGroup: DC0_DVPG0}
    - {name: back, portGroup: VM Network, adapter: e1000e, staticIP: {address: 10.0.0.5/24, gateway: 10.0.0.1, dns: [10.0.0.2]}}
  userData: {cloudInit: {inline: '#cloud-config'}}
";

const PLAIN: &str = "    - {name: front, portGroup: DC0_DVPG0}\n";

fn of(text: &str) -> Machine {
    Documents::parse(text).expect("documents").virtual_machine("web").expect("a machine")
}

fn whole() -> Machine {
    of(WHOLE)
}

/// The same, whose cards have no address of their own: nothing has to come after the clone.
fn at_once(name: &str) -> Machine {
    let head = WHOLE.split("    - {name: front").next().unwrap_or_default();
    let text = format!("{head}{PLAIN}").replace("name: web}", &format!("name: {name}}}"));
    Documents::parse(&text).expect("documents").virtual_machine(name).expect("a machine")
}

async fn simulator() -> (Simulator, Client) {
    let simulator = Simulator::builder().start().await.expect("a simulator");
    let client = client(&simulator).await;
    let vm = machine(&client, "DC0_C0_RP0_VM0").await;
    vm.power_off().await.expect("sent").await.expect("off");
    vm.mark_as_template().await.expect("a template");
    (simulator, client)
}

#[derive(Properties)]
#[properties(of = VirtualMachine)]
struct Row {
    name: String,
    #[property("runtime.powerState")]
    power: State,
    config: Option<VirtualMachineConfigInfo>,
}

/// The machines of that name; reading them is no part of what is tested.
async fn named(client: &Client, name: &str) -> Vec<Row> {
    let all = client.retrieve::<Row>().all().await.expect("all machines");
    all.into_iter().map(|object| object.row).filter(|row| row.name == name).collect()
}

/// That there is one such machine, and it is as its documents say.
async fn check_whole(client: &Client, when: &str) {
    let rows = named(client, "web").await;
    assert_eq!(rows.len(), 1, "{when}");
    let row = rows.first().expect("it");
    let config = row.config.as_ref().expect("its configuration");
    assert_eq!(row.power, State::POWERED_ON, "{when}");
    let hardware = &config.hardware;
    assert_eq!(
        (hardware.num_cpu, hardware.num_cores_per_socket, hardware.memory_mb),
        (4, Some(2), 2048),
        "{when}"
    );
    assert_eq!(config.firmware.as_deref(), Some("efi"), "{when}");
    let boot = config.boot_options.as_ref().expect("options");
    assert_eq!(boot.efi_secure_boot_enabled, Some(true), "{when}");
    assert_eq!(
        (config.cpu_hot_add_enabled, config.memory_hot_add_enabled),
        (Some(true), Some(true)),
        "{when}"
    );
    assert_eq!(config.nested_hv_enabled, Some(true), "{when}");
    let cpu = config.cpu_allocation.as_ref().expect("an allocation");
    assert_eq!((cpu.reservation, cpu.limit), (Some(100), Some(4000)), "{when}");
    let memory = config.memory_allocation.as_ref().expect("an allocation");
    assert_eq!((memory.reservation, memory.limit), (Some(256), Some(2048)), "{when}");
    assert_eq!(
        memory.shares.as_ref().map(|shares| shares.level.to_string()).as_deref(),
        Some("high"),
        "{when}"
    );

    let sizes: Vec<i64> = hardware.device.disks().map(|(_, disk)| capacity_bytes(disk) >> 30).collect();
    assert_eq!(sizes, [40, 5, 1], "{when}");
    assert!(hardware.device.disks().any(|(device, _)| device.unit_number == Some(3)), "{when}");
    let settings: HashMap<&str, &str> = config
        .extra_config
        .iter()
        .filter_map(|setting| Some((setting.key.as_str(), setting.value.as_ref()?.as_str()?)))
        .collect();
    assert_eq!(settings.get("acme.color"), Some(&"blue"), "{when}");
    assert!(
        settings.contains_key("guestinfo.userdata") && settings.contains_key("virtrigaud.owner.uid"),
        "{when}"
    );
    assert_eq!(hardware.device.nics().count(), 2, "{when}");
    assert!(settings.contains_key("guestinfo.metadata"), "{when}: the guest is told its address");
}

#[tokio::test]
async fn what_a_machine_is_made_with_is_read_back() {
    let (simulator, client) = simulator().await;
    let provider = provider(&simulator).await;
    let made = provider.create(&whole()).await.expect("sent").await.expect("made");
    check_whole(&client, "made").await;
    let is = provider.describe(&made.id).await.expect("it");
    let cards: Vec<_> =
        is.networks.iter().map(|card| (card.adapter.as_str(), card.network.as_str())).collect();
    assert_eq!(cards, [("e1000", "DC0_DVPG0"), ("e1000e", "VM Network")], "the first is the template's own");
    let disks: Vec<_> = is.disks.iter().map(|disk| (disk.format.as_str(), disk.mode.as_str())).collect();
    assert_eq!(
        disks.get(1..),
        Some([("thick", "persistent"), ("thin", "independent_persistent")].as_slice())
    );
}

/// Long polls are not counted; everything else is.
fn all_requests(simulator: &Simulator) -> (u64, HashMap<String, u64>) {
    let mut sent = simulator.take_requests();
    sent.remove("WaitForUpdatesEx");
    (sent.values().sum(), sent)
}

#[tokio::test]
async fn requests_are_few() {
    let (simulator, _client) = simulator().await;
    let provider = provider(&simulator).await;
    provider.create(&at_once("first")).await.expect("sent").await.expect("made");
    let _ = all_requests(&simulator);
    let made = provider.create(&at_once("second")).await.expect("sent").await.expect("made");
    let (count, sent) = all_requests(&simulator);
    println!("create, warm: {count} {sent:?}");
    assert!(count <= 8, "create: {sent:?}");
    provider.validate().await.expect("valid");
    let (count, sent) = all_requests(&simulator);
    println!("validate: {count} {sent:?}");
    assert!(count <= 1, "validate: {sent:?}");
    provider.describe(&made.id).await.expect("it");
    let (count, sent) = all_requests(&simulator);
    println!("describe: {count} {sent:?}");
    assert_eq!(count, 1, "describe: {sent:?}");
    provider.power(&made.id, Power::Off).await.expect("sent").await.expect("off");
    let (_, sent) = all_requests(&simulator);
    println!("power: {sent:?}");
    assert_eq!(sent.get("PowerOffVM_Task"), Some(&1), "power: {sent:?}");
}

#[tokio::test]
async fn a_thousand_machines_are_listed_in_four_requests() {
    let simulator =
        Simulator::builder().model(vim_sim::Model::vcenter().vms(500)).start().await.expect("a simulator");
    let provider = provider(&simulator).await;
    provider.list(&ListRequest::default()).await.expect("all");
    let _ = all_requests(&simulator);
    let all = provider.list(&ListRequest::default()).await.expect("all");
    let (count, sent) = all_requests(&simulator);
    println!("list of {}: {count} {sent:?}", all.len());
    assert!(all.len() >= 1_000, "{}", all.len());
    assert!(count <= 4, "list: {sent:?}");
}

#[tokio::test]
async fn power_succeeds_when_it_is_so_already() {
    let (simulator, _client) = simulator().await;
    let provider = provider(&simulator).await;
    let made = provider.create(&at_once("web")).await.expect("sent").await.expect("made");
    let grace = Duration::from_secs(5);
    for (power, is) in [
        (Power::On, PowerStatus::On),
        (Power::Suspend, PowerStatus::Suspended),
        (Power::Suspend, PowerStatus::Suspended),
        (Power::On, PowerStatus::On),
        (Power::Restart, PowerStatus::On),
        (Power::Shutdown { grace }, PowerStatus::Off),
        (Power::Shutdown { grace }, PowerStatus::Off),
        (Power::Off, PowerStatus::Off),
        (Power::On, PowerStatus::On),
        (Power::Shutdown { grace: Duration::ZERO }, PowerStatus::Off),
        (Power::On, PowerStatus::On),
    ] {
        provider
            .power(&made.id, power)
            .await
            .expect("sent")
            .await
            .unwrap_or_else(|error| panic!("{power:?}: {error}"));
        assert_eq!(provider.describe(&made.id).await.expect("it").power, is, "{power:?}");
    }
}

#[tokio::test]
async fn what_fails_for_good_leaves_nothing() {
    for method in ["CloneVM_Task", "ReconfigVM_Task", "PowerOnVM_Task"] {
        let (simulator, client) = simulator().await;
        let rule = Rule::on(method).times(1).fails_at(50, NoDiskSpace::default(), "no space left");
        simulator.rule(rule);
        let provider = provider(&simulator).await;
        let failed = async { provider.create(&whole()).await?.await };
        assert_eq!(failed.await.expect_err(method).kind(), ErrorKind::ResourceExhausted, "{method}");
        assert_eq!(named(&client, "web").await.len(), 0, "{method}");
    }
}

/// The addresses and disks of copies are their own.
#[tokio::test]
async fn what_two_machines_of_a_template_have_is_not_the_same() {
    let (simulator, client) = simulator().await;
    let provider = provider(&simulator).await;
    let mut seen = Vec::new();
    for name in ["first", "second"] {
        provider.create(&at_once(name)).await.expect("sent").await.expect("made");
    }
    for name in ["first", "second", "DC0_C0_RP0_VM0"] {
        let rows = named(&client, name).await;
        let devices = &rows.first().and_then(|row| row.config.as_ref()).expect("it").hardware.device;
        seen.extend(devices.nics().filter_map(|(_, card)| card.mac_address.clone()));
        let flat = |disk: &VirtualDisk| {
            disk.backing.as_ref()?.downcast_ref::<VirtualDiskFlatVer2BackingInfo>()?.uuid.clone()
        };
        seen.extend(devices.disks().filter_map(|(_, disk)| flat(disk)));
    }
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!((seen.len(), all), (10, 10), "{seen:?}");
}

#[tokio::test]
async fn a_repeated_create_joins_one_that_runs() {
    let simulator =
        Simulator::builder().task_time(Duration::from_millis(400)).start().await.expect("a simulator");
    let client = client(&simulator).await;
    let vm = machine(&client, "DC0_C0_RP0_VM0").await;
    vm.power_off().await.expect("sent").await.expect("off");
    vm.mark_as_template().await.expect("a template");
    let (first, second) = (provider(&simulator).await, provider(&simulator).await);
    let running = first.create(&whole()).await.expect("sent");
    let again = second.create(&whole()).await.expect("sent").await.expect("joined");
    let made = running.await.expect("made");
    assert_eq!(made.id, again.id);
    check_whole(&client, "joined").await;
}

#[tokio::test]
async fn an_interrupted_create_ends_with_one_whole_machine() {
    // How many requests there are, of whatever kind.
    let (simulator_, _client) = simulator().await;
    let counted = provider(&simulator_).await;
    let _ = simulator_.take_requests();
    counted.create(&whole()).await.expect("sent").await.expect("made");
    let total: u64 = simulator_.take_requests().values().sum();
    println!("cold: {total} requests");
    for failure in [Failure::CutBefore, Failure::CutAfter] {
        for skip in 0..=total {
            let (simulator, client) = simulator().await;
            let first = provider(&simulator).await;
            let rule = simulator.rule(Rule::on("*").skip(skip).times(1).failure(failure.clone()));
            let _ = async { first.create(&whole()).await?.await }.await;
            simulator.remove_rule(rule);
            drop(first);
            let second = provider(&simulator).await;
            let when = format!("{failure:?} at {skip} of {total}");
            let made = async { second.create(&whole()).await?.await }.await;
            let made = made.unwrap_or_else(|error| panic!("{when}: {error:?}"));
            check_whole(&client, &when).await;
            let vm = machine(&client, "web").await;
            assert_eq!(vm.moref().value(), made.id.as_str(), "{when}");
        }
    }
}

#[tokio::test]
async fn what_comes_later_is_refused() {
    let (simulator, client) = simulator().await;
    let provider = provider(&simulator).await;
    for (from, to, word) in [
        ("size: 40Gi}", "size: 40Gi, spec: {storagePolicy: Gold}}", "storage policies"),
        ("size: 40Gi}", "size: 1Mi}", "cannot shrink"),
        (
            "portGroup: DC0_DVPG0}",
            "portGroup: DC0_DVPG9}",
            "network 'DC0_DVPG9' not found; there is 'DC0_DVPG0'",
        ),
        (
            "DC0_C0_RP0_VM0}",
            "DC0_C0_RP0_VM9}",
            "template 'DC0_C0_RP0_VM9' not found; there is 'DC0_C0_RP0_VM0'",
        ),
        ("DC0_C0_RP0_VM0}", "DC0_C0_RP0_VM1}", "is a virtual machine and not a template"),
    ] {
        let text = WHOLE.replacen(from, to, 1);
        let failed = async { provider.create(&of(&text)).await?.await };
        let error = failed.await.expect_err(to);
        assert!(error.to_string().contains(word), "{to}: {error}");
        assert_eq!(named(&client, "web").await.len(), 0, "{to}");
    }
}
