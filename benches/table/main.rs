//! The benchmark table: what is measured, the figures, and the bars.
//!
//! `cargo bench -p benches -- [--quick] [--write-readme] [NAME…]`; the names are `decode`, `retrieve`, `tasks`, `sim`, `peers`
//! and `compile`. Comparisons are ratios within one run, since no two machines are alike and none is quiet.
#![expect(clippy::print_stdout, reason = "a program that prints a table")]

mod compile;
mod decode;
mod peers;
mod readme;
mod retrieve;
mod row;
mod sim;
mod tasks;
mod words;

use anyhow::{Result, bail};
use benches::allocations::Counting;
use row::{Plan, Row};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NAMES: [&str; 6] = ["decode", "retrieve", "tasks", "sim", "peers", "compile"];

fn main() -> Result<()> {
    let (mut plan, mut write, mut names) = (Plan { quick: false }, false, Vec::new());
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--quick" => plan.quick = true,
            "--write-readme" => write = true,
            // Cargo's own.
            "--bench" => {}
            name if NAMES.contains(&name) => names.push(argument),
            other => bail!("{other} is unknown; there are --quick, --write-readme and {NAMES:?}"),
        }
    }
    if write && (plan.quick || !names.is_empty()) {
        bail!("the README gets the whole table: --write-readme goes alone");
    }
    let mut rows: Vec<Row> = Vec::new();
    for name in NAMES {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            rows.extend(match name {
                "decode" => decode::rows(plan)?,
                "retrieve" => retrieve::rows(plan)?,
                "tasks" => tasks::rows(plan)?,
                "sim" => sim::rows(plan)?,
                "peers" => peers::rows(),
                _ => compile::rows(),
            });
        }
    }
    let table = row::table(&rows);
    println!("{table}");
    if write {
        readme::write(&table)?;
    }
    Ok(())
}
