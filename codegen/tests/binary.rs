//! The program: the committed output is what the schema gives, and a crate of its own compiles.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod drawing;

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

/// Makes a crate named as its folder, and says what the program told.
fn generate(from: &str, place: &str, out: &Path) -> String {
    let name = out.file_name().unwrap().to_str().unwrap();
    let output = codegen(&[from, place, "--out", out.to_str().unwrap(), "--name", name]);
    assert!(output.status.success(), "{}", stderr(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A crate passes `cargo check` without a warning. All use one folder of what cargo built, so that vim-wire is built once;
/// cargo tells them apart by name alone.
fn compile(krate: &Path) {
    let check = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline", "--all-targets"])
        .current_dir(krate)
        .env("RUSTFLAGS", "-D warnings")
        .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("crate-target"))
        .output()
        .unwrap();
    assert!(check.status.success(), "{}", stderr(&check));
}

/// The same with a program that uses the crate.
fn used(krate: &Path, program: &str) {
    std::fs::create_dir_all(krate.join("examples")).unwrap();
    std::fs::write(krate.join("examples/program.rs"), format!("{program}\nfn main() {{}}\n")).unwrap();
    compile(krate);
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
    let text = generate("--wsdl", schema.to_str().unwrap(), &out);
    assert!(text.contains("missing: vim25: there is no WSDL with its methods"), "{text}");
    compile(&out);
}

#[test]
fn a_folder_with_methods_becomes_a_crate_that_compiles() {
    let schema = folder("schema-methods");
    drawing::write(&drawing::with_methods(), &schema);
    let out = folder("crate-methods");
    let text = generate("--wsdl", schema.to_str().unwrap(), &out);
    assert!(text.contains("2 methods are functions"), "{text}");
    // As its user would: what a function takes and gives is there by name.
    used(
        &out,
        "use crate_methods::{Shape, Square, methods};\nuse vim_wire::{Any, Error, Handle, Poly};\n\n\
         pub async fn paint(board: &Handle) -> Result<Any, Error> {\n    \
         methods::clear(board).await?;\n    \
         let shape: Poly<Shape> = Square::default().into();\n    \
         methods::paint_task(board, board, &shape).fast(true).await?.await\n}\n",
    );
}

#[test]
fn the_whole_schema_without_metadata_becomes_a_crate_that_compiles() {
    let schema = folder("schema-whole");
    for entry in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema/vim25")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind != "json") {
            std::fs::copy(&path, schema.join(path.file_name().unwrap())).unwrap();
        }
    }
    let out = folder("crate-whole");
    let text = generate("--wsdl", schema.to_str().unwrap(), &out);
    assert!(text.contains("its 975 methods are functions"), "{text}");
    compile(&out);
}

#[test]
fn metadata_gives_a_crate_with_managed_objects_that_compiles() {
    let schema = folder("schema-metadata");
    drawing::write(&drawing::with_methods(), &schema);
    // Found by its name.
    std::fs::write(schema.join("draw-metadata.json"), drawing::METADATA).unwrap();
    let out = folder("crate-metadata");
    let text = generate("--wsdl", schema.to_str().unwrap(), &out);
    assert!(!text.contains("missing"), "{text}");
    used(
        &out,
        "use crate_metadata::mo::Board;\nuse crate_metadata::{Shape, Square};\nuse vim_wire::{Error, Poly};\n\n\
         pub async fn paint(board: &Board) -> Result<Board, Error> {\n    \
         board.clear().await?;\n    \
         let shape: Poly<Shape> = Square::default().into();\n    \
         board.paint(board, &shape).fast(true).await?.await\n}\n",
    );
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
