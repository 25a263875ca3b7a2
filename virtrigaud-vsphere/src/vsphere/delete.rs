//! Removing a machine.

use super::core::{Core, not_yet};
use crate::provider::{DeleteOptions, MachineId, Operation, Result};
use std::sync::Arc;

pub(super) async fn delete(
    _core: &Arc<Core>,
    _id: &MachineId,
    _options: DeleteOptions,
) -> Result<Operation<()>> {
    Err(not_yet("delete"))
}
