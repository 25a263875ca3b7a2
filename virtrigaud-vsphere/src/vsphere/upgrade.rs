//! Upgrading a machine's hardware.

use super::core::{Core, not_yet};
use crate::provider::{MachineId, Operation, Result};
use crate::spec::HardwareVersion;
use std::sync::Arc;

pub(super) async fn upgrade(
    _core: &Arc<Core>,
    _id: &MachineId,
    _version: HardwareVersion,
) -> Result<Operation<()>> {
    Err(not_yet("hardwareUpgrade"))
}
