//! The table of methods, `METHODS.md`: written from what there is, so that it cannot say anything else.

use crate::dispatch;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Where the table lies, and the variable that has it written anew.
const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/METHODS.md");
const UPDATE: &str = "UPDATE_METHODS";

fn table() -> String {
    let mut objects: BTreeMap<&str, (Vec<&str>, usize)> = BTreeMap::new();
    // Storage policies and what else is not vim25 are other services.
    let all = dispatch::coverage().into_iter().filter(|(method, _)| method.service.namespace == "urn:vim25");
    for (method, have) in all {
        let (names, number) = objects.entry(method.this).or_default();
        *number += 1;
        if have {
            names.push(method.name);
        }
    }
    let total: usize = objects.values().map(|(_, number)| number).sum();
    let have: usize = objects.values().map(|(names, _)| names.len()).sum();
    let mut text = format!(
        "# Methods\n\nThe simulator has {have} of the {total} methods of vim25. The others answer the fault `MethodNotFound`, \
         which names them.\n\nThis table is written from the code: `{UPDATE}=1 cargo test -p vim-sim --lib table`.\n\n\
         | managed object | has | methods |\n|---|---|---|\n"
    );
    for (object, (names, number)) in &objects {
        if !names.is_empty() {
            let _ = writeln!(text, "| `{object}` | {} of {number} | {} |", names.len(), names.join(", "));
        }
    }
    text
}

#[test]
fn the_table_says_what_there_is() {
    let table = table();
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(Path::new(PATH), &table).expect("the table can be written");
    }
    let written = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(written == table, "METHODS.md is stale: {UPDATE}=1 cargo test -p vim-sim --lib table writes it");
}
