//! The resolved model: every name found, every fact beside what it is about.

mod build;
mod methods;
mod shape;

pub use build::build;

/// An index into [`Model::types`].
pub type TypeId = usize;
/// An index into [`Model::enums`].
pub type EnumId = usize;
/// An index into [`Model::objects`].
pub type ObjectId = usize;
/// An index into [`Model::services`].
pub type ServiceId = usize;

/// All services that are generated together.
#[derive(Debug, Default)]
pub struct Model {
    /// The services, those that others build on first.
    pub services: Vec<Service>,
    /// The data types, by name.
    pub types: Vec<DataType>,
    /// The enumerations, by name.
    pub enums: Vec<Enumeration>,
    /// The managed objects, by name.
    pub objects: Vec<Object>,
    /// The methods of services without metadata.
    pub functions: Vec<Method>,
    /// What the input lacks.
    pub missing: Vec<String>,
}

/// A service.
#[derive(Debug)]
pub struct Service {
    /// The namespace, such as `urn:vim25`.
    pub namespace: String,
    /// The short name, such as `vim25`.
    pub name: String,
    /// The name of its static, such as `VIM25`.
    pub constant: String,
    /// The path on the server.
    pub path: String,
    /// The API version; empty where the input does not tell.
    pub version: String,
    /// The API versions, oldest first.
    pub versions: Vec<String>,
    /// Whether there is metadata for it.
    pub metadata: bool,
}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ty {
    /// `xsd:boolean`
    Bool,
    /// `xsd:byte`
    I8,
    /// `xsd:short`
    I16,
    /// `xsd:int`
    I32,
    /// `xsd:long`
    I64,
    /// `xsd:float`
    F32,
    /// `xsd:double`
    F64,
    /// `xsd:string`, `xsd:anyURI`
    String,
    /// `xsd:dateTime`
    DateTime,
    /// `xsd:base64Binary`
    Binary,
    /// `xsd:anyType`
    Any,
    /// `ManagedObjectReference`
    MoRef,
    /// An enumeration.
    Enum(EnumId),
    /// A data type.
    Data(TypeId),
}

/// A data type.
#[derive(Debug)]
pub struct DataType {
    /// The name on the wire.
    pub wire: String,
    /// The name in Rust.
    pub rust: String,
    /// The service that declares it.
    pub service: ServiceId,
    /// The name in VMODL.
    pub vmodl: Option<String>,
    /// The version that brought it.
    pub since: usize,
    /// What it extends.
    pub base: Option<TypeId>,
    /// Its own fields.
    pub fields: Vec<Field>,
    /// What extends it, directly.
    pub subtypes: Vec<TypeId>,
    /// How many types extend it, directly or not.
    pub descendants: usize,
}

/// A field, a property or a parameter.
#[derive(Debug)]
pub struct Field {
    /// The name on the wire.
    pub wire: String,
    /// The name in Rust.
    pub ident: String,
    /// The type.
    pub ty: Ty,
    /// Whether it may be absent.
    pub optional: bool,
    /// Whether it may be repeated.
    pub array: bool,
    /// Whether it is boxed, as it would make its type infinite.
    pub boxed: bool,
    /// The version that brought it, never earlier than its owner's.
    pub since: usize,
    /// Whether that is later than its owner's.
    pub later: bool,
    /// What else is known.
    pub facts: Facts,
}

/// What metadata says of a field.
#[derive(Debug, Default)]
pub struct Facts {
    /// The managed object that a reference is to.
    pub target: Option<String>,
    /// The type whose key a string is.
    pub link: Option<TypeId>,
    /// The enumeration that a string takes its values from.
    pub values: Option<EnumId>,
    /// What kind of name a string is.
    pub is: Option<String>,
    /// The privilege that it needs.
    pub privilege: Option<String>,
    /// Whether it is a secret.
    pub secret: bool,
}

