//! From declarations to the model: types, enumerations and services.

use super::{DataType, Enumeration, Facts, Field, Model, Service, ServiceId, Ty};
use crate::error::{Error, Result};
use crate::fixups::Applied;
use crate::metadata::{FieldFacts, Metadata};
use crate::names;
use crate::schema::{QName, Raw, RawField, RawType, XSD};
use std::collections::{BTreeMap, BTreeSet};

/// What resolving needs everywhere.
pub(super) struct Context<'a, 'f> {
    pub(super) raw: &'a Raw,
    pub(super) metadata: &'a [Metadata],
    pub(super) fixups: &'a mut Applied<'f>,
    pub(super) services: BTreeMap<String, ServiceId>,
    pub(super) names: BTreeMap<QName, Ty>,
}

/// Resolves what was read.
///
/// # Errors
///
/// A reference to what is not declared, metadata about what is not there, two things of one name in Rust, or a type that
/// has no end.
pub fn build(raw: &Raw, metadata: &[Metadata], fixups: &mut Applied<'_>) -> Result<Model> {
    let mut model = Model::default();
    let mut context = Context { raw, metadata, fixups, services: BTreeMap::new(), names: BTreeMap::new() };
    services(&mut model, &mut context)?;
    declare(&mut model, &mut context)?;
    resolve(&mut model, &mut context)?;
    super::methods::objects(&mut model, &mut context)?;
    super::shape::shape(&mut model)?;
    tie_values(&mut model);
    unique(&model)?;
    missing(&mut model, raw);
    Ok(model)
}

impl<'a> Context<'a, '_> {
    pub(super) fn facts(&self, namespace: &str) -> Option<&'a Metadata> {
        self.metadata.iter().find(|metadata| metadata.namespace == namespace)
    }

    pub(super) fn ty(&self, name: &QName) -> Option<Ty> {
        if name.ns != XSD {
            return self.names.get(name).copied();
        }
        Some(match name.name.as_str() {
            "boolean" => Ty::Bool,
            "byte" => Ty::I8,
            "short" => Ty::I16,
            "int" => Ty::I32,
            "long" => Ty::I64,
            "float" => Ty::F32,
            "double" => Ty::F64,
            "string" | "anyURI" => Ty::String,
            "dateTime" => Ty::DateTime,
            "base64Binary" => Ty::Binary,
            "anyType" => Ty::Any,
            _ => return None,
        })
    }

    /// The type of that local name, as metadata has it: `xsd:` and a primitive, or of that service, or of one that it
    /// builds on.
    pub(super) fn bare_ty(&self, namespace: &str, name: &str) -> Option<Ty> {
        let of = |ns: &str| self.ty(&QName { ns: ns.to_owned(), name: name.to_owned() });
        if let Some(name) = name.strip_prefix("xsd:") {
            return self.ty(&QName { ns: XSD.to_owned(), name: name.to_owned() });
        }
        of(namespace).or_else(|| self.services.keys().find_map(|ns| of(ns)))
    }

    pub(super) fn field(
        &self,
        model: &Model,
        place: &Place<'_>,
        raw: &RawField,
        facts: Option<&FieldFacts>,
    ) -> Result<Field> {
        let fault = |cause: String| {
            Error::line(place.file, place.line, format!("{}.{}: {cause}", place.owner, raw.name))
        };
        let ty = self.ty(&raw.ty).ok_or_else(|| fault(format!("there is no type \"{}\"", raw.ty.name)))?;
        let mut field = Field {
            wire: raw.name.clone(),
            ident: names::ident(&raw.name),
            ty,
            optional: raw.optional,
            array: raw.array,
            boxed: false,
            since: place.since,
            later: false,
            facts: Facts::default(),
        };
        let Some(facts) = facts else { return Ok(field) };
        if let Some(since) = &facts.since {
            let since = index(&model.services[place.service], since)
                .ok_or_else(|| fault(format!("there is no API version \"{since}\"")))?;
            field.later = since > place.since;
            field.since = since.max(place.since);
        }
        field.facts = Facts {
            target: facts.target.clone(),
            link: match &facts.link {
                None => None,
                Some(name) => match self.bare_ty(&model.services[place.service].namespace, name) {
                    Some(Ty::Data(id)) => Some(id),
                    _ => return Err(fault(format!("its link \"{name}\" is no data type"))),
                },
            },
            values: None,
            is: facts.is.clone(),
            privilege: facts.privilege.clone(),
            secret: facts.secret,
        };
        Ok(field)
    }
}

