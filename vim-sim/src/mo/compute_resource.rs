//! `ComputeResource`: one host with its pool; a cluster is one too.

use super::managed_entity::{attach, detach, entity};
use super::merge::merge;
use super::{cluster_compute_resource, environment_browser, host_system, resource_pool};
use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::{ClusterComputeResourceProperties, ComputeResourceProperties, HostSystemProperties};
use vim_types::{
    ClusterConfigSpecEx, ClusterDestroyedEvent, ClusterEvent, ComputeResourceConfigInfo,
    ComputeResourceConfigSpec, ComputeResourceSummary, Event, HostSystemConnectionState, ManagedEntityStatus,
};
use vim_wire::{Any, DataObject, MoRef, Poly};

methods! {
    "ReconfigureComputeResource_Task" => reconfigure,
}

/// A compute resource's properties, with its browser made.
pub(crate) fn properties(
    tx: &mut Tx<'_>,
    name: &str,
    config: ComputeResourceConfigInfo,
) -> ComputeResourceProperties {
    ComputeResourceProperties {
        extends: entity(name),
        environment_browser: Some(environment_browser::create(tx)),
        configuration_ex: config.into(),
        ..Default::default()
    }
}

/// What a compute resource is configured like unless told otherwise.
pub(crate) fn default_config() -> ComputeResourceConfigInfo {
    ComputeResourceConfigInfo { vm_swap_placement: "vmDirectory".into(), ..Default::default() }
}

/// Changes what a compute resource is configured like.
pub(crate) fn take_over(
    config: &mut ComputeResourceConfigInfo,
    spec: &ComputeResourceConfigSpec,
) -> Result<()> {
    if let Some(placement) = &spec.vm_swap_placement {
        if !["vmDirectory", "hostLocal"].contains(&placement.as_str()) {
            return Err(Fault::invalid_argument("spec.vmSwapPlacement"));
        }
        config.vm_swap_placement.clone_from(placement);
    }
    for version in
        [&spec.default_hardware_version_key, &spec.maximum_hardware_version_key].into_iter().flatten()
    {
        environment_browser::check_version(version)?;
    }
    merge!(config, spec; spbm_enabled, default_hardware_version_key, maximum_hardware_version_key);
    Ok(())
}

/// Changes a compute resource by a spec, which for a cluster is a cluster's.
pub(crate) fn configure(
    tx: &mut Tx<'_>,
    moref: &MoRef,
    spec: &Poly<ComputeResourceConfigSpec>,
) -> Result<()> {
    let properties = tx.get::<ComputeResourceProperties>(moref)?;
    let mut config = properties.configuration_ex.clone();
    take_over(&mut config, spec)?;
    tx.edit::<ComputeResourceProperties>(moref)?.configuration_ex = config;
    Ok(())
}

fn reconfigure(call: &Call<'_>) -> Result<Reply> {
    let spec: Poly<ComputeResourceConfigSpec> = call.arg("spec")?;
    let (moref, modify): (_, bool) = (call.this.clone(), call.arg("modify")?);
    let cluster = call.read(|world| world.must(&moref).map(|node| node.is_a("ClusterComputeResource")))?;
    let of_cluster = spec.downcast_ref::<ClusterConfigSpecEx>().cloned();
    if spec.is::<ClusterConfigSpecEx>() != cluster
        && (!cluster || spec.type_name() != "ComputeResourceConfigSpec")
    {
        return Err(Fault::invalid_argument("spec"));
    }
    call.task(&call.this, move |tx| {
        match &of_cluster {
            Some(spec) => cluster_compute_resource::change(tx, &moref, spec, modify)?,
            None => configure(tx, &moref, &spec)?,
        }
        Ok(Any::Nil)
    })
}

/// Adds a compute resource to a folder; its host is added to it after.
pub(crate) fn create(tx: &mut Tx<'_>, folder: &MoRef, name: &str) -> Result<MoRef> {
    let properties = properties(tx, name, default_config());
    let pool = tx.new_ref("ResourcePool");
    let moref = tx.new_ref("ComputeResource");
    create_as(tx, (&moref, &pool), folder, properties)?;
    Ok(moref)
}

/// Adds a compute resource, or what extends it, and its pool under references that were given out.
pub(crate) fn create_as<P: DataObject>(
    tx: &mut Tx<'_>,
    (moref, pool): (&MoRef, &MoRef),
    folder: &MoRef,
    properties: P,
) -> Result<()> {
    tx.create(moref, properties);
    attach(tx, moref, folder)?;
    resource_pool::create_as(tx, pool, moref, resource_pool::ROOT, &resource_pool::unrestricted());
    attach(tx, pool, moref)
}

