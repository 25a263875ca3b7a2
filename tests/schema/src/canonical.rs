//! The one XML document of a value: what the encoder must write, written from the XSD alone.

use crate::schema::{Schema, VIM25, What, in_vim25, schema};
use crate::texts::{other, plain};
use codegen::schema::{QName, RawField};
use std::ops::Range;
use vim_types::{DynamicProperty, REGISTRY};
use vim_wire::{Any, DecodeError, Limits, Object, from_xml, to_xml};

/// A text of a document, and the type of it.
#[derive(Clone)]
pub(crate) struct Leaf {
    pub(crate) at: Range<usize>,
    pub(crate) kind: &'static str,
}

/// A document in the making.
pub(crate) struct Document {
    schema: &'static Schema,
    pub(crate) text: String,
    /// The texts, in order.
    pub(crate) leaves: Vec<Leaf>,
    /// Where the elements of the outermost type's fields are.
    pub(crate) fields: Vec<Range<usize>>,
    /// How many secrets there are.
    pub(crate) secrets: usize,
    in_secret: bool,
    count: usize,
    open: Vec<QName>,
}

/// How much of an object is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Depth(pub(crate) u8);

impl Document {
    /// A property whose value is whatever `write` adds.
    pub(crate) fn of(write: impl FnOnce(&mut Self)) -> Self {
        let mut document = Self {
            schema: schema(),
            text: format!(
                "<p xmlns=\"{VIM25}\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\" \
                 xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><name>n</name>"
            ),
            leaves: Vec::new(),
            fields: Vec::new(),
            secrets: 0,
            in_secret: false,
            count: 0,
            open: Vec::new(),
        };
        write(&mut document);
        document.text.push_str("</p>");
        document
    }

    /// A property whose value is an object of that type.
    pub(crate) fn object(ty: &QName, depth: Depth) -> Self {
        Self::of(|document| {
            let attrs = xsi_type(ty, VIM25);
            document.element("val", VIM25, VIM25, &attrs, |document| document.content(ty, VIM25, depth));
        })
    }

    pub(crate) fn element(
        &mut self,
        name: &str,
        ns: &str,
        outer: &str,
        attrs: &str,
        content: impl FnOnce(&mut Self),
    ) {
        self.text.push('<');
        self.text.push_str(name);
        if ns != outer {
            self.text.push_str(&format!(" xmlns=\"{ns}\""));
        }
        self.text.push_str(attrs);
        self.text.push('>');
        content(self);
        self.text.push_str(&format!("</{name}>"));
    }

    /// The fields of an object, in elements within one of the namespace `outer`.
    pub(crate) fn content(&mut self, ty: &QName, outer: &str, depth: Depth) {
        self.open.push(ty.clone());
        for (owner, field) in self.schema.fields(ty) {
            let start = self.text.len();
            let around = self.in_secret;
            self.in_secret |= self.schema.is_secret(owner, &field.name);
            for item in 0..self.how_often(field, depth) {
                self.field(owner, field, outer, depth, item);
            }
            self.in_secret = around;
            if self.open.len() == 1 {
                self.fields.push(start..self.text.len());
            }
        }
        self.open.pop();
    }

    fn how_often(&self, field: &RawField, depth: Depth) -> usize {
        let all = depth != Depth(0);
        match (field.array, field.optional) {
            (true, _) if all => 2,
            // What must have one of its own kind in it would have no end.
            (true, false) => usize::from(!self.open.contains(&field.ty)),
            (false, false) => 1,
            (_, true) => usize::from(all),
        }
    }

    fn field(&mut self, owner: &QName, field: &RawField, outer: &str, depth: Depth, item: usize) {
        let (name, ns) = (&field.name, &owner.ns);
        let below = Depth(depth.0.saturating_sub(1));
        match self.schema.what(&field.ty) {
            What::Data => {
                let others = self.schema.descendants(&field.ty);
                // The first of a list is of the declared type, the second of one that extends it.
                let ty = match others.len() {
                    0 => &field.ty,
                    _ if item == 0 => &field.ty,
                    count => others[self.next() % count],
                };
                assert!(self.open.len() < 32, "{ty:?} has no end");
                self.dynamic(name, ns, outer, &field.ty, ty, below);
            }
            What::Plain("anyType") => self.any(name, ns, outer, depth),
            _ => self.simple(name, ns, outer, &field.ty),
        }
    }

    /// An element of a declared type that holds an object of another.
    pub(crate) fn dynamic(
        &mut self,
        name: &str,
        ns: &str,
        outer: &str,
        declared: &QName,
        ty: &QName,
        depth: Depth,
    ) {
        let attrs = if ty == declared { String::new() } else { xsi_type(ty, ns) };
        self.element(name, ns, outer, &attrs, |document| document.content(ty, ns, depth));
    }

