//! `HostAccessManager`: whether a host may be managed past its vCenter.

use super::host_system::{host_of, set_lockdown};
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use vim_types::HostLockdownMode;
use vim_wire::OpenEnum;

methods! {
    "ChangeLockdownMode" => change,
}

fn change(call: &Call<'_>) -> Result<Reply> {
    let mode: HostLockdownMode = call.arg("mode")?;
    if !HostLockdownMode::DESC.values.contains(&mode.as_str()) {
        return Err(Fault::invalid_argument("mode"));
    }
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        set_lockdown(tx, &host, mode)
    })?;
    call.done()
}
