//! What is created in folders.

use super::check_takes;
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::managed_entity::{check_free, valid_name};
use crate::mo::storage_resource_manager::pod;
use crate::mo::{
    cluster_compute_resource as clusters, datacenter as datacenters, distributed_virtual_switch as switches,
    host_system,
};
use crate::world::World;
use vim_types::mo::FolderProperties;
use vim_types::{
    ClusterConfigSpec, ClusterConfigSpecEx, ClusterCreatedEvent, ClusterEvent, ComputeResourceConfigSpec,
    DVSCreateSpec, DatacenterCreatedEvent, DatacenterEvent, Event, HostConnectSpec,
};
use vim_wire::{Any, MoRef, Poly};

/// The fault that a folder does not hold such children.
fn check(world: &World, folder: &MoRef, kind: &str) -> Result<()> {
    check_takes(world, folder, kind, "_this").map_err(|_| {
        let types = world.get::<FolderProperties>(folder).map(|folder| folder.child_type.join(", "));
        Fault::not_supported(format!("{folder} holds {}", types.unwrap_or_default()))
    })
}

fn name(call: &Call<'_>) -> Result<String> {
    valid_name(&call.arg::<String>("name")?)
}

pub(super) fn folder(call: &Call<'_>) -> Result<Reply> {
    let name = name(call)?;
    let created = call.write(|tx| {
        check(tx, &call.this, "Folder")?;
        check_free(tx, &call.this, &name)?;
        let child_type = tx.get::<FolderProperties>(&call.this)?.child_type.clone();
        super::create(tx, &call.this, &name, child_type)
    })?;
    call.returns(&created)
}

pub(super) fn datacenter(call: &Call<'_>) -> Result<Reply> {
    let name = name(call)?;
    let created = call.write(|tx| {
        check(tx, &call.this, "Datacenter")?;
        // A host has the one that it has.
        check(tx, &call.this, "Folder")?;
        check_free(tx, &call.this, &name)?;
        let datacenter = datacenters::create(tx, &call.this, &name)?;
        let event = Event { datacenter: Some(events::datacenter(tx, &datacenter)), ..Default::default() };
        let parent = events::folder(tx, &call.this);
        events::post(tx, DatacenterCreatedEvent { extends: DatacenterEvent { extends: event }, parent });
        Ok(datacenter)
    })?;
    call.returns(&created)
}

pub(super) fn cluster(call: &Call<'_>) -> Result<Reply> {
    let spec: ClusterConfigSpec = call.arg("spec")?;
    create_cluster(call, &clusters::extended(spec))
}

pub(super) fn cluster_ex(call: &Call<'_>) -> Result<Reply> {
    let spec: ClusterConfigSpecEx = call.arg("spec")?;
    create_cluster(call, &spec)
}

fn create_cluster(call: &Call<'_>, spec: &ClusterConfigSpecEx) -> Result<Reply> {
    let name = name(call)?;
    let created = call.write(|tx| {
        check(tx, &call.this, "ComputeResource")?;
        check(tx, &call.this, "Folder")?;
        check_free(tx, &call.this, &name)?;
        let cluster = clusters::create(tx, &call.this, &name)?;
        clusters::configure(tx, &cluster, spec)?;
        let event =
            Event { compute_resource: Some(events::compute_resource(tx, &cluster)), ..Default::default() };
        let parent = events::folder(tx, &call.this);
        events::post(tx, ClusterCreatedEvent { extends: ClusterEvent { extends: event }, parent });
        Ok(cluster)
    })?;
    call.returns(&created)
}

pub(super) fn storage_pod(call: &Call<'_>) -> Result<Reply> {
    let name = name(call)?;
    let created = call.write(|tx| {
        check(tx, &call.this, "StoragePod")?;
        check_free(tx, &call.this, &name)?;
        pod::create(tx, &call.this, &name)
    })?;
    call.returns(&created)
}

pub(super) fn switch(call: &Call<'_>) -> Result<Reply> {
    let (folder, spec): (_, DVSCreateSpec) = (call.this.clone(), call.arg("spec")?);
    call.read(|world| check(world, &folder, "DistributedVirtualSwitch"))?;
    call.task(&call.this, move |tx| {
        let switch = switches::create(tx, &folder, &spec)?;
        switches::furnish(tx, &switch, &spec.config_spec)?;
        Ok(Any::MoRef(switch))
    })
}

pub(super) fn standalone_host(call: &Call<'_>) -> Result<Reply> {
    let (folder, spec): (_, HostConnectSpec) = (call.this.clone(), call.arg("spec")?);
    let config: Option<Poly<ComputeResourceConfigSpec>> = call.opt("compResSpec")?;
    let connected: bool = call.arg("addConnected")?;
    call.read(|world| {
        check(world, &folder, "ComputeResource")?;
        check(world, &folder, "Folder")
    })?;
    call.task(&call.this, move |tx| {
        let resource = host_system::add_standalone(tx, &folder, &spec, config.as_ref(), connected)?;
        Ok(Any::MoRef(resource))
    })
}
