//! Upgrading a machine's hardware.

use super::core::Core;
use super::errors::server;
use super::state;
use crate::provider::{Error, ErrorKind, MachineId, Operation, OperationId, Result};
use crate::spec::HardwareVersion;
use std::sync::Arc;
use vim_client::types::AlreadyUpgraded;

pub(super) async fn upgrade(
    core: &Arc<Core>,
    id: &MachineId,
    version: HardwareVersion,
) -> Result<Operation<()>> {
    let machine = core.machine(id).await?;
    let state = state::read(core, &machine, &["config.version"]).await?;
    let now: Option<u32> =
        state.values.require("config.version")?.as_str().and_then(|is| is.strip_prefix("vmx-")?.parse().ok());
    if now.is_some_and(|now| now >= version.number()) {
        return Ok(core.done(OperationId::new("upgrade"), ()));
    }
    let doing = format!("upgrading the hardware of {id} to {version}");
    if state.power() != "poweredOff" {
        let message = format!("{doing}: it is {} and must be switched off", state.power());
        return Err(Error::new(ErrorKind::FailedPrecondition, message));
    }
    let text = version.to_string();
    let task = core
        .vm(&machine)
        .upgrade_virtual_hardware()
        .version(&text)
        .await
        .map_err(|error| server(&doing, error))?;
    let core_ = Arc::clone(core);
    Ok(core.start(OperationId::of_task("upgrade", task.moref(), true), move |reporter| async move {
        reporter.step(doing.clone(), 0);
        match core_.follow(task, &reporter, (0, 100)).await {
            Err(error) if error.fault_as::<AlreadyUpgraded>().is_none() => Err(server(&doing, error)),
            _ => Ok(()),
        }
    }))
}
