//! `DistributedVirtualSwitch`, of which all are VMware's.

use super::managed_entity::{attach, entity};
use super::{distributed_virtual_portgroup as portgroup, relations};
use crate::call::methods;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::{DistributedVirtualSwitchProperties, VmwareDistributedVirtualSwitchProperties};
use vim_types::{
    DVPortgroupConfigSpec, DVSContactInfo, DVSNameArrayUplinkPortPolicy, DVSSummary,
    DistributedVirtualSwitchHostMember, DistributedVirtualSwitchHostMemberConfigInfo,
    DistributedVirtualSwitchHostMemberPnicBacking, DistributedVirtualSwitchProductSpec, VMwareDVSConfigInfo,
    VMwareDVSPortSetting,
};
use vim_wire::MoRef;

methods! {}

/// Adds a switch to a folder, with its portgroup of uplinks.
pub(crate) fn create(tx: &mut Tx<'_>, folder: &MoRef, name: &str) -> Result<MoRef> {
    let moref = tx.new_ref("VmwareDistributedVirtualSwitch");
    let uuid = new_uuid();
    let product_info = DistributedVirtualSwitchProductSpec {
        name: Some("DVS".into()),
        vendor: Some("VMware, Inc.".into()),
        version: Some("8.0.3".into()),
        build: Some("24022510".into()),
        forwarding_class: Some("etherswitch".into()),
        ..Default::default()
    };
    let uplinks = (1..=4).map(|number| format!("Uplink {number}")).collect();
    let mut config = VMwareDVSConfigInfo { max_mtu: 1500, ..Default::default() };
    config.uuid.clone_from(&uuid);
    config.name = name.to_owned();
    config.max_ports = i32::MAX;
    config.uplink_port_policy =
        DVSNameArrayUplinkPortPolicy { uplink_port_name: uplinks, ..Default::default() }.into();
    config.default_port_config = VMwareDVSPortSetting::default().into();
    config.product_info = product_info.clone();
    config.config_version = "0".into();
    config.contact = DVSContactInfo::default();
    config.create_time = tx.now;
    let properties = DistributedVirtualSwitchProperties {
        extends: entity(name),
        uuid: uuid.clone(),
        summary: DVSSummary {
            name: name.to_owned(),
            uuid,
            product_info: Some(product_info),
            ..Default::default()
        },
        config: config.into(),
        ..Default::default()
    };
    tx.create(&moref, VmwareDistributedVirtualSwitchProperties { extends: properties });
    attach(tx, &moref, folder)?;
    Ok(moref)
}

/// Adds the portgroup of a switch's uplinks.
pub(crate) fn create_uplinks(tx: &mut Tx<'_>, switch: &MoRef) -> Result<MoRef> {
    let number = switch.value().trim_start_matches("dvs-");
    let name = format!("{}-DVUplinks-{number}", tx.name(switch));
    let uplinks =
        portgroup::create(tx, switch, &DVPortgroupConfigSpec { name: Some(name), ..Default::default() })?;
    tx.edit::<DistributedVirtualSwitchProperties>(switch)?.config.uplink_portgroup.push(uplinks.clone());
    Ok(uplinks)
}

/// Makes a host a member of a switch.
pub(crate) fn add_host(tx: &mut Tx<'_>, switch: &MoRef, host: &MoRef) -> Result<()> {
    let properties = tx.edit::<DistributedVirtualSwitchProperties>(switch)?;
    properties.summary.host_member.push(host.clone());
    properties.config.host.push(DistributedVirtualSwitchHostMember {
        config: DistributedVirtualSwitchHostMemberConfigInfo {
            host: Some(host.clone()),
            max_proxy_switch_ports: 2560,
            backing: DistributedVirtualSwitchHostMemberPnicBacking::default().into(),
            ..Default::default()
        },
        status: "up".into(),
        ..Default::default()
    });
    for network in properties.portgroup.clone() {
        relations::join_network(tx, &network, host)?;
    }
    Ok(())
}

/// A uuid as distributed switches have it: `50 2c 8f 0d a1 3e 74 bb-61 0f 42 9d 33 07 c5 18`.
fn new_uuid() -> String {
    let bytes = uuid::Uuid::new_v4().into_bytes();
    let hex: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (head, tail) = hex.split_at(8);
    format!("{}-{}", head.join(" "), tail.join(" "))
}