/// Takes a compute resource out of the inventory, with its hosts and their VMs.
pub(crate) fn destroy(tx: &mut Tx<'_>, moref: &MoRef) -> Result<()> {
    if moref.value() == "ha-compute-res" {
        return Err(Fault::not_supported("a host does not leave itself"));
    }
    let cluster = tx.must(moref)?.is_a("ClusterComputeResource");
    let resource = tx.get::<ComputeResourceProperties>(moref)?;
    let (pool, browser) = (resource.resource_pool.clone(), resource.environment_browser.clone());
    let hosts = resource.host.clone();
    for host in &hosts {
        host_system::leave(tx, host)?;
    }
    if let Some(pool) = pool {
        resource_pool::remove_tree(tx, &pool)?;
    }
    if cluster {
        let event =
            Event { compute_resource: Some(events::compute_resource(tx, moref)), ..Default::default() };
        events::post(tx, ClusterDestroyedEvent { extends: ClusterEvent { extends: event } });
    }
    detach(tx, moref)?;
    browser.iter().for_each(|browser| tx.remove(browser));
    tx.remove(moref);
    Ok(())
}

/// Sets what follows from other properties.
pub(crate) fn derived(tx: &mut Tx<'_>, moref: &MoRef) {
    cluster_compute_resource::follow(tx, moref);
    let Ok(resource) = tx.get::<ComputeResourceProperties>(moref) else { return };
    let mut summary =
        ComputeResourceSummary { overall_status: ManagedEntityStatus::GREEN, ..Default::default() };
    let (mut datastores, mut networks) = (Vec::new(), Vec::new());
    for host in &resource.host {
        let Ok(host) = tx.get::<HostSystemProperties>(host) else { continue };
        add(&mut summary, host);
        union(&mut datastores, &host.datastore);
        union(&mut networks, &host.network);
    }
    let Some(cluster) = tx.get::<ClusterComputeResourceProperties>(moref).ok() else {
        let summary = Poly::new(summary);
        let unchanged = resource.datastore == datastores && resource.network == networks;
        if unchanged && resource.summary == summary {
            return;
        }
        if let Ok(resource) = tx.edit::<ComputeResourceProperties>(moref) {
            (resource.datastore, resource.network, resource.summary) = (datastores, networks, summary);
        }
        resource_pool::settle(tx, moref);
        return;
    };
    let summary = cluster_compute_resource::summary(cluster, summary);
    let unchanged = cluster.datastore == datastores && cluster.network == networks;
    if unchanged && cluster.summary_ex == summary {
        return;
    }
    if let Ok(cluster) = tx.edit::<ClusterComputeResourceProperties>(moref) {
        (cluster.datastore, cluster.network) = (datastores, networks);
        cluster.summary_ex = summary.clone();
        cluster.summary = summary.into();
    }
    resource_pool::settle(tx, moref);
}

fn add(summary: &mut ComputeResourceSummary, host: &HostSystemProperties) {
    summary.num_hosts += 1;
    let Some(hardware) = &host.hardware else { return };
    let mhz = i32::try_from(hardware.cpu_info.hz / 1_000_000).unwrap_or(i32::MAX);
    let cpu = mhz.saturating_mul(hardware.cpu_info.num_cpu_cores.into());
    summary.total_cpu = summary.total_cpu.saturating_add(cpu);
    summary.total_memory = summary.total_memory.saturating_add(hardware.memory_size);
    summary.num_cpu_cores = summary.num_cpu_cores.saturating_add(hardware.cpu_info.num_cpu_cores);
    summary.num_cpu_threads = summary.num_cpu_threads.saturating_add(hardware.cpu_info.num_cpu_threads);
    let runtime = &host.runtime;
    if runtime.connection_state == HostSystemConnectionState::CONNECTED && !runtime.in_maintenance_mode {
        summary.num_effective_hosts += 1;
        summary.effective_cpu = summary.effective_cpu.saturating_add(cpu);
        summary.effective_memory = summary.effective_memory.saturating_add(hardware.memory_size >> 20);
    }
}

fn union(all: &mut Vec<MoRef>, more: &[MoRef]) {
    for moref in more {
        if !all.contains(moref) {
            all.push(moref.clone());
        }
    }
}
