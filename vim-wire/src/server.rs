//! The server's side of the wire: calls to be read, answers and faults to be written. For simulators and test doubles.
//!
//! Reading is strict where a client's is lenient: what the schema or the version spoken does not know is refused, as a
//! server refuses it.

use crate::any::Any;
use crate::desc::MethodDesc;
use crate::encode::{Encoder, Target, What};
use crate::object::Object;
use crate::registry::{Registry, Service};
use crate::slot::{Cell, ObjRef, Slot, Wire};
use crate::soap;
use crate::xml::read::{DecodeError, Reader, Result, Rules, Tag};
use crate::{Limits, MoRef};
use std::fmt::{self, Write as _};

impl Reader<'_> {
    /// Refuses, from here on, what the schema does not know in that version: elements, types, missing required values.
    #[must_use]
    pub fn strict(mut self, service: &Service, version: u8) -> Self {
        self.rules = Rules { strict: true, exact: false, newest: version, namespace: service.namespace };
        self
    }

    /// Refuses also elements in another order than the schema's, and values that an enumeration does not have: what a
    /// server's answers must hold.
    #[must_use]
    pub fn exact(mut self, service: &Service, version: u8) -> Self {
        self.rules = Rules { strict: true, exact: true, newest: version, namespace: service.namespace };
        self
    }
}

impl<'x> Reader<'x> {
    /// Reads an element as a value of the type that the schema names for it, such as a method's result, or of the descendant
    /// that its `xsi:type` names.
    ///
    /// # Errors
    ///
    /// When the document is malformed, or the value is not of the type.
    pub fn declared(&mut self, declared: &'x str, tag: &Tag<'x>) -> Result<Any> {
        match self.registry.type_named(declared) {
            Some(desc) => Ok(Any::Object(self.object_of(desc, self.xsi_type(tag), tag)?)),
            None => self.any(Some(declared), tag),
        }
    }
}

/// A call that was received.
pub struct Incoming<'x> {
    /// The method's name on the wire.
    pub method: &'x str,
    /// The object that it is called on; empty where the call names none.
    pub this: MoRef,
    /// The `operationID` of the header, by which logs are compared.
    pub operation_id: Option<String>,
    /// Who is named by the assertion of the header's security token, where there is one. Its signature is not looked at.
    pub subject: Option<String>,
    params: Vec<(&'x str, Reader<'x>, Tag<'x>)>,
}

impl fmt::Debug for Incoming<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.method, self.this)
    }
}

impl<'x> Incoming<'x> {
    /// Reads an envelope. Parameters are looked at when they are asked for.
    ///
    /// # Errors
    ///
    /// When the document is malformed, is no envelope, or has an empty body.
    pub fn read(bytes: &'x [u8], registry: &'static Registry, limits: Limits) -> Result<Self> {
        let mut reader = Reader::new(bytes, registry, limits)?;
        let mut call = Self {
            method: "",
            this: MoRef::default(),
            operation_id: None,
            subject: None,
            params: Vec::new(),
        };
        let envelope = reader.root()?;
        if envelope.name() != "Envelope" {
            return Err(DecodeError::new(
                envelope.offset(),
                format!("<{}> is not a SOAP envelope", envelope.name()),
            ));
        }
        let mut found = false;
        reader.each(&envelope, |reader, part| match part.name() {
            "Header" => reader.each(part, |reader, entry| match entry.name() {
                "operationID" => {
                    call.operation_id = Some(reader.text(entry)?.into_owned());
                    Ok(())
                }
                "Security" => {
                    call.subject = descend(reader, entry, &["Assertion", "Subject", "NameID"])?;
                    Ok(())
                }
                _ => reader.skip(entry),
            }),
            "Body" if !found => reader.each(part, |reader, content| {
                if found {
                    return reader.skip(content);
                }
                found = true;
                call.method = content.name();
                reader.each(content, |reader, param| {
                    if param.name() == "_this" {
                        call.this = reader.moref(param)?;
                        return Ok(());
                    }
                    call.params.push((param.name(), reader.clone(), *param));
                    reader.skip(param)
                })
            }),
            _ => reader.skip(part),
        })?;
        reader.finish()?;
        if found { Ok(call) } else { Err(reader.fail("the SOAP envelope has an empty body")) }
    }

