//! What a host is asked, and its smaller settings.

use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::{HostAccessManagerProperties, HostSystemProperties, VirtualMachineProperties};
use vim_types::{
    HostConnectInfo, HostFlagInfo, HostIpmiInfo, HostLockdownMode, HostServiceTicket, HostSystemResourceInfo,
    VirtualMachineConfigInfo,
};
use vim_wire::MoRef;

pub(super) fn connection_info(call: &Call<'_>) -> Result<Reply> {
    let info = call.read(|world| connect_info(world, &call.this))?;
    call.returns(&info)
}

/// What a vCenter learns of a host that it is to add.
pub(crate) fn connect_info(world: &crate::world::World, host: &MoRef) -> Result<HostConnectInfo> {
    let properties = world.get::<HostSystemProperties>(host)?;
    let vms = properties.vm.iter().filter_map(|vm| world.get::<VirtualMachineProperties>(vm).ok());
    Ok(HostConnectInfo {
        server_ip: properties.summary.management_server_ip.clone(),
        in_das_cluster: Some(false),
        host: properties.summary.clone(),
        vm: vms.map(|vm| vm.summary.clone()).collect(),
        vim_account_name_required: Some(false),
        cluster_supported: Some(true),
        capability: properties.capability.clone(),
        ..Default::default()
    })
}

/// The address by which a host is managed.
pub(crate) fn management_address(world: &crate::world::World, host: &MoRef) -> Result<String> {
    let vnics = &crate::mo::host_network_system::info(world, host)?.vnic;
    let address = vnics.iter().find_map(|vnic| vnic.spec.ip.as_ref()?.ip_address.clone());
    address.ok_or_else(|| Fault::invalid_state("the host has no address"))
}

pub(super) fn update_flags(call: &Call<'_>) -> Result<Reply> {
    let flags: HostFlagInfo = call.arg("flagInfo")?;
    edit_config(call, |config| config.flags = Some(flags))
}

pub(super) fn update_ipmi(call: &Call<'_>) -> Result<Reply> {
    let mut ipmi: HostIpmiInfo = call.arg("ipmiInfo")?;
    // The password is never told again.
    ipmi.password = None;
    edit_config(call, |config| config.ipmi = Some(ipmi))
}

fn edit_config(call: &Call<'_>, change: impl FnOnce(&mut vim_types::HostConfigInfo)) -> Result<Reply> {
    call.write(|tx| {
        change(tx.edit::<HostSystemProperties>(&call.this)?.config.get_or_insert_default());
        Ok(())
    })?;
    call.done()
}

pub(super) fn update_resources(call: &Call<'_>) -> Result<Reply> {
    let info: HostSystemResourceInfo = call.arg("resourceInfo")?;
    call.write(|tx| {
        let resources = &mut tx.edit::<HostSystemProperties>(&call.this)?.system_resources;
        let known = resources.as_mut().and_then(|root| find(root, &info.key));
        let known = known.ok_or_else(|| Fault::invalid_argument("resourceInfo.key"))?;
        known.config = info.config;
        Ok(())
    })?;
    call.done()
}

fn find<'r>(root: &'r mut HostSystemResourceInfo, key: &str) -> Option<&'r mut HostSystemResourceInfo> {
    if root.key == key {
        return Some(root);
    }
    root.child.iter_mut().find_map(|child| find(child, key))
}

pub(super) fn uptime(call: &Call<'_>) -> Result<Reply> {
    let boot =
        call.read(|world| world.get::<HostSystemProperties>(&call.this).map(|host| host.runtime.boot_time))?;
    let seconds = boot.map_or(0, |boot| (call.sim.now().unix_micros() - boot.unix_micros()) / 1_000_000);
    call.returns(&seconds)
}

/// What a VM costs beside its memory: something for itself, for each processor, and for the pages that describe its memory.
fn overhead(memory: i64, video: i64, cpus: i32) -> i64 {
    (24 << 20) + i64::from(cpus) * (10 << 20) + memory / 256 + video
}

pub(super) fn memory_overhead(call: &Call<'_>) -> Result<Reply> {
    let (memory, cpus): (i64, i32) = (call.arg("memorySize")?, call.arg("numVcpus")?);
    let video: i32 = call.opt("videoRamSize")?.unwrap_or(0);
    if memory < 0 || cpus < 0 || video < 0 {
        return Err(Fault::invalid_argument("memorySize"));
    }
    call.returns(&overhead(memory, video.into(), cpus))
}

pub(super) fn memory_overhead_ex(call: &Call<'_>) -> Result<Reply> {
    let config: VirtualMachineConfigInfo = call.arg("vmConfigInfo")?;
    call.returns(&overhead(i64::from(config.hardware.memory_mb) << 20, 4 << 20, config.hardware.num_cpu))
}

/// Says whether a host may be managed past its vCenter.
pub(crate) fn set_lockdown(tx: &mut Tx<'_>, host: &MoRef, mode: HostLockdownMode) -> Result<()> {
    let properties = tx.edit::<HostSystemProperties>(host)?;
    let config = properties.config.get_or_insert_default();
    config.admin_disabled = Some(mode != HostLockdownMode::LOCKDOWN_DISABLED);
    config.lockdown_mode = Some(mode.clone());
    if let Some(manager) = properties.config_manager.host_access_manager.clone() {
        tx.edit::<HostAccessManagerProperties>(&manager)?.lockdown_mode = mode;
    }
    Ok(())
}

pub(super) fn enter_lockdown(call: &Call<'_>) -> Result<Reply> {
    lockdown(call, HostLockdownMode::LOCKDOWN_NORMAL)
}

pub(super) fn exit_lockdown(call: &Call<'_>) -> Result<Reply> {
    lockdown(call, HostLockdownMode::LOCKDOWN_DISABLED)
}

fn lockdown(call: &Call<'_>, mode: HostLockdownMode) -> Result<Reply> {
    call.write(|tx| {
        let is = tx.get::<HostSystemProperties>(&call.this)?.config.as_ref();
        if is.and_then(|config| config.lockdown_mode.as_ref()) == Some(&mode) {
            return Err(Fault::invalid_state(format!("the mode is {} already", mode.as_str())));
        }
        set_lockdown(tx, &call.this, mode)
    })?;
    call.done()
}

pub(super) fn cim_ticket(call: &Call<'_>) -> Result<Reply> {
    let name = call.read(|world| world.name(&call.this).to_owned());
    call.returns(&HostServiceTicket {
        host: Some(name),
        port: Some(5_989),
        service: "cimHttpService".into(),
        service_version: "1.0".into(),
        session_id: uuid::Uuid::new_v4().to_string(),
        ..Default::default()
    })
}

/// There is no chip that could attest.
pub(super) fn tpm_report(call: &Call<'_>) -> Result<Reply> {
    call.done()
}

pub(super) fn product_locker(call: &Call<'_>) -> Result<Reply> {
    call.returns(&"/locker/packages/8.0.3".to_owned())
}
