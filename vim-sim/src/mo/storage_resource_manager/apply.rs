//! Recommendations are kept until they are applied or given up.

use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::virtual_machine;
use crate::world::Tx;
use std::collections::BTreeMap;
use std::sync::Arc;
use vim_types::mo::{DatacenterProperties, StoragePodProperties};
use vim_types::{
    ApplyStorageRecommendationResult, VirtualDeviceConfigSpec, VirtualDeviceConfigSpecFileOperation,
    VirtualDeviceConfigSpecOperation, VirtualDeviceFileBackingInfo, VirtualMachineCloneSpec,
    VirtualMachineConfigSpec, VirtualMachineFileInfo, VirtualMachineRelocateSpec,
};
use vim_wire::{Any, MoRef, Object};

/// How many recommendations are kept.
const KEPT: usize = 1000;

/// What is done when a recommendation is applied.
#[derive(Clone, Debug)]
pub(super) enum Placement {
    Create { folder: Option<MoRef>, pool: MoRef, host: Option<MoRef>, config: Box<VirtualMachineConfigSpec> },
    Clone { vm: MoRef, folder: MoRef, name: String, spec: Box<VirtualMachineCloneSpec> },
    Relocate { vm: MoRef, spec: Box<VirtualMachineRelocateSpec> },
    Reconfigure { vm: MoRef, config: Box<VirtualMachineConfigSpec> },
}

/// The recommendations that can be applied, by number.
#[derive(Clone, Debug, Default)]
struct Pending {
    last: u64,
    all: BTreeMap<u64, Arc<(Placement, MoRef)>>,
}

/// Keeps a recommendation; returns its key.
pub(super) fn remember(
    tx: &mut Tx<'_>,
    manager: &MoRef,
    placement: Placement,
    datastore: &MoRef,
) -> Result<String> {
    let pending = tx.edit_state::<Pending>(manager)?;
    pending.last += 1;
    pending.all.insert(pending.last, Arc::new((placement, datastore.clone())));
    if pending.all.len() > KEPT {
        pending.all.pop_first();
    }
    Ok(pending.last.to_string())
}

/// The kept recommendations of those keys.
fn find(tx: &Tx<'_>, manager: &MoRef, keys: &[String]) -> Result<Vec<Arc<(Placement, MoRef)>>> {
    let wrong = || Fault::invalid_argument("key");
    if keys.is_empty() {
        return Err(wrong());
    }
    let pending = tx.state::<Pending>(manager).ok_or_else(wrong)?;
    keys.iter()
        .map(|key| pending.all.get(&key.parse().ok()?).cloned())
        .collect::<Option<_>>()
        .ok_or_else(wrong)
}

fn forget(tx: &mut Tx<'_>, manager: &MoRef, keys: &[String]) -> Result<()> {
    let pending = tx.edit_state::<Pending>(manager)?;
    for key in keys.iter().filter_map(|key| key.parse().ok()) {
        pending.all.remove(&key);
    }
    Ok(())
}

pub(super) fn apply(call: &Call<'_>) -> Result<Reply> {
    let keys: Vec<String> = call.list("key")?;
    let manager = call.this.clone();
    call.task(&manager.clone(), move |tx| apply_all(tx, &manager, &keys))
}

pub(super) fn apply_to_pod(call: &Call<'_>) -> Result<Reply> {
    let (pod, key): (MoRef, String) = (call.arg("pod")?, call.arg("key")?);
    call.read(|world| world.get::<StoragePodProperties>(&pod).map(|_| ()))?;
    let manager = call.this.clone();
    call.task(&pod, move |tx| apply_all(tx, &manager, &[key]))
}

pub(super) fn cancel(call: &Call<'_>) -> Result<Reply> {
    let keys: Vec<String> = call.list("key")?;
    call.write(|tx| {
        find(tx, &call.this, &keys)?;
        forget(tx, &call.this, &keys)
    })?;
    call.done()
}

fn apply_all(tx: &mut Tx<'_>, manager: &MoRef, keys: &[String]) -> Result<Any> {
    let mut vm = None;
    for pending in find(tx, manager, keys)? {
        vm = Some(apply_one(tx, &pending.0, &pending.1)?);
    }
    forget(tx, manager, keys)?;
    Ok(Any::Object(Object::new(ApplyStorageRecommendationResult { vm })))
}

/// Does what was recommended; returns the VM.
fn apply_one(tx: &mut Tx<'_>, placement: &Placement, datastore: &MoRef) -> Result<MoRef> {
    match placement {
        Placement::Create { folder, pool, host, config } => {
            let folder = match folder {
                Some(folder) => folder.clone(),
                None => vm_folder(tx, pool)?,
            };
            let mut config = config.clone();
            let path = format!("[{}]", tx.name(datastore));
            config.files.get_or_insert_with(VirtualMachineFileInfo::default).vm_path_name = Some(path);
            virtual_machine::create(tx, &folder, &config, pool, host.as_ref())
        }
        Placement::Clone { vm, folder, name, spec } => {
            let mut spec = spec.clone();
            spec.location.datastore = Some(datastore.clone());
            virtual_machine::clone(tx, vm, folder, name, &spec)
        }
        Placement::Relocate { vm, spec } => {
            let spec = VirtualMachineRelocateSpec { datastore: Some(datastore.clone()), ..(**spec).clone() };
            virtual_machine::relocate(tx, vm, &spec)?;
            Ok(vm.clone())
        }
        Placement::Reconfigure { vm, config } => {
            let mut config = config.clone();
            let name = tx.name(datastore).to_owned();
            for change in &mut config.device_change {
                place(change, datastore, &name);
            }
            virtual_machine::reconfigure(tx, vm, &config)?;
            Ok(vm.clone())
        }
    }
}

/// Puts a new disk that has no file yet onto a datastore.
fn place(change: &mut VirtualDeviceConfigSpec, datastore: &MoRef, name: &str) {
    let new = change.operation == Some(VirtualDeviceConfigSpecOperation::ADD)
        && change.file_operation == Some(VirtualDeviceConfigSpecFileOperation::CREATE);
    let backing = change.device.backing.as_mut();
    let file = backing.and_then(|backing| backing.downcast_mut::<VirtualDeviceFileBackingInfo>());
    if let Some(file) = file.filter(|_| new) {
        file.file_name = format!("[{name}]");
        file.datastore = Some(datastore.clone());
    }
}

fn vm_folder(tx: &Tx<'_>, below: &MoRef) -> Result<MoRef> {
    let datacenter = tx.above(below, "Datacenter").ok_or_else(|| Fault::managed_object_not_found(below))?;
    Ok(tx.get::<DatacenterProperties>(&datacenter.moref)?.vm_folder.clone())
}
