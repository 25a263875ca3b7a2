//! `HostSystem`.

mod hardware;

use super::managed_entity::{attach, entity};
use crate::call::methods;
use crate::fault::Result;
use crate::world::Tx;
use vim_types::mo::{
    HostDatastoreBrowserProperties, HostDatastoreSystemProperties, HostNetworkSystemProperties,
    HostStorageSystemProperties, HostSystemProperties,
};
use vim_types::{
    AboutInfo, HostConfigInfo, HostConfigManager, HostConfigSummary, HostHardwareSummary, HostListSummary,
    HostListSummaryQuickStats, HostRuntimeInfo, HostSystemConnectionState, HostSystemPowerState,
    ManagedEntityStatus,
};
use vim_wire::MoRef;

methods! {}

/// Adds a host that belongs to nothing yet, under a reference that was given out.
pub(crate) fn create_as(tx: &mut Tx<'_>, moref: &MoRef, name: &str) {
    let id = moref.value().to_owned();
    let own = |kind: &'static str, id: &str| MoRef::new(kind, id);
    let browser = own("HostDatastoreBrowser", &format!("datastoreBrowser-{id}"));
    let number = id.trim_start_matches("host-");
    let datastores = own("HostDatastoreSystem", &format!("datastoreSystem-{number}"));
    let networks = own("HostNetworkSystem", &format!("networkSystem-{number}"));
    let storage = own("HostStorageSystem", &format!("storageSystem-{number}"));
    tx.create(&browser, HostDatastoreBrowserProperties::default());
    tx.create(&datastores, HostDatastoreSystemProperties::default());
    tx.create(&networks, HostNetworkSystemProperties::default());
    tx.create(&storage, HostStorageSystemProperties::default());
    let properties = HostSystemProperties {
        extends: entity(name),
        runtime: HostRuntimeInfo {
            connection_state: HostSystemConnectionState::CONNECTED,
            power_state: HostSystemPowerState::POWERED_ON,
            standby_mode: Some("none".into()),
            in_maintenance_mode: false,
            in_quarantine_mode: Some(false),
            boot_time: Some(tx.now),
            ..Default::default()
        },
        hardware: Some(hardware::info()),
        config: Some(HostConfigInfo { host: moref.clone(), product: product(), ..Default::default() }),
        config_manager: HostConfigManager {
            datastore_system: Some(datastores),
            network_system: Some(networks),
            storage_system: Some(storage),
            ..Default::default()
        },
        datastore_browser: browser,
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

/// Makes a host one of a compute resource's.
pub(crate) fn join(tx: &mut Tx<'_>, host: &MoRef, resource: &MoRef) -> Result<()> {
    attach(tx, host, resource)
}

/// Sets what follows from other properties.
pub(crate) fn derived(tx: &mut Tx<'_>, moref: &MoRef) {
    let Ok(host) = tx.get::<HostSystemProperties>(moref) else { return };
    let summary = summary(moref, host);
    let parent = host.parent.clone();
    if host.summary != summary {
        if let Ok(host) = tx.edit::<HostSystemProperties>(moref) {
            host.summary = summary;
        }
    }
    if let Some(parent) = parent {
        super::compute_resource::derived(tx, &parent);
    }
}

fn summary(moref: &MoRef, host: &HostSystemProperties) -> HostListSummary {
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
            cpu_mhz: i32::try_from(hardware.cpu_info.hz / 1_000_000).unwrap_or(i32::MAX),
            num_cpu_pkgs: hardware.cpu_info.num_cpu_packages,
            num_cpu_cores: hardware.cpu_info.num_cpu_cores,
            num_cpu_threads: hardware.cpu_info.num_cpu_threads,
            num_nics: 2,
            num_hbas: 1,
            ..Default::default()
        }),
        runtime: Some(host.runtime.clone()),
        config: HostConfigSummary {
            name: host.name.clone(),
            port: 443,
            product: host.config.as_ref().map(|config| config.product.clone()),
            vmotion_enabled: true,
            fault_tolerance_enabled: false,
            ..Default::default()
        },
        quick_stats: HostListSummaryQuickStats::default(),
        overall_status: ManagedEntityStatus::GREEN,
        reboot_required: false,
        ..Default::default()
    }
}
