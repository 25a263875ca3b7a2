//! Sets of documents: read, named, and looked up.

use super::lines::line_of;
use super::{
    ClassSpec, Credentials, HelmProvider, ImageSpec, MachineSpec, Metadata, Network, NetworkAttachmentSpec,
    ProviderSpec, Reference, Secret, SnapshotSpec, Storage, TemplateSpec,
};
use schemars::{JsonSchema, Schema};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The version that VirtRigaud's documents are of.
const API: &str = "infra.virtrigaud.io/v1beta1";

/// What is wrong with a document: which one, where in it, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecError {
    /// The document: its kind and name, or its number where it has none.
    pub document: String,
    /// The property path within it; empty where it is the whole.
    pub path: String,
    /// The line in the text that was read, from 1.
    pub line: Option<u64>,
    /// What is wrong, and what is accepted.
    pub message: String,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.document)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if !self.path.is_empty() {
            write!(f, ", {}", self.path)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for SpecError {}

/// A document of a kind, and the text that it was read from.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Resource<T> {
    /// Its name and what else is said of it.
    pub metadata: Metadata,
    /// What it says.
    pub spec: T,
    #[serde(skip)]
    source: Source,
}

/// Where a document comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Source {
    kind: &'static str,
    /// The text, with as many empty lines before it as stand before it in the whole.
    text: std::sync::Arc<str>,
}

impl<T> Resource<T> {
    /// What it is called in errors: `VirtualMachine 'web'`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} '{}'", self.source.kind, self.metadata.name)
    }

    /// An error at a property path of this document.
    #[must_use]
    pub fn error(&self, path: impl Into<String>, message: impl Into<String>) -> SpecError {
        let path = path.into();
        SpecError {
            document: self.title(),
            line: line_of(&self.source.text, &path),
            path,
            message: message.into(),
        }
    }
}

/// A document.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Document {
    /// A server.
    Provider(Resource<ProviderSpec>),
    /// An account.
    Secret(Resource<Credentials>),
    /// How large machines are.
    Class(Resource<ClassSpec>),
    /// What machines are made from.
    Image(Resource<ImageSpec>),
    /// A machine.
    VirtualMachine(Resource<MachineSpec>),
    /// Network cards.
    NetworkAttachment(Resource<NetworkAttachmentSpec>),
    /// A snapshot.
    Snapshot(Resource<SnapshotSpec>),
    /// A machine that becomes a template.
    Template(Resource<TemplateSpec>),
    /// A part of one, without a name.
    Fragment(Fragment),
}

/// A part of a document, to be put into one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Fragment {
    /// The storage of a class.
    Storage(Box<Storage>),
    /// Network cards.
    Networks(Vec<Network>),
    /// Helm values.
    Helm(BTreeMap<String, HelmProvider>),
}

/// What tells kinds of documents apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    api_version: Option<String>,
    kind: Option<String>,
    metadata: Option<HeadMetadata>,
    networks: Option<IgnoredAny>,
    providers: Option<IgnoredAny>,
    spec: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct HeadMetadata {
    name: Option<String>,
}

/// A whole document as it is written.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Whole<T> {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    metadata: Metadata,
    spec: T,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct WholeSecret {
    #[serde(rename = "apiVersion")]
    _api_version: String,
    #[serde(rename = "kind")]
    _kind: String,
    metadata: Metadata,
    #[serde(rename = "type", default)]
    _kind_of_secret: Option<String>,
    #[serde(default)]
    string_data: Credentials,
    #[serde(default)]
    data: BTreeMap<String, Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StorageFragment {
    spec: StorageOnly,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StorageOnly {
    storage: Storage,
}

/// Helm values: providers by type.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HelmValues {
    providers: BTreeMap<String, HelmProvider>,
}

/// A set of documents that refer to one another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Documents {
    all: Vec<Document>,
}

