//! Any bytes, over the schema of vSphere itself.
#![no_main]

mod mutate;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| vim_wire_fuzz::check::<vim_wire_fuzz::Vim25>(bytes));
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate::mutate(data, size, max_size, seed)
});