    /// Checks the parameters' names and presence against the method's, in the version that is spoken.
    ///
    /// # Errors
    ///
    /// Which parameter is not the method's, or is required and missing.
    pub fn check(&self, method: &'static MethodDesc, version: u8) -> Result<()> {
        for (name, _, tag) in &self.params {
            if !method.params.iter().any(|param| param.name == *name && param.since <= version) {
                return Err(DecodeError::new(
                    tag.offset(),
                    format!("{} has no parameter {name:?}", method.name),
                ));
            }
        }
        for param in method.params {
            if param.flags & crate::REQUIRED != 0
                && param.since <= version
                && !self.params.iter().any(|(name, ..)| *name == param.name)
            {
                return Err(DecodeError::new(
                    0,
                    format!("{} without {:?}, which it requires", method.name, param.name),
                ));
            }
        }
        Ok(())
    }

    /// The value of a parameter, or none where it was not sent.
    ///
    /// # Errors
    ///
    /// When the value is not of the type, or has what the version does not.
    pub fn param<T: Wire>(&self, name: &str, service: &Service, version: u8) -> Result<Option<T>> {
        let mut value = None;
        for (_, reader, tag) in self.params.iter().filter(|(param, ..)| *param == name) {
            let mut reader = reader.clone().strict(service, version);
            reader
                .value_into(value.get_or_insert_with(T::default), tag)
                .map_err(|error| error.within(tag.name()).within(self.method))?;
        }
        Ok(value)
    }
}

/// The text of the element to which those names lead; the last one, where there are more.
fn descend<'x>(reader: &mut Reader<'x>, at: &Tag<'x>, names: &[&str]) -> Result<Option<String>> {
    let Some((name, rest)) = names.split_first() else { return Ok(Some(reader.text(at)?.into_owned())) };
    let mut found = None;
    reader.each(at, |reader, tag| {
        if tag.name() != *name {
            return reader.skip(tag);
        }
        found = descend(reader, tag, rest)?;
        Ok(())
    })?;
    Ok(found)
}

/// A document that is being written to a client that speaks a version: what is newer is left out.
pub struct Writer {
    encoder: Encoder,
    namespace: &'static str,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("bytes", &self.encoder.out.len()).finish()
    }
}

const NOWHERE: What<'static> = What { owner: "", name: "" };

impl Writer {
    /// A writer of elements for a body.
    #[must_use]
    pub fn new(service: &'static Service, version: u8) -> Self {
        let target = Target { service, version: Some((version, String::new())), omit: true };
        Self { encoder: Encoder::new(target), namespace: service.namespace }.within()
    }

    /// Elements are written as inside of one of the service's namespace.
    fn within(mut self) -> Self {
        self.encoder.inside(self.namespace);
        self
    }

