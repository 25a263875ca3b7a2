//! `InstantClone_Task`: a running machine's twin, which runs on from where the machine is.

use super::super::edit::{Edit, Why};
use super::super::{
    Facts, config, create as machines, faults, layout, place, power, privileges, snapshots, template,
};
use super::disks;
use super::target::{self, Move, Provisioning};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::VirtualMachineProperties;
use vim_types::{
    VirtualDisk, VirtualMachineConfigSpec, VirtualMachineInstantCloneSpec, VirtualMachinePowerState,
    VmCloneEvent, VmClonedEvent,
};
use vim_wire::{Any, MoRef};

pub(in super::super) fn task(call: &Call<'_>) -> Result<Reply> {
    template::needs_vcenter(call)?;
    let spec: VirtualMachineInstantCloneSpec = call.arg("spec")?;
    call.read(|world| target::check(world, &spec.location))?;
    let parent = call.read(|world| world.must(&call.this).map(|node| node.parent().cloned()))?;
    let folder = spec.location.folder.clone().or(parent).unwrap_or_default();
    privileges::clone(call, &folder, false, &spec.location)?;
    let source = call.this.clone();
    call.task(&call.this, move |tx| clone(tx, &source, &folder, &spec).map(Any::MoRef))
}

fn clone(
    tx: &mut Tx<'_>,
    source: &MoRef,
    folder: &MoRef,
    spec: &VirtualMachineInstantCloneSpec,
) -> Result<MoRef> {
    let is = &tx.get::<VirtualMachineProperties>(source)?.runtime.power_state;
    if *is != VirtualMachinePowerState::POWERED_ON {
        return Err(faults::must_be_on(is));
    }
    place::folder(tx, folder)?;
    let name = place::new_name(tx, folder, &spec.name)?;
    let location = &spec.location;
    let (home, _) = target::home(tx, source)?;
    let datastore = location.datastore.clone().unwrap_or(home);
    let pool = target::pool(tx, source, location)?;
    let host = target::host(tx, source, &pool, location, &datastore)?;
    // Both write to files of their own from here on, upon what was written before.
    let before = machines::config_of(tx, source)?.clone();
    snapshots::branch(tx, source)?;
    layout::refresh(tx, source)?;
    let path = machines::home(tx, &datastore, "", &name);
    let config = super::clone::of_source(tx, before, &name, &datastore, &path);
    let vm = machines::add(tx, folder, &pool, &host, config)?;
    machines::write_files(tx, &datastore, &path, &name)?;
    let mut edit = Edit::begin(tx, &vm, Why::Clone)?;
    let mut devices = std::mem::take(&mut edit.config.hardware.device);
    let stem = machines::stem(&path).to_owned();
    for device in devices.iter_mut().filter(|device| device.is::<VirtualDisk>()) {
        let place =
            disks::Place { datastore: &datastore, folder: place::parent(&path), stem: &stem, wished: None };
        disks::copy(edit.tx, device, &place, Move::Child, Provisioning::default())?;
    }
    edit.config.hardware.device = devices;
    let wanted = VirtualMachineConfigSpec {
        extra_config: spec.config.clone(),
        uuid: spec.bios_uuid.clone(),
        device_change: location.device_change.clone(),
        ..Default::default()
    };
    config::apply(&mut edit, &wanted)?;
    edit.finish()?;
    let identity = tx.state::<Facts>(source).map(|facts| facts.identity.clone()).unwrap_or_default();
    tx.edit_state::<Facts>(&vm)?.identity = identity;
    let (event, source_vm) = (events::of_vm(tx, &vm), events::vm(tx, source));
    events::post(tx, VmClonedEvent { extends: VmCloneEvent { extends: event }, source_vm });
    power::resume(tx, &vm)?;
    Ok(vm)
}
