//! Snapshots of machines.

use super::core::{Core, not_yet};
use crate::provider::{MachineId, Operation, Result, Snapshot, SnapshotId, SnapshotRequest};
use std::sync::Arc;

pub(super) async fn create(
    _core: &Arc<Core>,
    _id: &MachineId,
    _request: &SnapshotRequest,
) -> Result<Operation<SnapshotId>> {
    Err(not_yet("snapshots"))
}

pub(super) async fn delete(
    _core: &Arc<Core>,
    _id: &MachineId,
    _snapshot: &SnapshotId,
) -> Result<Operation<()>> {
    Err(not_yet("snapshots"))
}

pub(super) async fn revert(
    _core: &Arc<Core>,
    _id: &MachineId,
    _snapshot: &SnapshotId,
) -> Result<Operation<()>> {
    Err(not_yet("snapshots"))
}

pub(super) async fn list(_core: &Arc<Core>, _id: &MachineId) -> Result<Vec<Snapshot>> {
    Err(not_yet("snapshots"))
}
