//! Typed access to an object's fields by their description: the one place where memory is read by offset.
//!
//! *Invariant:* a [`TypeDesc`] is made only by the `object!` macro, which takes each offset with `offset_of!` and each
//! [`Kind`] from the type of the very field at that offset. Whoever holds an [`ObjRef`] or an [`ObjMut`] therefore finds at
//! `offset` a live value of the type that `kind` names. See docs/adr/0002-tables.md for what this buys.
//!
//! The invariant cannot be broken by safe code: what takes a description's word is `unsafe` to make ([`TypeDesc::new`],
//! [`TypeRef::new`]) or to implement ([`Wire`], [`WireItem`], `VimObject`, `DataObject`), and the macro refuses what it would
//! describe wrongly (see `Refused` in macros.rs). A [`Kind`], a [`Holder`] or a [`FieldDesc`] by itself is only a statement.

use crate::any::Any;
use crate::desc::{EnumDesc, FieldDesc, TypeDesc};
use crate::object::{DataObject, Object};
use crate::open_enum::OpenValue;
use crate::{Binary, DateTime, MoRef};
use std::marker::PhantomData;

/// How often a field's element may occur.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// Once: `T`.
    One,
    /// At most once: `Option<T>`.
    Opt,
    /// Any number of times: `Vec<T>`.
    Many,
}

/// The type of a field.
#[derive(Clone, Copy)]
pub enum Kind {
    /// `bool`
    Bool(Card),
    /// `i8`
    I8(Card),
    /// `i16`
    I16(Card),
    /// `i32`
    I32(Card),
    /// `i64`
    I64(Card),
    /// `f32`
    F32(Card),
    /// `f64`
    F64(Card),
    /// `String`
    Str(Card),
    /// [`DateTime`]
    DateTime(Card),
    /// [`Binary`]
    Binary(Card),
    /// [`Any`]
    Any(Card),
    /// [`MoRef`]
    MoRef(Card),
    /// An open enumeration.
    Enum(&'static EnumDesc, Holder),
    /// A value of a type or of a descendant.
    Poly(TypeRef, PolyHolder),
    /// A value of exactly this type.
    Struct(TypeRef, Holder),
}

/// A type's description by its address: unlike a reference, a constant may hold it before it is made, as types that refer to
/// one another need.
#[derive(Clone, Copy)]
pub struct TypeRef(*const TypeDesc);

#[allow(unsafe_code, reason = "the address of a static, which the macro takes")]
impl TypeRef {
    /// The type at that address; for the `object!` macro alone.
    ///
    /// # Safety
    ///
    /// There is a static there.
    #[doc(hidden)]
    #[must_use]
    pub const unsafe fn new(desc: *const TypeDesc) -> Self {
        Self(desc)
    }

    /// The description.
    #[inline]
    #[must_use]
    pub const fn get(self) -> &'static TypeDesc {
        unsafe { &*self.0 }
    }
}

/// How a field holds `Poly<T>`.
#[derive(Clone, Copy)]
pub struct PolyHolder {
    card: Card,
    stride: u32,
    put: unsafe fn(*mut u8, Object),
    items: unsafe fn(*const u8) -> (*const u8, usize),
}

impl PolyHolder {
    pub(crate) const fn new(like: Holder, put: unsafe fn(*mut u8, Object)) -> Self {
        Self { card: like.card, stride: like.stride, put, items: like.items }
    }
}

/// How a field holds items whose type only the descriptions know.
#[derive(Clone, Copy)]
pub struct Holder {
    card: Card,
    stride: u32,
    grow: unsafe fn(*mut u8) -> *mut u8,
    items: unsafe fn(*const u8) -> (*const u8, usize),
}

impl Holder {
    /// How often the element may occur.
    #[must_use]
    pub const fn card(&self) -> Card {
        self.card
    }
}

impl Kind {
    /// How often the element may occur.
    #[must_use]
    pub const fn card(&self) -> Card {
        match self {
            Self::Bool(card)
            | Self::I8(card)
            | Self::I16(card)
            | Self::I32(card)
            | Self::I64(card)
            | Self::F32(card)
            | Self::F64(card)
            | Self::Str(card)
            | Self::DateTime(card)
            | Self::Binary(card)
            | Self::Any(card)
            | Self::MoRef(card) => *card,
            Self::Enum(_, holder) | Self::Struct(_, holder) => holder.card,
            Self::Poly(_, holder) => holder.card,
        }
    }
}

