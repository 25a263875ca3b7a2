//! What a pool may use: reservations, limits and shares, and whether there is enough for them.

use super::{event, is_root};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::managed_entity::{rename, valid_name};
use crate::world::Tx;
use vim_types::mo::{ResourcePoolProperties, VirtualMachineProperties};
use vim_types::{
    InsufficientCpuResourcesFault, InsufficientMemoryResourcesFault, IntOption, ResourceAllocationInfo,
    ResourceAllocationOption, ResourceConfigOption, ResourceConfigSpec, ResourcePoolReconfiguredEvent,
    SharesInfo, SharesLevel, SharesOption,
};
use vim_wire::MoRef;

/// The shares of the level normal.
const CPU_SHARES: i32 = 4_000;
const MEMORY_SHARES: i32 = 163_840;

/// The most shares.
const MOST_SHARES: i32 = 4_000_000;

/// The fault that a spec for a new pool leaves something open or is none.
pub(crate) fn check_whole(spec: &ResourceConfigSpec, at: &str) -> Result<()> {
    for (allocation, name) in
        [(&spec.cpu_allocation, "cpuAllocation"), (&spec.memory_allocation, "memoryAllocation")]
    {
        let whole = allocation.reservation.is_some()
            && allocation.limit.is_some()
            && allocation.expandable_reservation.is_some()
            && allocation.shares.is_some();
        if !whole {
            return Err(Fault::invalid_argument(&format!("{at}.{name}")));
        }
        check(allocation, &format!("{at}.{name}"))?;
    }
    Ok(())
}

/// The fault that an allocation is none.
fn check(allocation: &ResourceAllocationInfo, at: &str) -> Result<()> {
    let (reservation, limit) = (allocation.reservation.unwrap_or(0), allocation.limit.unwrap_or(-1));
    let shares = allocation.shares.as_ref();
    let fits = reservation >= 0
        && limit >= -1
        && (limit == -1 || limit >= reservation)
        && allocation.overhead_limit.is_none()
        && shares.is_none_or(|shares| {
            shares.level != SharesLevel::CUSTOM || (0..=MOST_SHARES).contains(&shares.shares)
        });
    if fits { Ok(()) } else { Err(Fault::invalid_argument(at)) }
}

/// An allocation as a spec changes it.
fn changed(
    current: &ResourceAllocationInfo,
    spec: &ResourceAllocationInfo,
    normal: i32,
) -> ResourceAllocationInfo {
    let mut allocation = current.clone();
    crate::mo::merge::merge!(allocation, spec; reservation, expandable_reservation, limit, shares);
    if let Some(shares) = &mut allocation.shares {
        shares.shares = number(shares, normal);
    }
    allocation
}

/// How many shares a level is.
fn number(shares: &SharesInfo, normal: i32) -> i32 {
    match shares.level {
        SharesLevel::LOW => normal / 2,
        SharesLevel::NORMAL => normal,
        SharesLevel::HIGH => normal * 2,
        _ => shares.shares,
    }
}

/// The fault that there is not enough in a pool for the reservations of a child, be it a new one or one that has reserved
/// something already.
pub(crate) fn admit(
    tx: &Tx<'_>,
    parent: &MoRef,
    child: Option<&MoRef>,
    spec: &ResourceConfigSpec,
) -> Result<()> {
    let parent = tx.get::<ResourcePoolProperties>(parent)?;
    let own = match child {
        Some(child) => Some(tx.get::<ResourcePoolProperties>(child)?),
        None => None,
    };
    let cpu_own = own.and_then(|own| own.config.cpu_allocation.reservation).unwrap_or(0);
    let cpu = spec.cpu_allocation.reservation.unwrap_or(cpu_own);
    let free = parent.runtime.cpu.unreserved_for_pool + cpu_own;
    if cpu > cpu_own && cpu > free {
        let fault = InsufficientCpuResourcesFault { unreserved: free, requested: cpu, ..Default::default() };
        let message =
            format!("There is not enough CPU in {}: {free} MHz of {cpu} MHz are unreserved.", parent.name);
        return Err(Fault::new(fault, message));
    }
    let memory_own = own.and_then(|own| own.config.memory_allocation.reservation).unwrap_or(0);
    let memory = spec.memory_allocation.reservation.unwrap_or(memory_own);
    let free = parent.runtime.memory.unreserved_for_pool + (memory_own << 20);
    if memory > memory_own && memory << 20 > free {
        let fault = InsufficientMemoryResourcesFault {
            unreserved: free,
            requested: memory << 20,
            ..Default::default()
        };
        let message = format!(
            "There is not enough memory in {}: {} MB of {memory} MB are unreserved.",
            parent.name,
            free >> 20
        );
        return Err(Fault::new(fault, message));
    }
    Ok(())
}

