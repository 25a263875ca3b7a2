//! What this process takes of the machine's memory.

use anyhow::{Context, Result};

/// The resident memory of now, in bytes.
///
/// # Errors
///
/// Where there is no `/proc`.
pub fn resident() -> Result<u64> {
    status("VmRSS:")
}

/// The most that has been resident so far, in bytes.
///
/// # Errors
///
/// Where there is no `/proc`.
pub fn peak() -> Result<u64> {
    status("VmHWM:")
}

fn status(line: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("memory is read from /proc")?;
    let value =
        status.lines().find_map(|found| found.strip_prefix(line)).context("no such line in status")?;
    Ok(value.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}
