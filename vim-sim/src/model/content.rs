//! The service content: the managers, and what the server says of itself.

use super::Model;
use crate::mo::folder::Takes;
use crate::mo::managed_entity::entity;
use crate::sim::{Config, properties_of};
use crate::world::Tx;
use vim_types::mo::{FolderProperties, ServiceInstanceProperties};
use vim_types::{AboutInfo, ServiceContent};
use vim_wire::{MoRef, Object};

/// Creates the root folder, the service instance and the managers.
pub(super) fn create(tx: &mut Tx<'_>, model: &Model, config: &Config) -> ServiceContent {
    let content = if model.is_esx() { esx(config) } else { vcenter(config) };
    let mut managers = Vec::new();
    for moref in references(&content) {
        if let Some(desc) = properties_of(moref.kind()) {
            tx.create_object(&moref, Object::default_of(desc));
            managers.push(moref);
        }
    }
    tx.set_managers(managers);
    let root = &content.root_folder;
    let name = if model.is_esx() { "ha-folder-root" } else { "Datacenters" };
    let child_type = if model.is_esx() { vec!["Datacenter".into()] } else { Takes::Datacenters.child_type() };
    tx.create(root, FolderProperties { extends: entity(name), child_type, ..Default::default() });
    let instance = ServiceInstanceProperties { content: content.clone(), ..Default::default() };
    tx.create(&MoRef::new("ServiceInstance", "ServiceInstance"), instance);
    content
}

/// The managers that the content refers to.
fn references(content: &ServiceContent) -> Vec<MoRef> {
    let mut found = Vec::new();
    vim_wire::ObjRef::of(content).each(&mut |field, slot| {
        if let vim_wire::Slot::MoRef(cell) = slot
            && field.name != "rootFolder"
        {
            found.extend(cell.values().iter().cloned());
        }
    });
    found
}

fn manager(kind: &'static str, id: &str) -> Option<MoRef> {
    Some(MoRef::new(kind, id))
}

fn vcenter(config: &Config) -> ServiceContent {
    ServiceContent {
        root_folder: MoRef::new("Folder", "group-d1"),
        property_collector: MoRef::new("PropertyCollector", "propertyCollector"),
        view_manager: manager("ViewManager", "ViewManager"),
        about: AboutInfo {
            name: "VMware vCenter Server".into(),
            full_name: "VMware vCenter Server 8.0.3 build-24022515".into(),
            vendor: "VMware, Inc.".into(),
            version: "8.0.3".into(),
            build: "24022515".into(),
            locale_version: Some("INTL".into()),
            locale_build: Some("000".into()),
            os_type: "linux-x64".into(),
            product_line_id: "vpx".into(),
            api_type: "VirtualCenter".into(),
            api_version: config.api_version.clone(),
            instance_uuid: Some(uuid::Uuid::new_v4().to_string()),
            license_product_name: Some("VMware VirtualCenter Server".into()),
            license_product_version: Some("8.0".into()),
            ..Default::default()
        },
        alarm_manager: manager("AlarmManager", "AlarmManager"),
        perf_manager: manager("PerformanceManager", "PerfMgr"),
        setting: manager("OptionManager", "VpxSettings"),
        user_directory: manager("UserDirectory", "UserDirectory"),
        session_manager: manager("SessionManager", "SessionManager"),
        authorization_manager: manager("AuthorizationManager", "AuthorizationManager"),
        event_manager: manager("EventManager", "EventManager"),
        task_manager: manager("TaskManager", "TaskManager"),
        extension_manager: manager("ExtensionManager", "ExtensionManager"),
        customization_spec_manager: manager("CustomizationSpecManager", "CustomizationSpecManager"),
        custom_fields_manager: manager("CustomFieldsManager", "CustomFieldsManager"),
        license_manager: manager("LicenseManager", "LicenseManager"),
        search_index: manager("SearchIndex", "SearchIndex"),
        file_manager: manager("FileManager", "FileManager"),
        virtual_disk_manager: manager("VirtualDiskManager", "virtualDiskManager"),
        dv_switch_manager: manager("DistributedVirtualSwitchManager", "DVSManager"),
        storage_resource_manager: manager("StorageResourceManager", "StorageResourceManager"),
        guest_operations_manager: manager("GuestOperationsManager", "guestOperationsManager"),
        ..Default::default()
    }
}

fn esx(config: &Config) -> ServiceContent {
    ServiceContent {
        root_folder: MoRef::new("Folder", "ha-folder-root"),
        property_collector: MoRef::new("PropertyCollector", "ha-property-collector"),
        view_manager: manager("ViewManager", "ViewManager"),
        about: AboutInfo { api_version: config.api_version.clone(), ..crate::mo::host_system::product() },
        perf_manager: manager("PerformanceManager", "ha-perfmgr"),
        setting: manager("OptionManager", "HostAgentSettings"),
        user_directory: manager("UserDirectory", "ha-user-directory"),
        session_manager: manager("SessionManager", "ha-sessionmgr"),
        authorization_manager: manager("AuthorizationManager", "ha-authmgr"),
        event_manager: manager("EventManager", "ha-eventmgr"),
        task_manager: manager("TaskManager", "ha-taskmgr"),
        license_manager: manager("LicenseManager", "ha-license-manager"),
        search_index: manager("SearchIndex", "ha-searchindex"),
        file_manager: manager("FileManager", "ha-nfc-file-manager"),
        virtual_disk_manager: manager("VirtualDiskManager", "ha-vdiskmanager"),
        dv_switch_manager: manager("DistributedVirtualSwitchManager", "ha-dvsmanager"),
        storage_resource_manager: manager("StorageResourceManager", "ha-storage-resource-manager"),
        guest_operations_manager: manager("GuestOperationsManager", "ha-guest-operations-manager"),
        ..Default::default()
    }
}