/// A type that a field can have. Implemented here and by the macros, nowhere else.
///
/// # Safety
///
/// `KIND` describes `Self`.
#[allow(unsafe_code, reason = "the descriptions' trust boundary, see the module's invariant")]
pub unsafe trait Wire: Default + 'static {
    #[doc(hidden)]
    const KIND: Kind;
}

/// A type of which a field can hold one, perhaps one, or many. Implemented here and by the macros, nowhere else.
///
/// # Safety
///
/// The three kinds describe `Self`, `Option<Self>` and `Vec<Self>`.
#[allow(unsafe_code, reason = "the descriptions' trust boundary, see the module's invariant")]
pub unsafe trait WireItem: Sized + Default + 'static {
    #[doc(hidden)]
    const ONE: Kind;
    #[doc(hidden)]
    const OPT: Kind;
    #[doc(hidden)]
    const MANY: Kind;
}

#[allow(unsafe_code, reason = "each kind is that of its container")]
mod containers {
    use super::*;

    unsafe impl<T: WireItem> Wire for Option<T> {
        const KIND: Kind = T::OPT;
    }
    unsafe impl<T: WireItem> Wire for Vec<T> {
        const KIND: Kind = T::MANY;
    }
    // What a type holds of itself is boxed; lists of boxes do not occur.
    unsafe impl<T: DataObject + WireItem> WireItem for Box<T> {
        const ONE: Kind = Kind::Struct(
            T::REF,
            Holder {
                card: Card::One,
                stride: 0,
                grow: |at| unsafe { std::ptr::from_mut((*at.cast::<Self>()).as_mut()).cast() },
                items: |at| (std::ptr::from_ref(unsafe { &*at.cast::<Self>() }.as_ref()).cast(), 1),
            },
        );
        const OPT: Kind = Kind::Struct(
            T::REF,
            Holder {
                card: Card::Opt,
                stride: 0,
                grow: |at| unsafe {
                    std::ptr::from_mut((*at.cast::<Option<Self>>()).insert(Self::default()).as_mut()).cast()
                },
                items: |at| match unsafe { &*at.cast::<Option<Self>>() } {
                    Some(item) => (std::ptr::from_ref(item.as_ref()).cast(), 1),
                    None => (std::ptr::null(), 0),
                },
            },
        );
        const MANY: Kind = panic!("a list of boxes has no kind");
    }
    unsafe impl<T: DataObject + WireItem> Wire for Box<T> {
        const KIND: Kind = Self::ONE;
    }

    /// The holders of `T`, `Option<T>` and `Vec<T>`.
    impl Holder {
        #[doc(hidden)]
        #[must_use]
        pub const fn one<T: Default>() -> Self {
            Self { card: Card::One, stride: 0, grow: |at| at, items: |at| (at, 1) }
        }

        #[doc(hidden)]
        #[must_use]
        pub const fn opt<T: Default>() -> Self {
            Self {
                card: Card::Opt,
                stride: 0,
                grow: |at| unsafe {
                    std::ptr::from_mut((*at.cast::<Option<T>>()).insert(T::default())).cast()
                },
                items: |at| match unsafe { &*at.cast::<Option<T>>() } {
                    Some(item) => (std::ptr::from_ref(item).cast(), 1),
                    None => (std::ptr::null(), 0),
                },
            }
        }

        #[doc(hidden)]
        #[must_use]
        pub const fn many<T: Default>() -> Self {
            Self {
                card: Card::Many,
                stride: {
                    assert!(size_of::<T>() <= u32::MAX as usize);
                    size_of::<T>() as u32
                },
                grow: |at| {
                    let items = unsafe { &mut *at.cast::<Vec<T>>() };
                    items.push(T::default());
                    let last = items.len() - 1;
                    std::ptr::from_mut(&mut items[last]).cast()
                },
                items: |at| {
                    let items = unsafe { &*at.cast::<Vec<T>>() };
                    (items.as_ptr().cast(), items.len())
                },
            }
        }
    }

    macro_rules! plain {
        ($($ty:ty => $kind:ident),* $(,)?) => { $(
            unsafe impl Wire for $ty {
                const KIND: Kind = Kind::$kind(Card::One);
            }
            unsafe impl WireItem for $ty {
                const ONE: Kind = Kind::$kind(Card::One);
                const OPT: Kind = Kind::$kind(Card::Opt);
                const MANY: Kind = Kind::$kind(Card::Many);
            }
        )* };
    }
    plain! {
        bool => Bool, i8 => I8, i16 => I16, i32 => I32, i64 => I64, f32 => F32, f64 => F64, String => Str,
        DateTime => DateTime, Binary => Binary, Any => Any, MoRef => MoRef,
    }
}

