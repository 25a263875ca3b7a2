//! Every input of the fuzzer's corpus, replayed: what it found once stays found.

#[path = "../fuzz/src/lib.rs"]
mod fuzzing;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

#[test]
fn every_input_of_the_corpus_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/decode");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("is listed").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no inputs", folder.display());
    paths.retain(|path| {
        let bytes = fs::read(path).expect("is read");
        catch_unwind(|| fuzzing::check::<fuzzing::Small>(&bytes)).is_err()
    });
    assert!(paths.is_empty(), "these do not hold, each for a reason given above: {paths:#?}");
}
