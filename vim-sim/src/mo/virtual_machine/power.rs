//! Power: on, off, suspended, and what guests do of it themselves.

use super::{Facts, admission, config, create as machines, customize, faults, guest, layout, place};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::files::{self, File, FileKind};
use crate::mo::relations;
use crate::world::Tx;
use vim_types::mo::{HostSystemProperties, VirtualMachineProperties};
use vim_types::{
    ToolsUnavailable, VirtualMachinePowerState as Power, VmGuestRebootEvent, VmGuestShutdownEvent,
    VmGuestStandbyEvent, VmPoweredOffEvent, VmPoweredOnEvent, VmResettingEvent, VmResumingEvent,
    VmStartingEvent, VmStoppingEvent, VmSuspendedEvent, VmSuspendingEvent,
};
use vim_wire::{Any, MoRef};

fn state(tx: &Tx<'_>, vm: &MoRef) -> Result<Power> {
    Ok(tx.get::<VirtualMachineProperties>(vm)?.runtime.power_state.clone())
}

/// Powers a machine on, or has it go on where it was suspended.
pub(crate) fn power_on(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    if machines::config_of(tx, vm)?.template {
        return Err(faults::invalid_state("A template cannot be powered on."));
    }
    match state(tx, vm)? {
        is @ Power::POWERED_ON => Err(Fault::power_state(Some(Power::POWERED_ON), is)),
        Power::SUSPENDED => {
            admission::check(tx, vm)?;
            let event = events::of_vm(tx, vm);
            events::post(tx, VmResumingEvent { extends: event });
            resume(tx, vm)?;
            let event = events::of_vm(tx, vm);
            events::post(tx, VmPoweredOnEvent { extends: event });
            Ok(())
        }
        _ => start(tx, vm),
    }
}

fn start(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    admission::check(tx, vm)?;
    // Whatever can fail comes before the first event.
    swap(tx, vm)?;
    let event = events::of_vm(tx, vm);
    events::post(tx, VmStartingEvent { extends: event });
    super::upgrade::scheduled(tx, vm)?;
    run(tx, vm)?;
    let now = tx.now;
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    properties.runtime.boot_time = Some(now);
    if let Some(config) = &mut properties.config {
        config::hardware::hot_limits(config);
        // It is for one start only.
        if let Some(options) =
            config.boot_options.as_mut().filter(|options| options.enter_bios_setup == Some(true))
        {
            options.enter_bios_setup = Some(false);
        }
    }
    let event = events::of_vm(tx, vm);
    events::post(tx, VmPoweredOnEvent { extends: event });
    boot(tx, vm)
}

/// Has the guest begin; it is up after its time.
fn boot(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let boot = guest::begin(tx, vm)?;
    customize::begin(tx, vm)?;
    let vm = vm.clone();
    tx.then(move |sim| guest::boot_later(sim, &vm, boot));
    Ok(())
}

/// What is so of each machine that runs.
fn run(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    swap(tx, vm)?;
    let properties = tx.get::<VirtualMachineProperties>(vm)?;
    let mhz = properties
        .runtime
        .host
        .as_ref()
        .and_then(|host| tx.get::<HostSystemProperties>(host).ok())
        .and_then(|host| host.summary.hardware.as_ref().map(|hardware| hardware.cpu_mhz));
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    let runtime = &mut properties.runtime;
    runtime.power_state = Power::POWERED_ON;
    runtime.suspend_time = None;
    runtime.clean_power_off = None;
    let Some(config) = &mut properties.config else { return Ok(()) };
    runtime.max_cpu_usage = mhz.map(|mhz| mhz.saturating_mul(config.hardware.num_cpu));
    runtime.max_memory_usage = Some(config.hardware.memory_mb);
    // About what servers need beside the memory itself.
    runtime.memory_overhead = Some((32 << 20) + (i64::from(config.hardware.memory_mb) << 20) / 128);
    for device in &mut config.hardware.device {
        if let Some(connectable) = &mut device.connectable {
            connectable.connected = connectable.start_connected;
            connectable.status = Some("ok".into());
        }
    }
    layout::refresh(tx, vm)
}

