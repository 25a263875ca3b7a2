//! What a port of a distributed switch is set to: VLAN, teaming, security, shaping.

use crate::fault::{Fault, Result};
use crate::mo::merge::merge;
use vim_types::{
    BoolPolicy, DVPortSetting, DVSFailureCriteria, DVSMacLearningPolicy, DVSMacManagementPolicy,
    DVSSecurityPolicy, DVSTrafficShapingPolicy, IntPolicy, LongPolicy, NumericRange, StringPolicy,
    VMwareDVSPortSetting, VMwareDVSPvlanMapEntry, VMwareUplinkLacpPolicy, VMwareUplinkPortOrderPolicy,
    VmwareDistributedVirtualSwitchPvlanSpec, VmwareDistributedVirtualSwitchTrunkVlanSpec,
    VmwareDistributedVirtualSwitchVlanIdSpec, VmwareUplinkPortTeamingPolicy,
};
use vim_wire::Poly;

/// The highest VLAN.
const LAST_VLAN: i32 = 4_094;

fn bool(value: bool) -> Option<BoolPolicy> {
    Some(BoolPolicy { value: Some(value), ..Default::default() })
}

fn text(value: &str) -> Option<StringPolicy> {
    Some(StringPolicy { value: Some(value.to_owned()), ..Default::default() })
}

fn number(value: i32) -> Option<IntPolicy> {
    Some(IntPolicy { value: Some(value), ..Default::default() })
}

fn shaping() -> Option<DVSTrafficShapingPolicy> {
    let long = |value| Some(LongPolicy { value: Some(value), ..Default::default() });
    Some(DVSTrafficShapingPolicy {
        enabled: bool(false),
        average_bandwidth: long(100_000_000),
        peak_bandwidth: long(100_000_000),
        burst_size: long(104_857_600),
        ..Default::default()
    })
}

