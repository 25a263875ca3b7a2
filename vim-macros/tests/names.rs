//! Names in Rust are made twice, by codegen for the fields and here for the paths to them: alike for all that there is.

#[allow(dead_code, unreachable_pub, reason = "of codegen's module the test needs a part")]
#[path = "../../codegen/src/names.rs"]
mod codegen;
#[allow(dead_code, reason = "the derive's own module, of which the test needs a part")]
#[path = "../src/names.rs"]
mod derive;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// Whatever stands as a `name` in the schema's files, XSD and metadata.
fn names(folder: &Path, all: &mut BTreeSet<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            names(&path, all)?;
        } else if let Some(key) = match path.extension().and_then(|extension| extension.to_str()) {
            Some("xsd") => Some(" name="),
            Some("json") => Some("\"name\":"),
            _ => None,
        } {
            let text = std::fs::read_to_string(&path)?;
            let found = text.split(key).skip(1).filter_map(|rest| rest.split('"').nth(1));
            all.extend(found.map(str::to_owned));
        }
    }
    Ok(())
}

#[test]
fn are_those_of_codegen() {
    let mut all = BTreeSet::new();
    names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../codegen/schema"), &mut all)
        .expect("the schema is there");
    assert!(all.len() > 5_000, "{} names", all.len());
    assert!(["parentVApp", "capacityInKB", "type"].iter().all(|name| all.contains(*name)));
    for name in &all {
        assert_eq!(derive::ident(name), codegen::ident(name), "{name}");
    }
}
