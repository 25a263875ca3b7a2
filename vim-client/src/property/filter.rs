//! Which objects a read covers, and its filter specification.

use crate::client::Client;
use crate::view::ContainerView;
use vim_types::{ObjectSpec, PropertyFilterSpec, PropertySpec, TraversalSpec};
use vim_wire::{Error, ErrorKind, MoRef, Poly};

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
    pub(crate) kind: String,
    pub(crate) paths: Vec<String>,
}

impl Wanted {
    fn properties(&self) -> PropertySpec {
        PropertySpec {
            r#type: self.kind.clone(),
            all: Some(false),
            path_set: self.paths.clone(),
            ..Default::default()
        }
    }

    /// The filter over those objects; a view is made for a container and must outlive the filter.
    pub(crate) async fn filter(
        &self,
        client: &Client,
        scope: &Scope,
    ) -> Result<(PropertyFilterSpec, Option<ContainerView>), Error> {
        let (objects, view) = match scope {
            Scope::These(objects) => {
                if let Some(wrong) = objects.iter().find(|object| object.is_empty()) {
                    let message = format!("{wrong} is no managed object reference");
                    return Err(Error::new(ErrorKind::InvalidInput, message).in_operation("RetrievePropertiesEx"));
                }
                let spec = |obj: &MoRef| ObjectSpec { obj: obj.clone(), skip: Some(false), ..Default::default() };
                (objects.iter().map(spec).collect(), None)
            }
            Scope::All => {
                let root = client.content().await?.root_folder.clone();
                let view = ContainerView::create(client, &root, &[self.kind.clone()], true).await?;
                (vec![through_view(view.moref())], Some(view))
            }
            Scope::Below(container) => {
                let view = ContainerView::create(client, container, &[self.kind.clone()], true).await?;
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
    ObjectSpec { obj: view.clone(), skip: Some(true), select_set: vec![Poly::from(traversal)], ..Default::default() }
}
