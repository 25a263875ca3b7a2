//! `HostDatastoreSystem`: a host's datastores.

use crate::call::methods;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::HostDatastoreSystemCapabilities;
use vim_types::mo::{HostDatastoreBrowserProperties, HostDatastoreSystemProperties, HostSystemProperties};
use vim_wire::MoRef;

methods! {}

/// Has a host's datastore system and browser know the datastores that the host mounts.
pub(crate) fn follow(tx: &mut Tx<'_>, host: &MoRef) -> Result<()> {
    let host = tx.get::<HostSystemProperties>(host)?;
    let (datastores, browser) = (host.datastore.clone(), host.datastore_browser.clone());
    if let Some(system) = host.config_manager.datastore_system.clone() {
        let properties = tx.edit::<HostDatastoreSystemProperties>(&system)?;
        properties.datastore.clone_from(&datastores);
        properties.capabilities = HostDatastoreSystemCapabilities {
            nfs_mount_creation_required: true,
            nfs_mount_creation_supported: true,
            local_datastore_supported: true,
            vmfs_extent_expansion_supported: true,
        };
    }
    let properties = tx.edit::<HostDatastoreBrowserProperties>(&browser)?;
    properties.datastore = datastores;
    properties.supported_type = super::datastore::supported_types();
    Ok(())
}
