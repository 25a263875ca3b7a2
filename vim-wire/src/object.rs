//! Data objects: the traits that every generated type has, and the boxed object of any type.

use crate::desc::TypeDesc;
use crate::slot::{Cell, CellMut, Grow, ObjMut, ObjRef, Slot, SlotMut};
use crate::xml::read::Attrs;
use std::any::Any as StdAny;
use std::fmt;
use std::ops::{Deref, DerefMut};

/// A data object of the schema, whatever its type. Implemented by the `object!` macro alone.
///
/// # Safety
///
/// `desc` describes `Self`.
#[allow(unsafe_code, reason = "the descriptions' trust boundary, see slot.rs")]
pub unsafe trait VimObject: StdAny + Send + Sync {
    /// What is known of the object's type.
    fn desc(&self) -> &'static TypeDesc;
}

/// A data type of the schema. Implemented by the `object!` macro alone.
///
/// # Safety
///
/// `DESC` describes `Self`.
#[allow(unsafe_code, reason = "the descriptions' trust boundary, see slot.rs")]
pub unsafe trait DataObject: VimObject + Clone + Default + fmt::Debug + PartialEq {
    /// What is known of the type.
    const DESC: &'static TypeDesc;
    #[doc(hidden)]
    const REF: crate::slot::TypeRef;
}

/// What a server sent of an object beyond what the schema here knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra {
    /// The type's name as the server wrote it, where the registry has no such type.
    pub(crate) type_name: Option<Box<str>>,
    /// The namespace of that name, where it is not that of the known base.
    pub(crate) namespace: Option<Box<str>>,
    /// The elements that no field takes, as they came.
    pub(crate) xml: String,
    /// The namespace declarations that the elements stand under, as attributes.
    pub(crate) scope: String,
}

impl Extra {
    /// Whether that prefix is declared for the elements, or may occur in them.
    pub(crate) fn uses(&self, prefix: &str) -> bool {
        let declared = Attrs(&self.scope).any(|(name, _)| name.strip_prefix("xmlns:") == Some(prefix));
        declared || self.xml.contains(&format!("{prefix}:"))
    }
}

impl PartialEq for Extra {
    /// What an object says, not which declarations stood around it.
    fn eq(&self, other: &Self) -> bool {
        self.type_name == other.type_name && self.xml == other.xml
    }
}

/// A boxed data object of any type.
///
/// It keeps what the schema here does not know: an object of an unknown type is held as the nearest known base, with its
/// own type's name and the unknown elements, and is written back with them.
#[repr(Rust)]
pub struct Object {
    value: Box<dyn VimObject>,
    pub(crate) extra: Option<Box<Extra>>,
}

impl Object {
    /// Boxes an object.
    #[must_use]
    pub fn new<T: DataObject>(value: T) -> Self {
        Self { value: Box::new(value), extra: None }
    }

    /// Boxes a new object of a type, with its default values.
    #[must_use]
    pub fn default_of(desc: &'static TypeDesc) -> Self {
        Self { value: (desc.create)(), extra: None }
    }

    pub(crate) fn value(&self) -> &dyn VimObject {
        &*self.value
    }

    pub(crate) fn value_mut(&mut self) -> &mut dyn VimObject {
        &mut *self.value
    }

    /// What is known of its type; of the nearest known base where its own is not known.
    #[must_use]
    pub fn desc(&self) -> &'static TypeDesc {
        self.value.desc()
    }

    /// The name of its type, as the server wrote it.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.extra.as_ref().and_then(|extra| extra.type_name.as_deref()).unwrap_or(self.desc().name)
    }

    /// The elements that the schema here does not know, as XML; empty where there is none.
    #[must_use]
    pub fn unknown_xml(&self) -> &str {
        self.extra.as_ref().map_or("", |extra| &extra.xml)
    }

    /// Its fields by description.
    #[must_use]
    pub fn as_ref(&self) -> ObjRef<'_> {
        ObjRef::of_object(self)
    }

    /// Whether it is a `T` or extends it.
    #[must_use]
    pub fn is<T: DataObject>(&self) -> bool {
        self.desc().is_a(T::DESC)
    }

    /// It as a `T`, where it is one or extends it.
    #[must_use]
    pub fn downcast_ref<T: DataObject>(&self) -> Option<&T> {
        self.as_ref().cast()
    }

    /// It as a `T`, where it is one or extends it.
    #[must_use]
    pub fn downcast_mut<T: DataObject>(&mut self) -> Option<&mut T> {
        ObjMut::of_object(self).cast()
    }

    /// It as exactly a `T`.
    ///
    /// # Errors
    ///
    /// Returns the object itself where it is of another type, a descendant of `T` included: nothing of it is lost.
    pub fn downcast<T: DataObject>(self) -> Result<T, Self> {
        if (self.desc().id)() != std::any::TypeId::of::<T>() {
            return Err(self);
        }
        let value: Box<dyn StdAny> = self.value;
        match value.downcast::<T>() {
            Ok(value) => Ok(*value),
            // The ids are equal, so this is never reached; a default keeps the path free of panics.
            Err(_) => Ok(T::default()),
        }
    }
}

