//! What the benchmark table and the program `ours` have in common.

pub mod allocations;
pub mod capture;
pub mod floor;
pub mod machine;
pub mod memory;
pub mod tasks;

use std::time::{Duration, Instant};

/// The middle one of some figures; not a number where there are none.
pub fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What a piece of work returned, and the seconds that it took. Freeing the result is not counted, as it is not for the peers.
pub fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = std::hint::black_box(work());
    (result, start.elapsed())
}
