//! `Provider` and `Secret`: which server, and how to log in.

use super::common::{Placement, Reference};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What a `Provider` says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ProviderSpec {
    /// What it speaks to; `vsphere` here.
    #[serde(rename = "type")]
    pub kind: ProviderType,
    /// The server: a host name, an IP address or a URL.
    pub endpoint: String,
    /// The `Secret` with the account.
    pub credential_secret_ref: Reference,
    /// Whether any certificate is trusted: for a lab alone.
    #[serde(default)]
    pub insecure_skip_verify: bool,
    /// Where machines are put that do not say.
    #[serde(default)]
    pub defaults: Placement,
    /// What a disk's `storageClass` stands for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub storage_classes: BTreeMap<String, StorageClass>,
    /// How VirtRigaud runs the provider; of no meaning here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runtime: Option<Runtime>,
}

/// What a provider speaks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProviderType {
    /// vCenter or ESXi.
    Vsphere,
}

/// What a class of storage stands for: a policy, a datastore, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct StorageClass {
    /// The storage policy's name.
    pub storage_policy: Option<String>,
    /// The datastore's name.
    pub datastore: Option<String>,
}

/// How VirtRigaud runs the provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Runtime {
    /// Where it runs.
    pub mode: String,
    /// The container's image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Its service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<Service>,
}

/// The service of a provider that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct Service {
    /// Its port.
    pub port: Option<u16>,
}

/// A text that is never shown.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// The text, for who needs it.
    #[must_use]
    pub const fn secret(&self) -> &SecretString {
        &self.0
    }

    /// What is encoded in base64.
    pub(super) fn decoded(&self) -> Option<Self> {
        let bytes =
            base64::Engine::decode(&base64::prelude::BASE64_STANDARD, self.0.expose_secret().trim()).ok()?;
        Some(Self(String::from_utf8(bytes).ok()?.into()))
    }

    /// The text, of something that is no secret after all.
    pub(super) fn shown(&self) -> String {
        self.0.expose_secret().to_owned()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

impl Serialize for Secret {
    /// Written as asterisks: a document that is printed shows no secret.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("********")
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "writeOnly": true })
    }
}

/// What a `Secret` holds, in the clear; its `data` is encoded in base64 and counts the same.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The account's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<Secret>,
    /// Its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// An open session: `vmware-api-session-id:…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// The certificate authority to trust, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "ca.crt")]
    pub ca_crt: Option<String>,
}

/// The Helm values that concern a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct HelmProvider {
    /// Whether it is installed.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// The server.
    pub endpoint: String,
    /// Whether any certificate is trusted: for a lab alone.
    #[serde(default)]
    pub insecure_skip_verify: bool,
    /// The `Secret` with the account.
    #[serde(default)]
    pub credential_secret_ref: Option<Reference>,
    /// The environment of the provider's process.
    #[serde(default)]
    pub env: Vec<EnvVar>,
}

/// A variable of a process's environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}
