//! Machines that leave the inventory and come back: their file says what they were.

use super::edit::{Edit, Why};
use super::snapshots::{self, Kept};
use super::{create as machines, faults, place, privileges, vmx};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::files;
use crate::mo::managed_entity::valid_name;
use crate::mo::relations;
use crate::world::{Tx, World};
use bytes::Bytes;
use vim_types::mo::{
    ComputeResourceProperties, DatastoreProperties, VirtualMachineProperties,
    VirtualMachineSnapshotProperties,
};
use vim_types::{AlreadyExists, VirtualDeviceFileBackingInfo, VirtualMachineConfigInfo, VmRegisteredEvent};
use vim_wire::{Any, MoRef};

/// Writes a machine's configuration into its file, for the time when it comes back.
pub(super) fn keep(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let config = machines::config_of(tx, vm)?;
    let home = config.files.vm_path_name.clone().unwrap_or_default();
    let mut text = vmx::write(config);
    if let Some(info) = &tx.get::<VirtualMachineProperties>(vm)?.snapshot {
        vmx::add(&mut text, "snapshots", "", info);
        for snapshot in snapshots::all(tx, vm) {
            let (config, kept) = snapshots::kept(tx, &snapshot)?;
            let files = [&kept.data, &kept.memory].map(|file| file.clone().unwrap_or_default());
            vmx::add(&mut text, "snapshot", &format!("{}\t{}", snapshot.value(), files.join("\t")), config);
        }
    }
    let (datastore, path) = files::resolve(tx, place::datacenter(tx, vm).as_ref(), &home)?;
    if files::get(tx, &datastore, &path).is_some() {
        files::update(tx, &datastore, &path, |file| file.content = Some(Bytes::from(text)))?;
    }
    Ok(())
}

/// `RegisterVM_Task` of a folder.
pub(super) fn task(call: &Call<'_>) -> Result<Reply> {
    let folder = call.this.clone();
    let path: String = call.arg("path")?;
    let name: Option<String> = call.opt("name")?;
    let template: bool = call.arg("asTemplate")?;
    let (pool, host): (Option<MoRef>, Option<MoRef>) = (call.opt("pool")?, call.opt("host")?);
    call.read(|world| pool.iter().chain(&host).try_for_each(|moref| world.must(moref).map(|_| ())))?;
    privileges::register(call, pool.as_ref())?;
    call.task(&call.this, move |tx| {
        let wanted = Wanted { path, name, template, pool, host };
        register(tx, &folder, wanted).map(Any::MoRef)
    })
}

struct Wanted {
    path: String,
    name: Option<String>,
    template: bool,
    pool: Option<MoRef>,
    host: Option<MoRef>,
}

fn register(tx: &mut Tx<'_>, folder: &MoRef, wanted: Wanted) -> Result<MoRef> {
    place::folder(tx, folder)?;
    let (pool, host) = somewhere(tx, &wanted)?;
    if wanted.path.is_empty() {
        return Err(Fault::invalid_argument("path"));
    }
    let (datastore, path) = files::resolve(tx, place::datacenter(tx, folder).as_ref(), &wanted.path)?;
    let host = place::host(tx, &pool, host.as_ref(), "host", Some(&datastore))?;
    let file = match files::get(tx, &datastore, &path) {
        Some(file) if !file.is_folder() => file.clone(),
        _ => return Err(Fault::not_found(&wanted.path)),
    };
    let full = place::written(tx, &datastore, &path);
    if let Some(there) = registered(tx, &datastore, &full) {
        let fault = AlreadyExists { name: Some(there.value().to_owned()), ..Default::default() };
        return Err(Fault::new(
            fault,
            format!("The virtual machine '{}' has that file already.", tx.name(&there)),
        ));
    }
    let text = file.content.as_ref().map(|content| String::from_utf8_lossy(content).into_owned());
    let text = text.unwrap_or_default();
    let mut config = vmx::read(&text).unwrap_or_default();
    let name = match wanted.name.filter(|name| !name.is_empty()) {
        Some(name) => name,
        None if !config.name.is_empty() => config.name.clone(),
        None => machines::stem(&path).to_owned(),
    };
    config.name = place::new_name(tx, folder, &valid_name(&name)?)?;
    moved(tx, &mut config, &datastore, &path);
    config.template = wanted.template;
    let described = vmx::settings(&text);
    let vm = machines::add(tx, folder, &pool, &host, machines::complete(tx, config, &datastore, &path))?;
    let mut edit = Edit::begin(tx, &vm, Why::Register)?;
    super::config::apply(&mut edit, &described)?;
    edit.finish()?;
    snapshots_back(tx, &vm, &text)?;
    super::layout::refresh(tx, &vm)?;
    if wanted.template {
        relations::set_pool(tx, &vm, None)?;
    }
    let event = events::of_vm(tx, &vm);
    events::post(tx, VmRegisteredEvent { extends: event });
    Ok(vm)
}

