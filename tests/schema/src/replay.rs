//! Every input of the fuzzer's corpus over the real schema: the target `decode_vim25`, without its fuzzer.

#[path = "../../../vim-wire/fuzz/src/check.rs"]
mod check;
#[path = "../../../vim-wire/fuzz/src/vim25.rs"]
mod vim25;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[test]
fn every_input_of_the_corpus_holds_over_vim25() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vim-wire/fuzz/corpus/decode");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("is listed").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no inputs", folder.display());
    paths.retain(|path| {
        let bytes = fs::read(path).expect("is read");
        catch_unwind(|| check::check::<vim25::Vim25>(&bytes)).is_err()
    });
    assert!(paths.is_empty(), "these do not hold, each for a reason given above: {paths:#?}");
}
