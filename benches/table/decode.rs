//! The codec: typed rows against an XML reader that decodes nothing.

use crate::row::{Plan, Row};
use anyhow::{Context, Result};
use benches::allocations;
use benches::capture::{Writer, answer};
use benches::machine::{Machine, rows as decode};
use benches::{floor, median, timed};

const MACHINES: usize = 2_000;

pub(crate) fn rows(plan: Plan) -> Result<Vec<Row>> {
    let what = |writer: &str| {
        format!("typed decode of 2,000 VMs as {writer} writes them, against quick-xml's bare events")
    };
    let mut rows = Vec::new();
    if let Some(file) = std::env::var_os("CAPTURE") {
        let text = std::fs::read(&file).with_context(|| file.display().to_string())?;
        speed(&mut rows, what("CAPTURE"), &text, plan)?;
        allocations_row(&mut rows, &text)?;
        return Ok(rows);
    }
    let text = answer(MACHINES, Writer::Vcenter)?.into_bytes();
    speed(&mut rows, what("vCenter"), &text, plan)?;
    speed(&mut rows, what("vcsim"), answer(MACHINES, Writer::Vcsim)?.as_bytes(), plan)?;
    allocations_row(&mut rows, &text)?;
    Ok(rows)
}

fn speed(rows: &mut Vec<Row>, what: String, text: &[u8], plan: Plan) -> Result<()> {
    let (mut bare, mut typed) = (Vec::new(), Vec::new());
    // Alternately, so that whatever else the machine does meets both. The first round is not counted.
    for round in 0..=plan.rounds(15) {
        let (events, events_took) = timed(|| floor::events(text));
        events?;
        let (machines, machines_took) = timed(|| decode::<Machine>(text));
        machines?;
        if round > 0 {
            bare.push(events_took.as_secs_f64());
            typed.push(machines_took.as_secs_f64());
        }
    }
    let (bare, typed) = (median(&mut bare), median(&mut typed));
    let (ratio, megabytes) = (bare / typed, text.len() as f64 / 1e6);
    let measured = format!("{ratio:.2} ({:.0} of {:.0} MB/s)", megabytes / typed, megabytes / bare);
    rows.push(Row::new(what, measured, "≥ 0.6", ratio >= 0.6));
    Ok(())
}

fn allocations_row(rows: &mut Vec<Row>, text: &[u8]) -> Result<()> {
    let (machines, allocations) = allocations::count(|| decode::<Machine>(text));
    let each = allocations as f64 / machines?.len().max(1) as f64;
    rows.push(Row::new("allocations a decoded VM", format!("{each:.0}"), "≤ 300", each <= 300.0));
    Ok(())
}
