//! Reading a WSDL folder: files in, declarations out, nothing resolved yet.

pub mod load;
pub mod source;
pub mod wsdl;
pub mod xml;
pub mod xsd;

use std::collections::BTreeMap;

/// A name with the namespace that its prefix stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QName {
    /// The namespace.
    pub ns: String,
    /// The local name.
    pub name: String,
}

/// The namespace of XML Schema.
pub const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// The namespace of WSDL 1.1.
pub const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";

/// An element of a type's sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawField {
    /// The element's name.
    pub name: String,
    /// The element's type.
    pub ty: QName,
    /// `minOccurs="0"`.
    pub optional: bool,
    /// `maxOccurs="unbounded"`.
    pub array: bool,
}

/// A complexType.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawType {
    /// What it extends.
    pub base: Option<QName>,
    /// Its own elements, in order.
    pub fields: Vec<RawField>,
    /// Whether it is text with attributes rather than elements: the managed object reference.
    pub simple: bool,
    /// The file that declares it.
    pub file: String,
    /// The line of its declaration.
    pub line: usize,
}

/// A simpleType that lists values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawEnum {
    /// The values, in order.
    pub values: Vec<String>,
    /// The file that declares it.
    pub file: String,
    /// The line of its declaration.
    pub line: usize,
}

/// A top-level element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RawElement {
    /// An element of a named type.
    Named(QName),
    /// An element with an anonymous type: a method's response.
    Inline(Vec<RawField>),
}

/// An operation of a port type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawOperation {
    /// The method's name.
    pub name: String,
    /// The element of the request.
    pub input: QName,
    /// The element of the response.
    pub output: QName,
    /// The types of the faults that it declares, in order.
    pub faults: Vec<QName>,
    /// The line of its declaration.
    pub line: usize,
}

/// The operations of one namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawPort {
    /// The file that declares them.
    pub file: String,
    /// In the order of the port type.
    pub operations: Vec<RawOperation>,
    /// The API version that the SOAP action names.
    pub version: Option<String>,
}

/// Everything that a WSDL folder declares.
#[derive(Clone, Debug, Default)]
pub struct Raw {
    /// The complexTypes.
    pub types: BTreeMap<QName, RawType>,
    /// The enumerations.
    pub enums: BTreeMap<QName, RawEnum>,
    /// The top-level elements.
    pub elements: BTreeMap<QName, RawElement>,
    /// The port types, by namespace.
    pub ports: BTreeMap<String, RawPort>,
    /// The files that were read, in order.
    pub files: Vec<String>,
    /// What was tolerated: files that are missing without harm.
    pub notes: Vec<String>,
}
