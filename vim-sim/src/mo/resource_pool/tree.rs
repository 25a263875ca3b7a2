//! Pools go and move.

use super::config::admit;
use super::{event, is_root};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::managed_entity::{attach, check_free, detach};
use crate::mo::relations;
use crate::world::Tx;
use vim_types::mo::{ResourcePoolProperties, VirtualMachineProperties};
use vim_types::{InvalidArgument, ResourcePoolDestroyedEvent, ResourcePoolMovedEvent};
use vim_wire::MoRef;

/// Takes a pool away; what is in it goes to its parent.
pub(crate) fn destroy(tx: &mut Tx<'_>, pool: &MoRef) -> Result<()> {
    let properties = tx.get::<ResourcePoolProperties>(pool)?;
    let parent = properties.parent.clone().filter(|_| !is_root(tx, pool));
    let Some(parent) = parent else {
        let message = "A compute resource's own pool goes with it.";
        return Err(Fault::new(InvalidArgument::default(), message));
    };
    for vm in properties.vm.clone() {
        relations::set_pool(tx, &vm, Some(&parent))?;
    }
    for child in tx.get::<ResourcePoolProperties>(pool)?.resource_pool.clone() {
        detach(tx, &child)?;
        attach(tx, &child, &parent)?;
    }
    let extends = event(tx, pool);
    events::post(tx, ResourcePoolDestroyedEvent { extends });
    detach(tx, pool)?;
    tx.remove(pool);
    Ok(())
}

/// Takes a pool away with all pools below it; there are no VMs in them any more.
pub(crate) fn remove_tree(tx: &mut Tx<'_>, pool: &MoRef) -> Result<()> {
    for child in tx.get::<ResourcePoolProperties>(pool)?.resource_pool.clone() {
        remove_tree(tx, &child)?;
    }
    tx.remove(pool);
    Ok(())
}

pub(super) fn destroy_children(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| {
        // What was in a child is a child of this pool after; it goes too.
        while let Some(child) = tx.get::<ResourcePoolProperties>(&call.this)?.resource_pool.first().cloned() {
            destroy(tx, &child)?;
        }
        Ok(())
    })?;
    call.done()
}

pub(super) fn move_into_pool(call: &Call<'_>) -> Result<Reply> {
    let list: Vec<MoRef> = call.list("list")?;
    call.write(|tx| list.iter().try_for_each(|moref| move_into(tx, moref, &call.this)))?;
    call.done()
}

/// Moves a VM or a pool into a pool of the same compute resource.
pub(crate) fn move_into(tx: &mut Tx<'_>, moref: &MoRef, pool: &MoRef) -> Result<()> {
    let owner = tx.get::<ResourcePoolProperties>(pool)?.owner.clone();
    let node = tx.must(moref)?;
    if let Some(vm) = node.properties::<VirtualMachineProperties>() {
        let host = vm.runtime.host.as_ref();
        let elsewhere = host.is_some_and(|host| {
            tx.above(host, "ComputeResource").is_none_or(|resource| resource.moref != owner)
        });
        if elsewhere || vm.config.as_ref().is_some_and(|config| config.template) {
            return Err(Fault::invalid_argument("list"));
        }
        return relations::set_pool(tx, moref, Some(pool));
    }
    let Some(moved) = node.properties::<ResourcePoolProperties>() else {
        return Err(Fault::invalid_argument("list"));
    };
    let within = tx.lineage(pool).any(|above| above.moref == *moref);
    if is_root(tx, moref) || within || moved.owner != owner {
        return Err(Fault::invalid_argument("list"));
    }
    let Some(from) = moved.parent.clone().filter(|from| from != pool) else { return Ok(()) };
    check_free(tx, pool, &moved.name.clone())?;
    let config = tx.get::<ResourcePoolProperties>(moref)?.config.clone();
    admit(tx, pool, None, &config)?;
    let extends = event(tx, moref);
    let (old_parent, new_parent) = (events::resource_pool(tx, &from), events::resource_pool(tx, pool));
    events::post(tx, ResourcePoolMovedEvent { extends, old_parent, new_parent });
    shift_use(tx, moref, &from, -1)?;
    detach(tx, moref)?;
    attach(tx, moref, pool)?;
    shift_use(tx, moref, pool, 1)
}

/// Takes what a pool's VMs use from the pools above it, or adds it to them.
fn shift_use(tx: &mut Tx<'_>, moved: &MoRef, from: &MoRef, sign: i64) -> Result<()> {
    let runtime = tx.get::<ResourcePoolProperties>(moved)?.runtime.clone();
    let above: Vec<MoRef> =
        tx.lineage(from).filter(|node| node.is_a("ResourcePool")).map(|node| node.moref.clone()).collect();
    for pool in above {
        let own = &mut tx.edit::<ResourcePoolProperties>(&pool)?.runtime;
        for (own, moved) in [(&mut own.cpu, &runtime.cpu), (&mut own.memory, &runtime.memory)] {
            own.overall_usage += sign * moved.overall_usage;
            own.reservation_used_for_vm += sign * moved.reservation_used_for_vm;
        }
    }
    Ok(())
}
