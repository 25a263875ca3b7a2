//! The encoder: one walk over the descriptions for every type.
//!
//! It is strict: the schema's order, `xsi:type` wherever the dynamic type is not the declared one, and nothing that the server
//! it writes to does not know.

use crate::any::Any;
use crate::call::Arg;
use crate::decode::plain_item;
use crate::desc::{FieldDesc, MethodDesc, TypeDesc};
use crate::object::{DataObject, Extra, Object};
use crate::open_enum::OpenValue;
use crate::registry::{Entry, Service};
use crate::slot::{Card, Cell, ObjRef, Slot};
use crate::xml::read::{Attrs, is_name};
use crate::xml::write;
use crate::{Binary, MoRef};
use std::fmt::{self, Write as _};

/// Why a value cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// The server's API version is older than what the value needs.
    TooNew {
        /// The type, `Type.field` or `Method.parameter` that is newer than the server.
        what: String,
        /// The version that brought it.
        since: String,
        /// The server's version.
        server: String,
    },
    /// A required value is not set.
    Missing {
        /// The `Type.field` or `Method.parameter` that must be set.
        what: String,
    },
    /// A text has a character that XML cannot carry.
    Character {
        /// The `Type.field` or `Method.parameter` that has it.
        what: String,
    },
    /// A type's name or a namespace's prefix cannot be written where it has to be.
    Name {
        /// The name.
        name: String,
    },
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooNew { what, since, server } => {
                write!(f, "{what} needs API version {since}; the server has {server}")
            }
            Self::Missing { what } => write!(f, "{what} is required and not set"),
            Self::Character { what } => write!(f, "{what} has a control character, which XML cannot carry"),
            Self::Name { name } => {
                write!(f, "{name:?} cannot be written as the name of a type or the prefix of a namespace")
            }
        }
    }
}

impl std::error::Error for EncodeError {}

/// What is written to: the service, and the API version that the peer has.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) service: &'static Service,
    /// The peer's version as an index into the service's, and as it calls it.
    pub(crate) version: Option<(u8, String)>,
    /// Whether what is newer than that, or required and not set, is left out: what a server does. A client is told.
    pub(crate) omit: bool,
}

pub(crate) struct Encoder {
    pub(crate) out: String,
    target: Target,
    /// The default namespace in scope.
    namespace: &'static str,
    error: Option<EncodeError>,
}

impl Encoder {
    pub(crate) fn new(target: Target) -> Self {
        Self { out: String::with_capacity(512), target, namespace: "", error: None }
    }

