//! What runs in a machine, as its tools tell it: nothing at first, and all of it some time after power-on.

mod cloud_init;
mod encoded;
mod hooks;
mod identity;
mod net;
pub(crate) mod os;
pub(crate) mod run;
mod yaml;

pub(super) use cloud_init::{metadata as cloud_init_metadata, prefix_of};
pub(super) use hooks::apply as apply_hooks;
pub(super) use identity::{Card, Identity};

use super::config::extra;
use super::devices::Kind;
use super::{Facts, create as machines, customize, guest_os};
use crate::fault::Result;
use crate::sim::Sim;
use crate::world::{Tx, World};
use std::sync::Arc;
use vim_types::mo::VirtualMachineProperties;
use vim_types::{
    GuestDiskInfo, GuestInfo, GuestInfoVirtualDiskMapping, GuestScreenInfo, ManagedEntityStatus, VirtualDisk,
    VirtualMachinePowerState, VirtualMachineToolsStatus,
};
use vim_wire::MoRef;

/// The option by which a machine is said to have no tools.
const TOOLS: &str = "vim-sim.tools";

/// The version of the tools that guests have.
const TOOLS_VERSION: &str = "12389";

/// What is told of the guest of a machine that does not run.
pub(super) fn off() -> GuestInfo {
    GuestInfo {
        tools_status: Some(VirtualMachineToolsStatus::TOOLS_NOT_INSTALLED),
        tools_version_status: Some("guestToolsNotInstalled".into()),
        tools_version_status2: Some("guestToolsNotInstalled".into()),
        tools_running_status: Some("guestToolsNotRunning".into()),
        tools_version: Some("0".into()),
        guest_state: "notRunning".into(),
        guest_operations_ready: Some(false),
        interactive_guest_operations_ready: Some(false),
        guest_state_change_supported: Some(false),
        app_heartbeat_status: Some("appStatusGray".into()),
        app_state: Some("none".into()),
        guest_kernel_crashed: Some(false),
        ..Default::default()
    }
}

/// Whether a machine's guest has tools.
pub(super) fn has_tools(world: &World, vm: &MoRef) -> bool {
    let config = machines::config_of(world, vm);
    config.is_ok_and(|config| {
        extra::text(&config.extra_config, TOOLS).is_none_or(|text| !text.eq_ignore_ascii_case("false"))
    })
}

/// Whether the tools of a machine's guest run.
pub(crate) fn tools_run(world: &World, vm: &MoRef) -> bool {
    world.get::<VirtualMachineProperties>(vm).is_ok_and(|vm| {
        vm.guest.as_ref().and_then(|guest| guest.tools_running_status.as_deref()) == Some("guestToolsRunning")
    })
}

/// Begins the boot of a guest: the machine was powered on. Returns the boot's number, by which its end is known.
pub(super) fn begin(tx: &mut Tx<'_>, vm: &MoRef) -> Result<u64> {
    let boot = tx.new_number();
    tx.edit_state::<Facts>(vm)?.boot = boot;
    let had_tools = tx.state::<Facts>(vm).is_some_and(|facts| facts.had_tools);
    let guest = tx.edit::<VirtualMachineProperties>(vm)?.guest.get_or_insert_with(off);
    let customization = guest.customization_info.take();
    *guest = off();
    guest.guest_state = "running".into();
    guest.customization_info = customization;
    if had_tools {
        stopped_tools(guest);
    }
    hooks::again(tx, vm).map(|()| boot)
}

/// What is told of tools that were there before and do not run now.
fn stopped_tools(guest: &mut GuestInfo) {
    guest.tools_status = Some(VirtualMachineToolsStatus::TOOLS_NOT_RUNNING);
    guest.tools_version_status = Some("guestToolsCurrent".into());
    guest.tools_version_status2 = Some("guestToolsCurrent".into());
    guest.tools_version = Some(TOOLS_VERSION.into());
}

