//! `VMImage` and `VMTemplate`: what machines are made from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a `VMImage` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ImageSpec {
    /// Where it comes from.
    pub source: ImageSource,
    /// The guest's operating system, by vSphere's id.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "guestOS")]
    pub guest_os: Option<String>,
    /// How a new machine's guest is made its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customization: Option<Customization>,
    /// What is said of it; kept, and of no meaning here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// Where an image comes from: one of `template`, `contentLibrary` with `item`, and `ovf`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct ImageSource {
    /// A template's name or inventory path.
    pub template: Option<String>,
    /// The datacenter that it is in.
    pub datacenter: Option<String>,
    /// The folder that it is in.
    pub folder: Option<String>,
    /// A content library's name.
    pub content_library: Option<String>,
    /// The name of an item of the content library.
    pub item: Option<String>,
    /// The address of an OVF or OVA file.
    pub ovf: Option<String>,
    /// The file's checksum, in hexadecimal digits.
    pub checksum: Option<String>,
    /// The checksum's algorithm; `sha256` where nothing is said.
    pub checksum_type: Option<ChecksumType>,
}

/// The algorithm of a checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ChecksumType {
    /// SHA-1.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How a new machine's guest is made its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Customization {
    /// By what.
    #[serde(rename = "type")]
    pub kind: CustomizationType,
    /// The name of a customization specification of the server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<String>,
}

/// What makes a guest its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CustomizationType {
    /// cloud-init in the guest.
    CloudInit,
    /// Windows' own.
    Sysprep,
    /// VMware's, for Linux.
    Linux,
}

/// What a `VMTemplate` says: a machine that becomes a template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TemplateSpec {
    /// The machine's name or inventory path.
    #[serde(rename = "sourceVM")]
    pub source_vm: String,
    /// The datacenter that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// The folder that the template is moved to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_folder: Option<String>,
    /// The template's name; the machine's where nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template_name: Option<String>,
    /// The template's notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotation: Option<String>,
    /// Whether a machine that runs is switched off; an error otherwise.
    #[serde(default)]
    pub power_off: bool,
    /// Whether its snapshots are removed.
    #[serde(default)]
    pub remove_snapshots: bool,
    /// Whether its tools are updated before that.
    #[serde(default)]
    pub update_tools: bool,
}
