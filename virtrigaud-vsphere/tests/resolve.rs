//! How documents become one machine.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use virtrigaud_vsphere::spec::resolved::{Image, Machine, Shares};
use virtrigaud_vsphere::spec::{DiskFormat, Documents, Firmware, ShareLevel};

const GUIDE: &str = include_str!("documents/guide.yaml");

const HEAD: &str = "apiVersion: infra.virtrigaud.io/v1beta1\n";

fn class(spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("    {line}\n")).collect();
    format!("{HEAD}kind: VMClass\nmetadata: {{name: c}}\nspec:\n  cpus: 4\n  memory: 8Gi\n  spec:\n{spec}")
}

fn machine(spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!("{HEAD}kind: VirtualMachine\nmetadata: {{name: web}}\nspec:\n  classRef: {{name: c}}\n{spec}")
}

fn resolve(parts: &[&str]) -> Result<Machine, String> {
    let documents = Documents::parse(&parts.join("\n---\n")).map_err(|error| error.to_string())?;
    documents.virtual_machine("web").map_err(|error| error.to_string())
}

#[track_caller]
fn refused(parts: &[&str], expected: &str) {
    let error = resolve(parts).expect_err("something is wrong");
    assert!(error.contains(expected), "{error}\ndoes not contain\n{expected}");
}

#[test]
fn the_guides_complete_example_becomes_one_machine() {
    let machine = Documents::parse(GUIDE).unwrap().virtual_machine("web-application").unwrap();
    let Some(Image::Template { name, datacenter, folder }) = &machine.image else {
        panic!("{:?}", machine.image)
    };
    assert_eq!(
        (name.as_str(), datacenter.as_deref(), folder.as_deref()),
        ("ubuntu-22.04-template", Some("Production"), Some("/vm/templates"))
    );
    assert_eq!((machine.cpus, machine.cores_per_socket, machine.memory_mib), (Some(4), Some(2), Some(8192)));
    assert_eq!((machine.cpu.reservation, machine.cpu.limit), (Some(1000), Some(4000)));
    assert_eq!(
        (machine.memory.reservation, machine.memory.shares),
        (Some(2048), Some(Shares::Level(ShareLevel::Normal)))
    );
    assert_eq!((machine.hardware.firmware, machine.hardware.secure_boot), (Some(Firmware::Efi), Some(true)));
    // The machine's folder wins over the class's, the class's datacenter stands.
    assert_eq!(
        (machine.placement.folder.as_deref(), machine.placement.host.as_deref()),
        (Some("/vm/applications"), Some("esxi-01.example.com"))
    );
    assert_eq!(
        machine.disks.iter().map(|disk| disk.format).collect::<Vec<_>>(),
        [Some(DiskFormat::Thin), Some(DiskFormat::Thick)]
    );
    assert_eq!(machine.disks[1].policy.as_deref(), Some("VM Storage Policy - SSD"));
    assert_eq!(machine.networks.len(), 2);
    assert!(machine.user_data.unwrap().starts_with("#cloud-config\nhostname: web-application\n"));
}

#[test]
fn the_machine_wins_over_its_class_and_that_over_the_provider() {
    let provider = format!(
        "{HEAD}kind: Provider\nmetadata: {{name: p}}\nspec: {{type: vsphere, endpoint: vc, credentialSecretRef: {{name: s}}, defaults: {{datacenter: D, cluster: D, folder: D}}}}"
    );
    let class = class("placement: {cluster: C, folder: C}");
    let machine = machine("providerRef: {name: p}\nplacement: {folder: M}");
    let placement = resolve(&[&provider, &class, &machine]).unwrap().placement;
    assert_eq!(
        (placement.datacenter.as_deref(), placement.cluster.as_deref(), placement.folder.as_deref()),
        (Some("D"), Some("C"), Some("M"))
    );
}

