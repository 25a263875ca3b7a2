//! Any bytes, over the small schema of vim-wire's tests.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vim_wire_fuzz::check::<vim_wire_fuzz::Small>(bytes));
