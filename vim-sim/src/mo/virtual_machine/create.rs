//! Virtual machines come and go.

use super::edit::{Edit, Why};
use super::{capability, config, devices, faults, guest, place, privileges, snapshots};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::files::{self, File, FileKind};
use crate::mo::environment_browser::DEFAULT_VERSION;
use crate::mo::managed_entity::{attach, detach, entity};
use crate::mo::relations;
use crate::world::{Tx, World};
use bytes::Bytes;
use vim_types::mo::{ComputeResourceProperties, VirtualMachineProperties};
use vim_types::{
    LatencySensitivity, LatencySensitivitySensitivityLevel, ManagedEntityStatus, OptionValue,
    VirtualHardware, VirtualMachineConfigInfo, VirtualMachineConfigSpec, VirtualMachineConnectionState,
    VirtualMachineFaultToleranceState, VirtualMachineFileInfo, VirtualMachinePowerState,
    VirtualMachineRecordReplayState, VirtualMachineRuntimeInfo, VmBeingCreatedEvent, VmCreatedEvent,
    VmInstanceUuidAssignedEvent, VmRemovedEvent, VmUuidAssignedEvent,
};
use vim_wire::{Any, MoRef};

/// The memory of a machine that was given none, in megabytes, as vcsim has it.
const MEMORY: i32 = 32;

/// About how large the small files of a machine are.
pub(super) const CONFIG_SIZE: i64 = 3_072;
pub(super) const NVRAM_SIZE: i64 = 8_684;

/// `CreateVM_Task` of a folder.
pub(super) fn create_task(call: &Call<'_>) -> Result<Reply> {
    let folder = call.this.clone();
    let spec: VirtualMachineConfigSpec = call.arg("config")?;
    let pool: MoRef = call.arg("pool")?;
    let host: Option<MoRef> = call.opt("host")?;
    call.read(|world| {
        world.get::<vim_types::mo::ResourcePoolProperties>(&pool)?;
        host.as_ref().map_or(Ok(()), |host| world.must(host).map(|_| ()))
    })?;
    privileges::create(call, &folder, &pool, &spec)?;
    call.task(&call.this, move |tx| create(tx, &folder, &spec, &pool, host.as_ref()).map(Any::MoRef))
}

/// Creates a machine in a folder, as `CreateVM_Task` does: files, default devices, the devices of the spec. Where no host
/// is given, one of the pool's owner is taken.
pub(crate) fn create(
    tx: &mut Tx<'_>,
    folder: &MoRef,
    spec: &VirtualMachineConfigSpec,
    pool: &MoRef,
    host: Option<&MoRef>,
) -> Result<MoRef> {
    place::folder(tx, folder)?;
    let Some(name) = spec.name.as_deref().filter(|name| !name.is_empty()) else {
        return Err(faults::invalid_config("configSpec.name", "A virtual machine needs a name."));
    };
    let name = place::new_name(tx, folder, name)?;
    let wanted = spec.files.as_ref().and_then(|files| files.vm_path_name.as_deref()).unwrap_or_default();
    if wanted.is_empty() {
        let message = "A virtual machine needs a place for its files.";
        return Err(faults::invalid_config("configSpec.files.vmPathName", message));
    }
    let datacenter = place::datacenter(tx, folder);
    let (datastore, path) = files::resolve(tx, datacenter.as_ref(), wanted)?;
    let host = place::host(tx, pool, host, "host", Some(&datastore))?;
    let path = home(tx, &datastore, &path, &name);
    let vm = add(tx, folder, pool, &host, standard(tx, &name, &datastore, &path))?;
    write_files(tx, &datastore, &path, &name)?;
    let mut edit = Edit::begin(tx, &vm, Why::Create)?;
    edit.config.hardware.device = devices::standard();
    config::apply(&mut edit, spec)?;
    edit.finish()?;
    guest::apply_hooks(tx, &vm, &spec.extra_config)?;
    tell(tx, &vm, spec);
    Ok(vm)
}

/// Where the file of a new machine's configuration shall be, by what was asked for: that file, a folder, or nothing but a
/// datastore. A folder of the machine's name may be there already; then it is another one.
pub(super) fn home(world: &World, datastore: &MoRef, path: &str, name: &str) -> String {
    if path.ends_with(".vmx") || path.ends_with(".vmtx") {
        return path.to_owned();
    }
    let file = format!("{}.vmx", name.replace('%', "_"));
    if !path.is_empty() {
        return place::join(path, &file);
    }
    let folder = name.replace('%', "_");
    let numbered = (1_u32..).map(|number| format!("{folder}_{number}"));
    let mut all = std::iter::once(folder.clone()).chain(numbered);
    let free = all.find(|folder| files::get(world, datastore, folder).is_none());
    place::join(&free.unwrap_or(folder), &file)
}

