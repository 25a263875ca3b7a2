//! Tags, and the categories that they are of.

mod association;
mod category;
mod tag;

use super::{Answer, Bound, Call, Error, Result};
use crate::world::World;
use hyper::Method;
use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::{MutexGuard, PoisonError};
use vim_wire::MoRef;

/// A category. Of tags of a single one, an object can have one.
#[derive(Clone, Debug, Serialize)]
struct Category {
    id: String,
    name: String,
    description: String,
    cardinality: Cardinality,
    associable_types: Vec<String>,
    used_by: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Cardinality {
    Single,
    Multiple,
}

/// A tag.
#[derive(Clone, Debug, Serialize)]
struct Tag {
    id: String,
    name: String,
    description: String,
    category_id: String,
    used_by: Vec<String>,
    /// The objects that have it.
    #[serde(skip)]
    on: IndexSet<ObjectId>,
}

/// An object, as this API names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ObjectId {
    r#type: String,
    id: String,
}

impl ObjectId {
    /// The object that there is; it may be named by a type that its own extends.
    fn find(&self, world: &World) -> Option<MoRef> {
        let moref = MoRef::new(self.r#type.clone(), self.id.clone());
        world.node(&moref).map(|node| node.moref.clone())
    }
}

/// All categories and tags, in the order in which they were made.
#[derive(Debug, Default)]
pub(crate) struct Tagging {
    categories: IndexMap<String, Category>,
    tags: IndexMap<String, Tag>,
}

pub(super) fn route<'a>(method: &Method, path: &[&'a str], action: Option<&str>) -> Option<Bound<'a>> {
    match path {
        ["category", rest @ ..] => category::route(method, rest, action),
        ["tag", rest @ ..] => tag::route(method, rest, action),
        ["tag-association", rest @ ..] => association::route(method, rest, action?),
        _ => None,
    }
}

impl Call<'_> {
    fn tagging(&self) -> MutexGuard<'_, Tagging> {
        self.sim.rest.tagging.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Demands a privilege about tags as such, which are no objects with permissions of their own here.
    fn require_tagging(&self, privilege: &str) -> Result<()> {
        let root = self.sim.content.root_folder.clone();
        self.require(&format!("InventoryService.Tagging.{privilege}"), &root)
    }
}

/// An id as the inventory service gives them.
fn new_id(kind: &str) -> String {
    format!("urn:vmomi:InventoryService{kind}:{}:GLOBAL", uuid::Uuid::new_v4())
}

/// The id that a new category or tag gets: the wanted one, where one is.
fn id_for(kind: &str, wanted: Option<String>) -> Result<String> {
    match wanted.filter(|id| !id.is_empty()) {
        None => Ok(new_id(kind)),
        Some(id) if id.starts_with(&format!("urn:vmomi:InventoryService{kind}:")) => Ok(id),
        Some(id) => {
            let message = format!("Invalid id of a new object of tagging: {id}");
            Err(Error::invalid_argument("cis.tagging.invalidId.error", message).with(&[&id]))
        }
    }
}

fn not_found(id: &str) -> Error {
    Error::not_found("cis.tagging.objectNotFound.error", format!("Tagging object {id} not found")).with(&[id])
}

fn already_exists(what: &str, name: &str) -> Error {
    let message = format!("A {what} of the name '{name}' exists already");
    Error::already_exists("cis.tagging.duplicateName.error", message).with(&[name])
}

/// A name that is one: 1 to 256 characters.
fn check_name(name: &str) -> Result<()> {
    match name.trim().is_empty() || name.chars().count() > 256 {
        true => {
            Err(Error::invalid_argument("cis.tagging.invalidName.error", format!("Invalid name: '{name}'"))
                .with(&[name]))
        }
        false => Ok(()),
    }
}

/// A list as an answer.
fn list<T: Serialize>(items: impl IntoIterator<Item = T>) -> Answer {
    let items = items.into_iter().map(|item| serde_json::to_value(item).unwrap_or_default());
    Answer::Value(Value::Array(items.collect()))
}

fn value<T: Serialize>(item: &T) -> Answer {
    Answer::Value(serde_json::to_value(item).unwrap_or_default())
}

/// Adds or removes an entity by which a category or tag is used.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsedBy {
    used_by_entity: String,
}

fn use_by(list: &mut Vec<String>, entity: String, used: bool) {
    list.retain(|other| *other != entity);
    if used {
        list.push(entity);
    }
}
