//! Where new disks go in a datastore cluster.

use super::apply::{self, Placement};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::files;
use crate::world::{Tx, World};
use vim_types::mo::{
    ComputeResourceProperties, DatastoreProperties, ResourcePoolProperties, StoragePodProperties,
    VirtualMachineProperties,
};
use vim_types::{
    ClusterAction, ClusterDrsFaults, ClusterDrsFaultsFaultsByVm, ClusterRecommendation,
    StorageMigrationAction, StoragePlacementAction, StoragePlacementResult, StoragePlacementSpec,
    StoragePlacementSpecPlacementType as Type, VirtualDevice, VirtualDeviceConfigSpec, VirtualDisk,
    VirtualMachineConfigSpec, VirtualMachineRelocateSpec,
};
use vim_wire::{MoRef, Poly};

pub(super) fn recommend_datastores(call: &Call<'_>) -> Result<Reply> {
    let spec: StoragePlacementSpec = call.arg("storageSpec")?;
    let result = call.write(|tx| recommend(tx, &call.this, &spec))?;
    call.returns(&result)
}

fn recommend(
    tx: &mut Tx<'_>,
    manager: &MoRef,
    spec: &StoragePlacementSpec,
) -> Result<StoragePlacementResult> {
    let placement = check(tx, spec)?;
    let selection = &spec.pod_selection_spec;
    let needs = size(tx, spec);
    let hosts = hosts(tx, spec);
    let mut pods: Vec<MoRef> =
        selection.initial_vm_config.iter().map(|config| config.storage_pod.clone()).collect();
    if pods.is_empty() {
        pods.extend(selection.storage_pod.clone());
    }
    let mut result = StoragePlacementResult::default();
    for pod in &pods {
        for datastore in candidates(tx, pod, needs, hosts.as_deref())? {
            let key = apply::remember(tx, manager, placement.clone(), &datastore)?;
            let action = place(tx, spec, &datastore, needs).into();
            result.recommendations.push(recommendation(tx, key, "storagePlacement", pod, action));
        }
    }
    if result.recommendations.is_empty() && !pods.is_empty() {
        result.drs_fault = Some(no_room(spec, needs));
    }
    Ok(result)
}

/// What the kind of placement demands, as servers and vcsim demand it; and what is to be done with a recommendation.
fn check(world: &World, spec: &StoragePlacementSpec) -> Result<Placement> {
    let wrong = Fault::invalid_argument;
    let selection = &spec.pod_selection_spec;
    let pods = selection.initial_vm_config.iter().map(|config| &config.storage_pod);
    for pod in pods.chain(&selection.storage_pod) {
        let properties = world.get::<StoragePodProperties>(pod)?;
        let config =
            properties.pod_storage_drs_entry.as_ref().map(|entry| &entry.storage_drs_config.pod_config);
        if properties.child_entity.is_empty() || config.is_none_or(|config| !config.enabled) {
            return Err(wrong("podSelectionSpec.storagePod"));
        }
    }
    let pods = !selection.initial_vm_config.is_empty() || selection.storage_pod.is_some();
    match Type::from(spec.r#type.clone()) {
        Type::CREATE => {
            let pool = spec.resource_pool.clone().ok_or_else(|| wrong("resourcePool"))?;
            let config = spec.config_spec.clone().ok_or_else(|| wrong("configSpec"))?;
            let placed = config.files.as_ref().is_some_and(|files| files.vm_path_name.is_some());
            if !pods && !placed {
                return Err(wrong("configSpec.files"));
            }
            for disk in selection.initial_vm_config.iter().flat_map(|config| &config.disk) {
                if !config.device_change.iter().any(|change| change.device.key == disk.disk_id) {
                    return Err(wrong("podSelectionSpec.initialVmConfig.disk.fileBacking"));
                }
            }
            Ok(Placement::Create {
                folder: spec.folder.clone(),
                pool,
                host: spec.host.clone(),
                config: Box::new(config),
            })
        }
        Type::CLONE => {
            let folder = spec.folder.clone().ok_or_else(|| wrong("folder"))?;
            let vm = spec.vm.clone().ok_or_else(|| wrong("vm"))?;
            let name = spec.clone_name.clone().filter(|name| !name.is_empty());
            let name = name.ok_or_else(|| wrong("cloneName"))?;
            let clone = spec.clone_spec.clone().ok_or_else(|| wrong("cloneSpec"))?;
            world.get::<VirtualMachineProperties>(&vm)?;
            Ok(Placement::Clone { vm, folder, name, spec: Box::new(clone) })
        }
        Type::RELOCATE => {
            let vm = spec.vm.clone().ok_or_else(|| wrong("vm"))?;
            world.get::<VirtualMachineProperties>(&vm)?;
            Ok(Placement::Relocate { vm, spec: Box::new(spec.relocate_spec.clone().unwrap_or_default()) })
        }
        Type::RECONFIGURE => {
            let vm = spec.vm.clone().ok_or_else(|| wrong("vm"))?;
            let config = spec.config_spec.clone().ok_or_else(|| wrong("configSpec"))?;
            world.get::<VirtualMachineProperties>(&vm)?;
            Ok(Placement::Reconfigure { vm, config: Box::new(config) })
        }
        _ => Err(wrong("storageSpec.type")),
    }
}

