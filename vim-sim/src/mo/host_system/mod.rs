//! `HostSystem`.

mod capability;
mod evacuate;
mod hardware;
mod health;
mod join;
mod leave;
mod managers;
pub(crate) mod network;
mod queries;
mod services;
mod state;
mod storage;

use super::managed_entity::entity;
use super::usage;
use crate::call::methods;
use crate::world::Tx;
use vim_types::mo::{
    HostAutoStartManagerProperties, HostDatastoreSystemProperties, HostDateTimeSystemProperties,
    HostFirewallSystemProperties, HostNetworkSystemProperties, HostPowerSystemProperties,
    HostServiceSystemProperties, HostStorageSystemProperties, HostSystemProperties,
    HostVirtualNicManagerProperties, OptionManagerProperties,
};
use vim_types::{
    AboutInfo, HostConfigInfo, HostConfigSummary, HostFeatureVersionInfo, HostHardwareSummary,
    HostHyperThreadScheduleInfo, HostLicensableResourceInfo, HostListSummary, HostLockdownMode,
    HostRuntimeInfo, HostSystemConnectionState, HostSystemPowerState, HostSystemResourceInfo, KeyAnyValue,
    ResourceConfigSpec,
};
use vim_wire::{Any, MoRef};

pub(crate) use join::{add_standalone, add_to_cluster, bring_network, make_standalone, move_to_cluster};
pub(crate) use leave::{destroy, leave};
pub(crate) use managers::{clock_offset, host_of, set_clock_offset};
pub(crate) use queries::{connect_info, management_address, set_lockdown};

methods! {
    "EnterMaintenanceMode_Task" => state::enter_maintenance,
    "ExitMaintenanceMode_Task" => state::exit_maintenance,
    "DisconnectHost_Task" => state::disconnect,
    "ReconnectHost_Task" => state::reconnect,
    "RebootHost_Task" => state::reboot,
    "ShutdownHost_Task" => state::shutdown,
    "PowerDownHostToStandBy_Task" => state::standby,
    "PowerUpHostFromStandBy_Task" => state::standby,
    "QueryHostConnectionInfo" => queries::connection_info,
    "UpdateFlags" => queries::update_flags,
    "UpdateIpmi" => queries::update_ipmi,
    "UpdateSystemResources" => queries::update_resources,
    "RetrieveHardwareUptime" => queries::uptime,
    "QueryMemoryOverhead" => queries::memory_overhead,
    "QueryMemoryOverheadEx" => queries::memory_overhead_ex,
    "EnterLockdownMode" => queries::enter_lockdown,
    "ExitLockdownMode" => queries::exit_lockdown,
    "AcquireCimServicesTicket" => queries::cim_ticket,
    "QueryTpmAttestationReport" => queries::tpm_report,
    "QueryProductLockerLocation" => queries::product_locker,
}

/// Adds a host that belongs to nothing yet, under a reference that was given out. `esx` says that it stands alone, without
/// a vCenter.
pub(crate) fn create_as(tx: &mut Tx<'_>, moref: &MoRef, name: &str, esx: bool) {
    let digits = moref.value().trim_start_matches(|char: char| !char.is_ascii_digit());
    let number = digits.parse().unwrap_or(1);
    // A host that stands alone is managed by nobody; the others by the server that answers, which is at home here.
    let management_server_ip = (!esx).then(|| "127.0.0.1".to_owned());
    let datastore_browser = managers::browser(tx, moref, esx);
    let config_manager = managers::create(tx, moref, name, number, esx);
    let hardware = hardware::info();
    let packages = hardware.cpu_info.num_cpu_packages;
    let properties = HostSystemProperties {
        extends: entity(name),
        runtime: HostRuntimeInfo {
            connection_state: HostSystemConnectionState::CONNECTED,
            power_state: HostSystemPowerState::POWERED_ON,
            standby_mode: Some("none".into()),
            in_maintenance_mode: false,
            in_quarantine_mode: Some(false),
            boot_time: Some(tx.now),
            host_max_virtual_disk_capacity: Some(62 << 40),
            crypto_state: Some("incapable".into()),
            health_system_runtime: Some(health::system(&hardware)),
            network_runtime_info: Some(health::network()),
            ..Default::default()
        },
        system_resources: Some(system_resources()),
        config: Some(config(moref, &hardware)),
        hardware: Some(hardware),
        capability: Some(capability::capability()),
        licensable_resource: HostLicensableResourceInfo {
            resource: vec![KeyAnyValue { key: "numCpuPackages".into(), value: Any::from(packages) }],
        },
        config_manager,
        datastore_browser,
        summary: HostListSummary { quick_stats: usage::own(), management_server_ip, ..Default::default() },
        ..Default::default()
    };
    tx.create(moref, properties);
}

