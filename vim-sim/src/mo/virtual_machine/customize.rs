//! Customization: a guest gets a name and addresses at its next start.

use super::devices::Kind;
use super::guest::{Card, Identity, cloud_init_metadata, prefix_of};
use super::{Facts, create as machines, faults, guest_os};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{HostSystemProperties, VirtualMachineProperties};
use vim_types::{
    CustomizationCloudinitPrep, CustomizationCustomName, CustomizationEvent, CustomizationFailed,
    CustomizationFixedIp, CustomizationFixedIpV6, CustomizationFixedName, CustomizationLinuxPrep,
    CustomizationName, CustomizationNetworkSetupFailed, CustomizationPending, CustomizationPrefixName,
    CustomizationSpec, CustomizationStartedEvent, CustomizationSucceeded, CustomizationSysprep,
    CustomizationSysprepText, CustomizationUnknownName, GuestInfoCustomizationInfo, NicSettingMismatch,
    UncustomizableGuest, VirtualMachinePowerState,
};
use vim_wire::{Any, MoRef, Poly};

/// `CustomizeVM_Task`.
pub(super) fn task(call: &Call<'_>) -> Result<Reply> {
    let spec: CustomizationSpec = call.arg("spec")?;
    let vm = call.this.clone();
    call.task(&call.this, move |tx| {
        let properties = tx.get::<VirtualMachineProperties>(&vm)?;
        if let Some(host) = &properties.runtime.host
            && tx.get::<HostSystemProperties>(host).is_ok_and(|host| host.runtime.in_maintenance_mode)
        {
            return Err(faults::invalid_state("The host is in maintenance mode."));
        }
        if properties.runtime.power_state != VirtualMachinePowerState::POWERED_OFF {
            return Err(faults::must_be_off(&properties.runtime.power_state));
        }
        set(tx, &vm, &spec).map(|()| Any::Nil)
    })
}

/// `CheckCustomizationSpec`.
pub(super) fn check_now(call: &Call<'_>) -> Result<Reply> {
    let spec: CustomizationSpec = call.arg("spec")?;
    call.read(|world| check(world, &call.this, &spec))?;
    call.done()
}

/// Whether a machine's guest can be customized so.
pub(super) fn check(world: &World, vm: &MoRef, spec: &CustomizationSpec) -> Result<()> {
    let config = machines::config_of(world, vm)?;
    let family = guest_os::family(&config.guest_id);
    let windows =
        spec.identity.is::<CustomizationSysprep>() || spec.identity.is::<CustomizationSysprepText>();
    let linux = spec.identity.is::<CustomizationLinuxPrep>();
    let cloud = spec.identity.is::<CustomizationCloudinitPrep>();
    if !windows && !linux && !cloud {
        return Err(Fault::invalid_argument("spec.identity"));
    }
    // Of an operating system that nobody names, nothing is known.
    if (windows && family == "linuxGuest") || (linux && family == "windowsGuest") {
        let fault = UncustomizableGuest {
            uncustomizable_guest_os: config.guest_full_name.clone(),
            ..Default::default()
        };
        let message = format!(
            "Customization of the guest operating system '{}' is not supported in this configuration.",
            config.guest_id
        );
        return Err(Fault::new(fault, message));
    }
    let cards = config.hardware.device.iter().filter(|device| Kind::of(device) == Kind::Network).count();
    let settings = spec.nic_setting_map.len();
    if settings != cards && !(cloud && settings == 0) {
        return Err(mismatch(settings, cards));
    }
    for mapping in &spec.nic_setting_map {
        if let Some(fixed) = mapping.adapter.ip.downcast_ref::<CustomizationFixedIp>()
            && fixed.ip_address.parse::<std::net::Ipv4Addr>().is_err()
        {
            return Err(Fault::invalid_argument("spec.nicSettingMap.adapter.ip.ipAddress"));
        }
    }
    Ok(())
}

fn mismatch(spec: usize, vm: usize) -> Fault {
    let number = |count| i32::try_from(count).unwrap_or(i32::MAX);
    let fault = NicSettingMismatch {
        number_of_nics_in_spec: number(spec),
        number_of_nics_in_vm: number(vm),
        ..Default::default()
    };
    Fault::new(
        fault,
        "The number of network interfaces in the customization spec does not match that of the virtual machine.",
    )
}

/// Has a machine's guest customized when it starts next.
pub(super) fn set(tx: &mut Tx<'_>, vm: &MoRef, spec: &CustomizationSpec) -> Result<()> {
    if tx.state::<Facts>(vm).is_some_and(|facts| facts.customization.is_some()) {
        return Err(Fault::new(
            CustomizationPending::default(),
            "A customization operation is already pending.",
        ));
    }
    check(tx, vm, spec)?;
    tx.edit_state::<Facts>(vm)?.customization = Some(Box::new(spec.clone()));
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    if let Some(config) = &mut properties.config {
        let pending = uuid::Uuid::new_v4().to_string();
        config.tools.get_or_insert_default().pending_customization = Some(pending);
    }
    info(tx, vm, "TOOLSDEPLOYPKG_PENDING", "")
}

fn info(tx: &mut Tx<'_>, vm: &MoRef, status: &str, error: &str) -> Result<()> {
    let now = tx.now;
    let guest = tx.edit::<VirtualMachineProperties>(vm)?.guest.get_or_insert_default();
    let started = guest.customization_info.as_ref().and_then(|info| info.start_time);
    let ended = matches!(status, "TOOLSDEPLOYPKG_SUCCEEDED" | "TOOLSDEPLOYPKG_FAILED");
    guest.customization_info = Some(GuestInfoCustomizationInfo {
        customization_status: status.to_owned(),
        start_time: match status {
            "TOOLSDEPLOYPKG_PENDING" => None,
            "TOOLSDEPLOYPKG_RUNNING" => Some(now),
            _ => started.or(Some(now)),
        },
        end_time: ended.then_some(now),
        error_msg: Some(error.to_owned()).filter(|error| !error.is_empty()),
    });
    Ok(())
}

