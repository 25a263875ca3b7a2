//! What else can be done with a machine: questions, tickets for consoles, screens, disks.

use super::devices::{Kind, file};
use super::{create as machines, faults, guest, layout, place, power, snapshots};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::files::{self, FileKind};
use crate::world::Tx;
use vim_types::mo::{HostSystemProperties, VirtualMachineProperties};
use vim_types::{
    ConcurrentAccess, DiskChangeExtent, DiskChangeInfo, GuestScreenInfo, StorageRequirement,
    ToolsUnavailable, VirtualDisk, VirtualMachineDisplayTopology, VirtualMachineMksTicket,
    VirtualMachinePowerState, VirtualMachineTicket,
};
use vim_wire::{Any, MoRef};

fn must_run(tx: &Tx<'_>, vm: &MoRef) -> Result<()> {
    let is = &tx.get::<VirtualMachineProperties>(vm)?.runtime.power_state;
    if *is == VirtualMachinePowerState::POWERED_ON { Ok(()) } else { Err(faults::must_be_on(is)) }
}

/// `RefreshStorageInfo`.
pub(super) fn refresh_storage(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| layout::refresh(tx, &call.this))?;
    call.done()
}

/// `AnswerVM`.
pub(super) fn answer(call: &Call<'_>) -> Result<Reply> {
    let (question, choice): (String, String) = (call.arg("questionId")?, call.arg("answerChoice")?);
    call.write(|tx| {
        let asked = &tx.get::<VirtualMachineProperties>(&call.this)?.runtime.question;
        let Some(asked) = asked.as_ref().filter(|asked| asked.id == question) else {
            // Somebody else has answered it.
            let message = "The question has been answered already, or was never asked.";
            return Err(Fault::new(ConcurrentAccess::default(), message));
        };
        if !asked.choice.choice_info.iter().any(|known| known.key == choice) {
            return Err(Fault::invalid_argument("answerChoice"));
        }
        tx.edit::<VirtualMachineProperties>(&call.this)?.runtime.question = None;
        Ok(())
    })?;
    call.done()
}

/// `TerminateVM`: the machine is off at once, and its guest learns nothing of it.
pub(super) fn terminate(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| {
        let is = &tx.get::<VirtualMachineProperties>(&call.this)?.runtime.power_state;
        if *is == VirtualMachinePowerState::POWERED_OFF {
            return Err(faults::must_be_on(is));
        }
        power::halt(tx, &call.this)
    })?;
    call.done()
}

/// The host of a machine that runs, and its configuration's file.
fn console(call: &Call<'_>) -> Result<(String, String)> {
    call.write(|tx| {
        must_run(tx, &call.this)?;
        let host = tx.get::<VirtualMachineProperties>(&call.this)?.runtime.host.clone().unwrap_or_default();
        let file = machines::config_of(tx, &call.this)?.files.vm_path_name.clone().unwrap_or_default();
        Ok((tx.get::<HostSystemProperties>(&host)?.name.clone(), file))
    })
}

fn secret() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// `AcquireMksTicket`.
pub(super) fn mks_ticket(call: &Call<'_>) -> Result<Reply> {
    let (host, cfg_file) = console(call)?;
    call.returns(&VirtualMachineMksTicket {
        ticket: secret(),
        cfg_file,
        host: Some(host),
        port: Some(902),
        ..Default::default()
    })
}

/// `AcquireTicket`.
pub(super) fn ticket(call: &Call<'_>) -> Result<Reply> {
    let kind: String = call.arg("ticketType")?;
    let port = match kind.as_str() {
        "webmks" | "webRemoteDevice" => 443,
        "mks" | "device" | "guestControl" | "guestIntegrity" | "remoteDevice" => 902,
        _ => return Err(Fault::invalid_argument("ticketType")),
    };
    let (host, cfg_file) = console(call)?;
    let ticket = secret();
    call.returns(&VirtualMachineTicket {
        url: (kind == "webmks").then(|| format!("wss://{host}:{port}/ticket/{ticket}")),
        ticket,
        cfg_file,
        host: Some(host),
        port: Some(port),
        ..Default::default()
    })
}

/// `SetScreenResolution`.
pub(super) fn screen_resolution(call: &Call<'_>) -> Result<Reply> {
    let (width, height): (i32, i32) = (call.arg("width")?, call.arg("height")?);
    if width <= 0 || height <= 0 {
        return Err(Fault::invalid_argument("width"));
    }
    set_screen(call, width, height)
}

