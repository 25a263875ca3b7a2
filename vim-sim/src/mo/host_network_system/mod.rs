//! `HostNetworkSystem`: a host's standard switches, portgroups, interfaces and cards.

mod interfaces;
mod portgroups;
mod switches;

use super::host_system::{self, host_of};
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{HostNetworkSystemProperties, HostSystemProperties};
use vim_types::{
    AlreadyExists, HostDnsConfig, HostIpRouteConfig, HostNetworkInfo, HostNotConnected,
    HostSystemConnectionState, PhysicalNicHintInfo, PhysicalNicLinkInfo,
};
use vim_wire::{MoRef, Poly};

methods! {
    "AddVirtualSwitch" => switches::add,
    "UpdateVirtualSwitch" => switches::update,
    "RemoveVirtualSwitch" => switches::remove,
    "AddPortGroup" => portgroups::add,
    "UpdatePortGroup" => portgroups::update,
    "RemovePortGroup" => portgroups::remove,
    "AddVirtualNic" => interfaces::add,
    "UpdateVirtualNic" => interfaces::update,
    "RemoveVirtualNic" => interfaces::remove,
    "UpdatePhysicalNicLinkSpeed" => update_link_speed,
    "UpdateDnsConfig" => update_dns,
    "UpdateIpRouteConfig" => update_route,
    "QueryNetworkHint" => query_hint,
    "RefreshNetworkSystem" => refresh,
}

/// A host's network system.
fn of_host(world: &World, host: &MoRef) -> Result<MoRef> {
    let system = world.get::<HostSystemProperties>(host)?.config_manager.network_system.clone();
    system.ok_or_else(|| Fault::managed_object_not_found(host))
}

/// What a host's networks are like.
pub(crate) fn info<'w>(world: &'w World, host: &MoRef) -> Result<&'w HostNetworkInfo> {
    let system = world.get::<HostNetworkSystemProperties>(&of_host(world, host)?)?;
    system.network_info.as_ref().ok_or_else(|| Fault::managed_object_not_found(host))
}

/// Changes a host's networks; its configuration follows.
pub(crate) fn edit<R>(
    tx: &mut Tx<'_>,
    host: &MoRef,
    change: impl FnOnce(&mut HostNetworkInfo) -> Result<R>,
) -> Result<R> {
    let system = of_host(tx, host)?;
    let changed =
        change(tx.edit::<HostNetworkSystemProperties>(&system)?.network_info.get_or_insert_default())?;
    tx.edit::<HostSystemProperties>(host)?;
    Ok(changed)
}

/// The fault that there is something of that name already.
fn already_exists(name: &str) -> Fault {
    let fault = AlreadyExists { name: Some(name.to_owned()), ..Default::default() };
    Fault::new(fault, format!("The specified key, name, or identifier '{name}' already exists."))
}

/// The fault that a host is not connected.
pub(crate) fn check_connected(world: &World, host: &MoRef) -> Result<()> {
    let host = world.get::<HostSystemProperties>(host)?;
    if host.runtime.connection_state == HostSystemConnectionState::CONNECTED {
        return Ok(());
    }
    let message = format!("Host {} is {}.", host.name, host.runtime.connection_state.as_str());
    Err(Fault::new(HostNotConnected::default(), message))
}

fn update_link_speed(call: &Call<'_>) -> Result<Reply> {
    let (device, speed): (String, Option<PhysicalNicLinkInfo>) =
        (call.arg("device")?, call.opt("linkSpeed")?);
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        edit(tx, &host, |info| {
            let card = info.pnic.iter_mut().find(|card| card.device == device);
            let card = card.ok_or_else(|| Fault::not_found(format!("card {device}")))?;
            if speed.as_ref().is_some_and(|speed| !card.valid_link_specification.contains(speed)) {
                return Err(Fault::invalid_argument("linkSpeed"));
            }
            card.spec.link_speed = speed;
            Ok(())
        })
    })?;
    call.done()
}

fn update_dns(call: &Call<'_>) -> Result<Reply> {
    let config: Poly<HostDnsConfig> = call.arg("config")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        tx.edit::<HostNetworkSystemProperties>(&call.this)?.dns_config = Some(config.clone());
        edit(tx, &host, |info| {
            for stack in &mut info.net_stack_instance {
                stack.dns_config = Some(config.clone());
            }
            info.dns_config = Some(config);
            Ok(())
        })
    })?;
    call.done()
}

fn update_route(call: &Call<'_>) -> Result<Reply> {
    let config: Poly<HostIpRouteConfig> = call.arg("config")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        tx.edit::<HostNetworkSystemProperties>(&call.this)?.ip_route_config = Some(config.clone());
        edit(tx, &host, |info| {
            info.ip_route_config = Some(config);
            Ok(())
        })
    })?;
    call.done()
}

/// What cards have heard: of no switch that tells of itself, and of no packets.
fn query_hint(call: &Call<'_>) -> Result<Reply> {
    let devices: Vec<String> = call.list("device")?;
    let hints = call.read(|world| {
        let host = host_of(world, &call.this)?;
        check_connected(world, &host)?;
        let cards = &info(world, &host)?.pnic;
        if let Some(unknown) = devices.iter().find(|device| !cards.iter().any(|card| card.device == **device))
        {
            return Err(Fault::not_found(format!("card {unknown}")));
        }
        let asked = cards.iter().filter(|card| devices.is_empty() || devices.contains(&card.device));
        let hint = |device: &String| PhysicalNicHintInfo { device: device.clone(), ..Default::default() };
        Ok(asked.map(|card| hint(&card.device)).collect::<Vec<_>>())
    })?;
    call.returns(&hints)
}

/// What there is, is known.
fn refresh(call: &Call<'_>) -> Result<Reply> {
    call.read(|world| host_of(world, &call.this))?;
    call.done()
}

/// Has the inventory know that a host has a network of that name.
fn bring_network(tx: &mut Tx<'_>, host: &MoRef, name: &str) -> Result<()> {
    host_system::bring_network(tx, host, name)
}
