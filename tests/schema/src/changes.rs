//! A difference in any one field is a difference.

use crate::canonical::{Depth, Document, read};
use crate::schema::schema;
use codegen::schema::QName;

/// Changes one text in each field, then leaves each field out; returns how many differences that made.
fn differs(name: &QName) -> usize {
    let document = Document::object(name, Depth(1));
    let value = read(&document.text);
    let mut changes = 0;
    let mut leaves = document.leaves.iter().peekable();
    let fields = schema().fields(name);
    assert_eq!(fields.len(), document.fields.len(), "{name:?}");
    for ((owner, field), at) in fields.iter().zip(&document.fields) {
        // The field's last text: of a list, in its second item.
        let mut last = None;
        while let Some(leaf) = leaves.next_if(|leaf| leaf.at.start < at.end) {
            last = Some(leaf);
        }
        if let Some(leaf) = last {
            let other = document.with_other(leaf);
            assert!(read(&other) != value, "{}.{}: a change is not seen\n{other}", name.name, field.name);
            changes += 1;
        }
        // What is inherited was left out where it is declared.
        if *owner == name {
            let mut without = document.text.clone();
            without.replace_range(at.clone(), "");
            let same = read(&without) == value;
            // What must be there and has its default value, or nothing in it, is as if it were absent.
            let default = last.is_none_or(|leaf| &document.text[leaf.at.clone()] == "false");
            let nothing = !field.optional && !field.array && default;
            assert!(!same || nothing, "{}.{}: a lack is not seen", name.name, field.name);
            changes += usize::from(!same);
        }
    }
    changes
}

fn part(index: usize) -> usize {
    schema().types().map(|(name, _)| name).skip(index).step_by(2).map(differs).sum()
}

#[test]
fn each_change_of_a_field_is_seen_1() {
    assert!(part(0) > 10_000);
}

#[test]
fn each_change_of_a_field_is_seen_2() {
    assert!(part(1) > 10_000);
}
