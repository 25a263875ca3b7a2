//! Whether there is room for a machine to run: on its host, and of what its pool may reserve.

use super::devices::file;
use super::{create as machines, faults, place};
use crate::fault::{Fault, Result};
use crate::files;
use crate::world::World;
use vim_types::mo::{
    ComputeResourceProperties, HostSystemProperties, ResourcePoolProperties, VirtualMachineProperties,
};
use vim_types::{
    NotEnoughCpus, NotEnoughLogicalCpus, ResourceAllocationInfo, VirtualDisk, VirtualMachinePowerState,
};
use vim_wire::MoRef;

/// Whether a machine can be started where it is.
pub(super) fn check(world: &World, vm: &MoRef) -> Result<()> {
    let properties = world.get::<VirtualMachineProperties>(vm)?;
    let config = machines::config_of(world, vm)?;
    let host = properties.runtime.host.as_ref();
    if let Some(host) = host {
        place::usable(world, host)?;
        if let Some(hardware) = &world.get::<HostSystemProperties>(host)?.summary.hardware {
            let limit = i32::from(hardware.num_cpu_threads);
            if limit > 0 && config.hardware.num_cpu > limit {
                return Err(not_enough_cpus(host, config.hardware.num_cpu, limit));
            }
            if i64::from(config.hardware.memory_mb) << 20 > hardware.memory_size && hardware.memory_size > 0 {
                return Err(faults::no_memory(
                    hardware.memory_size,
                    i64::from(config.hardware.memory_mb) << 20,
                ));
            }
        }
    }
    for disk in config.hardware.device.iter().filter(|device| device.is::<VirtualDisk>()) {
        for (datastore, name) in file::chain(disk) {
            let (_, path) = files::parse(&name)?;
            place::reachable(world, &datastore, host)?;
            files::must(world, &datastore, &path)?;
        }
    }
    reservations(world, vm)
}

fn not_enough_cpus(host: &MoRef, wanted: i32, limit: i32) -> Fault {
    let mut fault = NotEnoughLogicalCpus {
        extends: NotEnoughCpus { num_cpu_dest: limit, num_cpu_vm: wanted, ..Default::default() },
        ..Default::default()
    };
    fault.host = Some(host.clone());
    Fault::new(
        fault,
        format!(
            "The total number of virtual CPUs ({wanted}) exceeds what the host has ({limit} logical processors)."
        ),
    )
}

/// What is reserved, in the units of the API: megahertz and megabytes.
#[derive(Clone, Copy)]
enum What {
    Cpu,
    Memory,
}

fn reserved(allocation: Option<&ResourceAllocationInfo>) -> i64 {
    allocation.and_then(|allocation| allocation.reservation).unwrap_or(0).max(0)
}

/// Whether what a machine reserves is there, in its pool or in those above it that lend to it.
fn reservations(world: &World, vm: &MoRef) -> Result<()> {
    let config = machines::config_of(world, vm)?;
    let Some(pool) = &world.get::<VirtualMachineProperties>(vm)?.resource_pool else { return Ok(()) };
    let cpu = reserved(config.cpu_allocation.as_ref());
    if cpu > 0 {
        let free = free(world, pool, What::Cpu, 0)?;
        if cpu > free {
            return Err(faults::no_cpu(free, cpu));
        }
    }
    let memory = reserved(config.memory_allocation.as_ref());
    if memory > 0 {
        let free = free(world, pool, What::Memory, 0)?;
        if memory > free {
            return Err(faults::no_memory(free << 20, memory << 20));
        }
    }
    Ok(())
}

/// What machines of a pool can reserve yet.
fn free(world: &World, pool: &MoRef, what: What, depth: usize) -> Result<i64> {
    let properties = world.get::<ResourcePoolProperties>(pool)?;
    let of_pool = |pool: &ResourcePoolProperties| match what {
        What::Cpu => pool.config.cpu_allocation.clone(),
        What::Memory => pool.config.memory_allocation.clone(),
    };
    let of_machine = |vm: &MoRef| {
        let vm = world.get::<VirtualMachineProperties>(vm).ok()?;
        let config =
            vm.config.as_ref().filter(|_| vm.runtime.power_state == VirtualMachinePowerState::POWERED_ON)?;
        Some(reserved(match what {
            What::Cpu => config.cpu_allocation.as_ref(),
            What::Memory => config.memory_allocation.as_ref(),
        }))
    };
    let machines: i64 = properties.vm.iter().filter_map(of_machine).sum();
    let pools =
        properties.resource_pool.iter().filter_map(|pool| world.get::<ResourcePoolProperties>(pool).ok());
    let used = machines + pools.map(|pool| reserved(Some(&of_pool(pool)))).sum::<i64>();
    let allocation = of_pool(properties);
    let parent = properties
        .parent
        .as_ref()
        .filter(|parent| depth < 32 && world.node(parent).is_some_and(|node| node.is_a("ResourcePool")));
    let Some(parent) = parent else { return Ok(total(world, &properties.owner, what)?.saturating_sub(used)) };
    let own = reserved(Some(&allocation)) - used;
    let mut free = own;
    if allocation.expandable_reservation == Some(true) {
        free += self::free(world, parent, what, depth + 1)?;
    }
    match allocation.limit {
        Some(limit) if limit >= 0 => Ok(free.min(limit - used)),
        _ => Ok(free),
    }
}

/// What all hosts of a compute resource have.
fn total(world: &World, owner: &MoRef, what: What) -> Result<i64> {
    let hosts = &world.get::<ComputeResourceProperties>(owner)?.host;
    let hardware = hosts
        .iter()
        .filter_map(|host| world.get::<HostSystemProperties>(host).ok()?.summary.hardware.as_ref());
    Ok(hardware
        .map(|hardware| match what {
            What::Cpu => i64::from(hardware.cpu_mhz) * i64::from(hardware.num_cpu_cores),
            What::Memory => hardware.memory_size >> 20,
        })
        .sum())
}