/// The pool and host of what is registered: a template has a host and no pool, a machine has a pool.
fn somewhere(world: &World, wanted: &Wanted) -> Result<(MoRef, Option<MoRef>)> {
    match (&wanted.pool, &wanted.host) {
        (Some(_), _) if wanted.template => Err(Fault::invalid_argument("pool")),
        (None, None) if wanted.template => Err(Fault::invalid_argument("host")),
        (None, Some(host)) if wanted.template => {
            let owner =
                world.above(host, "ComputeResource").map(|node| node.moref.clone()).unwrap_or_default();
            let pool = world.get::<ComputeResourceProperties>(&owner)?.resource_pool.clone();
            Ok((pool.ok_or_else(|| Fault::invalid_argument("host"))?, Some(host.clone())))
        }
        (Some(pool), host) => Ok((pool.clone(), host.clone())),
        (None, _) => Err(Fault::invalid_argument("pool")),
    }
}

/// The machine of a file, where there is one.
fn registered(world: &World, datastore: &MoRef, path: &str) -> Option<MoRef> {
    let machines = &world.get::<DatastoreProperties>(datastore).ok()?.vm;
    let is = |vm: &&MoRef| {
        machines::config_of(world, vm).is_ok_and(|config| config.files.vm_path_name.as_deref() == Some(path))
    };
    machines.iter().find(is).cloned()
}

/// A machine may come back from another place than it left: what lay beside its file lies beside it now.
fn moved(world: &World, config: &mut VirtualMachineConfigInfo, datastore: &MoRef, path: &str) {
    let old = config.files.vm_path_name.clone().unwrap_or_default();
    let new = machines::files_info(world, datastore, path);
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| format!("{folder}/"));
    if let (Some(from), Some(to)) = (folder(&old), new.vm_path_name.as_deref().and_then(folder))
        && from != to
    {
        for device in &mut config.hardware.device {
            let backing = device.backing.as_mut();
            if let Some(file) =
                backing.and_then(|backing| backing.downcast_mut::<VirtualDeviceFileBackingInfo>())
                && let Some(rest) = file.file_name.strip_prefix(&from)
            {
                file.file_name = format!("{to}{rest}");
                file.datastore = Some(datastore.clone());
            }
        }
    }
    config.files = new;
}

/// Brings snapshots back that the file tells of.
fn snapshots_back(tx: &mut Tx<'_>, vm: &MoRef, text: &str) -> Result<()> {
    let Some(mut info) = vmx::snapshots(text) else { return Ok(()) };
    for (old, data, memory, config) in vmx::each_snapshot(text) {
        let new = tx.new_ref("VirtualMachineSnapshot");
        let node = VirtualMachineSnapshotProperties { config, vm: vm.clone(), ..Default::default() };
        tx.create(&new, node);
        let kept = tx.edit_state::<Kept>(&new)?;
        (kept.data, kept.memory) = (data, memory);
        snapshots::rename_in(&mut info, &old, &new, vm);
    }
    snapshots::restore(tx, vm, info)
}

/// `ReloadVirtualMachineFromPath_Task`: the machine becomes what another file says.
pub(super) fn reload_task(call: &Call<'_>) -> Result<Reply> {
    let path: String = call.arg("configurationPath")?;
    let vm = call.this.clone();
    call.task(&call.this, move |tx| {
        let properties = tx.get::<VirtualMachineProperties>(&vm)?;
        if properties.runtime.power_state != vim_types::VirtualMachinePowerState::POWERED_OFF {
            return Err(faults::must_be_off(&properties.runtime.power_state));
        }
        let host = properties.runtime.host.clone();
        let (datastore, path) = place::datastore_of(tx, &vm, host.as_ref(), &path)?;
        let file = files::must(tx, &datastore, &path)?;
        let text = file.content.as_ref().map(|content| String::from_utf8_lossy(content).into_owned());
        let text = text.unwrap_or_default();
        let name = machines::config_of(tx, &vm)?.name.clone();
        let mut config = vmx::read(&text).unwrap_or_default();
        config.name = name;
        moved(tx, &mut config, &datastore, &path);
        let config = machines::complete(tx, config, &datastore, &path);
        let mut described = vmx::settings(&text);
        described.name = None;
        tx.edit::<VirtualMachineProperties>(&vm)?.config = Some(config);
        let mut edit = Edit::begin(tx, &vm, Why::Register)?;
        super::config::apply(&mut edit, &described)?;
        edit.finish().map(|()| Any::Nil)
    })
}

/// The work of the task, for tests.
#[cfg(test)]
pub(super) mod testing {
    use super::*;

    pub(in super::super) fn register(
        tx: &mut Tx<'_>,
        folder: &MoRef,
        path: &str,
        pool: &MoRef,
    ) -> Result<MoRef> {
        let wanted =
            Wanted { path: path.into(), name: None, template: false, pool: Some(pool.clone()), host: None };
        super::register(tx, folder, wanted)
    }
}