impl<T: DataObject> From<T> for Object {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl Clone for Object {
    fn clone(&self) -> Self {
        let mut new = Self { value: (self.desc().create)(), extra: self.extra.clone() };
        clone_fields(self.as_ref(), ObjMut::of_object(&mut new));
        new
    }
}

impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.extra == other.extra && eq(self.as_ref(), other.as_ref())
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(self.as_ref(), self.type_name(), self.unknown_xml(), f)
    }
}

/// Copies every field of `from` over that of `to`, which must be of the same type and have its default values.
pub(crate) fn clone_fields(from: ObjRef<'_>, mut to: ObjMut<'_>) {
    debug_assert!(std::ptr::eq(from.desc(), to.desc()));
    for field in from.desc().fields {
        let place = to.slot(field);
        match (from.slot(field), place) {
            (Slot::Bool(from), SlotMut::Bool(to)) => copy(&from, to),
            (Slot::I8(from), SlotMut::I8(to)) => copy(&from, to),
            (Slot::I16(from), SlotMut::I16(to)) => copy(&from, to),
            (Slot::I32(from), SlotMut::I32(to)) => copy(&from, to),
            (Slot::I64(from), SlotMut::I64(to)) => copy(&from, to),
            (Slot::F32(from), SlotMut::F32(to)) => copy(&from, to),
            (Slot::F64(from), SlotMut::F64(to)) => copy(&from, to),
            (Slot::Str(from), SlotMut::Str(to)) => copy(&from, to),
            (Slot::DateTime(from), SlotMut::DateTime(to)) => copy(&from, to),
            (Slot::Binary(from), SlotMut::Binary(to)) => copy(&from, to),
            (Slot::Any(from), SlotMut::Any(to)) => copy(&from, to),
            (Slot::MoRef(from), SlotMut::MoRef(to)) => copy(&from, to),
            (Slot::Enum(_, from), SlotMut::Enum(..)) => {
                for value in from.iter() {
                    if let SlotMut::Enum(_, grow) = to.slot(field) {
                        *grow.item() = value.clone();
                    }
                }
            }
            (Slot::Poly(_, from), SlotMut::Poly(..)) => {
                for value in from.iter() {
                    if let SlotMut::Poly(_, place) = to.slot(field) {
                        place.put(value.clone());
                    }
                }
            }
            (Slot::Struct(from), SlotMut::Struct(..)) => {
                for value in from.iter() {
                    if let SlotMut::Struct(desc, grow) = to.slot(field) {
                        clone_fields(value, Grow::object(grow, desc));
                    }
                }
            }
            _ => {}
        }
    }
    if let (Some(from), Some(to)) = (from.base(), to.base()) {
        clone_fields(from, to);
    }
}

fn copy<T: Clone>(from: &Cell<'_, T>, to: CellMut<'_, T>) {
    match to {
        CellMut::One(to) => {
            if let Cell::One(from) = from {
                *to = (*from).clone();
            }
        }
        CellMut::Opt(to) => *to = from.values().first().cloned(),
        CellMut::Many(to) => *to = from.values().to_vec(),
    }
}

/// Whether two objects are of one type and equal field by field.
pub(crate) fn eq(a: ObjRef<'_>, b: ObjRef<'_>) -> bool {
    std::ptr::eq(a.desc(), b.desc())
        && a.desc().fields.iter().all(|field| slot_eq(&a.slot(field), &b.slot(field)))
        && match (a.base(), b.base()) {
            (Some(a), Some(b)) => eq(a, b),
            _ => true,
        }
}

