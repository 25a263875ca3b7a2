//! Everything that a server has: each object that a reference leads to, with all of its properties.

use crate::check::{self, Answer, How};
use crate::http::{Failure, Soap};
use std::collections::{BTreeMap, VecDeque};
use vim_types::RetrieveResult;
use vim_wire::{Any, MoRef, ObjRef, Slot};

/// An object as it was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// Its reference.
    pub moref: MoRef,
    /// The properties, as they came.
    pub properties: BTreeMap<String, Any>,
    /// How it was reached: the object before it, and the path in it.
    pub from: Option<(MoRef, String)>,
}

/// What was found, in order, and what could not be read.
#[derive(Debug, Default)]
pub struct Crawl {
    /// The objects.
    pub objects: Vec<Found>,
    /// What was wrong.
    pub wrong: Vec<String>,
}

/// Reads all properties of all objects that can be reached.
///
/// # Errors
///
/// When the server does not answer.
pub async fn crawl(soap: &mut Soap, how: How) -> Result<Crawl, Failure> {
    let root = MoRef::new("ServiceInstance", "ServiceInstance");
    let mut crawl = Crawl::default();
    let mut known = BTreeMap::from([(root.clone(), ())]);
    let mut queue = VecDeque::from([(root, None)]);
    while let Some((moref, from)) = queue.pop_front() {
        let properties = match all_properties(soap, &moref, how).await? {
            Ok(properties) => properties,
            Err(wrong) => {
                crawl.wrong.push(format!("{moref} (from {from:?}): {wrong}"));
                continue;
            }
        };
        for (name, value) in &properties {
            references(value, name, &mut |path, to| {
                if known.insert(to.clone(), ()).is_none() {
                    queue.push_back((to.clone(), Some((moref.clone(), path.to_owned()))));
                }
            });
        }
        crawl.objects.push(Found { moref, properties, from });
    }
    Ok(crawl)
}

/// All properties of an object, or what is wrong with the answer.
///
/// # Errors
///
/// When the server does not answer.
pub async fn all_properties(
    soap: &mut Soap,
    moref: &MoRef,
    how: How,
) -> Result<Result<BTreeMap<String, Any>, String>, Failure> {
    let (status, body) = soap.post(&retrieve(&soap.content.property_collector.clone(), moref, None)).await?;
    let method = check::method("RetrievePropertiesEx").expect("the schema has it");
    Ok(match check::read(method, &soap.version, how, &body) {
        Err(error) => Err(error.to_string()),
        Ok(Answer::Fault { kind, message, .. }) => Err(format!("{status} {kind}: {message}")),
        Ok(Answer::Values(values)) => Ok(properties(&values)),
    })
}

/// The property collector's call for one object: all its properties, or one path.
#[must_use]
pub fn retrieve(collector: &MoRef, moref: &MoRef, path: Option<&str>) -> String {
    let which = match path {
        Some(path) => format!("<pathSet>{}</pathSet>", escape(path)),
        None => "<all>true</all>".to_owned(),
    };
    format!(
        "<RetrievePropertiesEx xmlns=\"urn:vim25\">{}<specSet><propSet><type>{}</type>{which}</propSet>\
         <objectSet>{}</objectSet></specSet><options/></RetrievePropertiesEx>",
        reference("_this", collector),
        moref.kind(),
        reference("obj", moref),
    )
}

/// A reference as an element.
#[must_use]
pub fn reference(name: &str, moref: &MoRef) -> String {
    format!("<{name} type=\"{}\">{}</{name}>", moref.kind(), escape(moref.value()))
}

/// A text as XML has it.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn properties(values: &[Any]) -> BTreeMap<String, Any> {
    let results = values.iter().filter_map(Any::downcast_ref::<RetrieveResult>);
    let objects = results.flat_map(|result| &result.objects);
    objects.flat_map(|object| &object.prop_set).map(|prop| (prop.name.clone(), prop.val.clone())).collect()
}

/// Visits each reference in a value, with the path to it.
pub fn references(value: &Any, path: &str, visit: &mut dyn FnMut(&str, &MoRef)) {
    match value {
        Any::MoRef(moref) => visit(path, moref),
        Any::Array(array) => {
            for (index, item) in array.items.iter().enumerate() {
                references(item, &format!("{path}[{index}]"), visit);
            }
        }
        Any::Object(object) => within(object.as_ref(), path, visit),
        _ => {}
    }
}

fn within(object: ObjRef<'_>, path: &str, visit: &mut dyn FnMut(&str, &MoRef)) {
    object.each(&mut |field, slot| {
        let path = format!("{path}.{}", field.name);
        match slot {
            Slot::MoRef(cell) => cell.values().iter().for_each(|moref| visit(&path, moref)),
            Slot::Any(cell) => cell.values().iter().for_each(|value| references(value, &path, visit)),
            Slot::Struct(items) => items.iter().for_each(|item| within(item, &path, visit)),
            Slot::Poly(_, items) => items.iter().for_each(|item| within(item.as_ref(), &path, visit)),
            _ => {}
        }
    });
}
