//! `xsd:anyType`: a value that says its own type.

use crate::object::{DataObject, Extra, Object, Poly};
use crate::{Binary, DateTime, MoRef};

/// A value of any type of the schema, as in property values and option values.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Any {
    /// No value: an element with neither a type nor content.
    #[default]
    Nil,
    /// `xsd:boolean`
    Bool(bool),
    /// `xsd:byte`
    Byte(i8),
    /// `xsd:short`
    Short(i16),
    /// `xsd:int`
    Int(i32),
    /// `xsd:long`
    Long(i64),
    /// `xsd:float`
    Float(f32),
    /// `xsd:double`
    Double(f64),
    /// `xsd:string`
    String(String),
    /// `xsd:anyURI`
    Uri(String),
    /// `xsd:dateTime`
    DateTime(DateTime),
    /// `xsd:base64Binary`
    Binary(Binary),
    /// `ManagedObjectReference`
    MoRef(MoRef),
    /// A value of an enumeration.
    Enum(EnumAny),
    /// A data object.
    Object(Object),
    /// An `ArrayOf…`.
    Array(ArrayAny),
    /// A value whose type is not known here, kept as it came.
    Unknown(Box<UnknownAny>),
}

/// A value of an enumeration, in an [`Any`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumAny {
    /// The enumeration's name on the wire.
    pub type_name: &'static str,
    /// The value on the wire.
    pub value: String,
}

/// An array, in an [`Any`].
#[derive(Clone, Debug, PartialEq)]
pub struct ArrayAny {
    /// The array's type on the wire, such as `ArrayOfVirtualDevice`.
    pub type_name: String,
    /// Its items, all of one type or its descendants.
    pub items: Vec<Any>,
}

/// A value whose type is not known here, in an [`Any`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UnknownAny {
    pub(crate) extra: Extra,
}

impl UnknownAny {
    /// The type's name, as the server wrote it; empty where it wrote none.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.extra.type_name.as_deref().unwrap_or("")
    }

    /// The element's content, as it came.
    #[must_use]
    pub fn xml(&self) -> &str {
        &self.extra.xml
    }
}

impl Any {
    /// The name of the value's type on the wire, without a prefix; empty where it has none.
    #[must_use]
    pub fn type_name(&self) -> &str {
        match self {
            Self::Nil => "",
            Self::Bool(_) => "boolean",
            Self::Byte(_) => "byte",
            Self::Short(_) => "short",
            Self::Int(_) => "int",
            Self::Long(_) => "long",
            Self::Float(_) => "float",
            Self::Double(_) => "double",
            Self::String(_) => "string",
            Self::Uri(_) => "anyURI",
            Self::DateTime(_) => "dateTime",
            Self::Binary(_) => "base64Binary",
            Self::MoRef(_) => "ManagedObjectReference",
            Self::Enum(value) => value.type_name,
            Self::Object(object) => object.type_name(),
            Self::Array(array) => &array.type_name,
            Self::Unknown(unknown) => unknown.type_name(),
        }
    }

    /// The text of a string, URI or enumeration value.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) | Self::Uri(text) => Some(text),
            Self::Enum(value) => Some(&value.value),
            _ => None,
        }
    }

    /// The value of an integer of any width.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Self::Byte(value) => Some(value.into()),
            Self::Short(value) => Some(value.into()),
            Self::Int(value) => Some(value.into()),
            Self::Long(value) => Some(value),
            _ => None,
        }
    }

    /// The value of a boolean.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match *self {
            Self::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The reference.
    #[must_use]
    pub const fn as_moref(&self) -> Option<&MoRef> {
        match self {
            Self::MoRef(moref) => Some(moref),
            _ => None,
        }
    }

    /// The object as a `T`, where it is one or extends it.
    #[must_use]
    pub fn downcast_ref<T: DataObject>(&self) -> Option<&T> {
        match self {
            Self::Object(object) => object.downcast_ref(),
            _ => None,
        }
    }

    /// The items of an array.
    #[must_use]
    pub fn as_array(&self) -> Option<&[Self]> {
        match self {
            Self::Array(array) => Some(&array.items),
            _ => None,
        }
    }
}

macro_rules! from {
    ($($ty:ty => $variant:ident),* $(,)?) => { $(
        impl From<$ty> for Any {
            fn from(value: $ty) -> Self {
                Self::$variant(value)
            }
        }
    )* };
}
from! {
    bool => Bool, i8 => Byte, i16 => Short, i32 => Int, i64 => Long, f32 => Float, f64 => Double, String => String,
    DateTime => DateTime, Binary => Binary, MoRef => MoRef, Object => Object,
}

impl From<&str> for Any {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl<T: DataObject> From<T> for Any {
    fn from(value: T) -> Self {
        Self::Object(Object::new(value))
    }
}

impl<T: DataObject> From<Poly<T>> for Any {
    fn from(value: Poly<T>) -> Self {
        Self::Object(value.into_object())
    }
}
