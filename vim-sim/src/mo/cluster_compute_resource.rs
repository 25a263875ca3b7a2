//! `ClusterComputeResource`.

use super::compute_resource;
use crate::call::methods;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::ClusterComputeResourceProperties;
use vim_types::{
    ClusterComputeResourceSummary, ClusterConfigInfo, ClusterConfigInfoEx, ClusterDasConfigInfo,
    ClusterDrsConfigInfo, ComputeResourceSummary, DrsBehavior,
};
use vim_wire::MoRef;

methods! {}

/// Adds a cluster to a folder.
pub(crate) fn create(tx: &mut Tx<'_>, folder: &MoRef, name: &str) -> Result<MoRef> {
    let mut extends = compute_resource::properties(tx, name, compute_resource::default_config());
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
    let pool = tx.new_ref("ResourcePool");
    let moref = tx.new_ref("ClusterComputeResource");
    let properties = ClusterComputeResourceProperties { extends, configuration, ..Default::default() };
    compute_resource::create_as(tx, (&moref, &pool), folder, properties)?;
    Ok(moref)
}

/// What a cluster's summary has beside that of a compute resource.
pub(super) fn summary(
    cluster: &ClusterComputeResourceProperties,
    extends: ComputeResourceSummary,
) -> ClusterComputeResourceSummary {
    ClusterComputeResourceSummary {
        extends,
        current_failover_level: cluster.configuration.das_config.failover_level.unwrap_or(0),
        num_vmotions: cluster.summary_ex.num_vmotions,
        target_balance: Some(-1000),
        current_balance: Some(-1000),
        cluster_maintenance_mode_status: Some("notInMaintenanceMode".into()),
        ..Default::default()
    }
}