fn slot_eq(a: &Slot<'_>, b: &Slot<'_>) -> bool {
    fn same<T: PartialEq>(a: &Cell<'_, T>, b: &Cell<'_, T>) -> bool {
        a.values() == b.values()
    }
    match (a, b) {
        (Slot::Bool(a), Slot::Bool(b)) => same(a, b),
        (Slot::I8(a), Slot::I8(b)) => same(a, b),
        (Slot::I16(a), Slot::I16(b)) => same(a, b),
        (Slot::I32(a), Slot::I32(b)) => same(a, b),
        (Slot::I64(a), Slot::I64(b)) => same(a, b),
        (Slot::F32(a), Slot::F32(b)) => same(a, b),
        (Slot::F64(a), Slot::F64(b)) => same(a, b),
        (Slot::Str(a), Slot::Str(b)) => same(a, b),
        (Slot::DateTime(a), Slot::DateTime(b)) => same(a, b),
        (Slot::Binary(a), Slot::Binary(b)) => same(a, b),
        (Slot::Any(a), Slot::Any(b)) => same(a, b),
        (Slot::MoRef(a), Slot::MoRef(b)) => same(a, b),
        (Slot::Enum(_, a), Slot::Enum(_, b)) => a.iter().eq(b.iter()),
        (Slot::Poly(_, a), Slot::Poly(_, b)) => a.iter().eq(b.iter()),
        (Slot::Struct(a), Slot::Struct(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| eq(a, b))
        }
        _ => false,
    }
}

/// Writes an object as `Name { field: value, .. }`: set fields alone, secrets as `<redacted>`.
pub(crate) fn debug(
    object: ObjRef<'_>,
    name: &str,
    unknown: &str,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let mut out = f.debug_struct(name);
    object.each(&mut |field, slot| {
        if slot.is_set() {
            if field.is_secret() {
                out.field(field.name, &format_args!("<redacted>"));
            } else {
                out.field(field.name, &slot);
            }
        }
    });
    if !unknown.is_empty() {
        out.field("unknown", &unknown);
    }
    out.finish()
}

impl ObjRef<'_> {
    /// Whether both are of one type and hold the same values.
    #[must_use]
    pub fn same(&self, other: &ObjRef<'_>) -> bool {
        eq(*self, *other)
    }
}

impl Slot<'_> {
    /// Whether both hold the same values.
    #[must_use]
    pub fn same(&self, other: &Slot<'_>) -> bool {
        slot_eq(self, other)
    }

    /// Whether there is a value; a required field always has one.
    #[must_use]
    pub fn is_set(&self) -> bool {
        match self {
            Slot::Bool(cell) => !cell.values().is_empty(),
            Slot::I8(cell) => !cell.values().is_empty(),
            Slot::I16(cell) => !cell.values().is_empty(),
            Slot::I32(cell) => !cell.values().is_empty(),
            Slot::I64(cell) => !cell.values().is_empty(),
            Slot::F32(cell) => !cell.values().is_empty(),
            Slot::F64(cell) => !cell.values().is_empty(),
            Slot::Str(cell) => !cell.values().is_empty(),
            Slot::DateTime(cell) => !cell.values().is_empty(),
            Slot::Binary(cell) => !cell.values().is_empty(),
            Slot::Any(cell) => !cell.values().is_empty(),
            Slot::MoRef(cell) => !cell.values().is_empty(),
            Slot::Enum(_, items) => !items.is_empty(),
            Slot::Poly(_, items) => !items.is_empty(),
            Slot::Struct(items) => !items.is_empty(),
        }
    }
}

impl fmt::Debug for Slot<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn cell<T: fmt::Debug>(cell: &Cell<'_, T>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            match cell {
                Cell::Many(values) => values.fmt(f),
                single => single.values().iter().try_for_each(|value| value.fmt(f)),
            }
        }
        fn items<T: fmt::Debug>(
            values: impl Iterator<Item = T>,
            card: crate::slot::Card,
            f: &mut fmt::Formatter<'_>,
        ) -> fmt::Result {
            if card == crate::slot::Card::Many {
                return f.debug_list().entries(values).finish();
            }
            values.take(1).try_for_each(|value| value.fmt(f))
        }
        match self {
            Slot::Bool(value) => cell(value, f),
            Slot::I8(value) => cell(value, f),
            Slot::I16(value) => cell(value, f),
            Slot::I32(value) => cell(value, f),
            Slot::I64(value) => cell(value, f),
            Slot::F32(value) => cell(value, f),
            Slot::F64(value) => cell(value, f),
            Slot::Str(value) => cell(value, f),
            Slot::DateTime(value) => cell(value, f),
            Slot::Binary(value) => cell(value, f),
            Slot::Any(value) => cell(value, f),
            Slot::MoRef(value) => cell(value, f),
            Slot::Enum(_, values) => items(values.iter().map(|value| value.as_str()), values.card(), f),
            Slot::Poly(_, values) => items(values.iter(), values.card(), f),
            Slot::Struct(values) => items(values.iter(), values.card(), f),
        }
    }
}

impl fmt::Debug for ObjRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(*self, self.desc().name, "", f)
    }
}

/// A boxed value that is a `T` or a descendant of it.
///
/// `Deref` gives the fields that every `T` has; [`Object::downcast_ref`] reaches any ancestor or subtype.
#[repr(transparent)]
pub struct Poly<T: DataObject> {
    object: Object,
    of: std::marker::PhantomData<fn() -> T>,
}