/// `SetDisplayTopology`.
pub(super) fn display_topology(call: &Call<'_>) -> Result<Reply> {
    let displays: Vec<VirtualMachineDisplayTopology> = call.list("displays")?;
    let right = displays.iter().map(|display| display.x.saturating_add(display.width)).max();
    let bottom = displays.iter().map(|display| display.y.saturating_add(display.height)).max();
    match (right, bottom) {
        (Some(width), Some(height)) if width > 0 && height > 0 => set_screen(call, width, height),
        _ => Err(Fault::invalid_argument("displays")),
    }
}

fn set_screen(call: &Call<'_>, width: i32, height: i32) -> Result<Reply> {
    call.write(|tx| {
        must_run(tx, &call.this)?;
        if !guest::tools_run(tx, &call.this) {
            let message = "VMware Tools is not running in this virtual machine.";
            return Err(Fault::new(ToolsUnavailable::default(), message));
        }
        if let Some(guest) = &mut tx.edit::<VirtualMachineProperties>(&call.this)?.guest {
            guest.screen = Some(GuestScreenInfo { width, height });
        }
        Ok(())
    })?;
    call.done()
}

/// `DefragmentAllDisks`: there is nothing to be put in order, but only a machine that does not run could have it done.
pub(super) fn defragment(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| {
        let is = &tx.get::<VirtualMachineProperties>(&call.this)?.runtime.power_state;
        if *is == VirtualMachinePowerState::POWERED_OFF { Ok(()) } else { Err(faults::must_be_off(is)) }
    })?;
    call.done()
}

/// `ConsolidateVMDisks_Task`.
pub(super) fn consolidate_task(call: &Call<'_>) -> Result<Reply> {
    let vm = call.this.clone();
    call.task(&call.this, move |tx| {
        snapshots::consolidate(tx, &vm)?;
        tx.edit::<VirtualMachineProperties>(&vm)?.runtime.consolidation_needed = false;
        layout::refresh(tx, &vm)?;
        Ok(Any::Nil)
    })
}

/// `EstimateStorageForConsolidateSnapshots_Task`: as much as the newest files take, on the datastores where they lie.
pub(super) fn estimate_task(call: &Call<'_>) -> Result<Reply> {
    let vm = call.this.clone();
    call.task(&call.this, move |tx| {
        let mut needed: Vec<StorageRequirement> = Vec::new();
        for device in &machines::config_of(tx, &vm)?.hardware.device {
            let chain = file::chain(device);
            let (true, Some((datastore, name))) = (chain.len() > 1, chain.into_iter().next()) else {
                continue;
            };
            let (_, path) = files::parse(&name)?;
            let size = files::get(tx, &datastore, &path).map_or(0, |file| file.size) >> 10;
            match needed.iter_mut().find(|needed| needed.datastore == datastore) {
                Some(needed) => needed.free_space_required_in_kb += size,
                None => needed.push(StorageRequirement { datastore, free_space_required_in_kb: size }),
            }
        }
        let items = needed.into_iter().map(|needed| Any::Object(needed.into())).collect();
        Ok(Any::Array(vim_wire::ArrayAny { type_name: "ArrayOfStorageRequirement".into(), items }))
    })
}

/// `PromoteDisks_Task`: disks that build upon others' files get all of their content.
pub(super) fn promote_task(call: &Call<'_>) -> Result<Reply> {
    let unlink: bool = call.arg("unlink")?;
    let disks: Vec<VirtualDisk> = call.list("disks")?;
    let vm = call.this.clone();
    call.task(&call.this, move |tx| {
        let config = machines::config_of(tx, &vm)?;
        let of_machine: Vec<i32> = config
            .hardware
            .device
            .iter()
            .filter(|device| Kind::of(device) == Kind::Disk)
            .map(|device| device.key)
            .collect();
        let keys: Vec<i32> = match disks.is_empty() {
            true => of_machine,
            false => disks.iter().map(|disk| disk.key).collect(),
        };
        for key in keys {
            promote(tx, &vm, key, unlink)?;
        }
        layout::refresh(tx, &vm)?;
        Ok(Any::Nil)
    })
}

