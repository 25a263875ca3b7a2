//! Any bytes as a request to `/sdk` of a simulator that was just started.
#![no_main]

use vim_sim_fuzz::{check, mutate};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| check(bytes));
libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let document = data.get(..size).unwrap_or_default().to_vec();
    let mut document = mutate::mutate(&mut fastrand::Rng::with_seed(seed.into()), &document, &[]);
    document.truncate(max_size.min(data.len()));
    data[..document.len()].copy_from_slice(&document);
    document.len()
});
