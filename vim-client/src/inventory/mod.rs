//! Finding managed objects by inventory path, as people know them.

mod find;
mod glob;
mod tree;

use crate::client::Client;
use tree::{Node, Tree};
use vim_types::mo;
use vim_wire::{Error, ErrorKind, Handle, ManagedObject, MoRef};

pub use find::{Find, Found};

/// A datacenter's inventory, to find things in.
///
/// Paths are as in govc: `/DC0/vm/web-1` from the root, `team/web-1` from the datacenter's folder for what is looked for, and a
/// name without a slash anywhere below that folder. `*`, `?` and `[a-z]` match within a name, `...` any number of folders. A slash in a
/// name may be written `%2f`, as the server does, or plainly, which is found where the folders before it are written out.
#[derive(Clone, Debug)]
pub struct Inventory {
    client: Client,
    datacenter: Option<String>,
}

macro_rules! finders {
    ($($(#[$meta:meta])* $name:ident $kind:ident;)*) => { $(
        $(#[$meta])*
        pub fn $name(&self, pattern: impl Into<String>) -> Find<mo::$kind> {
            Find::new(self.clone(), pattern.into())
        }
    )* };
}

impl Inventory {
    finders! {
        /// Finds virtual machines and templates.
        virtual_machine VirtualMachine;
        /// Finds hosts.
        host HostSystem;
        /// Finds clusters.
        cluster ClusterComputeResource;
        /// Finds clusters and standalone hosts' compute resources.
        compute_resource ComputeResource;
        /// Finds resource pools and vApps.
        resource_pool ResourcePool;
        /// Finds datastores.
        datastore Datastore;
        /// Finds datastore clusters.
        datastore_cluster StoragePod;
        /// Finds networks: standard, distributed port groups and opaque ones.
        network Network;
        /// Finds distributed switches.
        distributed_switch DistributedVirtualSwitch;
        /// Finds folders; a relative path starts at the folder of virtual machines.
        folder Folder;
        /// Finds datacenters, by name or path from the root.
        datacenter Datacenter;
    }

    /// The datacenter: the named one, or the only one there is.
    ///
    /// # Errors
    ///
    /// When there is none of that name, or none is named and there are several.
    pub async fn home(&self) -> Result<Found<mo::Datacenter>, Error> {
        let pattern = self.datacenter.clone().unwrap_or_else(|| "*".to_owned());
        let unscoped = Self { client: self.client.clone(), datacenter: None };
        match unscoped.datacenter(pattern).one().await {
            Err(error) if error.kind() == ErrorKind::Ambiguous && self.datacenter.is_none() => {
                Err(error.with_hint("name the datacenter"))
            }
            other => other,
        }
    }

    fn found<T: ManagedObject>(&self, node: Node) -> Found<T> {
        let object = T::from_handle(Handle::new(self.client.caller(), node.moref));
        Found { object, name: node.name, path: node.path }
    }
}

impl Client {
    /// The inventory of a datacenter, by name or path; of the only one there is where the name is empty.
    ///
    /// ```no_run
    /// # async fn run(client: vim_client::Client) -> Result<(), vim_client::Error> {
    /// let vm = client.inventory("DC0").virtual_machine("web-1").one().await?;
    /// vm.power_on().await?.await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn inventory(&self, datacenter: impl Into<String>) -> Inventory {
        let datacenter = Some(datacenter.into()).filter(|name| !name.is_empty());
        Inventory { client: self.clone(), datacenter }
    }

    /// The inventory path of an object, such as `/DC0/vm/team/web-1`. One request.
    ///
    /// # Errors
    ///
    /// When the object is not there, or has no place in the inventory.
    pub async fn path_of(&self, object: &MoRef) -> Result<String, Error> {
        Tree::new(self).path_of(object).await
    }
}
