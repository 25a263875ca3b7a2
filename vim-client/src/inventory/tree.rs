//! The inventory as a tree. Each level is one request, however many objects it has.

use super::glob;
use crate::client::Client;
use crate::property::read::{self, Dynamic};
use crate::property::retrieve_all;
use crate::view::ContainerView;
use std::collections::HashMap;
use vim_types::{ObjectSpec, PropertyFilterSpec, PropertySpec, SelectionSpec, TraversalSpec};
use vim_wire::{Any, Error, ErrorKind, MoRef, Poly};

/// A managed entity, by name and path.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) moref: MoRef,
    pub(super) name: String,
    pub(super) path: String,
}

/// The kinds that count as one: it and what extends it.
pub(super) fn kinds(kind: &'static str) -> &'static [&'static str] {
    match kind {
        "ComputeResource" => &["ComputeResource", "ClusterComputeResource"],
        "ResourcePool" => &["ResourcePool", "VirtualApp"],
        "Network" => &["Network", "DistributedVirtualPortgroup", "OpaqueNetwork"],
        "DistributedVirtualSwitch" => &["DistributedVirtualSwitch", "VmwareDistributedVirtualSwitch"],
        "Folder" => &["Folder", "StoragePod"],
        "VirtualMachine" => &["VirtualMachine"],
        "HostSystem" => &["HostSystem"],
        "ClusterComputeResource" => &["ClusterComputeResource"],
        "Datastore" => &["Datastore"],
        "StoragePod" => &["StoragePod"],
        "Datacenter" => &["Datacenter"],
        _ => &[],
    }
}

/// From a kind of object, by a property, to what counts as its children.
const DOWN: [(&str, &str); 10] = [
    ("Folder", "childEntity"),
    ("Datacenter", "vmFolder"),
    ("Datacenter", "hostFolder"),
    ("Datacenter", "datastoreFolder"),
    ("Datacenter", "networkFolder"),
    ("ComputeResource", "host"),
    ("ComputeResource", "resourcePool"),
    ("ResourcePool", "resourcePool"),
    ("ResourcePool", "vm"),
    ("VirtualApp", "vm"),
];

pub(super) struct Tree<'a> {
    client: &'a Client,
}

/// What is read of an entity.
struct Entity {
    moref: MoRef,
    name: String,
    parents: Vec<MoRef>,
}

impl<'a> Tree<'a> {
    pub(super) const fn new(client: &'a Client) -> Self {
        Self { client }
    }

    pub(super) async fn root(&self) -> Result<Node, Error> {
        let moref = self.client.content().await?.root_folder.clone();
        Ok(Node { moref, name: String::new(), path: String::new() })
    }

    /// The children of all of those together.
    pub(super) async fn children(&self, parents: &[Node]) -> Result<Vec<Node>, Error> {
        let select = |(kind, path): &(&str, &str)| {
            Poly::from(TraversalSpec {
                r#type: (*kind).to_owned(),
                path: (*path).to_owned(),
                skip: Some(false),
                ..Default::default()
            })
        };
        let objects = parents.iter().map(|parent| ObjectSpec {
            obj: parent.moref.clone(),
            skip: Some(true),
            select_set: DOWN.iter().map(select).collect(),
            ..Default::default()
        });
        let entities = self.entities(objects.collect()).await?;
        let paths: HashMap<&MoRef, &str> =
            parents.iter().map(|node| (&node.moref, node.path.as_str())).collect();
        let nodes = entities.into_iter().filter_map(|entity| {
            let above = entity.parents.iter().find_map(|parent| paths.get(parent))?;
            Some(Node { path: format!("{above}/{}", entity.name), name: entity.name, moref: entity.moref })
        });
        Ok(nodes.collect())
    }

    /// Those and all that lies below them.
    pub(super) async fn all_below(&self, from: Vec<Node>) -> Result<Vec<Node>, Error> {
        let mut all: Vec<Node> = Vec::new();
        let mut level = from;
        while !level.is_empty() {
            let next = self.children(&level).await?;
            all.append(&mut level);
            level = next;
        }
        Ok(all)
    }

    /// What matches a name at any depth below a folder.
    pub(super) async fn below(&self, from: &Node, pattern: &str, kinds: &[&str]) -> Result<Vec<Node>, Error> {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        let mut again = true;
        let entities = loop {
            let view = ContainerView::create(self.client, &from.moref, &kinds, true).await?;
            let entities = self.entities(vec![crate::property::filter::through_view(view.moref())]).await;
            // A session that ends takes the view along. The server then does not know it, or has nothing to tell of it: missing
            // objects are no fault here.
            if !view.is_current() && std::mem::take(&mut again) {
                continue;
            }
            view.close().await?;
            break entities?;
        };
        let matching: Vec<Entity> =
            entities.into_iter().filter(|entity| glob::matches(pattern, &entity.name)).collect();
        let mut nodes = Vec::with_capacity(matching.len());
        let lineages =
            self.lineages(&matching.iter().map(|entity| entity.moref.clone()).collect::<Vec<_>>()).await?;
        for entity in matching {
            let path = path_in(&lineages, &entity.moref);
            nodes.push(Node { path, name: entity.name, moref: entity.moref });
        }
        Ok(nodes)
    }

