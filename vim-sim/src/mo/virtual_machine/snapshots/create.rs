//! Taking snapshots.

use super::super::devices::file;
use super::super::{Facts, create as machines, faults, layout, place};
use super::{Kept, current, set, tree};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::files::{self, File, FileKind};
use crate::world::Tx;
use vim_types::mo::{VirtualMachineProperties, VirtualMachineSnapshotProperties};
use vim_types::{
    InvalidName, MemorySnapshotOnIndependentDisk, TooManySnapshotLevels, ToolsUnavailable, VirtualDisk,
    VirtualMachinePowerState, VirtualMachineSnapshotTree,
};
use vim_wire::{Any, MoRef};

/// How deep a tree can be.
const LEVELS: usize = 32;

/// About how large the file of a snapshot's state is.
const STATE: i64 = 28_672;

/// What a snapshot shall be.
struct Wanted {
    name: String,
    description: String,
    memory: bool,
    quiesce: bool,
}

/// `CreateSnapshot_Task`.
pub(in crate::mo) fn create_task(call: &Call<'_>) -> Result<Reply> {
    let quiesce = call.arg("quiesce")?;
    start(call, quiesce)
}

/// `CreateSnapshotEx_Task`.
pub(in crate::mo) fn create_ex_task(call: &Call<'_>) -> Result<Reply> {
    let quiesce: Option<vim_wire::Poly<vim_types::VirtualMachineGuestQuiesceSpec>> =
        call.opt("quiesceSpec")?;
    start(call, quiesce.is_some())
}

fn start(call: &Call<'_>, quiesce: bool) -> Result<Reply> {
    let wanted = Wanted {
        name: call.arg("name")?,
        description: call.opt("description")?.unwrap_or_default(),
        memory: call.arg("memory")?,
        quiesce,
    };
    let vm = call.this.clone();
    call.task(&call.this, move |tx| create(tx, &vm, &wanted).map(Any::MoRef))
}

#[cfg(test)]
pub(super) fn named(tx: &mut Tx<'_>, vm: &MoRef, name: &str, memory: bool, quiesce: bool) -> Result<MoRef> {
    create(tx, vm, &Wanted { name: name.into(), description: String::new(), memory, quiesce })
}

fn create(tx: &mut Tx<'_>, vm: &MoRef, wanted: &Wanted) -> Result<MoRef> {
    let power = check(tx, vm, wanted)?;
    track(tx, vm)?;
    let config = machines::config_of(tx, vm)?.clone();
    let info = tx.get::<VirtualMachineProperties>(vm)?.snapshot.clone().unwrap_or_default();
    let running = power != VirtualMachinePowerState::POWERED_OFF;
    // Without its memory, a running machine's snapshot is that of one that lost power.
    let kept_power = if wanted.memory { power } else { VirtualMachinePowerState::POWERED_OFF };
    let facts = tx.edit_state::<Facts>(vm)?;
    facts.snapshots += 1;
    let (id, identity) = (facts.snapshots, facts.identity.clone());
    let memory = (wanted.memory && running).then_some(config.hardware.memory_mb);
    let (data, memory) = write(tx, vm, &config, memory)?;
    let snapshot = tx.new_ref("VirtualMachineSnapshot");
    tx.create(&snapshot, VirtualMachineSnapshotProperties { config, vm: vm.clone(), ..Default::default() });
    *tx.edit_state::<Kept>(&snapshot)? =
        Kept { data: Some(data), memory, power: kept_power.clone(), identity };
    branch(tx, vm)?;
    let node = VirtualMachineSnapshotTree {
        snapshot: snapshot.clone(),
        vm: vm.clone(),
        name: wanted.name.clone(),
        description: wanted.description.clone(),
        id,
        create_time: tx.now,
        state: kept_power,
        quiesced: wanted.quiesce && running,
        replay_supported: Some(false),
        ..Default::default()
    };
    let mut info = info;
    match info.current_snapshot.clone() {
        Some(parent) => {
            let parent = tree::find_mut(&mut info.root_snapshot_list, &parent)
                .ok_or_else(|| Fault::managed_object_not_found(&parent))?;
            parent.child_snapshot_list.push(node);
        }
        None => info.root_snapshot_list.push(node),
    }
    info.current_snapshot = Some(snapshot.clone());
    set(tx, vm, info)?;
    layout::refresh(tx, vm)?;
    Ok(snapshot)
}

/// Where changes are tracked, each disk's state of now has a name.
fn track(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    if machines::config_of(tx, vm)?.change_tracking_enabled != Some(true) {
        return Ok(());
    }
    let Some(config) = &mut tx.edit::<VirtualMachineProperties>(vm)?.config else { return Ok(()) };
    for device in &mut config.hardware.device {
        if let Some(flat) = file::flat_mut(device) {
            let (series, number) = match flat.change_id.as_deref().and_then(|id| id.split_once('/')) {
                Some((series, number)) => (series.to_owned(), number.parse().unwrap_or(0)),
                None => (uuid::Uuid::new_v4().to_string(), 0_u64),
            };
            flat.change_id = Some(format!("{series}/{}", number + 1));
        }
    }
    Ok(())
}