/// Where a field is declared.
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) owner: &'a str,
    pub(super) service: ServiceId,
    pub(super) since: usize,
}

pub(super) fn index(service: &Service, version: &str) -> Option<usize> {
    service.versions.iter().position(|known| known == version)
}

/// The version that brought something, from metadata.
pub(super) fn since(model: &Model, service: ServiceId, version: Option<&String>, of: &str) -> Result<usize> {
    let Some(version) = version else { return Ok(0) };
    index(&model.services[service], version).ok_or_else(|| {
        Error::new(
            format!("metadata of {}", model.services[service].name),
            of,
            format!("there is no API version \"{version}\""),
        )
    })
}

fn services(model: &mut Model, context: &mut Context<'_, '_>) -> Result<()> {
    let raw = context.raw;
    let declared = raw.types.keys().chain(raw.enums.keys()).map(|name| &name.ns);
    let mut namespaces: Vec<&String> =
        declared.chain(raw.ports.keys()).collect::<BTreeSet<_>>().into_iter().collect();
    // The others build on vim25.
    namespaces.sort_by_key(|ns| (ns.as_str() != "urn:vim25", *ns));
    for metadata in context.metadata {
        if !namespaces.contains(&&metadata.namespace) {
            return Err(Error::new(
                "metadata",
                &metadata.namespace,
                "no file declares anything of that namespace",
            ));
        }
    }
    for namespace in namespaces {
        let name = namespace.rsplit([':', '/']).find(|part| !part.is_empty()).unwrap_or("service").to_owned();
        let facts = context.facts(namespace);
        let port = raw.ports.get(namespace);
        let version = match (facts, port.and_then(|port| port.version.clone())) {
            (Some(facts), Some(version)) if facts.version != version => {
                let cause = format!("is of version {}, the WSDL of {version}", facts.version);
                return Err(Error::new("metadata", namespace, cause));
            }
            (Some(facts), _) => facts.version.clone(),
            (None, version) => version.unwrap_or_default(),
        };
        context.services.insert(namespace.clone(), model.services.len());
        model.services.push(Service {
            namespace: namespace.clone(),
            constant: names::snake(&name).to_ascii_uppercase(),
            path: path(&name),
            versions: facts.map_or_else(|| vec![version.clone()], |facts| facts.versions.clone()),
            version,
            metadata: facts.is_some(),
            name,
        });
    }
    Ok(())
}

/// Where a vCenter serves it. The WSDL's own addresses are of no use: they say `https://localhost/sdk/pbmService`.
fn path(name: &str) -> String {
    match name {
        "vim25" => "/sdk".to_owned(),
        "pbm" => "/pbm".to_owned(),
        "vslm" => "/vslm/sdk".to_owned(),
        other => format!("/{other}/sdk"),
    }
}

/// Whether a type is only a message: a request, or the wrapper of an array in an `anyType`.
fn is_message(name: &str, ty: &RawType) -> bool {
    let request =
        name.ends_with("RequestType") && ty.fields.first().is_some_and(|field| field.name == "_this");
    let array = name.starts_with("ArrayOf")
        && ty.base.is_none()
        && matches!(ty.fields.as_slice(), [field] if field.array);
    request || array
}

