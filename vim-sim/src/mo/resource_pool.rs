//! `ResourcePool`.

use super::managed_entity::{attach, entity};
use crate::call::methods;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::ResourcePoolProperties;
use vim_types::{
    ManagedEntityStatus, ResourceAllocationInfo, ResourceConfigSpec, ResourcePoolRuntimeInfo,
    ResourcePoolSummary, SharesInfo, SharesLevel,
};
use vim_wire::MoRef;

methods! {}

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
        ..Default::default()
    }
}

/// Adds a pool below a pool, or as that of a compute resource; `owner` is the compute resource.
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
    ResourcePoolProperties {
        extends: entity(name),
        owner: owner.clone(),
        config,
        runtime: ResourcePoolRuntimeInfo { overall_status: ManagedEntityStatus::GREEN, ..Default::default() },
        summary: ResourcePoolSummary::default().into(),
        ..Default::default()
    }
}

/// Sets what follows from other properties.
pub(crate) fn derived(tx: &mut Tx<'_>, moref: &MoRef) {
    let Ok(pool) = tx.get::<ResourcePoolProperties>(moref) else { return };
    let (name, config, runtime) = (pool.name.clone(), pool.config.clone(), pool.runtime.clone());
    if pool.summary.name == name && pool.summary.config == config && pool.summary.runtime == runtime {
        return;
    }
    if let Ok(pool) = tx.edit::<ResourcePoolProperties>(moref) {
        (pool.summary.name, pool.summary.config, pool.summary.runtime) = (name, config, runtime);
    }
}