    /// How many bytes were written.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.encoder.out.len()
    }

    /// Whether nothing was written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.encoder.out.is_empty()
    }

    /// What was written.
    #[must_use]
    pub fn finish(self) -> String {
        self.encoder.out
    }

    /// Opens an element.
    pub fn open(&mut self, name: &str) {
        self.encoder.open(name, self.namespace, "");
    }

    /// Closes an element.
    pub fn close(&mut self, name: &str) {
        self.encoder.close(name, self.namespace);
    }

    /// Writes a text in an element.
    pub fn text(&mut self, name: &str, text: &str) {
        self.encoder.text(name, self.namespace, text, NOWHERE);
    }

    /// Writes a value as the elements of a field of its type.
    pub fn value<T: Wire>(&mut self, name: &str, value: &T) {
        self.slot(name, &Slot::of(value));
    }

    /// Writes what lies in a field as that field's elements.
    pub fn slot(&mut self, name: &str, slot: &Slot<'_>) {
        self.encoder.slot(name, self.namespace, slot, NOWHERE);
    }

    /// Writes an object where one of the type `declared` is expected; where that is empty, a value of any type.
    pub fn object(&mut self, name: &str, declared: &str, object: &Object) {
        self.encoder.object(name, self.namespace, declared, object);
    }

    /// The same of an object of which only the description is known.
    pub fn object_ref(&mut self, name: &str, declared: &str, object: ObjRef<'_>) {
        self.encoder.known(name, self.namespace, declared, object);
    }

    /// Writes a value that says its own type.
    pub fn any(&mut self, name: &str, value: &Any) {
        self.encoder.any(name, self.namespace, value, NOWHERE);
    }

    /// Writes what lies in a field as a value that says its own type: a list as an `ArrayOf…`. Nothing where there is none.
    pub fn any_slot(&mut self, name: &str, slot: &Slot<'_>) {
        let primitive = |kind: &str| format!(" xsi:type=\"xsd:{kind}\"");
        let (attrs, array, item) = match slot {
            Slot::Bool(cell) => (primitive("boolean"), many(cell).then_some("Boolean"), "boolean"),
            Slot::I8(cell) => (primitive("byte"), many(cell).then_some("Byte"), "byte"),
            Slot::I16(cell) => (primitive("short"), many(cell).then_some("Short"), "short"),
            Slot::I32(cell) => (primitive("int"), many(cell).then_some("Int"), "int"),
            Slot::I64(cell) => (primitive("long"), many(cell).then_some("Long"), "long"),
            Slot::F32(cell) => (primitive("float"), many(cell).then_some("Float"), "float"),
            Slot::F64(cell) => (primitive("double"), many(cell).then_some("Double"), "double"),
            Slot::Str(cell) => (primitive("string"), many(cell).then_some("String"), "string"),
            Slot::DateTime(cell) => (primitive("dateTime"), many(cell).then_some("DateTime"), "dateTime"),
            Slot::Binary(cell) => {
                (primitive("base64Binary"), many(cell).then_some("Base64Binary"), "base64Binary")
            }
            Slot::Any(Cell::Many(_)) => (String::new(), Some("AnyType"), "anyType"),
            Slot::Any(cell) => return cell.values().iter().for_each(|value| self.any(name, value)),
            Slot::MoRef(cell) => {
                let kind = "ManagedObjectReference";
                (self.encoder.type_attr(kind, "urn:vim25", self.namespace), many(cell).then_some(kind), kind)
            }
            Slot::Enum(desc, items) => {
                let kind = self.encoder.type_attr(desc.name, desc.namespace, self.namespace);
                (kind, (items.card() == crate::Card::Many).then_some(desc.name), desc.name)
            }
            Slot::Poly(desc, items) if items.card() == crate::Card::Many => {
                (String::new(), Some(desc.name), desc.name)
            }
            Slot::Poly(_, items) => return items.iter().for_each(|value| self.object(name, "", value)),
            Slot::Struct(items) if items.card() == crate::Card::Many => {
                (String::new(), Some(items.desc().name), items.desc().name)
            }
            Slot::Struct(items) => {
                return items.iter().for_each(|value| self.object_ref(name, "", value));
            }
        };
        match array {
            Some(array) => {
                let kind = self.encoder.type_attr(&format!("ArrayOf{array}"), self.namespace, self.namespace);
                self.encoder.open(name, self.namespace, &kind);
                self.slot(item, slot);
                self.close(name);
            }
            None => self.encoder.slot_with(name, self.namespace, &attrs, slot),
        }
    }

    /// Writes elements that are written already.
    pub fn raw(&mut self, elements: &str) {
        self.encoder.out.push_str(elements);
    }
}

const fn many<T>(cell: &Cell<'_, T>) -> bool {
    matches!(cell, Cell::Many(_))
}

/// The answer to a method: its result's elements, as a [`Writer`] wrote them, in an envelope.
#[must_use]
pub fn answer(service: &Service, method: &str, elements: &str) -> String {
    let (mut out, end) = around(service, method);
    out.reserve(elements.len() + end.len());
    out.push_str(elements);
    out.push_str(&end);
    out
}

/// What stands before an answer's elements and after them, for answers that are sent piece by piece.
#[must_use]
pub fn around(service: &Service, method: &str) -> (String, String) {
    let mut start = String::with_capacity(512);
    soap::open(&mut start, &[]);
    let _ = write!(start, "<{method}Response xmlns=\"{}\">", service.namespace);
    let mut end = format!("</{method}Response>");
    soap::close(&mut end);
    (start, end)
}

/// A fault in an envelope: a message, and the typed fault.
#[must_use]
pub fn fault(service: &'static Service, version: u8, message: &str, detail: &Object) -> String {
    let mut out = String::with_capacity(1024);
    soap::open(&mut out, &[]);
    out.push_str("<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>");
    let _ = crate::xml::write::text(&mut out, message);
    out.push_str("</faultstring><detail>");
    let target = Target { service, version: Some((version, String::new())), omit: true };
    let mut encoder = Encoder::new(target);
    // The element is the type's name and "Fault"; the type is said too, which is what clients go by.
    encoder.object(&format!("{}Fault", detail.type_name()), service.namespace, "", detail);
    out.push_str(&encoder.out);
    out.push_str("</detail></soapenv:Fault>");
    soap::close(&mut out);
    out
}
