//! Portgroups of standard switches. In the inventory each is a network, which hosts with a portgroup of that name share.

use super::switches::list_portgroups;
use super::{already_exists, bring_network, edit, info};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::host_system::host_of;
use crate::mo::host_system::network::portgroup_of;
use crate::mo::{network, relations};
use crate::world::{Tx, World};
use vim_types::mo::{
    DatacenterProperties, HostSystemProperties, NetworkProperties, VirtualMachineProperties,
};
use vim_types::{HostNetworkInfo, HostPortGroupSpec, HostVirtualSwitch};
use vim_wire::MoRef;

/// The VLANs of a portgroup: none, one, or all for guests that tag themselves.
const VLANS: std::ops::RangeInclusive<i32> = 0..=4_095;

fn check(spec: &HostPortGroupSpec) -> Result<()> {
    if spec.name.is_empty() {
        return Err(Fault::invalid_argument("portgrp.name"));
    }
    if !VLANS.contains(&spec.vlan_id) {
        return Err(Fault::invalid_argument("portgrp.vlanId"));
    }
    Ok(())
}

fn switch_of<'i>(info: &'i HostNetworkInfo, spec: &HostPortGroupSpec) -> Result<&'i HostVirtualSwitch> {
    let switch = info.vswitch.iter().find(|switch| switch.name == spec.vswitch_name);
    switch.ok_or_else(|| Fault::not_found(format!("switch {}", spec.vswitch_name)))
}

pub(super) fn add(call: &Call<'_>) -> Result<Reply> {
    let spec: HostPortGroupSpec = call.arg("portgrp")?;
    check(&spec)?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        check_name(tx, &host, &spec.name)?;
        let name = spec.name.clone();
        edit(tx, &host, |info| {
            if info.portgroup.iter().any(|portgroup| portgroup.spec.name == spec.name) {
                return Err(already_exists(&spec.name));
            }
            let portgroup = portgroup_of(spec.clone(), switch_of(info, &spec)?);
            info.portgroup.push(portgroup);
            list_portgroups(info);
            Ok(())
        })?;
        bring_network(tx, &host, &name)
    })?;
    call.done()
}

/// The fault that a network of another kind has that name.
fn check_name(world: &World, host: &MoRef, name: &str) -> Result<()> {
    let Some(datacenter) = world.above(host, "Datacenter") else { return Ok(()) };
    let networks = &world.get::<DatacenterProperties>(&datacenter.moref)?.network;
    let other = networks.iter().find(|network| network.kind() != "Network" && world.name(network) == name);
    other.map_or(Ok(()), |other| Err(Fault::duplicate_name(name, other)))
}

pub(super) fn update(call: &Call<'_>) -> Result<Reply> {
    let (name, spec): (String, HostPortGroupSpec) = (call.arg("pgName")?, call.arg("portgrp")?);
    check(&spec)?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        if spec.name != name {
            check_unused(tx, &host, &name)?;
            check_name(tx, &host, &spec.name)?;
        }
        let renamed = spec.name != name;
        let new = spec.name.clone();
        edit(tx, &host, |info| {
            if renamed && info.portgroup.iter().any(|portgroup| portgroup.spec.name == spec.name) {
                return Err(already_exists(&spec.name));
            }
            let portgroup = portgroup_of(spec.clone(), switch_of(info, &spec)?);
            let known = info.portgroup.iter_mut().find(|known| known.spec.name == name);
            let known = known.ok_or_else(|| Fault::not_found(format!("portgroup {name}")))?;
            let ports = std::mem::take(&mut known.port);
            *known = portgroup;
            known.port = ports;
            list_portgroups(info);
            Ok(())
        })?;
        if renamed {
            leave(tx, &host, &name)?;
            bring_network(tx, &host, &new)?;
        }
        Ok(())
    })?;
    call.done()
}

pub(super) fn remove(call: &Call<'_>) -> Result<Reply> {
    let name: String = call.arg("pgName")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        check_unused(tx, &host, &name)?;
        take_away(tx, &host, &name)
    })?;
    call.done()
}

/// The network of a host that has that name.
fn network_of(world: &World, host: &MoRef, name: &str) -> Option<MoRef> {
    let networks = &world.get::<HostSystemProperties>(host).ok()?.network;
    networks.iter().find(|network| network.kind() == "Network" && world.name(network) == name).cloned()
}

/// The fault that VMs of the host or the host itself are connected to a portgroup.
pub(super) fn check_unused(world: &World, host: &MoRef, name: &str) -> Result<()> {
    let used = Err(Fault::resource_in_use("PortGroup", name));
    let info = info(world, host)?;
    if !info.portgroup.iter().any(|portgroup| portgroup.spec.name == name) {
        return Err(Fault::not_found(format!("portgroup {name}")));
    }
    if info.vnic.iter().any(|vnic| vnic.portgroup == name) {
        return used;
    }
    let Some(network) = network_of(world, host, name) else { return Ok(()) };
    let vms = &world.get::<NetworkProperties>(&network)?.vm;
    let here = |vm: &MoRef| {
        let vm = world.get::<VirtualMachineProperties>(vm);
        vm.is_ok_and(|vm| vm.runtime.host.as_ref() == Some(host))
    };
    if vms.iter().any(here) { used } else { Ok(()) }
}

/// Takes a portgroup from a host.
pub(super) fn take_away(tx: &mut Tx<'_>, host: &MoRef, name: &str) -> Result<()> {
    edit(tx, host, |info| {
        info.portgroup.retain(|portgroup| portgroup.spec.name != name);
        list_portgroups(info);
        Ok(())
    })?;
    leave(tx, host, name)
}

fn leave(tx: &mut Tx<'_>, host: &MoRef, name: &str) -> Result<()> {
    let Some(network) = network_of(tx, host, name) else { return Ok(()) };
    relations::leave_network(tx, &network, host)?;
    network::remove_unused(tx, &network)
}
