//! The networking that a host starts with: one standard switch on one of two cards, with a portgroup for VMs and one for
//! the host's own interface.

use crate::mo::merge::merge;
use vim_types::{
    HostDnsConfig, HostIpConfig, HostIpRouteConfig, HostIpRouteEntry, HostIpRouteTableInfo,
    HostNetCapabilities, HostNetOffloadCapabilities, HostNetStackInstance, HostNetworkInfo,
    HostNetworkPolicy, HostNetworkSecurityPolicy, HostNetworkTrafficShapingPolicy, HostNicFailureCriteria,
    HostNicOrderPolicy, HostNicTeamingPolicy, HostPortGroup, HostPortGroupPort, HostPortGroupSpec,
    HostVirtualNic, HostVirtualNicManagerInfo, HostVirtualNicSpec, HostVirtualSwitch,
    HostVirtualSwitchBeaconConfig, HostVirtualSwitchBondBridge, HostVirtualSwitchSpec,
    LinkDiscoveryProtocolConfig, PhysicalNic, PhysicalNicLinkInfo, PhysicalNicSpec,
    VirtualNicManagerNetConfig,
};

/// The portgroup of VMs, which is a network of the inventory.
pub(crate) const VM_NETWORK: &str = "VM Network";

/// The portgroup of the host's own interface, which is not.
const MANAGEMENT: &str = "Management Network";

/// The most ports of a standard switch.
pub(crate) const SWITCH_PORTS: i32 = 2_560;

/// The ports of a standard switch that are used by itself.
const OWN_PORTS: i32 = 4;

/// A host's address: the same in each run, and no other host's.
pub(super) fn address(number: u64) -> String {
    let [.., a, b, c] = number.to_be_bytes();
    format!("10.{a}.{b}.{c}")
}

fn mac(number: u64, card: u8) -> String {
    let [.., a, b, c] = number.to_be_bytes();
    format!("00:0c:{a:02x}:{b:02x}:{c:02x}:{card:02x}")
}

pub(crate) fn switch_key(name: &str) -> String {
    format!("key-vim.host.VirtualSwitch-{name}")
}

pub(crate) fn portgroup_key(name: &str) -> String {
    format!("key-vim.host.PortGroup-{name}")
}

pub(crate) fn card_key(device: &str) -> String {
    format!("key-vim.host.PhysicalNic-{device}")
}

pub(super) fn info(name: &str, number: u64) -> HostNetworkInfo {
    let (host_name, domain_name) = name.split_once('.').unwrap_or((name, ""));
    let bridge = HostVirtualSwitchBondBridge {
        nic_device: vec!["vmnic0".into()],
        beacon: Some(HostVirtualSwitchBeaconConfig { interval: 1 }),
        link_discovery_protocol_config: Some(LinkDiscoveryProtocolConfig {
            protocol: "cdp".into(),
            operation: "listen".into(),
        }),
        ..Default::default()
    };
    let spec = HostVirtualSwitchSpec {
        num_ports: 128,
        bridge: Some(bridge.into()),
        policy: Some(default_policy(&["vmnic0"])),
        mtu: None,
    };
    let mut vnic = HostVirtualNic {
        device: "vmk0".into(),
        key: "key-vim.host.VirtualNic-vmk0".into(),
        portgroup: MANAGEMENT.into(),
        spec: HostVirtualNicSpec {
            ip: Some(HostIpConfig {
                dhcp: true,
                ip_address: Some(address(number)),
                subnet_mask: Some("255.0.0.0".into()),
                ..Default::default()
            }),
            mac: Some(mac(number, 0)),
            portgroup: Some(MANAGEMENT.into()),
            mtu: Some(1_500),
            tso_enabled: Some(true),
            net_stack_instance_key: Some("defaultTcpipStack".into()),
            ..Default::default()
        },
        ..Default::default()
    };
    let port = HostPortGroupPort {
        key: Some("key-vim.host.PortGroup.Port-33554436".into()),
        mac: vec![mac(number, 0)],
        r#type: "host".into(),
    };
    vnic.port.clone_from(&port.key);
    let mut switch = switch("vSwitch0", spec);
    let mut management = portgroup(MANAGEMENT, 0, &switch);
    management.port.push(port);
    let machines = portgroup(VM_NETWORK, 0, &switch);
    switch.portgroup = vec![portgroup_key(VM_NETWORK), portgroup_key(MANAGEMENT)];
    let dns = HostDnsConfig {
        dhcp: true,
        virtual_nic_device: Some("vmk0".into()),
        host_name: host_name.to_owned(),
        domain_name: domain_name.to_owned(),
        address: vec!["10.255.255.254".into()],
        ..Default::default()
    };
    let route = HostIpRouteConfig { default_gateway: Some("10.255.255.254".into()), ..Default::default() };
    let entry = |network: &str, prefix_length, gateway: &str| HostIpRouteEntry {
        network: network.into(),
        prefix_length,
        gateway: gateway.into(),
        device_name: Some("vmk0".into()),
    };
    HostNetworkInfo {
        vswitch: vec![switch],
        portgroup: vec![machines, management],
        pnic: vec![card(number, 0), card(number, 1)],
        vnic: vec![vnic],
        dns_config: Some(dns.clone().into()),
        ip_route_config: Some(route.clone().into()),
        route_table_info: Some(HostIpRouteTableInfo {
            ip_route: vec![entry("0.0.0.0", 0, "10.255.255.254"), entry("10.0.0.0", 8, "0.0.0.0")],
            ..Default::default()
        }),
        ip_v6_enabled: Some(false),
        at_boot_ip_v6_enabled: Some(false),
        net_stack_instance: vec![HostNetStackInstance {
            key: Some("defaultTcpipStack".into()),
            name: Some("defaultTcpipStack".into()),
            dns_config: Some(dns.into()),
            ip_route_config: Some(route.into()),
            requested_max_number_of_connections: Some(super::health::CONNECTIONS),
            congestion_control_algorithm: Some("newreno".into()),
            ip_v6_enabled: Some(true),
            ..Default::default()
        }],
        ..Default::default()
    }
}

