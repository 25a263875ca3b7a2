//! The inventory that a simulator starts with.

mod administration;

use crate::build::StartError;
use crate::sim::Config;
use crate::world::World;
use vim_types::mo::{
    FolderProperties, ManagedEntityProperties, ServiceInstanceProperties, SessionManagerProperties,
    TaskManagerProperties,
};
use vim_types::{AboutInfo, ServiceContent};
use vim_wire::{DateTime, MoRef};

/// What there is at the start.
#[derive(Clone, Debug)]
#[must_use = "a model is for a builder"]
pub struct Model {
    esx: bool,
}

impl Model {
    /// A vCenter.
    pub const fn vcenter() -> Self {
        Self { esx: false }
    }

    /// A standalone ESXi host.
    pub const fn esx() -> Self {
        Self { esx: true }
    }

    pub(crate) const fn is_esx(&self) -> bool {
        self.esx
    }
}

/// Builds the world.
pub(crate) fn build(
    _model: &Model,
    config: &Config,
    _now: DateTime,
) -> Result<(ServiceContent, World), StartError> {
    let mut world = World::default();
    let mut tx = world.begin();
    let root = MoRef::new("Folder", "group-d1");
    let content = ServiceContent {
        root_folder: root.clone(),
        property_collector: MoRef::new("PropertyCollector", "propertyCollector"),
        session_manager: Some(MoRef::new("SessionManager", "SessionManager")),
        task_manager: Some(MoRef::new("TaskManager", "TaskManager")),
        event_manager: Some(MoRef::new("EventManager", "EventManager")),
        authorization_manager: Some(MoRef::new("AuthorizationManager", "AuthorizationManager")),
        about: AboutInfo {
            name: "VMware vCenter Server".into(),
            full_name: "VMware vCenter Server 8.0.3 (vim-sim)".into(),
            vendor: "VMware, Inc.".into(),
            version: "8.0.3".into(),
            build: "0".into(),
            os_type: "linux-amd64".into(),
            product_line_id: "vpx".into(),
            api_type: "VirtualCenter".into(),
            api_version: config.api_version.clone(),
            ..Default::default()
        },
        ..Default::default()
    };
    tx.create(
        &MoRef::new("ServiceInstance", "ServiceInstance"),
        ServiceInstanceProperties { content: content.clone(), ..Default::default() },
    );
    tx.create(&MoRef::new("SessionManager", "SessionManager"), SessionManagerProperties::default());
    tx.create(&MoRef::new("TaskManager", "TaskManager"), TaskManagerProperties::default());
    tx.create(
        &root,
        FolderProperties {
            extends: ManagedEntityProperties { name: "Datacenters".into(), ..Default::default() },
            ..Default::default()
        },
    );
    administration::create(&mut tx, &content, config);
    tx.commit();
    Ok((content, world))
}
