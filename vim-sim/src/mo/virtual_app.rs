//! `VirtualApp`: a resource pool whose VMs are started and stopped together.

use super::managed_entity::attach;
use super::resource_pool;
use crate::call::methods;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::VirtualAppProperties;
use vim_types::{ResourceConfigSpec, VAppConfigInfo, VirtualAppSummary};
use vim_wire::MoRef;

methods! {}

/// Adds a vApp below a pool.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    parent: &MoRef,
    owner: &MoRef,
    folder: Option<&MoRef>,
    name: &str,
    resources: &ResourceConfigSpec,
) -> Result<MoRef> {
    let moref = tx.new_ref("VirtualApp");
    let mut extends = resource_pool::properties(tx, &moref, owner, name, resources);
    extends.summary = VirtualAppSummary::default().into();
    let properties = VirtualAppProperties {
        extends,
        parent_folder: folder.cloned(),
        vapp_config: Some(VAppConfigInfo::default()),
        ..Default::default()
    };
    tx.create(&moref, properties);
    attach(tx, &moref, parent)?;
    Ok(moref)
}
