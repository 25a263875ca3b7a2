//! Managed objects with their properties and methods; without metadata, methods alone.

use super::build::{Context, Place, index, since};
use super::{Answer, Facts, Field, Method, Model, Object, ObjectId, ServiceId, Ty};
use crate::error::{Error, Result};
use crate::metadata::{Metadata, MethodFacts, PropertyFacts};
use crate::names;
use crate::schema::{QName, RawElement, RawOperation};
use std::collections::{BTreeMap, BTreeSet};

/// Method names that a handle, or a trait that everyone has in scope, has already.
const TAKEN: [&str; 26] = [
    "as_ref",
    "await",
    "borrow",
    "borrow_mut",
    "caller",
    "clone",
    "clone_from",
    "cmp",
    "default",
    "deref",
    "drop",
    "eq",
    "fmt",
    "from",
    "handle",
    "hash",
    "into",
    "into_future",
    "moref",
    "ne",
    "new",
    "to_owned",
    "to_string",
    "try_from",
    "try_into",
    "type_id",
];

pub(super) fn objects(model: &mut Model, context: &mut Context<'_, '_>) -> Result<()> {
    for service in 0..model.services.len() {
        let namespace = model.services[service].namespace.clone();
        let mut operations: BTreeMap<&str, &RawOperation> = BTreeMap::new();
        if let Some(port) = context.raw.ports.get(&namespace) {
            for operation in &port.operations {
                if operations.insert(&operation.name, operation).is_some() {
                    let cause = format!("a second operation \"{}\"", operation.name);
                    return Err(Error::line(&port.file, operation.line, cause));
                }
            }
        }
        match context.facts(&namespace) {
            Some(facts) => with_metadata(model, context, service, facts, &operations)?,
            None => {
                for operation in operations.values() {
                    let place = Owner { name: "", service, since: 0 };
                    let method = method(model, context, &place, operation, None)?;
                    model.functions.push(method);
                }
            }
        }
    }
    bases(model, context)?;
    idents(model, context)
}

fn with_metadata(
    model: &mut Model,
    context: &mut Context<'_, '_>,
    service: ServiceId,
    facts: &Metadata,
    operations: &BTreeMap<&str, &RawOperation>,
) -> Result<()> {
    let mut owned: BTreeSet<&str> = BTreeSet::new();
    for (name, of) in &facts.managed_objects {
        let since = since(model, service, of.since.as_ref(), name)?;
        let owner = Owner { name, service, since };
        let properties = of
            .properties
            .iter()
            .map(|facts| property(model, context, &owner, facts))
            .collect::<Result<_>>()?;
        let mut methods = Vec::with_capacity(of.methods.len());
        // A folder with the types only has managed objects with properties, and no methods.
        for facts in of.methods.iter().filter(|_| !operations.is_empty()) {
            let operation = operations.get(facts.name.as_str()).copied().ok_or_else(|| {
                Error::new(
                    owner.metadata(model),
                    format!("{name}.{}", facts.name),
                    "the WSDL has no such method",
                )
            })?;
            if !owned.insert(&operation.name) {
                return Err(Error::new(
                    owner.metadata(model),
                    &operation.name,
                    "two managed objects have that method",
                ));
            }
            methods.push(method(model, context, &owner, operation, Some(facts))?);
        }
        let vmodl = of.vmodl.clone();
        model.objects.push(Object {
            name: name.clone(),
            service,
            vmodl,
            since,
            base: None,
            subtypes: Vec::new(),
            properties,
            methods,
        });
    }
    match operations.keys().find(|name| !owned.contains(**name)) {
        Some(name) => Err(Error::new(
            format!("metadata of {}", facts.service),
            *name,
            "no managed object has that method",
        )),
        None => Ok(()),
    }
}

/// What has properties and methods.
struct Owner<'a> {
    name: &'a str,
    service: ServiceId,
    since: usize,
}

impl Owner<'_> {
    fn metadata(&self, model: &Model) -> String {
        format!("metadata of {}", model.services[self.service].name)
    }
}

