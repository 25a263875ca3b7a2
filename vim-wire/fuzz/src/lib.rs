//! What must hold of any bytes that a server may send: for the fuzz targets, and for the tests that include this file to try
//! every input of the corpus on a stable compiler: `tests/corpus.rs` over the small schema, `tests/schema` over vim25.
//!
//! `cargo +nightly fuzz run decode FOLDER corpus/decode -- -dict=decode.dict -max_len=4096` in `vim-wire/fuzz`, where FOLDER
//! takes the new inputs; `decode_vim25` with `--features vim25` does the same over the real schema. What a run finds goes
//! into `corpus/decode`, made small, with a name that says what it is.
#![allow(missing_docs, unsafe_code, reason = "test code; the macros' tables")]

mod check;
#[path = "../../tests/mini/mod.rs"]
mod mini;
mod small;
#[cfg(feature = "vim25")]
mod vim25;

pub use check::check;
pub use small::Small;
#[cfg(feature = "vim25")]
pub use vim25::Vim25;