fn card(number: u64, index: u8) -> PhysicalNic {
    let device = format!("vmnic{index}");
    let speed = PhysicalNicLinkInfo { speed_mb: 10_000, duplex: true };
    PhysicalNic {
        key: Some(card_key(&device)),
        device,
        pci: format!("0000:{:02x}:00.0", 11 + 8 * index),
        driver: Some("nvmxnet3".into()),
        link_speed: Some(speed.clone()),
        valid_link_specification: vec![speed.clone()],
        spec: PhysicalNicSpec {
            ip: Some(HostIpConfig::default()),
            link_speed: Some(speed),
            ..Default::default()
        },
        wake_on_lan_supported: false,
        mac: mac(number, index),
        vm_direct_path_gen2_supported: Some(false),
        resource_pool_scheduler_allowed: Some(true),
        auto_negotiate_supported: Some(false),
        ..Default::default()
    }
}

/// A standard switch without portgroups.
pub(crate) fn switch(name: &str, spec: HostVirtualSwitchSpec) -> HostVirtualSwitch {
    let bond = spec.bridge.as_ref().and_then(|bridge| bridge.downcast_ref::<HostVirtualSwitchBondBridge>());
    let pnic = bond.iter().flat_map(|bond| &bond.nic_device).map(|device| card_key(device)).collect();
    HostVirtualSwitch {
        name: name.to_owned(),
        key: switch_key(name),
        num_ports: SWITCH_PORTS,
        num_ports_available: SWITCH_PORTS - OWN_PORTS,
        mtu: spec.mtu.or(Some(1_500)),
        pnic,
        spec,
        ..Default::default()
    }
}

/// A portgroup of a standard switch, whose policies it has.
pub(crate) fn portgroup(name: &str, vlan_id: i32, switch: &HostVirtualSwitch) -> HostPortGroup {
    let spec = HostPortGroupSpec {
        name: name.to_owned(),
        vlan_id,
        vswitch_name: switch.name.clone(),
        policy: HostNetworkPolicy::default(),
    };
    portgroup_of(spec, switch)
}

/// A portgroup as a spec has it.
pub(crate) fn portgroup_of(mut spec: HostPortGroupSpec, switch: &HostVirtualSwitch) -> HostPortGroup {
    let computed_policy = computed(&spec.policy, switch.spec.policy.clone().unwrap_or_default());
    // A server tells each of a portgroup's policies, with nothing in those that the switch decides.
    let own = &mut spec.policy;
    own.security.get_or_insert_default();
    own.nic_teaming.get_or_insert_default().failure_criteria.get_or_insert_default();
    own.offload_policy.get_or_insert_default();
    own.shaping_policy.get_or_insert_default();
    HostPortGroup {
        key: Some(portgroup_key(&spec.name)),
        vswitch: Some(switch.key.clone()),
        computed_policy,
        spec,
        ..Default::default()
    }
}

/// A switch's policies, with what a portgroup decides itself.
fn computed(own: &HostNetworkPolicy, mut policy: HostNetworkPolicy) -> HostNetworkPolicy {
    if let Some(own) = &own.security {
        let to = policy.security.get_or_insert_default();
        merge!(to, own; allow_promiscuous, mac_changes, forged_transmits);
    }
    if let Some(own) = &own.nic_teaming {
        let to = policy.nic_teaming.get_or_insert_default();
        merge!(to, own; policy, reverse_policy, notify_switches, rolling_order, nic_order);
        if let Some(own) = &own.failure_criteria {
            let to = to.failure_criteria.get_or_insert_default();
            merge!(to, own; check_speed, speed, check_duplex, full_duplex, check_error_percent, percentage,
                check_beacon);
        }
    }
    if let Some(own) = &own.offload_policy {
        let to = policy.offload_policy.get_or_insert_default();
        merge!(to, own; csum_offload, tcp_segmentation, zero_copy_xmit);
    }
    if let Some(own) = &own.shaping_policy {
        let to = policy.shaping_policy.get_or_insert_default();
        merge!(to, own; enabled, average_bandwidth, peak_bandwidth, burst_size);
    }
    policy
}

