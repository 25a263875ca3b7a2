//! Each method's description against the WSDL and the metadata, and each method as it is sent.

use crate::schema::{PBM, Schema, VIM25, schema};
use codegen::metadata::MethodFacts;
use codegen::schema::{QName, RawElement, RawField, RawOperation};
use std::collections::BTreeMap;
use std::sync::Arc;
use vim_types::METHODS;
use vim_wire::{
    Answer, Any, BoxFuture, BoxStream, Call, Caller, EncodeError, Error, Handle, MethodDesc, MoRef, REQUIRED,
    Request, SECRET, TaskProgress, TaskRef,
};

pub(crate) struct Method {
    pub(crate) ns: &'static str,
    pub(crate) this: &'static str,
    /// The index of the version that brought it.
    since: u8,
    pub(crate) facts: &'static MethodFacts,
    pub(crate) operation: &'static RawOperation,
    /// The type of the message that asks.
    pub(crate) request: &'static QName,
    /// The parameters, without `_this`.
    pub(crate) params: &'static [RawField],
    /// What it answers: nothing, or one element.
    pub(crate) answer: Option<&'static RawField>,
}

/// The methods of both services by name, from the WSDL.
pub(crate) fn methods() -> BTreeMap<&'static str, Method> {
    [VIM25, PBM].into_iter().flat_map(|ns| of(schema(), ns)).collect()
}

fn of(schema: &'static Schema, ns: &'static str) -> impl Iterator<Item = (&'static str, Method)> {
    let objects = &schema.metadata(ns).managed_objects;
    let owned = objects
        .iter()
        .flat_map(|(this, object)| object.methods.iter().map(move |facts| (this, object, facts)));
    owned.map(move |(this, object, facts)| {
        let operations = &schema.raw.ports[ns].operations;
        let operation =
            operations.iter().find(|operation| operation.name == facts.name).expect("an operation");
        let RawElement::Named(request) = &schema.raw.elements[&operation.input] else { panic!("no request") };
        let [target, params @ ..] = schema.raw.types[request].fields.as_slice() else { panic!("no _this") };
        assert_eq!((target.name.as_str(), target.ty.name.as_str()), ("_this", "ManagedObjectReference"));
        let RawElement::Inline(answer) = &schema.raw.elements[&operation.output] else {
            panic!("no response")
        };
        assert!(answer.len() <= 1 && answer.iter().all(|answer| answer.name == "returnval"));
        let since = schema.version(ns, facts.since.as_ref()).max(schema.version(ns, object.since.as_ref()));
        (
            facts.name.as_str(),
            Method { ns, this, since, facts, operation, request, params, answer: answer.first() },
        )
    })
}

fn descriptions() -> impl Iterator<Item = &'static MethodDesc> {
    METHODS.iter().flat_map(|area| area.iter().copied())
}

#[test]
fn every_method_of_the_schema_is_described_and_nothing_else() {
    let methods = methods();
    let of = |ns: &str| schema().raw.ports[ns].operations.len();
    assert_eq!((of(VIM25), of(PBM), methods.len()), (975, 32, 1007));
    let mut names: Vec<_> = descriptions().map(|method| method.name).collect();
    names.sort_unstable();
    assert!(names.iter().eq(methods.keys()));
    for area in METHODS {
        assert!(area.is_sorted_by_key(|method| method.name));
    }
    assert_eq!(descriptions().filter(|method| method.task && method.service.namespace == VIM25).count(), 249);
}

#[test]
fn each_method_has_its_parameters_in_order_its_faults_and_its_result() {
    let methods = methods();
    for desc in descriptions() {
        let method = &methods[desc.name];
        let facts = method.facts;
        assert_eq!(
            (desc.service.namespace, desc.this, desc.task),
            (method.ns, method.this, facts.task),
            "{desc:?}"
        );
        assert_eq!(desc.since, method.since, "{desc:?}");
        assert_eq!(desc.privilege, facts.privilege.as_deref(), "{desc:?}");
        assert!(
            desc.params.iter().map(|param| param.name).eq(method.params.iter().map(|param| &param.name)),
            "{desc:?}"
        );
        for (param, wanted) in desc.params.iter().zip(method.params) {
            let facts = facts.params.get(&wanted.name);
            let since = schema().version(method.ns, facts.and_then(|facts| facts.since.as_ref()));
            assert_eq!(param.since, since.max(method.since), "{desc:?} {}", param.name);
            let secret = if facts.is_some_and(|facts| facts.secret) { SECRET } else { 0 };
            assert_eq!(
                param.flags,
                secret | if wanted.optional { 0 } else { REQUIRED },
                "{desc:?} {}",
                param.name
            );
        }
        assert!(desc.faults.iter().eq(method.operation.faults.iter().map(|fault| &fault.name)), "{desc:?}");
        let result = match (facts.task, method.answer) {
            (true, _) => facts.result.as_deref().unwrap_or("").trim_start_matches("xsd:"),
            (false, answer) => answer.map_or("", |answer| &answer.ty.name),
        };
        assert_eq!(desc.result, result, "{desc:?}");
        // A task's response is the task.
        assert!(
            !facts.task || method.answer.is_some_and(|answer| answer.ty.name == "ManagedObjectReference"),
            "{desc:?}"
        );
    }
}

