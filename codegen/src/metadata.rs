//! The metadata file: what a WSDL lacks.

use crate::error::{Error, Result};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What is known of a service beyond its WSDL. Unknown keys are an error: they would be facts that the output lacks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Metadata {
    /// The version of this format.
    pub format: u32,
    /// Where the facts are from.
    pub source: String,
    /// The service's short name, such as `vim25`.
    pub service: String,
    /// The service's namespace.
    pub namespace: String,
    /// The API version.
    pub version: String,
    /// All API versions, oldest first.
    pub versions: Vec<String>,
    /// The managed objects, by name.
    pub managed_objects: BTreeMap<String, ObjectFacts>,
    /// The data types, by name on the wire.
    pub types: BTreeMap<String, TypeFacts>,
    /// The enumerations, by name on the wire.
    pub enums: BTreeMap<String, TypeFacts>,
}

/// A managed object.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObjectFacts {
    /// Its name in VMODL.
    pub vmodl: String,
    /// What it extends.
    pub base: Option<String>,
    /// The version that brought it; the oldest where absent, here and below.
    pub since: Option<String>,
    /// Its own properties.
    #[serde(default)]
    pub properties: Vec<PropertyFacts>,
    /// Its own methods.
    #[serde(default)]
    pub methods: Vec<MethodFacts>,
}

/// A property of a managed object.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropertyFacts {
    /// Its name.
    pub name: String,
    /// Its schema type.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether it is an array.
    #[serde(default)]
    pub array: bool,
    /// Whether it may be unset.
    #[serde(default)]
    pub optional: bool,
    /// The version that brought it.
    pub since: Option<String>,
    /// The managed object that it refers to.
    #[serde(rename = "ref")]
    pub target: Option<String>,
    /// The privilege that reading it needs.
    pub privilege: Option<String>,
    /// What kind of name the string is.
    pub is: Option<String>,
}

/// A method of a managed object.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct MethodFacts {
    /// Its name on the wire.
    pub name: String,
    /// Its name in VMODL.
    pub vmodl: String,
    /// The version that brought it.
    pub since: Option<String>,
    /// The privilege that it needs on the object.
    pub privilege: Option<String>,
    /// Whether it answers a task.
    #[serde(default)]
    pub task: bool,
    /// What the task's result holds.
    pub result: Option<String>,
    /// Whether the task's result is an array.
    #[serde(default)]
    pub result_array: bool,
    /// The managed object that the result refers to.
    #[serde(rename = "ref")]
    pub target: Option<String>,
    /// Whether the result is a secret.
    #[serde(default)]
    pub secret: bool,
    /// The parameters of which there is something to say.
    #[serde(default)]
    pub params: BTreeMap<String, FieldFacts>,
}

/// A data type or an enumeration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeFacts {
    /// Its name in VMODL.
    pub vmodl: String,
    /// The version that brought it.
    pub since: Option<String>,
    /// The fields of which there is something to say.
    #[serde(default)]
    pub fields: BTreeMap<String, FieldFacts>,
}

/// A field or a parameter.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldFacts {
    /// The version that brought it, if later than its type's.
    pub since: Option<String>,
    /// The managed object that it refers to.
    #[serde(rename = "ref")]
    pub target: Option<String>,
    /// The type of which the string is a key.
    pub link: Option<String>,
    /// Whether others refer to it by key.
    #[serde(default)]
    pub linkable: bool,
    /// Whether it is a secret.
    #[serde(default)]
    pub secret: bool,
    /// What kind of name the string is.
    pub is: Option<String>,
    /// The privilege that is needed on what a parameter refers to.
    pub privilege: Option<String>,
}

/// Reads a metadata file.
///
/// # Errors
///
/// The text is not of this format.
pub fn parse(text: &str, file: &str) -> Result<Metadata> {
    let metadata: Metadata = serde_json::from_str(text).map_err(|error| {
        Error::new(file, format!("{}:{}", error.line(), error.column()), error.to_string())
    })?;
    if metadata.format != 1 {
        return Err(Error::new(file, "format", format!("{} is not known; 1 is", metadata.format)));
    }
    if metadata.versions.is_empty() || metadata.versions.len() > 255 {
        return Err(Error::new(file, "versions", "must have between 1 and 255 entries"));
    }
    Ok(metadata)
}