/// What is so of each machine that does not run.
fn stop(tx: &mut Tx<'_>, vm: &MoRef, state: Power) -> Result<()> {
    remove_runtime_files(tx, vm)?;
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    let runtime = &mut properties.runtime;
    runtime.power_state = state;
    runtime.max_cpu_usage = None;
    runtime.max_memory_usage = None;
    runtime.memory_overhead = None;
    runtime.num_mks_connections = 0;
    runtime.question = None;
    if let Some(config) = &mut properties.config {
        config.hot_plug_memory_increment_size = None;
        config.hot_plug_memory_limit = None;
        for device in &mut config.hardware.device {
            if let Some(connectable) = &mut device.connectable {
                connectable.connected = false;
                connectable.status = Some("untried".into());
            }
        }
    }
    Ok(())
}

/// A running machine's swap file: as large as what is not reserved of its memory.
fn swap(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let config = machines::config_of(tx, vm)?;
    let reserved = config.memory_allocation.as_ref().and_then(|memory| memory.reservation).unwrap_or(0);
    let size = (i64::from(config.hardware.memory_mb) - reserved).max(0) << 20;
    let home = config.files.vm_path_name.clone().unwrap_or_default();
    let id: String = config.uuid.chars().filter(|char| *char != '-').take(8).collect();
    let (datastore, path) = files::resolve(tx, place::datacenter(tx, vm).as_ref(), &home)?;
    let name = format!("{}-{id}.vswp", machines::stem(&path));
    let path = place::join(place::parent(&path), &name);
    if size == 0 || files::get(tx, &datastore, &path).is_some() {
        return Ok(());
    }
    let file = File::new(FileKind::Memory, size, tx.now);
    files::put(tx, &datastore, &path, file)
}

