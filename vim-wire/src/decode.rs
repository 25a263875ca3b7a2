//! The decoder: one walk over the descriptions for every type.
//!
//! It is lenient where servers are wrong: what is missing keeps its default, what is unknown is passed over or kept, an empty
//! number is no number. It is strict about the document's form, and about text that cannot be a value of its type.

use crate::any::{Any, ArrayAny, EnumAny, UnknownAny};
use crate::desc::{EnumDesc, FieldDesc, TypeDesc, head};
use crate::object::{DataObject, Extra, Object};
use crate::open_enum::OpenValue;
use crate::registry::Entry;
use crate::slot::{ObjMut, SlotMut, Wire};
use crate::xml::character;
use crate::xml::read::{DecodeError, Reader, Result, Tag, Xsi, is_name};
use crate::{Binary, DateTime, MoRef};
use std::borrow::Cow;

impl<'x> Reader<'x> {
    /// Reads an element as a value of a field's type: an `ArrayOf…`, or the repeated element itself, as a `Vec`.
    ///
    /// # Errors
    ///
    /// When the document is malformed, or a text cannot be a value of its type.
    pub fn value<T: Wire>(&mut self, tag: &Tag<'x>) -> Result<T> {
        let mut value = T::default();
        let many = T::KIND.card() == crate::slot::Card::Many;
        let done = if many && self.is_array(tag) {
            self.each(tag, |reader, child| reader.slot(SlotMut::of(&mut value), child))
        } else {
            self.slot(SlotMut::of(&mut value), tag)
        };
        done?;
        Ok(value)
    }

    /// Reads one more element into a value: sets it, or adds to a `Vec`.
    ///
    /// # Errors
    ///
    /// When the document is malformed, or a text cannot be a value of its type.
    pub fn value_into<T: Wire>(&mut self, value: &mut T, tag: &Tag<'x>) -> Result<()> {
        self.slot(SlotMut::of(value), tag)
    }

    /// Reads an element as an object of a type, or of the descendant that its `xsi:type` names.
    pub(crate) fn object_of(
        &mut self,
        declared: &'static TypeDesc,
        kind: Option<&'x str>,
        tag: &Tag<'x>,
    ) -> Result<Object> {
        let named = kind.filter(|name| *name != declared.name);
        let known = named.and_then(|name| self.registry.type_named(name)).filter(|desc| desc.is_a(declared));
        if self.rules.strict {
            self.check_type(named, known, declared, tag)?;
        }
        let desc = match (named, known) {
            (_, Some(desc)) => desc,
            (Some(name), None) => self.nearest(name, declared),
            (None, None) => declared,
        };
        let mut object = Object::default_of(desc);
        let mut extra = None;
        self.fields(ObjMut::of_object(&mut object), tag, Some(&mut extra))?;
        if let (Some(name), None) = (named, known) {
            let extra = extra.get_or_insert_default();
            extra.type_name = Some(name.into());
            extra.namespace = self.foreign_namespace(tag, desc.namespace)?;
        }
        object.extra = extra.map(Box::new);
        Ok(object)
    }

    /// What stands for a type that this build lacks: the nearest that it extends, and else the declared one.
    #[cold]
    pub(crate) fn nearest(&self, name: &str, declared: &'static TypeDesc) -> &'static TypeDesc {
        self.registry.nearest(name).filter(|desc| desc.is_a(declared)).unwrap_or(declared)
    }

    #[cold]
    fn check_type(
        &self,
        named: Option<&str>,
        known: Option<&'static TypeDesc>,
        declared: &'static TypeDesc,
        tag: &Tag<'x>,
    ) -> Result<()> {
        let fail = |reason: String| Err(DecodeError::new(tag.offset, reason));
        match (named, known) {
            (Some(name), None) => fail(format!("{name:?} is no type that may stand for {}", declared.name)),
            (_, Some(desc)) if self.rules.refuse(desc.namespace, desc.since) => {
                fail(format!("{:?} is no type of this version", desc.name))
            }
            _ => Ok(()),
        }
    }

    /// What a strict reader asks of an object whose fields were read.
    #[cold]
    fn check_fields(&self, of: &'static TypeDesc, seen: &[&'static FieldDesc], tag: &Tag<'x>) -> Result<()> {
        let lineage: Vec<_> = of.lineage().collect();
        let mut order = lineage.iter().rev().flat_map(|desc| desc.fields.iter().map(|field| (*desc, field)));
        for (desc, field) in order.clone() {
            if field.is_required()
                && !self.rules.refuse(desc.namespace, field.since)
                && field.kind.card() != crate::slot::Card::Many
                && !seen.iter().any(|other| std::ptr::eq(*other, field))
            {
                let reason = format!("a {} without {:?}, which it requires", of.name, field.name);
                return Err(DecodeError::new(tag.offset, reason));
            }
        }
        let mut last: Option<&FieldDesc> = None;
        for field in seen.iter().filter(|_| self.rules.exact) {
            if last.is_some_and(|last| std::ptr::eq(last, *field)) {
                continue;
            }
            if !order.any(|(_, other)| std::ptr::eq(other, *field)) {
                let reason = format!("{:?} of {} comes later than the schema has it", field.name, of.name);
                return Err(DecodeError::new(tag.offset, reason));
            }
            last = Some(field);
        }
        Ok(())
    }

