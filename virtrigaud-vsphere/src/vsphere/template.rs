//! Making a template from a machine.

use super::core::Core;
use super::errors::not_yet;
use crate::provider::{Operation, PreparedImage, Result, TemplateRequest};
use std::sync::Arc;

pub(super) async fn make(_core: &Arc<Core>, _request: &TemplateRequest) -> Result<Operation<PreparedImage>> {
    Err(not_yet("templates"))
}
