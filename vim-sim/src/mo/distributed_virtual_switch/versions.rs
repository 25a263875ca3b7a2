//! The versions that a switch can have, and what it can do.

use crate::fault::{Fault, Result};
use vim_types::{
    DVSBackupRestoreCapability, DVSCapability, DVSFeatureCapability, DVSNetworkResourceManagementCapability,
    DVSRollbackCapability, DistributedVirtualSwitchHostProductSpec, DistributedVirtualSwitchProductSpec,
    VMwareDVSFeatureCapability, VMwareDVSHealthCheckCapability, VMwareDVSVspanCapability,
    VMwareDvsIpfixCapability, VMwareDvsLacpCapability, VMwareDvsMtuCapability,
};

/// The versions, newest first.
const VERSIONS: [&str; 5] = ["8.0.3", "8.0.0", "7.0.3", "7.0.2", "7.0.0"];

fn spec(version: &str) -> DistributedVirtualSwitchProductSpec {
    DistributedVirtualSwitchProductSpec {
        name: Some("DVS".into()),
        vendor: Some("VMware, Inc.".into()),
        version: Some(version.to_owned()),
        build: Some("24022510".into()),
        forwarding_class: Some("etherswitch".into()),
        ..Default::default()
    }
}

/// What switches there can be; the recommended ones are those of the newest version.
pub(crate) fn product_specs(recommended: Option<bool>) -> Vec<DistributedVirtualSwitchProductSpec> {
    let wanted = |at: usize| recommended.is_none_or(|recommended| recommended == (at == 0));
    VERSIONS.iter().enumerate().filter(|(at, _)| wanted(*at)).map(|(_, version)| spec(version)).collect()
}

/// The product that a spec asks for; the newest where it asks for none.
pub(super) fn product(
    wanted: Option<&DistributedVirtualSwitchProductSpec>,
) -> Result<DistributedVirtualSwitchProductSpec> {
    let [newest, ..] = VERSIONS;
    match wanted.and_then(|wanted| wanted.version.as_deref()) {
        None => Ok(spec(newest)),
        Some(version) if VERSIONS.contains(&version) => Ok(spec(version)),
        Some(_) => Err(Fault::invalid_argument("spec.productInfo.version")),
    }
}

/// The version that a spec asks for.
pub(crate) fn product_version(wanted: Option<&DistributedVirtualSwitchProductSpec>) -> Result<String> {
    Ok(product(wanted)?.version.unwrap_or_default())
}

pub(super) fn capability() -> DVSCapability {
    let hosts = VERSIONS.iter().map(|version| DistributedVirtualSwitchHostProductSpec {
        product_line_id: Some("embeddedEsx".into()),
        version: Some(format!("{version}+")),
    });
    DVSCapability {
        dvs_operation_supported: Some(true),
        dv_port_group_operation_supported: Some(true),
        dv_port_operation_supported: Some(true),
        compatible_host_component_product_info: hosts.take(1).collect(),
        features_supported: Some(feature_capability().into()),
    }
}

pub(crate) fn feature_capability() -> VMwareDVSFeatureCapability {
    let policies = [
        "loadbalance_ip",
        "loadbalance_srcmac",
        "loadbalance_srcid",
        "failover_explicit",
        "loadbalance_loadbased",
    ];
    VMwareDVSFeatureCapability {
        extends: DVSFeatureCapability {
            network_resource_management_supported: true,
            vm_direct_path_gen2_supported: Some(true),
            nic_teaming_policy: policies.iter().map(|&policy| policy.to_owned()).collect(),
            network_resource_pool_high_share_value: Some(100),
            network_resource_management_capability: Some(DVSNetworkResourceManagementCapability {
                network_resource_management_supported: true,
                network_resource_pool_high_share_value: 100,
                qos_supported: true,
                user_defined_network_resource_pools_supported: true,
                network_resource_control_version3_supported: Some(true),
                user_defined_infra_traffic_pool_supported: Some(true),
            }),
            health_check_capability: Some(
                VMwareDVSHealthCheckCapability {
                    vlan_mtu_supported: true,
                    teaming_supported: true,
                    ..Default::default()
                }
                .into(),
            ),
            rollback_capability: Some(DVSRollbackCapability { rollback_supported: true }),
            backup_restore_capability: Some(DVSBackupRestoreCapability { backup_restore_supported: true }),
            network_filter_supported: Some(true),
            mac_learning_supported: Some(true),
        },
        vspan_supported: Some(true),
        lldp_supported: Some(true),
        ipfix_supported: Some(true),
        ipfix_capability: Some(VMwareDvsIpfixCapability {
            ipfix_supported: Some(true),
            ipv6_for_ipfix_supported: Some(true),
            observation_domain_id_supported: Some(true),
        }),
        multicast_snooping_supported: Some(true),
        vspan_capability: Some(VMwareDVSVspanCapability {
            mixed_dest_supported: true,
            dvport_supported: true,
            remote_source_supported: true,
            remote_dest_supported: true,
            encap_remote_source_supported: true,
            erspan_protocol_supported: Some(true),
            mirror_netstack_supported: Some(true),
        }),
        lacp_capability: Some(VMwareDvsLacpCapability {
            lacp_supported: Some(true),
            multi_lacp_group_supported: Some(true),
            lacp_fast_mode_supported: Some(true),
        }),
        nsx_supported: Some(true),
        mtu_capability: Some(VMwareDvsMtuCapability { min_mtu_supported: 1_280, max_mtu_supported: 9_000 }),
        ..Default::default()
    }
}
