//! Which objects a read covers, and its filter specification.

use crate::client::Client;
use crate::view::ContainerView;
use vim_types::{ObjectSpec, PropertyFilterSpec, PropertySpec, TraversalSpec};
use vim_wire::path::Properties;
use vim_wire::{BoxFuture, Error, ErrorKind, ManagedObject, MoRef, Poly};

/// What a container view can show; of other kinds it shows none, and says nothing.
const ENTITIES: [&str; 16] = [
    "ClusterComputeResource",
    "ComputeResource",
    "Datacenter",
    "Datastore",
    "DistributedVirtualPortgroup",
    "DistributedVirtualSwitch",
    "Folder",
    "HostSystem",
    "ManagedEntity",
    "Network",
    "OpaqueNetwork",
    "ResourcePool",
    "StoragePod",
    "VirtualApp",
    "VirtualMachine",
    "VmwareDistributedVirtualSwitch",
];

/// The objects that a read covers.
#[derive(Clone, Debug, Default)]
pub(crate) enum Scope {
    /// All of the kind below the root folder.
    #[default]
    All,
    /// All of the kind below that folder, datacenter, compute resource, resource pool or host.
    Below(MoRef),
    /// Those, and no others.
    These(Vec<MoRef>),
}

/// What is read: a kind of managed object, and paths.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) kind: &'static str,
    pub(crate) paths: Vec<String>,
    /// Of the kind, the properties and the fields that the paths go through, those that no service has had from its start.
    newest: Option<(String, u8)>,
    /// A path that the kind does not have.
    unknown: Option<String>,
}

impl Wanted {
    pub(crate) fn new<T: ManagedObject>(paths: Vec<String>) -> Self {
        let mut newest = Some((T::KIND.to_owned(), T::SINCE));
        let mut unknown = None;
        for path in &paths {
            match <T::Properties as Properties>::since(path) {
                Some(found) if newest.as_ref().is_none_or(|(_, since)| found.1 > *since) => {
                    newest = Some(found)
                }
                Some(_) => {}
                None => unknown = Some(path.clone()),
            }
        }
        Self { kind: T::KIND, paths, newest: newest.filter(|(_, since)| *since > 0), unknown }
    }

    /// Refuses what the server cannot have, before anything is sent.
    async fn check(&self, client: &Client, scope: &Scope) -> Result<(), Error> {
        if !matches!(scope, Scope::These(_)) && !ENTITIES.contains(&self.kind) {
            let message = format!("a {} is no part of the inventory tree", self.kind);
            let error = Error::new(ErrorKind::InvalidInput, message).in_operation("RetrievePropertiesEx");
            return Err(error.with_hint("name the objects by reference, with `objects`"));
        }
        if let Some(path) = &self.unknown {
            let message = format!("{} has no property {path:?}", self.kind);
            return Err(Error::new(ErrorKind::InvalidInput, message).in_operation("RetrievePropertiesEx"));
        }
        let Some((what, since)) = &self.newest else { return Ok(()) };
        let server = client.api_version().await?;
        let service = &vim_types::VIM25;
        if *since > service.index_of(&server) {
            let message =
                format!("{what} needs API version {}; the server has {server}", service.since(*since));
            return Err(Error::new(ErrorKind::Unsupported, message).in_operation("RetrievePropertiesEx"));
        }
        Ok(())
    }

    fn properties(&self) -> PropertySpec {
        PropertySpec {
            r#type: self.kind.to_owned(),
            all: Some(false),
            path_set: self.paths.clone(),
            ..Default::default()
        }
    }

    /// The filter over those objects; a view is made for a container and must outlive the filter.
    pub(crate) fn filter<'a>(
        &'a self,
        client: &'a Client,
        scope: &'a Scope,
    ) -> BoxFuture<'a, Result<(PropertyFilterSpec, Option<ContainerView>), Error>> {
        Box::pin(self.over(client, scope))
    }

    async fn over(
        &self,
        client: &Client,
        scope: &Scope,
    ) -> Result<(PropertyFilterSpec, Option<ContainerView>), Error> {
        self.check(client, scope).await?;
        let (objects, view) = match scope {
            Scope::These(objects) => {
                if let Some(wrong) = objects.iter().find(|object| object.is_empty()) {
                    let message = format!("{wrong} is no managed object reference");
                    return Err(
                        Error::new(ErrorKind::InvalidInput, message).in_operation("RetrievePropertiesEx")
                    );
                }
                let spec =
                    |obj: &MoRef| ObjectSpec { obj: obj.clone(), skip: Some(false), ..Default::default() };
                (objects.iter().map(spec).collect(), None)
            }
            Scope::All => {
                let root = client.content().await?.root_folder.clone();
                let view = ContainerView::create(client, &root, &[self.kind.to_owned()], true).await?;
                (vec![through_view(view.moref())], Some(view))
            }
            Scope::Below(container) => {
                let view = ContainerView::create(client, container, &[self.kind.to_owned()], true).await?;
                (vec![through_view(view.moref())], Some(view))
            }
        };
        let filter = PropertyFilterSpec {
            prop_set: vec![self.properties()],
            object_set: objects,
            // One object that is gone must not fail the whole read.
            report_missing_objects_in_results: Some(true),
            ..Default::default()
        };
        Ok((filter, view))
    }
}

/// From a view to what it contains.
pub(crate) fn through_view(view: &MoRef) -> ObjectSpec {
    let traversal = TraversalSpec {
        r#type: view.kind().to_owned(),
        path: "view".to_owned(),
        skip: Some(false),
        ..Default::default()
    };
    ObjectSpec {
        obj: view.clone(),
        skip: Some(true),
        select_set: vec![Poly::from(traversal)],
        ..Default::default()
    }
}
