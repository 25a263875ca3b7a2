//! Lines of `key=value` words, as the programs that are measured print them and `peers/run.sh` keeps them.

use anyhow::{Context, Result, anyhow};
use std::path::Path;
use std::str::FromStr;

/// The value of a key.
pub(crate) fn value<T: FromStr>(line: &str, key: &str) -> Result<T> {
    let word = line.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let word = word.with_context(|| format!("no {key} in {line:?}"))?;
    word.parse().map_err(|_| anyhow!("{key} is no figure in {line:?}"))
}

/// The lines of a file of results; none where it has not been written yet.
pub(crate) fn results(name: &str) -> Vec<String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/bench");
    let folder = std::env::var_os("RESULTS").map_or(own, Into::into);
    let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// The line that has all these words.
pub(crate) fn line<'a>(lines: &'a [String], words: &[&str]) -> Option<&'a str> {
    let has = |line: &&String| words.iter().all(|word| line.split_whitespace().any(|found| found == *word));
    lines.iter().find(has).map(String::as_str)
}