/// Bytes that the new disks will take.
fn size(world: &World, spec: &StoragePlacementSpec) -> i64 {
    let config = spec.config_spec.as_ref().map_or(0, added_disks);
    let of_vm = |vm: &MoRef| {
        let vm = world.get::<VirtualMachineProperties>(vm).ok();
        let devices = vm.and_then(|vm| Some(&vm.config.as_ref()?.hardware.device));
        devices.map_or(0, |devices| devices.iter().map(disk_size).sum())
    };
    match Type::from(spec.r#type.clone()) {
        Type::CLONE | Type::RELOCATE => spec.vm.as_ref().map_or(0, of_vm),
        _ => config,
    }
}

fn added_disks(config: &VirtualMachineConfigSpec) -> i64 {
    let sizes =
        config.device_change.iter().map(|change: &Poly<VirtualDeviceConfigSpec>| disk_size(&change.device));
    sizes.fold(0, i64::saturating_add)
}

fn disk_size(device: &Poly<VirtualDevice>) -> i64 {
    let disk = device.downcast_ref::<VirtualDisk>();
    disk.map_or(0, |disk| disk.capacity_in_bytes.unwrap_or(disk.capacity_in_kb.saturating_mul(1024)))
}

/// The hosts one of which will run the VM; none where that is not said.
fn hosts(world: &World, spec: &StoragePlacementSpec) -> Option<Vec<MoRef>> {
    if let Some(host) = &spec.host {
        return Some(vec![host.clone()]);
    }
    let pool = world.get::<ResourcePoolProperties>(spec.resource_pool.as_ref()?).ok()?;
    Some(world.get::<ComputeResourceProperties>(&pool.owner).ok()?.host.clone())
}

/// The datastores of a pod that can take so many bytes, the one with the most room first.
fn candidates(tx: &Tx<'_>, pod: &MoRef, bytes: i64, hosts: Option<&[MoRef]>) -> Result<Vec<MoRef>> {
    let mut found = Vec::new();
    for child in &tx.get::<StoragePodProperties>(pod)?.child_entity {
        let Ok(datastore) = tx.get::<DatastoreProperties>(child) else { continue };
        let normal = datastore.summary.maintenance_mode.as_deref().is_none_or(|mode| mode == "normal");
        let reached = hosts.is_none_or(|hosts| datastore.host.iter().any(|mount| hosts.contains(&mount.key)));
        let (_, free) = files::space(tx, child);
        if normal && reached && free >= bytes {
            found.push((free, child.clone()));
        }
    }
    found.sort_by_key(|(free, _)| std::cmp::Reverse(*free));
    Ok(found.into_iter().map(|(_, datastore)| datastore).collect())
}

/// How full a datastore is, in percent, with so many bytes more.
fn utilization(world: &World, datastore: &MoRef, more: i64) -> f32 {
    let (capacity, free) = files::space(world, datastore);
    if capacity == 0 {
        return 100.0;
    }
    (100.0 * (capacity - free + more) as f64 / capacity as f64) as f32
}

