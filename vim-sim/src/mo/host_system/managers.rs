//! The managers of a host: its networks, storage, services and so on, each an object of its own.

use super::{network, services, storage};
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::{
    HostAccessManagerProperties, HostAutoStartManagerProperties, HostCertificateManagerProperties,
    HostDatastoreBrowserProperties, HostDatastoreSystemProperties, HostDateTimeSystemProperties,
    HostFirewallSystemProperties, HostLocalAccountManagerProperties, HostMemorySystemProperties,
    HostNetworkSystemProperties, HostPowerSystemProperties, HostServiceSystemProperties,
    HostStorageSystemProperties, HostVMotionSystemProperties, HostVirtualNicManagerProperties,
    OptionManagerProperties,
};
use vim_types::{
    AutoStartDefaults, HostAutoStartManagerConfig, HostCertificateManagerCertificateInfo, HostConfigManager,
    HostDatastoreSystemCapabilities, HostLockdownMode, HostPowerPolicy, PowerSystemCapability,
    PowerSystemInfo,
};
use vim_wire::{DataObject, MoRef};

/// What is known of a manager beside its properties.
#[derive(Clone, Debug, Default)]
struct Of {
    /// Whose it is.
    host: MoRef,
    /// How far the host's clock is ahead of the simulator's, in microseconds, where it is the manager of that.
    ahead: i64,
}

/// How far a host's clock is ahead of the simulator's, in microseconds.
pub(crate) fn clock_offset(world: &World, manager: &MoRef) -> i64 {
    world.state::<Of>(manager).map_or(0, |of| of.ahead)
}

/// Sets a host's clock.
pub(crate) fn set_clock_offset(tx: &mut Tx<'_>, manager: &MoRef, ahead: i64) -> Result<()> {
    tx.edit_state::<Of>(manager)?.ahead = ahead;
    Ok(())
}

/// The host whose manager that is.
pub(crate) fn host_of(world: &World, manager: &MoRef) -> Result<MoRef> {
    let of = world.state::<Of>(manager).map(|of| of.host.clone());
    of.ok_or_else(|| Fault::managed_object_not_found(manager))
}

/// The managers' ids: after the host's number, and in their own way on a host that stands alone.
struct Ids<'a> {
    host: &'a MoRef,
    esx: bool,
}

impl Ids<'_> {
    fn of(&self, kind: &'static str, name: &str, alone: &str) -> MoRef {
        if self.esx {
            return MoRef::new(kind, alone);
        }
        MoRef::new(kind, format!("{name}-{}", self.host.value().trim_start_matches("host-")))
    }
}

/// Creates a host's browser of datastores.
pub(super) fn browser(tx: &mut Tx<'_>, host: &MoRef, esx: bool) -> MoRef {
    let id =
        if esx { "ha-host-datastorebrowser".into() } else { format!("datastoreBrowser-{}", host.value()) };
    let browser = MoRef::new("HostDatastoreBrowser", id);
    tx.create(&browser, HostDatastoreBrowserProperties::default());
    browser
}