impl Documents {
    /// Reads documents: YAML 1.2, separated by `---`.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong: a document that is no YAML, a kind or key that does not exist, a value that cannot be, a
    /// name that is there twice.
    pub fn parse(text: &str) -> Result<Self, SpecError> {
        let mut documents = Self::default();
        for (number, (start, part)) in split(text).into_iter().enumerate() {
            if part.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
                continue;
            }
            // Lines are counted from the start of the whole.
            let padded = "\n".repeat(start) + part;
            documents.add(read(&padded, &format!("document {}", number + 1))?)?;
        }
        Ok(documents)
    }

    /// Adds those of another set.
    ///
    /// # Errors
    ///
    /// When a document of the same kind, namespace and name is there already.
    pub fn merge(&mut self, other: Self) -> Result<(), SpecError> {
        other.all.into_iter().try_for_each(|document| self.add(document))
    }

    fn add(&mut self, document: Document) -> Result<(), SpecError> {
        if let Some((title, namespace, error)) = key(&document)
            && self.all.iter().filter_map(key).any(|(other, space, _)| other == title && space == namespace)
        {
            return Err(SpecError {
                message: "there is another document of this kind and name".to_owned(),
                ..error
            });
        }
        self.all.push(document);
        Ok(())
    }

    /// All of them, in the order of the text.
    #[must_use]
    pub fn all(&self) -> &[Document] {
        &self.all
    }

    /// The machine of that name.
    ///
    /// # Errors
    ///
    /// When there is none; with the names that there are.
    pub fn machine(&self, name: &str) -> Result<&Resource<MachineSpec>, SpecError> {
        let reference = Reference { name: name.to_owned(), namespace: None };
        self.find("VirtualMachine", &reference, None, |document| match document {
            Document::VirtualMachine(machine) => Some(machine),
            _ => None,
        })
        .map_err(|message| SpecError {
            document: "the documents".to_owned(),
            path: String::new(),
            line: None,
            message,
        })
    }

    /// The document that a reference refers to, in the namespace of the one that has it.
    pub(crate) fn find<'a, T>(
        &'a self,
        kind: &str,
        reference: &Reference,
        namespace: Option<&str>,
        of_kind: impl Fn(&'a Document) -> Option<&'a Resource<T>>,
    ) -> Result<&'a Resource<T>, String> {
        let namespace = reference.namespace.as_deref().or(namespace);
        let fits = |resource: &&Resource<T>| {
            resource.metadata.name == reference.name
                && namespace.is_none_or(|namespace| resource.metadata.namespace() == namespace)
        };
        let found: Vec<_> = self.all.iter().filter_map(&of_kind).filter(fits).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => {
                let names: Vec<_> = self
                    .all
                    .iter()
                    .filter_map(&of_kind)
                    .map(|other| format!("'{}'", other.metadata.name))
                    .collect();
                let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
                Err(format!("there is no {kind} '{}' among the documents; there is {names}", reference.name))
            }
            several => Err(format!(
                "there are {} documents {kind} '{}', in different namespaces",
                several.len(),
                reference.name
            )),
        }
    }
}

/// What must be unique of a document, and an error that names it.
fn key(document: &Document) -> Option<(String, String, SpecError)> {
    fn of<T>(resource: &Resource<T>) -> Option<(String, String, SpecError)> {
        Some((
            resource.title(),
            resource.metadata.namespace().to_owned(),
            resource.error("metadata.name", ""),
        ))
    }
    match document {
        Document::Provider(resource) => of(resource),
        Document::Secret(resource) => of(resource),
        Document::Class(resource) => of(resource),
        Document::Image(resource) => of(resource),
        Document::VirtualMachine(resource) => of(resource),
        Document::NetworkAttachment(resource) => of(resource),
        Document::Snapshot(resource) => of(resource),
        Document::Template(resource) => of(resource),
        Document::Fragment(_) => None,
    }
}

/// Falls a text into documents, each with the number of lines before it. A line of `---` ends one wherever it stands: YAML
/// allows it in no scalar.
fn split(text: &str) -> Vec<(usize, &str)> {
    let (mut parts, mut start, mut first, mut offset) = (Vec::new(), 0, 0, 0);
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let rest = line.strip_prefix("---").map(|rest| rest.trim_end_matches(['\n', '\r']));
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t'])) {
            parts.push((first, &text[start..offset]));
            (start, first) = (offset + line.len(), number + 1);
        }
        offset += line.len();
    }
    parts.push((first, &text[start..]));
    parts
}