/// What ports are set to unless told otherwise.
pub(crate) fn default_setting(uplinks: &[String]) -> VMwareDVSPortSetting {
    VMwareDVSPortSetting {
        extends: DVPortSetting {
            blocked: bool(false),
            vm_direct_path_gen2_allowed: bool(false),
            in_shaping_policy: shaping(),
            out_shaping_policy: shaping(),
            network_resource_pool_key: text("-1"),
            ..Default::default()
        },
        vlan: Some(VmwareDistributedVirtualSwitchVlanIdSpec::default().into()),
        qos_tag: number(-1),
        uplink_teaming_policy: Some(VmwareUplinkPortTeamingPolicy {
            policy: text("loadbalance_srcid"),
            reverse_policy: bool(true),
            notify_switches: bool(true),
            rolling_order: bool(false),
            failure_criteria: Some(DVSFailureCriteria {
                check_speed: text("minimum"),
                speed: number(10),
                check_duplex: bool(false),
                full_duplex: bool(false),
                check_error_percent: bool(false),
                percentage: number(0),
                check_beacon: bool(false),
                ..Default::default()
            }),
            uplink_port_order: Some(VMwareUplinkPortOrderPolicy {
                active_uplink_port: uplinks.to_vec(),
                ..Default::default()
            }),
            ..Default::default()
        }),
        security_policy: Some(DVSSecurityPolicy {
            allow_promiscuous: bool(false),
            mac_changes: bool(false),
            forged_transmits: bool(false),
            ..Default::default()
        }),
        ipfix_enabled: bool(false),
        tx_uplink: bool(false),
        lacp_policy: Some(VMwareUplinkLacpPolicy {
            enable: bool(false),
            mode: text("passive"),
            ..Default::default()
        }),
        mac_management_policy: Some(DVSMacManagementPolicy {
            allow_promiscuous: Some(false),
            mac_changes: Some(false),
            forged_transmits: Some(false),
            mac_learning_policy: Some(DVSMacLearningPolicy {
                allow_unicast_flooding: Some(true),
                limit: Some(4_096),
                limit_policy: Some("DROP".into()),
                ..Default::default()
            }),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// What uplinks are set to unless told otherwise: all VLANs.
pub(super) fn uplink_setting(uplinks: &[String]) -> VMwareDVSPortSetting {
    let all = NumericRange { start: 0, end: LAST_VLAN };
    let trunk = VmwareDistributedVirtualSwitchTrunkVlanSpec { vlan_id: vec![all], ..Default::default() };
    VMwareDVSPortSetting { vlan: Some(trunk.into()), ..default_setting(uplinks) }
}

/// A setting as `spec` changes it. Where a spec says that something is inherited, it is what `parent` has.
pub(crate) fn changed(
    current: &Poly<DVPortSetting>,
    spec: &Poly<DVPortSetting>,
    parent: Option<&Poly<DVPortSetting>>,
) -> Poly<DVPortSetting> {
    let mut setting = current.clone();
    merge!(setting, spec; blocked, vm_direct_path_gen2_allowed, in_shaping_policy, out_shaping_policy,
        vendor_specific_config, network_resource_pool_key, filter_policy);
    let own = setting.downcast_mut::<VMwareDVSPortSetting>();
    let (Some(own), Some(spec)) = (own, spec.downcast_ref::<VMwareDVSPortSetting>()) else { return setting };
    merge!(own, spec; qos_tag, security_policy, ipfix_enabled, tx_uplink, lacp_policy, mac_management_policy, vni);
    let parent = parent.and_then(|parent| parent.downcast_ref::<VMwareDVSPortSetting>());
    match &spec.vlan {
        Some(vlan) if vlan.inherited => {
            if let Some(mut vlan) = parent.and_then(|parent| parent.vlan.clone()) {
                vlan.inherited = true;
                own.vlan = Some(vlan);
            }
        }
        Some(vlan) => own.vlan = Some(vlan.clone()),
        None => {}
    }
    if let Some(teaming) = &spec.uplink_teaming_policy {
        let to = own.uplink_teaming_policy.get_or_insert_default();
        to.inherited = teaming.inherited;
        merge!(to, teaming; policy, reverse_policy, notify_switches, rolling_order, failure_criteria, uplink_port_order);
    }
    setting
}

/// Checks a setting's VLANs, and that a private one is one of the switch's.
pub(crate) fn check(
    setting: &Poly<DVPortSetting>,
    private: &[VMwareDVSPvlanMapEntry],
    at: &str,
) -> Result<()> {
    let Some(vlan) = setting.downcast_ref::<VMwareDVSPortSetting>().and_then(|setting| setting.vlan.as_ref())
    else {
        return Ok(());
    };
    let wrong = || Err(Fault::invalid_argument(&format!("{at}.vlan")));
    if let Some(vlan) = vlan.downcast_ref::<VmwareDistributedVirtualSwitchVlanIdSpec>() {
        if !(0..=LAST_VLAN).contains(&vlan.vlan_id) {
            return wrong();
        }
    } else if let Some(trunk) = vlan.downcast_ref::<VmwareDistributedVirtualSwitchTrunkVlanSpec>() {
        let fits =
            |range: &NumericRange| 0 <= range.start && range.start <= range.end && range.end <= LAST_VLAN;
        if !trunk.vlan_id.iter().all(fits) {
            return wrong();
        }
    } else if let Some(vlan) = vlan.downcast_ref::<VmwareDistributedVirtualSwitchPvlanSpec>()
        && !private.iter().any(|entry| entry.secondary_vlan_id == vlan.pvlan_id)
    {
        return wrong();
    }
    Ok(())
}

/// The VLANs of a setting, and whether they are a trunk's.
pub(super) fn vlans(setting: &Poly<DVPortSetting>) -> (Vec<NumericRange>, bool) {
    let one = |id| vec![NumericRange { start: id, end: id }];
    let setting = setting.downcast_ref::<VMwareDVSPortSetting>();
    let Some(vlan) = setting.and_then(|setting| setting.vlan.as_ref()) else { return (Vec::new(), false) };
    if let Some(vlan) = vlan.downcast_ref::<VmwareDistributedVirtualSwitchVlanIdSpec>() {
        (one(vlan.vlan_id), false)
    } else if let Some(trunk) = vlan.downcast_ref::<VmwareDistributedVirtualSwitchTrunkVlanSpec>() {
        (trunk.vlan_id.clone(), true)
    } else if let Some(vlan) = vlan.downcast_ref::<VmwareDistributedVirtualSwitchPvlanSpec>() {
        (one(vlan.pvlan_id), false)
    } else {
        (Vec::new(), false)
    }
}
