//! The machines that there are at the start: they have been there for long, with their files and, where they run, with guests
//! that are up.

use super::devices::file;
use super::{Facts, capability, config, create, guest, layout, place};
use crate::events;
use crate::fault::Result;
use crate::files::{self, File, FileKind};
use crate::world::Tx;
use vim_types::mo::VirtualMachineProperties;
use vim_types::{
    VirtualDisk, VirtualMachineConfigSpec, VirtualMachinePowerState, VmPoweredOnEvent, VmStartingEvent,
};
use vim_wire::MoRef;

/// What all machines of the start have alike.
pub(crate) fn prepare(prototype: &mut VirtualMachineProperties) {
    prototype.capability = capability::all();
    prototype.guest = Some(guest::off());
    let Some(own) = &mut prototype.config else { return };
    config::standard(own);
    own.boot_options = Some(config::standard_boot());
    own.swap_placement = Some("inherit".into());
    own.change_tracking_enabled = Some(false);
    own.max_mks_connections = Some(40);
    own.guest_auto_lock_enabled = Some(true);
    own.nested_hv_enabled = Some(false);
    own.annotation = Some(String::new());
}

/// Completes a machine of the start that has its place and devices: files, and a guest that is up where it runs. It takes no
/// numbers, so that the ids of what follows are vcsim's.
pub(crate) fn settle(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let now = tx.now;
    let properties = tx.get::<VirtualMachineProperties>(vm)?;
    let running = properties.runtime.power_state == VirtualMachinePowerState::POWERED_ON;
    let Some(datastore) = properties.datastore.first().cloned() else { return Ok(()) };
    let own = create::config_of(tx, vm)?;
    let (_, home) = files::parse(own.files.vm_path_name.as_deref().unwrap_or_default())?;
    let folder = place::parent(&home).to_owned();
    let named = |name: String| place::join(&folder, &name);
    let mut all = vec![
        (home.clone(), File::new(FileKind::Config, create::CONFIG_SIZE, now)),
        (
            named(format!("{}.nvram", create::stem(&home))),
            File::new(FileKind::Nvram, create::NVRAM_SIZE, now),
        ),
        (named("vmware.log".into()), File::new(FileKind::Log, 0, now)),
    ];
    for disk in own.hardware.device.iter().filter_map(|device| device.downcast_ref::<VirtualDisk>()) {
        if let Some((_, path)) = file::name(disk).and_then(|name| files::parse(name).ok()) {
            let capacity = disk.capacity_in_bytes.unwrap_or(disk.capacity_in_kb * 1024);
            let uuid = file::flat(disk).and_then(|flat| flat.uuid.as_deref()).map(Into::into);
            let kind = FileKind::Disk { capacity, thin: true, eager: false, uuid, parent: None };
            all.push((path, File::new(kind, 0, now)));
        }
    }
    files::put_all(tx, &datastore, all)?;
    layout::refresh(tx, vm)?;
    if running {
        tx.edit_state::<Facts>(vm)?.boot = 1;
        guest::up(tx, vm)?;
    }
    Ok(())
}

/// The events of a machine of the start: it was made, and where it runs it was started.
pub(crate) fn tell_past(tx: &mut Tx<'_>, vm: &MoRef) {
    // Each of these is a chain of its own, as if it had been asked for.
    tx.chain = 0;
    let spec = VirtualMachineConfigSpec { name: Some(tx.name(vm).to_owned()), ..Default::default() };
    create::tell(tx, vm, &spec);
    let power = tx.get::<VirtualMachineProperties>(vm).map(|vm| vm.runtime.power_state.clone());
    if power.is_ok_and(|power| power == VirtualMachinePowerState::POWERED_ON) {
        tx.chain = 0;
        let extends = events::of_vm(tx, vm);
        events::post(tx, VmStartingEvent { extends: extends.clone() });
        events::post(tx, VmPoweredOnEvent { extends });
    }
    tx.chain = 0;
}