/// Whether the machine is in a state of which a snapshot can be taken; returns its power state.
fn check(tx: &Tx<'_>, vm: &MoRef, wanted: &Wanted) -> Result<VirtualMachinePowerState> {
    let properties = tx.get::<VirtualMachineProperties>(vm)?;
    let config = machines::config_of(tx, vm)?;
    if wanted.name.is_empty() {
        let fault = InvalidName { name: String::new(), entity: Some(vm.clone()), ..Default::default() };
        return Err(Fault::new(fault, "A snapshot needs a name."));
    }
    if config.template {
        return Err(Fault::not_supported("a template has no snapshots"));
    }
    if config.flags.snapshot_disabled == Some(true) {
        return Err(faults::invalid_state("Snapshots of the virtual machine are disabled."));
    }
    let power = properties.runtime.power_state.clone();
    let running = power == VirtualMachinePowerState::POWERED_ON;
    let tools = properties.guest.as_ref().and_then(|guest| guest.tools_running_status.as_deref());
    if wanted.quiesce && running && tools != Some("guestToolsRunning") {
        let message = "Cannot quiesce this virtual machine because VMware Tools is not currently available.";
        return Err(Fault::new(ToolsUnavailable::default(), message));
    }
    let mut disks = config.hardware.device.iter().filter_map(|device| device.downcast_ref::<VirtualDisk>());
    if wanted.memory && running && disks.any(|disk| !file::is_dependent(disk)) {
        let message = "A snapshot with memory cannot be taken of a virtual machine with independent disks.";
        return Err(Fault::new(MemorySnapshotOnIndependentDisk::default(), message));
    }
    if let (Some(info), Some(current)) = (&properties.snapshot, current(tx, vm))
        && tree::path(&info.root_snapshot_list, &current).len() >= LEVELS
    {
        let message = format!("A virtual machine has at most {LEVELS} snapshots one upon the other.");
        return Err(Fault::new(TooManySnapshotLevels::default(), message));
    }
    Ok(power)
}

/// Writes a snapshot's own files; returns their names.
fn write(
    tx: &mut Tx<'_>,
    vm: &MoRef,
    config: &vim_types::VirtualMachineConfigInfo,
    memory_mb: Option<i32>,
) -> Result<(String, Option<String>)> {
    let now = tx.now;
    let datacenter = place::datacenter(tx, vm);
    let home = config.files.vm_path_name.as_deref().unwrap_or_default();
    let (datastore, path) = files::resolve(tx, datacenter.as_ref(), home)?;
    let stem = machines::stem(&path).to_owned();
    let folder = place::parent(&path).to_owned();
    // The snapshots may have a folder of their own.
    let (at, directory) = match &config.files.snapshot_directory {
        Some(directory) => files::resolve(tx, datacenter.as_ref(), directory)?,
        None => (datastore.clone(), folder.clone()),
    };
    let list = place::join(&folder, &format!("{stem}.vmsd"));
    if files::get(tx, &datastore, &list).is_none() {
        files::put(tx, &datastore, &list, File::new(FileKind::SnapshotData, 512, now))?;
    }
    let free = (1_u32..)
        .map(|number| place::join(&directory, &format!("{stem}-Snapshot{number}")))
        .find(|base| files::get(tx, &at, &format!("{base}.vmsn")).is_none())
        .unwrap_or_default();
    let data = format!("{free}.vmsn");
    files::put(tx, &at, &data, File::new(FileKind::SnapshotData, STATE, now))?;
    let memory = match memory_mb {
        Some(size) => {
            let memory = format!("{free}.vmem");
            files::put(tx, &at, &memory, File::new(FileKind::Memory, i64::from(size) << 20, now))?;
            Some(place::written(tx, &at, &memory))
        }
        None => None,
    };
    Ok((place::written(tx, &at, &data), memory))
}

/// Has each disk that takes part in snapshots write to a new file from now on.
pub(in super::super) fn branch(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let mut config = tx.edit::<VirtualMachineProperties>(vm)?.config.take().unwrap_or_default();
    for device in &mut config.hardware.device {
        let Some(disk) = file::disk_mut(device) else { continue };
        if !file::is_dependent(disk) {
            continue;
        }
        let Some(parent) = file::flat(disk).cloned() else { continue };
        let Some(datastore) = parent.datastore.clone() else { continue };
        let (_, path) = files::parse(&parent.file_name)?;
        let new = file::free_delta(tx, &datastore, place::parent(&path), &path);
        let shape = file::Shape {
            capacity: disk.capacity_in_bytes.unwrap_or(disk.capacity_in_kb * 1024),
            thin: true,
            eager: false,
            uuid: parent.uuid.clone(),
        };
        file::create(tx, (&datastore, &new), &shape, Some(&path))?;
        let name = place::written(tx, &datastore, &new);
        if let Some(flat) = file::flat_mut(disk) {
            flat.file_name = name;
            flat.content_id = Some(file::new_content_id());
            flat.delta_disk_format = Some("redoLogFormat".into());
            flat.thin_provisioned = Some(true);
            flat.parent = Some(Box::new(parent));
        }
    }
    tx.edit::<VirtualMachineProperties>(vm)?.config = Some(config);
    Ok(())
}