/// The machine starts: what is pending is under way.
pub(super) fn begin(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let Some(spec) = tx.state::<Facts>(vm).and_then(|facts| facts.customization.clone()) else {
        return Ok(());
    };
    let event = CustomizationEvent { extends: events::of_vm(tx, vm), ..Default::default() };
    events::post(tx, CustomizationStartedEvent { extends: event.clone() });
    info(tx, vm, "TOOLSDEPLOYPKG_RUNNING", "")?;
    // Cards may have come or gone since.
    if let Err(fault) = check(tx, vm, &spec) {
        let reason = fault.detail.type_name().to_owned();
        let failed = CustomizationFailed { extends: event, reason: Some(reason.clone()) };
        events::post(tx, CustomizationNetworkSetupFailed { extends: failed });
        over(tx, vm)?;
        info(tx, vm, "TOOLSDEPLOYPKG_FAILED", &reason)?;
    }
    Ok(())
}

/// The guest is up: what was under way is done.
pub(super) fn finish(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let Some(spec) = tx.state::<Facts>(vm).and_then(|facts| facts.customization.clone()) else {
        return Ok(());
    };
    let identity = identity(tx, vm, &spec)?;
    tx.edit_state::<Facts>(vm)?.identity = identity;
    over(tx, vm)?;
    info(tx, vm, "TOOLSDEPLOYPKG_SUCCEEDED", "")?;
    let event = CustomizationEvent { extends: events::of_vm(tx, vm), ..Default::default() };
    events::post(tx, CustomizationSucceeded { extends: event });
    Ok(())
}

fn over(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    tx.edit_state::<Facts>(vm)?.customization = None;
    if let Some(config) = &mut tx.edit::<VirtualMachineProperties>(vm)?.config {
        config.tools.get_or_insert_default().pending_customization = None;
    }
    Ok(())
}

/// What a guest says of itself once it is customized.
fn identity(world: &World, vm: &MoRef, spec: &CustomizationSpec) -> Result<Identity> {
    let name = &machines::config_of(world, vm)?.name;
    let mut identity = Identity::default();
    if let Some(linux) = spec.identity.downcast_ref::<CustomizationLinuxPrep>() {
        identity.host_name = host_name(&linux.host_name, name);
        identity.domain = Some(linux.domain.clone()).filter(|domain| !domain.is_empty());
    } else if let Some(windows) = spec.identity.downcast_ref::<CustomizationSysprep>() {
        identity.host_name = host_name(&windows.user_data.computer_name, name);
        identity.domain.clone_from(&windows.identification.join_domain);
    } else if let Some(cloud) = spec.identity.downcast_ref::<CustomizationCloudinitPrep>() {
        identity = cloud_init_metadata(&cloud.metadata);
    }
    if !spec.nic_setting_map.is_empty() {
        identity.cards = spec.nic_setting_map.iter().map(card).collect();
    }
    let global = &spec.global_ip_settings;
    if !global.dns_server_list.is_empty() {
        identity.dns.clone_from(&global.dns_server_list);
    }
    if !global.dns_suffix_list.is_empty() {
        identity.search.clone_from(&global.dns_suffix_list);
    }
    Ok(identity)
}

fn card(mapping: &vim_types::CustomizationAdapterMapping) -> Card {
    let adapter = &mapping.adapter;
    let mut card = Card {
        mac: mapping.mac_address.clone().filter(|mac| !mac.is_empty()),
        gateways: adapter.gateway.clone(),
        dns: adapter.dns_server_list.clone(),
        domain: adapter.dns_domain.clone().filter(|domain| !domain.is_empty()),
        ..Default::default()
    };
    if let Some(fixed) = adapter.ip.downcast_ref::<CustomizationFixedIp>() {
        let prefix = adapter.subnet_mask.as_deref().and_then(prefix_of).unwrap_or(24);
        card.addresses.push((fixed.ip_address.clone(), prefix));
    }
    if let Some(v6) = &adapter.ip_v6_spec {
        let fixed = v6.ip.iter().filter_map(|ip| ip.downcast_ref::<CustomizationFixedIpV6>());
        card.addresses.extend(fixed.map(|ip| (ip.ip_address.clone(), ip.subnet_mask)));
        card.gateways.extend(v6.gateway.iter().cloned());
    }
    card
}

/// The name that a spec gives, by its kind; none where it leaves it to the guest.
fn host_name(name: &Poly<CustomizationName>, machine: &str) -> Option<String> {
    if let Some(fixed) = name.downcast_ref::<CustomizationFixedName>() {
        return Some(fixed.name.clone());
    }
    if name.is::<CustomizationUnknownName>() {
        return None;
    }
    // A number makes names of one beginning differ; here that is the machine's own.
    let digits: String = machine.chars().rev().take_while(char::is_ascii_digit).collect();
    let number: String = if digits.is_empty() { "1".into() } else { digits.chars().rev().collect() };
    if let Some(prefix) = name.downcast_ref::<CustomizationPrefixName>() {
        return Some(format!("{}-{number}", prefix.base));
    }
    if let Some(custom) = name.downcast_ref::<CustomizationCustomName>() {
        return custom.argument.as_ref().map(|argument| format!("{argument}-{number}"));
    }
    Some(machine.to_owned())
}
