//! Making a machine from another one.

use super::core::{Core, not_yet};
use crate::provider::{CloneRequest, Created, Operation, Result};
use std::sync::Arc;

pub(super) async fn clone_machine(_core: &Arc<Core>, _request: &CloneRequest) -> Result<Operation<Created>> {
    Err(not_yet("clone"))
}