    pub(crate) fn finish(self) -> Result<String, EncodeError> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.out),
        }
    }

    /// Takes that namespace as the default one in scope.
    pub(crate) fn inside(&mut self, namespace: &'static str) {
        self.namespace = namespace;
    }

    /// Writes single values of a primitive type, references and enumeration values in elements with those attributes.
    pub(crate) fn slot_with(&mut self, name: &str, namespace: &'static str, attrs: &str, slot: &Slot<'_>) {
        if !slot.is_set() {
            return;
        }
        let nowhere = What { owner: "", name };
        match slot {
            Slot::Str(cell) => {
                for value in cell.values() {
                    self.attributed(name, namespace, attrs, value, nowhere);
                }
            }
            Slot::MoRef(cell) => {
                for value in cell.values().iter().filter(|value| !value.is_empty()) {
                    self.moref(name, namespace, value, attrs, nowhere);
                }
            }
            Slot::Enum(_, items) => {
                for value in items.iter().filter(|value| !value.as_str().is_empty()) {
                    self.attributed(name, namespace, attrs, value.as_str(), nowhere);
                }
            }
            _ => {
                // The element is written with its value, and its start tag completed.
                let start = self.out.len();
                self.slot(name, namespace, slot, nowhere);
                let end = start + 1 + name.len();
                if self.out.get(end..=end) == Some(">") {
                    self.out.insert_str(end, attrs);
                }
            }
        }
    }

    fn fail(&mut self, error: EncodeError) {
        self.error.get_or_insert(error);
    }

    fn too_new(&self, namespace: &str, since: u8) -> bool {
        namespace == self.target.service.namespace
            && self.target.version.as_ref().is_some_and(|(index, _)| since > *index)
    }

    fn refuse(&mut self, what: String, since: u8) {
        let server = self.target.version.as_ref().map_or_else(String::new, |(_, version)| version.clone());
        let since = self.target.service.since(since).to_owned();
        self.fail(EncodeError::TooNew { what, since, server });
    }

    /// Writes a method's element with `_this` and its arguments.
    pub(crate) fn call(&mut self, method: &'static MethodDesc, this: &MoRef, args: &[Arg<'_>]) {
        let namespace = method.service.namespace;
        if self.too_new(namespace, method.since) {
            self.refuse(format!("{}.{}", method.this, method.name), method.since);
        }
        let outer = self.open(method.name, namespace, "");
        self.moref("_this", namespace, this, "", What { owner: method.name, name: "_this" });
        let given = args.iter().chain(std::iter::repeat(&Arg::None));
        for (param, arg) in method.params.iter().zip(given) {
            if arg.is_set() && self.too_new(namespace, param.since) {
                self.refuse(format!("{}.{}", method.name, param.name), param.since);
            }
            let what = What { owner: method.name, name: param.name };
            match arg {
                Arg::None if param.flags & crate::desc::REQUIRED != 0 => {
                    self.fail(EncodeError::Missing { what: what.to_string() })
                }
                Arg::None => {}
                Arg::Str(text) => self.text(param.name, namespace, text, what),
                Arg::Bool(value) => self.display(param.name, namespace, value),
                Arg::I8(value) => self.display(param.name, namespace, value),
                Arg::I16(value) => self.display(param.name, namespace, value),
                Arg::I32(value) => self.display(param.name, namespace, value),
                Arg::I64(value) => self.display(param.name, namespace, value),
                Arg::F32(value) => self.float(param.name, namespace, f64::from(*value)),
                Arg::F64(value) => self.float(param.name, namespace, *value),
                Arg::Slot(slot) => self.slot(param.name, namespace, slot, what),
                Arg::Object(object) => self.element(param.name, namespace, *object, ""),
            }
        }
        self.close(method.name, outer);
    }

    /// Opens an element; returns the namespace to restore when it is closed.
    pub(crate) fn open(&mut self, name: &str, namespace: &'static str, attrs: &str) -> &'static str {
        let outer = self.namespace;
        self.out.push('<');
        self.out.push_str(name);
        if namespace != outer {
            let _ = write!(self.out, " xmlns=\"{namespace}\"");
            self.namespace = namespace;
        }
        self.out.push_str(attrs);
        self.out.push('>');
        outer
    }

    pub(crate) fn close(&mut self, name: &str, outer: &'static str) {
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        self.namespace = outer;
    }

    pub(crate) fn text(&mut self, name: &str, namespace: &'static str, text: &str, what: What<'_>) {
        self.attributed(name, namespace, "", text, what);
    }

    fn attributed(&mut self, name: &str, namespace: &'static str, attrs: &str, text: &str, what: What<'_>) {
        let outer = self.open(name, namespace, attrs);
        if !write::text(&mut self.out, text) {
            self.fail(EncodeError::Character { what: what.to_string() });
        }
        self.close(name, outer);
    }

    fn display(&mut self, name: &str, namespace: &'static str, value: &dyn fmt::Display) {
        let outer = self.open(name, namespace, "");
        let _ = write!(self.out, "{value}");
        self.close(name, outer);
    }

    fn float(&mut self, name: &str, namespace: &'static str, value: f64) {
        let outer = self.open(name, namespace, "");
        self.float_text(value);
        self.close(name, outer);
    }

    fn float_text(&mut self, value: f64) {
        if value.is_infinite() {
            self.out.push_str(if value > 0.0 { "INF" } else { "-INF" });
        } else {
            let _ = write!(self.out, "{value}");
        }
    }

    fn moref(&mut self, name: &str, namespace: &'static str, moref: &MoRef, kind: &str, what: What<'_>) {
        let (attrs, fits) = moref_attrs(moref, kind);
        let outer = self.open(name, namespace, &attrs);
        if !write::text(&mut self.out, moref.value()) || !fits {
            self.fail(EncodeError::Character { what: what.to_string() });
        }
        self.close(name, outer);
    }

    /// The `xsi:type` attribute for a type of that namespace, inside an element of the namespace `inside`.
    pub(crate) fn type_attr(&mut self, name: &str, namespace: &str, inside: &str) -> String {
        self.type_attr_beside(name, namespace, inside, None)
    }

    /// The same, in an element that has that content and its declarations, too.
    fn type_attr_beside(
        &mut self,
        name: &str,
        namespace: &str,
        inside: &str,
        beside: Option<&Extra>,
    ) -> String {
        if !is_name(name) {
            self.fail(EncodeError::Name { name: name.to_owned() });
        }
        if namespace == inside {
            return format!(" xsi:type=\"{name}\"");
        }
        // One that the content does not use, declared or not: it would come to mean this namespace.
        let mut prefix = "t".to_owned();
        while beside.is_some_and(|extra| extra.uses(&prefix)) {
            prefix.push('t');
        }
        let quote = if namespace.contains('"') { '\'' } else { '"' };
        format!(" xmlns:{prefix}={quote}{namespace}{quote} xsi:type=\"{prefix}:{name}\"")
    }

    pub(crate) fn element(&mut self, name: &str, namespace: &'static str, object: ObjRef<'_>, attrs: &str) {
        let outer = self.open(name, namespace, attrs);
        self.fields(object);
        self.close(name, outer);
    }

    fn fields(&mut self, object: ObjRef<'_>) {
        let desc = object.desc();
        if self.too_new(desc.namespace, desc.since) && !self.target.omit {
            self.refuse(desc.name.to_owned(), desc.since);
        }
        if let Some(base) = object.base() {
            self.fields(base);
        }
        for field in desc.fields {
            let slot = object.slot(field);
            if !slot.is_set() {
                continue;
            }
            if self.too_new(desc.namespace, field.since) {
                // A required field always has a value; one that nobody set is left out for a server that lacks it.
                if self.target.omit || field.is_required() && is_default(&slot) {
                    continue;
                }
                self.refuse(format!("{}.{}", desc.name, field.name), field.since);
            }
            self.field(desc, field, &slot);
        }
    }

    fn field(&mut self, desc: &'static TypeDesc, field: &'static FieldDesc, slot: &Slot<'_>) {
        let what = What { owner: desc.name, name: field.name };
        self.slot(field.name, desc.namespace, slot, what);
    }

    pub(crate) fn slot(&mut self, name: &str, namespace: &'static str, slot: &Slot<'_>, what: What<'_>) {
        match slot {
            Slot::Bool(cell) => cell.values().iter().for_each(|value| self.display(name, namespace, value)),
            Slot::I8(cell) => cell.values().iter().for_each(|value| self.display(name, namespace, value)),
            Slot::I16(cell) => cell.values().iter().for_each(|value| self.display(name, namespace, value)),
            Slot::I32(cell) => cell.values().iter().for_each(|value| self.display(name, namespace, value)),
            Slot::I64(cell) => cell.values().iter().for_each(|value| self.display(name, namespace, value)),
            Slot::F32(cell) => {
                cell.values().iter().for_each(|value| self.float_short(name, namespace, *value))
            }
            Slot::F64(cell) => cell.values().iter().for_each(|value| self.float(name, namespace, *value)),
            Slot::Str(cell) => cell.values().iter().for_each(|value| self.text(name, namespace, value, what)),
            Slot::DateTime(cell) => {
                cell.values().iter().for_each(|value| self.display(name, namespace, value))
            }
            Slot::Binary(cell) => cell.values().iter().for_each(|value| self.binary(name, namespace, value)),
            Slot::Any(cell) => cell.values().iter().for_each(|value| self.any(name, namespace, value, what)),
            Slot::MoRef(cell) => {
                for value in cell.values() {
                    if value.is_empty() {
                        if matches!(cell, Cell::Opt(_)) || self.target.omit {
                            continue;
                        }
                        self.fail(EncodeError::Missing { what: what.to_string() });
                    }
                    self.moref(name, namespace, value, "", what);
                }
            }
            // vcsim 0.56 writes optional values that are not set as empty elements; what is read so is written as not set.
            Slot::Enum(_, items) if items.card() == Card::Opt => {
                items.iter().filter(|value| !value.as_str().is_empty()).for_each(|value| {
                    self.enum_value(name, namespace, value, what);
                });
            }
            Slot::Enum(_, items) => {
                items.iter().for_each(|value| self.enum_value(name, namespace, value, what))
            }
            Slot::Poly(declared, items) => {
                items.iter().for_each(|value| self.object(name, namespace, declared.name, value))
            }
            Slot::Struct(items) => items.iter().for_each(|value| self.element(name, namespace, value, "")),
        }
    }

    fn float_short(&mut self, name: &str, namespace: &'static str, value: f32) {
        if value.is_infinite() {
            self.float(name, namespace, f64::from(value));
        } else {
            self.display(name, namespace, &value);
        }
    }

    fn enum_value(&mut self, name: &str, namespace: &'static str, value: &OpenValue, what: What<'_>) {
        if value.as_str().is_empty() {
            if self.target.omit {
                return;
            }
            self.fail(EncodeError::Missing { what: what.to_string() });
        }
        self.text(name, namespace, value.as_str(), what);
    }

    fn binary(&mut self, name: &str, namespace: &'static str, value: &Binary) {
        let outer = self.open(name, namespace, "");
        value.encode(&mut self.out);
        self.close(name, outer);
    }

    /// Writes an object where one of the type `declared` is expected.
    pub(crate) fn object(&mut self, name: &str, namespace: &'static str, declared: &str, object: &Object) {
        let extra = object.extra.as_deref();
        if self.target.omit && extra.is_none() {
            return self.known(name, namespace, declared, object.as_ref());
        }
        let attrs = if object.type_name() == declared {
            String::new()
        } else {
            let home = extra.and_then(|extra| extra.namespace.as_deref()).unwrap_or(object.desc().namespace);
            self.type_attr_beside(object.type_name(), home, namespace, extra)
        };
        match extra {
            None => self.element(name, namespace, object.as_ref(), &attrs),
            Some(extra) => {
                self.check_scope(extra);
                let outer = self.open(name, namespace, &format!("{attrs}{}", extra.scope));
                self.fields(object.as_ref());
                self.out.push_str(&extra.xml);
                self.close(name, outer);
            }
        }
    }

    /// Writes an object as the nearest type that the peer's version has.
    pub(crate) fn known(&mut self, name: &str, namespace: &'static str, declared: &str, object: ObjRef<'_>) {
        let mut object = object;
        while self.too_new(object.desc().namespace, object.desc().since)
            && object.desc().name != declared
            && let Some(base) = object.base()
        {
            object = base;
        }
        let desc = object.desc();
        let attrs = if desc.name == declared {
            String::new()
        } else {
            self.type_attr(desc.name, desc.namespace, namespace)
        };
        self.element(name, namespace, object, &attrs);
    }

    /// Raw content may use the prefixes that are ours for something else, which its element cannot say beside ours.
    fn check_scope(&mut self, extra: &Extra) {
        for (name, _) in Attrs(&extra.scope) {
            if matches!(name, "xmlns:xsi" | "xmlns:xsd") {
                self.fail(EncodeError::Name { name: name.to_owned() });
            }
        }
    }

    pub(crate) fn any(&mut self, name: &str, namespace: &'static str, value: &Any, what: What<'_>) {
        let plain = |kind: &str| format!(" xsi:type=\"xsd:{kind}\"");
        let outer = match value {
            Any::Object(object) => return self.object(name, namespace, "", object),
            Any::Nil => self.open(name, namespace, ""),
            Any::Unknown(unknown) => {
                let kind = match unknown.type_name() {
                    "" => String::new(),
                    kind => {
                        let home = unknown.extra.namespace.as_deref().unwrap_or(namespace);
                        self.type_attr_beside(kind, home, namespace, Some(&unknown.extra))
                    }
                };
                self.check_scope(&unknown.extra);
                let outer = self.open(name, namespace, &format!("{kind}{}", unknown.extra.scope));
                self.out.push_str(&unknown.extra.xml);
                outer
            }
            Any::MoRef(moref) => {
                let kind = self.type_attr("ManagedObjectReference", "urn:vim25", namespace);
                return self.moref(name, namespace, moref, &kind, what);
            }
            Any::Enum(value) => {
                let inside = self.target.service.namespace;
                let home = match self.target.service.registry.get(value.type_name) {
                    Some(Entry::Enum(desc)) => desc.namespace,
                    _ => inside,
                };
                let kind = self.type_attr(value.type_name, home, namespace);
                return self.attributed(name, namespace, &kind, &value.value, what);
            }
            Any::Array(array) => {
                let item = array.type_name.strip_prefix("ArrayOf").unwrap_or("");
                let home = self.home_of_array(item);
                let kind = self.type_attr(&array.type_name, home, namespace);
                let outer = self.open(name, namespace, &kind);
                for value in &array.items {
                    self.item(item, home, value, what);
                }
                outer
            }
            _ => {
                let outer = self.open(name, namespace, &plain(value.type_name()));
                self.plain(value, what);
                outer
            }
        };
        self.close(name, outer);
    }

    /// The namespace of an array's type, in which its items' elements are: that of the item's type, and vim25 for primitives.
    fn home_of_array(&self, item: &str) -> &'static str {
        match self.target.service.registry.get(item) {
            Some(Entry::Type(desc)) => desc.namespace,
            Some(Entry::Enum(desc)) => desc.namespace,
            _ if item == "AnyType" || item == "ManagedObjectReference" || !plain_item(item).is_empty() => {
                "urn:vim25"
            }
            _ => self.target.service.namespace,
        }
    }

    /// An item of an array: its element bears the item type's name, in lower case where that is a primitive. It says its own
    /// type unless the array's name does.
    fn item(&mut self, item: &str, namespace: &'static str, value: &Any, what: What<'_>) {
        if !is_name(item) {
            return self.fail(EncodeError::Name { name: format!("ArrayOf{item}") });
        }
        match (value, self.target.service.registry.get(item)) {
            _ if item == "AnyType" => self.any("anyType", namespace, value, what),
            (Any::Object(object), Some(Entry::Type(_))) => self.object(item, namespace, item, object),
            (Any::Enum(value), Some(Entry::Enum(_))) => self.text(item, namespace, &value.value, what),
            (Any::MoRef(moref), Some(Entry::Managed(_))) => self.moref(item, namespace, moref, "", what),
            (Any::MoRef(moref), _) if item == "ManagedObjectReference" => {
                self.moref(item, namespace, moref, "", what)
            }
            (_, None) if is_plain(value, plain_item(item)) => {
                let mut name = item.to_owned();
                if let Some(first) = name.get_mut(..1) {
                    first.make_ascii_lowercase();
                }
                let outer = self.open(&name, namespace, "");
                self.plain(value, what);
                self.close(&name, outer);
            }
            _ => self.any(item, namespace, value, what),
        }
    }

    fn plain(&mut self, value: &Any, what: What<'_>) {
        let _ = match value {
            Any::Bool(value) => write!(self.out, "{value}"),
            Any::Byte(value) => write!(self.out, "{value}"),
            Any::Short(value) => write!(self.out, "{value}"),
            Any::Int(value) => write!(self.out, "{value}"),
            Any::Long(value) => write!(self.out, "{value}"),
            Any::DateTime(value) => write!(self.out, "{value}"),
            Any::Float(value) if value.is_finite() => write!(self.out, "{value}"),
            Any::Float(value) => return self.float_text(f64::from(*value)),
            Any::Double(value) => return self.float_text(*value),
            Any::Binary(value) => return value.encode(&mut self.out),
            _ => {
                if !write::text(&mut self.out, value.as_str().unwrap_or("")) {
                    self.fail(EncodeError::Character { what: what.to_string() });
                }
                Ok(())
            }
        };
    }
}

