//! The real workspace against its rules.
#![allow(clippy::expect_used, reason = "a test that cannot read the workspace has failed")]

use architecture_tests::graph::{self, Member};
use architecture_tests::tree::{self, File};
use architecture_tests::{lock, manifest, source};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `--no-deps`: what others' packages want is in the lock file, and reading that needs no registry.
static MEMBERS: LazyLock<Vec<Member>> = LazyLock::new(|| {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--no-deps", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    graph::members(&serde_json::from_slice(&output.stdout).expect("cargo prints JSON"))
});

static FILES: LazyLock<Vec<File>> =
    LazyLock::new(|| tree::text_files(&root()).expect("the workspace can be read"));

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[track_caller]
fn none(faults: Vec<String>) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

#[test]
fn the_members_and_files_are_there() {
    for name in ["codegen", "vim-wire", "vim-types", "vim-client-macros", "vim-client", "architecture-tests"]
    {
        assert!(MEMBERS.iter().any(|member| member.name == name), "{name}");
    }
    for path in ["Cargo.toml", "README.md", "vim-wire/src/lib.rs", "vim-types/src/generated/mod.rs"] {
        assert!(FILES.iter().any(|(file, _)| file == path), "{path}");
    }
}

#[test]
fn members_use_one_another_as_the_house_allows() {
    none(graph::edges(&MEMBERS));
}

#[test]
fn the_http_client_and_the_foreign_xml_reader_stay_in_their_places() {
    none(graph::reserved(&MEMBERS));
    none(lock::check(&read("Cargo.lock")));
}

#[test]
fn every_member_takes_the_workspaces_lints() {
    let check = |member: &Member| {
        let path = format!("{}/Cargo.toml", member.folder);
        manifest::lints(&path, &read(&path))
    };
    none(MEMBERS.iter().flat_map(check).collect());
}

#[test]
fn what_is_published_says_what_it_is() {
    none(MEMBERS.iter().flat_map(manifest::publishable).collect());
}

#[test]
fn what_is_published_carries_its_licences() {
    for member in MEMBERS.iter().filter(|member| member.publishable) {
        for name in ["LICENSE-APACHE", "LICENSE-MIT", "NOTICE"] {
            let path = format!("{}/{name}", member.folder);
            assert_eq!(read(&path), read(name), "{path} is not the workspace's {name}");
        }
    }
}

#[test]
fn features_are_few_and_only_add() {
    none(MEMBERS.iter().flat_map(manifest::features).collect());
    none(source::removing_features(&FILES));
}

#[test]
fn unsafe_code_stays_in_its_place() {
    none(source::unsafe_code(&FILES));
}

#[test]
fn files_are_short() {
    none(source::sizes(&FILES));
}

#[test]
fn generated_files_say_so() {
    none(source::headers(&FILES));
}

#[test]
fn every_example_is_compiled() {
    none(source::ignored_examples(&FILES));
}

#[test]
fn nothing_is_left_to_be_written() {
    none(source::unfinished(&FILES));
}

#[test]
fn no_file_names_a_registry_or_a_machines_folder() {
    none(source::elsewhere(&FILES));
}
