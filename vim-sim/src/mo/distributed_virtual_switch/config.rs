//! A switch's configuration as a spec changes it.

use super::{hosts, next_version, setting};
use crate::fault::{Fault, Result};
use crate::mo::merge::{merge, replace};
use crate::world::Tx;
use vim_types::mo::DistributedVirtualSwitchProperties;
use vim_types::{
    ConfigSpecOperation, DVSConfigSpec, DVSNameArrayUplinkPortPolicy, VMwareDVSConfigInfo,
    VMwareDVSConfigSpec, VMwareDVSPvlanConfigSpec, VMwareDVSPvlanMapEntry,
};
use vim_wire::{MoRef, Poly};

/// The MTUs that a switch can have.
const MTU: std::ops::RangeInclusive<i32> = 1_280..=9_000;

/// Changes a switch by a spec, its name apart.
pub(super) fn apply(tx: &mut Tx<'_>, switch: &MoRef, spec: &Poly<DVSConfigSpec>) -> Result<()> {
    apply_own(tx, switch, spec)?;
    hosts::apply(tx, switch, &spec.host)
}

/// Changes what a spec says of the switch itself, but not of its hosts.
pub(super) fn apply_own(tx: &mut Tx<'_>, switch: &MoRef, spec: &Poly<DVSConfigSpec>) -> Result<()> {
    if spec.num_standalone_ports.is_some_and(|ports| ports < 0) {
        return Err(Fault::invalid_argument("spec.numStandalonePorts"));
    }
    if spec.max_ports.is_some_and(|ports| ports < 0) {
        return Err(Fault::invalid_argument("spec.maxPorts"));
    }
    let switch = tx.edit::<DistributedVirtualSwitchProperties>(switch)?;
    let config =
        switch.config.downcast_mut::<VMwareDVSConfigInfo>().ok_or_else(|| Fault::invalid_argument("spec"))?;
    let own = spec.downcast_ref::<VMwareDVSConfigSpec>();
    if let Some(own) = own {
        if own.max_mtu.is_some_and(|mtu| !MTU.contains(&mtu)) {
            return Err(Fault::invalid_argument("spec.maxMtu"));
        }
        for change in &own.pvlan_config_spec {
            change_pvlan(&mut config.pvlan_config, change)?;
        }
        merge!(config, own; link_discovery_protocol_config, ipfix_config, lacp_api_version, multicast_filtering_mode,
            network_offload_spec_id, network_offload_config, real_time_config);
        config.max_mtu = own.max_mtu.unwrap_or(config.max_mtu);
    }
    if let Some(policy) = &spec.uplink_port_policy {
        let names = policy.downcast_ref::<DVSNameArrayUplinkPortPolicy>();
        if names.is_none_or(|names| names.uplink_port_name.is_empty()) {
            return Err(Fault::invalid_argument("spec.uplinkPortPolicy"));
        }
        config.uplink_port_policy = policy.clone();
    }
    if let Some(changes) = &spec.default_port_config {
        let setting = setting::changed(&config.default_port_config, changes, None);
        setting::check(&setting, &config.pvlan_config, "spec.defaultPortConfig")?;
        config.default_port_config = setting;
    }
    merge!(config, spec; extension_key, description, policy, switch_ip_address, default_proxy_switch_max_num_ports,
        network_resource_control_version);
    replace!(config, spec; uplink_portgroup, vendor_specific_config, infrastructure_traffic_resource_config,
        net_resource_pool_traffic_resource_config);
    config.num_standalone_ports = spec.num_standalone_ports.unwrap_or(config.num_standalone_ports);
    config.max_ports = spec.max_ports.unwrap_or(config.max_ports);
    if let Some(contact) = &spec.contact {
        config.contact = contact.clone();
    }
    config.config_version = next_version(&config.config_version);
    Ok(())
}

/// Adds or removes a private VLAN. A primary VLAN has one promiscuous entry, which is itself, and at most one isolated one.
fn change_pvlan(entries: &mut Vec<VMwareDVSPvlanMapEntry>, change: &VMwareDVSPvlanConfigSpec) -> Result<()> {
    let wrong = || Fault::invalid_argument("spec.pvlanConfigSpec");
    let entry = &change.pvlan_entry;
    let known = entries.iter().position(|known| known.secondary_vlan_id == entry.secondary_vlan_id);
    if change.operation == ConfigSpecOperation::REMOVE.as_str() {
        entries.remove(known.ok_or_else(wrong)?);
        return Ok(());
    }
    let ids = 1..=4_094;
    let fits = match entry.pvlan_type.as_str() {
        "promiscuous" => entry.primary_vlan_id == entry.secondary_vlan_id,
        "isolated" | "community" => entry.primary_vlan_id != entry.secondary_vlan_id,
        _ => false,
    };
    let second = entry.pvlan_type == "isolated"
        && entries.iter().any(|other| {
            other.pvlan_type == "isolated"
                && other.primary_vlan_id == entry.primary_vlan_id
                && other.secondary_vlan_id != entry.secondary_vlan_id
        });
    if !fits || second || !ids.contains(&entry.primary_vlan_id) || !ids.contains(&entry.secondary_vlan_id) {
        return Err(wrong());
    }
    match (change.operation.as_str(), known) {
        ("add", None) => entries.push(entry.clone()),
        ("edit", Some(at)) => entries[at] = entry.clone(),
        _ => return Err(wrong()),
    }
    Ok(())
}
