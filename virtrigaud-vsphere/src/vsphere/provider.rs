//! The provider: each method's work is in a file of its name.

use super::core::Core;
use super::{clone, console, create, delete, image, list, power, reconfigure, snapshot, template, upgrade};
use crate::provider::*;
use crate::spec::HardwareVersion;
use crate::spec::resolved::Machine;
use async_trait::async_trait;
use std::sync::Arc;
use vim_client::Client;

/// The provider of virtual machines on a vCenter or an ESXi host.
///
/// Clones of it share one client, one catalog of the inventory, and the operations that are under way. Since 0.1.0.
///
/// ```
/// use vim_client::Client;
/// use virtrigaud_vsphere::provider::{MachineId, Power};
/// use virtrigaud_vsphere::{Defaults, Provider, VsphereProvider};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = vim_sim::Simulator::builder().start().await?;
/// # let url = simulator.url();
/// let client = Client::builder(url).credentials("user", "pass").connect().await?;
/// let found = client.inventory("DC0").virtual_machine("DC0_C0_RP0_VM0").one().await?;
/// let id: MachineId = found.moref().value().parse()?;
///
/// let provider: Box<dyn Provider> = Box::new(VsphereProvider::new(client, Defaults::default()));
/// provider.power(&id, Power::Off).await?.await?;
/// let machine = provider.describe(&id).await?;
/// assert_eq!((machine.name.as_str(), machine.memory_mib), ("DC0_C0_RP0_VM0", 32));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct VsphereProvider {
    core: Arc<Core>,
}

impl VsphereProvider {
    /// A provider that works by a client. Nothing is sent before it is asked for something.
    #[must_use]
    pub fn new(client: Client, defaults: Defaults) -> Self {
        Self { core: Arc::new(Core::new(client, defaults)) }
    }

    /// The client that it works by.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.core.client
    }

    /// Removes the machines that were deleted to be kept for a time ([`DeleteOptions::retain`]), and whose time has come at
    /// `now`, which is compared in whole seconds.
    ///
    /// What cannot be removed is said in the answer, and is no reason to leave the others. A machine that somebody switched on
    /// again stays. Requires `VirtualMachine.Inventory.Delete` on each.
    ///
    /// # Errors
    ///
    /// When the machines cannot be listed.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// # use vim_client::Client;
    /// # use virtrigaud_vsphere::{Defaults, VsphereProvider};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = vim_sim::Simulator::builder().start().await?;
    /// # let client = Client::builder(simulator.url()).credentials("user", "pass").connect().await?;
    /// # let provider = VsphereProvider::new(client, Defaults::default());
    /// let purged = provider.purge_due(SystemTime::now()).await?;
    /// assert!(purged.removed.is_empty() && purged.failed.is_empty(), "nothing was deleted");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn purge_due(&self, now: std::time::SystemTime) -> Result<super::Purged> {
        super::retain::purge_due(&self.core, now).await
    }
}

#[async_trait]
impl Provider for VsphereProvider {
    async fn validate(&self) -> Result<Validation> {
        self.core.validate().await
    }

    async fn capabilities(&self) -> Result<Capabilities> {
        self.core.capabilities().await
    }

    async fn create(&self, machine: &Machine) -> Result<Operation<Created>> {
        create::create(&self.core, machine).await
    }

    async fn delete(&self, id: &MachineId, options: DeleteOptions) -> Result<Operation<()>> {
        delete::delete(&self.core, id, options).await
    }

    async fn power(&self, id: &MachineId, power: Power) -> Result<Operation<()>> {
        power::power(&self.core, id, power).await
    }

    async fn describe(&self, id: &MachineId) -> Result<Description> {
        list::describe(&self.core, id).await
    }

    async fn reconfigure(
        &self,
        id: &MachineId,
        machine: &Machine,
        options: ReconfigureOptions,
    ) -> Result<Operation<Reconfigured>> {
        reconfigure::reconfigure(&self.core, id, machine, options).await
    }

    async fn clone_machine(&self, request: &CloneRequest) -> Result<Operation<Created>> {
        clone::clone_machine(&self.core, request).await
    }

    async fn snapshot_create(
        &self,
        id: &MachineId,
        request: &SnapshotRequest,
    ) -> Result<Operation<SnapshotId>> {
        snapshot::create(&self.core, id, request).await
    }

    async fn snapshot_delete(&self, id: &MachineId, snapshot: &SnapshotId) -> Result<Operation<()>> {
        snapshot::delete(&self.core, id, snapshot).await
    }

    async fn snapshot_revert(&self, id: &MachineId, snapshot: &SnapshotId) -> Result<Operation<()>> {
        snapshot::revert(&self.core, id, snapshot).await
    }

    async fn snapshot_list(&self, id: &MachineId) -> Result<Vec<Snapshot>> {
        snapshot::list(&self.core, id).await
    }

    async fn image_prepare(&self, request: &ImageRequest) -> Result<Operation<PreparedImage>> {
        image::prepare(&self.core, request).await
    }

    async fn make_template(&self, request: &TemplateRequest) -> Result<Operation<PreparedImage>> {
        template::make(&self.core, request).await
    }

    async fn hardware_upgrade(&self, id: &MachineId, version: HardwareVersion) -> Result<Operation<()>> {
        upgrade::upgrade(&self.core, id, version).await
    }

    async fn list(&self, request: &ListRequest) -> Result<Vec<Summary>> {
        list::list(&self.core, request).await
    }

    async fn disk_info(&self, id: &MachineId, disk: &str) -> Result<DiskInfo> {
        list::disk_info(&self.core, id, disk).await
    }

    async fn console(&self, id: &MachineId) -> Result<Console> {
        console::console(&self.core, id).await
    }

    async fn task_status(&self, id: &OperationId) -> Result<OperationState> {
        self.core.task_status(id).await
    }
}