/// The configuration of a machine that was told nothing.
fn standard(tx: &Tx<'_>, name: &str, datastore: &MoRef, path: &str) -> VirtualMachineConfigInfo {
    let mut config = VirtualMachineConfigInfo {
        name: name.to_owned(),
        version: DEFAULT_VERSION.to_owned(),
        uuid: uuid::Uuid::new_v4().to_string(),
        instance_uuid: Some(uuid::Uuid::new_v4().to_string()),
        create_date: Some(tx.now),
        guest_id: "otherGuest".into(),
        guest_full_name: "Other (32-bit)".into(),
        annotation: Some(String::new()),
        files: files_info(tx, datastore, path),
        hardware: VirtualHardware {
            num_cpu: 1,
            num_cores_per_socket: Some(1),
            auto_cores_per_socket: Some(false),
            memory_mb: MEMORY,
            virtual_ich7m_present: Some(false),
            virtual_smc_present: Some(false),
            ..Default::default()
        },
        latency_sensitivity: Some(LatencySensitivity {
            level: LatencySensitivitySensitivityLevel::NORMAL,
            ..Default::default()
        }),
        memory_hot_add_enabled: Some(false),
        cpu_hot_add_enabled: Some(false),
        cpu_hot_remove_enabled: Some(false),
        swap_placement: Some("inherit".into()),
        boot_options: Some(config::standard_boot()),
        v_asserts_enabled: Some(false),
        change_tracking_enabled: Some(false),
        firmware: Some("bios".into()),
        max_mks_connections: Some(40),
        guest_auto_lock_enabled: Some(true),
        memory_reservation_locked_to_max: Some(false),
        nested_hv_enabled: Some(false),
        vpmc_enabled: Some(false),
        message_bus_tunnel_enabled: Some(false),
        migrate_encryption: Some("opportunistic".into()),
        ft_encryption_mode: Some("ftEncryptionOpportunistic".into()),
        sev_enabled: Some(false),
        extra_config: vec![OptionValue { key: "govcsim".into(), value: Some(Any::from("TRUE")) }.into()],
        ..Default::default()
    };
    config::standard(&mut config);
    config
}

/// A configuration that was read from a file, with what it lacks; a file may say nothing at all.
pub(super) fn complete(
    tx: &Tx<'_>,
    read: VirtualMachineConfigInfo,
    datastore: &MoRef,
    path: &str,
) -> VirtualMachineConfigInfo {
    if !read.hardware.device.is_empty() {
        return read;
    }
    let mut config = standard(tx, &read.name, datastore, path);
    config.hardware.device = devices::standard();
    config.template = read.template;
    config
}

/// Where the files of a machine are.
pub(super) fn files_info(world: &World, datastore: &MoRef, path: &str) -> VirtualMachineFileInfo {
    let name = world.name(datastore);
    let folder = Some(files::written(name, place::parent(path)));
    VirtualMachineFileInfo {
        vm_path_name: Some(files::written(name, path)),
        snapshot_directory: folder.clone(),
        suspend_directory: folder.clone(),
        log_directory: folder,
        ..Default::default()
    }
}

/// Puts a machine into the inventory that has a configuration and nothing else yet.
pub(super) fn add(
    tx: &mut Tx<'_>,
    folder: &MoRef,
    pool: &MoRef,
    host: &MoRef,
    config: VirtualMachineConfigInfo,
) -> Result<MoRef> {
    let vm = tx.new_ref("VirtualMachine");
    let owner = tx.above(host, "ComputeResource").map(|node| node.moref.clone()).unwrap_or_default();
    let browser = tx.get::<ComputeResourceProperties>(&owner)?.environment_browser.clone();
    let properties = VirtualMachineProperties {
        extends: entity(config.name.clone()),
        config: Some(config),
        capability: capability::all(),
        environment_browser: browser.unwrap_or_default(),
        runtime: VirtualMachineRuntimeInfo {
            connection_state: VirtualMachineConnectionState::CONNECTED,
            power_state: VirtualMachinePowerState::POWERED_OFF,
            fault_tolerance_state: VirtualMachineFaultToleranceState::NOT_CONFIGURED,
            record_replay_state: VirtualMachineRecordReplayState::INACTIVE,
            clean_power_off: Some(true),
            ..Default::default()
        },
        guest: Some(guest::off()),
        guest_heartbeat_status: ManagedEntityStatus::GRAY,
        ..Default::default()
    };
    tx.create(&vm, properties);
    attach(tx, &vm, folder)?;
    relations::set_pool(tx, &vm, Some(pool))?;
    relations::set_host(tx, &vm, Some(host))?;
    Ok(vm)
}

