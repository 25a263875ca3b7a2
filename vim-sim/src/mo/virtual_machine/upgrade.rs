//! Newer virtual hardware, and tools.

use super::{Facts, create as machines, edit::Edit, edit::Why, faults, guest};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::environment_browser::DEFAULT_VERSION;
use crate::world::Tx;
use vim_types::mo::{HostSystemProperties, VirtualMachineProperties};
use vim_types::{
    AlreadyUpgraded, InvalidArgument, NotSupported, ToolsUnavailable, VirtualMachinePowerState,
    VmUpgradeCompleteEvent, VmUpgradingEvent,
};
use vim_wire::{Any, MoRef};

/// The versions of virtual hardware that a host of 8.0 U3 has.
const VERSIONS: std::ops::RangeInclusive<u32> = 3..=21;

/// Versions between those that never were.
const NEVER: &[u32] = &[5, 6, 12, 16];

/// The number of a version of virtual hardware that hosts have.
pub(super) fn version(name: &str) -> Result<u32> {
    let number = name.strip_prefix("vmx-").and_then(|number| number.parse::<u32>().ok());
    let known = number.filter(|number| VERSIONS.contains(number) && !NEVER.contains(number));
    known.ok_or_else(|| {
        let message = format!("The host does not support the virtual hardware version '{name}'.");
        Fault::new(NotSupported::default(), message)
    })
}

/// `vmx-09` of 9, as names are.
fn name(number: u32) -> String {
    format!("vmx-{number:02}")
}

/// `UpgradeVM_Task`.
pub(super) fn task(call: &Call<'_>) -> Result<Reply> {
    let version: Option<String> = call.opt("version")?;
    let vm = call.this.clone();
    call.task(&call.this, move |tx| {
        let properties = tx.get::<VirtualMachineProperties>(&vm)?;
        if properties.runtime.power_state != VirtualMachinePowerState::POWERED_OFF {
            return Err(faults::must_be_off(&properties.runtime.power_state));
        }
        if let Some(host) = &properties.runtime.host
            && tx.get::<HostSystemProperties>(host).is_ok_and(|host| host.runtime.in_maintenance_mode)
        {
            return Err(faults::invalid_state("The host is in maintenance mode."));
        }
        let config = machines::config_of(tx, &vm)?;
        if config.template {
            return Err(faults::invalid_state("A template cannot be upgraded."));
        }
        if config.version == DEFAULT_VERSION {
            return Err(faults::invalid_state("The virtual machine has the latest version already."));
        }
        upgrade(tx, &vm, version.as_deref().filter(|version| !version.is_empty())).map(|()| Any::Nil)
    })
}

fn upgrade(tx: &mut Tx<'_>, vm: &MoRef, wanted: Option<&str>) -> Result<()> {
    let wanted = version(wanted.unwrap_or(DEFAULT_VERSION))?;
    let current = version(&machines::config_of(tx, vm)?.version).unwrap_or(0);
    if wanted <= current {
        let message = "The virtual machine has that version or a later one already.";
        return Err(Fault::new(AlreadyUpgraded::default(), message));
    }
    let version = name(wanted);
    let event = events::of_vm(tx, vm);
    events::post(tx, VmUpgradingEvent { extends: event.clone(), version: version.clone() });
    let mut edit = Edit::begin(tx, vm, Why::Reconfigure)?;
    edit.config.version.clone_from(&version);
    edit.finish()?;
    events::post(tx, VmUpgradeCompleteEvent { extends: event, version });
    Ok(())
}

/// Upgrades a machine that starts, where that was planned.
pub(super) fn scheduled(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let Some(plan) = machines::config_of(tx, vm)?.scheduled_hardware_upgrade_info.clone() else {
        return Ok(());
    };
    if plan.upgrade_policy.as_deref() != Some("always") {
        return Ok(());
    }
    let done = upgrade(tx, vm, plan.version_key.as_deref());
    let config = &mut tx.edit::<VirtualMachineProperties>(vm)?.config;
    if let Some(plan) = config.as_mut().and_then(|config| config.scheduled_hardware_upgrade_info.as_mut()) {
        plan.scheduled_hardware_upgrade_status = Some(if done.is_ok() { "success" } else { "failed" }.into());
        plan.fault = done.err().map(Fault::localized);
        plan.upgrade_policy = Some("never".into());
    }
    Ok(())
}

/// `UpgradeTools_Task`.
pub(super) fn tools_task(call: &Call<'_>) -> Result<Reply> {
    let vm = call.this.clone();
    call.task(&call.this, move |tx| {
        let is = &tx.get::<VirtualMachineProperties>(&vm)?.runtime.power_state;
        if *is != VirtualMachinePowerState::POWERED_ON {
            return Err(faults::must_be_on(is));
        }
        if !guest::tools_run(tx, &vm) {
            let message = "VMware Tools is not running in this virtual machine.";
            return Err(Fault::new(ToolsUnavailable::default(), message));
        }
        let version = tx
            .get::<VirtualMachineProperties>(&vm)?
            .guest
            .as_ref()
            .and_then(|guest| guest.tools_version.as_deref()?.parse().ok());
        if let Some(config) = &mut tx.edit::<VirtualMachineProperties>(&vm)?.config {
            config.tools.get_or_insert_default().tools_version = version;
        }
        Ok(Any::Nil)
    })
}

/// `MountToolsInstaller` and `UnmountToolsInstaller`.
pub(super) fn mount_installer(call: &Call<'_>) -> Result<Reply> {
    installer(call, true)
}

pub(super) fn unmount_installer(call: &Call<'_>) -> Result<Reply> {
    installer(call, false)
}

fn installer(call: &Call<'_>, mounted: bool) -> Result<Reply> {
    call.write(|tx| {
        let is = &tx.get::<VirtualMachineProperties>(&call.this)?.runtime.power_state;
        if *is != VirtualMachinePowerState::POWERED_ON {
            return Err(faults::must_be_on(is));
        }
        let drives = machines::config_of(tx, &call.this)?;
        if mounted && !drives.hardware.device.iter().any(|device| device.is::<vim_types::VirtualCdrom>()) {
            let fault = InvalidArgument { invalid_property: Some("cdrom".into()), ..Default::default() };
            return Err(Fault::new(fault, "The virtual machine has no CD/DVD drive to mount the installer."));
        }
        tx.edit::<VirtualMachineProperties>(&call.this)?.runtime.tools_installer_mounted = mounted;
        Ok(())
    })?;
    call.done()
}

/// `ResetGuestInformation`.
pub(super) fn reset_information(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| {
        let is = &tx.get::<VirtualMachineProperties>(&call.this)?.runtime.power_state;
        if *is != VirtualMachinePowerState::POWERED_OFF {
            return Err(faults::must_be_off(is));
        }
        tx.edit_state::<Facts>(&call.this)?.had_tools = false;
        guest::down(tx, &call.this)
    })?;
    call.done()
}
