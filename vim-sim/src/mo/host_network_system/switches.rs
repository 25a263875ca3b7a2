//! Standard switches.

use super::{already_exists, edit};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::host_system::host_of;
use crate::mo::host_system::network::{SWITCH_PORTS, card_key, default_policy, portgroup_of, switch};
use crate::world::World;
use vim_types::{HostNetworkInfo, HostNetworkPolicy, HostVirtualSwitchBondBridge, HostVirtualSwitchSpec};

/// The longest name of a switch.
const NAME_LENGTH: usize = 32;

/// The fault that a spec is none: cards that are not there or belong to another switch, numbers that cannot be.
fn check(info: &HostNetworkInfo, name: &str, spec: &HostVirtualSwitchSpec) -> Result<()> {
    if !(0..=SWITCH_PORTS * 2).contains(&spec.num_ports) {
        return Err(Fault::invalid_argument("spec.numPorts"));
    }
    if spec.mtu.is_some_and(|mtu| mtu != 0 && !(1_280..=9_000).contains(&mtu)) {
        return Err(Fault::invalid_argument("spec.mtu"));
    }
    let bond = spec.bridge.as_ref().and_then(|bridge| bridge.downcast_ref::<HostVirtualSwitchBondBridge>());
    for device in bond.iter().flat_map(|bond| &bond.nic_device) {
        if !info.pnic.iter().any(|card| card.device == *device) {
            return Err(Fault::not_found(format!("card {device}")));
        }
        let key = card_key(device);
        let standard = info.vswitch.iter().any(|switch| switch.name != name && switch.pnic.contains(&key));
        if standard || info.proxy_switch.iter().any(|switch| switch.pnic.contains(&key)) {
            return Err(Fault::resource_in_use("PhysicalNic", device));
        }
    }
    Ok(())
}

/// A spec whose policies are whole.
fn whole(spec: Option<HostVirtualSwitchSpec>) -> HostVirtualSwitchSpec {
    let mut spec = spec.unwrap_or_default();
    if spec.num_ports == 0 {
        spec.num_ports = 128;
    }
    let bond = spec.bridge.as_ref().and_then(|bridge| bridge.downcast_ref::<HostVirtualSwitchBondBridge>());
    let cards: Vec<&str> = bond.iter().flat_map(|bond| &bond.nic_device).map(String::as_str).collect();
    let default = default_policy(&cards);
    let own = spec.policy.take().unwrap_or_default();
    spec.policy = Some(HostNetworkPolicy {
        security: own.security.or(default.security),
        nic_teaming: own.nic_teaming.or(default.nic_teaming),
        offload_policy: own.offload_policy.or(default.offload_policy),
        shaping_policy: own.shaping_policy.or(default.shaping_policy),
    });
    spec
}

pub(super) fn add(call: &Call<'_>) -> Result<Reply> {
    let (name, spec): (String, Option<HostVirtualSwitchSpec>) = (call.arg("vswitchName")?, call.opt("spec")?);
    if name.is_empty() || name.len() > NAME_LENGTH {
        return Err(Fault::invalid_argument("vswitchName"));
    }
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        edit(tx, &host, |info| {
            if info.vswitch.iter().any(|switch| switch.name == name) {
                return Err(already_exists(&name));
            }
            let spec = whole(spec);
            check(info, &name, &spec)?;
            info.vswitch.push(switch(&name, spec));
            Ok(())
        })
    })?;
    call.done()
}

pub(super) fn update(call: &Call<'_>) -> Result<Reply> {
    let (name, spec): (String, HostVirtualSwitchSpec) = (call.arg("vswitchName")?, call.arg("spec")?);
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        edit(tx, &host, |info| {
            let spec = whole(Some(spec));
            check(info, &name, &spec)?;
            let known = info.vswitch.iter_mut().find(|switch| switch.name == name);
            let known = known.ok_or_else(|| Fault::not_found(format!("switch {name}")))?;
            let changed = switch(&name, spec);
            known.pnic = changed.pnic;
            known.mtu = changed.mtu;
            known.spec = changed.spec;
            // What a portgroup does not set itself, it has from its switch.
            let switch = known.clone();
            for portgroup in info.portgroup.iter_mut().filter(|portgroup| portgroup.spec.vswitch_name == name)
            {
                portgroup.computed_policy = portgroup_of(portgroup.spec.clone(), &switch).computed_policy;
            }
            Ok(())
        })
    })?;
    call.done()
}

pub(super) fn remove(call: &Call<'_>) -> Result<Reply> {
    let name: String = call.arg("vswitchName")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let portgroups = portgroups_of(tx, &host, &name)?;
        for portgroup in &portgroups {
            super::portgroups::check_unused(tx, &host, portgroup)?;
        }
        for portgroup in &portgroups {
            super::portgroups::take_away(tx, &host, portgroup)?;
        }
        edit(tx, &host, |info| {
            info.vswitch.retain(|switch| switch.name != name);
            Ok(())
        })
    })?;
    call.done()
}

fn portgroups_of(world: &World, host: &vim_wire::MoRef, switch: &str) -> Result<Vec<String>> {
    let info = super::info(world, host)?;
    if !info.vswitch.iter().any(|known| known.name == switch) {
        return Err(Fault::not_found(format!("switch {switch}")));
    }
    let portgroups = info.portgroup.iter().filter(|portgroup| portgroup.spec.vswitch_name == switch);
    Ok(portgroups.map(|portgroup| portgroup.spec.name.clone()).collect())
}

/// Has a switch list its portgroups.
pub(super) fn list_portgroups(info: &mut HostNetworkInfo) {
    for switch in &mut info.vswitch {
        let own = info.portgroup.iter().filter(|portgroup| portgroup.spec.vswitch_name == switch.name);
        switch.portgroup = own.filter_map(|portgroup| portgroup.key.clone()).collect();
    }
}