/// Writes the small files of a new machine.
pub(super) fn write_files(tx: &mut Tx<'_>, datastore: &MoRef, path: &str, name: &str) -> Result<()> {
    let now = tx.now;
    let content = format!(".encoding = \"UTF-8\"\ndisplayName = \"{name}\"\n");
    let mut config = File::new(FileKind::Config, CONFIG_SIZE, now);
    config.content = Some(Bytes::from(content));
    files::put(tx, datastore, path, config)?;
    let (folder, stem) = (place::parent(path).to_owned(), stem(path).to_owned());
    for (name, kind, size) in
        [(format!("{stem}.nvram"), FileKind::Nvram, NVRAM_SIZE), ("vmware.log".to_owned(), FileKind::Log, 0)]
    {
        let path = place::join(&folder, &name);
        if files::get(tx, datastore, &path).is_none() {
            files::put(tx, datastore, &path, File::new(kind, size, now))?;
        }
    }
    Ok(())
}

/// The name of a machine's file without folder and extension.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// The events of a machine that was made.
pub(super) fn tell(tx: &mut Tx<'_>, vm: &MoRef, spec: &VirtualMachineConfigSpec) {
    let config = tx.get::<VirtualMachineProperties>(vm).ok().and_then(|vm| vm.config.as_ref());
    let (uuid, instance_uuid) = config.map_or_else(Default::default, |config| {
        (config.uuid.clone(), config.instance_uuid.clone().unwrap_or_default())
    });
    let event = events::of_vm(tx, vm);
    events::post(tx, VmBeingCreatedEvent { extends: event.clone(), config_spec: Some(spec.clone()) });
    events::post(tx, VmInstanceUuidAssignedEvent { extends: event.clone(), instance_uuid });
    events::post(tx, VmUuidAssignedEvent { extends: event.clone(), uuid });
    events::post(tx, VmCreatedEvent { extends: event });
}

/// Destroys a machine that does not run: its files go with it.
pub(crate) fn destroy(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let home = {
        let properties = tx.get::<VirtualMachineProperties>(vm)?;
        let config = properties.config.as_ref();
        config.and_then(|config| config.files.vm_path_name.clone()).unwrap_or_default()
    };
    let datacenter = place::datacenter(tx, vm);
    let own = super::layout::own_files(tx, vm);
    unregister(tx, vm)?;
    for (datastore, path) in own {
        // Files may be named twice, by the machine and by its snapshots; and what linked clones build upon stays, as servers
        // mark it.
        let name = files::written(tx.name(&datastore), &path);
        let shared = path.ends_with(".vmdk") && snapshots::others_use(tx, vm, &datastore, &name);
        if files::get(tx, &datastore, &path).is_some() && !shared {
            files::remove(tx, &datastore, &path)?;
        }
    }
    // The folder goes once nothing of anybody else is in it.
    if let Ok((datastore, path)) = files::resolve(tx, datacenter.as_ref(), &home) {
        let folder = place::parent(&path).to_owned();
        if !folder.is_empty()
            && files::get(tx, &datastore, &folder).is_some()
            && files::list(tx, &datastore, &folder).is_empty()
        {
            files::remove(tx, &datastore, &folder)?;
        }
    }
    Ok(())
}

/// Takes a machine that does not run out of the inventory; its files stay.
pub(crate) fn unregister(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let properties = tx.get::<VirtualMachineProperties>(vm)?;
    if properties.runtime.power_state == VirtualMachinePowerState::POWERED_ON {
        return Err(faults::must_be_off(&properties.runtime.power_state));
    }
    let event = events::of_vm(tx, vm);
    events::post(tx, VmRemovedEvent { extends: event });
    snapshots::forget_all(tx, vm)?;
    relations::set_pool(tx, vm, None)?;
    relations::set_host(tx, vm, None)?;
    relations::set_datastores(tx, vm, Vec::new())?;
    relations::set_networks(tx, vm, Vec::new())?;
    detach(tx, vm)?;
    tx.remove(vm);
    Ok(())
}

/// `UnregisterVM`.
pub(super) fn unregister_now(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| {
        super::register::keep(tx, &call.this)?;
        unregister(tx, &call.this)
    })?;
    call.done()
}

/// A machine's configuration, or the fault that it has none.
pub(super) fn config_of<'w>(world: &'w World, vm: &MoRef) -> Result<&'w VirtualMachineConfigInfo> {
    let properties = world.get::<VirtualMachineProperties>(vm)?;
    properties.config.as_ref().ok_or_else(|| Fault::managed_object_not_found(vm))
}
