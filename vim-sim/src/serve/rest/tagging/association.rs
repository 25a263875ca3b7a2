//! `com.vmware.cis.tagging.tag_association`: which object has which tags.
//!
//! A tag is an object's for as long as there is the object. Nobody tells this API when one goes, hence objects that are no
//! more are forgotten when a tag's objects are looked at. Ids are never given twice.

use super::{Cardinality, ObjectId, Tagging, list, not_found};
use crate::serve::rest::{Answer, Bound, Call, Error, Result};
use crate::world::World;
use hyper::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::MutexGuard;
use vim_wire::MoRef;

pub(super) fn route<'a>(method: &Method, path: &[&'a str], action: &str) -> Option<Bound<'a>> {
    if *method != Method::POST {
        return None;
    }
    let bound: Bound<'a> = match (path, action) {
        (&[tag], "attach") => Box::new(move |call| {
            attach(call, tag, &call.parameters::<OneObject>()?.object_id).map(|()| Answer::Done)
        }),
        (&[tag], "detach") => Box::new(move |call| {
            detach(call, tag, &call.parameters::<OneObject>()?.object_id).map(|()| Answer::Done)
        }),
        (&[tag], "list-attached-objects") => Box::new(move |call| objects_of(call, tag)),
        (&[tag], "attach-tag-to-multiple-objects") => Box::new(move |call| each_object(call, tag, attach)),
        (&[tag], "detach-tag-from-multiple-objects") => Box::new(move |call| each_object(call, tag, detach)),
        ([], "attach-multiple-tags-to-object") => Box::new(|call| each_tag(call, attach)),
        ([], "detach-multiple-tags-from-object") => Box::new(|call| each_tag(call, detach)),
        ([], "list-attached-tags") => Box::new(tags_of),
        ([], "list-attached-tags-on-objects") => Box::new(tags_on_objects),
        ([], "list-attached-objects-on-tags") => Box::new(objects_on_tags),
        ([], "list-attachable-tags") => Box::new(attachable),
        _ => return None,
    };
    Some(bound)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OneObject {
    object_id: ObjectId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Objects {
    object_ids: Vec<ObjectId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tags {
    tag_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ObjectAndTags {
    object_id: ObjectId,
    tag_ids: Vec<String>,
}

#[derive(Serialize)]
struct TagToObjects<'a> {
    tag_id: &'a str,
    object_ids: Vec<&'a ObjectId>,
}

#[derive(Serialize)]
struct ObjectToTags<'a> {
    object_id: &'a ObjectId,
    tag_ids: Vec<&'a str>,
}

/// The object, where there is one that the user may see. The server does not tell one that is not there from one that is not
/// for the user's eyes.
fn object(call: &Call<'_>, id: &ObjectId) -> Result<MoRef> {
    let found = call.sim.read(|world| id.find(world));
    let moref =
        found.ok_or_else(|| Error::unauthorized(&format!("There is no object {} {}", id.r#type, id.id)))?;
    call.require("System.Read", &moref)?;
    Ok(moref)
}

/// The tags, some of them without objects that are no more.
fn current<'a>(call: &'a Call<'_>, tags: &[&str]) -> MutexGuard<'a, Tagging> {
    let mut tagging = call.tagging();
    call.sim.read(|world| {
        for id in tags {
            if let Some(tag) = tagging.tags.get_mut(*id) {
                tag.on.retain(|object| object.find(world).is_some());
            }
        }
    });
    tagging
}

/// Whether a category's tags are for objects of a type, or of one that it extends. Where it names no types, for all.
fn takes(world: &World, types: &[String], object: &MoRef) -> bool {
    types.is_empty() || world.node(object).is_some_and(|node| types.iter().any(|wanted| node.is_a(wanted)))
}

fn attach(call: &Call<'_>, id: &str, to: &ObjectId) -> Result<()> {
    let moref = object(call, to)?;
    call.require("InventoryService.Tagging.AttachTag", &moref)?;
    let mut tagging = call.tagging();
    let tag = tagging.tags.get(id).ok_or_else(|| not_found(id))?;
    let category = tagging.categories.get(&tag.category_id).ok_or_else(|| not_found(&tag.category_id))?;
    if !call.sim.read(|world| takes(world, &category.associable_types, &moref)) {
        let message =
            format!("The tag {} cannot be attached to an object of the type {}", tag.name, to.r#type);
        let error = Error::invalid_argument("cis.tagging.objectNotAssociable.error", message);
        return Err(error.with(&[id, &to.r#type]));
    }
    let single = category.cardinality == Cardinality::Single;
    let mut siblings = tagging.tags.values().filter(|other| other.category_id == tag.category_id);
    if single && siblings.any(|other| other.id != id && other.on.contains(to)) {
        let message =
            format!("Tagging cardinality violation: an object has one tag of {} at the most", category.name);
        return Err(Error::invalid_argument("cis.tagging.cardinalityViolation.error", message).with(&[id]));
    }
    if let Some(tag) = tagging.tags.get_mut(id) {
        tag.on.insert(to.clone());
    }
    Ok(())
}

fn detach(call: &Call<'_>, id: &str, from: &ObjectId) -> Result<()> {
    let moref = object(call, from)?;
    call.require("InventoryService.Tagging.AttachTag", &moref)?;
    let mut tagging = call.tagging();
    tagging.tags.get_mut(id).ok_or_else(|| not_found(id))?.on.shift_remove(from);
    Ok(())
}

type Change = fn(&Call<'_>, &str, &ObjectId) -> Result<()>;

/// What was done of several things: all of it, or what was not done and why.
fn batch(errors: &[Error]) -> Answer {
    let messages: Vec<_> = errors.iter().map(Error::message).collect();
    Answer::Value(json!({ "success": errors.is_empty(), "error_messages": messages }))
}

fn each_object(call: &Call<'_>, tag: &str, change: Change) -> Result<Answer> {
    let Objects { object_ids } = call.parameters()?;
    if !call.tagging().tags.contains_key(tag) {
        return Err(not_found(tag));
    }
    let errors: Vec<_> = object_ids.iter().filter_map(|object| change(call, tag, object).err()).collect();
    Ok(batch(&errors))
}

fn each_tag(call: &Call<'_>, change: Change) -> Result<Answer> {
    let ObjectAndTags { object_id, tag_ids } = call.parameters()?;
    object(call, &object_id)?;
    let errors: Vec<_> = tag_ids.iter().filter_map(|tag| change(call, tag, &object_id).err()).collect();
    Ok(batch(&errors))
}

fn objects_of(call: &Call<'_>, tag: &str) -> Result<Answer> {
    let tagging = current(call, &[tag]);
    Ok(list(&tagging.tags.get(tag).ok_or_else(|| not_found(tag))?.on))
}

fn tags_of(call: &Call<'_>) -> Result<Answer> {
    let OneObject { object_id } = call.parameters()?;
    object(call, &object_id)?;
    let tagging = call.tagging();
    Ok(list(tagging.on(&object_id)))
}

impl Tagging {
    /// The ids of an object's tags.
    fn on<'a>(&'a self, object: &'a ObjectId) -> impl Iterator<Item = &'a str> {
        self.tags.values().filter(|tag| tag.on.contains(object)).map(|tag| &*tag.id)
    }
}

/// Objects that are not there, or not to be seen, have no tags.
fn tags_on_objects(call: &Call<'_>) -> Result<Answer> {
    let Objects { object_ids } = call.parameters()?;
    let tagging = call.tagging();
    let seen = object_ids.iter().filter(|id| object(call, id).is_ok());
    Ok(list(seen.map(|object_id| ObjectToTags { object_id, tag_ids: tagging.on(object_id).collect() })))
}

fn objects_on_tags(call: &Call<'_>) -> Result<Answer> {
    let Tags { tag_ids } = call.parameters()?;
    let tagging = current(call, &tag_ids.iter().map(String::as_str).collect::<Vec<_>>());
    let found = tag_ids.iter().filter_map(|id| tagging.tags.get(id));
    Ok(list(found.map(|tag| TagToObjects { tag_id: &tag.id, object_ids: tag.on.iter().collect() })))
}

/// The tags that an object could have besides those that it has.
fn attachable(call: &Call<'_>) -> Result<Answer> {
    let OneObject { object_id } = call.parameters()?;
    let moref = object(call, &object_id)?;
    let tagging = call.tagging();
    let used: Vec<&str> = (tagging.tags.values())
        .filter(|tag| tag.on.contains(&object_id))
        .map(|tag| &*tag.category_id)
        .collect();
    let fits = |tag: &&super::Tag| {
        let Some(category) = tagging.categories.get(&tag.category_id) else { return false };
        let room = category.cardinality == Cardinality::Multiple || !used.contains(&&*category.id);
        room && !tag.on.contains(&object_id)
            && call.sim.read(|world| takes(world, &category.associable_types, &moref))
    };
    Ok(list(tagging.tags.values().filter(fits).map(|tag| &tag.id)))
}