/// Has the guest be up after its time.
pub(super) fn boot_later(sim: &Arc<Sim>, vm: &MoRef, boot: u64) {
    let vm = vm.clone();
    sim.timer.after(sim.config.boot_time, move |sim| {
        let up = sim.write(|tx| match tx.state::<Facts>(&vm).map(|facts| facts.boot) {
            Some(now) if now == boot => up(tx, &vm),
            _ => Ok(()),
        });
        // The machine may be gone.
        drop(up);
    });
}

/// The guest is up: its tools run and it has addresses.
pub(super) fn up(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let properties = tx.get::<VirtualMachineProperties>(vm)?;
    if properties.runtime.power_state != VirtualMachinePowerState::POWERED_ON || !has_tools(tx, vm) {
        return Ok(());
    }
    customize::finish(tx, vm)?;
    let config = machines::config_of(tx, vm)?;
    let told = cloud_init::read(&config.extra_config);
    let facts = tx.state::<Facts>(vm);
    let identity = facts.map(|facts| facts.identity.clone()).unwrap_or_default().under(told);
    let name = identity.host_name.clone().unwrap_or_else(|| host_name(&config.name));
    let (net, stack) = net::tell(tx, vm, &identity, &name)?;
    let address = net
        .iter()
        .flat_map(|card| &card.ip_address)
        .find(|address| !address.contains(':'))
        .or_else(|| net.iter().flat_map(|card| &card.ip_address).find(|address| !address.starts_with("fe80")))
        .cloned();
    let customization = tx.get::<VirtualMachineProperties>(vm)?.guest.as_ref();
    let customization = customization.and_then(|guest| guest.customization_info.clone());
    let config = machines::config_of(tx, vm)?;
    let windows = guest_os::family(&config.guest_id) == "windowsGuest";
    let guest = GuestInfo {
        tools_status: Some(VirtualMachineToolsStatus::TOOLS_OK),
        tools_version_status: Some("guestToolsCurrent".into()),
        tools_version_status2: Some("guestToolsCurrent".into()),
        tools_running_status: Some("guestToolsRunning".into()),
        tools_version: Some(TOOLS_VERSION.into()),
        tools_install_type: Some(
            if windows { "guestToolsTypeMSI" } else { "guestToolsTypeOpenVMTools" }.into(),
        ),
        guest_id: Some(config.guest_id.clone()),
        guest_family: Some(guest_os::family(&config.guest_id).into()),
        guest_full_name: Some(config.guest_full_name.clone()),
        host_name: Some(name),
        ip_address: address,
        net,
        ip_stack: vec![stack],
        disk: disks(config, windows),
        screen: Some(GuestScreenInfo { width: 1024, height: 768 }),
        guest_state: "running".into(),
        guest_operations_ready: Some(true),
        guest_state_change_supported: Some(true),
        hw_version: Some(config.version.clone()),
        customization_info: customization,
        ..off()
    };
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    properties.guest = Some(guest);
    properties.guest_heartbeat_status = ManagedEntityStatus::GREEN;
    tx.edit_state::<Facts>(vm)?.had_tools = true;
    hooks::again(tx, vm)
}

/// The operating system of a machine's guest, as it was left, or as it was installed.
pub(crate) fn os_of(world: &World, vm: &MoRef) -> Result<os::Os> {
    if let Some(os) = world.state::<Facts>(vm).and_then(|facts| facts.os.as_deref()) {
        return Ok(os.clone());
    }
    let config = machines::config_of(world, vm)?;
    let windows = guest_os::family(&config.guest_id) == "windowsGuest";
    let guest = world.get::<VirtualMachineProperties>(vm)?.guest.as_ref();
    let name = guest.and_then(|guest| guest.host_name.clone()).unwrap_or_else(|| host_name(&config.name));
    let since = world.get::<VirtualMachineProperties>(vm)?.runtime.boot_time.unwrap_or(config.modified);
    Ok(os::Os::new(windows, &name, since))
}

pub(crate) fn set_os(tx: &mut Tx<'_>, vm: &MoRef, os: os::Os) -> Result<()> {
    tx.edit_state::<Facts>(vm)?.os = Some(Arc::new(os));
    Ok(())
}

