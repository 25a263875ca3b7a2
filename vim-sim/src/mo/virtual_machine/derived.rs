//! What follows from a machine's other properties.

use super::devices::Kind;
use crate::fault::Result;
use crate::mo::usage::IDLE;
use crate::world::{Tx, World};
use vim_types::mo::{DatastoreProperties, VirtualMachineProperties};
use vim_types::{
    ManagedEntityStatus, ResourceAllocationInfo, ResourceConfigSpec, VirtualMachineConfigInfo,
    VirtualMachineConfigInfoDatastoreUrlPair, VirtualMachineConfigSummary, VirtualMachineGuestSummary,
    VirtualMachinePowerState, VirtualMachineQuickStats, VirtualMachineStorageSummary, VirtualPCIPassthrough,
};
use vim_wire::MoRef;

/// Sets what follows from other properties.
pub(crate) fn derived(tx: &mut Tx<'_>, vm: &MoRef) {
    // A machine that is gone has nothing to set.
    drop(set(tx, vm));
}

fn set(tx: &mut Tx<'_>, vm: &MoRef) -> Result<()> {
    let urls = urls(tx, vm)?;
    let properties = tx.edit::<VirtualMachineProperties>(vm)?;
    let running = properties.runtime.power_state == VirtualMachinePowerState::POWERED_ON;
    if let Some(config) = &mut properties.config {
        config.datastore_url = urls;
    }
    let summary = &mut properties.summary;
    summary.vm = Some(vm.clone());
    summary.runtime = properties.runtime.clone();
    summary.overall_status = properties.extends.overall_status.clone();
    summary.custom_value.clone_from(&properties.extends.extends.value);
    if let Some(config) = &properties.config {
        summary.config = of_config(config);
        summary.quick_stats = stats(config, running, properties.guest_heartbeat_status.clone());
        properties.resource_config = Some(ResourceConfigSpec {
            entity: Some(vm.clone()),
            change_version: Some(config.change_version.clone()),
            last_modified: Some(config.modified),
            cpu_allocation: allocation(config.cpu_allocation.as_ref()),
            memory_allocation: allocation(config.memory_allocation.as_ref()),
            ..Default::default()
        });
    }
    if let Some(guest) = &properties.guest {
        let config = properties.config.as_ref();
        summary.guest = Some(VirtualMachineGuestSummary {
            guest_id: guest.guest_id.clone().or_else(|| config.map(|config| config.guest_id.clone())),
            guest_full_name: guest
                .guest_full_name
                .clone()
                .or_else(|| config.map(|config| config.guest_full_name.clone())),
            tools_status: guest.tools_status.clone(),
            tools_version_status: guest.tools_version_status.clone(),
            tools_version_status2: guest.tools_version_status2.clone(),
            tools_running_status: guest.tools_running_status.clone(),
            host_name: guest.host_name.clone(),
            ip_address: guest.ip_address.clone(),
            hw_version: guest.hw_version.clone(),
        });
    }
    if let Some(storage) = &properties.storage {
        let usage = &storage.per_datastore_usage;
        summary.storage = Some(VirtualMachineStorageSummary {
            committed: usage.iter().map(|usage| usage.committed).sum(),
            uncommitted: usage.iter().map(|usage| usage.uncommitted).sum(),
            unshared: usage.iter().map(|usage| usage.unshared).sum(),
            timestamp: storage.timestamp,
        });
    }
    Ok(())
}

fn allocation(of: Option<&ResourceAllocationInfo>) -> ResourceAllocationInfo {
    of.cloned().unwrap_or_default()
}

/// The names and URLs of a machine's datastores.
fn urls(world: &World, vm: &MoRef) -> Result<Vec<VirtualMachineConfigInfoDatastoreUrlPair>> {
    let datastores = &world.get::<VirtualMachineProperties>(vm)?.datastore;
    let datastores =
        datastores.iter().filter_map(|datastore| world.get::<DatastoreProperties>(datastore).ok());
    let pair = |datastore: &DatastoreProperties| VirtualMachineConfigInfoDatastoreUrlPair {
        name: datastore.name.clone(),
        url: datastore.summary.url.clone(),
    };
    Ok(datastores.map(pair).collect())
}