fn property(
    model: &Model,
    context: &Context<'_, '_>,
    owner: &Owner<'_>,
    facts: &PropertyFacts,
) -> Result<Field> {
    let fault =
        |cause: String| Error::new(owner.metadata(model), format!("{}.{}", owner.name, facts.name), cause);
    let service = &model.services[owner.service];
    let ty = context
        .bare_ty(&service.namespace, &facts.ty)
        .ok_or_else(|| fault(format!("there is no type \"{}\"", facts.ty)))?;
    let own = match &facts.since {
        None => owner.since,
        Some(version) => {
            index(service, version).ok_or_else(|| fault(format!("there is no API version \"{version}\"")))?
        }
    };
    Ok(Field {
        wire: facts.name.clone(),
        ident: names::ident(&facts.name),
        ty,
        optional: facts.optional,
        array: facts.array,
        boxed: false,
        since: own.max(owner.since),
        later: own > owner.since,
        facts: Facts {
            target: facts.target.clone(),
            is: facts.is.clone(),
            privilege: facts.privilege.clone(),
            ..Facts::default()
        },
    })
}

fn method(
    model: &Model,
    context: &Context<'_, '_>,
    owner: &Owner<'_>,
    operation: &RawOperation,
    facts: Option<&MethodFacts>,
) -> Result<Method> {
    let namespace = &model.services[owner.service].namespace;
    let file = context.raw.ports.get(namespace).map_or("WSDL", |port| port.file.as_str());
    let fault = |cause: String| Error::line(file, operation.line, format!("{}: {cause}", operation.name));
    let own = since(model, owner.service, facts.and_then(|facts| facts.since.as_ref()), &operation.name)?;
    let place = Place {
        file,
        line: operation.line,
        owner: &operation.name,
        service: owner.service,
        since: own.max(owner.since),
    };
    let request = match context.raw.elements.get(&operation.input) {
        Some(RawElement::Named(ty)) => context.raw.types.get(ty),
        _ => None,
    };
    let request =
        request.ok_or_else(|| fault(format!("the type of \"{}\" is not declared", operation.input.name)))?;
    let mut params = Vec::with_capacity(request.fields.len());
    for raw in request.fields.iter().filter(|raw| raw.name != "_this") {
        params.push(context.field(
            model,
            &place,
            raw,
            facts.and_then(|facts| facts.params.get(&raw.name)),
        )?);
    }
    if let Some(name) = facts
        .and_then(|facts| facts.params.keys().find(|name| !params.iter().any(|param| param.wire == **name)))
    {
        return Err(Error::new(
            owner.metadata(model),
            format!("{}.{name}", operation.name),
            "the WSDL's method has no such parameter",
        ));
    }
    let mut faults = Vec::with_capacity(operation.faults.len());
    for name in &operation.faults {
        match context.ty(name) {
            Some(Ty::Data(id)) => faults.push(id),
            _ => return Err(fault(format!("its fault \"{}\" is no data type", name.name))),
        }
    }
    let stem = operation.name.strip_suffix("_Task").unwrap_or(&operation.name);
    Ok(Method {
        wire: operation.name.clone(),
        ident: names::snake(facts.map_or(&operation.name, |facts| &facts.vmodl)),
        constant: names::shouty(&operation.name),
        call: names::camel(stem) + "Call",
        service: owner.service,
        since: own.max(owner.since),
        later: own > owner.since,
        task: facts.map_or(stem.len() < operation.name.len(), |facts| facts.task),
        privilege: facts.and_then(|facts| facts.privilege.clone()),
        params,
        result: answer(context, namespace, &operation.output, facts).map_err(fault)?,
        secret: facts.is_some_and(|facts| facts.secret),
        faults,
    })
}

