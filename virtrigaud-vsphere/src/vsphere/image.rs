//! What machines are made from.

use super::core::Core;
use super::errors::not_yet;
use crate::provider::{ImageRequest, Operation, PreparedImage, Result};
use std::sync::Arc;

pub(super) async fn prepare(_core: &Arc<Core>, _request: &ImageRequest) -> Result<Operation<PreparedImage>> {
    Err(not_yet("imagePrepare"))
}
