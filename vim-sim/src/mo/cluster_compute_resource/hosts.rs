//! Hosts come into a cluster: new ones, and ones that the inventory has already.

use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::host_system;
use crate::world::Tx;
use vim_types::HostConnectSpec;
use vim_types::mo::{ClusterComputeResourceProperties, ResourcePoolProperties};
use vim_wire::{Any, MoRef};

pub(super) fn add_host(call: &Call<'_>) -> Result<Reply> {
    let (cluster, spec): (_, HostConnectSpec) = (call.this.clone(), call.arg("spec")?);
    let connected: bool = call.arg("asConnected")?;
    let pool: Option<MoRef> = call.opt("resourcePool")?;
    call.task(&call.this, move |tx| {
        check_pool(tx, &cluster, pool.as_ref())?;
        Ok(Any::MoRef(host_system::add_to_cluster(tx, &cluster, &spec, connected)?))
    })
}

/// The fault that a pool is not one of the cluster's.
fn check_pool(tx: &Tx<'_>, cluster: &MoRef, pool: Option<&MoRef>) -> Result<()> {
    let Some(pool) = pool else { return Ok(()) };
    if tx.get::<ResourcePoolProperties>(pool)?.owner != *cluster {
        return Err(Fault::invalid_argument("resourcePool"));
    }
    Ok(())
}

pub(super) fn move_into(call: &Call<'_>) -> Result<Reply> {
    let (cluster, hosts): (_, Vec<MoRef>) = (call.this.clone(), call.list("host")?);
    call.task(&call.this, move |tx| {
        hosts.iter().try_for_each(|host| host_system::move_to_cluster(tx, host, &cluster, None))?;
        Ok(Any::Nil)
    })
}

pub(super) fn move_host_into(call: &Call<'_>) -> Result<Reply> {
    let (cluster, host): (_, MoRef) = (call.this.clone(), call.arg("host")?);
    let pool: Option<MoRef> = call.opt("resourcePool")?;
    call.task(&call.this, move |tx| {
        check_pool(tx, &cluster, pool.as_ref())?;
        let pool = pool.or(tx.get::<ClusterComputeResourceProperties>(&cluster)?.resource_pool.clone());
        host_system::move_to_cluster(tx, &host, &cluster, pool.as_ref())?;
        Ok(Any::Nil)
    })
}
