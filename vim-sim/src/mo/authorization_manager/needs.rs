//! What calls need beyond the one privilege that the schema names for their method: on other objects that their parameters
//! name, by the kind of their object, or by what a specification changes.

use crate::call::Call;
use crate::fault::Result;
use crate::files;
use crate::world::World;
use vim_types::ext::{NetworkBacking, network_backing};
use vim_types::mo::VirtualMachineProperties;
use vim_types::{
    VirtualCdrom, VirtualDevice, VirtualDeviceConfigSpec, VirtualDeviceConfigSpecOperation, VirtualDisk,
    VirtualDiskRawDiskMappingVer1BackingInfo, VirtualEthernetCard, VirtualFloppy, VirtualMachineCloneSpec,
    VirtualMachineConfigSpec, VirtualMachinePowerState, VirtualMachineRelocateSpec,
};
use vim_wire::{MoRef, Poly};

/// Privileges, each on an object.
pub(super) type Needs = Vec<(&'static str, MoRef)>;

/// What a call needs.
pub(super) fn of(call: &Call<'_>) -> Result<Needs> {
    let this = || call.this.clone();
    let pool = |needs: &mut Needs| -> Result<()> {
        let pool: Option<MoRef> = call.opt("pool")?;
        needs.extend(pool.map(|pool| (ASSIGN_TO_POOL, pool)));
        Ok(())
    };
    let mut needs: Needs = Vec::new();
    match call.method.name {
        "CreateVM_Task" => {
            let spec: VirtualMachineConfigSpec = call.arg("config")?;
            pool(&mut needs)?;
            if let Some(path) = spec.files.as_ref().and_then(|files| files.vm_path_name.as_deref()) {
                needs.extend(call.read(|world| space_at(world, &call.this, path)));
            }
            // What a new machine has is the folder's to allow.
            devices(&mut needs, &call.this, &spec.device_change);
            if spec.managed_by.is_some() {
                needs.push(("VirtualMachine.Config.ManagedBy", this()));
            }
        }
        "RegisterVM_Task" => pool(&mut needs)?,
        "CloneVM_Task" => {
            let (folder, spec): (MoRef, VirtualMachineCloneSpec) = (call.arg("folder")?, call.arg("spec")?);
            call.read(|world| clone(&mut needs, world, &call.this, folder, &spec));
        }
        "RelocateVM_Task" => {
            let spec: VirtualMachineRelocateSpec = call.arg("spec")?;
            location(&mut needs, &call.this, &spec);
            if call.read(|world| runs(world, &call.this)) {
                needs.push(("Resource.HotMigrate", this()));
            }
        }
        "MigrateVM_Task" => {
            pool(&mut needs)?;
            let hot = call.read(|world| runs(world, &call.this));
            needs.push((if hot { "Resource.HotMigrate" } else { "Resource.ColdMigrate" }, this()));
        }
        "ReconfigVM_Task" => reconfigure(&mut needs, &call.this, &call.arg("spec")?),
        "AcquireTicket" => needs.push(("VirtualMachine.Interact.ConsoleInteract", this())),
        "PowerOnMultiVM_Task" => {
            let machines: Vec<MoRef> = call.list("vm")?;
            needs.extend(machines.into_iter().map(|vm| ("VirtualMachine.Interact.PowerOn", vm)));
        }
        "Destroy_Task" => needs.extend(by_kind(call, &call.this, DELETE)),
        "Rename_Task" => needs.extend(by_kind(call, &call.this, RENAME)),
        "MoveIntoFolder_Task" | "MoveIntoResourcePool" => {
            let moved: Vec<MoRef> = call.list("list")?;
            for object in &moved {
                needs.extend(by_kind(call, object, MOVE));
            }
        }
        "UpdateConfig" | "UpdateChildResourceConfiguration" => needs.push(("Resource.EditPool", this())),
        "DestroyChildren" => needs.push(("Resource.DeletePool", this())),
        "UpdateVAppConfig" => needs.push(("VApp.ApplicationConfig", this())),
        "ReconfigureDvs_Task" => needs.push(("DVSwitch.Modify", this())),
        "ReconfigureDVPortgroup_Task" => needs.push(("DVPortgroup.Modify", this())),
        "ConfigureDatastoreIORM_Task" => needs.push(("Datastore.Config", call.arg("datastore")?)),
        "ConfigureStorageDrsForPod_Task" => needs.push(("StoragePod.Config", call.arg("pod")?)),
        _ => {}
    }
    Ok(needs)
}

const ASSIGN_TO_POOL: &str = "Resource.AssignVMToPool";
const ALLOCATE: &str = "Datastore.AllocateSpace";

/// A privilege for each kind of object, the most special first.
type Kinds = &'static [(&'static str, &'static str)];

const DELETE: Kinds = &[
    ("VirtualMachine", "VirtualMachine.Inventory.Delete"),
    ("VirtualApp", "VApp.Delete"),
    ("ResourcePool", "Resource.DeletePool"),
    ("HostSystem", "Host.Inventory.RemoveHostFromCluster"),
    ("ComputeResource", "Host.Inventory.DeleteCluster"),
    ("Datacenter", "Datacenter.Delete"),
    ("Folder", "Folder.Delete"),
    ("Datastore", "Datastore.Delete"),
    ("DistributedVirtualPortgroup", "DVPortgroup.Delete"),
    ("DistributedVirtualSwitch", "DVSwitch.Delete"),
    ("Network", "Network.Delete"),
];

const RENAME: Kinds = &[
    ("VirtualMachine", "VirtualMachine.Config.Rename"),
    ("VirtualApp", "VApp.Rename"),
    ("ResourcePool", "Resource.RenamePool"),
    ("ComputeResource", "Host.Inventory.RenameCluster"),
    ("Datacenter", "Datacenter.Rename"),
    ("Folder", "Folder.Rename"),
    ("Datastore", "Datastore.Rename"),
    ("DistributedVirtualPortgroup", "DVPortgroup.Modify"),
    ("DistributedVirtualSwitch", "DVSwitch.Modify"),
    ("Network", "Network.Config"),
];

const MOVE: Kinds = &[
    ("VirtualMachine", "VirtualMachine.Inventory.Move"),
    ("VirtualApp", "VApp.Move"),
    ("ResourcePool", "Resource.MovePool"),
    ("HostSystem", "Host.Inventory.MoveHost"),
    ("ComputeResource", "Host.Inventory.MoveCluster"),
    ("Datacenter", "Datacenter.Move"),
    ("Folder", "Folder.Move"),
    ("Datastore", "Datastore.Move"),
    ("DistributedVirtualSwitch", "DVSwitch.Move"),
    ("Network", "Network.Move"),
];

fn by_kind(call: &Call<'_>, object: &MoRef, kinds: Kinds) -> Option<(&'static str, MoRef)> {
    let found = call.read(|world| {
        let node = world.node(object)?;
        kinds.iter().find(|(kind, _)| node.is_a(kind)).map(|(_, privilege)| *privilege)
    });
    found.map(|privilege| (privilege, object.clone()))
}

fn runs(world: &World, vm: &MoRef) -> bool {
    world
        .get::<VirtualMachineProperties>(vm)
        .is_ok_and(|vm| vm.runtime.power_state == VirtualMachinePowerState::POWERED_ON)
}

/// Space on the datastore of a path, as seen from a folder.
fn space_at(world: &World, folder: &MoRef, path: &str) -> Option<(&'static str, MoRef)> {
    let datacenter = world.above(folder, "Datacenter").map(|node| node.moref.clone());
    let (datastore, _) = files::resolve(world, datacenter.as_ref(), path).ok()?;
    Some((ALLOCATE, datastore))
}

/// What it takes to put a machine somewhere.
fn location(needs: &mut Needs, vm: &MoRef, spec: &VirtualMachineRelocateSpec) {
    needs.extend(spec.pool.clone().map(|pool| (ASSIGN_TO_POOL, pool)));
    let datastores = spec.datastore.iter().chain(spec.disk.iter().map(|disk| &disk.datastore));
    needs.extend(datastores.map(|datastore| (ALLOCATE, datastore.clone())));
    devices(needs, vm, &spec.device_change);
}

fn clone(needs: &mut Needs, world: &World, vm: &MoRef, folder: MoRef, spec: &VirtualMachineCloneSpec) {
    let is_template = world
        .get::<VirtualMachineProperties>(vm)
        .is_ok_and(|vm| vm.config.as_ref().is_some_and(|config| config.template));
    let privilege = match (is_template, spec.template) {
        (true, true) => "VirtualMachine.Provisioning.CloneTemplate",
        (true, false) => "VirtualMachine.Provisioning.DeployTemplate",
        (false, true) => "VirtualMachine.Provisioning.CreateTemplateFromVM",
        (false, false) => "VirtualMachine.Provisioning.Clone",
    };
    needs.push((privilege, vm.clone()));
    needs.push(("VirtualMachine.Inventory.CreateFromExisting", folder.clone()));
    if spec.customization.is_some() {
        needs.push(("VirtualMachine.Provisioning.Customize", vm.clone()));
    }
    if spec.power_on {
        needs.push(("VirtualMachine.Interact.PowerOn", folder.clone()));
    }
    location(needs, &folder, &spec.location);
    if let Some(config) = &spec.config {
        devices(needs, &folder, &config.device_change);
    }
}

fn reconfigure(needs: &mut Needs, vm: &MoRef, spec: &VirtualMachineConfigSpec) {
    let changes = [
        (spec.name.is_some(), "VirtualMachine.Config.Rename"),
        (spec.annotation.is_some(), "VirtualMachine.Config.Annotation"),
        (spec.num_cpus.is_some() || spec.num_cores_per_socket.is_some(), "VirtualMachine.Config.CPUCount"),
        (spec.memory_mb.is_some(), "VirtualMachine.Config.Memory"),
        (
            spec.cpu_allocation.is_some()
                || spec.memory_allocation.is_some()
                || spec.cpu_affinity.is_some()
                || spec.memory_affinity.is_some()
                || spec.memory_reservation_locked_to_max.is_some(),
            "VirtualMachine.Config.Resource",
        ),
        (!spec.extra_config.is_empty(), "VirtualMachine.Config.AdvancedConfig"),
        (spec.swap_placement.is_some(), "VirtualMachine.Config.SwapPlacement"),
        (spec.managed_by.is_some(), "VirtualMachine.Config.ManagedBy"),
        (spec.change_tracking_enabled.is_some(), "VirtualMachine.Config.ChangeTracking"),
        (
            spec.guest_id.is_some()
                || spec.alternate_guest_name.is_some()
                || spec.uuid.is_some()
                || spec.instance_uuid.is_some()
                || spec.tools.is_some()
                || spec.flags.is_some()
                || spec.power_op_info.is_some()
                || spec.boot_options.is_some()
                || spec.firmware.is_some()
                || spec.files.is_some()
                || spec.cpu_hot_add_enabled.is_some()
                || spec.cpu_hot_remove_enabled.is_some()
                || spec.memory_hot_add_enabled.is_some()
                || spec.vapp_config.is_some()
                || spec.vapp_config_removed.is_some()
                || spec.nested_hv_enabled.is_some(),
            "VirtualMachine.Config.Settings",
        ),
    ];
    needs.extend(
        changes.into_iter().filter(|(changes, _)| *changes).map(|(_, privilege)| (privilege, vm.clone())),
    );
    devices(needs, vm, &spec.device_change);
}

/// What it takes to change devices, on a machine or on the folder of a new one.
fn devices(needs: &mut Needs, on: &MoRef, changes: &[Poly<VirtualDeviceConfigSpec>]) {
    for change in changes {
        needs.push((device(change), on.clone()));
        let device: &Poly<VirtualDevice> = &change.device;
        if let Some(card) = device.downcast_ref::<VirtualEthernetCard>()
            && change.operation != Some(VirtualDeviceConfigSpecOperation::REMOVE)
        {
            match network_backing(card) {
                Some(NetworkBacking::Standard { network: Some(network), .. }) => {
                    needs.push(("Network.Assign", network.clone()));
                }
                Some(NetworkBacking::Portgroup { portgroup_key, .. }) => {
                    let network = MoRef::new("DistributedVirtualPortgroup", portgroup_key);
                    needs.push(("Network.Assign", network));
                }
                _ => {}
            }
        }
    }
}

fn device(change: &VirtualDeviceConfigSpec) -> &'static str {
    let (operation, device) = (change.operation.as_ref().map(|operation| operation.as_str()), &change.device);
    if let Some(disk) = device.downcast_ref::<VirtualDisk>() {
        let raw = disk
            .backing
            .as_ref()
            .is_some_and(|backing| backing.is::<VirtualDiskRawDiskMappingVer1BackingInfo>());
        return match operation {
            Some("add") if raw => "VirtualMachine.Config.RawDevice",
            Some("add") if change.file_operation.is_some() => "VirtualMachine.Config.AddNewDisk",
            Some("add") => "VirtualMachine.Config.AddExistingDisk",
            Some("remove") => "VirtualMachine.Config.RemoveDisk",
            _ => "VirtualMachine.Config.DiskExtend",
        };
    }
    match operation {
        Some("add" | "remove") => "VirtualMachine.Config.AddRemoveDevice",
        _ if device.is::<VirtualCdrom>() => "VirtualMachine.Interact.SetCDMedia",
        _ if device.is::<VirtualFloppy>() => "VirtualMachine.Interact.SetFloppyMedia",
        _ => "VirtualMachine.Config.EditDevice",
    }
}
