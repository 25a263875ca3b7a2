//! Static descriptions of the schema: what the generated code is, and what the one codec walks.

use crate::object::VimObject;
use crate::slot::Kind;
use std::any::TypeId;

/// A field's or a parameter's flag: its value is a secret.
pub const SECRET: u8 = 1;
/// A field's or a parameter's flag: the schema requires it.
pub const REQUIRED: u8 = 2;

/// What is known of a data type: its name, its base and its own fields in wire order.
pub struct TypeDesc {
    /// The name on the wire, such as `VirtualDisk`.
    pub name: &'static str,
    /// The XML namespace in which the type's fields live, such as `urn:vim25`.
    pub namespace: &'static str,
    /// The index, in the service's versions, of the version that brought the type.
    pub since: u8,
    /// The type that this one extends.
    pub base: Option<Base>,
    /// The type's own fields, in the order of the schema, without its base's.
    pub fields: &'static [FieldDesc],
    /// How many types this one extends.
    pub(crate) depth: u8,
    pub(crate) create: fn() -> Box<dyn VimObject>,
    pub(crate) id: fn() -> TypeId,
}

/// The base of a data type, and where it lies in it.
#[derive(Clone, Copy)]
pub struct Base {
    /// The base.
    pub desc: &'static TypeDesc,
    pub(crate) offset: usize,
}

impl TypeDesc {
    /// Describes `T`; for the `object!` macro alone.
    ///
    /// # Safety
    ///
    /// `base` and `fields` hold offsets into `T`, each with the type or the kind of what lies there, and `T` names what is
    /// made here as its description.
    #[doc(hidden)]
    #[allow(
        unsafe_code,
        reason = "the macro is the one caller and takes offsets and kinds from the type itself"
    )]
    pub const unsafe fn new<T: VimObject + Default>(
        name: &'static str,
        namespace: &'static str,
        since: u8,
        base: Option<(&'static Self, usize)>,
        fields: &'static [FieldDesc],
    ) -> Self {
        let (base, depth) = match base {
            Some((desc, offset)) => (Some(Base { desc, offset }), desc.depth + 1),
            None => (None, 0),
        };
        Self {
            name,
            namespace,
            since,
            base,
            fields,
            depth,
            create: || Box::new(T::default()),
            id: TypeId::of::<T>,
        }
    }

    /// Whether this is `ancestor`, or extends it.
    #[must_use]
    pub fn is_a(&'static self, ancestor: &'static Self) -> bool {
        self.lineage().any(|desc| std::ptr::eq(desc, ancestor))
    }

    /// What lies that many bases up; the last of its bases where there are fewer.
    #[inline]
    pub(crate) fn ancestor(&'static self, up: usize) -> &'static Self {
        let mut desc = self;
        for _ in 0..up {
            match desc.base {
                Some(base) => desc = base.desc,
                None => return desc,
            }
        }
        desc
    }

    /// This type, its base, its base's base and so on.
    pub fn lineage(&'static self) -> impl Iterator<Item = &'static Self> {
        std::iter::successors(Some(self), |desc| desc.base.map(|base| base.desc))
    }

    /// The field of that wire name, of the type itself or of what it extends.
    #[must_use]
    pub fn field(&'static self, name: &str) -> Option<&'static FieldDesc> {
        self.lineage().flat_map(|desc| desc.fields).find(|field| field.name == name)
    }
}

impl std::fmt::Debug for TypeDesc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("TypeDesc").field(&self.name).finish()
    }
}

/// A field of a data type.
pub struct FieldDesc {
    /// The element's name on the wire.
    pub name: &'static str,
    pub(crate) head: u64,
    pub(crate) offset: u32,
    /// The index, in the service's versions, of the version that brought the field.
    pub since: u8,
    /// [`SECRET`] and [`REQUIRED`].
    pub flags: u8,
    /// What lies in the field.
    pub kind: Kind,
}

impl FieldDesc {
    /// Describes a field; for the `object!` macro alone. Nothing is read by it until [`TypeDesc::new`], which is unsafe, says
    /// whose field it is.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str, offset: usize, since: u8, flags: u8, kind: Kind) -> Self {
        assert!(offset <= u32::MAX as usize);
        Self { name, head: head(name.as_bytes()), offset: offset as u32, since, flags, kind }
    }

    /// Whether the value must not be shown.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        self.flags & SECRET != 0
    }

    /// Whether the schema requires a value.
    #[must_use]
    pub const fn is_required(&self) -> bool {
        self.flags & REQUIRED != 0
    }
}

impl std::fmt::Debug for FieldDesc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FieldDesc").field(&self.name).finish()
    }
}

/// The first eight bytes of a name and its length, in one integer: what tells most names apart in one comparison.
pub(crate) const fn head(name: &[u8]) -> u64 {
    let mut value = 0u64;
    let mut at = 0;
    while at < name.len() && at < 8 {
        value |= (name[at] as u64) << (8 * at);
        at += 1;
    }
    value
}

/// What is known of an enumeration.
#[derive(Debug)]
pub struct EnumDesc {
    /// The name on the wire, such as `VirtualMachinePowerState`.
    pub name: &'static str,
    /// The XML namespace of the type.
    pub namespace: &'static str,
    /// The index, in the service's versions, of the version that brought the type.
    pub since: u8,
    /// The values that the schema knows; servers send others too.
    pub values: &'static [&'static str],
}

/// What is known of a method of a managed object.
pub struct MethodDesc {
    /// The name on the wire, such as `PowerOnVM_Task`.
    pub name: &'static str,
    /// The managed object that has it.
    pub this: &'static str,
    /// The service that it belongs to.
    pub service: &'static crate::Service,
    /// The index, in the service's versions, of the version that brought the method.
    pub since: u8,
    /// Whether it answers a task.
    pub task: bool,
    /// The privilege that it needs on the object, where the metadata has one.
    pub privilege: Option<&'static str>,
    /// Its parameters in wire order, without `_this`.
    pub params: &'static [ParamDesc],
    /// The faults that it declares.
    pub faults: &'static [&'static str],
    /// The schema type of its result, or of its task's result; empty where it has none.
    pub result: &'static str,
}

impl std::fmt::Debug for MethodDesc {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.this, self.name)
    }
}

/// A parameter of a method.
#[derive(Debug)]
pub struct ParamDesc {
    /// The element's name on the wire.
    pub name: &'static str,
    /// The index, in the service's versions, of the version that brought it.
    pub since: u8,
    /// [`SECRET`] and [`REQUIRED`].
    pub flags: u8,
}
