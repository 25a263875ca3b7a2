//! The workspace's rules as functions: each takes what is there and returns what is wrong with it, one line a fault.
//!
//! `tests/workspace.rs` puts the real workspace in; the unit tests beside each rule put in what must be refused.

pub mod graph;
pub mod lock;
pub mod manifest;
pub mod source;
pub mod tree;

/// The code in the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
