//! The program: the committed output is what the schema gives, and a crate of its own compiles.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn codegen(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_codegen")).args(args).output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

#[test]
fn the_committed_output_is_current() {
    let output = codegen(&["--check"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

#[test]
fn a_folder_of_types_becomes_a_crate_that_compiles() {
    let schema = folder("schema-types");
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/vim25");
    for file in ["core-types.xsd", "query-types.xsd"] {
        std::fs::copy(bundle.join(file), schema.join(file)).unwrap();
    }
    let out = folder("crate-types");
    let output = codegen(&[
        "--wsdl",
        schema.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
        "--name",
        "query-types",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("missing: vim25: there is no WSDL with its methods"), "{text}");

    let check = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline"])
        .current_dir(&out)
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("crate-target"))
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", stderr(&check));
}

#[test]
fn wrong_arguments_are_told() {
    let out = folder("crate-none");
    for (args, expected) in [
        (vec!["--wsdl", "/none/such", "--out", out.to_str().unwrap()], "/none/such: is not a folder"),
        (vec!["--wsdl", out.to_str().unwrap(), "--out", "x"], "has neither a .wsdl nor a .xsd file"),
        (vec!["--out", "x"], "needs --wsdl or --url"),
        (vec!["--url", "ftp://x", "--out", "x"], "must begin with https://"),
        (vec!["--check", "--out", "x"], "cannot be used with"),
    ] {
        let output = codegen(&args);
        assert!(!output.status.success());
        assert!(stderr(&output).contains(expected), "{args:?}: {}", stderr(&output));
    }
}
