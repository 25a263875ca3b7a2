//! The hosts of a switch: each has a part of it, with cards of its own as uplinks.

use super::{Ports, event, new_ports, uplink_names};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::{host_network_system, relations};
use crate::world::{Tx, World};
use vim_types::mo::{
    DistributedVirtualPortgroupProperties, DistributedVirtualSwitchProperties, HostSystemProperties,
    VirtualMachineProperties,
};
use vim_types::{
    AlreadyExists, DistributedVirtualSwitchHostMember, DistributedVirtualSwitchHostMemberBacking,
    DistributedVirtualSwitchHostMemberConfigInfo, DistributedVirtualSwitchHostMemberConfigSpec,
    DistributedVirtualSwitchHostMemberPnicBacking, DistributedVirtualSwitchHostMemberRuntimeState,
    DvsHostJoinedEvent, DvsHostLeftEvent, HostMemberRuntimeInfo, HostProxySwitch, HostProxySwitchSpec,
    HostSystemConnectionState, KeyValue,
};
use vim_wire::{MoRef, Poly};

/// The most ports of a host's part of a switch.
const PROXY_PORTS: i32 = 2_560;

/// Changes a switch's hosts by what a spec says of them.
pub(super) fn apply(
    tx: &mut Tx<'_>,
    switch: &MoRef,
    specs: &[DistributedVirtualSwitchHostMemberConfigSpec],
) -> Result<()> {
    for spec in specs {
        let host = &spec.host;
        let name = tx.get::<HostSystemProperties>(host)?.name.clone();
        let member = tx.get::<DistributedVirtualSwitchProperties>(switch)?.summary.host_member.contains(host);
        match (spec.operation.as_str(), member) {
            ("add", true) => {
                let fault = AlreadyExists { name: Some(name.clone()), ..Default::default() };
                return Err(Fault::new(fault, format!("Host {name} is a member of the switch already.")));
            }
            ("add", false) => {
                let connection = &tx.get::<HostSystemProperties>(host)?.runtime.connection_state;
                if *connection != HostSystemConnectionState::CONNECTED {
                    return Err(Fault::invalid_state(format!("host {name} is {}", connection.as_str())));
                }
                add_host(tx, switch, host)?;
                set_backing(tx, switch, spec)?;
                let joined =
                    DvsHostJoinedEvent { extends: event(tx, switch), host_joined: events::host(tx, host) };
                events::post(tx, joined);
            }
            ("edit", true) => set_backing(tx, switch, spec)?,
            ("remove", true) => {
                check_unused(tx, switch, host)?;
                remove_host(tx, switch, host)?;
            }
            _ => return Err(Fault::invalid_argument("spec.host")),
        }
    }
    Ok(())
}

/// Makes a host a member of a switch.
pub(crate) fn add_host(tx: &mut Tx<'_>, switch: &MoRef, host: &MoRef) -> Result<()> {
    let names = uplink_names(tx, switch);
    let uplinks =
        tx.get::<DistributedVirtualSwitchProperties>(switch)?.config.uplink_portgroup.first().cloned();
    let keys = new_ports(tx, switch, names.len())?;
    if let Some(uplinks) = uplinks {
        let uplinks = tx.edit::<DistributedVirtualPortgroupProperties>(&uplinks)?;
        uplinks.port_keys.extend(keys.iter().cloned());
        uplinks.config.num_ports = i32::try_from(uplinks.port_keys.len()).unwrap_or(i32::MAX);
    }
    let product = tx.get::<HostSystemProperties>(host)?.config.as_ref().map(|config| config.product.clone());
    let properties = tx.edit::<DistributedVirtualSwitchProperties>(switch)?;
    properties.summary.host_member.push(host.clone());
    properties.config.host.push(DistributedVirtualSwitchHostMember {
        runtime_state: Some(DistributedVirtualSwitchHostMemberRuntimeState {
            current_max_proxy_switch_ports: PROXY_PORTS,
        }),
        config: DistributedVirtualSwitchHostMemberConfigInfo {
            host: Some(host.clone()),
            max_proxy_switch_ports: PROXY_PORTS,
            backing: DistributedVirtualSwitchHostMemberPnicBacking::default().into(),
            nsx_switch: Some(false),
            ..Default::default()
        },
        product_info: product.map(|product| vim_types::DistributedVirtualSwitchProductSpec {
            name: Some("DVS".into()),
            vendor: Some(product.vendor),
            version: Some(product.version),
            build: Some(product.build),
            forwarding_class: Some("etherswitch".into()),
            ..Default::default()
        }),
        uplink_port_key: keys.clone(),
        status: "up".into(),
        ..Default::default()
    });
    properties.runtime.get_or_insert_default().host_member_runtime.push(HostMemberRuntimeInfo {
        host: host.clone(),
        status: Some("up".into()),
        ..Default::default()
    });
    let proxy = HostProxySwitch {
        dvs_uuid: properties.uuid.clone(),
        dvs_name: properties.name.clone(),
        key: format!("key-vim.host.ProxySwitch-{}", properties.name),
        num_ports: PROXY_PORTS,
        config_num_ports: Some(PROXY_PORTS),
        num_ports_available: PROXY_PORTS - 12,
        uplink_port: keys.into_iter().zip(names).map(|(key, value)| KeyValue { key, value }).collect(),
        mtu: Some(1_500),
        spec: HostProxySwitchSpec {
            backing: Some(DistributedVirtualSwitchHostMemberPnicBacking::default().into()),
        },
        network_reservation_supported: Some(true),
        ..Default::default()
    };
    for network in properties.portgroup.clone() {
        relations::join_network(tx, &network, host)?;
    }
    host_network_system::edit(tx, host, |network| {
        network.proxy_switch.push(proxy);
        Ok(())
    })
}