fn declare(model: &mut Model, context: &mut Context<'_, '_>) -> Result<()> {
    let mut taken: BTreeSet<String> = RESERVED.iter().map(|name| (*name).to_owned()).collect();
    let mut rust_name = |wire: &str, service: &Service| {
        let plain = names::first_upper(wire);
        let free = [plain.clone(), names::first_upper(&service.name) + &plain];
        free.into_iter().find(|name| taken.insert(name.clone()))
    };
    // By service, so that the one that others build on keeps its names.
    for service in 0..model.services.len() {
        let namespace = model.services[service].namespace.clone();
        let facts = context.facts(&namespace);
        for (name, ty) in context.raw.types.iter().filter(|(name, _)| name.ns == namespace) {
            if ty.simple {
                if name.name != "ManagedObjectReference" {
                    let cause = format!("\"{}\" is text with attributes, which is not known here", name.name);
                    return Err(Error::line(&ty.file, ty.line, cause));
                }
                context.names.insert(name.clone(), Ty::MoRef);
                continue;
            }
            if is_message(&name.name, ty) {
                continue;
            }
            let twice = || Error::line(&ty.file, ty.line, format!("a second type \"{}\"", name.name));
            let of = facts.and_then(|facts| facts.types.get(&name.name));
            context.names.insert(name.clone(), Ty::Data(model.types.len()));
            model.types.push(DataType {
                wire: name.name.clone(),
                rust: rust_name(&name.name, &model.services[service]).ok_or_else(twice)?,
                service,
                vmodl: of.map(|of| of.vmodl.clone()),
                since: since(model, service, of.and_then(|of| of.since.as_ref()), &name.name)?,
                base: None,
                fields: Vec::new(),
                subtypes: Vec::new(),
                descendants: 0,
            });
        }
        for (name, declared) in context.raw.enums.iter().filter(|(name, _)| name.ns == namespace) {
            let twice =
                || Error::line(&declared.file, declared.line, format!("a second type \"{}\"", name.name));
            let of = facts.and_then(|facts| facts.enums.get(&name.name));
            let mut values: Vec<(String, String)> = Vec::with_capacity(declared.values.len());
            for value in &declared.values {
                let constant = match context.fixups.constant(&namespace, &name.name, value) {
                    Some(constant) => constant.to_owned(),
                    None => names::shouty(value),
                };
                if let Some((_, other)) = values.iter().find(|(known, _)| *known == constant) {
                    let cause = format!(
                        "{}: \"{value}\" and \"{other}\" are both {constant}; a fixup must name one",
                        name.name
                    );
                    return Err(Error::line(&declared.file, declared.line, cause));
                }
                values.push((constant, value.clone()));
            }
            context.names.insert(name.clone(), Ty::Enum(model.enums.len()));
            model.enums.push(Enumeration {
                wire: name.name.clone(),
                rust: rust_name(&name.name, &model.services[service]).ok_or_else(twice)?,
                service,
                vmodl: of.map(|of| of.vmodl.clone()),
                since: since(model, service, of.and_then(|of| of.since.as_ref()), &name.name)?,
                values,
            });
        }
        for name in facts.iter().flat_map(|facts| facts.types.keys().chain(facts.enums.keys())) {
            if !context.names.contains_key(&QName { ns: namespace.clone(), name: name.clone() }) {
                return Err(Error::new(
                    format!("metadata of {namespace}"),
                    name,
                    "no schema declares that type",
                ));
            }
        }
    }
    Ok(())
}

