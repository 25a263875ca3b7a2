//! What pools have and use. It follows for all pools of a compute resource together: what a pool may reserve depends on the
//! pools above it, what it has reserved on those below.

use crate::world::Tx;
use vim_types::mo::{ComputeResourceProperties, ResourcePoolProperties};
use vim_types::{ResourceAllocationInfo, ResourcePoolResourceUsage};
use vim_wire::MoRef;

/// One pool's CPU in MHz, or its memory in bytes.
#[derive(Clone, Copy, Debug, Default)]
struct Numbers {
    reservation: i64,
    expandable: bool,
    limit: i64,
    used_by_vms: i64,
    used: i64,
}

impl Numbers {
    fn of(allocation: &ResourceAllocationInfo, usage: &ResourcePoolResourceUsage, unit: u32) -> Self {
        let limit = allocation.limit.filter(|limit| *limit >= 0);
        Self {
            reservation: allocation.reservation.unwrap_or(0) << unit,
            expandable: allocation.expandable_reservation.unwrap_or(false),
            limit: limit.map_or(i64::MAX, |limit| limit << unit),
            used_by_vms: usage.reservation_used_for_vm,
            used: 0,
        }
    }
}

struct Pool {
    moref: MoRef,
    parent: Option<usize>,
    numbers: [Numbers; 2],
}

/// Sets what follows from other properties.
pub(crate) fn derived(tx: &mut Tx<'_>, moref: &MoRef) {
    if let Ok(pool) = tx.get::<ResourcePoolProperties>(moref) {
        let owner = pool.owner.clone();
        settle(tx, &owner);
    }
    summarize(tx, moref);
}

fn summarize(tx: &mut Tx<'_>, moref: &MoRef) {
    let Ok(pool) = tx.get::<ResourcePoolProperties>(moref) else { return };
    let summary = &pool.summary;
    if summary.name == pool.name && summary.config == pool.config && summary.runtime == pool.runtime {
        return;
    }
    let (name, config, runtime) = (pool.name.clone(), pool.config.clone(), pool.runtime.clone());
    if let Ok(pool) = tx.edit::<ResourcePoolProperties>(moref) {
        (pool.summary.name, pool.summary.config, pool.summary.runtime) = (name, config, runtime);
    }
}

/// Sets what the pools of a compute resource have.
pub(crate) fn settle(tx: &mut Tx<'_>, owner: &MoRef) {
    let Ok(resource) = tx.get::<ComputeResourceProperties>(owner) else { return };
    let total = [i64::from(resource.summary.effective_cpu), resource.summary.effective_memory << 20];
    let Some(root) = resource.resource_pool.clone() else { return };
    whole_of_root(tx, &root, total);
    let mut pools = tree(tx, &root);
    for which in [0, 1] {
        let mut direct: Vec<i64> = pools.iter().map(|pool| pool.numbers[which].used_by_vms).collect();
        for pool in &pools {
            if let Some(parent) = pool.parent {
                direct[parent] -= pool.numbers[which].used_by_vms;
            }
        }
        // Children come after their parents.
        for at in (0..pools.len()).rev() {
            pools[at].numbers[which].used += direct[at];
            let Numbers { reservation, expandable, used, .. } = pools[at].numbers[which];
            if let Some(parent) = pools[at].parent {
                let taken = if expandable { used.max(reservation) } else { reservation };
                pools[parent].numbers[which].used += taken;
            }
        }
    }
    let mut free: Vec<[(i64, i64); 2]> = Vec::with_capacity(pools.len());
    for pool in &pools {
        let mut own = [(0, 0); 2];
        for which in [0, 1] {
            let numbers = pool.numbers[which];
            let above = pool.parent.map(|parent| free[parent][which]);
            let (unreserved_above, most_above) = above.unwrap_or((0, total[which]));
            let own_unreserved = (numbers.reservation - numbers.used).max(0);
            let more = if numbers.expandable { unreserved_above } else { 0 };
            let most = numbers.limit.min(most_above);
            let unreserved = own_unreserved.saturating_add(more).min((most - numbers.used).max(0));
            own[which] = (unreserved, most);
        }
        free.push(own);
    }
    for (pool, free) in pools.iter().zip(&free) {
        write(tx, pool, free);
    }
}

fn write(tx: &mut Tx<'_>, pool: &Pool, free: &[(i64, i64); 2]) {
    let Ok(properties) = tx.get::<ResourcePoolProperties>(&pool.moref) else { return };
    let mut runtime = properties.runtime.clone();
    for (which, usage) in [&mut runtime.cpu, &mut runtime.memory].into_iter().enumerate() {
        usage.reservation_used = pool.numbers[which].used;
        (usage.unreserved_for_pool, usage.max_usage) = free[which];
        usage.unreserved_for_vm = usage.unreserved_for_pool;
    }
    if properties.runtime != runtime
        && let Ok(properties) = tx.edit::<ResourcePoolProperties>(&pool.moref)
    {
        properties.runtime = runtime;
        summarize(tx, &pool.moref);
    }
}

/// A compute resource's own pool has all of it.
fn whole_of_root(tx: &mut Tx<'_>, root: &MoRef, [cpu, memory]: [i64; 2]) {
    let Ok(pool) = tx.get::<ResourcePoolProperties>(root) else { return };
    let mut config = pool.config.clone();
    for (allocation, total) in
        [(&mut config.cpu_allocation, cpu), (&mut config.memory_allocation, memory >> 20)]
    {
        allocation.reservation = Some(total);
        allocation.limit = Some(total);
        allocation.expandable_reservation = Some(false);
    }
    if pool.config != config
        && let Ok(pool) = tx.edit::<ResourcePoolProperties>(root)
    {
        pool.config = config;
    }
}

/// The pools of a compute resource, parents first.
fn tree(tx: &Tx<'_>, root: &MoRef) -> Vec<Pool> {
    let mut pools: Vec<Pool> = Vec::new();
    let mut next = vec![(root.clone(), None)];
    while let Some((moref, parent)) = next.pop() {
        let Ok(pool) = tx.get::<ResourcePoolProperties>(&moref) else { continue };
        let at = pools.len();
        next.extend(pool.resource_pool.iter().map(|child| (child.clone(), Some(at))));
        let numbers = [
            Numbers::of(&pool.config.cpu_allocation, &pool.runtime.cpu, 0),
            Numbers::of(&pool.config.memory_allocation, &pool.runtime.memory, 20),
        ];
        pools.push(Pool { moref, parent, numbers });
    }
    pools
}
