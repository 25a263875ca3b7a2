//! The managed objects: a file each, with the methods that the simulator has of it.

pub(crate) mod alarm_manager;
pub(crate) mod authorization_manager;
pub(crate) mod cluster_compute_resource;
pub(crate) mod compute_resource;
pub(crate) mod custom_fields_manager;
pub(crate) mod customization_spec_manager;
pub(crate) mod datacenter;
pub(crate) mod datastore;
pub(crate) mod distributed_virtual_portgroup;
pub(crate) mod distributed_virtual_switch;
pub(crate) mod distributed_virtual_switch_manager;
pub(crate) mod environment_browser;
pub(crate) mod event_manager;
pub(crate) mod extension_manager;
pub(crate) mod file_manager;
pub(crate) mod folder;
pub(crate) mod guest_operations_manager;
pub(crate) mod history_collector;
pub(crate) mod host_access_manager;
pub(crate) mod host_auto_start_manager;
pub(crate) mod host_certificate_manager;
pub(crate) mod host_datastore_browser;
pub(crate) mod host_datastore_system;
pub(crate) mod host_date_time_system;
pub(crate) mod host_firewall_system;
pub(crate) mod host_network_system;
pub(crate) mod host_power_system;
pub(crate) mod host_service_system;
pub(crate) mod host_storage_system;
pub(crate) mod host_system;
pub(crate) mod host_virtual_nic_manager;
pub(crate) mod host_vmotion_system;
pub(crate) mod license_manager;
pub(crate) mod managed_entity;
pub(crate) mod merge;
pub(crate) mod network;
pub(crate) mod option_manager;
pub(crate) mod performance_manager;
pub(crate) mod property_collector;
pub(crate) mod property_filter;
pub(crate) mod relations;
pub(crate) mod resource_pool;
pub(crate) mod search_index;
pub(crate) mod service_instance;
pub(crate) mod session_manager;
pub(crate) mod storage_resource_manager;
pub(crate) mod task;
pub(crate) mod task_manager;
pub(crate) mod usage;
pub(crate) mod user_directory;
pub(crate) mod view;
pub(crate) mod view_manager;
pub(crate) mod virtual_app;
pub(crate) mod virtual_disk_manager;
pub(crate) mod virtual_machine;
pub(crate) mod virtual_machine_snapshot;

use crate::call::Method;

/// The methods of all of them.
const ALL: &[&[Method]] = &[
    alarm_manager::METHODS,
    authorization_manager::METHODS,
    cluster_compute_resource::METHODS,
    compute_resource::METHODS,
    custom_fields_manager::METHODS,
    customization_spec_manager::METHODS,
    datacenter::METHODS,
    datastore::METHODS,
    distributed_virtual_portgroup::METHODS,
    distributed_virtual_switch::METHODS,
    distributed_virtual_switch_manager::METHODS,
    environment_browser::METHODS,
    event_manager::METHODS,
    extension_manager::METHODS,
    file_manager::METHODS,
    folder::METHODS,
    guest_operations_manager::METHODS,
    history_collector::METHODS,
    host_access_manager::METHODS,
    host_auto_start_manager::METHODS,
    host_certificate_manager::METHODS,
    host_datastore_browser::METHODS,
    host_datastore_system::METHODS,
    host_date_time_system::METHODS,
    host_firewall_system::METHODS,
    host_network_system::METHODS,
    host_power_system::METHODS,
    host_service_system::METHODS,
    host_storage_system::METHODS,
    host_system::METHODS,
    host_virtual_nic_manager::METHODS,
    host_vmotion_system::METHODS,
    license_manager::METHODS,
    managed_entity::METHODS,
    network::METHODS,
    option_manager::METHODS,
    performance_manager::METHODS,
    property_collector::METHODS,
    property_filter::METHODS,
    resource_pool::METHODS,
    search_index::METHODS,
    service_instance::METHODS,
    session_manager::METHODS,
    storage_resource_manager::METHODS,
    task::METHODS,
    task_manager::METHODS,
    user_directory::METHODS,
    view::METHODS,
    view_manager::METHODS,
    virtual_app::METHODS,
    virtual_disk_manager::METHODS,
    virtual_machine::METHODS,
    virtual_machine_snapshot::METHODS,
];

/// Methods that servers have and clients use, but that no schema tells of.
pub(crate) fn unpublished() -> impl Iterator<Item = &'static &'static vim_wire::MethodDesc> {
    const ALL: &[&vim_wire::MethodDesc] = &[&virtual_disk_manager::QUERY_VIRTUAL_DISK_INFO];
    ALL.iter()
}

pub(crate) fn all() -> impl Iterator<Item = &'static Method> {
    ALL.iter().flat_map(|methods| methods.iter())
}
