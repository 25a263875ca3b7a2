//! The table in the README.

use anyhow::{Context, Result};
use std::path::Path;
use std::process::Command;

const BEGIN: &str = "<!-- bench:begin -->";
const END: &str = "<!-- bench:end -->";

/// Replaces what stands between the two marks.
pub(crate) fn write(table: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = std::fs::read_to_string(&path)?;
    let (head, rest) = text.split_once(BEGIN).with_context(|| format!("the README has no {BEGIN}"))?;
    let (_, tail) = rest.split_once(END).with_context(|| format!("the README has no {END}"))?;
    std::fs::write(&path, format!("{head}{BEGIN}\n{table}\n{}\n{END}{tail}", place()?))?;
    Ok(())
}

/// The machine's size, and the day.
fn place() -> Result<String> {
    let processors = std::thread::available_parallelism()?;
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    let total = total
        .map_or_else(String::new, |total| format!(" and {:.0} GiB of memory", total / f64::from(1 << 20)));
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(':'))
        .map_or("unknown", |(_, name)| name.trim());
    let day = Command::new("date").args(["-u", "+%F"]).output()?;
    let day = String::from_utf8(day.stdout)?;
    Ok(format!(
        "Measured on {} by `cargo bench -p benches`, on a virtual machine with {processors} processors ({model}){total}. Other\n\
         machines have other speeds, and much the same ratios.",
        day.trim()
    ))
}
