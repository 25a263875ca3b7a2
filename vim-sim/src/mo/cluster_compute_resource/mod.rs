//! `ClusterComputeResource`.

mod config;
mod hosts;
mod members;
mod placement;
mod rules;

pub(crate) use config::{configure, extended};
pub(crate) use members::{forget_host, forget_vm};
pub(crate) use placement::best_host;

use super::compute_resource;
use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::{ClusterComputeResourceProperties, DatastoreProperties, HostSystemProperties};
use vim_types::{
    ClusterComputeResourceSummary, ClusterConfigInfo, ClusterConfigInfoEx, ClusterConfigSpec, ClusterEvent,
    ClusterReconfiguredEvent, ClusterResourceUsageSummary, ComputeResourceSummary, Event,
};
use vim_wire::{Any, MoRef};

methods! {
    "ReconfigureCluster_Task" => reconfigure,
    "AddHost_Task" => hosts::add_host,
    "MoveInto_Task" => hosts::move_into,
    "MoveHostInto_Task" => hosts::move_host_into,
    "FindRulesForVm" => rules::find_for_vm,
    "PlaceVm" => placement::place_vm,
    "RecommendHostsForVm" => placement::recommend_hosts,
    "RefreshRecommendation" => refresh_recommendation,
    "GetResourceUsage" => resource_usage,
}

/// Adds a cluster to a folder, as clusters are unless told otherwise.
pub(crate) fn create(tx: &mut Tx<'_>, folder: &MoRef, name: &str) -> Result<MoRef> {
    let mut extends = compute_resource::properties(tx, name, compute_resource::default_config());
    let config = config::default_config();
    let configuration = classic(&config);
    extends.configuration_ex = config.into();
    let pool = tx.new_ref("ResourcePool");
    let moref = tx.new_ref("ClusterComputeResource");
    let properties = ClusterComputeResourceProperties { extends, configuration, ..Default::default() };
    compute_resource::create_as(tx, (&moref, &pool), folder, properties)?;
    Ok(moref)
}

/// What of a cluster's configuration the old property has.
fn classic(config: &ClusterConfigInfoEx) -> ClusterConfigInfo {
    ClusterConfigInfo {
        das_config: config.das_config.clone(),
        das_vm_config: config.das_vm_config.clone(),
        drs_config: config.drs_config.clone(),
        drs_vm_config: config.drs_vm_config.clone(),
        rule: config.rule.clone(),
    }
}

/// A cluster's configuration.
pub(super) fn info(cluster: &ClusterComputeResourceProperties) -> Option<&ClusterConfigInfoEx> {
    cluster.configuration_ex.downcast_ref()
}

/// Has the old property of a cluster's configuration say what the new one says.
pub(super) fn follow(tx: &mut Tx<'_>, moref: &MoRef) {
    let Ok(cluster) = tx.get::<ClusterComputeResourceProperties>(moref) else { return };
    let Some(configuration) = info(cluster).map(classic).filter(|classic| *classic != cluster.configuration)
    else {
        return;
    };
    if let Ok(cluster) = tx.edit::<ClusterComputeResourceProperties>(moref) {
        cluster.configuration = configuration;
    }
}

/// What a cluster's summary has beside that of a compute resource.
pub(super) fn summary(
    cluster: &ClusterComputeResourceProperties,
    extends: ComputeResourceSummary,
) -> ClusterComputeResourceSummary {
    let das = info(cluster).map(|config| &config.das_config);
    let level = das.filter(|das| das.enabled == Some(true)).and_then(|das| das.failover_level).unwrap_or(0);
    ClusterComputeResourceSummary {
        current_failover_level: level.min((extends.num_effective_hosts - 1).max(0)),
        extends,
        num_vmotions: cluster.summary_ex.num_vmotions,
        target_balance: Some(-1000),
        current_balance: Some(-1000),
        cluster_maintenance_mode_status: Some("notInMaintenanceMode".into()),
        ..Default::default()
    }
}

/// Changes a cluster by a spec, and tells of it.
pub(super) fn change(
    tx: &mut Tx<'_>,
    cluster: &MoRef,
    spec: &vim_types::ClusterConfigSpecEx,
    modify: bool,
) -> Result<()> {
    if !modify {
        tx.edit::<ClusterComputeResourceProperties>(cluster)?.configuration_ex =
            config::default_config().into();
    }
    configure(tx, cluster, spec)?;
    let event = Event { compute_resource: Some(events::compute_resource(tx, cluster)), ..Default::default() };
    let extends = ClusterEvent { extends: event };
    events::post(tx, ClusterReconfiguredEvent { extends, ..Default::default() });
    Ok(())
}

fn reconfigure(call: &Call<'_>) -> Result<Reply> {
    let (spec, modify): (ClusterConfigSpec, bool) = (call.arg("spec")?, call.arg("modify")?);
    let (cluster, spec) = (call.this.clone(), extended(spec));
    call.task(&call.this, move |tx| change(tx, &cluster, &spec, modify).map(|()| Any::Nil))
}

/// Recommendations are made when they are asked for.
fn refresh_recommendation(call: &Call<'_>) -> Result<Reply> {
    call.done()
}

fn resource_usage(call: &Call<'_>) -> Result<Reply> {
    let usage = call.read(|world| -> Result<_> {
        let cluster = world.get::<ClusterComputeResourceProperties>(&call.this)?;
        let mut usage = ClusterResourceUsageSummary {
            cpu_capacity_mhz: cluster.summary_ex.total_cpu,
            mem_capacity_mb: i32::try_from(cluster.summary_ex.total_memory >> 20).unwrap_or(i32::MAX),
            ..Default::default()
        };
        for host in &cluster.host {
            let stats = &world.get::<HostSystemProperties>(host)?.summary.quick_stats;
            usage.cpu_used_mhz += stats.overall_cpu_usage.unwrap_or(0);
            usage.mem_used_mb += stats.overall_memory_usage.unwrap_or(0);
        }
        for datastore in &cluster.datastore {
            let summary = &world.get::<DatastoreProperties>(datastore)?.summary;
            usage.storage_capacity_mb += summary.capacity >> 20;
            usage.storage_used_mb += (summary.capacity - summary.free_space) >> 20;
        }
        Ok(usage)
    })?;
    call.returns(&usage)
}