/// Creates a host's managers.
pub(super) fn create(tx: &mut Tx<'_>, host: &MoRef, name: &str, number: u64, esx: bool) -> HostConfigManager {
    let ids = Ids { host, esx };
    let network = network::info(name, number);
    let vnics = network::vnic_manager(&network);
    let date_time = services::date_time();
    let mut add = Add { tx, host };
    HostConfigManager {
        datastore_system: add.manager(
            ids.of("HostDatastoreSystem", "datastoreSystem", "ha-datastoresystem"),
            HostDatastoreSystemProperties {
                capabilities: HostDatastoreSystemCapabilities {
                    nfs_mount_creation_required: true,
                    nfs_mount_creation_supported: true,
                    local_datastore_supported: false,
                    vmfs_extent_expansion_supported: true,
                },
                ..Default::default()
            },
        ),
        memory_manager: add.manager(
            ids.of("HostMemorySystem", "memoryManager", "memoryManagerSystem"),
            HostMemorySystemProperties::default(),
        ),
        storage_system: add.manager(
            ids.of("HostStorageSystem", "storageSystem", "storageSystem"),
            HostStorageSystemProperties {
                storage_device_info: Some(storage::devices(number)),
                file_system_volume_info: storage::volumes(),
                multipath_state_info: Some(storage::paths()),
                ..Default::default()
            },
        ),
        network_system: add.manager(
            ids.of("HostNetworkSystem", "networkSystem", "networkSystem"),
            HostNetworkSystemProperties {
                capabilities: Some(network::capabilities()),
                offload_capabilities: Some(network::offload()),
                dns_config: network.dns_config.clone(),
                ip_route_config: network.ip_route_config.clone(),
                network_info: Some(network),
                ..Default::default()
            },
        ),
        vmotion_system: add.manager(
            ids.of("HostVMotionSystem", "vmotionSystem", "ha-vmotion-system"),
            HostVMotionSystemProperties::default(),
        ),
        virtual_nic_manager: add.manager(
            ids.of("HostVirtualNicManager", "virtualNicManager", "ha-vnic-mgr"),
            HostVirtualNicManagerProperties { info: vnics, ..Default::default() },
        ),
        service_system: add.manager(
            ids.of("HostServiceSystem", "serviceSystem", "serviceSystem"),
            HostServiceSystemProperties { service_info: services::services(), ..Default::default() },
        ),
        firewall_system: add.manager(
            ids.of("HostFirewallSystem", "firewallSystem", "firewallSystem"),
            HostFirewallSystemProperties { firewall_info: Some(services::firewall()), ..Default::default() },
        ),
        advanced_option: add.manager(
            ids.of("OptionManager", "EsxHostAdvSettings", "ha-adv-options"),
            OptionManagerProperties { setting: services::options(name), ..Default::default() },
        ),
        auto_start_manager: add.manager(
            ids.of("HostAutoStartManager", "autoStartManager", "ha-autostart-mgr"),
            HostAutoStartManagerProperties { config: auto_start() },
        ),
        date_time_system: add.manager(
            ids.of("HostDateTimeSystem", "dateTimeSystem", "dateTimeSystem"),
            HostDateTimeSystemProperties { date_time_info: date_time },
        ),
        power_system: add.manager(
            ids.of("HostPowerSystem", "powerSystem", "ha-power-system"),
            HostPowerSystemProperties {
                capability: PowerSystemCapability { available_policy: power_policies() },
                info: PowerSystemInfo { current_policy: power_policies().swap_remove(1) },
            },
        ),
        account_manager: add.manager(
            ids.of("HostLocalAccountManager", "accountManager", "ha-localacctmgr"),
            HostLocalAccountManagerProperties::default(),
        ),
        host_access_manager: add.manager(
            ids.of("HostAccessManager", "hostAccessManager", "ha-host-access-manager"),
            HostAccessManagerProperties { lockdown_mode: HostLockdownMode::LOCKDOWN_DISABLED },
        ),
        certificate_manager: add.manager(
            ids.of("HostCertificateManager", "certificateManager", "ha-certificate-manager"),
            HostCertificateManagerProperties {
                certificate_info: HostCertificateManagerCertificateInfo {
                    issuer: Some("O=vim-sim,CN=CA".into()),
                    not_before: Some(add.tx.now),
                    not_after: Some(vim_wire::DateTime::from_unix_micros(
                        add.tx.now.unix_micros() + 5 * 365 * 86_400 * 1_000_000,
                    )),
                    subject: Some(format!("O=vim-sim,CN={name}")),
                    status: "good".into(),
                    ..Default::default()
                },
            },
        ),
        ..Default::default()
    }
}

struct Add<'a, 'w> {
    tx: &'a mut Tx<'w>,
    host: &'a MoRef,
}

impl Add<'_, '_> {
    fn manager<P: DataObject>(&mut self, moref: MoRef, properties: P) -> Option<MoRef> {
        // On a host that stands alone some managers are the service content's.
        if self.tx.node(&moref).is_none() {
            self.tx.create(&moref, properties);
        }
        match self.tx.edit_state::<Of>(&moref) {
            Ok(of) => of.host = self.host.clone(),
            Err(_) => return None,
        }
        Some(moref)
    }
}

pub(super) fn auto_start() -> HostAutoStartManagerConfig {
    HostAutoStartManagerConfig {
        defaults: Some(AutoStartDefaults {
            enabled: Some(false),
            start_delay: Some(120),
            stop_delay: Some(120),
            wait_for_heartbeat: Some(false),
            stop_action: Some("PowerOff".into()),
        }),
        ..Default::default()
    }
}

fn power_policies() -> Vec<HostPowerPolicy> {
    let policy = |key, short_name: &str, name: &str| HostPowerPolicy {
        key,
        name: format!("PowerPolicy.{short_name}.name"),
        short_name: short_name.to_owned(),
        description: format!("PowerPolicy.{name}.description"),
    };
    vec![
        policy(1, "static", "static"),
        policy(2, "dynamic", "dynamic"),
        policy(3, "low", "low"),
        policy(4, "custom", "custom"),
    ]
}
