//! The answer that is decoded and served: one of vcsim's for ten virtual machines, multiplied.
//!
//! The large answers of `peers/capture` are not in git. What is made here differs from them in that UUIDs and addresses repeat.

use anyhow::{Context, Result, anyhow};
use replay::Inventory;

/// Ten VMs as vcsim sent them: made by `peers/capture/capture.py`.
const TEN: &str = include_str!("../data/vms_10.xml");
/// What was asked for.
pub const PATHS: [&str; 5] = ["config", "summary", "guest", "runtime", "name"];

/// Who wrote an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// vcsim, which declares the instance namespace anew on every typed value, under a prefix of its own.
    Vcsim,
    /// vCenter, which declares `xsi` once on the envelope.
    Vcenter,
}

/// An unpaged answer with that many virtual machines.
pub fn answer(machines: usize, writer: Writer) -> Result<String> {
    let ten = match writer {
        Writer::Vcsim => TEN.to_owned(),
        Writer::Vcenter => as_vcenter(TEN),
    };
    let head = ten.find("<objects>").context("the capture holds no objects")?;
    let tail = ten.rfind("</objects>").context("the capture holds no objects")? + "</objects>".len();
    let inventory = Inventory::from_capture(&ten, machines).map_err(|error| anyhow!("{error}"))?;
    let page = inventory.listing(Some(&PATHS)).page(0, machines.max(1)).context("no machines")?;
    let objects = std::str::from_utf8(&page.objects)?;
    Ok([&ten[..head], objects, &ten[tail..]].concat())
}

/// The same changes as `peers/capture` makes.
fn as_vcenter(answer: &str) -> String {
    let declaration = r#" xmlns:_XMLSchema-instance="http://www.w3.org/2001/XMLSchema-instance""#;
    let mut answer = answer.replace(declaration, "").replace(" _XMLSchema-instance:type=", " xsi:type=");
    for (name, value) in [("recordReplayState", "inactive"), ("faultToleranceState", "notConfigured")] {
        answer = answer.replace(&format!("<{name}></{name}>"), &format!("<{name}>{value}</{name}>"));
    }
    answer
}