/// What a host runs.
pub(crate) fn product() -> AboutInfo {
    AboutInfo {
        name: "VMware ESXi".into(),
        full_name: "VMware ESXi 8.0.3 build-24022510".into(),
        vendor: "VMware, Inc.".into(),
        version: "8.0.3".into(),
        build: "24022510".into(),
        locale_version: Some("INTL".into()),
        locale_build: Some("000".into()),
        os_type: "vmnix-x86".into(),
        product_line_id: "embeddedEsx".into(),
        api_type: "HostAgent".into(),
        api_version: "8.0.3.0".into(),
        license_product_name: Some("VMware ESX Server".into()),
        license_product_version: Some("8.0".into()),
        ..Default::default()
    }
}

/// What a host is configured like, apart from what its managers tell.
fn config(moref: &MoRef, hardware: &vim_types::HostHardwareInfo) -> HostConfigInfo {
    let threads = hardware.cpu_info.num_cpu_threads > hardware.cpu_info.num_cpu_cores;
    let feature =
        |key: &str, value: &str| HostFeatureVersionInfo { key: key.to_owned(), value: value.to_owned() };
    HostConfigInfo {
        host: moref.clone(),
        product: product(),
        hyper_thread: Some(HostHyperThreadScheduleInfo { available: threads, active: threads, config: true }),
        capabilities: Some(network::capabilities()),
        offload_capabilities: Some(network::offload()),
        admin_disabled: Some(false),
        lockdown_mode: Some(HostLockdownMode::LOCKDOWN_DISABLED),
        feature_version: vec![feature("faultTolerance", "8.0.3-8.0.3-8.0.3")],
        wake_on_lan_capable: Some(false),
        ..Default::default()
    }
}

fn system_resources() -> HostSystemResourceInfo {
    let node = |key: &str, child| HostSystemResourceInfo {
        key: key.to_owned(),
        config: Some(ResourceConfigSpec { entity: None, ..super::resource_pool::unrestricted() }),
        child,
    };
    let system = ["minfree", "kernel", "helper", "drivers", "vmotion"];
    let system = system.iter().map(|name| node(&format!("host/system/{name}"), Vec::new())).collect();
    node(
        "host",
        vec![
            node("host/system", system),
            node("host/vim", Vec::new()),
            node("host/user", Vec::new()),
            node("host/iofilters", Vec::new()),
        ],
    )
}

/// Sets what follows from other properties.
pub(crate) fn derived(tx: &mut Tx<'_>, moref: &MoRef) {
    let Ok(host) = tx.get::<HostSystemProperties>(moref) else { return };
    let config = host.config.clone().map(|config| of_managers(tx, host, config));
    let mut summary = summary(moref, host, config.as_ref());
    let parent = host.parent.clone();
    if host.summary != summary || host.config != config {
        let up = host.runtime.boot_time.map(|boot| (tx.now.unix_micros() - boot.unix_micros()) / 1_000_000);
        summary.quick_stats.uptime = up.and_then(|up| i32::try_from(up).ok());
        if let Ok(host) = tx.edit::<HostSystemProperties>(moref) {
            (host.summary, host.config) = (summary, config);
        }
    }
    if let Some(parent) = parent {
        super::compute_resource::derived(tx, &parent);
    }
}