/// A field that holds one, perhaps one, or many values.
#[derive(Debug)]
pub enum Cell<'a, T> {
    /// A required field.
    One(&'a T),
    /// An optional field.
    Opt(&'a Option<T>),
    /// A repeated field.
    Many(&'a [T]),
}

impl<'a, T> Cell<'a, T> {
    /// The values that are there.
    #[must_use]
    pub fn values(&self) -> &'a [T] {
        match *self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Opt(value) => value.as_slice(),
            Self::Many(values) => values,
        }
    }

    /// How often the field's element may occur.
    #[must_use]
    pub const fn card(&self) -> Card {
        match self {
            Self::One(_) => Card::One,
            Self::Opt(_) => Card::Opt,
            Self::Many(_) => Card::Many,
        }
    }
}

/// A field to be written.
pub(crate) enum CellMut<'a, T> {
    One(&'a mut T),
    Opt(&'a mut Option<T>),
    Many(&'a mut Vec<T>),
}

impl<T> CellMut<'_, T> {
    #[inline(always)]
    pub(crate) fn put(self, value: T) {
        match self {
            Self::One(slot) => *slot = value,
            Self::Opt(slot) => *slot = Some(value),
            Self::Many(slot) => slot.push(value),
        }
    }
}

/// What lies in a field.
pub enum Slot<'a> {
    /// `bool`
    Bool(Cell<'a, bool>),
    /// `i8`
    I8(Cell<'a, i8>),
    /// `i16`
    I16(Cell<'a, i16>),
    /// `i32`
    I32(Cell<'a, i32>),
    /// `i64`
    I64(Cell<'a, i64>),
    /// `f32`
    F32(Cell<'a, f32>),
    /// `f64`
    F64(Cell<'a, f64>),
    /// `String`
    Str(Cell<'a, String>),
    /// [`DateTime`]
    DateTime(Cell<'a, DateTime>),
    /// [`Binary`]
    Binary(Cell<'a, Binary>),
    /// [`Any`]
    Any(Cell<'a, Any>),
    /// [`MoRef`]
    MoRef(Cell<'a, MoRef>),
    /// An open enumeration's values.
    Enum(&'static EnumDesc, Items<'a, OpenValue>),
    /// Values of a type or of its descendants.
    Poly(&'static TypeDesc, Items<'a, Object>),
    /// Values of exactly that type.
    Struct(Objects<'a>),
}

pub(crate) enum SlotMut<'a> {
    Bool(CellMut<'a, bool>),
    I8(CellMut<'a, i8>),
    I16(CellMut<'a, i16>),
    I32(CellMut<'a, i32>),
    I64(CellMut<'a, i64>),
    F32(CellMut<'a, f32>),
    F64(CellMut<'a, f64>),
    Str(CellMut<'a, String>),
    DateTime(CellMut<'a, DateTime>),
    Binary(CellMut<'a, Binary>),
    Any(CellMut<'a, Any>),
    MoRef(CellMut<'a, MoRef>),
    Enum(&'static EnumDesc, Grow<'a, OpenValue>),
    Poly(&'static TypeDesc, Put<'a>),
    Struct(&'static TypeDesc, Grow<'a, ()>),
}

/// Items of a known type `T` behind newtypes that only the descriptions know.
#[derive(Clone, Copy)]
pub struct Items<'a, T> {
    at: *const u8,
    len: usize,
    stride: usize,
    card: Card,
    of: PhantomData<&'a T>,
}

#[allow(
    unsafe_code,
    reason = "the items that a holder names, each transparent over T; see the module's invariant"
)]
impl<'a, T> Items<'a, T> {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How often the field's element may occur.
    #[must_use]
    pub const fn card(&self) -> Card {
        self.card
    }

    /// Each in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'a T> + use<'a, T> {
        let (at, stride) = (self.at, self.stride);
        (0..self.len).map(move |index| unsafe { &*at.add(index * stride).cast::<T>() })
    }
}

/// Objects of one type in a field.
#[derive(Clone, Copy)]
pub struct Objects<'a> {
    desc: &'static TypeDesc,
    items: Items<'a, ()>,
}

#[allow(unsafe_code, reason = "the items that a holder names; see the module's invariant")]
impl<'a> Objects<'a> {
    /// Their type.
    #[must_use]
    pub const fn desc(&self) -> &'static TypeDesc {
        self.desc
    }

    /// How often the field's element may occur.
    #[must_use]
    pub const fn card(&self) -> Card {
        self.items.card
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.items.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.items.len == 0
    }

    /// Each in turn.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = ObjRef<'a>> + use<'a> {
        let Items { at, stride, .. } = self.items;
        let desc = self.desc;
        (0..self.items.len).map(move |index| ObjRef {
            at: unsafe { at.add(index * stride) },
            desc,
            of: PhantomData,
        })
    }
}

/// Room for one more item in a field.
pub(crate) struct Grow<'a, T> {
    at: *mut u8,
    grow: unsafe fn(*mut u8) -> *mut u8,
    of: PhantomData<&'a mut T>,
}

/// Room for one more `Poly<T>` in a field.
pub(crate) struct Put<'a> {
    at: *mut u8,
    put: unsafe fn(*mut u8, Object),
    of: PhantomData<&'a mut Object>,
}

impl Put<'_> {
    /// Puts an object there; the caller has checked that it is what the field declares.
    #[allow(unsafe_code, reason = "the place that the holder names; see the module's invariant")]
    pub(crate) fn put(self, object: Object) {
        unsafe { (self.put)(self.at, object) }
    }
}

#[allow(unsafe_code, reason = "the item that a holder makes, transparent over T; see the module's invariant")]
impl<'a, T> Grow<'a, T> {
    pub(crate) fn item(self) -> &'a mut T {
        unsafe { &mut *(self.grow)(self.at).cast::<T>() }
    }
}

#[allow(
    unsafe_code,
    reason = "the item that a holder makes is of the type that the kind names; see the module's invariant"
)]
impl<'a> Grow<'a, ()> {
    pub(crate) fn object(self, desc: &'static TypeDesc) -> ObjMut<'a> {
        ObjMut { at: unsafe { (self.grow)(self.at) }, desc, of: PhantomData }
    }
}

/// An object of which only the description is known.
#[derive(Clone, Copy)]
pub struct ObjRef<'a> {
    at: *const u8,
    desc: &'static TypeDesc,
    of: PhantomData<&'a ()>,
}

/// The same, to be written.
pub(crate) struct ObjMut<'a> {
    at: *mut u8,
    desc: &'static TypeDesc,
    of: PhantomData<&'a mut ()>,
}

#[allow(unsafe_code, reason = "the reads by offset; see the module's invariant")]
impl<'a> ObjRef<'a> {
    /// An object's fields by description.
    #[must_use]
    pub fn of<T: DataObject>(object: &'a T) -> Self {
        Self { at: std::ptr::from_ref(object).cast(), desc: T::DESC, of: PhantomData }
    }

    pub(crate) fn of_object(object: &'a Object) -> Self {
        let value = object.value();
        Self { at: std::ptr::from_ref(value).cast(), desc: value.desc(), of: PhantomData }
    }

    /// Its type.
    #[must_use]
    pub const fn desc(&self) -> &'static TypeDesc {
        self.desc
    }

    /// What it has as its base.
    #[must_use]
    pub fn base(&self) -> Option<Self> {
        self.desc.base.map(|base| Self {
            at: unsafe { self.at.add(base.offset) },
            desc: base.desc,
            of: PhantomData,
        })
    }

    /// It as a `T`, where it is one or extends it.
    pub(crate) fn cast<T: DataObject>(self) -> Option<&'a T> {
        let mut object = self;
        while !std::ptr::eq(object.desc, T::DESC) {
            object = object.base()?;
        }
        Some(unsafe { &*object.at.cast::<T>() })
    }

    /// What lies in one of its own fields.
    #[must_use]
    pub(crate) fn slot(&self, field: &'static FieldDesc) -> Slot<'a> {
        debug_assert!(self.desc.fields.iter().any(|own| std::ptr::eq(own, field)));
        unsafe { Slot::at(self.at.add(field.offset as usize), field.kind) }
    }

    /// What lies in the field of that wire name, its own or its base's.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Slot<'a>> {
        let mut object = *self;
        loop {
            if let Some(field) = object.desc.fields.iter().find(|field| field.name == name) {
                return Some(object.slot(field));
            }
            object = object.base()?;
        }
    }

    /// Each field with what lies in it, the base's first: wire order.
    pub fn each(&self, visit: &mut dyn FnMut(&'static FieldDesc, Slot<'a>)) {
        if let Some(base) = self.base() {
            base.each(visit);
        }
        for field in self.desc.fields {
            visit(field, self.slot(field));
        }
    }
}

impl<'a> Slot<'a> {
    /// How often the field's element may occur.
    #[must_use]
    pub const fn card(&self) -> Card {
        match self {
            Self::Bool(cell) => cell.card(),
            Self::I8(cell) => cell.card(),
            Self::I16(cell) => cell.card(),
            Self::I32(cell) => cell.card(),
            Self::I64(cell) => cell.card(),
            Self::F32(cell) => cell.card(),
            Self::F64(cell) => cell.card(),
            Self::Str(cell) => cell.card(),
            Self::DateTime(cell) => cell.card(),
            Self::Binary(cell) => cell.card(),
            Self::Any(cell) => cell.card(),
            Self::MoRef(cell) => cell.card(),
            Self::Enum(_, items) => items.card(),
            Self::Poly(_, items) => items.card(),
            Self::Struct(items) => items.card(),
        }
    }

    /// What a value of a field's type holds.
    pub fn of<T: Wire>(value: &'a T) -> Self {
        #[allow(unsafe_code, reason = "KIND describes T: the contract of Wire")]
        unsafe {
            Slot::at(std::ptr::from_ref(value).cast(), T::KIND)
        }
    }

    /// What a slice of items holds.
    pub(crate) fn of_slice<T: WireItem>(values: &'a [T]) -> Self {
        let at: *const u8 = values.as_ptr().cast();
        let many = |stride| Items::<()> { at, len: values.len(), stride, card: Card::Many, of: PhantomData };
        #[allow(
            unsafe_code,
            reason = "MANY describes how T lies in a Vec, and so in a slice: the contract of WireItem"
        )]
        unsafe {
            match T::MANY {
                Kind::Enum(desc, holder) => Slot::Enum(desc, many(holder.stride as usize).retype()),
                Kind::Poly(desc, holder) => Slot::Poly(desc.get(), many(holder.stride as usize).retype()),
                Kind::Struct(desc, holder) => {
                    Slot::Struct(Objects { desc: desc.get(), items: many(holder.stride as usize) })
                }
                plain => Slot::plain_many(at, values.len(), plain),
            }
        }
    }
}

macro_rules! plain_slots {
    ($($kind:ident $ty:ty),* $(,)?) => {
        #[allow(unsafe_code, reason = "the reads by offset; see the module's invariant")]
        impl<'a> Slot<'a> {
            /// # Safety
            /// At `at` lies a live value of that kind.
            #[inline]
            unsafe fn at(at: *const u8, kind: Kind) -> Self {
                unsafe {
                    match kind {
                        $(Kind::$kind(card) => Self::$kind(match card {
                            Card::One => Cell::One(&*at.cast::<$ty>()),
                            Card::Opt => Cell::Opt(&*at.cast::<Option<$ty>>()),
                            Card::Many => Cell::Many(&*at.cast::<Vec<$ty>>()),
                        }),)*
                        Kind::Enum(desc, holder) => Self::Enum(desc, Items::held(at, &holder)),
                        Kind::Poly(desc, holder) => Self::Poly(desc.get(), Items::held_poly(at, &holder)),
                        Kind::Struct(desc, holder) => Self::Struct(Objects { desc: desc.get(), items: Items::held(at, &holder) }),
                    }
                }
            }

            /// # Safety
            /// At `at` lie `len` live values of that kind.
            unsafe fn plain_many(at: *const u8, len: usize, kind: Kind) -> Self {
                unsafe {
                    match kind {
                        $(Kind::$kind(_) => Self::$kind(Cell::Many(std::slice::from_raw_parts(at.cast::<$ty>(), len))),)*
                        Kind::Enum(..) | Kind::Poly(..) | Kind::Struct(..) => Self::Bool(Cell::Many(&[])),
                    }
                }
            }
        }

        #[allow(unsafe_code, reason = "the writes by offset; see the module's invariant")]
        impl<'a> SlotMut<'a> {
            /// # Safety
            /// At `at` lies a live value of that kind, and nothing else refers to it for `'a`.
            #[inline(always)]
            unsafe fn at(at: *mut u8, kind: &Kind) -> Self {
                unsafe {
                    match kind {
                        $(Kind::$kind(card) => Self::$kind(match card {
                            Card::One => CellMut::One(&mut *at.cast::<$ty>()),
                            Card::Opt => CellMut::Opt(&mut *at.cast::<Option<$ty>>()),
                            Card::Many => CellMut::Many(&mut *at.cast::<Vec<$ty>>()),
                        }),)*
                        Kind::Enum(desc, holder) => Self::Enum(desc, Grow { at, grow: holder.grow, of: PhantomData }),
                        Kind::Poly(desc, holder) => Self::Poly(desc.get(), Put { at, put: holder.put, of: PhantomData }),
                        Kind::Struct(desc, holder) => Self::Struct(desc.get(), Grow { at, grow: holder.grow, of: PhantomData }),
                    }
                }
            }
        }
    };
}
plain_slots! {
    Bool bool, I8 i8, I16 i16, I32 i32, I64 i64, F32 f32, F64 f64, Str String,
    DateTime DateTime, Binary Binary, Any Any, MoRef MoRef,
}

#[allow(unsafe_code, reason = "the items that a holder names; see the module's invariant")]
impl<'a, T> Items<'a, T> {
    unsafe fn held(at: *const u8, holder: &Holder) -> Self {
        let (at, len) = unsafe { (holder.items)(at) };
        Self { at, len, stride: holder.stride as usize, card: holder.card, of: PhantomData }
    }

    unsafe fn held_poly(at: *const u8, holder: &PolyHolder) -> Self {
        let (at, len) = unsafe { (holder.items)(at) };
        Self { at, len, stride: holder.stride as usize, card: holder.card, of: PhantomData }
    }

    unsafe fn retype<U>(self) -> Items<'a, U> {
        Items { at: self.at, len: self.len, stride: self.stride, card: self.card, of: PhantomData }
    }
}

#[allow(unsafe_code, reason = "the writes by offset; see the module's invariant")]
impl<'a> ObjMut<'a> {
    pub(crate) fn of<T: DataObject>(object: &'a mut T) -> Self {
        Self { at: std::ptr::from_mut(object).cast(), desc: T::DESC, of: PhantomData }
    }

    pub(crate) fn of_object(object: &'a mut Object) -> Self {
        let value = object.value_mut();
        let desc = value.desc();
        Self { at: std::ptr::from_mut(value).cast(), desc, of: PhantomData }
    }

    #[inline]
    pub(crate) const fn desc(&self) -> &'static TypeDesc {
        self.desc
    }

    pub(crate) fn reborrow(&mut self) -> ObjMut<'_> {
        ObjMut { at: self.at, desc: self.desc, of: PhantomData }
    }

    #[inline]
    pub(crate) fn base(self) -> Option<Self> {
        self.desc.base.map(|base| Self {
            at: unsafe { self.at.add(base.offset) },
            desc: base.desc,
            of: PhantomData,
        })
    }

    /// What it has that many bases up.
    #[inline]
    pub(crate) fn ancestor(self, up: usize) -> Option<Self> {
        let mut part = self;
        for _ in 0..up {
            part = part.base()?;
        }
        Some(part)
    }

    #[inline(always)]
    pub(crate) fn slot(&mut self, field: &'static FieldDesc) -> SlotMut<'_> {
        debug_assert!(self.desc.fields.iter().any(|own| std::ptr::eq(own, field)));
        unsafe { SlotMut::at(self.at.add(field.offset as usize), &field.kind) }
    }

    pub(crate) fn cast<T: DataObject>(self) -> Option<&'a mut T> {
        let mut object = self;
        while !std::ptr::eq(object.desc, T::DESC) {
            object = object.base()?;
        }
        Some(unsafe { &mut *object.at.cast::<T>() })
    }
}

impl<'a> SlotMut<'a> {
    pub(crate) fn of<T: Wire>(value: &'a mut T) -> Self {
        #[allow(unsafe_code, reason = "KIND describes T: the contract of Wire")]
        unsafe {
            SlotMut::at(std::ptr::from_mut(value).cast(), &T::KIND)
        }
    }
}

// Shared references to and exclusive references of data that is itself Send and Sync (VimObject requires both).
#[allow(unsafe_code, reason = "as the references that they stand for")]
mod threads {
    unsafe impl<T: Sync> Send for super::Items<'_, T> {}
    unsafe impl<T: Sync> Sync for super::Items<'_, T> {}
    unsafe impl Send for super::TypeRef {}
    unsafe impl Sync for super::TypeRef {}
    unsafe impl Send for super::ObjRef<'_> {}
    unsafe impl Sync for super::ObjRef<'_> {}
}
