//! Where a VM would best be: on the host with the fewest running VMs, on the datastore with the most free space, as far as
//! the rules allow.

use super::{info, rules};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::world::World;
use vim_types::ext::DeviceList;
use vim_types::mo::{
    ClusterComputeResourceProperties, DatastoreProperties, HostSystemProperties, ResourcePoolProperties,
    VirtualMachineProperties,
};
use vim_types::{
    ClusterHostRecommendation, ClusterRecommendation, HostSystemConnectionState, InvalidState,
    PlacementAction, PlacementResult, PlacementSpec, VirtualMachinePowerState, VirtualMachineRelocateSpec,
    VirtualMachineRelocateSpecDiskLocator,
};
use vim_wire::{DateTime, MoRef};

/// What the code of a recommendation's reason says.
const REASON: &str = "xvmotionPlacement";

/// The hosts that can take a VM, best first.
fn ranked(world: &World, cluster: &MoRef, among: &[MoRef], vm: Option<&MoRef>) -> Result<Vec<MoRef>> {
    let cluster = world.get::<ClusterComputeResourceProperties>(cluster)?;
    let among = if among.is_empty() { &cluster.host } else { among };
    let mut hosts = Vec::new();
    for moref in among {
        let host = world.get::<HostSystemProperties>(moref)?;
        if !cluster.host.contains(moref) {
            return Err(Fault::invalid_argument("placementSpec.hosts"));
        }
        let usable = host.runtime.connection_state == HostSystemConnectionState::CONNECTED
            && !host.runtime.in_maintenance_mode;
        let forbidden =
            info(cluster).zip(vm).is_some_and(|(config, vm)| rules::forbidden(world, config, vm, moref));
        if usable && !forbidden {
            let running = host.vm.iter().filter(|other| runs(world, other) && Some(*other) != vm).count();
            hosts.push((running, moref.clone()));
        }
    }
    hosts.sort_by_key(|(running, _)| *running);
    Ok(hosts.into_iter().map(|(_, host)| host).collect())
}

fn runs(world: &World, vm: &MoRef) -> bool {
    let vm = world.get::<VirtualMachineProperties>(vm).ok();
    vm.is_some_and(|vm| vm.runtime.power_state == VirtualMachinePowerState::POWERED_ON)
}

/// The host of a cluster to which a VM would best be moved from the one where it is: one that has its datastores and
/// networks.
pub(crate) fn best_host(world: &World, cluster: &MoRef, vm: &MoRef, from: &MoRef) -> Option<MoRef> {
    let machine = world.get::<VirtualMachineProperties>(vm).ok()?;
    let reaches = |host: &MoRef| {
        let host = world.get::<HostSystemProperties>(host);
        host.is_ok_and(|host| {
            machine.datastore.iter().all(|datastore| host.datastore.contains(datastore))
                && machine.network.iter().all(|network| host.network.contains(network))
        })
    };
    let hosts = ranked(world, cluster, &[], Some(vm)).ok()?;
    hosts.into_iter().find(|host| host != from && reaches(host))
}

/// The datastore of a host that has the most free space.
fn roomiest(world: &World, host: &MoRef, among: &[MoRef]) -> Result<MoRef> {
    let mounted = &world.get::<HostSystemProperties>(host)?.datastore;
    let mut best: Option<(i64, &MoRef)> = None;
    for moref in mounted.iter().filter(|moref| among.is_empty() || among.contains(moref)) {
        let summary = &world.get::<DatastoreProperties>(moref)?.summary;
        let normal = summary.maintenance_mode.as_deref().is_none_or(|mode| mode == "normal");
        if summary.accessible && normal && best.is_none_or(|(free, _)| summary.free_space > free) {
            best = Some((summary.free_space, moref));
        }
    }
    best.map(|(_, moref)| moref.clone()).ok_or_else(|| Fault::invalid_argument("placementSpec.datastores"))
}

pub(super) fn place_vm(call: &Call<'_>) -> Result<Reply> {
    let spec: PlacementSpec = call.arg("placementSpec")?;
    let now = call.sim.now();
    let result = call.read(|world| place(world, &call.this, &spec, now))?;
    call.returns(&result)
}

fn place(world: &World, cluster: &MoRef, spec: &PlacementSpec, now: DateTime) -> Result<PlacementResult> {
    if world.get::<ClusterComputeResourceProperties>(cluster)?.host.is_empty() {
        return Err(Fault::new(InvalidState::default(), "The cluster has no hosts."));
    }
    let relocate = match spec.placement_type.as_deref() {
        Some("create" | "clone") => new_place(world, cluster, spec)?,
        Some("reconfigure") => {
            if spec.config_spec.is_none() {
                return Err(Fault::invalid_argument("PlacementSpec.configSpec"));
            }
            let vm = machine(world, spec)?;
            VirtualMachineRelocateSpec {
                datastore: vm.datastore.first().cloned(),
                host: vm.runtime.host.clone(),
                pool: vm.resource_pool.clone(),
                disk_move_type: Some("moveAllDiskBackingsAndAllowSharing".into()),
                ..Default::default()
            }
        }
        Some("relocate") => relocation(world, spec)?,
        _ => return Err(Fault::not_supported("that type of placement")),
    };
    let action = PlacementAction {
        vm: spec.vm.clone(),
        target_host: relocate.host.clone(),
        relocate_spec: Some(relocate),
        ..Default::default()
    };
    let recommendation = ClusterRecommendation {
        key: "1".into(),
        r#type: "V1".into(),
        time: now,
        rating: 1,
        reason: REASON.into(),
        reason_text: REASON.into(),
        action: vec![action.into()],
        target: Some(cluster.clone()),
        ..Default::default()
    };
    Ok(PlacementResult { recommendations: vec![recommendation], ..Default::default() })
}

