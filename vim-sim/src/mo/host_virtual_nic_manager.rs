//! `HostVirtualNicManager`: what a host's interfaces are used for.

use super::host_network_system;
use super::host_system::host_of;
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{HostSystemProperties, HostVMotionSystemProperties, HostVirtualNicManagerProperties};
use vim_types::{HostVMotionNetConfig, HostVirtualNic, VirtualNicManagerNetConfig};
use vim_wire::MoRef;

methods! {
    "QueryNetConfig" => query_net_config,
    "SelectVnicForNicType" => select_for_type,
    "DeselectVnicForNicType" => deselect_for_type,
}

pub(super) fn manager(world: &World, host: &MoRef) -> Result<MoRef> {
    let manager = world.get::<HostSystemProperties>(host)?.config_manager.virtual_nic_manager.clone();
    manager.ok_or_else(|| Fault::managed_object_not_found(host))
}

/// The key of an interface among the candidates for a use.
fn key(nic_type: &str, vnic: &HostVirtualNic) -> String {
    format!("{nic_type}.{}", vnic.key)
}

/// Has all uses of a host's interfaces know which interfaces there are.
pub(crate) fn candidates(tx: &mut Tx<'_>, host: &MoRef) -> Result<()> {
    let vnics = host_network_system::info(tx, host)?.vnic.clone();
    let manager = manager(tx, host)?;
    for config in &mut tx.edit::<HostVirtualNicManagerProperties>(&manager)?.info.net_config {
        let candidate =
            |vnic: &HostVirtualNic| HostVirtualNic { key: key(&config.nic_type, vnic), ..vnic.clone() };
        config.candidate_vnic = vnics.iter().map(candidate).collect();
        let candidates = &config.candidate_vnic;
        config.selected_vnic.retain(|selected| candidates.iter().any(|vnic| vnic.key == *selected));
    }
    follow_vmotion(tx, host)
}

/// Whether an interface is the only one for management.
pub(crate) fn is_management(world: &World, host: &MoRef, device: &str) -> Result<bool> {
    let info = &world.get::<HostVirtualNicManagerProperties>(&manager(world, host)?)?.info;
    let config = info.net_config.iter().find(|config| config.nic_type == "management");
    Ok(config.is_some_and(|config| {
        let selected = &config.selected_vnic;
        selected.len() == 1
            && config.candidate_vnic.iter().any(|vnic| vnic.device == device && selected.contains(&vnic.key))
    }))
}

/// Has the system for migrations know which interface is for them.
pub(super) fn follow_vmotion(tx: &mut Tx<'_>, host: &MoRef) -> Result<()> {
    let manager = manager(tx, host)?;
    let info = &tx.get::<HostVirtualNicManagerProperties>(&manager)?.info;
    let config =
        info.net_config.iter().find(|config| config.nic_type == "vmotion").cloned().unwrap_or_default();
    let selected = config.selected_vnic.first().cloned();
    let vnic = config.candidate_vnic.iter().find(|vnic| Some(&vnic.key) == selected.as_ref());
    let ip = vnic.and_then(|vnic| vnic.spec.ip.clone());
    let Some(system) = tx.get::<HostSystemProperties>(host)?.config_manager.vmotion_system.clone() else {
        return Ok(());
    };
    let properties = tx.edit::<HostVMotionSystemProperties>(&system)?;
    properties.net_config =
        Some(HostVMotionNetConfig { candidate_vnic: config.candidate_vnic, selected_vnic: selected });
    properties.ip_config = ip;
    tx.edit::<HostSystemProperties>(host)?;
    Ok(())
}

/// Selects an interface for a use, or ends that.
pub(super) fn select(
    tx: &mut Tx<'_>,
    host: &MoRef,
    nic_type: &str,
    device: &str,
    selected: bool,
) -> Result<()> {
    let manager = manager(tx, host)?;
    let info = &mut tx.edit::<HostVirtualNicManagerProperties>(&manager)?.info;
    let config = info.net_config.iter_mut().find(|config| config.nic_type == nic_type);
    let config = config.ok_or_else(|| Fault::invalid_argument("nicType"))?;
    let vnic = config.candidate_vnic.iter().find(|vnic| vnic.device == device || vnic.key == device);
    let key = vnic.ok_or_else(|| Fault::invalid_argument("device"))?.key.clone();
    let others = config.selected_vnic.iter().filter(|other| **other != key).count();
    if !selected && nic_type == "management" && others == 0 {
        return Err(Fault::resource_in_use("HostVirtualNic", device));
    }
    if !config.multi_select_allowed && selected {
        config.selected_vnic.clear();
    }
    config.selected_vnic.retain(|other| *other != key);
    if selected {
        config.selected_vnic.push(key);
    }
    follow_vmotion(tx, host)
}

fn select_by_call(call: &Call<'_>, selected: bool) -> Result<Reply> {
    let (nic_type, device): (String, String) = (call.arg("nicType")?, call.arg("device")?);
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        select(tx, &host, &nic_type, &device, selected)
    })?;
    call.done()
}

fn select_for_type(call: &Call<'_>) -> Result<Reply> {
    select_by_call(call, true)
}

fn deselect_for_type(call: &Call<'_>) -> Result<Reply> {
    select_by_call(call, false)
}

fn query_net_config(call: &Call<'_>) -> Result<Reply> {
    let nic_type: String = call.arg("nicType")?;
    let config: VirtualNicManagerNetConfig = call.read(|world| {
        let info = &world.get::<HostVirtualNicManagerProperties>(&call.this)?.info;
        let config = info.net_config.iter().find(|config| config.nic_type == nic_type);
        config.cloned().ok_or_else(|| Fault::invalid_argument("nicType"))
    })?;
    call.returns(&config)
}