    fn is_array(&self, tag: &Tag<'x>) -> bool {
        self.xsi_type(tag).is_some_and(|name| name.starts_with("ArrayOf"))
    }

    /// Visits each child of an element; what is visited must be read or passed over.
    ///
    /// # Errors
    ///
    /// When the document is malformed, nests too deep, or a visit fails.
    pub fn each(
        &mut self,
        tag: &Tag<'x>,
        mut visit: impl FnMut(&mut Self, &Tag<'x>) -> Result<()>,
    ) -> Result<()> {
        let mark = self.enter(tag)?;
        while let Some(child) = self.child(tag)? {
            visit(self, &child).map_err(|error| error.within(child.name()))?;
        }
        self.leave(mark);
        Ok(())
    }

    fn fields(
        &mut self,
        mut object: ObjMut<'_>,
        tag: &Tag<'x>,
        mut keep: Option<&mut Option<Extra>>,
    ) -> Result<()> {
        let mark = self.enter(tag)?;
        let mut cursor = Cursor::new(object.desc());
        // The part of the object that the cursor is in, and how many bases up that is.
        let (mut part, mut at) = (object.reborrow(), 0);
        let of = cursor.of;
        let mut seen = Vec::new();
        while let Some(child) = self.child(tag)? {
            match cursor.find(child.name) {
                Some(field) => {
                    if self.rules.strict {
                        if self.rules.refuse(cursor.at.namespace, field.since) {
                            return Err(unknown_element(of, &child));
                        }
                        seen.push(field);
                    }
                    if at != cursor.up {
                        at = cursor.up;
                        part = match object.reborrow().ancestor(at) {
                            Some(part) => part,
                            None => return Err(self.fail("a type that lost its base")),
                        };
                    }
                    if let Err(error) = self.slot(part.slot(field), &child) {
                        return Err(error.within(child.name()));
                    }
                }
                None if self.rules.strict => return Err(unknown_element(of, &child)),
                None => self.unknown(&child, keep.as_deref_mut())?,
            }
        }
        if self.rules.strict {
            self.check_fields(of, &seen, tag)?;
        }
        if let Some(Some(extra)) = keep {
            extra.scope = self.scope_of(&extra.xml)?;
        }
        self.leave(mark);
        Ok(())
    }

    #[inline(never)]
    fn unknown(&mut self, child: &Tag<'x>, keep: Option<&mut Option<Extra>>) -> Result<()> {
        self.skip(child)?;
        if let Some(extra) = keep {
            let content = self.read_since(child.offset);
            extra.get_or_insert_default().xml.push_str(content);
        }
        Ok(())
    }

    fn slot(&mut self, slot: SlotMut<'_>, tag: &Tag<'x>) -> Result<()> {
        let Xsi { kind, nil, .. } = self.xsi(tag);
        if nil {
            return self.skip(tag);
        }
        match slot {
            SlotMut::Str(cell) => cell.put(self.text(tag)?.into_owned()),
            SlotMut::Bool(cell) => self.parsed(tag, "a boolean", parse_bool, |value| cell.put(value))?,
            SlotMut::I32(cell) => self.parsed(tag, "an int", parse_number, |value| cell.put(value))?,
            SlotMut::I64(cell) => self.parsed(tag, "a long", parse_number, |value| cell.put(value))?,
            SlotMut::I16(cell) => self.parsed(tag, "a short", parse_number, |value| cell.put(value))?,
            SlotMut::I8(cell) => self.parsed(tag, "a byte", parse_number, |value| cell.put(value))?,
            SlotMut::F32(cell) => self.parsed(tag, "a float", parse_number, |value| cell.put(value))?,
            SlotMut::F64(cell) => self.parsed(tag, "a double", parse_number, |value| cell.put(value))?,
            SlotMut::DateTime(cell) => {
                self.parsed(
                    tag,
                    "a dateTime",
                    |text| text.parse::<DateTime>().ok(),
                    |value| cell.put(value),
                )?;
            }
            SlotMut::Binary(cell) => {
                let at = self.offset();
                let text = self.text(tag)?;
                cell.put(Binary::decode(&text).ok_or_else(|| not_a("a base64Binary", at, &text))?);
            }
            SlotMut::Enum(desc, grow) => {
                let text = self.text(tag)?;
                let value = OpenValue::of(desc, text.trim_ascii());
                self.check_enum(desc, &value, tag)?;
                *grow.item() = value;
            }
            SlotMut::MoRef(cell) => cell.put(self.moref(tag)?),
            SlotMut::Struct(desc, grow) => self.fields(grow.object(desc), tag, None)?,
            SlotMut::Poly(desc, place) => place.put(self.object_of(desc, kind, tag)?),
            SlotMut::Any(cell) => cell.put(self.any(kind, tag)?),
        }
        Ok(())
    }

    #[inline]
    fn parsed<T>(
        &mut self,
        tag: &Tag<'x>,
        what: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
        put: impl FnOnce(T),
    ) -> Result<()> {
        let at = self.offset();
        let text = self.text(tag)?;
        let text = text.trim_ascii();
        if !text.is_empty() || self.rules.exact {
            put(parse(text).ok_or_else(|| not_a(what, at, text))?);
        }
        Ok(())
    }

    fn enum_any(&mut self, desc: &'static EnumDesc, tag: &Tag<'x>) -> Result<EnumAny> {
        let value = self.text(tag)?.into_owned();
        if self.rules.exact {
            self.check_enum(desc, &OpenValue::of(desc, &value), tag)?;
        }
        Ok(EnumAny { type_name: desc.name, value })
    }

    /// What an exact reader asks of an enumeration's value.
    fn check_enum(&self, desc: &EnumDesc, value: &OpenValue, tag: &Tag<'x>) -> Result<()> {
        if self.rules.exact && (!matches!(value, OpenValue::Known(_)) || value.as_str().is_empty()) {
            let reason = format!("{:?} is no value of {}", value.as_str(), desc.name);
            return Err(DecodeError::new(tag.offset, reason));
        }
        Ok(())
    }

    pub(crate) fn moref(&mut self, tag: &Tag<'x>) -> Result<MoRef> {
        let (kind, server_guid) = if tag.attrs.is_empty() {
            (Cow::Borrowed(""), None)
        } else {
            let read = |raw| character::put_in(raw).map_err(|reason| DecodeError::new(tag.offset, reason));
            let kind = tag.attr("type").unwrap_or("");
            let kind = match self.registry.managed_named(kind) {
                Some(kind) => Cow::Borrowed(kind),
                None => Cow::Owned(read(kind)?.into_owned()),
            };
            let server_guid = tag.attr("serverGuid").map(read).transpose()?;
            (kind, server_guid.map(Into::into))
        };
        let value = self.text(tag)?;
        if self.rules.exact && (value.trim_ascii().is_empty() || self.registry.managed_named(&kind).is_none())
        {
            let reason = format!("{kind:?} {value:?} is no reference to a managed object");
            return Err(DecodeError::new(tag.offset, reason));
        }
        Ok(MoRef { kind, value: value.trim_ascii().into(), server_guid })
    }

    /// Reads an element as a value that says its own type.
    pub(crate) fn any(&mut self, kind: Option<&'x str>, tag: &Tag<'x>) -> Result<Any> {
        let at = tag.offset;
        let Some(name) = kind else { return self.untyped(tag) };
        macro_rules! parse {
            ($what:literal, $parse:expr, $variant:ident) => {{
                let text = self.text(tag)?;
                Any::$variant(($parse)(text.trim_ascii()).ok_or_else(|| not_a($what, at, &text))?)
            }};
        }
        Ok(match name {
            "string" => Any::String(self.text(tag)?.into_owned()),
            "boolean" => parse!("a boolean", parse_bool, Bool),
            "int" => parse!("an int", parse_number, Int),
            "long" => parse!("a long", parse_number, Long),
            "short" => parse!("a short", parse_number, Short),
            "byte" => parse!("a byte", parse_number, Byte),
            "float" => parse!("a float", parse_number, Float),
            "double" => parse!("a double", parse_number, Double),
            "dateTime" => parse!("a dateTime", |text: &str| text.parse().ok(), DateTime),
            "base64Binary" => parse!("a base64Binary", Binary::decode, Binary),
            "anyURI" => Any::Uri(self.text(tag)?.into_owned()),
            "ManagedObjectReference" => Any::MoRef(self.moref(tag)?),
            _ => match self.registry.get(name) {
                Some(Entry::Type(desc)) => Any::Object(self.object_of(desc, kind, tag)?),
                Some(Entry::Enum(desc)) => Any::Enum(self.enum_any(desc, tag)?),
                _ => match name.strip_prefix("ArrayOf") {
                    Some(item) if is_name(item) => self.array(tag, name, item)?,
                    _ if self.rules.strict => {
                        return Err(DecodeError::new(at, format!("{name:?} is no type")));
                    }
                    _ => Any::Unknown(Box::new(self.raw_value(tag, Some(name))?)),
                },
            },
        })
    }

    fn array(&mut self, tag: &Tag<'x>, type_name: &'x str, item: &str) -> Result<Any> {
        let plain = plain_item(item);
        let item = self.registry.get(item).or(match item {
            "ManagedObjectReference" => Some(Entry::Managed("")),
            _ => None,
        });
        let mut items = Vec::new();
        self.each(tag, |reader, child| {
            let kind = reader.xsi_type(child);
            items.push(match item {
                Some(Entry::Type(desc)) => Any::Object(reader.object_of(desc, kind, child)?),
                Some(Entry::Enum(desc)) => Any::Enum(reader.enum_any(desc, child)?),
                Some(Entry::Managed(_)) => Any::MoRef(reader.moref(child)?),
                None if kind.is_some() => reader.any(kind, child)?,
                None => reader.plain(child, plain)?,
            });
            Ok(())
        })?;
        Ok(Any::Array(ArrayAny { type_name: type_name.to_owned(), items }))
    }

    /// An item of an `ArrayOf` of a primitive: its element says no type, the array's name does.
    fn plain(&mut self, tag: &Tag<'x>, kind: &str) -> Result<Any> {
        let at = tag.offset;
        if kind.is_empty() {
            // Kept without a type, so that it is written without one.
            let raw = self.raw_value(tag, None)?;
            return Ok(if raw.extra.xml.is_empty() { Any::Nil } else { Any::Unknown(Box::new(raw)) });
        }
        let text = self.text(tag)?;
        let trimmed = text.trim_ascii();
        let value = match kind {
            "Boolean" => parse_bool(trimmed).map(Any::Bool),
            "Byte" => parse_number(trimmed).map(Any::Byte),
            "Short" => parse_number(trimmed).map(Any::Short),
            "Int" => parse_number(trimmed).map(Any::Int),
            "Long" => parse_number(trimmed).map(Any::Long),
            "Float" => parse_number(trimmed).map(Any::Float),
            "Double" => parse_number(trimmed).map(Any::Double),
            "DateTime" => trimmed.parse().ok().map(Any::DateTime),
            "Base64Binary" => Binary::decode(trimmed).map(Any::Binary),
            "Uri" | "AnyURI" => Some(Any::Uri(text.clone().into_owned())),
            _ => Some(Any::String(text.clone().into_owned())),
        };
        value.ok_or_else(|| not_a("an item of its array's type", at, &text))
    }

    fn untyped(&mut self, tag: &Tag<'x>) -> Result<Any> {
        if tag.empty {
            return Ok(Any::Nil);
        }
        let raw = self.raw_value(tag, None)?;
        if raw.extra.xml.contains('<') || raw.extra.xml.contains('&') {
            return Ok(Any::Unknown(Box::new(raw)));
        }
        Ok(if raw.extra.xml.is_empty() { Any::Nil } else { Any::String(raw.extra.xml) })
    }

    fn raw_value(&mut self, tag: &Tag<'x>, name: Option<&str>) -> Result<UnknownAny> {
        let namespace = if name.is_some() { self.foreign_namespace(tag, "")? } else { None };
        let mark = self.enter(tag)?;
        let xml = self.raw(tag)?.to_owned();
        let scope = self.scope_of(&xml)?;
        self.leave(mark);
        Ok(UnknownAny { extra: Extra { type_name: name.map(Into::into), namespace, xml, scope } })
    }
}

/// Reads a whole document whose root is an object of type `T`.
///
/// # Errors
///
/// When the document is malformed, or a text cannot be a value of its type.
pub fn from_xml<T: DataObject>(
    bytes: &[u8],
    registry: &'static crate::Registry,
    limits: crate::Limits,
) -> Result<T> {
    let mut reader = Reader::new(bytes, registry, limits)?;
    let root = reader.root()?;
    let mut value = T::default();
    reader.fields(ObjMut::of(&mut value), &root, None).map_err(|error| error.within(root.name()))?;
    reader.finish()?;
    Ok(value)
}

/// Where the last field was found: elements come in the schema's order, so that the next one is near.
struct Cursor {
    of: &'static TypeDesc,
    /// The ancestor that has the field, and how many bases up from the type itself it is.
    at: &'static TypeDesc,
    up: usize,
    index: usize,
}

impl Cursor {
    #[inline]
    fn new(of: &'static TypeDesc) -> Self {
        let up = usize::from(of.depth);
        Self { of, at: of.ancestor(up), up, index: 0 }
    }

