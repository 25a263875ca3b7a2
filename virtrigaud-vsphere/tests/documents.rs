//! What documents may say, and what is said of those that say something else.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use virtrigaud_vsphere::spec::{Document, Documents, Fragment, PowerState, Quantity, json_schema};

/// The guide's documents, as it has them.
const GUIDE: &str = include_str!("documents/guide.yaml");

#[test]
fn every_document_of_the_guide_is_read() {
    let documents = Documents::parse(GUIDE).unwrap_or_else(|error| panic!("{error}"));
    let mut count = std::collections::BTreeMap::new();
    for document in documents.all() {
        let kind = match document {
            Document::Provider(_) => "Provider",
            Document::Secret(_) => "Secret",
            Document::Class(_) => "VMClass",
            Document::Image(_) => "VMImage",
            Document::VirtualMachine(_) => "VirtualMachine",
            Document::NetworkAttachment(_) => "VMNetworkAttachment",
            Document::Snapshot(_) => "VMSnapshot",
            Document::Template(_) => "VMTemplate",
            Document::Fragment(Fragment::Storage(_)) => "storage",
            Document::Fragment(Fragment::Networks(_)) => "networks",
            Document::Fragment(Fragment::Helm(_)) => "helm",
            _ => "another",
        };
        *count.entry(kind).or_insert(0) += 1;
    }
    let expected = [
        ("Provider", 4),
        ("Secret", 3),
        ("VMClass", 3),
        ("VMImage", 2),
        ("VMNetworkAttachment", 1),
        ("VMSnapshot", 1),
        ("VMTemplate", 1),
        ("VirtualMachine", 2),
        ("helm", 3),
        ("networks", 1),
        ("storage", 1),
    ];
    assert_eq!(count, expected.into());

    let machine = documents.machine("web-application").unwrap();
    assert_eq!(machine.spec.power_state, Some(PowerState::On));
    assert_eq!(machine.spec.disks[1].size, "500Gi".parse::<Quantity>().unwrap());
    assert_eq!(machine.spec.networks[0].static_ip.as_ref().unwrap().address.to_string(), "192.168.100.50/24");
}

/// A machine with something put into its spec.
fn machine(spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "apiVersion: infra.virtrigaud.io/v1beta1\nkind: VirtualMachine\nmetadata:\n  name: web\nspec:\n{spec}"
    )
}

#[track_caller]
fn refused(text: &str, expected: &str) {
    let error = Documents::parse(text).map(|_| ()).expect_err("something is wrong with it").to_string();
    assert!(error.contains(expected), "{error}\ndoes not contain\n{expected}");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    refused(
        &machine("sise: 3"),
        "VirtualMachine 'web', line 6, spec.sise: unknown field `sise`, expected one of providerRef, classRef",
    );
    refused(
        &machine("disks:\n- name: root\n  size: lots"),
        "VirtualMachine 'web', line 8, spec.disks[0].size: \"lots\" is no size; sizes are such as 8Gi",
    );
    refused(
        &machine("powerState: Running"),
        "line 6, spec.powerState: unknown variant `Running`, expected one of On, Off, OffGraceful",
    );
    refused(&machine("powerState: true"), "spec.powerState");
    refused(
        &machine("networks:\n- name: a\n  portGroup: b\n  staticIP: {address: 10.0.0.0/24}"),
        "line 9, spec.networks[0].staticIP.address: \"10.0.0.0/24\" is no address of a machine",
    );
    refused(&machine("disks:\n- size: 1Gi"), "spec.disks[0]: missing field");
    refused(&machine("tags: [a]\ntags: [b]"), "duplicate");
    refused("kind: VirtualMachine\nmetadata: {name: a}\nspec: {}", "without apiVersion");
    refused(
        "apiVersion: infra.virtrigaud.io/v1\nkind: VMClass\nmetadata: {name: a}",
        "unknown version 'infra.virtrigaud.io/v1' of VMClass, expected infra.virtrigaud.io/v1beta1",
    );
    refused(
        "apiVersion: infra.virtrigaud.io/v1beta1\nkind: VMSet\nmetadata: {name: a}",
        "unknown kind 'VMSet', expected one of Provider",
    );
    refused("hello: world", "document 1");
    refused("a: [", "document 1, line");
    let twice = format!("{}---\n{}", machine("tags: []"), machine("tags: []"));
    refused(&twice, "VirtualMachine 'web', line 11, metadata.name: there is another document");
}

#[test]
fn lines_are_those_of_the_whole_text() {
    let text = format!(
        "# a comment\n---\n{}--- # and another\n{}",
        machine("tags: []"),
        machine("wrong: 1").replace("web", "db")
    );
    refused(&text, "VirtualMachine 'db', line 15, spec.wrong: unknown field `wrong`");
}

#[test]
fn secrets_are_read_and_never_shown() {
    let text = "apiVersion: v1\nkind: Secret\nmetadata: {name: account}\ntype: Opaque\nstringData: {username: alice}\ndata: {password: aHVudGVyMg==}";
    let documents = Documents::parse(text).unwrap();
    let Document::Secret(secret) = &documents.all()[0] else { panic!("it is a secret") };
    use secrecy::ExposeSecret;
    assert_eq!(secret.spec.password.as_ref().unwrap().secret().expose_secret(), "hunter2");
    let shown = format!("{documents:?} {}", serde_json::to_string(secret).unwrap());
    assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVy") && !shown.contains("alice"), "{shown}");
    refused(
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {pasword: x}",
        "unknown field `pasword`, expected one of username, password, token, ca.crt",
    );
}

#[test]
fn the_schema_of_all_documents_has_their_keys() {
    let schema = serde_json::to_string(&json_schema()).unwrap();
    for key in [
        "portGroup",
        "reservationMHz",
        "staticIP",
        "secureBoot",
        "antiAffinityGroups",
        "removeSnapshots",
        "scsiControllers",
    ] {
        assert!(schema.contains(&format!("\"{key}\"")), "{key}");
    }
}