/// Removes what only a running or suspended machine has: swap and suspended memory.
fn remove_runtime_files(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let layout = tx.get::<VirtualMachineProperties>(vm)?.layout_ex.as_ref();
    let gone = |kind: &str| matches!(kind, "swap" | "suspend" | "suspendMemory");
    let names: Vec<String> = layout.map_or_else(Vec::new, |layout| {
        layout.file.iter().filter(|file| gone(&file.r#type)).map(|file| file.name.clone()).collect()
    });
    let datacenter = place::datacenter(tx, vm);
    for name in names {
        let (datastore, path) = files::resolve(tx, datacenter.as_ref(), &name)?;
        if files::get(tx, &datastore, &path).is_some() {
            files::remove(tx, &datastore, &path)?;
        }
    }
    Ok(())
}

/// Powers a machine off.
pub(crate) fn power_off(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let is = state(tx, vm)?;
    if is == Power::POWERED_OFF {
        return Err(Fault::power_state(Some(Power::POWERED_OFF), is));
    }
    let event = events::of_vm(tx, vm);
    events::post(tx, VmStoppingEvent { extends: event.clone() });
    halt(tx, vm)?;
    events::post(tx, VmPoweredOffEvent { extends: event });
    Ok(())
}

/// Stops a machine without telling it.
pub(super) fn halt(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    stop(tx, vm, Power::POWERED_OFF)?;
    guest::down(tx, vm)?;
    let runtime = &mut tx.edit::<VirtualMachineProperties>(vm)?.runtime;
    runtime.boot_time = None;
    runtime.suspend_time = None;
    runtime.clean_power_off = Some(true);
    layout::refresh(tx, vm)
}

/// Suspends a machine that runs.
pub(crate) fn suspend(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let is = state(tx, vm)?;
    if is != Power::POWERED_ON {
        return Err(Fault::power_state(Some(Power::SUSPENDED), is));
    }
    let event = events::of_vm(tx, vm);
    events::post(tx, VmSuspendingEvent { extends: event.clone() });
    become_suspended(tx, vm)?;
    events::post(tx, VmSuspendedEvent { extends: event });
    Ok(())
}

/// Has a machine be suspended, with the files of its memory.
pub(super) fn become_suspended(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    stop(tx, vm, Power::SUSPENDED)?;
    let config = machines::config_of(tx, vm)?;
    let memory = i64::from(config.hardware.memory_mb) << 20;
    let home = config.files.vm_path_name.clone().unwrap_or_default();
    let (datastore, path) = files::resolve(tx, place::datacenter(tx, vm).as_ref(), &home)?;
    let now = tx.now;
    for (extension, kind, size) in
        [("vmss", FileKind::SnapshotData, 1 << 20), ("vmem", FileKind::Memory, memory)]
    {
        let path = place::join(place::parent(&path), &format!("{}.{extension}", machines::stem(&path)));
        if files::get(tx, &datastore, &path).is_none() {
            files::put(tx, &datastore, &path, File::new(kind, size, now))?;
        }
    }
    tx.edit_state::<Facts>(vm)?.boot = 0;
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    properties.runtime.suspend_time = Some(now);
    properties.guest_heartbeat_status = vim_types::ManagedEntityStatus::GRAY;
    if let Some(guest) = &mut properties.guest {
        guest.tools_running_status = Some("guestToolsNotRunning".into());
        guest.guest_state = "notRunning".into();
        guest.guest_operations_ready = Some(false);
        guest.guest_state_change_supported = Some(false);
    }
    layout::refresh(tx, vm)
}

/// Has a suspended machine go on: its guest is where it was.
pub(super) fn resume(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    remove_runtime_files(tx, vm)?;
    run(tx, vm)?;
    let now = tx.now;
    let boot = tx.new_number();
    tx.edit_state::<Facts>(vm)?.boot = boot;
    tx.edit::<VirtualMachineProperties>(vm)?.runtime.boot_time.get_or_insert(now);
    if guest::has_tools(tx, vm) { guest::up(tx, vm) } else { Ok(()) }
}

/// `PowerOnVM_Task`.
pub(super) fn power_on_task(call: &Call<'_>) -> Result<Reply> {
    let vm = call.this.clone();
    let host: Option<MoRef> = call.opt("host")?;
    call.read(|world| {
        if machines::config_of(world, &vm)?.template {
            return Err(faults::invalid_state("A template cannot be powered on."));
        }
        host.as_ref().map_or(Ok(()), |host| world.get::<HostSystemProperties>(host).map(|_| ()))
    })?;
    call.task(&call.this, move |tx| {
        if let Some(host) = &host {
            on_host(tx, &vm, host)?;
        }
        power_on(tx, &vm).map(|()| Any::Nil)
    })
}

/// Moves a machine that does not run to the host that it shall run on.
fn on_host(tx: &mut Tx<'_>, vm: &MoRef, host: &MoRef) -> Result<()> {
    let properties = tx.get::<VirtualMachineProperties>(vm)?;
    if properties.runtime.host.as_ref() == Some(host) {
        return Ok(());
    }
    if properties.runtime.power_state == Power::POWERED_ON {
        return Err(Fault::power_state(Some(Power::POWERED_ON), Power::POWERED_ON));
    }
    let pool = properties.resource_pool.clone().unwrap_or_default();
    let host = place::host(tx, &pool, Some(host), "host", None)?;
    for datastore in tx.get::<VirtualMachineProperties>(vm)?.datastore.clone() {
        place::reachable(tx, &datastore, Some(&host))?;
    }
    relations::set_host(tx, vm, Some(&host))
}

/// `PowerOffVM_Task`.
pub(super) fn power_off_task(call: &Call<'_>) -> Result<Reply> {
    let vm = call.this.clone();
    call.task(&call.this, move |tx| power_off(tx, &vm).map(|()| Any::Nil))
}

/// `SuspendVM_Task`.
pub(super) fn suspend_task(call: &Call<'_>) -> Result<Reply> {
    let vm = call.this.clone();
    call.task(&call.this, move |tx| suspend(tx, &vm).map(|()| Any::Nil))
}

/// `ResetVM_Task`.
pub(super) fn reset_task(call: &Call<'_>) -> Result<Reply> {
    let vm = call.this.clone();
    call.task(&call.this, move |tx| {
        let is = state(tx, &vm)?;
        if is != Power::POWERED_ON {
            return Err(faults::must_be_on(&is));
        }
        let event = events::of_vm(tx, &vm);
        events::post(tx, VmResettingEvent { extends: event });
        guest::down(tx, &vm)?;
        boot(tx, &vm)?;
        Ok(Any::Nil)
    })
}

/// What a guest can be asked for.
#[derive(Clone, Copy)]
enum Ask {
    Shutdown,
    Reboot,
    Standby,
}

/// `ShutdownGuest`.
pub(super) fn shutdown_guest(call: &Call<'_>) -> Result<Reply> {
    ask(call, Ask::Shutdown)
}

/// `RebootGuest`.
pub(super) fn reboot_guest(call: &Call<'_>) -> Result<Reply> {
    ask(call, Ask::Reboot)
}

/// `StandbyGuest`.
pub(super) fn standby_guest(call: &Call<'_>) -> Result<Reply> {
    ask(call, Ask::Standby)
}

/// Asks a guest, which does it after a moment.
fn ask(call: &Call<'_>, what: Ask) -> Result<Reply> {
    let vm = call.this.clone();
    call.write(|tx| {
        let is = state(tx, &vm)?;
        if is != Power::POWERED_ON {
            return Err(faults::must_be_on(&is));
        }
        if !guest::tools_run(tx, &vm) {
            let message =
                "Cannot complete operation because VMware Tools is not running in this virtual machine.";
            return Err(Fault::new(ToolsUnavailable::default(), message));
        }
        let event = events::of_vm(tx, &vm);
        match what {
            Ask::Shutdown => events::post(tx, VmGuestShutdownEvent { extends: event }),
            Ask::Reboot => events::post(tx, VmGuestRebootEvent { extends: event }),
            Ask::Standby => events::post(tx, VmGuestStandbyEvent { extends: event }),
        };
        let guest_state = match what {
            Ask::Shutdown => "shuttingDown",
            Ask::Reboot => "resetting",
            Ask::Standby => "standby",
        };
        if let Some(guest) = &mut tx.edit::<VirtualMachineProperties>(&vm)?.guest {
            guest.guest_state = guest_state.into();
        }
        let boot = tx.state::<Facts>(&vm).map_or(0, |facts| facts.boot);
        let vm = vm.clone();
        tx.then(move |sim| {
            sim.timer.after(sim.config.boot_time / 2, move |sim| {
                let done = sim.write(|tx| match tx.state::<Facts>(&vm).map(|facts| facts.boot) {
                    Some(now) if now == boot => answer(tx, &vm, what),
                    _ => Ok(()),
                });
                // The machine may be gone.
                drop(done);
            });
        });
        Ok(())
    })?;
    call.done()
}

fn answer(tx: &mut Tx<'_>, vm: &MoRef, what: Ask) -> Result<()> {
    match what {
        Ask::Shutdown => {
            halt(tx, vm)?;
            let event = events::of_vm(tx, vm);
            events::post(tx, VmPoweredOffEvent { extends: event });
            Ok(())
        }
        Ask::Reboot => {
            guest::down(tx, vm)?;
            boot(tx, vm)
        }
        Ask::Standby => {
            become_suspended(tx, vm)?;
            let event = events::of_vm(tx, vm);
            events::post(tx, VmSuspendedEvent { extends: event });
            Ok(())
        }
    }
}
