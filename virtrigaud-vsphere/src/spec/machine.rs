//! `VirtualMachine`, `VMNetworkAttachment` and `VMSnapshot`.

use super::common::{ControllerType, DiskFormat, DiskMode, Placement, Reference};
use super::text::{Address, Age, Mac, Quantity, Schedule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// What a `VirtualMachine` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct MachineSpec {
    /// The provider that it belongs to.
    pub provider_ref: Option<Reference>,
    /// Its class.
    pub class_ref: Option<Reference>,
    /// What it is made from; an empty machine where nothing is said.
    pub image_ref: Option<Reference>,
    /// Whether it shall run; it is left as it is where nothing is said.
    pub power_state: Option<PowerState>,
    /// Its disks. The first is the image's own, grown to its size.
    pub disks: Vec<Disk>,
    /// Its network cards. The first ones are the image's own, edited.
    pub networks: Vec<Network>,
    /// A `VMNetworkAttachment` with more of them.
    pub network_ref: Option<Reference>,
    /// Where it is put; wins over its class and its provider's defaults.
    pub placement: Placement,
    /// What its guest is told at its first start.
    pub user_data: Option<UserData>,
    /// What cloud-init is told of the machine, beside the addresses.
    pub meta_data: Option<UserData>,
    /// The tags that it bears.
    pub tags: Vec<String>,
    /// What happens to it when a host fails or has too much to do.
    pub availability: Option<Availability>,
    /// How long it is kept after it was deleted: switched off, renamed and moved.
    pub retention: Option<DeleteRetention>,
}

/// Whether a machine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PowerState {
    /// It runs.
    On,
    /// It is switched off.
    Off,
    /// Its guest is shut down, and it is switched off where that takes too long.
    OffGraceful,
}

/// A disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Disk {
    /// Its name, unique in the machine.
    pub name: String,
    /// Its size.
    pub size: Quantity,
    /// The class of storage, which the provider's configuration makes a policy or a datastore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage_class: Option<String>,
    /// What is vSphere's own.
    #[serde(default)]
    pub spec: DiskDetails,
}

/// What of a disk is vSphere's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct DiskDetails {
    /// Whether it takes part in snapshots.
    pub disk_mode: Option<DiskMode>,
    /// How it takes its space.
    pub disk_format: Option<DiskFormat>,
    /// What it is attached to.
    pub controller_type: Option<ControllerType>,
    /// Its place on the controller.
    pub unit_number: Option<u32>,
    /// The number of its SCSI controller.
    pub bus_number: Option<u8>,
    /// Its storage policy.
    pub storage_policy: Option<String>,
    /// The datastore that it lies on.
    pub datastore: Option<String>,
    /// Whether several machines may write to it at once.
    pub multiwriter: Option<bool>,
}

/// A network card.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Network {
    /// Its name, unique in the machine.
    pub name: String,
    /// The port group's name or inventory path.
    pub port_group: String,
    /// The distributed switch, to tell port groups of one name apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distributed_switch: Option<String>,
    /// The VLAN that the port group must have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    /// The kind of the card; where nothing is said, that of the image's own card, and `vmxnet3` for one that is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adapter: Option<Adapter>,
    /// Its hardware address; the server gives one where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac_address: Option<Mac>,
    /// Its address; by DHCP where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "staticIP")]
    pub static_ip: Option<StaticIp>,
    /// Whether the port group is one of NSX.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nsx: Option<bool>,
    /// The policy of NSX that holds for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_policy: Option<String>,
    /// Whether it is a part of a card of the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sriov: Option<bool>,
    /// How much it may send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<Bandwidth>,
}

/// The kind of a network card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Adapter {
    /// Paravirtual.
    Vmxnet3,
    /// Intel's, of 1 Gbit/s.
    E1000,
    /// Intel's, of newer make.
    E1000e,
}

/// A fixed address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StaticIp {
    /// The address within its network.
    pub address: Address,
    /// The way to other networks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<IpAddr>,
    /// Who knows names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dns: Vec<IpAddr>,
}

/// How much a network card may send, in Mbit/s.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Bandwidth {
    /// What is set aside.
    pub reservation: Option<u32>,
    /// What it gets at the most.
    pub limit: Option<u32>,
    /// Its part when there is not enough for all.
    pub shares: Option<u32>,
}

/// What a guest is told at its first start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct UserData {
    /// For cloud-init.
    pub cloud_init: CloudInit,
}

/// Text for cloud-init.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CloudInit {
    /// The text itself.
    pub inline: String,
}

/// What happens to a machine when a host fails or has too much to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Availability {
    /// In which order machines are started again.
    pub restart_priority: Option<RestartPriority>,
    /// What happens when its host loses its network.
    pub isolation_response: Option<IsolationResponse>,
    /// Whether it is started again when its guest does not answer.
    pub vm_monitoring: Option<VmMonitoring>,
    /// How far it is moved without asking.
    pub drs_automation_level: Option<DrsBehavior>,
    /// The same as `drsAutomationLevel`; an error where they differ.
    pub drs_vm_behavior: Option<DrsBehavior>,
    /// Groups whose machines are kept on different hosts.
    pub anti_affinity_groups: Vec<String>,
    /// Groups of hosts that it is kept on.
    pub host_affinity_groups: Vec<String>,
}

/// In which order machines are started again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RestartPriority {
    /// Not at all.
    Disabled,
    /// Last.
    Low,
    /// In between.
    Medium,
    /// First.
    High,
}

/// What happens when a host loses its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum IsolationResponse {
    /// Nothing.
    None,
    /// The machine is switched off.
    PowerOff,
    /// The guest is shut down.
    Shutdown,
}

/// Whether a machine is started again when its guest does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum VmMonitoring {
    /// Not.
    VmMonitoringDisabled,
    /// When the guest does not answer.
    VmMonitoringOnly,
    /// When the guest or its application does not answer.
    VmAndAppMonitoring,
}

/// How far a machine is moved without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DrsBehavior {
    /// Not at all.
    Manual,
    /// At its start.
    PartiallyAutomated,
    /// Always.
    FullyAutomated,
}

/// How long a machine is kept after it was deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct DeleteRetention {
    /// For so long.
    pub max_age: Option<Age>,
    /// Whether its disks are kept for good.
    pub keep_disks: bool,
}

/// What a `VMNetworkAttachment` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct NetworkAttachmentSpec {
    /// The network cards.
    pub networks: Vec<Network>,
}

/// What a `VMSnapshot` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SnapshotSpec {
    /// The machine.
    pub vm_ref: Reference,
    /// The snapshot's name; the document's where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether it holds what is in memory.
    #[serde(default)]
    pub memory: bool,
    /// Whether the guest's file systems are made whole first.
    #[serde(default)]
    pub quiesce: bool,
    /// How many are kept, and for how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<SnapshotRetention>,
    /// When it is made again and again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
}

/// How many snapshots are kept, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct SnapshotRetention {
    /// So many at the most.
    pub max_snapshots: Option<u32>,
    /// For so long at the most.
    pub max_age: Option<Age>,
}
