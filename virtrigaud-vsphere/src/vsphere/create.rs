//! Making a machine.

use super::core::{Core, not_yet};
use crate::provider::{Created, Operation, Result};
use crate::spec::resolved::Machine;
use std::sync::Arc;

pub(super) async fn create(_core: &Arc<Core>, _machine: &Machine) -> Result<Operation<Created>> {
    Err(not_yet("create"))
}
