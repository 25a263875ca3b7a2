//! `ClusterComputeResource`.

use super::managed_entity::attach;
use super::{compute_resource, resource_pool};
use crate::call::methods;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::ClusterComputeResourceProperties;
use vim_types::{
    ClusterConfigInfo, ClusterConfigInfoEx, ClusterDasConfigInfo, ClusterDrsConfigInfo, DrsBehavior,
};
use vim_wire::MoRef;

methods! {}

/// Adds a cluster to a folder.
pub(crate) fn create(tx: &mut Tx<'_>, folder: &MoRef, name: &str) -> Result<MoRef> {
    let (mut extends, pool) = compute_resource::properties(tx, name, compute_resource::default_config());
    let das_config = ClusterDasConfigInfo { enabled: Some(false), ..Default::default() };
    let drs_config = ClusterDrsConfigInfo {
        enabled: Some(true),
        default_vm_behavior: Some(DrsBehavior::FULLY_AUTOMATED),
        vmotion_rate: Some(3),
        ..Default::default()
    };
    extends.configuration_ex = ClusterConfigInfoEx {
        extends: compute_resource::default_config(),
        das_config: das_config.clone(),
        drs_config: drs_config.clone(),
        ..Default::default()
    }
    .into();
    let configuration = ClusterConfigInfo { das_config, drs_config, ..Default::default() };
    let moref = tx.new_ref("ClusterComputeResource");
    tx.create(&moref, ClusterComputeResourceProperties { extends, configuration, ..Default::default() });
    attach(tx, &moref, folder)?;
    resource_pool::create_as(tx, &pool, &moref, resource_pool::ROOT, &resource_pool::unrestricted());
    attach(tx, &pool, &moref)?;
    Ok(moref)
}
