//! govc as a client of the simulator: scripts of command lines, run against vcsim and vim-sim, and compared.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot start its servers has failed"
)]

pub mod own;
pub mod run;
pub mod script;
pub mod server;

use script::Scenario;

/// All scenarios of the folder `scripts`.
///
/// # Panics
///
/// When one cannot be read.
#[must_use]
pub fn scenarios() -> Vec<Scenario> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("there are scripts")
        .map(|file| file.expect("is read").path())
        .collect();
    files.sort();
    let read = |file: &std::path::PathBuf| {
        let name = file.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = std::fs::read_to_string(file).expect("a script is text");
        script::parse(&name, &text).unwrap_or_else(|error| panic!("{error}"))
    };
    files.iter().flat_map(read).collect()
}