fn machine<'w>(world: &'w World, spec: &PlacementSpec) -> Result<&'w VirtualMachineProperties> {
    let vm = spec.vm.as_ref().ok_or_else(|| Fault::invalid_argument("PlacementSpec.vm"))?;
    world.get(vm)
}

/// Where a VM would be that is not there yet.
fn new_place(world: &World, cluster: &MoRef, spec: &PlacementSpec) -> Result<VirtualMachineRelocateSpec> {
    let wanted = spec.relocate_spec.as_ref();
    let mut datastores = spec.datastores.clone();
    for pod in &spec.storage_pods {
        let pod = world.get::<vim_types::mo::FolderProperties>(pod)?;
        datastores.extend(pod.child_entity.iter().cloned());
    }
    for datastore in &datastores {
        world.get::<DatastoreProperties>(datastore)?;
    }
    let hosts = ranked(world, cluster, &spec.hosts, spec.vm.as_ref())?;
    let places = hosts.into_iter().filter_map(|host| Some((roomiest(world, &host, &datastores).ok()?, host)));
    let Some((datastore, host)) = places.into_iter().next() else {
        return Err(Fault::new(InvalidState::default(), "No host of the cluster can take the VM."));
    };
    let pool = wanted.and_then(|wanted| wanted.pool.clone());
    Ok(VirtualMachineRelocateSpec {
        datastore: Some(datastore),
        host: Some(host),
        pool: pool.or(world.get::<ClusterComputeResourceProperties>(cluster)?.resource_pool.clone()),
        folder: wanted.and_then(|wanted| wanted.folder.clone()),
        ..Default::default()
    })
}

/// Where a VM would go that is there: what its spec says, and where it is as for the rest.
fn relocation(world: &World, spec: &PlacementSpec) -> Result<VirtualMachineRelocateSpec> {
    let moref = spec.vm.as_ref().ok_or_else(|| Fault::invalid_argument("PlacementSpec"))?;
    // A server that does not find the VM takes the placement for that of a new one, which needs a config spec.
    let vm = world.get::<VirtualMachineProperties>(moref);
    let vm = vm.map_err(|_| Fault::invalid_argument("PlacementSpec.configSpec"))?;
    let mut relocate = spec.relocate_spec.clone().unwrap_or_default();
    relocate.host.iter().try_for_each(|host| world.get::<HostSystemProperties>(host).map(|_| ()))?;
    relocate
        .datastore
        .iter()
        .try_for_each(|datastore| world.get::<DatastoreProperties>(datastore).map(|_| ()))?;
    relocate.pool.iter().try_for_each(|pool| world.get::<ResourcePoolProperties>(pool).map(|_| ()))?;
    let devices = vm.config.as_ref().map(|config| config.hardware.device.as_slice()).unwrap_or_default();
    for disk in &relocate.disk {
        if !devices.disks().any(|(device, _)| device.key == disk.disk_id) {
            return Err(Fault::invalid_argument("PlacementSpec.vm"));
        }
        if world.get::<DatastoreProperties>(&disk.datastore).is_err() {
            return Err(Fault::invalid_argument("RelocateSpec"));
        }
    }
    let move_type =
        relocate.disk_move_type.get_or_insert_with(|| "moveAllDiskBackingsAndDisallowSharing".into()).clone();
    relocate.datastore = relocate.datastore.or_else(|| vm.datastore.first().cloned());
    relocate.host = relocate.host.or_else(|| vm.runtime.host.clone());
    relocate.pool = relocate.pool.or_else(|| vm.resource_pool.clone());
    if relocate.disk.is_empty()
        && let Some(datastore) = &relocate.datastore
    {
        let locators = devices.disks().map(|(device, _)| VirtualMachineRelocateSpecDiskLocator {
            disk_id: device.key,
            datastore: datastore.clone(),
            disk_move_type: Some(move_type.clone()),
            ..Default::default()
        });
        relocate.disk = locators.collect();
    }
    Ok(relocate)
}

pub(super) fn recommend_hosts(call: &Call<'_>) -> Result<Reply> {
    let (vm, pool): (MoRef, Option<MoRef>) = (call.arg("vm")?, call.opt("pool")?);
    let recommended = call.read(|world| {
        world.get::<VirtualMachineProperties>(&vm)?;
        if let Some(pool) = &pool
            && world.get::<ResourcePoolProperties>(pool)?.owner != call.this
        {
            return Err(Fault::invalid_argument("pool"));
        }
        let hosts = ranked(world, &call.this, &[], Some(&vm))?;
        let rated = hosts.into_iter().zip((1..=5).rev().chain(std::iter::repeat(1)));
        Ok(rated.map(|(host, rating)| ClusterHostRecommendation { host, rating }).collect::<Vec<_>>())
    })?;
    call.returns(&recommended)
}
