//! `DistributedVirtualPortgroup`.

use super::managed_entity::{attach, entity};
use super::relations;
use crate::call::methods;
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::{
    DistributedVirtualPortgroupProperties, DistributedVirtualSwitchProperties, NetworkProperties,
};
use vim_types::{
    DVPortgroupConfigInfo, DVPortgroupConfigSpec, NetworkSummary, VMwareDVSPortSetting,
    VMwareDVSPortgroupPolicy,
};
use vim_wire::MoRef;

methods! {}

/// Adds a portgroup to a switch.
pub(crate) fn create(tx: &mut Tx<'_>, switch: &MoRef, spec: &DVPortgroupConfigSpec) -> Result<MoRef> {
    let moref = tx.new_ref("DistributedVirtualPortgroup");
    let key = moref.value().to_owned();
    let name = spec.name.clone().ok_or_else(|| Fault::invalid_argument("spec.name"))?;
    let folder = tx.must(switch)?.parent().cloned().ok_or_else(|| Fault::managed_object_not_found(switch))?;
    let num_ports = spec.num_ports.unwrap_or(0);
    let config = DVPortgroupConfigInfo {
        key: key.clone(),
        name: name.clone(),
        num_ports,
        distributed_virtual_switch: Some(switch.clone()),
        default_port_config: spec
            .default_port_config
            .clone()
            .or_else(|| Some(VMwareDVSPortSetting::default().into())),
        description: spec.description.clone(),
        r#type: spec.r#type.clone().unwrap_or_else(|| "earlyBinding".into()),
        backing_type: spec.backing_type.clone(),
        policy: spec.policy.clone().unwrap_or_else(|| VMwareDVSPortgroupPolicy::default().into()),
        auto_expand: spec.auto_expand.or(Some(true)),
        logical_switch_uuid: spec.logical_switch_uuid.clone(),
        ..Default::default()
    };
    let extends = NetworkProperties {
        extends: entity(name),
        summary: NetworkSummary { accessible: true, ..Default::default() }.into(),
        ..Default::default()
    };
    tx.create(&moref, DistributedVirtualPortgroupProperties { extends, key, config, ..Default::default() });
    attach(tx, &moref, &folder)?;
    let properties = tx.edit::<DistributedVirtualSwitchProperties>(switch)?;
    properties.portgroup.push(moref.clone());
    for host in properties.summary.host_member.clone() {
        relations::join_network(tx, &moref, &host)?;
    }
    Ok(moref)
}