fn place(
    world: &World,
    spec: &StoragePlacementSpec,
    datastore: &MoRef,
    bytes: i64,
) -> StoragePlacementAction {
    let (before, after) = (utilization(world, datastore, 0), utilization(world, datastore, bytes));
    let relocate = VirtualMachineRelocateSpec {
        datastore: Some(datastore.clone()),
        disk_move_type: Some("moveAllDiskBackingsAndAllowSharing".into()),
        ..spec.relocate_spec.clone().unwrap_or_default()
    };
    StoragePlacementAction {
        extends: ClusterAction { r#type: "StoragePlacementV1".into(), target: spec.vm.clone() },
        vm: spec.vm.clone(),
        relocate_spec: relocate,
        destination: datastore.clone(),
        space_util_before: Some(before),
        space_demand_before: Some(before),
        space_util_after: Some(after),
        space_demand_after: Some(after),
        io_latency_before: Some(0.0),
    }
}

fn recommendation(
    tx: &Tx<'_>,
    key: String,
    reason: &str,
    pod: &MoRef,
    action: Poly<ClusterAction>,
) -> ClusterRecommendation {
    let text = match reason {
        "storagePlacement" => "Satisfy storage initial placement requests",
        _ => "Evacuate the datastore that enters maintenance mode",
    };
    ClusterRecommendation {
        key,
        r#type: "V1".into(),
        time: tx.now,
        rating: 1,
        reason: reason.to_owned(),
        reason_text: text.to_owned(),
        action: vec![action],
        target: Some(pod.clone()),
        ..Default::default()
    }
}

/// Why there is nothing to recommend.
fn no_room(spec: &StoragePlacementSpec, bytes: i64) -> ClusterDrsFaults {
    let name =
        spec.clone_name.clone().or_else(|| spec.config_spec.as_ref()?.name.clone()).unwrap_or_default();
    let fault = vim_types::InsufficientStorageSpace::default();
    let message = format!(
        "No datastore of the pod that '{name}' can use has {bytes} bytes of free space and is in service."
    );
    let by_vm = ClusterDrsFaultsFaultsByVm {
        vm: spec.vm.clone(),
        fault: vec![Fault::new(fault, message).localized()],
        ..Default::default()
    };
    ClusterDrsFaults { reason: "storagePlacement".into(), faults_by_vm: vec![by_vm.into()] }
}

/// Where the VMs of a datastore could go, within its pod. Nowhere, where it is in none that storage DRS takes care of.
pub(crate) fn evacuation(tx: &mut Tx<'_>, source: &MoRef) -> Result<Vec<ClusterRecommendation>> {
    let properties = tx.get::<DatastoreProperties>(source)?;
    let (vms, pod) = (properties.vm.clone(), properties.parent.clone());
    let Some(pod) = pod.filter(|pod| pod.kind() == "StoragePod") else { return Ok(Vec::new()) };
    let entry = tx.get::<StoragePodProperties>(&pod)?.pod_storage_drs_entry.as_ref();
    if !entry.is_some_and(|entry| entry.storage_drs_config.pod_config.enabled) {
        return Ok(Vec::new());
    }
    let Some(manager) = tx.of_kind_one("StorageResourceManager") else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for vm in vms {
        let spec = StoragePlacementSpec {
            r#type: Type::RELOCATE.as_str().to_owned(),
            vm: Some(vm.clone()),
            ..Default::default()
        };
        let bytes = size(tx, &spec);
        let Some(destination) = candidates(tx, &pod, bytes, None)?.into_iter().find(|other| other != source)
        else {
            continue;
        };
        let relocate =
            VirtualMachineRelocateSpec { datastore: Some(destination.clone()), ..Default::default() };
        let placement = Placement::Relocate { vm: vm.clone(), spec: Box::new(relocate.clone()) };
        let key = apply::remember(tx, &manager, placement, &destination)?;
        let action = StorageMigrationAction {
            extends: ClusterAction { r#type: "StorageMigrationV1".into(), target: Some(vm.clone()) },
            vm,
            relocate_spec: relocate,
            source: source.clone(),
            destination: destination.clone(),
            size_transferred: bytes / 1024,
            space_util_src_before: Some(utilization(tx, source, 0)),
            space_util_dst_before: Some(utilization(tx, &destination, 0)),
            space_util_src_after: Some(utilization(tx, source, -bytes)),
            space_util_dst_after: Some(utilization(tx, &destination, bytes)),
            ..Default::default()
        };
        found.push(recommendation(tx, key, "datastoreMaint", &pod, action.into()));
    }
    Ok(found)
}
