//! `com.vmware.cis.tagging.category`

use super::{
    Cardinality, Category, Tagging, UsedBy, already_exists, check_name, id_for, list, not_found, use_by,
    value,
};
use crate::serve::rest::{Answer, Bound, Call, Error, Result};
use hyper::Method;
use serde::Deserialize;
use serde_json::json;

pub(super) fn route<'a>(method: &Method, path: &[&'a str], action: Option<&str>) -> Option<Bound<'a>> {
    let bound: Bound<'a> = match (path, method, action) {
        ([], &Method::GET, None) => Box::new(list_all),
        ([], &Method::POST, None) => Box::new(create),
        ([], &Method::POST, Some("list-used-categories")) => Box::new(list_used),
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
struct Create {
    name: String,
    description: String,
    cardinality: Cardinality,
    associable_types: Vec<String>,
    category_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    name: Option<String>,
    description: Option<String>,
    cardinality: Option<Cardinality>,
    associable_types: Option<Vec<String>>,
}

fn create(call: &Call<'_>) -> Result<Answer> {
    let spec: Create = call.parameter("create_spec")?;
    call.require_tagging("CreateCategory")?;
    check_name(&spec.name)?;
    let mut tagging = call.tagging();
    check_unique(&tagging, &spec.name, None)?;
    let id = id_for("Category", spec.category_id)?;
    if tagging.categories.contains_key(&id) {
        return Err(already_exists("category", &id));
    }
    let category = Category {
        id: id.clone(),
        name: spec.name,
        description: spec.description,
        cardinality: spec.cardinality,
        associable_types: spec.associable_types,
        used_by: Vec::new(),
    };
    tagging.categories.insert(id.clone(), category);
    Ok(Answer::Created(json!(id), None))
}

/// Names of categories differ.
fn check_unique(tagging: &Tagging, name: &str, id: Option<&str>) -> Result<()> {
    let taken = tagging.categories.values().any(|other| other.name == name && Some(&*other.id) != id);
    if taken { Err(already_exists("category", name)) } else { Ok(()) }
}

fn get(call: &Call<'_>, id: &str) -> Result<Answer> {
    call.tagging().categories.get(id).map(value).ok_or_else(|| not_found(id))
}

fn list_all(call: &Call<'_>) -> Result<Answer> {
    Ok(list(call.tagging().categories.keys()))
}

fn list_used(call: &Call<'_>) -> Result<Answer> {
    let UsedBy { used_by_entity } = call.parameters()?;
    let tagging = call.tagging();
    let used = tagging.categories.values().filter(|category| category.used_by.contains(&used_by_entity));
    Ok(list(used.map(|category| &category.id)))
}

fn update(call: &Call<'_>, id: &str) -> Result<Answer> {
    let spec: Update = call.parameter("update_spec")?;
    call.require_tagging("EditCategory")?;
    let mut tagging = call.tagging();
    if let Some(name) = &spec.name {
        check_name(name)?;
        check_unique(&tagging, name, Some(id))?;
    }
    let category = tagging.categories.get_mut(id).ok_or_else(|| not_found(id))?;
    let wrong = |message: &str| {
        Err(Error::invalid_argument("cis.tagging.badCategoryUpdate.error", message.to_owned()).with(&[id]))
    };
    // Objects may have several tags of it already, or be of a type that would be gone.
    if category.cardinality == Cardinality::Multiple && spec.cardinality == Some(Cardinality::Single) {
        return wrong("The cardinality of a category cannot be changed from MULTIPLE to SINGLE");
    }
    if let Some(types) = spec.associable_types.filter(|types| !types.is_empty()) {
        if category.associable_types.is_empty()
            || !category.associable_types.iter().all(|old| types.contains(old))
        {
            return wrong("Associable types can be added to a category, but not taken from it");
        }
        category.associable_types = types;
    }
    category.name = spec.name.unwrap_or_else(|| category.name.clone());
    category.description = spec.description.unwrap_or_else(|| category.description.clone());
    category.cardinality = spec.cardinality.unwrap_or(category.cardinality);
    Ok(Answer::Done)
}

/// The tags of a category go with it.
fn delete(call: &Call<'_>, id: &str) -> Result<Answer> {
    call.require_tagging("DeleteCategory")?;
    let mut tagging = call.tagging();
    tagging.categories.shift_remove(id).ok_or_else(|| not_found(id))?;
    tagging.tags.retain(|_, tag| tag.category_id != id);
    Ok(Answer::Done)
}

fn set_used(call: &Call<'_>, id: &str, used: bool) -> Result<Answer> {
    let UsedBy { used_by_entity } = call.parameters()?;
    call.require_tagging("ModifyUsedByForCategory")?;
    let mut tagging = call.tagging();
    let category = tagging.categories.get_mut(id).ok_or_else(|| not_found(id))?;
    use_by(&mut category.used_by, used_by_entity, used);
    Ok(Answer::Done)
}