#[test]
fn decided_contradictions() {
    let vm = machine("powerState: Off");
    let both = resolve(&[&class("memory: {shares: 2000, shareLevel: high}"), &vm]).unwrap();
    assert_eq!(both.memory.shares, Some(Shares::Number(2000)));
    refused(
        &[&class("cpu: {coresPerSocket: 2}\nnuma: {coresPerSocket: 4}"), &vm],
        "VMClass 'c', line 9, spec.spec.numa.coresPerSocket: 4 contradicts cpu.coresPerSocket, which is 2",
    );
    refused(
        &[&class("hardware: {secureBoot: true}"), &vm],
        "VMClass 'c', line 8, spec.spec.hardware.secureBoot: it needs hardware.firmware: efi",
    );
    refused(&[&class("hardware: {firmware: bios, tpm: true}"), &vm], "spec.spec.hardware.tpm: it needs");
    refused(&[&class("cpu: {coresPerSocket: 3}"), &vm], "4 CPUs cannot be sockets of 3 cores each");
    refused(
        &[&class("cpu: {reservationMHz: 3000, limitMHz: 2000}"), &vm],
        "spec.spec.cpu.reservationMHz: 3000 is more than the limit of 2000",
    );
    refused(&[&class("memory: {reservationMB: 9000}"), &vm], "more than the machine's memory of 8192 MiB");
}

#[test]
fn references_that_lead_nowhere_name_what_there_is() {
    refused(
        &[&class("{}"), &machine("imageRef: {name: ubuntu}")],
        "VirtualMachine 'web', line 16, spec.imageRef: there is no VMImage 'ubuntu' among the documents; there is none",
    );
    refused(
        &[&class("{}").replace("name: c", "name: d"), &machine("")],
        "spec.classRef: there is no VMClass 'c' among the documents; there is 'd'",
    );
}

#[test]
fn what_cannot_be_is_refused_with_what_can() {
    let class = class("{}");
    for (spec, expected) in [
        (
            "disks: [{name: a, size: 1Gi}, {name: a, size: 1Gi}]",
            "spec.disks[1].name: there is another disk 'a'",
        ),
        (
            "disks: [{name: a, size: 1Gi, spec: {unitNumber: 7}}]",
            "spec.disks[0].spec.unitNumber: unit 7 does not exist, expected 0 to 15; 7 is the controller's own",
        ),
        ("disks: [{name: a, size: 1Gi, spec: {controllerType: ide, unitNumber: 2}}]", "expected 0 to 1"),
        (
            "disks: [{name: a, size: 1Gi, spec: {unitNumber: 0}}, {name: b, size: 1Gi, spec: {unitNumber: 0}}]",
            "another disk has unit 0 of this controller",
        ),
        ("disks: [{name: a, size: 0}]", "spec.disks[0].size"),
        (
            "networks: [{name: n, portGroup: p, staticIP: {address: 10.0.0.5/24, gateway: 10.1.0.1}}]",
            "spec.networks[0].staticIP.gateway: the gateway 10.1.0.1 is not in the network of 10.0.0.5/24",
        ),
        ("networks: [{name: n, portGroup: p, vlan: 5000}]", "a VLAN is a number from 0 to 4094"),
    ] {
        refused(&[&class, &machine(spec)], expected);
    }
    for name in ["vm-42", "a/b", "a%2f"] {
        let machine = machine("").replace("name: web", &format!("name: {name}"));
        let documents = Documents::parse(&format!("{class}\n---\n{machine}")).unwrap();
        assert!(
            documents
                .virtual_machine(name)
                .unwrap_err()
                .to_string()
                .contains("cannot be the name of a machine")
        );
    }
}

/// Each key that only a later version honours is refused, and says so.
#[test]
fn nothing_is_ignored() {
    let not_yet = "this version does not do it yet";
    for spec in [
        "availability: {restartPriority: high}",
        "tags: [a]",
        "placement: {storagePod: p}",
        "disks: [{name: a, size: 1Gi, spec: {multiwriter: true}}]",
        "networks: [{name: n, portGroup: p, nsx: true}]",
        "networks: [{name: n, portGroup: p, sriov: true}]",
        "networks: [{name: n, portGroup: p, securityPolicy: s}]",
        "networks: [{name: n, portGroup: p, bandwidth: {limit: 1}}]",
    ] {
        refused(&[&class("{}"), &machine(spec)], not_yet);
    }
    for storage in [
        "swapPolicy: p",
        "datastoreCluster: d",
        "antiAffinityRules: true",
        "multiwriter: true",
        "cachingPolicy: writeback",
    ] {
        refused(&[&class(&format!("storage: {{{storage}}}")), &machine("")], not_yet);
    }
    for source in ["{contentLibrary: l, item: i}", "{ovf: 'https://example.com/a.ova'}"] {
        let image = format!("{HEAD}kind: VMImage\nmetadata: {{name: i}}\nspec: {{source: {source}}}");
        refused(&[&class("{}"), &image, &machine("imageRef: {name: i}")], not_yet);
    }
}
