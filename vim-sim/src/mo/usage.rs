//! What VMs use of their hosts and pools. It is kept by differences: a host may have many thousand VMs.

use crate::world::Tx;
use vim_types::mo::{HostSystemProperties, ResourcePoolProperties, VirtualMachineProperties};
use vim_types::{HostListSummaryQuickStats, VirtualMachinePowerState};
use vim_wire::MoRef;

/// The work that a host has by itself, in MHz, and the memory that it uses for itself, in MB.
const OWN: (i32, i32) = (67, 1_404);

/// What an idle guest does, in MHz a processor.
pub(crate) const IDLE: i32 = 26;

/// What a host uses without VMs.
pub(crate) fn own() -> HostListSummaryQuickStats {
    HostListSummaryQuickStats {
        overall_cpu_usage: Some(OWN.0),
        overall_memory_usage: Some(OWN.1),
        ..Default::default()
    }
}

/// What a VM uses while it runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Usage {
    /// MHz.
    cpu: i64,
    /// MB.
    memory: i64,
    /// MHz.
    cpu_reserved: i64,
    /// MB.
    memory_reserved: i64,
}

impl Usage {
    fn of(vm: &VirtualMachineProperties) -> Self {
        let Some(config) =
            vm.config.as_ref().filter(|_| vm.runtime.power_state == VirtualMachinePowerState::POWERED_ON)
        else {
            return Self::default();
        };
        let reserved = |allocation: &Option<vim_types::ResourceAllocationInfo>| {
            allocation.as_ref().and_then(|allocation| allocation.reservation).unwrap_or(0)
        };
        Self {
            cpu: i64::from(config.hardware.num_cpu.saturating_mul(IDLE)),
            memory: i64::from(config.hardware.memory_mb / 10),
            cpu_reserved: reserved(&config.cpu_allocation),
            memory_reserved: reserved(&config.memory_allocation),
        }
    }
}

/// Has a VM's host and pools know what it uses now, in place of what it used before.
pub(crate) fn follow(tx: &mut Tx<'_>, vm: &MoRef) {
    let place =
        |vm: &VirtualMachineProperties| (Usage::of(vm), vm.runtime.host.clone(), vm.resource_pool.clone());
    let before = tx.before::<VirtualMachineProperties>(vm).map(place);
    let after = tx.get::<VirtualMachineProperties>(vm).ok().map(place);
    if before == after {
        return;
    }
    for (sign, at) in [(-1, before), (1, after)] {
        let Some((usage, host, pool)) = at.filter(|(usage, ..)| *usage != Usage::default()) else { continue };
        if let Some(host) = host {
            add_to_host(tx, &host, usage, sign);
        }
        let pools: Vec<MoRef> = pool
            .iter()
            .flat_map(|pool| tx.lineage(pool))
            .filter(|node| node.is_a("ResourcePool"))
            .map(|node| node.moref.clone())
            .collect();
        for pool in pools {
            add_to_pool(tx, &pool, usage, sign);
        }
    }
}

fn add_to_host(tx: &mut Tx<'_>, host: &MoRef, usage: Usage, sign: i64) {
    // A host may be gone with its VMs.
    let Ok(host) = tx.edit::<HostSystemProperties>(host) else { return };
    let stats = &mut host.summary.quick_stats;
    let add = |value: &mut Option<i32>, more: i64| {
        *value = value.and_then(|value| i32::try_from(i64::from(value) + sign * more).ok());
    };
    add(&mut stats.overall_cpu_usage, usage.cpu);
    add(&mut stats.overall_memory_usage, usage.memory);
}

fn add_to_pool(tx: &mut Tx<'_>, pool: &MoRef, usage: Usage, sign: i64) {
    let Ok(pool) = tx.edit::<ResourcePoolProperties>(pool) else { return };
    pool.runtime.cpu.overall_usage += sign * usage.cpu;
    pool.runtime.memory.overall_usage += sign * (usage.memory << 20);
    pool.runtime.cpu.reservation_used_for_vm += sign * usage.cpu_reserved;
    pool.runtime.memory.reservation_used_for_vm += sign * (usage.memory_reserved << 20);
}
