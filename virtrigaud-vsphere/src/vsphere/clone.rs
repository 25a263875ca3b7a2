//! Making a machine from another one.
//!
//! The owner's stamp is part of the call that makes the copy, and a name is unique in its folder: a call that is repeated meets
//! nothing, its own machine, or a stranger's.

use super::core::Core;
use super::errors::{duplicate, not_yet, server};
use super::place::Place;
use super::{describe, folder, owner, snapshot, state};
use crate::provider::{
    CloneRequest, Created, Error, ErrorKind, MachineId, Operation, OperationId, Owner, Reporter, Result,
    SnapshotRequest,
};
use crate::spec::PowerState;
use crate::spec::resolved::{Allocation, Hardware, Machine};
use std::sync::Arc;
use vim_client::mo::VirtualMachine;
use vim_client::types::{
    VirtualMachineCloneSpec, VirtualMachineConfigSpec, VirtualMachineRelocateDiskMoveOptions,
    VirtualMachineRelocateSpec,
};
use vim_client::{ManagedObject, MoRef, Task};

/// The name of the snapshot that linked clones are made from where the source has none.
const BASE: &str = "virtrigaud-linked-clones";
/// Held while that snapshot is made.
static LINKING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Refuses what a copy is not given by this version: ignoring it would be a lie.
fn refuse(machine: &Machine) -> Result<()> {
    let plain = machine.disks.is_empty()
        && machine.networks.is_empty()
        && machine.scsi_controllers.is_empty()
        && machine.home_policy.is_none()
        && machine.user_data.is_none()
        && machine.meta_data.is_none()
        && machine.customization.is_none()
        && machine.hardware == Hardware::default()
        && machine.cpu == Allocation::default()
        && machine.memory == Allocation::default();
    if plain {
        Ok(())
    } else {
        Err(not_yet("a clone with disks, networks, hardware or guest data of its own"))
    }
}

pub(super) async fn clone_machine(core: &Arc<Core>, request: &CloneRequest) -> Result<Operation<Created>> {
    let doing = format!("cloning {} to '{}'", request.source, request.machine.name);
    if !core.client.is_vcenter().await.map_err(|error| server(&doing, error))? {
        let message = format!("{doing}: an ESXi host makes no clones; connect to its vCenter");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    refuse(&request.machine)?;
    if request.snapshot.is_some() && !request.linked {
        return Err(not_yet("a full clone of a snapshot"));
    }
    let source = core.machine(&request.source).await?;
    let catalog = core.catalogs.get(&core.client).await?;
    let place = Place::find(&catalog, &request.machine.placement)?;
    let owner = owner::of(&request.machine, &place.folder_path(&catalog), &core.defaults);
    let base = if request.linked { Some(base(core, request, &source).await?) } else { None };
    let folder = folder::make_all(core, &place).await?;
    let spec = specification(request, &place, &owner, base);
    let task = core.vm(&source).clone_vm(&folder, &request.machine.name, &spec).await;
    let (core_, request) = (Arc::clone(core), request.clone());
    let id = match &task {
        Ok(task) => OperationId::of_task("clone", task.moref(), true),
        Err(_) => OperationId::new("clone"),
    };
    Ok(core.start(id, move |reporter| async move {
        reporter.step(doing.clone(), 0);
        finish(&core_, &request, &owner, task, &doing, &reporter).await
    }))
}

fn specification(
    request: &CloneRequest,
    place: &Place,
    owner: &Owner,
    base: Option<MoRef>,
) -> VirtualMachineCloneSpec {
    let machine = &request.machine;
    let mut extra_config = owner::stamp(owner);
    extra_config.push(owner::setting(owner::SOURCE, request.source.as_str()));
    extra_config.extend(machine.extra_config.iter().map(|(key, value)| owner::setting(key, value)));
    let number = |number: Option<u32>| number.and_then(|number| i32::try_from(number).ok());
    let config = VirtualMachineConfigSpec {
        num_cpus: number(machine.cpus),
        num_cores_per_socket: number(machine.cores_per_socket),
        memory_mb: machine.memory_mib.and_then(|mib| i64::try_from(mib).ok()),
        guest_id: machine.guest_os.clone(),
        extra_config,
        ..VirtualMachineConfigSpec::default()
    };
    let how = if request.linked {
        VirtualMachineRelocateDiskMoveOptions::CREATE_NEW_CHILD_DISK_BACKING
    } else {
        // Nothing is shared with the source, and its snapshots are not copied.
        VirtualMachineRelocateDiskMoveOptions::MOVE_ALL_DISK_BACKINGS_AND_DISALLOW_SHARING
    };
    VirtualMachineCloneSpec {
        location: VirtualMachineRelocateSpec {
            pool: Some(place.pool.clone()),
            host: place.host.clone(),
            datastore: place.datastore.clone(),
            disk_move_type: Some(how.to_string()),
            ..VirtualMachineRelocateSpec::default()
        },
        config: Some(config),
        snapshot: base,
        power_on: machine.power_state == Some(PowerState::On),
        ..VirtualMachineCloneSpec::default()
    }
}

/// The snapshot that a linked clone is made from: the one that is named, the current one, or a new one.
async fn base(core: &Arc<Core>, request: &CloneRequest, source: &MoRef) -> Result<MoRef> {
    let state = state::read(core, source, &["snapshot"]).await?;
    let there = snapshot::all(state.values.object("snapshot"));
    let wanted = match &request.snapshot {
        Some(wanted) if !there.iter().any(|other| other.id == *wanted) => {
            return Err(snapshot::missing(&there, wanted, state.name()));
        }
        Some(wanted) => Some(wanted.clone()),
        None => there.into_iter().find(|other| other.current).map(|other| other.id),
    };
    let snapshot = match wanted {
        Some(snapshot) => snapshot,
        None => {
            // Many clones may be wished for at once: one of them makes it.
            let _one = LINKING.lock().await;
            let description = "what linked clones share their disks with".to_owned();
            let wish = SnapshotRequest { name: BASE.to_owned(), description, ..SnapshotRequest::default() };
            let id: MachineId = source.value().parse()?;
            snapshot::create(core, &id, &wish).await?.await?
        }
    };
    Ok(MoRef::new("VirtualMachineSnapshot", snapshot.0))
}

async fn finish(
    core: &Core,
    request: &CloneRequest,
    owner: &Owner,
    task: Result<Task<VirtualMachine>, vim_client::Error>,
    doing: &str,
    reporter: &Reporter,
) -> Result<Created> {
    let (machine, existed) = match core.carry_out(task, reporter, (0, 90)).await {
        Ok(vm) => (vm.handle().moref().clone(), false),
        Err(error) => match duplicate(&error) {
            Some(other) => (other, true),
            None => return Err(server(doing, error)),
        },
    };
    let state = state::read(core, &machine, &["config.extraConfig", "config.instanceUuid"]).await?;
    if existed {
        state.values.require("config.extraConfig")?;
        let settings = describe::settings(&state.values);
        let is_it = owner::is_of(&settings, owner)
            && owner::read(&settings, owner::SOURCE) == Some(request.source.as_str());
        if !is_it {
            let message =
                format!("{doing}: {} has that name already, and was made by somebody else", machine.value());
            return Err(Error::new(ErrorKind::AlreadyExists, message));
        }
    }
    Ok(Created {
        id: machine.value().parse()?,
        instance_uuid: state.values.text("config.instanceUuid").parse().ok(),
        existed,
        warnings: Vec::new(),
    })
}
