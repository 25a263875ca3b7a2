//! The fuzzer's corpus, replayed; and documents that are nearly right, made from it.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

#[path = "../fuzz/src/lib.rs"]
mod fuzzing;

use fuzzing::{check, mutate, simulator};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

fn corpus() -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/answer");
    let mut paths: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no inputs", folder.display());
    let read = |path: PathBuf| (path.clone(), std::fs::read(&path).unwrap());
    paths.into_iter().map(read).collect()
}

#[test]
fn every_input_of_the_corpus_is_answered() {
    let failed: Vec<_> = corpus()
        .into_iter()
        .filter(|(_, bytes)| catch_unwind(|| check(bytes)).is_err())
        .map(|(path, _)| path)
        .collect();
    assert!(failed.is_empty(), "these are not, each for a reason given above: {failed:#?}");
}

/// Each request of the corpus and what can be made of it, one after the other to one simulator, as a client that goes mad
/// would send them. `FUZZ_ROUNDS` is how often; `FUZZ_SEED` where to begin.
#[test]
fn documents_that_are_nearly_right_are_answered() {
    let number = |name: &str, otherwise| std::env::var(name).map_or(otherwise, |text| text.parse().unwrap());
    let (rounds, seed): (u64, u64) = (number("FUZZ_ROUNDS", 3), number("FUZZ_SEED", 1));
    // Whoever logs out is not listened to any more.
    let stays = |(path, _): &(PathBuf, Vec<u8>)| !path.to_string_lossy().contains("Logout");
    let documents: Vec<Vec<u8>> = corpus().into_iter().filter(stays).map(|(_, bytes)| bytes).collect();
    for round in seed..seed + rounds {
        let mut random = fastrand::Rng::with_seed(round);
        let simulator = simulator();
        for _ in 0..documents.len() {
            let document = random.choice(&documents).unwrap();
            let document = mutate::mutate(&mut random, document, &documents);
            let answered = catch_unwind(std::panic::AssertUnwindSafe(|| simulator.answer(&document)));
            let text = String::from_utf8_lossy(&document);
            let answer = answered.unwrap_or_else(|_| panic!("round {round}: {text}"));
            if let Some(answer) = answer {
                assert!(answer.starts_with("<?xml"), "round {round}: {text}\n{answer}");
            }
        }
    }
}
