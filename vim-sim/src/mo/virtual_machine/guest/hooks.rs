//! vcsim's way of saying what a guest tells: options that begin with `SET.`, such as `SET.guest.ipAddress`.

use super::super::Facts;
use super::off;
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::VirtualMachineProperties;
use vim_types::{GuestInfo, OptionValue, VirtualMachineToolsStatus};
use vim_wire::{MoRef, Poly};

/// Sets what the hooks of a spec say, now and at each boot to come.
pub(in super::super) fn apply(tx: &mut Tx<'_>, vm: &MoRef, options: &[Poly<OptionValue>]) -> Result<()> {
    for option in options {
        let path = match option.key.as_str() {
            "ip0" => "guest.ipAddress",
            key => match key.strip_prefix("SET.") {
                Some(path) => path,
                None => continue,
            },
        };
        let value = option.value.as_ref().and_then(vim_wire::Any::as_str).unwrap_or_default().to_owned();
        let hooks = &mut tx.edit_state::<Facts>(vm)?.hooks;
        hooks.retain(|(old, _)| old != path);
        if !value.is_empty() {
            hooks.push((path.to_owned(), value.clone()));
        }
        set(tx, vm, path, &value)?;
    }
    Ok(())
}

/// Sets what all hooks said.
pub(super) fn again(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let hooks = tx.state::<Facts>(vm).map(|facts| facts.hooks.clone()).unwrap_or_default();
    hooks.into_iter().try_for_each(|(path, value)| set(tx, vm, &path, &value))
}

fn set(tx: &mut Tx<'_>, vm: &MoRef, path: &str, value: &str) -> Result<()> {
    let guest = tx.edit::<VirtualMachineProperties>(vm)?.guest.get_or_insert_with(off);
    let value = Some(value.to_owned()).filter(|value| !value.is_empty());
    match path {
        "guest.ipAddress" => ip_address(guest, value),
        "guest.hostName" => guest.host_name = value,
        "guest.guestState" => guest.guest_state = value.unwrap_or_else(|| "notRunning".into()),
        "guest.guestId" => guest.guest_id = value,
        "guest.guestFamily" => guest.guest_family = value,
        "guest.guestFullName" => guest.guest_full_name = value,
        "guest.toolsStatus" => guest.tools_status = value.map(VirtualMachineToolsStatus::from),
        "guest.toolsRunningStatus" => guest.tools_running_status = value,
        "guest.toolsVersionStatus" => guest.tools_version_status = value,
        "guest.toolsVersionStatus2" => guest.tools_version_status2 = value,
        "guest.toolsVersion" => guest.tools_version = value,
        "guest.appHeartbeatStatus" => guest.app_heartbeat_status = value,
        _ => return Err(Fault::invalid_argument(&format!("configSpec.extraConfig[\"SET.{path}\"]"))),
    }
    Ok(())
}

/// The first card has the address.
fn ip_address(guest: &mut GuestInfo, address: Option<String>) {
    if let (Some(card), Some(address)) = (guest.net.first_mut(), &address) {
        card.ip_address = vec![address.clone()];
        if let Some(first) = card.ip_config.as_mut().and_then(|config| config.ip_address.first_mut()) {
            first.ip_address.clone_from(address);
            first.origin = Some("manual".into());
        }
    }
    guest.ip_address = address;
}