fn promote(tx: &mut Tx<'_>, vm: &MoRef, key: i32, unlink: bool) -> Result<()> {
    let device = machines::config_of(tx, vm)?.hardware.device.iter().find(|device| device.key == key);
    let Some(device) = device.filter(|device| Kind::of(device) == Kind::Disk).cloned() else {
        return Err(Fault::invalid_argument("disks"));
    };
    let chain = file::chain(&device);
    let (Some((datastore, name)), true) = (chain.first(), chain.len() > 1 && unlink) else { return Ok(()) };
    let (_, path) = files::parse(name)?;
    let sizes = chain.iter().filter_map(|(datastore, name)| {
        let (_, path) = files::parse(name).ok()?;
        files::get(tx, datastore, &path).map(|file| file.size)
    });
    let content: i64 = sizes.sum();
    files::update(tx, datastore, &path, |file| {
        if let FileKind::Disk { capacity, parent, .. } = &mut file.kind {
            *parent = None;
            file.size = content.min(*capacity);
        }
    })?;
    if let Some(config) = &mut tx.edit::<VirtualMachineProperties>(vm)?.config {
        for device in config.hardware.device.iter_mut().filter(|device| device.key == key) {
            if let Some(flat) = file::flat_mut(device) {
                flat.parent = None;
                flat.delta_disk_format = None;
            }
        }
    }
    // What lay below goes, where it was the machine's own and nothing needs it.
    for (at, below) in chain.iter().skip(1) {
        let (_, below_path) = files::parse(below)?;
        let own = at == datastore && place::parent(&below_path) == place::parent(&path);
        if own
            && !snapshots::referenced(tx, vm, below)
            && !snapshots::others_use(tx, vm, at, below)
            && files::get(tx, at, &below_path).is_some()
        {
            files::remove(tx, at, &below_path)?;
        }
    }
    Ok(())
}

/// `QueryChangedDiskAreas`: of everything that was ever written (`*`), all; since a known state, nothing, since guests here
/// write nothing.
pub(super) fn changed_areas(call: &Call<'_>) -> Result<Reply> {
    let snapshot: Option<MoRef> = call.opt("snapshot")?;
    let key: i32 = call.arg("deviceKey")?;
    let start: i64 = call.arg("startOffset")?;
    let since: String = call.arg("changeId")?;
    let info = call.write(|tx| {
        let config = match &snapshot {
            Some(snapshot) if snapshots::machine(tx, snapshot)? == call.this => {
                snapshots::kept(tx, snapshot)?.0
            }
            Some(_) => return Err(Fault::invalid_argument("snapshot")),
            None => machines::config_of(tx, &call.this)?,
        };
        let disk = config.hardware.device.iter().find(|device| device.key == key);
        let Some(disk) = disk.and_then(|device| device.downcast_ref::<VirtualDisk>()) else {
            return Err(Fault::invalid_argument("deviceKey"));
        };
        let capacity = disk.capacity_in_bytes.unwrap_or(disk.capacity_in_kb * 1024);
        if !(0..capacity).contains(&start) {
            return Err(Fault::invalid_argument("startOffset"));
        }
        let now = file::flat(disk).and_then(|flat| flat.change_id.clone());
        let series = |id: &str| id.split('/').next().map(str::to_owned);
        let known = now.as_deref().is_some_and(|now| series(now) == series(&since));
        if config.change_tracking_enabled != Some(true) || since != "*" && !known {
            return Err(Fault::invalid_argument("changeId"));
        }
        let length = capacity - start;
        let changed_area = if since == "*" { vec![DiskChangeExtent { start, length }] } else { Vec::new() };
        Ok(DiskChangeInfo { start_offset: start, length, changed_area })
    })?;
    call.returns(&info)
}

/// `PutUsbScanCodes`: keys that are struck; the guest takes them all.
pub(super) fn scan_codes(call: &Call<'_>) -> Result<Reply> {
    let spec: vim_types::UsbScanCodeSpec = call.arg("spec")?;
    call.write(|tx| must_run(tx, &call.this))?;
    call.returns(&i32::try_from(spec.key_events.len()).unwrap_or(i32::MAX))
}

/// `QueryUnownedFiles`: files here are their machines'.
pub(super) fn unowned_files(call: &Call<'_>) -> Result<Reply> {
    call.returns(&Vec::<String>::new())
}
