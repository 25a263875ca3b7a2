//! `com.vmware.cis.tagging.tag`

use super::{Tag, Tagging, UsedBy, already_exists, check_name, id_for, list, not_found, use_by, value};
use crate::serve::rest::{Answer, Bound, Call, Result};
use hyper::Method;
use indexmap::IndexSet;
use serde::Deserialize;
use serde_json::json;

pub(super) fn route<'a>(method: &Method, path: &[&'a str], action: Option<&str>) -> Option<Bound<'a>> {
    let bound: Bound<'a> = match (path, method, action) {
        ([], &Method::GET, None) => Box::new(list_all),
        ([], &Method::POST, None) => Box::new(create),
        ([], &Method::POST, Some("list-used-tags")) => Box::new(list_used),
        // The newer form names the category in the body, the older one in the path and perhaps in the body.
        ([], &Method::POST, Some("list-tags-for-category")) => {
            Box::new(|call| list_of_category(call, &call.parameters::<CategoryId>()?.category_id))
        }
        (&[id], &Method::POST, Some("list-tags-for-category")) => {
            Box::new(move |call| list_of_category(call, id))
        }
        (&[id], &Method::GET, None) => Box::new(move |call| get(call, id)),
        (&[id], &Method::PATCH, None) => Box::new(move |call| update(call, id)),
        (&[id], &Method::DELETE, None) => Box::new(move |call| delete(call, id)),
        (&[id], &Method::POST, Some("add-to-used-by")) => Box::new(move |call| set_used(call, id, true)),
        (&[id], &Method::POST, Some("remove-from-used-by")) => {
            Box::new(move |call| set_used(call, id, false))
        }
        _ => return None,
    };
    Some(bound)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CategoryId {
    category_id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    name: String,
    description: String,
    category_id: String,
    tag_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    name: Option<String>,
    description: Option<String>,
}

fn create(call: &Call<'_>) -> Result<Answer> {
    let spec: Create = call.parameter("create_spec")?;
    call.require_tagging("CreateTag")?;
    check_name(&spec.name)?;
    let mut tagging = call.tagging();
    if !tagging.categories.contains_key(&spec.category_id) {
        return Err(not_found(&spec.category_id));
    }
    check_unique(&tagging, &spec.category_id, &spec.name, None)?;
    let id = id_for("Tag", spec.tag_id)?;
    if tagging.tags.contains_key(&id) {
        return Err(already_exists("tag", &id));
    }
    let tag = Tag {
        id: id.clone(),
        name: spec.name,
        description: spec.description,
        category_id: spec.category_id,
        used_by: Vec::new(),
        on: IndexSet::new(),
    };
    tagging.tags.insert(id.clone(), tag);
    Ok(Answer::Created(json!(id), None))
}

/// Names of a category's tags differ.
fn check_unique(tagging: &Tagging, category: &str, name: &str, id: Option<&str>) -> Result<()> {
    let taken = tagging
        .tags
        .values()
        .any(|other| other.category_id == category && other.name == name && Some(&*other.id) != id);
    if taken { Err(already_exists("tag", name)) } else { Ok(()) }
}

fn get(call: &Call<'_>, id: &str) -> Result<Answer> {
    call.tagging().tags.get(id).map(value).ok_or_else(|| not_found(id))
}

fn list_all(call: &Call<'_>) -> Result<Answer> {
    Ok(list(call.tagging().tags.keys()))
}

fn list_used(call: &Call<'_>) -> Result<Answer> {
    let UsedBy { used_by_entity } = call.parameters()?;
    let tagging = call.tagging();
    let used = tagging.tags.values().filter(|tag| tag.used_by.contains(&used_by_entity));
    Ok(list(used.map(|tag| &tag.id)))
}

fn list_of_category(call: &Call<'_>, category: &str) -> Result<Answer> {
    let tagging = call.tagging();
    if !tagging.categories.contains_key(category) {
        return Err(not_found(category));
    }
    let of_it = tagging.tags.values().filter(|tag| tag.category_id == category);
    Ok(list(of_it.map(|tag| &tag.id)))
}

fn update(call: &Call<'_>, id: &str) -> Result<Answer> {
    let spec: Update = call.parameter("update_spec")?;
    call.require_tagging("EditTag")?;
    let mut tagging = call.tagging();
    let category = tagging.tags.get(id).map(|tag| tag.category_id.clone()).ok_or_else(|| not_found(id))?;
    if let Some(name) = &spec.name {
        check_name(name)?;
        check_unique(&tagging, &category, name, Some(id))?;
    }
    let tag = tagging.tags.get_mut(id).ok_or_else(|| not_found(id))?;
    tag.name = spec.name.unwrap_or_else(|| tag.name.clone());
    tag.description = spec.description.unwrap_or_else(|| tag.description.clone());
    Ok(Answer::Done)
}

fn delete(call: &Call<'_>, id: &str) -> Result<Answer> {
    call.require_tagging("DeleteTag")?;
    call.tagging().tags.shift_remove(id).ok_or_else(|| not_found(id))?;
    Ok(Answer::Done)
}

fn set_used(call: &Call<'_>, id: &str, used: bool) -> Result<Answer> {
    let UsedBy { used_by_entity } = call.parameters()?;
    call.require_tagging("ModifyUsedByForTag")?;
    let mut tagging = call.tagging();
    let tag = tagging.tags.get_mut(id).ok_or_else(|| not_found(id))?;
    use_by(&mut tag.used_by, used_by_entity, used);
    Ok(Answer::Done)
}
