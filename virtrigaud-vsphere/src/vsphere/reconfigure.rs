//! Making a machine what it shall be.

use super::core::Core;
use super::errors::not_yet;
use crate::provider::{MachineId, Operation, ReconfigureOptions, Reconfigured, Result};
use crate::spec::resolved::Machine;
use std::sync::Arc;

pub(super) async fn reconfigure(
    _core: &Arc<Core>,
    _id: &MachineId,
    _machine: &Machine,
    _options: ReconfigureOptions,
) -> Result<Operation<Reconfigured>> {
    Err(not_yet("reconfigure"))
}