/// The policies of a new switch.
pub(crate) fn default_policy(cards: &[&str]) -> HostNetworkPolicy {
    HostNetworkPolicy {
        security: Some(HostNetworkSecurityPolicy {
            allow_promiscuous: Some(false),
            mac_changes: Some(true),
            forged_transmits: Some(true),
        }),
        nic_teaming: Some(HostNicTeamingPolicy {
            policy: Some("loadbalance_srcid".into()),
            reverse_policy: Some(true),
            notify_switches: Some(true),
            rolling_order: Some(false),
            failure_criteria: Some(HostNicFailureCriteria {
                check_speed: Some("minimum".into()),
                speed: Some(10),
                check_duplex: Some(false),
                full_duplex: Some(false),
                check_error_percent: Some(false),
                percentage: Some(0),
                check_beacon: Some(false),
            }),
            nic_order: Some(HostNicOrderPolicy {
                active_nic: cards.iter().map(|&card| card.to_owned()).collect(),
                standby_nic: Vec::new(),
            }),
        }),
        offload_policy: Some(offload()),
        shaping_policy: Some(HostNetworkTrafficShapingPolicy { enabled: Some(false), ..Default::default() }),
    }
}

pub(super) fn offload() -> HostNetOffloadCapabilities {
    HostNetOffloadCapabilities {
        csum_offload: Some(true),
        tcp_segmentation: Some(true),
        zero_copy_xmit: Some(true),
    }
}

pub(super) fn capabilities() -> HostNetCapabilities {
    let policies = ["loadbalance_ip", "loadbalance_srcmac", "loadbalance_srcid", "failover_explicit"];
    HostNetCapabilities {
        can_set_physical_nic_link_speed: true,
        supports_nic_teaming: true,
        nic_teaming_policy: policies.iter().map(|&policy| policy.to_owned()).collect(),
        supports_vlan: true,
        uses_service_console_nic: false,
        supports_network_hints: true,
        vswitch_config_supported: true,
        vnic_config_supported: true,
        ip_route_config_supported: true,
        dns_config_supported: true,
        dhcp_on_vnic_supported: true,
        ip_v6_supported: true,
        ..Default::default()
    }
}

/// What the host's interfaces may be used for, and are: management alone.
pub(super) fn vnic_manager(info: &HostNetworkInfo) -> HostVirtualNicManagerInfo {
    const TYPES: [(&str, bool); 9] = [
        ("faultToleranceLogging", true),
        ("management", true),
        ("vSphereProvisioning", true),
        ("vSphereReplication", true),
        ("vSphereReplicationNFC", true),
        ("vmotion", true),
        ("vsan", true),
        ("vsanWitness", true),
        ("vSphereBackupNFC", true),
    ];
    let net_config = TYPES.iter().map(|&(nic_type, multi_select_allowed)| {
        let candidate_vnic = info
            .vnic
            .iter()
            .map(|vnic| HostVirtualNic { key: format!("{nic_type}.{}", vnic.key), ..vnic.clone() });
        let candidate_vnic: Vec<_> = candidate_vnic.collect();
        let selected = candidate_vnic.iter().filter(|_| nic_type == "management");
        VirtualNicManagerNetConfig {
            nic_type: nic_type.to_owned(),
            multi_select_allowed,
            selected_vnic: selected.map(|vnic| vnic.key.clone()).collect(),
            candidate_vnic,
        }
    });
    HostVirtualNicManagerInfo { net_config: net_config.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portgroup_decides_some_and_inherits_the_rest() {
        let spec = HostVirtualSwitchSpec { policy: Some(default_policy(&["vmnic0"])), ..Default::default() };
        let switch = switch("vSwitch0", spec);
        let security = HostNetworkSecurityPolicy { allow_promiscuous: Some(true), ..Default::default() };
        let policy = HostNetworkPolicy { security: Some(security.clone()), ..Default::default() };
        let portgroup = portgroup_of(HostPortGroupSpec { policy, ..Default::default() }, &switch);
        assert_eq!(portgroup.spec.policy.security, Some(security), "what was asked for, and no more");
        let computed = portgroup.computed_policy;
        let security = computed.security.unwrap_or_default();
        assert_eq!((security.allow_promiscuous, security.forged_transmits), (Some(true), Some(true)));
        assert_eq!(computed.nic_teaming, default_policy(&["vmnic0"]).nic_teaming);
    }
}
