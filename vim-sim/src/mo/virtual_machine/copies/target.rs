//! Where a copy shall be, or a machine that moves: pool, host and datastores, and how its disks go there.

use super::super::{create as machines, place};
use crate::fault::{Fault, Result};
use crate::world::World;
use vim_types::mo::{
    ComputeResourceProperties, DatastoreProperties, HostSystemProperties, ResourcePoolProperties,
    VirtualMachineProperties,
};
use vim_types::{
    VirtualDeviceFileBackingInfo, VirtualDiskFlatVer2BackingInfo, VirtualMachineRelocateSpec,
    VirtualMachineRelocateSpecDiskLocator, VirtualMachineRelocateTransformation,
};
use vim_wire::MoRef;

/// How a disk's files go to another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// All of its content, in one file.
    Whole,
    /// Its newest file; those that it builds upon stay where they are.
    Newest,
    /// A new file that builds upon it.
    Child,
}

impl Move {
    pub(super) fn of(name: Option<&str>) -> Result<Self> {
        match name {
            None
            | Some(
                ""
                | "moveAllDiskBackingsAndAllowSharing"
                | "moveAllDiskBackingsAndDisallowSharing"
                | "moveAllDiskBackingsAndConsolidate",
            ) => Ok(Self::Whole),
            Some("moveChildMostDiskBacking") => Ok(Self::Newest),
            Some("createNewChildDiskBacking") => Ok(Self::Child),
            Some(_) => Err(Fault::invalid_argument("spec.location.diskMoveType")),
        }
    }
}

/// How a disk is provisioned; none leaves it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Provisioning {
    pub(super) thin: Option<bool>,
    pub(super) eager: Option<bool>,
}

/// Checks that what a spec names is there: unknown references are the caller's mistake, told at once.
pub(super) fn check(world: &World, spec: &VirtualMachineRelocateSpec) -> Result<()> {
    if let Some(pool) = &spec.pool {
        world.get::<ResourcePoolProperties>(pool)?;
    }
    if let Some(host) = &spec.host {
        world.get::<HostSystemProperties>(host)?;
    }
    let datastores = spec.datastore.iter().chain(spec.disk.iter().map(|disk| &disk.datastore));
    for datastore in datastores {
        world.get::<DatastoreProperties>(datastore)?;
    }
    if let Some(folder) = &spec.folder {
        place::folder(world, folder)?;
    }
    Move::of(spec.disk_move_type.as_deref()).map(|_| ())
}

/// The pool of a copy: the one that is named, or the source's.
pub(super) fn pool(world: &World, source: &MoRef, spec: &VirtualMachineRelocateSpec) -> Result<MoRef> {
    let own = || world.get::<VirtualMachineProperties>(source).ok()?.resource_pool.clone();
    spec.pool.clone().or_else(own).ok_or_else(|| Fault::invalid_argument("spec.location.pool"))
}

/// The host of a copy: the one that is named, the source's where that is one of the pool's, or any of those.
pub(super) fn host(
    world: &World,
    source: &MoRef,
    pool: &MoRef,
    spec: &VirtualMachineRelocateSpec,
    datastore: &MoRef,
) -> Result<MoRef> {
    if spec.host.is_some() {
        return place::host(world, pool, spec.host.as_ref(), "spec.location.host", Some(datastore));
    }
    let owner = &world.get::<ResourcePoolProperties>(pool)?.owner;
    let hosts = &world.get::<ComputeResourceProperties>(owner)?.host;
    let own = world.get::<VirtualMachineProperties>(source)?.runtime.host.as_ref();
    let stays = own.filter(|host| {
        hosts.contains(host)
            && place::usable(world, host).is_ok()
            && place::reachable(world, datastore, Some(host)).is_ok()
    });
    match stays {
        Some(host) => Ok(host.clone()),
        None => place::host(world, pool, None, "spec.location.host", Some(datastore)),
    }
}

/// The datastore at which a machine is at home.
pub(super) fn home(world: &World, vm: &MoRef) -> Result<(MoRef, String)> {
    let path = machines::config_of(world, vm)?.files.vm_path_name.clone().unwrap_or_default();
    crate::files::resolve(world, place::datacenter(world, vm).as_ref(), &path)
}

/// What a spec says of one disk.
pub(super) fn locator(
    spec: &VirtualMachineRelocateSpec,
    key: i32,
) -> Option<&VirtualMachineRelocateSpecDiskLocator> {
    spec.disk.iter().find(|disk| disk.disk_id == key)
}

/// How a disk shall be provisioned where it goes.
pub(super) fn provisioning(spec: &VirtualMachineRelocateSpec, key: i32) -> Provisioning {
    let backing = locator(spec, key).and_then(|disk| disk.disk_backing_info.as_ref());
    if let Some(flat) = backing.and_then(|backing| backing.downcast_ref::<VirtualDiskFlatVer2BackingInfo>()) {
        return Provisioning { thin: flat.thin_provisioned, eager: flat.eagerly_scrub };
    }
    match &spec.transform {
        Some(VirtualMachineRelocateTransformation::SPARSE) => {
            Provisioning { thin: Some(true), eager: Some(false) }
        }
        Some(VirtualMachineRelocateTransformation::FLAT) => Provisioning { thin: Some(false), eager: None },
        _ => Provisioning::default(),
    }
}

/// The file name that a spec wishes for a disk.
pub(super) fn wished_name(spec: &VirtualMachineRelocateSpec, key: i32) -> Option<String> {
    let backing = locator(spec, key)?.disk_backing_info.as_ref()?;
    let file = backing.downcast_ref::<VirtualDeviceFileBackingInfo>()?;
    Some(file.file_name.clone()).filter(|name| name.ends_with(".vmdk"))
}

/// Whether each disk that a spec speaks of is one of the machine's.
pub(super) fn check_disks(world: &World, vm: &MoRef, spec: &VirtualMachineRelocateSpec) -> Result<()> {
    let devices = &machines::config_of(world, vm)?.hardware.device;
    let is_disk =
        |key: i32| devices.iter().any(|device| device.key == key && device.is::<vim_types::VirtualDisk>());
    match spec.disk.iter().all(|disk| is_disk(disk.disk_id)) {
        true => Ok(()),
        false => Err(Fault::invalid_argument("spec.disk.diskId")),
    }
}
