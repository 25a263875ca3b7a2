//! `VMClass`: how large and of which make machines are.

use super::common::{ControllerType, DiskFormat, Firmware, Placement, ShareLevel};
use super::text::{HardwareVersion, Quantity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a `VMClass` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClassSpec {
    /// The number of virtual CPUs.
    pub cpus: u32,
    /// The memory.
    pub memory: Quantity,
    /// What is vSphere's own.
    #[serde(default)]
    pub spec: ClassDetails,
    /// Advanced settings of the machine, passed on as they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra_config: BTreeMap<String, String>,
}

/// What of a class is vSphere's own; also a fragment by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ClassDetails {
    /// The machine's hardware.
    pub hardware: Hardware,
    /// How its CPUs are laid out and what they get.
    pub cpu: Cpu,
    /// What its memory gets.
    pub memory: Memory,
    /// Its disks, unless a disk says otherwise.
    pub storage: Storage,
    /// Where it is put, unless it says otherwise.
    pub placement: Placement,
    /// How it is laid out over the nodes of a host.
    pub numa: Numa,
    /// Advanced settings of the machine, passed on as they are.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extra_config: BTreeMap<String, String>,
}

/// A machine's hardware.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Hardware {
    /// The version; a machine of an older one is upgraded.
    pub version: Option<HardwareVersion>,
    /// What starts it; the template's where nothing is said.
    pub firmware: Option<Firmware>,
    /// Whether only signed code starts it; with EFI alone.
    pub secure_boot: Option<bool>,
    /// Whether CPUs can be added while it runs.
    pub enable_cpu_hot_add: Option<bool>,
    /// Whether memory can be added while it runs.
    pub enable_memory_hot_add: Option<bool>,
    /// Whether it has a virtual TPM; with EFI alone.
    pub tpm: Option<bool>,
    /// Whether its guest can use virtualization-based security; with EFI and secure boot.
    pub vbs: Option<bool>,
    /// Whether it has an I/O MMU.
    pub iommu: Option<bool>,
}

/// CPUs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Cpu {
    /// How many cores a socket has; the number of CPUs is a multiple of it.
    pub cores_per_socket: Option<u32>,
    /// Whether the guest can be a hypervisor.
    pub enable_virtualization: Option<bool>,
    /// What is set aside, in MHz.
    #[serde(rename = "reservationMHz")]
    pub reservation_mhz: Option<u32>,
    /// What it gets at the most, in MHz.
    #[serde(rename = "limitMHz")]
    pub limit_mhz: Option<u32>,
    /// Its part when there is not enough for all, as a number; it wins over `shareLevel`.
    pub shares: Option<u32>,
    /// Its part when there is not enough for all.
    pub share_level: Option<ShareLevel>,
}

/// Memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Memory {
    /// What is set aside, in MiB.
    #[serde(rename = "reservationMB")]
    pub reservation_mb: Option<u64>,
    /// What it gets at the most, in MiB.
    #[serde(rename = "limitMB")]
    pub limit_mb: Option<u64>,
    /// Its part when there is not enough for all.
    pub share_level: Option<ShareLevel>,
    /// Its part when there is not enough for all, as a number; it wins over `shareLevel`.
    pub shares: Option<u32>,
}

/// Disks, and where they lie.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Storage {
    /// How disks take their space.
    pub disk_format: Option<DiskFormat>,
    /// What disks are attached to.
    pub controller_type: Option<ControllerType>,
    /// The storage policy of the machine and of its disks.
    pub storage_policy: Option<String>,
    /// The storage policy of the machine's own files; wins over `storagePolicy`.
    pub home_policy: Option<String>,
    /// The storage policy of its disks; wins over `storagePolicy`.
    pub disk_policy: Option<String>,
    /// The storage policy of its swap file.
    pub swap_policy: Option<String>,
    /// The datastore cluster that a datastore is chosen from.
    pub datastore_cluster: Option<String>,
    /// Whether its disks are kept on different datastores of the cluster.
    pub anti_affinity_rules: Option<bool>,
    /// Whether several machines may write to a disk at once.
    pub multiwriter: Option<bool>,
    /// How writes are cached.
    pub caching_policy: Option<CachingPolicy>,
    /// The SCSI controllers that it shall have.
    pub scsi_controllers: Vec<ScsiController>,
}

/// How writes are cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CachingPolicy {
    /// A write has ended when it is on the disk.
    Writethrough,
    /// A write has ended when it is in the cache.
    Writeback,
}

/// A SCSI controller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ScsiController {
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: ControllerType,
    /// Its number, from 0 to 3.
    pub bus_number: u8,
    /// How many disks it takes at the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_devices: Option<u32>,
}

/// How a machine is laid out over the nodes of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Numa {
    /// Whether the guest sees nodes.
    pub enabled: Option<bool>,
    /// How many cores a node has; the same as `cpu.coresPerSocket` where both are said.
    pub cores_per_socket: Option<u32>,
}
