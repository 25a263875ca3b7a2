//! `HostPowerSystem`: how a host saves power.

use super::host_system::host_of;
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use vim_types::mo::{HostPowerSystemProperties, HostSystemProperties};

methods! {
    "ConfigurePowerPolicy" => configure,
}

fn configure(call: &Call<'_>) -> Result<Reply> {
    let key: i32 = call.arg("key")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let system = tx.edit::<HostPowerSystemProperties>(&call.this)?;
        let policy = system.capability.available_policy.iter().find(|policy| policy.key == key);
        system.info.current_policy = policy.cloned().ok_or_else(|| Fault::invalid_argument("key"))?;
        tx.edit::<HostSystemProperties>(&host)?;
        Ok(())
    })?;
    call.done()
}
