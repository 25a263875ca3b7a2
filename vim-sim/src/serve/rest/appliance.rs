//! The machine on which a vCenter runs.

use super::{Answer, Call, Result};
use serde_json::json;
use std::time::Duration;
use vim_wire::DateTime;

pub(super) fn version(call: &Call<'_>) -> Result<Answer> {
    let about = &call.sim.content.about;
    let installed = DateTime::from(call.sim.timer.wall_at(Duration::ZERO));
    Ok(Answer::Value(json!({
        "version": format!("{}.00000", about.version),
        "build": about.build,
        "product": "VMware vCenter Server",
        "type": "vCenter Server with an embedded Platform Services Controller",
        "summary": "",
        "releasedate": "2024-06-25",
        "install_time": installed.to_string(),
    })))
}

pub(super) fn health(_: &Call<'_>) -> Result<Answer> {
    Ok(Answer::Value(json!("green")))
}