    /// The field of that name; the cursor says whose it is.
    #[inline]
    fn find(&mut self, name: &str) -> Option<&'static FieldDesc> {
        let bytes = name.as_bytes();
        let head = head_of(bytes);
        if let Some(found) = self.search(bytes, head) {
            return Some(found);
        }
        let here = Self { ..*self };
        *self = Self::new(self.of);
        if let Some(found) = self.search(bytes, head) {
            return Some(found);
        }
        // Servers that prefix their elements are rare, so that a prefix is looked for last.
        let found = memchr::memrchr(b':', bytes)
            .and_then(|at| self.search(&bytes[at + 1..], head_of(&bytes[at + 1..])));
        if found.is_none() {
            *self = here;
        }
        found
    }

    /// Looks from the cursor on to the last of the type's own fields.
    #[inline]
    fn search(&mut self, name: &[u8], head: u64) -> Option<&'static FieldDesc> {
        let Self { of, mut at, mut up, mut index } = *self;
        loop {
            for (skip, field) in at.fields.get(index..)?.iter().enumerate() {
                if field.head == head
                    && field.name.len() == name.len()
                    && (name.len() <= 8 || field.name.as_bytes() == name)
                {
                    // A repeated element finds its field again at once.
                    *self = Self { of, at, up, index: index + skip };
                    return Some(field);
                }
            }
            if up == 0 {
                return None;
            }
            up -= 1;
            at = of.ancestor(up);
            index = 0;
        }
    }
}

#[inline]
fn head_of(name: &[u8]) -> u64 {
    match name.first_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => head(name),
    }
}

/// The item type of `ArrayOfString` and its like, `String`; empty for others.
pub(crate) fn plain_item(item: &str) -> &'static str {
    const PLAIN: [&str; 12] = [
        "Boolean",
        "Byte",
        "Short",
        "Int",
        "Long",
        "Float",
        "Double",
        "DateTime",
        "Base64Binary",
        "Uri",
        "AnyURI",
        "String",
    ];
    PLAIN.iter().find(|plain| **plain == item).copied().unwrap_or("")
}

#[cold]
fn unknown_element(of: &'static TypeDesc, child: &Tag<'_>) -> DecodeError {
    DecodeError::new(child.offset, format!("{} has no element {:?}", of.name, child.name()))
}

fn not_a(what: &str, at: usize, text: &str) -> DecodeError {
    let shown: String = text.chars().take(40).collect();
    DecodeError::new(at, format!("{shown:?} is not {what}"))
}

fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// Numbers of any type; Rust reads XML's INF and NaN as XML means them.
fn parse_number<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}