fn resolve(model: &mut Model, context: &mut Context<'_, '_>) -> Result<()> {
    for id in 0..model.types.len() {
        let DataType { wire, service, since, .. } = &model.types[id];
        let namespace = &model.services[*service].namespace;
        let key = QName { ns: namespace.clone(), name: wire.clone() };
        let Some(raw) = context.raw.types.get(&key) else { continue };
        let place = Place { file: &raw.file, line: raw.line, owner: wire, service: *service, since: *since };
        let base = match &raw.base {
            None => None,
            Some(name) => match context.ty(name) {
                Some(Ty::Data(base)) => Some(base),
                _ => {
                    return Err(Error::line(
                        &raw.file,
                        raw.line,
                        format!("{wire} extends \"{}\", which is not declared", name.name),
                    ));
                }
            },
        };
        let facts =
            context.facts(namespace).and_then(|facts| facts.types.get(wire)).map(|facts| &facts.fields);
        let mut fields = Vec::with_capacity(raw.fields.len());
        for raw in &raw.fields {
            let mut field =
                context.field(model, &place, raw, facts.and_then(|facts| facts.get(&raw.name)))?;
            if !field.optional && context.fixups.optional(namespace, wire, &raw.name) {
                field.optional = true;
            }
            fields.push(field);
        }
        if let Some(name) = facts
            .iter()
            .flat_map(|facts| facts.keys())
            .find(|name| !fields.iter().any(|field| field.wire == **name))
        {
            return Err(Error::new(
                format!("metadata of {namespace}"),
                format!("{wire}.{name}"),
                "the schema's type has no such field",
            ));
        }
        model.types[id].base = base;
        model.types[id].fields = fields;
    }
    Ok(())
}

/// Ties string fields to the enumeration that VMODL declares within the same type by the same name.
fn tie_values(model: &mut Model) {
    let by_name: BTreeMap<String, usize> = (model.enums.iter().enumerate())
        .filter_map(|(id, ty)| Some((ty.vmodl.as_ref()?.to_ascii_lowercase(), id)))
        .collect();
    for ty in &mut model.types {
        let Some(vmodl) = ty.vmodl.as_ref().map(|name| name.to_ascii_lowercase()) else { continue };
        for field in ty.fields.iter_mut().filter(|field| field.ty == Ty::String) {
            let name = field.wire.to_ascii_lowercase();
            let spellings = [name.clone(), format!("{name}s"), name.trim_end_matches('s').to_owned()];
            field.facts.values =
                spellings.iter().find_map(|name| by_name.get(&format!("{vmodl}.{name}")).copied());
        }
    }
}

/// Refuses two fields of one name in a type with all that it extends.
fn unique(model: &Model) -> Result<()> {
    for id in 0..model.types.len() {
        let mut seen = BTreeSet::from(["extends"]);
        for field in model.lineage(id).flat_map(|id| &model.types[id].fields) {
            if !seen.insert(&field.ident) {
                let cause =
                    format!("a second field \"{}\", or one of that name in what it extends", field.ident);
                return Err(Error::new("schema", &model.types[id].wire, cause));
            }
        }
    }
    Ok(())
}

fn missing(model: &mut Model, raw: &Raw) {
    for (id, service) in model.services.iter().enumerate() {
        let name = &service.name;
        if service.version.is_empty() {
            model.missing.push(format!(
                "{name}: neither a WSDL with bindings nor metadata, so its API version is not known"
            ));
        }
        if !raw.ports.contains_key(&service.namespace) {
            model.missing.push(format!("{name}: there is no WSDL with its methods, so it has none"));
        }
        if !service.metadata {
            let methods = model.functions.iter().filter(|method| method.service == id).count();
            let functions = match methods {
                0 => String::new(),
                count => format!(
                    "its {count} methods are functions on any managed object, task results are `Any`, and "
                ),
            };
            model.missing.push(format!(
                "{name}: there is no metadata, so {functions}there are no managed objects, properties, privileges, versions \
                 of types and fields, secrets, nor what references point to"
            ));
        }
    }
}

/// Names that generated code uses unqualified.
const RESERVED: [&str; 14] = [
    "Option", "Some", "None", "Vec", "Box", "String", "Default", "Self", "Send", "Sync", "Clone", "Debug",
    "From", "Into",
];