/// Writes an object as a document of its own.
///
/// # Errors
///
/// When a required reference or enumeration value is not set, or a text has a character that XML cannot carry.
pub fn to_xml<T: DataObject>(
    value: &T,
    name: &str,
    service: &'static Service,
) -> Result<String, EncodeError> {
    let mut encoder = Encoder::new(Target { service, version: None, omit: false });
    let spaces = " xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"";
    encoder.element(name, service.namespace, ObjRef::of(value), spaces);
    encoder.finish()
}

#[derive(Clone, Copy)]
pub(crate) struct What<'a> {
    pub(crate) owner: &'a str,
    pub(crate) name: &'a str,
}

impl fmt::Display for What<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.owner, self.name)
    }
}

/// Whether a value is of the primitive type that an `ArrayOf…` names; of none where that is empty.
fn is_plain(value: &Any, item: &str) -> bool {
    match value {
        Any::Nil | Any::MoRef(_) | Any::Enum(_) | Any::Object(_) | Any::Array(_) | Any::Unknown(_) => false,
        Any::Uri(_) if item == "Uri" => true,
        value => value.type_name().eq_ignore_ascii_case(item),
    }
}

/// The attributes of a reference; false where XML cannot carry them.
fn moref_attrs(moref: &MoRef, more: &str) -> (String, bool) {
    let mut out = String::with_capacity(32);
    out.push_str(more);
    out.push_str(" type=\"");
    let mut fits = write::attr(&mut out, moref.kind());
    out.push('"');
    if let Some(guid) = moref.server_guid() {
        out.push_str(" serverGuid=\"");
        fits &= write::attr(&mut out, guid);
        out.push('"');
    }
    (out, fits)
}

fn is_default(slot: &Slot<'_>) -> bool {
    fn unset<T: Default + PartialEq>(cell: &Cell<'_, T>) -> bool {
        cell.values().iter().all(|value| *value == T::default())
    }
    match slot {
        Slot::Bool(cell) => unset(cell),
        Slot::I8(cell) => unset(cell),
        Slot::I16(cell) => unset(cell),
        Slot::I32(cell) => unset(cell),
        Slot::I64(cell) => unset(cell),
        Slot::F32(cell) => unset(cell),
        Slot::F64(cell) => unset(cell),
        Slot::Str(cell) => unset(cell),
        Slot::DateTime(cell) => unset(cell),
        Slot::Binary(cell) => unset(cell),
        Slot::Any(cell) => unset(cell),
        Slot::MoRef(cell) => unset(cell),
        Slot::Enum(_, items) => items.iter().all(|value| value.as_str().is_empty()),
        Slot::Poly(..) | Slot::Struct(_) => false,
    }
}

/// Writes a value that says its own type as an element.
pub(crate) fn any_element(encoder: &mut Encoder, name: &str, namespace: &'static str, value: &Any) {
    encoder.any(name, namespace, value, What { owner: "", name: "result" });
}