    /// An element without structure: a primitive, a reference or a value of an enumeration.
    pub(crate) fn simple(&mut self, name: &str, ns: &str, outer: &str, ty: &QName) {
        let attrs = match self.schema.what(ty) {
            What::MoRef => self.moref_attrs(),
            _ => String::new(),
        };
        self.element(name, ns, outer, &attrs, |document| document.leaf(ty));
    }

    fn moref_attrs(&mut self) -> String {
        match self.next() % 4 {
            0 => " type=\"Unheard\"".to_owned(),
            1 => " type=\"Folder\" serverGuid=\"6d1c\"".to_owned(),
            _ => " type=\"VirtualMachine\"".to_owned(),
        }
    }

    /// An element of `anyType`.
    fn any(&mut self, name: &str, ns: &str, outer: &str, depth: Depth) {
        let kind = if depth == Depth(0) || self.in_secret { 0 } else { self.next() % 6 };
        let (plain, vim) =
            (|name: &str| QName { ns: codegen::schema::XSD.to_owned(), name: name.to_owned() }, in_vim25);
        let ty = match kind {
            0 => plain("string"),
            1 => plain("int"),
            2 => vim("ManagedObjectReference"),
            3 => vim("VirtualMachinePowerState"),
            4 => vim("ArrayOfString"),
            _ => vim("OptionValue"),
        };
        self.any_of(name, ns, outer, &ty, Depth(0));
    }

    /// An element of `anyType` that holds a value of a type, an array included.
    pub(crate) fn any_of(&mut self, name: &str, ns: &str, outer: &str, ty: &QName, depth: Depth) {
        let array = self.schema.arrays().find(|(array, _)| *array == ty).map(|(_, item)| item);
        let mut attrs = xsi_type(ty, ns);
        if let (None, What::MoRef) = (array, if array.is_none() { self.schema.what(ty) } else { What::Data })
        {
            attrs.push_str(&self.moref_attrs());
        }
        self.element(name, ns, outer, &attrs, |document| match array {
            Some(item) => {
                for at in 0..2 {
                    document.field(ty, item, ns, depth, at);
                }
            }
            None => match document.schema.what(ty) {
                What::Data => document.content(ty, ns, depth),
                _ => document.leaf(ty),
            },
        });
    }

    pub(crate) fn next(&mut self) -> usize {
        self.count += 1;
        self.count
    }

    fn leaf(&mut self, ty: &QName) {
        let count = self.next();
        let (kind, text) = match self.schema.what(ty) {
            What::MoRef => ("text", format!("id-{count}")),
            What::Enum(of) => {
                ("text", of.values.get(count % of.values.len().max(1)).cloned().unwrap_or_default())
            }
            What::Data => panic!("{ty:?} is no text"),
            What::Plain(kind) => (kind, plain(kind, count, self.in_secret)),
        };
        if self.in_secret {
            assert_eq!(kind, "string", "a secret that is no text");
            self.secrets += 1;
        }
        let start = self.text.len();
        self.text.push_str(&text);
        self.leaves.push(Leaf { at: start..self.text.len(), kind });
    }

    /// The document with another text in place of one.
    pub(crate) fn with_other(&self, leaf: &Leaf) -> String {
        let mut text = self.text.clone();
        text.replace_range(leaf.at.clone(), &other(leaf.kind, &self.text[leaf.at.clone()]));
        text
    }
}

/// The attribute that names a type in an element of the namespace `inside`.
pub(crate) fn xsi_type(ty: &QName, inside: &str) -> String {
    let QName { ns, name } = ty;
    if *ns == codegen::schema::XSD {
        format!(" xsi:type=\"xsd:{name}\"")
    } else if ns == inside {
        format!(" xsi:type=\"{name}\"")
    } else {
        format!(" xmlns:t=\"{ns}\" xsi:type=\"t:{name}\"")
    }
}

pub(crate) fn try_read(text: &str) -> Result<DynamicProperty, DecodeError> {
    from_xml(text.as_bytes(), &REGISTRY, Limits::default())
}

pub(crate) fn read(text: &str) -> DynamicProperty {
    try_read(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub(crate) fn write(value: &DynamicProperty) -> String {
    to_xml(value, "p", &vim_types::VIM25).unwrap_or_else(|error| panic!("{error}\n{value:?}"))
}

/// Reads a document, writes it, reads that again: what was read.
pub(crate) fn round_trip(text: &str) -> DynamicProperty {
    let value = read(text);
    let written = write(&value);
    assert!(written == text, "read     {text}\nwritten  {written}\nvalue    {value:?}");
    assert!(read(&written) == value, "{text} does not equal itself");
    value
}

pub(crate) fn as_object(value: &DynamicProperty) -> &Object {
    match &value.val {
        Any::Object(object) => object,
        other => panic!("{other:?} is no object"),
    }
}