impl<T: DataObject> Poly<T> {
    /// Boxes a value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self { object: Object::new(value), of: std::marker::PhantomData }
    }

    /// The object as one of another static type.
    ///
    /// # Errors
    ///
    /// Returns the object where it is not a `T`.
    pub fn from_object(object: Object) -> Result<Self, Object> {
        if object.is::<T>() { Ok(Self { object, of: std::marker::PhantomData }) } else { Err(object) }
    }

    const fn hold(object: Object) -> Self {
        Self { object, of: std::marker::PhantomData }
    }

    /// The object, whatever its type.
    #[must_use]
    pub fn into_object(self) -> Object {
        self.object
    }

    /// The object, whatever its type.
    #[must_use]
    pub const fn as_object(&self) -> &Object {
        &self.object
    }

    /// The name of the value's type, as the server wrote it.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.object.type_name()
    }

    /// Whether the value is an `S` or extends it.
    #[must_use]
    pub fn is<S: DataObject>(&self) -> bool {
        self.object.is::<S>()
    }

    /// The value as an `S`, where it is one or extends it.
    #[must_use]
    pub fn downcast_ref<S: DataObject>(&self) -> Option<&S> {
        self.object.downcast_ref()
    }

    /// The value as an `S`, where it is one or extends it.
    #[must_use]
    pub fn downcast_mut<S: DataObject>(&mut self) -> Option<&mut S> {
        self.object.downcast_mut()
    }

    /// The value as exactly an `S`.
    ///
    /// # Errors
    ///
    /// Returns the value itself where it is of another type, a descendant of `S` included.
    pub fn downcast<S: DataObject>(self) -> Result<S, Self> {
        self.object.downcast().map_err(|object| Self { object, of: std::marker::PhantomData })
    }
}

impl<S: DataObject, T: DataObject> From<S> for Poly<T> {
    /// Boxes a value of `T` or of a descendant; that `S` is one is checked when the call is compiled.
    fn from(value: S) -> Self {
        const { assert!(extends(S::DESC, T::DESC), "a Poly<T> holds a T or a type that extends T") };
        Self { object: Object::new(value), of: std::marker::PhantomData }
    }
}

/// [`TypeDesc::is_a`] for constant evaluation, where addresses cannot be compared.
const fn extends(mut desc: &'static TypeDesc, ancestor: &'static TypeDesc) -> bool {
    loop {
        if same(desc.name, ancestor.name) && same(desc.namespace, ancestor.namespace) {
            return true;
        }
        match desc.base {
            Some(base) => desc = base.desc,
            None => return false,
        }
    }
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

impl<T: DataObject> Default for Poly<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T: DataObject> Clone for Poly<T> {
    fn clone(&self) -> Self {
        Self { object: self.object.clone(), of: std::marker::PhantomData }
    }
}

impl<T: DataObject> PartialEq for Poly<T> {
    fn eq(&self, other: &Self) -> bool {
        self.object == other.object
    }
}

impl<T: DataObject> fmt::Debug for Poly<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.object.fmt(f)
    }
}

impl<T: DataObject> Deref for Poly<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self.object.downcast_ref() {
            Some(value) => value,
            None => unreachable!("a Poly<T> holds a T or a type that extends T"),
        }
    }
}

impl<T: DataObject> DerefMut for Poly<T> {
    fn deref_mut(&mut self) -> &mut T {
        match self.object.downcast_mut() {
            Some(value) => value,
            None => unreachable!("a Poly<T> holds a T or a type that extends T"),
        }
    }
}

#[allow(unsafe_code, reason = "transparent over Object, as Kind::Poly requires")]
mod wire {
    use super::{DataObject, Poly};
    use crate::slot::{Holder, Kind, PolyHolder, Wire, WireItem};

    unsafe impl<T: DataObject> Wire for Poly<T> {
        const KIND: Kind = Self::ONE;
    }
    unsafe impl<T: DataObject> WireItem for Poly<T> {
        const ONE: Kind = Kind::Poly(
            T::REF,
            PolyHolder::new(Holder::one::<Self>(), |at, object| unsafe {
                *at.cast::<Self>() = Self::hold(object)
            }),
        );
        const OPT: Kind = Kind::Poly(
            T::REF,
            PolyHolder::new(Holder::opt::<Self>(), |at, object| unsafe {
                *at.cast::<Option<Self>>() = Some(Self::hold(object));
            }),
        );
        const MANY: Kind = Kind::Poly(
            T::REF,
            PolyHolder::new(Holder::many::<Self>(), |at, object| unsafe {
                (*at.cast::<Vec<Self>>()).push(Self::hold(object));
            }),
        );
    }
}