fn read(text: &str, title: &str) -> Result<Document, SpecError> {
    let head: Head = parse(text, title)?;
    let fail = |path: &str, message: String| SpecError {
        document: title.to_owned(),
        line: line_of(text, path),
        path: path.to_owned(),
        message,
    };
    let Some(kind) = head.kind else {
        return fragment(text, title, &head).unwrap_or_else(|| {
            Err(fail("", "a document without a kind, that is no part of one either: expected apiVersion and kind, or spec.storage, networks or providers".to_owned()))
        });
    };
    let (wanted, known) = match kind.as_str() {
        "Secret" => ("v1", true),
        "Provider"
        | "VMClass"
        | "VMImage"
        | "VirtualMachine"
        | "VMNetworkAttachment"
        | "VMSnapshot"
        | "VMTemplate" => (API, true),
        _ => (API, false),
    };
    if !known {
        return Err(fail(
            "kind",
            format!(
                "unknown kind '{kind}', expected one of Provider, Secret, VMClass, VMImage, VirtualMachine, VMNetworkAttachment, VMSnapshot, VMTemplate"
            ),
        ));
    }
    match head.api_version.as_deref() {
        Some(version) if version == wanted => {}
        Some(version) => {
            return Err(fail(
                "apiVersion",
                format!("unknown version '{version}' of {kind}, expected {wanted}"),
            ));
        }
        None => return Err(fail("", format!("a {kind} without apiVersion, expected {wanted}"))),
    }
    let title = match head.metadata.and_then(|metadata| metadata.name) {
        Some(name) if !name.is_empty() => format!("{kind} '{name}'"),
        _ => return Err(fail("metadata", format!("a {kind} without a name"))),
    };
    Ok(match kind.as_str() {
        "Provider" => Document::Provider(whole(text, &title, "Provider")?),
        "Secret" => Document::Secret(secret(text, &title)?),
        "VMClass" => Document::Class(whole(text, &title, "VMClass")?),
        "VMImage" => Document::Image(whole(text, &title, "VMImage")?),
        "VirtualMachine" => Document::VirtualMachine(whole(text, &title, "VirtualMachine")?),
        "VMNetworkAttachment" => Document::NetworkAttachment(whole(text, &title, "VMNetworkAttachment")?),
        "VMSnapshot" => Document::Snapshot(whole(text, &title, "VMSnapshot")?),
        _ => Document::Template(whole(text, &title, "VMTemplate")?),
    })
}

/// A part of a document, where it is one.
fn fragment(text: &str, title: &str, head: &Head) -> Option<Result<Document, SpecError>> {
    let fragment = if head.providers.is_some() {
        parse::<HelmValues>(text, title).map(|values| Fragment::Helm(values.providers))
    } else if head.networks.is_some() {
        parse::<NetworkAttachmentSpec>(text, title).map(|all| Fragment::Networks(all.networks))
    } else if head.spec.is_some() {
        parse::<StorageFragment>(text, title).map(|all| Fragment::Storage(Box::new(all.spec.storage)))
    } else {
        return None;
    };
    Some(fragment.map(Document::Fragment))
}

fn whole<T: DeserializeOwned>(text: &str, title: &str, kind: &'static str) -> Result<Resource<T>, SpecError> {
    let Whole { metadata, spec, .. } = parse(text, title)?;
    Ok(Resource { metadata, spec, source: Source { kind, text: text.into() } })
}

fn secret(text: &str, title: &str) -> Result<Resource<Credentials>, SpecError> {
    let WholeSecret { metadata, mut string_data, data, .. } = parse(text, title)?;
    let source = Source { kind: "Secret", text: "".into() };
    for (key, value) in data {
        let fail = |message: &str| SpecError {
            document: title.to_owned(),
            path: format!("data.{key}"),
            line: line_of(text, &format!("data.{key}")),
            message: message.to_owned(),
        };
        let text = value.decoded().ok_or_else(|| fail("the value is not base64 of a text"))?;
        match key.as_str() {
            "username" => string_data.username.get_or_insert(text),
            "password" => string_data.password.get_or_insert(text),
            "token" => string_data.token.get_or_insert(text),
            "ca.crt" => {
                string_data.ca_crt.get_or_insert_with(|| text.shown());
                continue;
            }
            _ => return Err(fail("unknown key, expected one of username, password, token, ca.crt")),
        };
    }
    Ok(Resource { metadata, spec: string_data, source })
}

fn parse<T: DeserializeOwned>(text: &str, title: &str) -> Result<T, SpecError> {
    // `On` is a string: YAML 1.2 has no other names of true and false.
    let options = serde_saphyr::options! { strict_booleans: true, with_snippet: false };
    let mut path = String::new();
    serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| {
        serde_path_to_error::deserialize(deserializer).map_err(|error| {
            path = error.path().to_string();
            error.into_inner()
        })
    })
    .map_err(|error| {
        let line = error.location().map(|location| location.line());
        let path = if path == "." { String::new() } else { path };
        SpecError { document: title.to_owned(), path, line, message: words(&error) }
    })
}

/// The error's own words, without the place, which is told beside them.
fn words(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].to_owned()
}

/// A JSON Schema of all kinds of documents, for editors.
#[must_use]
pub fn json_schema() -> Schema {
    /// Any document.
    #[derive(JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "it is only described")]
    enum Any {
        Provider(Whole<ProviderSpec>),
        Secret(WholeSecret),
        Class(Whole<ClassSpec>),
        Image(Whole<ImageSpec>),
        VirtualMachine(Whole<MachineSpec>),
        NetworkAttachment(Whole<NetworkAttachmentSpec>),
        Snapshot(Whole<SnapshotSpec>),
        Template(Whole<TemplateSpec>),
    }
    schemars::schema_for!(Any)
}