/// An enumeration.
#[derive(Debug)]
pub struct Enumeration {
    /// The name on the wire.
    pub wire: String,
    /// The name in Rust.
    pub rust: String,
    /// The service that declares it.
    pub service: ServiceId,
    /// The name in VMODL.
    pub vmodl: Option<String>,
    /// The version that brought it.
    pub since: usize,
    /// Constants and values, in order.
    pub values: Vec<(String, String)>,
}

/// A managed object.
#[derive(Debug)]
pub struct Object {
    /// The name.
    pub name: String,
    /// The service that has it.
    pub service: ServiceId,
    /// The name in VMODL.
    pub vmodl: String,
    /// The version that brought it.
    pub since: usize,
    /// What it extends.
    pub base: Option<ObjectId>,
    /// What extends it, directly.
    pub subtypes: Vec<ObjectId>,
    /// Its own properties.
    pub properties: Vec<Field>,
    /// Its own methods.
    pub methods: Vec<Method>,
}

/// A method.
#[derive(Debug)]
pub struct Method {
    /// The name on the wire.
    pub wire: String,
    /// The name in Rust.
    pub ident: String,
    /// The name of its description.
    pub constant: String,
    /// The name of its call.
    pub call: String,
    /// The service.
    pub service: ServiceId,
    /// The version that brought it.
    pub since: usize,
    /// Whether that is later than its object's.
    pub later: bool,
    /// Whether it answers a task.
    pub task: bool,
    /// The privilege that it needs on the object.
    pub privilege: Option<String>,
    /// Its parameters.
    pub params: Vec<Field>,
    /// What it, or its task, answers.
    pub result: Option<Answer>,
    /// Whether the answer is a secret.
    pub secret: bool,
    /// The faults that it declares.
    pub faults: Vec<TypeId>,
}

/// What a method, or its task, answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The type.
    pub ty: Ty,
    /// Whether it may be absent.
    pub optional: bool,
    /// Whether it is an array.
    pub array: bool,
    /// The managed object that a reference is to.
    pub target: Option<String>,
}

impl Model {
    /// The managed object of that name.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<ObjectId> {
        self.objects.iter().position(|object| object.name == name)
    }

    /// The data type of that name on the wire, of the first service that has it.
    #[must_use]
    pub fn data(&self, wire: &str) -> Option<TypeId> {
        self.types.iter().position(|ty| ty.wire == wire)
    }

    /// A type, its base, its base's base and so on.
    pub fn lineage(&self, id: TypeId) -> impl Iterator<Item = TypeId> {
        std::iter::successors(Some(id), |id| self.types[*id].base)
    }

    /// A managed object, its base, its base's base and so on.
    pub fn object_lineage(&self, id: ObjectId) -> impl Iterator<Item = ObjectId> {
        std::iter::successors(Some(id), |id| self.objects[*id].base)
    }

    /// A type and all that extend it, directly or not.
    #[must_use]
    pub fn family(&self, id: TypeId) -> Vec<TypeId> {
        let mut all = vec![id];
        let mut at = 0;
        while let Some(&next) = all.get(at) {
            all.extend(&self.types[next].subtypes);
            at += 1;
        }
        all
    }

    /// Whether a value declared as of that type may be of another.
    #[must_use]
    pub fn is_poly(&self, id: TypeId) -> bool {
        !self.types[id].subtypes.is_empty()
    }

    /// Whether a type is a root without fields, which nothing embeds.
    #[must_use]
    pub fn is_empty_root(&self, id: TypeId) -> bool {
        self.types[id].base.is_none() && self.types[id].fields.is_empty()
    }

    /// The name of a service's version.
    #[must_use]
    pub fn version(&self, service: ServiceId, since: usize) -> &str {
        self.services[service].versions.get(since).map_or("", String::as_str)
    }

    /// "vim25 9.1.1.0"
    #[must_use]
    pub fn label(&self, service: ServiceId) -> String {
        let service = &self.services[service];
        format!("{} {}", service.name, service.version).trim_end().to_owned()
    }
}
