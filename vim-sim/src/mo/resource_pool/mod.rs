//! `ResourcePool`.

mod config;
mod runtime;
mod tree;

pub(crate) use config::check_whole;
pub(crate) use runtime::{derived, settle};
pub(crate) use tree::{destroy, remove_tree};

use super::managed_entity::{attach, check_free, entity, valid_name};
use super::virtual_app;
use crate::call::{Call, Reply, methods};
use crate::events;
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{DatacenterProperties, ResourcePoolProperties};
use vim_types::{
    Event, ManagedEntityStatus, ResourceAllocationInfo, ResourceConfigSpec, ResourcePoolCreatedEvent,
    ResourcePoolEvent, ResourcePoolRuntimeInfo, ResourcePoolSummary, SharesInfo, SharesLevel, VAppConfigSpec,
};
use vim_wire::MoRef;

methods! {
    "CreateResourcePool" => create_pool,
    "CreateVApp" => create_vapp,
    "UpdateConfig" => config::update_config,
    "UpdateChildResourceConfiguration" => config::update_children,
    "DestroyChildren" => tree::destroy_children,
    "MoveIntoResourcePool" => tree::move_into_pool,
    "QueryResourceConfigOption" => config::query_option,
    "RefreshRuntime" => refresh,
}

/// The name of each compute resource's pool.
pub(crate) const ROOT: &str = "Resources";

/// What a pool has that nobody restricts.
pub(crate) fn unrestricted() -> ResourceConfigSpec {
    let allocation = |shares| ResourceAllocationInfo {
        reservation: Some(0),
        expandable_reservation: Some(true),
        limit: Some(-1),
        shares: Some(SharesInfo { shares, level: SharesLevel::NORMAL }),
        ..Default::default()
    };
    ResourceConfigSpec {
        cpu_allocation: allocation(4_000),
        memory_allocation: allocation(163_840),
        scale_descendants_shares: Some("disabled".into()),
        ..Default::default()
    }
}

/// Adds a pool below a pool; `owner` is the compute resource.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    parent: &MoRef,
    owner: &MoRef,
    name: &str,
    config: &ResourceConfigSpec,
) -> Result<MoRef> {
    let moref = tx.new_ref("ResourcePool");
    create_as(tx, &moref, owner, name, config);
    attach(tx, &moref, parent)?;
    Ok(moref)
}

/// Adds a pool under a reference that was given out before.
pub(crate) fn create_as(
    tx: &mut Tx<'_>,
    moref: &MoRef,
    owner: &MoRef,
    name: &str,
    config: &ResourceConfigSpec,
) {
    let properties = properties(tx, moref, owner, name, config);
    tx.create(moref, properties);
}

/// A pool's properties.
pub(crate) fn properties(
    tx: &Tx<'_>,
    moref: &MoRef,
    owner: &MoRef,
    name: &str,
    config: &ResourceConfigSpec,
) -> ResourcePoolProperties {
    let config = ResourceConfigSpec {
        entity: Some(moref.clone()),
        change_version: Some(tx.version().to_string()),
        last_modified: Some(tx.now),
        ..config.clone()
    };
    let runtime = ResourcePoolRuntimeInfo {
        overall_status: ManagedEntityStatus::GREEN,
        shares_scalable: Some("none".into()),
        ..Default::default()
    };
    ResourcePoolProperties {
        extends: entity(name),
        owner: owner.clone(),
        config,
        runtime,
        summary: ResourcePoolSummary::default().into(),
        ..Default::default()
    }
}

/// Whether a pool is a compute resource's own.
pub(crate) fn is_root(world: &World, pool: &MoRef) -> bool {
    let parent = world.node(pool).and_then(|node| node.parent());
    parent.is_none_or(|parent| world.node(parent).is_none_or(|node| !node.is_a("ResourcePool")))
}

/// An event that befell a pool.
pub(crate) fn event(world: &World, pool: &MoRef) -> ResourcePoolEvent {
    let owner = world.get::<ResourcePoolProperties>(pool).ok().map(|pool| &pool.owner);
    let compute_resource = owner.map(|owner| events::compute_resource(world, owner));
    ResourcePoolEvent {
        extends: Event { compute_resource, ..Default::default() },
        resource_pool: events::resource_pool(world, pool),
    }
}

fn create_pool(call: &Call<'_>) -> Result<Reply> {
    let (name, spec): (String, ResourceConfigSpec) = (call.arg("name")?, call.arg("spec")?);
    let name = valid_name(&name)?;
    check_whole(&spec, "spec")?;
    let parent = &call.this;
    let created = call.write(|tx| {
        let owner = tx.get::<ResourcePoolProperties>(parent)?.owner.clone();
        check_free(tx, parent, &name)?;
        config::admit(tx, parent, None, &spec)?;
        let pool = create(tx, parent, &owner, &name, &spec)?;
        let extends = event(tx, &pool);
        let parent = events::resource_pool(tx, parent);
        events::post(tx, ResourcePoolCreatedEvent { extends, parent });
        Ok(pool)
    })?;
    call.returns(&created)
}

fn create_vapp(call: &Call<'_>) -> Result<Reply> {
    let name = valid_name(&call.arg::<String>("name")?)?;
    let resources: ResourceConfigSpec = call.arg("resSpec")?;
    let config: VAppConfigSpec = call.arg("configSpec")?;
    let folder: Option<MoRef> = call.opt("vmFolder")?;
    check_whole(&resources, "resSpec")?;
    let parent = &call.this;
    let created = call.write(|tx| {
        let owner = tx.get::<ResourcePoolProperties>(parent)?.owner.clone();
        check_free(tx, parent, &name)?;
        config::admit(tx, parent, None, &resources)?;
        let folder = match folder {
            Some(folder) => {
                super::folder::check_takes(tx, &folder, "VirtualMachine", "vmFolder")?;
                Some(folder)
            }
            // Below a vApp a vApp is in no folder.
            None if parent.kind() == "VirtualApp" => None,
            None => {
                let datacenter = tx.above(parent, "Datacenter").map(|node| node.moref.clone());
                let datacenter = datacenter.ok_or_else(|| Fault::invalid_argument("vmFolder"))?;
                Some(tx.get::<DatacenterProperties>(&datacenter)?.vm_folder.clone())
            }
        };
        let vapp = virtual_app::create(tx, parent, &owner, folder.as_ref(), &name, &resources)?;
        virtual_app::configure(tx, &vapp, &config)?;
        let extends = event(tx, &vapp);
        let parent = events::resource_pool(tx, parent);
        events::post(tx, ResourcePoolCreatedEvent { extends, parent });
        Ok(vapp)
    })?;
    call.returns(&created)
}

/// What is known of the use is up to date always.
fn refresh(call: &Call<'_>) -> Result<Reply> {
    call.done()
}