fn answer(
    context: &Context<'_, '_>,
    namespace: &str,
    output: &QName,
    facts: Option<&MethodFacts>,
) -> std::result::Result<Option<Answer>, String> {
    let target = facts.and_then(|facts| facts.target.clone());
    if let Some(facts) = facts.filter(|facts| facts.task) {
        let Some(name) = &facts.result else { return Ok(None) };
        let ty = context
            .bare_ty(namespace, name)
            .ok_or_else(|| format!("there is no type \"{name}\" for its task's result"))?;
        return Ok(Some(Answer { ty, optional: false, array: facts.result_array, target }));
    }
    let fields = match context.raw.elements.get(output) {
        Some(RawElement::Inline(fields)) => fields.as_slice(),
        Some(RawElement::Named(ty)) => context.raw.types.get(ty).map_or(&[][..], |ty| &ty.fields),
        None => return Err(format!("there is no element \"{}\"", output.name)),
    };
    match fields {
        [] => Ok(None),
        [field] => {
            let ty =
                context.ty(&field.ty).ok_or_else(|| format!("there is no type \"{}\"", field.ty.name))?;
            // Without metadata a task's reference is all that a WSDL tells.
            if facts.is_none() && output.name.ends_with("_TaskResponse") {
                return Ok(Some(Answer { ty: Ty::Any, optional: false, array: false, target: None }));
            }
            Ok(Some(Answer { ty, optional: field.optional, array: field.array, target }))
        }
        _ => Err("it answers more than one value".to_owned()),
    }
}

fn bases(model: &mut Model, context: &Context<'_, '_>) -> Result<()> {
    let facts = context.metadata.iter().flat_map(|metadata| &metadata.managed_objects);
    let of: BTreeMap<&str, &str> =
        facts.filter_map(|(name, of)| Some((name.as_str(), of.base.as_deref()?))).collect();
    for id in 0..model.objects.len() {
        let name = &model.objects[id].name;
        let fault = |cause: &str| {
            Error::new(format!("metadata of {}", model.services[model.objects[id].service].name), name, cause)
        };
        let Some(base) = of.get(name.as_str()) else { continue };
        let base = model.object(base).ok_or_else(|| fault("what it extends is not a managed object"))?;
        if model.object_lineage(base).take(model.objects.len() + 1).any(|ancestor| ancestor == id) {
            return Err(fault("extends itself"));
        }
        model.objects[id].base = Some(base);
        model.objects[base].subtypes.push(id);
    }
    let twice = model.objects.iter().enumerate().find(|(id, object)| model.object(&object.name) != Some(*id));
    match twice {
        Some((_, object)) => Err(Error::new("metadata", &object.name, "two managed objects of that name")),
        None => Ok(()),
    }
}

/// Gives every method a name in Rust that no ancestor's method and no everyday trait's has.
fn idents(model: &mut Model, context: &mut Context<'_, '_>) -> Result<()> {
    let mut order: Vec<ObjectId> = (0..model.objects.len()).collect();
    order.sort_by_key(|id| model.object_lineage(*id).count());
    for id in order {
        let inherited = model.object_lineage(id).skip(1).flat_map(|id| &model.objects[id].methods);
        let mut taken: BTreeSet<String> = inherited.map(|method| method.ident.clone()).collect();
        taken.extend(TAKEN.iter().map(|name| (*name).to_owned()));
        let namespace = model.services[model.objects[id].service].namespace.clone();
        for at in 0..model.objects[id].methods.len() {
            let method = &model.objects[id].methods[at];
            let wire = method.wire.clone();
            let name = match context.fixups.method(&namespace, &wire) {
                Some(name) => name.to_owned(),
                None if taken.contains(&method.ident) => {
                    names::snake(wire.strip_suffix("_Task").unwrap_or(&wire))
                }
                None => method.ident.clone(),
            };
            if !taken.insert(name.clone()) {
                let cause = format!("its name \"{name}\" is taken; a fixup must give it another");
                return Err(Error::new("schema", format!("{}.{wire}", model.objects[id].name), cause));
            }
            model.objects[id].methods[at].ident = names::raw(&name);
        }
    }
    for method in &mut model.functions {
        method.ident = names::raw(&method.ident);
    }
    let mut constants = BTreeSet::new();
    let methods = model.objects.iter().flat_map(|object| &object.methods).chain(&model.functions);
    for method in methods {
        if !constants.insert(&method.constant) {
            return Err(Error::new(
                "schema",
                &method.wire,
                format!("a second method whose description is {}", method.constant),
            ));
        }
    }
    Ok(())
}
