//! What rustc says of rows: that of wrong ones, in words that a user can act on.
//!
//! The messages are those of the workspace's `rust-version`; `TRYBUILD=overwrite` takes over a newer one's.

#[test]
fn rows() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/fail/*.rs");
}