/// Sends nothing.
#[derive(Debug)]
pub(crate) struct Nobody;

impl Caller for Nobody {
    fn call<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Answer, Error>> {
        panic!("{request:?}")
    }

    fn wait<'a>(&'a self, task: &'a TaskRef) -> BoxFuture<'a, Result<Any, Error>> {
        panic!("{task:?}")
    }

    fn progress(&self, task: &TaskRef) -> BoxStream<'static, Result<TaskProgress, Error>> {
        panic!("{task:?}")
    }

    fn cancel<'a>(&'a self, task: &'a TaskRef) -> BoxFuture<'a, Result<(), Error>> {
        panic!("{task:?}")
    }
}

pub(crate) fn handle() -> Handle {
    Handle::new(Arc::new(Nobody), MoRef::new("Folder", "group-v3"))
}

/// The document of a call, between the envelope's tags.
pub(crate) fn sent<R>(call: &Call<'_, R>, server: Option<&str>) -> Result<String, Error> {
    let soap = call.to_request().to_soap(server, &[])?;
    let (head, rest) = soap.split_once("<soapenv:Body>").expect("a body");
    let declared = "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
                    xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
                    xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">";
    assert!(head.ends_with(declared), "{soap}");
    Ok(rest.strip_suffix("</soapenv:Body></soapenv:Envelope>").expect("its end").to_owned())
}

/// The call of a method with all its parameters but one; what they hold is not looked at here, so that a text does.
fn call<'a>(handle: &'a Handle, desc: &'static MethodDesc, without: Option<usize>) -> Call<'a, ()> {
    let given = (0..desc.params.len()).filter(|index| Some(*index) != without);
    given.fold(Call::new(handle, desc), |call, index| call.arg(index, "x"))
}

#[test]
fn each_call_has_its_parameters_in_order_and_lacks_none_that_is_required() {
    let handle = handle();
    let mut missing = 0;
    for desc in descriptions() {
        let (name, ns) = (desc.name, desc.service.namespace);
        let params: String = desc.params.iter().map(|param| format!("<{0}>x</{0}>", param.name)).collect();
        let wanted =
            format!("<{name} xmlns=\"{ns}\"><_this type=\"Folder\">group-v3</_this>{params}</{name}>");
        assert_eq!(sent(&call(&handle, desc, None), None).expect("encodes"), wanted);
        for (index, param) in desc.params.iter().enumerate() {
            let incomplete = call(&handle, desc, Some(index));
            match sent(&incomplete, None) {
                Ok(text) if param.flags & REQUIRED == 0 => {
                    assert_eq!(text, wanted.replacen(&format!("<{0}>x</{0}>", param.name), "", 1));
                }
                Err(error) if param.flags & REQUIRED != 0 => {
                    let what = format!("{name}.{}", param.name);
                    assert!(
                        error.to_string().contains(&EncodeError::Missing { what }.to_string()),
                        "{error}"
                    );
                    missing += 1;
                }
                other => panic!("{desc:?} without {}: {other:?}", param.name),
            }
        }
    }
    assert!(missing > 1_000, "{missing}");
}

#[test]
fn a_server_older_than_a_method_or_a_parameter_is_refused_by_name() {
    let handle = handle();
    for desc in descriptions() {
        let versions = desc.service.versions;
        let newest = desc.params.iter().map(|param| param.since).fold(desc.since, u8::max);
        let whole = call(&handle, desc, None);
        assert!(sent(&whole, Some(versions[usize::from(newest)])).is_ok(), "{desc:?}");
        // `2.5`, `2.5u2` and `2.5u2server` are one version to a client.
        let older = versions.iter().rfind(|version| desc.service.index_of(version) < newest);
        let Some(older) = older else { continue };
        let error = sent(&whole, Some(older)).expect_err("is too new").to_string();
        assert!(
            error.contains(versions[usize::from(newest)]) && error.contains(desc.name),
            "{desc:?}: {error}"
        );
    }
}

pub(crate) fn parameters() -> impl Iterator<Item = (&'static QName, &'static RawField)> {
    schema().requests().flat_map(|(name, ty)| ty.fields.iter().map(move |field| (name, field)))
}
