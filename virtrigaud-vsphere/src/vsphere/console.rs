//! Where a machine's console is to be seen.

use super::core::{Core, not_yet};
use crate::provider::{Console, MachineId, Result};
use std::sync::Arc;

pub(super) async fn console(_core: &Arc<Core>, _id: &MachineId) -> Result<Console> {
    Err(not_yet("console"))
}
