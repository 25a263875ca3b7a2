//! Reads of several objects' properties in one request.

use crate::provider::{Error, ErrorKind, Result};
use crate::vsphere::errors::server;
use std::collections::HashMap;
use vim_client::types::{ObjectSpec, PropertyFilterSpec, PropertySpec, RetrieveOptions, TraversalSpec};
use vim_client::wire::DataObject;
use vim_client::{Any, Client, ManagedObject, MoRef, mo};

/// An object's properties by path.
#[derive(Debug, Default)]
pub(crate) struct Values {
    pub(crate) moref: MoRef,
    values: HashMap<String, Any>,
    /// Why there is no value: the path, and the fault's name and message.
    denied: Vec<(String, String)>,
}

impl Values {
    pub(crate) fn get(&self, path: &str) -> Option<&Any> {
        self.values.get(path)
    }

    pub(crate) fn text(&self, path: &str) -> &str {
        self.get(path).and_then(Any::as_str).unwrap_or_default()
    }

    pub(crate) fn flag(&self, path: &str) -> Option<bool> {
        self.get(path).and_then(Any::as_bool)
    }

    pub(crate) fn moref(&self, path: &str) -> Option<&MoRef> {
        self.get(path).and_then(Any::as_moref)
    }

    pub(crate) fn object<T: DataObject>(&self, path: &str) -> Option<&T> {
        self.get(path).and_then(Any::downcast_ref)
    }

    /// The items of a list that are a `T` or extend it.
    pub(crate) fn list<T: DataObject>(&self, path: &str) -> impl Iterator<Item = &T> {
        self.get(path).and_then(Any::as_array).unwrap_or_default().iter().filter_map(Any::downcast_ref)
    }

    pub(crate) fn morefs(&self, path: &str) -> impl Iterator<Item = &MoRef> {
        self.get(path).and_then(Any::as_array).unwrap_or_default().iter().filter_map(Any::as_moref)
    }

    /// All of them, each with its path.
    pub(crate) fn into_all(self) -> impl Iterator<Item = (String, Any)> {
        self.values.into_iter()
    }

    /// Whether the server said why there is no value.
    pub(crate) fn is_denied(&self, path: &str) -> bool {
        self.denied.iter().any(|(denied, _)| denied == path)
    }

    /// Refuses to go on where something that decides could not be read.
    pub(crate) fn require(&self, path: &str) -> Result<&Any> {
        if let Some(value) = self.get(path) {
            return Ok(value);
        }
        let why = self.denied.iter().find(|(denied, _)| denied == path).map(|(_, why)| why.as_str());
        let kind = if why.is_some_and(|why| why.starts_with("NoPermission")) {
            ErrorKind::PermissionDenied
        } else {
            ErrorKind::FailedPrecondition
        };
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        Err(Error::new(kind, format!("{} of {} cannot be read{why}", path, self.moref)))
    }
}

/// A request for properties: which of which types, and from where on.
#[derive(Debug, Default)]
pub(crate) struct Read {
    props: Vec<PropertySpec>,
    objects: Vec<ObjectSpec>,
}

impl Read {
    /// Properties of a managed object's type.
    pub(crate) fn of(mut self, kind: &str, paths: &[&str]) -> Self {
        self.props.push(PropertySpec {
            r#type: kind.to_owned(),
            path_set: paths.iter().map(|path| (*path).to_owned()).collect(),
            ..Default::default()
        });
        self
    }

    /// An object, and those that its properties lead to.
    pub(crate) fn from(mut self, object: &MoRef, along: &[&str]) -> Self {
        let kind = object.kind().to_owned();
        let select_set = along.iter().map(|path| {
            TraversalSpec { r#type: kind.clone(), path: (*path).to_owned(), ..Default::default() }.into()
        });
        self.objects.push(ObjectSpec {
            obj: object.clone(),
            skip: Some(false),
            select_set: select_set.collect(),
        });
        self
    }

    /// What an object's property leads to, and not the object itself.
    pub(crate) fn through(mut self, object: &MoRef, along: &str) -> Self {
        let through = TraversalSpec {
            r#type: object.kind().to_owned(),
            path: along.to_owned(),
            skip: Some(false),
            ..Default::default()
        };
        self.objects.push(ObjectSpec {
            obj: object.clone(),
            skip: Some(true),
            select_set: vec![through.into()],
        });
        self
    }

    /// Reads all of them; what has vanished is not among them.
    pub(crate) async fn send(self, client: &Client) -> Result<Vec<Values>, vim_client::Error> {
        let content = client.service_content().await?;
        let collector: mo::PropertyCollector = client.object(content.property_collector.clone());
        let spec = PropertyFilterSpec {
            prop_set: self.props,
            object_set: self.objects,
            report_missing_objects_in_results: Some(true),
        };
        let options = RetrieveOptions { max_objects: Some(1_000) };
        let mut all = Vec::new();
        let mut page = collector.retrieve_properties_ex(&[spec], &options).await?;
        while let Some(result) = page {
            for content in result.objects {
                let denied = content.missing_set.iter().map(|missing| {
                    let fault = &missing.fault;
                    let message = fault.localized_message.as_deref().unwrap_or_default();
                    (missing.path.clone(), format!("{} {message}", fault.fault.type_name()))
                });
                all.push(Values {
                    denied: denied.collect(),
                    values: content
                        .prop_set
                        .into_iter()
                        .map(|property| (property.name, property.val))
                        .collect(),
                    moref: content.obj,
                });
            }
            page = match result.token {
                Some(token) => Some(collector.continue_retrieve_properties_ex(&token).await?),
                None => None,
            };
        }
        Ok(all)
    }
}

/// Properties by managed object type.
pub(crate) type Wanted<'a> = &'a [(&'a str, &'a [&'a str])];

/// Properties of all objects of those types below a folder: three requests, and one more for each thousand objects.
pub(crate) async fn below(
    client: &Client,
    container: &MoRef,
    wanted: Wanted<'_>,
) -> Result<Vec<Values>, vim_client::Error> {
    let content = client.service_content().await?;
    let Some(manager) = content.view_manager.clone() else {
        return Err(vim_client::Error::new(
            vim_client::ErrorKind::Unsupported,
            "the server has no view manager",
        ));
    };
    let manager: mo::ViewManager = client.object(manager);
    let kinds: Vec<String> = wanted.iter().map(|(kind, _)| (*kind).to_owned()).collect();
    let view = manager.create_container_view(container, true).r#type(&kinds).await?;
    let view: mo::View = client.object(view.handle().moref().clone());
    let read = wanted.iter().fold(Read::default(), |read, (kind, paths)| read.of(kind, paths));
    let all = read.through(view.handle().moref(), "view").send(client).await;
    // What was read counts; a view that stays dies with the session.
    if let Err(error) = view.destroy().await {
        tracing::debug!(%error, "a view was not destroyed");
    }
    all
}

/// One object's properties; none where it certainly does not exist.
pub(crate) async fn one(client: &Client, object: &MoRef, paths: &[&str]) -> Result<Option<Values>> {
    let read = Read::default().of(object.kind(), paths).from(object, &[]).send(client).await;
    match read {
        Ok(mut all) => Ok(all.pop()),
        Err(error) if error.fault().is_some_and(|fault| fault.is_named("ManagedObjectNotFound")) => Ok(None),
        Err(error) => Err(server(&format!("reading {object}"), error)),
    }
}
