//! What a provider of virtual machines can do, whoever does it: a trait that other services hold as `Box<dyn Provider>`.

mod error;
pub(crate) mod operation;
mod types;

pub use error::{Error, ErrorKind, Result};
pub use operation::{Operation, OperationId, OperationState, Progress, Reporter};
pub use types::*;

use crate::spec::HardwareVersion;
use crate::spec::resolved::Machine;
use async_trait::async_trait;

/// A provider of virtual machines.
///
/// What takes long returns an [`Operation`] as soon as it is under way: await it for its result, watch its progress, cancel
/// it, or keep its id and ask [`task_status`](Self::task_status), even from another process. Dropping an operation stops the
/// watching and not the work.
///
/// Everything may be called again after a failure or a restart: what was half done is completed, and what is done already
/// succeeds at once. Sizes are in MiB and bytes, frequencies in MHz, as the names of the fields say.
///
/// # Errors
///
/// An [`Error`] says what was done, to which object, and what to change; its [`kind`](Error::kind) tells what it is. Any method
/// may fail with `Unavailable` or `DeadlineExceeded` where the server does not answer, `Unauthenticated` where it does not take
/// the account, `PermissionDenied` with the privilege that is missing, `Unsupported` for what the server or this version does not
/// do, and, but for those that make or remove something, `NotFound`. An operation fails with the same when it is awaited.
///
/// An example is at [`VsphereProvider`](crate::VsphereProvider).
#[async_trait]
pub trait Provider: std::fmt::Debug + Send + Sync {
    /// Whether the server can be reached and the account works, and what server it is.
    async fn validate(&self) -> Result<Validation>;

    /// What this provider can do with this server.
    async fn capabilities(&self) -> Result<Capabilities>;

    /// Makes a machine as it shall be. Called again, it goes on with the same machine, or returns it: there is never a second
    /// one, and never a stranger's.
    async fn create(&self, machine: &Machine) -> Result<Operation<Created>>;

    /// Removes a machine. One that is gone already is a success.
    async fn delete(&self, id: &MachineId, options: DeleteOptions) -> Result<Operation<()>>;

    /// Switches a machine on or off. One that is so already is a success.
    async fn power(&self, id: &MachineId, power: Power) -> Result<Operation<()>>;

    /// What a machine is and does; `NotFound` only where it certainly does not exist.
    async fn describe(&self, id: &MachineId) -> Result<Description>;

    /// Makes a machine what it shall be, running where that can be.
    async fn reconfigure(
        &self,
        id: &MachineId,
        machine: &Machine,
        options: ReconfigureOptions,
    ) -> Result<Operation<Reconfigured>>;

    /// Makes a machine from another one. (Not `clone`: that is what an `Arc` of a provider does.)
    async fn clone_machine(&self, request: &CloneRequest) -> Result<Operation<Created>>;

    /// Makes a snapshot.
    async fn snapshot_create(
        &self,
        id: &MachineId,
        request: &SnapshotRequest,
    ) -> Result<Operation<SnapshotId>>;

    /// Removes a snapshot; its children stay. One that is gone already is a success.
    async fn snapshot_delete(&self, id: &MachineId, snapshot: &SnapshotId) -> Result<Operation<()>>;

    /// Takes a machine back to a snapshot.
    async fn snapshot_revert(&self, id: &MachineId, snapshot: &SnapshotId) -> Result<Operation<()>>;

    /// A machine's snapshots, each with the one that it was made on.
    async fn snapshot_list(&self, id: &MachineId) -> Result<Vec<Snapshot>>;

    /// Makes sure that what machines are made from is there.
    async fn image_prepare(&self, request: &ImageRequest) -> Result<Operation<PreparedImage>>;

    /// Makes a template from a machine.
    async fn make_template(&self, request: &TemplateRequest) -> Result<Operation<PreparedImage>>;

    /// Upgrades a machine's hardware; one that is as new already is a success.
    async fn hardware_upgrade(&self, id: &MachineId, version: HardwareVersion) -> Result<Operation<()>>;

    /// All machines that are no templates.
    async fn list(&self, request: &ListRequest) -> Result<Vec<Summary>>;

    /// One of a machine's disks.
    async fn disk_info(&self, id: &MachineId, disk: &str) -> Result<DiskInfo>;

    /// Where a machine's console is to be seen.
    async fn console(&self, id: &MachineId) -> Result<Console>;

    /// How far an operation is, by its id. One that nobody knows any more is [`OperationState::Unknown`].
    async fn task_status(&self, id: &OperationId) -> Result<OperationState>;
}