fn of_config(config: &VirtualMachineConfigInfo) -> VirtualMachineConfigSummary {
    let count = |kind: Kind| {
        let count = config.hardware.device.iter().filter(|device| Kind::of(device) == kind).count();
        i32::try_from(count).unwrap_or(i32::MAX)
    };
    let reservation =
        |allocation: Option<&ResourceAllocationInfo>| i32::try_from(allocation?.reservation?).ok();
    let vapp = config.vapp_config.as_ref();
    VirtualMachineConfigSummary {
        name: config.name.clone(),
        template: config.template,
        vm_path_name: config.files.vm_path_name.clone().unwrap_or_default(),
        memory_size_mb: Some(config.hardware.memory_mb),
        cpu_reservation: reservation(config.cpu_allocation.as_ref()),
        memory_reservation: reservation(config.memory_allocation.as_ref()),
        num_cpu: Some(config.hardware.num_cpu),
        num_ethernet_cards: Some(count(Kind::Network)),
        num_virtual_disks: Some(count(Kind::Disk)),
        uuid: Some(config.uuid.clone()),
        instance_uuid: config.instance_uuid.clone(),
        guest_id: Some(config.guest_id.clone()),
        guest_full_name: Some(config.guest_full_name.clone()),
        annotation: config.annotation.clone(),
        product: vapp.and_then(|vapp| vapp.product.first().cloned()),
        install_boot_required: Some(vapp.is_some_and(|vapp| vapp.install_boot_required)),
        ft_info: config.ft_info.clone(),
        managed_by: config.managed_by.clone(),
        tpm_present: Some(count(Kind::Tpm) > 0),
        num_vmiop_backings: Some(
            i32::try_from(
                config
                    .hardware
                    .device
                    .iter()
                    .filter_map(|device| device.downcast_ref::<VirtualPCIPassthrough>())
                    .filter_map(|device| device.backing.as_ref())
                    .filter(|backing| backing.is::<vim_types::VirtualPCIPassthroughVmiopBackingInfo>())
                    .count(),
            )
            .unwrap_or(i32::MAX),
        ),
        hw_version: Some(config.version.clone()),
    }
}

/// What a machine uses: a little of what it may, where it runs.
fn stats(
    config: &VirtualMachineConfigInfo,
    running: bool,
    heartbeat: ManagedEntityStatus,
) -> VirtualMachineQuickStats {
    let memory = if running { config.hardware.memory_mb } else { 0 };
    let cpu = if running { config.hardware.num_cpu.saturating_mul(IDLE) } else { 0 };
    VirtualMachineQuickStats {
        overall_cpu_usage: Some(cpu),
        overall_cpu_demand: Some(cpu),
        overall_cpu_readiness: Some(0),
        guest_memory_usage: Some(memory / 20),
        host_memory_usage: Some(memory / 10),
        guest_heartbeat_status: heartbeat,
        distributed_cpu_entitlement: Some(cpu),
        distributed_memory_entitlement: Some(memory / 2),
        static_cpu_entitlement: Some(cpu),
        static_memory_entitlement: Some(memory),
        granted_memory: Some(memory / 2),
        private_memory: Some(memory / 2),
        shared_memory: Some(0),
        swapped_memory: Some(0),
        ballooned_memory: Some(0),
        consumed_overhead_memory: Some(if running { 32 } else { 0 }),
        compressed_memory: Some(0),
        uptime_seconds: Some(0),
        active_memory: Some(memory / 20),
        ft_log_bandwidth: Some(-1),
        ft_secondary_latency: Some(-1),
        ft_latency_status: Some(ManagedEntityStatus::GRAY),
        ..Default::default()
    }
}