/// The fault that a pool which cannot take from its parent has given away more than it would have.
fn check_given(tx: &Tx<'_>, pool: &MoRef, config: &ResourceConfigSpec) -> Result<()> {
    let runtime = &tx.get::<ResourcePoolProperties>(pool)?.runtime;
    let short = |allocation: &ResourceAllocationInfo, used: i64| {
        let reserved = allocation.reservation.unwrap_or(0);
        (!allocation.expandable_reservation.unwrap_or(false) && reserved < used).then_some(reserved)
    };
    if let Some(unreserved) = short(&config.cpu_allocation, runtime.cpu.reservation_used) {
        let requested = runtime.cpu.reservation_used;
        let fault = InsufficientCpuResourcesFault { unreserved, requested, ..Default::default() };
        return Err(Fault::new(fault, format!("{requested} MHz are reserved in the pool already.")));
    }
    let requested = runtime.memory.reservation_used;
    if let Some(unreserved) = short(&config.memory_allocation, requested >> 20) {
        let unreserved = unreserved << 20;
        let fault = InsufficientMemoryResourcesFault { unreserved, requested, ..Default::default() };
        return Err(Fault::new(fault, format!("{} MB are reserved in the pool already.", requested >> 20)));
    }
    Ok(())
}

/// Changes what a pool may use.
pub(crate) fn update(tx: &mut Tx<'_>, pool: &MoRef, spec: &ResourceConfigSpec, at: &str) -> Result<()> {
    if is_root(tx, pool) {
        return Err(Fault::not_supported("a compute resource's own pool has all of it"));
    }
    let properties = tx.get::<ResourcePoolProperties>(pool)?;
    let version = properties.config.change_version.as_deref();
    if spec.change_version.as_deref().is_some_and(|wanted| Some(wanted) != version) {
        let fault = vim_types::ConcurrentAccess::default();
        return Err(Fault::new(fault, "The pool was changed by somebody else since it was read."));
    }
    let parent = properties.parent.clone().ok_or_else(|| Fault::managed_object_not_found(pool))?;
    let mut config = properties.config.clone();
    config.cpu_allocation = changed(&config.cpu_allocation, &spec.cpu_allocation, CPU_SHARES);
    config.memory_allocation = changed(&config.memory_allocation, &spec.memory_allocation, MEMORY_SHARES);
    crate::mo::merge::merge!(config, spec; scale_descendants_shares);
    check(&config.cpu_allocation, &format!("{at}.cpuAllocation"))?;
    check(&config.memory_allocation, &format!("{at}.memoryAllocation"))?;
    admit(tx, &parent, Some(pool), &config)?;
    check_given(tx, pool, &config)?;
    config.change_version = Some((tx.version() + 1).to_string());
    config.last_modified = Some(tx.now);
    tx.edit::<ResourcePoolProperties>(pool)?.config = config;
    let extends = event(tx, pool);
    events::post(tx, ResourcePoolReconfiguredEvent { extends, ..Default::default() });
    Ok(())
}

pub(super) fn update_config(call: &Call<'_>) -> Result<Reply> {
    let (name, spec): (Option<String>, Option<ResourceConfigSpec>) = (call.opt("name")?, call.opt("config")?);
    call.write(|tx| {
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            rename(tx, &call.this, &valid_name(&name)?)?;
        }
        if let Some(spec) = &spec {
            update(tx, &call.this, spec, "config")?;
        }
        Ok(())
    })?;
    call.done()
}

/// Changes pools and VMs that are children of the pool.
pub(super) fn update_children(call: &Call<'_>) -> Result<Reply> {
    let specs: Vec<ResourceConfigSpec> = call.list("spec")?;
    call.write(|tx| {
        for spec in &specs {
            let child = spec.entity.as_ref().ok_or_else(|| Fault::invalid_argument("spec.entity"))?;
            let pool = tx.get::<ResourcePoolProperties>(&call.this)?;
            if pool.resource_pool.contains(child) {
                update(tx, child, spec, "spec")?;
            } else if pool.vm.contains(child) {
                update_vm(tx, child, spec)?;
            } else {
                return Err(Fault::invalid_argument("spec.entity"));
            }
        }
        Ok(())
    })?;
    call.done()
}

fn update_vm(tx: &mut Tx<'_>, vm: &MoRef, spec: &ResourceConfigSpec) -> Result<()> {
    let Some(config) = &mut tx.edit::<VirtualMachineProperties>(vm)?.config else {
        return Err(Fault::managed_object_not_found(vm));
    };
    let cpu = config.cpu_allocation.clone().unwrap_or_default();
    let memory = config.memory_allocation.clone().unwrap_or_default();
    let cpu = changed(&cpu, &spec.cpu_allocation, 1_000 * config.hardware.num_cpu);
    let memory = changed(&memory, &spec.memory_allocation, 10 * config.hardware.memory_mb);
    check(&cpu, "spec.cpuAllocation")?;
    check(&memory, "spec.memoryAllocation")?;
    (config.cpu_allocation, config.memory_allocation) = (Some(cpu), Some(memory));
    Ok(())
}

pub(super) fn query_option(call: &Call<'_>) -> Result<Reply> {
    let option = |default| ResourceAllocationOption {
        shares_option: SharesOption {
            shares_option: IntOption {
                min: 0,
                max: MOST_SHARES,
                default_value: default,
                ..Default::default()
            },
            default_level: SharesLevel::NORMAL,
        },
    };
    call.returns(&ResourceConfigOption {
        cpu_allocation_option: option(CPU_SHARES),
        memory_allocation_option: option(MEMORY_SHARES),
    })
}