    /// An object that is known by reference.
    pub(super) async fn known(&self, moref: &MoRef) -> Result<Vec<Node>, Error> {
        let lineages = self.lineages(std::slice::from_ref(moref)).await?;
        let node = lineages.get(moref).map(|entity| Node {
            moref: moref.clone(),
            name: entity.name.clone(),
            path: path_in(&lineages, moref),
        });
        Ok(node.into_iter().collect())
    }

    pub(super) async fn path_of(&self, moref: &MoRef) -> Result<String, Error> {
        let lineages = self.lineages(std::slice::from_ref(moref)).await?;
        if lineages.contains_key(moref) {
            return Ok(path_in(&lineages, moref));
        }
        let error = Error::new(
            ErrorKind::NotFound,
            "the object is not there (any more), or has no place in the inventory",
        );
        Err(error.in_operation("finding the inventory path").on_object(moref))
    }

    /// Those objects and all above them.
    async fn lineages(&self, objects: &[MoRef]) -> Result<HashMap<MoRef, Entity>, Error> {
        if objects.is_empty() {
            return Ok(HashMap::new());
        }
        let again =
            || vec![SelectionSpec { name: Some("up".into()) }, SelectionSpec { name: Some("vapp".into()) }];
        let step = |name: &str, kind: &str, path: &str| {
            let mut step = TraversalSpec {
                r#type: kind.to_owned(),
                path: path.to_owned(),
                skip: Some(false),
                select_set: again().into_iter().map(Poly::from).collect(),
                ..Default::default()
            };
            step.name = Some(name.to_owned());
            Poly::from(step)
        };
        let spec = |obj: &MoRef| ObjectSpec {
            obj: obj.clone(),
            skip: Some(false),
            select_set: vec![
                step("up", "ManagedEntity", "parent"),
                step("vapp", "VirtualMachine", "parentVApp"),
            ],
            ..Default::default()
        };
        let entities = self.entities(objects.iter().map(spec).collect()).await?;
        Ok(entities.into_iter().map(|entity| (entity.moref.clone(), entity)).collect())
    }

    async fn entities(&self, objects: Vec<ObjectSpec>) -> Result<Vec<Entity>, Error> {
        let paths = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let entity = PropertySpec {
            r#type: "ManagedEntity".into(),
            path_set: paths(&["name", "parent"]),
            ..Default::default()
        };
        let vm = PropertySpec {
            r#type: "VirtualMachine".into(),
            path_set: paths(&["resourcePool", "parentVApp"]),
            ..Default::default()
        };
        let vapp = PropertySpec {
            r#type: "VirtualApp".into(),
            path_set: paths(&["parentFolder"]),
            ..Default::default()
        };
        let filter = PropertyFilterSpec {
            prop_set: vec![entity, vm, vapp],
            object_set: objects,
            report_missing_objects_in_results: Some(true),
            ..Default::default()
        };
        let fill = Dynamic(PARENTS.iter().chain(&["name"]).map(|path| (*path).to_owned()).collect());
        let all = retrieve_all(self.client, &fill, filter).await?;
        Ok(all.into_iter().filter_map(entity_of).collect())
    }
}

/// What an entity lies in: the first of these that is there counts for its path.
const PARENTS: [&str; 4] = ["parent", "parentVApp", "resourcePool", "parentFolder"];

fn entity_of(mut content: read::Content<read::Values>) -> Option<Entity> {
    // What may not be read, or went meanwhile, has no name: it cannot be found by one either.
    let name = match content.partial.remove("name") {
        Some(Any::String(name)) => name,
        _ => return None,
    };
    let parents = PARENTS.iter().filter_map(|path| content.partial.get(*path)?.as_moref().cloned()).collect();
    Some(Entity { moref: content.moref, name, parents })
}

/// The path of an object among all those above it. The root folder has no name in paths.
fn path_in(entities: &HashMap<MoRef, Entity>, moref: &MoRef) -> String {
    let mut names = Vec::new();
    let mut next = entities.get(moref);
    while let Some(entity) = next {
        let above = entity.parents.iter().find_map(|parent| entities.get(parent));
        // No server nests this deep; a loop in what one says must end.
        if above.is_none() || names.len() > 256 {
            if names.is_empty() && above.is_none() && moref.kind() != "Folder" {
                names.push(entity.name.as_str());
            }
            break;
        }
        names.push(entity.name.as_str());
        next = above;
    }
    names.iter().rev().fold(String::new(), |path, name| path + "/" + name)
}