/// The fault that VMs on the host are connected to the switch.
fn check_unused(world: &World, switch: &MoRef, host: &MoRef) -> Result<()> {
    let portgroups = &world.get::<DistributedVirtualSwitchProperties>(switch)?.portgroup;
    for vm in &world.get::<HostSystemProperties>(host)?.vm {
        let used = &world.get::<VirtualMachineProperties>(vm)?.network;
        if let Some(portgroup) = used.iter().find(|network| portgroups.contains(network)) {
            return Err(Fault::resource_in_use("DistributedVirtualPortgroup", world.name(portgroup)));
        }
    }
    Ok(())
}

/// Takes a host off a switch.
pub(crate) fn remove_host(tx: &mut Tx<'_>, switch: &MoRef, host: &MoRef) -> Result<()> {
    let left = DvsHostLeftEvent { extends: event(tx, switch), host_left: events::host(tx, host) };
    let properties = tx.edit::<DistributedVirtualSwitchProperties>(switch)?;
    let uuid = properties.uuid.clone();
    properties.summary.host_member.retain(|member| member != host);
    let mut keys = Vec::new();
    properties.config.host.retain(|member| {
        let gone = member.config.host.as_ref() == Some(host);
        if gone {
            keys.clone_from(&member.uplink_port_key);
        }
        !gone
    });
    if let Some(runtime) = &mut properties.runtime {
        runtime.host_member_runtime.retain(|member| member.host != *host);
    }
    let (portgroups, uplinks) =
        (properties.portgroup.clone(), properties.config.uplink_portgroup.first().cloned());
    if let Some(uplinks) = uplinks {
        let uplinks = tx.edit::<DistributedVirtualPortgroupProperties>(&uplinks)?;
        uplinks.port_keys.retain(|key| !keys.contains(key));
        uplinks.config.num_ports = i32::try_from(uplinks.port_keys.len()).unwrap_or(i32::MAX);
    }
    tx.edit_state::<Ports>(switch)?.forget(&keys);
    for network in &portgroups {
        relations::leave_network(tx, network, host)?;
    }
    host_network_system::edit(tx, host, |network| {
        network.proxy_switch.retain(|proxy| proxy.dvs_uuid != uuid);
        Ok(())
    })?;
    events::post(tx, left);
    Ok(())
}

/// Gives a host's part of a switch other cards.
fn set_backing(
    tx: &mut Tx<'_>,
    switch: &MoRef,
    spec: &DistributedVirtualSwitchHostMemberConfigSpec,
) -> Result<()> {
    let cards = match &spec.backing {
        Some(backing) => Some(cards(tx, switch, &spec.host, backing)?),
        None => None,
    };
    let properties = tx.edit::<DistributedVirtualSwitchProperties>(switch)?;
    let uuid = properties.uuid.clone();
    let member =
        properties.config.host.iter_mut().find(|member| member.config.host.as_ref() == Some(&spec.host));
    if let Some(member) = member {
        member.config.max_proxy_switch_ports =
            spec.max_proxy_switch_ports.unwrap_or(member.config.max_proxy_switch_ports);
        if !spec.vendor_specific_config.is_empty() {
            member.config.vendor_specific_config.clone_from(&spec.vendor_specific_config);
        }
        if let Some(backing) = &spec.backing {
            member.config.backing = backing.clone();
        }
    }
    let Some(cards) = cards else { return Ok(()) };
    host_network_system::edit(tx, &spec.host, |network| {
        if let Some(proxy) = network.proxy_switch.iter_mut().find(|proxy| proxy.dvs_uuid == uuid) {
            proxy.pnic = cards.iter().map(|card| crate::mo::host_system::network::card_key(card)).collect();
            proxy.spec.backing.clone_from(&spec.backing);
        }
        Ok(())
    })
}

/// The cards of a backing: the host's, and no other switch's.
fn cards(
    tx: &Tx<'_>,
    switch: &MoRef,
    host: &MoRef,
    backing: &Poly<DistributedVirtualSwitchHostMemberBacking>,
) -> Result<Vec<String>> {
    let Some(backing) = backing.downcast_ref::<DistributedVirtualSwitchHostMemberPnicBacking>() else {
        return Ok(Vec::new());
    };
    let uuid = &tx.get::<DistributedVirtualSwitchProperties>(switch)?.uuid;
    let info = host_network_system::info(tx, host)?;
    let mut cards = Vec::new();
    for spec in &backing.pnic_spec {
        let card = &spec.pnic_device;
        let Some(known) = info.pnic.iter().find(|known| known.device == *card) else {
            return Err(Fault::invalid_argument("spec.host.backing.pnicSpec.pnicDevice"));
        };
        let key = known.key.clone().unwrap_or_default();
        let standard = info.vswitch.iter().any(|switch| switch.pnic.contains(&key));
        let other =
            info.proxy_switch.iter().any(|proxy| proxy.dvs_uuid != *uuid && proxy.pnic.contains(&key));
        if standard || other {
            return Err(Fault::resource_in_use("PhysicalNic", card));
        }
        cards.push(card.clone());
    }
    Ok(cards)
}
