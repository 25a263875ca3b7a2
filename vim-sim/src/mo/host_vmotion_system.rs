//! `HostVMotionSystem`: which interface migrations use.

use super::host_system::host_of;
use super::host_virtual_nic_manager::{follow_vmotion, manager, select};
use crate::call::{Call, Reply, methods};
use crate::fault::Result;
use vim_types::HostIpConfig;
use vim_types::mo::{HostSystemProperties, HostVMotionSystemProperties, HostVirtualNicManagerProperties};

methods! {
    "SelectVnic" => select_vmotion,
    "DeselectVnic" => deselect_vmotion,
    "UpdateIpConfig" => update_vmotion_ip,
}

fn select_vmotion(call: &Call<'_>) -> Result<Reply> {
    let device: String = call.arg("device")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        select(tx, &host, "vmotion", &device, true)
    })?;
    call.done()
}

fn deselect_vmotion(call: &Call<'_>) -> Result<Reply> {
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        let manager = manager(tx, &host)?;
        for config in &mut tx.edit::<HostVirtualNicManagerProperties>(&manager)?.info.net_config {
            if config.nic_type == "vmotion" {
                config.selected_vnic.clear();
            }
        }
        follow_vmotion(tx, &host)
    })?;
    call.done()
}

fn update_vmotion_ip(call: &Call<'_>) -> Result<Reply> {
    let ip: HostIpConfig = call.arg("ipConfig")?;
    call.write(|tx| {
        let host = host_of(tx, &call.this)?;
        tx.edit::<HostVMotionSystemProperties>(&call.this)?.ip_config = Some(ip);
        tx.edit::<HostSystemProperties>(&host)?;
        Ok(())
    })?;
    call.done()
}
