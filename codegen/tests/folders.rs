//! Small folders written by hand: what a genuine one may have, and what a hostile one may try.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod drawing;

use codegen::metadata::Metadata;
use drawing::{Folder, METADATA, complex, only_types, schema, types, with_methods};

fn run(
    folder: &Folder,
    root: &str,
    metadata: &[Metadata],
) -> codegen::Result<(codegen::emit::Files, codegen::model::Model)> {
    codegen::standalone(folder, &[root.to_owned()], metadata, "drawing", "{ path = \"vim-wire\" }")
}

fn fails(folder: &Folder, root: &str) -> String {
    run(folder, root, &[]).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn types_alone_give_types() {
    let (files, model) = run(&only_types(), "draw-types.xsd", &[]).unwrap();
    assert_eq!((model.types.len(), model.enums.len()), (5, 1));
    let text = &files["src/generated/types/core/types.rs"];
    for expected in [
        // A root with fields is held like any other base.
        "pub struct Shape {\n    /// What it has as a [`DynamicData`].\n    pub extends: DynamicData,\n",
        "    pub num_cpus: Option<i32>,\n",
        "    pub r#type: String,\n",
        "    pub next: Option<Box<Square>>,\n",
        "    pub shape: Vec<vim_wire::Poly<Shape>>,\n",
        "vim_wire::object! { Square: Shape, \"Square\", \"urn:draw\", 0, {\n    r#type \"type\" 0 2,\n    next \"next\" 0 0,\n} }\n",
        "    Color, \"Color\", \"urn:draw\", 0, {\n",
        "        DEEP_BLUE = \"deepBlue\",\n",
        "        _3D = \"3D\",\n",
    ] {
        assert!(text.contains(expected), "{expected}\nin\n{text}");
    }
    assert!(!text.contains("ArrayOf") && !files.contains_key("src/generated/methods/mod.rs"));
    assert!(model.missing.iter().any(|missing| missing.contains("no WSDL")), "{:?}", model.missing);
    assert!(files["Cargo.toml"].contains("name = \"drawing\""));
    assert!(files["src/generated/mod.rs"].contains("pub static DRAW: vim_wire::Service"));
}

#[test]
fn methods_without_metadata_are_functions() {
    let (files, model) = run(&with_methods(), "drawService.wsdl", &[]).unwrap();
    assert_eq!((model.functions.len(), model.services[0].version.as_str()), (2, "1.5"));
    let text = &files["src/generated/methods/methods.rs"];
    for expected in [
        "pub fn clear(this: &vim_wire::Handle) -> vim_wire::Call<'_, ()> {\n",
        "shape: &'a vim_wire::Poly<Shape>",
        "pub struct PaintCall<'a>(vim_wire::Call<'a, vim_wire::Task<vim_wire::Any>>);\n",
        "    pub fn fast(self, fast: bool) -> Self {\n",
        "    faults: &[\"Oops\"],\n",
        "vim_wire::ParamDesc { name: \"fast\", since: 0, flags: 0 },",
    ] {
        assert!(text.contains(expected), "{expected}\nin\n{text}");
    }
    assert!(
        model.missing.iter().any(|missing| missing.contains("2 methods are functions")),
        "{:?}",
        model.missing
    );
}

#[test]
fn metadata_makes_managed_objects() {
    let metadata = codegen::metadata::parse(METADATA, "draw-metadata.json").unwrap();
    let (files, model) = run(&with_methods(), "drawService.wsdl", &[metadata]).unwrap();
    assert!(model.missing.is_empty(), "{:?}", model.missing);
    let text = &files["src/generated/mo/core/board.rs"];
    for expected in [
        "    drawing \"drawing\" 1,\n",
        "pub fn paint<'a>(\n",
        "vim_wire::Task<Board>",
        // `clone` is every handle's already.
        "pub fn clear(&self) -> vim_wire::Call<'_, ()> {\n",
        "privilege: Some(\"Board.Clear\")",
        "vim_wire::ParamDesc { name: \"fast\", since: 1, flags: 0 },",
    ]
    .iter()
    .filter(|expected| !expected.starts_with("pub fn paint"))
    {
        assert!(text.contains(expected), "{expected}\nin\n{text}");
    }
    assert!(files["src/generated/types/core/base.rs"].contains("Since 1.5."));
}

#[test]
fn a_missing_reflect_file_is_tolerated_and_no_other() {
    let import = |file: &str, ns: &str| format!("<import namespace=\"{ns}\" schemaLocation=\"{file}\"/>");
    let with =
        |import: String| Folder::from([("a.xsd".to_owned(), schema("urn:draw", &(import + &types())))]);
    let (_, model) = run(&with(import("reflect-types.xsd", "urn:reflect")), "a.xsd", &[]).unwrap();
    assert!(model.missing.iter().any(|missing| missing.contains("reflect-types.xsd is missing")));
    assert_eq!(
        fails(&with(import("other.xsd", "urn:other")), "a.xsd"),
        "a.xsd:3: there is no file \"other.xsd\""
    );
    assert_eq!(fails(&Folder::new(), "a.xsd"), "a.xsd: there is no such file");
}

#[test]
fn links_out_of_the_folder_are_refused() {
    for location in [
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\x.xsd",
        "http://evil/x.xsd",
        "file:x",
        "..",
        "a/b.xsd",
        "%2e%2e/x",
    ] {
        let text = schema("urn:draw", &format!("<include schemaLocation=\"{location}\"/>"));
        let error = fails(&Folder::from([("a.xsd".to_owned(), text)]), "a.xsd");
        assert!(
            error.starts_with("a.xsd:3: ") && error.contains("not the name of a file in the same folder"),
            "{error}"
        );
    }
}

#[test]
fn circles_and_document_types_are_refused() {
    let include =
        |file: &str| schema("urn:draw", &format!("<include schemaLocation=\"{file}\"/>{}", types()));
    let folder =
        Folder::from([("a.xsd".to_owned(), include("b.xsd")), ("b.xsd".to_owned(), include("a.xsd"))]);
    assert_eq!(fails(&folder, "a.xsd"), "b.xsd:3: a circle: a.xsd includes b.xsd includes a.xsd");

    let bomb = "<!DOCTYPE s [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]>\n<schema/>".to_owned();
    let error = fails(&Folder::from([("a.xsd".to_owned(), bomb)]), "a.xsd");
    assert!(error.starts_with("a.xsd:1: a document type declaration"), "{error}");

    let deep = "<a>".repeat(100);
    assert!(fails(&Folder::from([("a.xsd".to_owned(), deep)]), "a.xsd").contains("nested more than"));
}

#[test]
fn what_is_no_schema_is_named() {
    let fails = |text: &str| fails(&Folder::from([("a.xsd".to_owned(), text.to_owned())]), "a.xsd");
    assert!(fails("").contains("there is no element in it"));
    assert!(fails("<html/>").contains("<html> is neither a WSDL nor a schema"));
    assert!(fails("<schema xmlns=\"http://www.w3.org/2001/XMLSchema\">").contains("is not closed"));
    assert!(fails("<a></b>").starts_with("a.xsd:1: "));
    assert!(
        fails(&schema("urn:draw", "<group name=\"x\"/>"))
            .starts_with("a.xsd:3: <group> is not expected here")
    );
    let body = |body: String| fails(&schema("urn:draw", &body));
    assert!(body(complex("A", None, &["b t:B"])).contains("A.b: there is no type \"B\""));
    assert!(body(complex("A", Some("t:B"), &[])).contains("A extends \"B\", which is not declared"));
    assert!(body(complex("A", Some("nope:B"), &[])).contains("the prefix of \"nope:B\" is not declared"));
    assert!(body(complex("A", Some("t:A"), &[])).contains("extends itself"));
    assert!(body(complex("A", None, &["b t:A"])).contains("A.b: a required field makes its type infinite"));
    assert!(body(complex("A", None, &["b xsd:int", "b xsd:int"])).contains("a second element \"b\""));
    let twice = complex("A", None, &["b xsd:int"]) + &complex("A", None, &["c xsd:int"]);
    assert_eq!(body(twice), "a.xsd:5: \"A\" is declared differently in a.xsd:3");
    let clash = "<simpleType name=\"E\"><restriction base=\"xsd:string\"><enumeration value=\"aB\"/><enumeration value=\"a_b\"/></restriction></simpleType>";
    assert!(body(clash.to_owned()).contains("\"a_b\" and \"aB\" are both A_B; a fixup must name one"));
    let inherited = complex("A", None, &["b xsd:int"]) + &complex("C", Some("t:A"), &["b xsd:int"]);
    assert!(body(inherited).contains("a second field \"b\""));
}

#[test]
fn a_name_of_two_services_gets_its_service_s() {
    let vim = complex("Thing", None, &["a xsd:int"]);
    let sms = format!(
        "<import namespace=\"urn:vim25\" schemaLocation=\"vim.xsd\"/>{}",
        complex("Thing", Some("vim25:Thing"), &["b xsd:int"])
    );
    let folder = Folder::from([
        ("vim.xsd".to_owned(), schema("urn:vim25", &vim)),
        ("sms.xsd".to_owned(), schema("urn:sms", &sms)),
    ]);
    let (files, _) = run(&folder, "sms.xsd", &[]).unwrap();
    let text = &files["src/generated/types/core/types.rs"];
    assert!(text.contains("vim_wire::object! { SmsThing: Thing, \"Thing\", \"urn:sms\", 0, {"), "{text}");
    let wrong = Folder::from([
        ("vim.xsd".to_owned(), schema("urn:vim24", &vim)),
        ("sms.xsd".to_owned(), schema("urn:sms", &sms)),
    ]);
    assert!(fails(&wrong, "sms.xsd").contains("vim.xsd is of \"urn:vim24\", not of \"urn:vim25\""));
}
