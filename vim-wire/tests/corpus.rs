//! Every input of the fuzzer's corpus, replayed: what it found once stays found.

#[path = "../fuzz/src/check.rs"]
mod check;
mod mini;
#[path = "../fuzz/src/small.rs"]
mod small;

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
    if cfg!(miri) {
        // A second an input: some of every kind, since the kinds stand one after the other.
        paths = paths.into_iter().step_by(5).collect();
    }
    paths.retain(|path| {
        let bytes = fs::read(path).expect("is read");
        catch_unwind(|| check::check::<small::Small>(&bytes)).is_err()
    });
    assert!(paths.is_empty(), "these do not hold, each for a reason given above: {paths:#?}");
}

#[test]
#[cfg_attr(miri, ignore = "minutes, for nothing that the other tests do not do")]
fn a_small_document_does_not_become_a_huge_value() {
    use check::Schema;
    use small::Small;
    let read = |xml: String| {
        vim_wire::from_xml::<<Small as Schema>::Root>(
            xml.as_bytes(),
            Small::SERVICE.registry,
            Default::default(),
        )
    };
    let (uri, values) = ("u".repeat(100_000), "<anys><q:a/></anys>".repeat(1_000));
    let error =
        read(format!("<v xmlns:q='{uri}'>{values}</v>")).expect_err("each value keeps the declaration");
    assert!(error.to_string().contains("more declarations than the document can mean"), "{error}");
    let declarations: String = (0..200).map(|at| format!(" xmlns:p{at}='u'")).collect();
    let error = read(format!("<v{declarations}><a/></v>")).expect_err("each typed element looks through all");
    assert!(error.to_string().contains("more than 128 namespaces"), "{error}");
}
