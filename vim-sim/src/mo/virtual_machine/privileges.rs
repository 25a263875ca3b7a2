//! The privileges that an operation needs beside its method's own: on pools, datastores, networks, and for each kind of
//! change to a configuration.

use super::devices::{self, Kind};
use super::{create as machines, place};
use crate::call::Call;
use crate::fault::Result;
use crate::files;
use crate::mo::authorization_manager::missing;
use crate::world::World;
use vim_types::{
    VirtualDeviceConfigSpec, VirtualDeviceConfigSpecOperation as Operation, VirtualMachineConfigSpec,
    VirtualMachineRelocateSpec,
};
use vim_wire::{MoRef, Poly};

const TO_POOL: &str = "Resource.AssignVMToPool";
const SPACE: &str = "Datastore.AllocateSpace";
const NETWORK: &str = "Network.Assign";

/// What is needed, and on what.
type Needs = Vec<(&'static str, MoRef)>;

fn demand(call: &Call<'_>, world: &World, needs: &Needs) -> Result<()> {
    let needs: Vec<(&str, &MoRef)> = needs.iter().map(|(privilege, moref)| (*privilege, moref)).collect();
    missing(world, call.user(), &needs)
}

/// Demands what creating a machine needs.
pub(super) fn create(
    call: &Call<'_>,
    folder: &MoRef,
    pool: &MoRef,
    spec: &VirtualMachineConfigSpec,
) -> Result<()> {
    call.read(|world| {
        let mut needs: Needs = vec![(TO_POOL, pool.clone())];
        let path = spec.files.as_ref().and_then(|files| files.vm_path_name.as_deref());
        let datacenter = place::datacenter(world, folder);
        if let Some(path) = path
            && let Ok((datastore, _)) = files::resolve(world, datacenter.as_ref(), path)
        {
            needs.push((SPACE, datastore));
        }
        for change in &spec.device_change {
            needs.extend(devices::network_of(world, &change.device).map(|network| (NETWORK, network)));
        }
        demand(call, world, &needs)
    })
}

/// Demands what a clone needs.
pub(super) fn clone(
    call: &Call<'_>,
    folder: &MoRef,
    template: bool,
    location: &VirtualMachineRelocateSpec,
) -> Result<()> {
    call.read(|world| {
        let source = machines::config_of(world, &call.this)?.template;
        let own = match (source, template) {
            (true, true) => "VirtualMachine.Provisioning.CloneTemplate",
            (true, false) => "VirtualMachine.Provisioning.DeployTemplate",
            (false, true) => "VirtualMachine.Provisioning.CreateTemplateFromVM",
            (false, false) => "VirtualMachine.Provisioning.Clone",
        };
        let mut needs: Needs =
            vec![(own, call.this.clone()), ("VirtualMachine.Inventory.CreateFromExisting", folder.clone())];
        needs.extend(location.pool.iter().map(|pool| (TO_POOL, pool.clone())));
        needs.extend(location.datastore.iter().map(|datastore| (SPACE, datastore.clone())));
        demand(call, world, &needs)
    })
}

/// Demands what moving a machine needs.
pub(super) fn relocate(call: &Call<'_>, location: &VirtualMachineRelocateSpec) -> Result<()> {
    call.read(|world| {
        let mut needs: Needs = Vec::new();
        needs.extend(location.pool.iter().map(|pool| (TO_POOL, pool.clone())));
        needs.extend(location.datastore.iter().map(|datastore| (SPACE, datastore.clone())));
        needs.extend(location.folder.iter().map(|folder| ("VirtualMachine.Inventory.Move", folder.clone())));
        demand(call, world, &needs)
    })
}

/// Demands what registering a machine needs.
pub(super) fn register(call: &Call<'_>, pool: Option<&MoRef>) -> Result<()> {
    let needs: Needs = pool.iter().map(|pool| (TO_POOL, (*pool).clone())).collect();
    call.read(|world| demand(call, world, &needs))
}

/// Demands what a change of a configuration needs.
pub(super) fn reconfigure(call: &Call<'_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    let this = &call.this;
    let mut needs: Needs = Vec::new();
    let mut need = |privilege: &'static str| {
        if !needs.iter().any(|(own, _)| *own == privilege) {
            needs.push((privilege, this.clone()));
        }
    };
    let plain = VirtualMachineConfigSpec {
        change_version: spec.change_version.clone(),
        name: spec.name.clone(),
        annotation: spec.annotation.clone(),
        num_cpus: spec.num_cpus,
        num_cores_per_socket: spec.num_cores_per_socket,
        memory_mb: spec.memory_mb,
        cpu_allocation: spec.cpu_allocation.clone(),
        memory_allocation: spec.memory_allocation.clone(),
        extra_config: spec.extra_config.clone(),
        device_change: spec.device_change.clone(),
        change_tracking_enabled: spec.change_tracking_enabled,
        managed_by: spec.managed_by.clone(),
        swap_placement: spec.swap_placement.clone(),
        ..Default::default()
    };
    let checks: [(bool, &'static str); 10] = [
        (spec.name.is_some(), "VirtualMachine.Config.Rename"),
        (spec.annotation.is_some(), "VirtualMachine.Config.Annotation"),
        (spec.num_cpus.is_some() || spec.num_cores_per_socket.is_some(), "VirtualMachine.Config.CPUCount"),
        (spec.memory_mb.is_some(), "VirtualMachine.Config.Memory"),
        (spec.cpu_allocation.is_some() || spec.memory_allocation.is_some(), "VirtualMachine.Config.Resource"),
        (!spec.extra_config.is_empty(), "VirtualMachine.Config.AdvancedConfig"),
        (spec.change_tracking_enabled.is_some(), "VirtualMachine.Config.ChangeTracking"),
        (spec.managed_by.is_some(), "VirtualMachine.Config.ManagedBy"),
        (spec.swap_placement.is_some(), "VirtualMachine.Config.SwapPlacement"),
        (plain != *spec, "VirtualMachine.Config.Settings"),
    ];
    for (_, privilege) in checks.into_iter().filter(|(wanted, _)| *wanted) {
        need(privilege);
    }
    for change in &spec.device_change {
        need(of_device(change));
    }
    call.read(|world| {
        for change in &spec.device_change {
            let removed = change.operation == Some(Operation::REMOVE);
            let network = devices::network_of(world, &change.device).filter(|_| !removed);
            needs.extend(network.map(|network| (NETWORK, network)));
        }
        demand(call, world, &needs)
    })
}

fn of_device(change: &Poly<VirtualDeviceConfigSpec>) -> &'static str {
    let disk = Kind::of(&change.device) == Kind::Disk;
    match &change.operation {
        Some(Operation::ADD) if disk && change.file_operation.is_some() => "VirtualMachine.Config.AddNewDisk",
        Some(Operation::ADD) if disk => "VirtualMachine.Config.AddExistingDisk",
        Some(Operation::REMOVE) if disk => "VirtualMachine.Config.RemoveDisk",
        Some(Operation::ADD | Operation::REMOVE) => "VirtualMachine.Config.AddRemoveDevice",
        _ if disk => "VirtualMachine.Config.DiskExtend",
        _ => "VirtualMachine.Config.EditDevice",
    }
}