/// A running guest sees that its cards have come or gone.
pub(super) fn cards_changed(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let properties = tx.get::<VirtualMachineProperties>(vm)?;
    let Some(guest) = &properties.guest else { return Ok(()) };
    if !tools_run(tx, vm) || properties.runtime.power_state != VirtualMachinePowerState::POWERED_ON {
        return Ok(());
    }
    let identity = tx.state::<Facts>(vm).map(|facts| facts.identity.clone()).unwrap_or_default();
    let identity = identity.under(cloud_init::read(&machines::config_of(tx, vm)?.extra_config));
    let (net, _) = net::tell(tx, vm, &identity, guest.host_name.as_deref().unwrap_or_default())?;
    let known =
        |card: &vim_types::GuestNicInfo| (card.device_config_id, card.connected, card.network.clone());
    let same = guest.net.iter().map(known).eq(net.iter().map(known));
    if !same && let Some(guest) = &mut tx.edit::<VirtualMachineProperties>(vm)?.guest {
        guest.net = net;
    }
    Ok(())
}

/// The guest is down: nothing is known of it any more but that it had tools.
pub(super) fn down(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let facts = tx.edit_state::<Facts>(vm)?;
    facts.boot = 0;
    // Files stay; whatever ran does not.
    if let Some(os) = &mut facts.os {
        let os = Arc::make_mut(os);
        os.processes.retain(|process| process.pid < os::FIRST_OWN);
        os.transfers.clear();
    }
    let had_tools = facts.had_tools;
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    properties.guest_heartbeat_status = ManagedEntityStatus::GRAY;
    let guest = properties.guest.get_or_insert_with(off);
    let (customization, host_name) = (guest.customization_info.take(), guest.host_name.take());
    let (id, family, full) = (guest.guest_id.take(), guest.guest_family.take(), guest.guest_full_name.take());
    *guest = off();
    guest.customization_info = customization;
    if had_tools {
        stopped_tools(guest);
        // Servers remember what a guest called itself.
        (guest.host_name, guest.guest_id, guest.guest_family, guest.guest_full_name) =
            (host_name, id, family, full);
    }
    Ok(())
}

/// A name for a guest that was given none: the machine's, of the characters that such names have.
fn host_name(name: &str) -> String {
    let char = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '-' };
    let name: String = name.chars().map(char).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "localhost".to_owned() } else { name.to_owned() }
}

/// The file systems of a guest: one on each disk, two fifths full.
fn disks(config: &vim_types::VirtualMachineConfigInfo, windows: bool) -> Vec<GuestDiskInfo> {
    let disks = config.hardware.device.iter().filter(|device| Kind::of(device) == Kind::Disk);
    let disks = disks.filter_map(|device| device.downcast_ref::<VirtualDisk>());
    let tell = |(number, disk): (usize, &VirtualDisk)| {
        let capacity = disk.capacity_in_bytes.unwrap_or(disk.capacity_in_kb * 1024);
        let path = match (windows, number) {
            (true, number) => {
                let letter = u8::try_from(number).unwrap_or(0).saturating_add(b'C').min(b'Z');
                format!("{}:\\", char::from(letter))
            }
            (false, 0) => "/".to_owned(),
            (false, number) => format!("/data{number}"),
        };
        GuestDiskInfo {
            disk_path: Some(path),
            capacity: Some(capacity),
            free_space: Some(capacity / 5 * 3),
            filesystem_type: Some(if windows { "NTFS" } else { "ext4" }.into()),
            mappings: vec![GuestInfoVirtualDiskMapping { key: disk.key, ..Default::default() }],
        }
    };
    disks.enumerate().map(tell).collect()
}

#[cfg(test)]
mod tests {
    use super::host_name;

    #[test]
    fn names_of_guests() {
        assert_eq!(host_name("DC0_H0_VM0"), "dc0-h0-vm0");
        assert_eq!(host_name("web 1."), "web-1");
        assert_eq!(host_name("…"), "localhost");
    }
}
