//! Processors and memory, and what of them can be changed while a machine runs.

use super::super::edit::Edit;
use super::allocation::{self, Of};
use crate::fault::{Fault, Result};
use vim_types::{CpuHotPlugNotSupported, MemoryHotPlugNotSupported, VirtualMachineConfigSpec};

/// The most processors of a machine.
const MAX_CPUS: i32 = 768;

/// The most memory of a machine, in megabytes.
const MAX_MEMORY: i64 = 24 * 1024 * 1024;

/// Memory comes in multiples of so many megabytes.
const MEMORY_STEP: i64 = 4;

/// A running machine's memory grows in multiples of so many megabytes.
const HOT_STEP: i64 = 4;

/// How many times its memory a running machine's may become.
const HOT_FACTOR: i64 = 16;

pub(super) fn apply(edit: &mut Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    flags(edit, spec)?;
    cpus(edit, spec)?;
    memory(edit, spec)?;
    let hardware = &mut edit.config.hardware;
    if spec.virtual_ich7m_present.is_some() {
        hardware.virtual_ich7m_present = spec.virtual_ich7m_present;
    }
    if spec.virtual_smc_present.is_some() {
        hardware.virtual_smc_present = spec.virtual_smc_present;
    }
    if spec.motherboard_layout.is_some() {
        hardware.motherboard_layout.clone_from(&spec.motherboard_layout);
    }
    if let Some(threads) = spec.simultaneous_threads {
        if !(0..=2).contains(&threads) {
            return Err(Fault::invalid_argument("configSpec.simultaneousThreads"));
        }
        hardware.simultaneous_threads = Some(threads);
    }
    allocations(edit, spec)
}

/// Whether processors and memory can be added to the running machine; that itself cannot change while it runs.
fn flags(edit: &mut Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    let config = &edit.config;
    let changes = [
        (config.cpu_hot_add_enabled, spec.cpu_hot_add_enabled),
        (config.cpu_hot_remove_enabled, spec.cpu_hot_remove_enabled),
        (config.memory_hot_add_enabled, spec.memory_hot_add_enabled),
    ];
    if changes.iter().any(|(old, new)| new.is_some() && new.unwrap_or(false) != old.unwrap_or(false)) {
        edit.must_be_off()?;
    }
    let config = &mut edit.config;
    config.cpu_hot_add_enabled = spec.cpu_hot_add_enabled.or(config.cpu_hot_add_enabled);
    config.cpu_hot_remove_enabled = spec.cpu_hot_remove_enabled.or(config.cpu_hot_remove_enabled);
    config.memory_hot_add_enabled = spec.memory_hot_add_enabled.or(config.memory_hot_add_enabled);
    Ok(())
}

fn cpus(edit: &mut Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    let (old, new) = (edit.config.hardware.num_cpu, spec.num_cpus);
    if let Some(new) = new {
        if !(1..=MAX_CPUS).contains(&new) {
            return Err(Fault::invalid_argument("configSpec.numCPUs"));
        }
        if edit.is_on() && new != old {
            let allowed =
                if new > old { edit.config.cpu_hot_add_enabled } else { edit.config.cpu_hot_remove_enabled };
            if allowed != Some(true) {
                let what = if new > old { "add" } else { "remove" };
                let message =
                    format!("CPU hot plug is not supported for this virtual machine: cannot hot {what}.");
                return Err(Fault::new(CpuHotPlugNotSupported::default(), message));
            }
        }
        edit.config.hardware.num_cpu = new;
    }
    let mut cores = edit.config.hardware.num_cores_per_socket.unwrap_or(1);
    if let Some(wanted) = spec.num_cores_per_socket {
        if wanted != cores {
            edit.must_be_off()?;
        }
        // Zero leaves it to the server.
        edit.config.hardware.auto_cores_per_socket = Some(wanted == 0);
        cores = if wanted == 0 { 1 } else { wanted };
    }
    let count = edit.config.hardware.num_cpu;
    if cores < 1 || cores > count || count % cores != 0 {
        if spec.num_cores_per_socket.is_some() || new.is_none() {
            return Err(Fault::invalid_argument("configSpec.numCoresPerSocket"));
        }
        return Err(Fault::invalid_argument("configSpec.numCPUs"));
    }
    edit.config.hardware.num_cores_per_socket = Some(cores);
    Ok(())
}

fn memory(edit: &mut Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    let Some(new) = spec.memory_mb else { return Ok(()) };
    let old = i64::from(edit.config.hardware.memory_mb);
    let invalid = || Fault::invalid_argument("configSpec.memoryMB");
    if !(MEMORY_STEP..=MAX_MEMORY).contains(&new) || new % MEMORY_STEP != 0 {
        return Err(invalid());
    }
    if edit.is_on() && new != old {
        if new < old || edit.config.memory_hot_add_enabled != Some(true) {
            let message = "Memory hot plug is not supported for this virtual machine.";
            return Err(Fault::new(MemoryHotPlugNotSupported::default(), message));
        }
        let step = edit.config.hot_plug_memory_increment_size.unwrap_or(HOT_STEP).max(1);
        let limit = edit.config.hot_plug_memory_limit.unwrap_or(old * HOT_FACTOR);
        if (new - old) % step != 0 || new > limit {
            return Err(invalid());
        }
    }
    edit.config.hardware.memory_mb = i32::try_from(new).map_err(|_| invalid())?;
    if !edit.is_on() {
        edit.config.hot_plug_memory_increment_size = None;
        edit.config.hot_plug_memory_limit = None;
    }
    Ok(())
}

/// Sets how far the memory of a machine that starts can grow while it runs.
pub(in super::super) fn hot_limits(config: &mut vim_types::VirtualMachineConfigInfo) {
    let on = config.memory_hot_add_enabled == Some(true);
    config.hot_plug_memory_increment_size = on.then_some(HOT_STEP);
    config.hot_plug_memory_limit = on.then(|| i64::from(config.hardware.memory_mb) * HOT_FACTOR);
}

fn allocations(edit: &mut Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    let config = &mut edit.config;
    let cpus = Of::Cpus(config.hardware.num_cpu);
    let memory = Of::MemoryMb(i64::from(config.hardware.memory_mb));
    let locked = spec.memory_reservation_locked_to_max.or(config.memory_reservation_locked_to_max);
    config.memory_reservation_locked_to_max = locked;
    let allocation = config.cpu_allocation.get_or_insert_with(allocation::standard);
    if let Some(spec) = &spec.cpu_allocation {
        allocation::apply(allocation, spec, cpus)?;
    }
    allocation::count(allocation, cpus);
    let allocation = config.memory_allocation.get_or_insert_with(allocation::standard);
    if let Some(spec) = &spec.memory_allocation {
        allocation::apply(allocation, spec, memory)?;
    }
    let size = i64::from(config.hardware.memory_mb);
    if locked == Some(true) {
        allocation.reservation = Some(size);
    } else if allocation.reservation.is_some_and(|reservation| reservation > size) {
        return Err(Fault::invalid_argument("configSpec.memoryAllocation.reservation"));
    }
    allocation::count(allocation, memory);
    Ok(())
}