/// A host's configuration, with what its managers have.
fn of_managers(tx: &Tx<'_>, host: &HostSystemProperties, mut config: HostConfigInfo) -> HostConfigInfo {
    let managers = &host.config_manager;
    fn get<'t, P: vim_wire::DataObject>(tx: &'t Tx<'_>, manager: &Option<MoRef>) -> Option<&'t P> {
        tx.get::<P>(manager.as_ref()?).ok()
    }
    if let Some(network) = get::<HostNetworkSystemProperties>(tx, &managers.network_system) {
        config.network.clone_from(&network.network_info);
    }
    if let Some(storage) = get::<HostStorageSystemProperties>(tx, &managers.storage_system) {
        config.storage_device.clone_from(&storage.storage_device_info);
        config.file_system_volume = Some(storage.file_system_volume_info.clone());
        config.multipath_state.clone_from(&storage.multipath_state_info);
    }
    if let Some(vnics) = get::<HostVirtualNicManagerProperties>(tx, &managers.virtual_nic_manager) {
        config.virtual_nic_manager_info = Some(vnics.info.clone());
    }
    if let Some(services) = get::<HostServiceSystemProperties>(tx, &managers.service_system) {
        config.service = Some(services.service_info.clone());
    }
    if let Some(firewall) = get::<HostFirewallSystemProperties>(tx, &managers.firewall_system) {
        config.firewall.clone_from(&firewall.firewall_info);
    }
    if let Some(start) = get::<HostAutoStartManagerProperties>(tx, &managers.auto_start_manager) {
        config.auto_start = Some(start.config.clone());
    }
    if let Some(options) = get::<OptionManagerProperties>(tx, &managers.advanced_option) {
        config.option.clone_from(&options.setting);
    }
    if let Some(time) = get::<HostDateTimeSystemProperties>(tx, &managers.date_time_system) {
        config.date_time_info = Some(time.date_time_info.clone());
    }
    if let Some(power) = get::<HostPowerSystemProperties>(tx, &managers.power_system) {
        config.power_system_capability = Some(power.capability.clone());
        config.power_system_info = Some(power.info.clone());
    }
    if let Some(datastores) = get::<HostDatastoreSystemProperties>(tx, &managers.datastore_system) {
        config.datastore_capabilities = Some(datastores.capabilities.clone());
    }
    config
}

/// A host's summary, with the configuration that it will have.
fn summary(moref: &MoRef, host: &HostSystemProperties, config: Option<&HostConfigInfo>) -> HostListSummary {
    let devices = config.and_then(|config| config.storage_device.as_ref());
    let cards = config.and_then(|config| config.network.as_ref()).map_or(0, |network| network.pnic.len());
    let hbas = devices.map_or(0, |devices| devices.host_bus_adapter.len());
    let vmotion = config.and_then(|config| config.virtual_nic_manager_info.as_ref()).is_some_and(|info| {
        info.net_config.iter().any(|config| config.nic_type == "vmotion" && !config.selected_vnic.is_empty())
    });
    HostListSummary {
        host: Some(moref.clone()),
        hardware: host.hardware.as_ref().map(|hardware| HostHardwareSummary {
            vendor: hardware.system_info.vendor.clone(),
            model: hardware.system_info.model.clone(),
            uuid: hardware.system_info.uuid.clone(),
            memory_size: hardware.memory_size,
            cpu_model: hardware
                .cpu_pkg
                .first()
                .map(|package| package.description.clone())
                .unwrap_or_default(),
            cpu_mhz: hardware::mhz(hardware),
            num_cpu_pkgs: hardware.cpu_info.num_cpu_packages,
            num_cpu_cores: hardware.cpu_info.num_cpu_cores,
            num_cpu_threads: hardware.cpu_info.num_cpu_threads,
            num_nics: i32::try_from(cards).unwrap_or(i32::MAX),
            num_hbas: i32::try_from(hbas).unwrap_or(i32::MAX),
            other_identifying_info: hardware.system_info.other_identifying_info.clone(),
            ..Default::default()
        }),
        runtime: Some(host.runtime.clone()),
        config: HostConfigSummary {
            name: host.name.clone(),
            port: 443,
            product: config.map(|config| config.product.clone()),
            vmotion_enabled: vmotion,
            fault_tolerance_enabled: false,
            feature_version: config.map(|config| config.feature_version.clone()).unwrap_or_default(),
            ..Default::default()
        },
        quick_stats: host.summary.quick_stats.clone(),
        overall_status: host.overall_status.clone(),
        reboot_required: false,
        management_server_ip: host.summary.management_server_ip.clone(),
        ..Default::default()
    }
}
