//! What several kinds of documents share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A document's name and what else is said of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Metadata {
    /// Its name, unique among the documents of its kind and namespace.
    pub name: String,
    /// Its namespace; `default` where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Labels; kept, and of no meaning here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations; kept, and of no meaning here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Metadata {
    /// The namespace, with the default put in.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or("default")
    }
}

/// A reference to a document by name, in the same namespace unless it says another.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Reference {
    /// The document's name.
    pub name: String,
    /// Its namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// Where a virtual machine is put.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Placement {
    /// The datacenter's name or inventory path.
    pub datacenter: Option<String>,
    /// The cluster's name or inventory path.
    pub cluster: Option<String>,
    /// The resource pool's name, or its path below the cluster.
    pub resource_pool: Option<String>,
    /// The datastore's name.
    pub datastore: Option<String>,
    /// The datastore cluster's name.
    pub storage_pod: Option<String>,
    /// The folder's path: `/vm/team` or `team` in the datacenter, or a whole inventory path.
    pub folder: Option<String>,
    /// Whether a folder that is not there is made; it is an error otherwise.
    pub create_folder: Option<bool>,
    /// The one host that it is to run on.
    pub host: Option<String>,
}

/// How a disk's space is taken from its datastore.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum DiskFormat {
    /// As it is written to.
    Thin,
    /// All at once, zeroed as it is written to.
    Thick,
    /// All at once, zeroed at once.
    EagerZeroedThick,
}

/// Whether a disk takes part in snapshots, and keeps what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DiskMode {
    /// It takes part in snapshots.
    Persistent,
    /// It takes no part in snapshots.
    IndependentPersistent,
    /// It takes no part in snapshots and forgets what was written when the machine is switched off.
    IndependentNonpersistent,
}

/// What a disk is attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ControllerType {
    /// SCSI, of the kind that the machine has already; paravirtual where it has none.
    Scsi,
    /// LSI Logic SCSI.
    LsiLogic,
    /// LSI Logic SAS.
    LsiLogicSas,
    /// Paravirtual SCSI.
    PvScsi,
    /// IDE.
    Ide,
    /// SATA.
    Sata,
    /// NVMe.
    Nvme,
}

/// How much of a resource a machine gets when there is not enough for all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShareLevel {
    /// Half of normal.
    Low,
    /// The usual part.
    Normal,
    /// Twice the usual part.
    High,
}

/// What starts a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Firmware {
    /// A BIOS.
    #[serde(alias = "BIOS")]
    Bios,
    /// UEFI.
    #[serde(alias = "EFI", alias = "uefi", alias = "UEFI")]
    Efi,
}
