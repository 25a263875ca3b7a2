//! What the `Properties` derive emits calls of: the proof, when a row is compiled, that its paths exist and that its fields
//! can hold what they lead to; and, when it runs, the filling of its fields.
//!
//! A path is proved twice. [`start`], [`open`] and the methods of [`At`] walk the types, so that rustc knows of every name and
//! type; [`check`] walks the descriptions, because the Rust names of `numCPUs` and `numCpus` are the same.

use crate::call::ManagedObject;
use crate::desc::TypeDesc;
use crate::object::{DataObject, Poly};
use crate::path::{Properties, PropertyDesc};
use crate::slot::{Card, Kind, Wire, WireItem};
use crate::xml::read::{Reader, Tag};
use crate::{Any, DecodeError};
use std::marker::PhantomData;

/// Always there.
#[derive(Debug)]
pub struct Always;
/// Not there where something on the way is unset.
#[derive(Debug)]
pub struct Perhaps;

/// A place of type `T` that a path has reached.
#[derive(Debug)]
pub struct At<T, O>(PhantomData<fn() -> (T, O)>);

/// Where every path starts.
#[must_use]
pub const fn start<M: ManagedObject>() -> At<M::Properties, Always> {
    At(PhantomData)
}

/// Goes into an object.
#[must_use]
pub const fn open<T: Open<O>, O>(_: At<T, O>) -> At<T::To, T::There> {
    At(PhantomData)
}

impl<T, O> At<T, O> {
    /// One name of a path; only the field's type is looked at.
    #[must_use]
    pub const fn step<F>(self, _: fn(&T) -> &F) -> At<F, O> {
        At(PhantomData)
    }

    /// Ends a path: a field of type `R` can hold the property.
    pub const fn end<R>(self)
    where
        T: Held<O>,
        R: Reads<T::Field>,
    {
    }

    /// Ends a path for a field that holds anything.
    pub const fn end_any<R>(self)
    where
        T: Held<O>,
        R: ReadsAny,
    {
    }
}

/// What a path can go on into: an object, or perhaps one.
#[diagnostic::on_unimplemented(
    message = "a property path cannot go on into `{Self}`",
    label = "a name on the way leads to `{Self}`, which is no object",
    note = "for an array, end the path there and read the whole array into a `Vec`",
    note = "a reference leads to another managed object, which has rows of its own"
)]
pub trait Open<O> {
    /// The object.
    type To;
    /// Whether it is there.
    type There;
}

macro_rules! opens {
    ($($from:ty => $there:ty),* $(,)?) => { $(
        #[diagnostic::do_not_recommend]
        impl<T: DataObject, O> Open<O> for $from {
            type To = T;
            type There = $there;
        }
    )* };
}
opens! { T => O, Poly<T> => O, Option<T> => Perhaps, Option<Poly<T>> => Perhaps }

/// A property's type, and that of a row's field that holds it wherever its path leads to nothing as well.
#[diagnostic::on_unimplemented(message = "`{Self}` is no property's type", label = "no property is here")]
pub trait Held<O> {
    /// The field's type.
    type Field;
}

impl<T: WireItem> Held<Always> for T {
    type Field = T;
}
impl<T: WireItem> Held<Perhaps> for T {
    type Field = Option<T>;
}
impl<T: WireItem, O> Held<O> for Option<T> {
    type Field = Self;
}
impl<T: WireItem, O> Held<O> for Vec<T> {
    type Field = Self;
}

/// Which field types can hold what is held in a `P`.
#[diagnostic::on_unimplemented(
    message = "this property is read into `{P}`, not into `{Self}`",
    label = "the field's type must be `{P}`",
    note = "what may be unset, or lies below what may be unset, needs an `Option`; an array needs a `Vec`"
)]
pub trait Reads<P> {}

#[diagnostic::do_not_recommend]
impl<T: Wire> Reads<T> for T {}
#[diagnostic::do_not_recommend]
impl<T: WireItem> Reads<T> for Option<T> {}

/// The field types that hold any property.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not vim_wire's `Any`",
    label = "a field named `Any` must be of the type that holds any property"
)]
pub trait ReadsAny {}

impl ReadsAny for Any {}
impl ReadsAny for Option<Any> {}

/// Checks the names of a path letter by letter.
///
/// # Panics
///
/// When a name is not the wire's; the message has the one that is.
#[track_caller]
pub const fn check<M: ManagedObject>(path: &str) {
    let (name, mut rest) = first(path);
    let Some(mut at) = own::<M>(name, true) else { wrong(M::KIND, name, own::<M>(name, false)) };
    while let Some(path) = rest {
        let (Kind::Struct(desc, _) | Kind::Poly(desc, _)) = at.1 else { return };
        let (name, next) = first(path);
        at = match field(desc.get(), name, true) {
            Some(field) => field,
            None => wrong(desc.get().name, name, field(desc.get(), name, false)),
        };
        rest = next;
    }
}

/// The wire's name of a property of which no more than the letters are known: `parentVApp` for `parent_vapp`.
#[must_use]
pub const fn property<M: ManagedObject>(name: &'static str) -> &'static str {
    match own::<M>(name, false) {
        Some((name, _)) => name,
        None => name,
    }
}

/// A name on the wire, and what it leads to.
type Named = (&'static str, Kind);

const fn own<M: ManagedObject>(name: &str, exact: bool) -> Option<Named> {
    const fn among(properties: &[PropertyDesc], name: &str, exact: bool) -> Option<Named> {
        let mut at = 0;
        while at < properties.len() {
            if same(properties[at].name, name, exact) {
                return Some((properties[at].name, properties[at].kind));
            }
            at += 1;
        }
        None
    }
    let inherited = <M::Properties as Properties>::INHERITED;
    let mut found = among(<M::Properties as Properties>::OWN, name, exact);
    let mut at = 0;
    while at < inherited.len() && found.is_none() {
        found = among(inherited[at], name, exact);
        at += 1;
    }
    found
}

const fn field(desc: &'static TypeDesc, name: &str, exact: bool) -> Option<Named> {
    let mut desc = desc;
    loop {
        let mut at = 0;
        while at < desc.fields.len() {
            if same(desc.fields[at].name, name, exact) {
                return Some((desc.fields[at].name, desc.fields[at].kind));
            }
            at += 1;
        }
        desc = match desc.base {
            Some(base) => base.desc,
            None => return None,
        };
    }
}

/// Whether two names are the same, or at least have the same letters, whatever their case and the underscores between.
const fn same(a: &str, b: &str, exact: bool) -> bool {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        match (a, b) {
            ([], []) => return true,
            ([x, more @ ..], [y, rest @ ..]) if *x == *y || (!exact && x.eq_ignore_ascii_case(y)) => {
                (a, b) = (more, rest);
            }
            ([b'_', more @ ..], _) if !exact => a = more,
            (_, [b'_', rest @ ..]) if !exact => b = rest,
            _ => return false,
        }
    }
}

const fn first(path: &str) -> (&str, Option<&str>) {
    let mut at = 0;
    while at < path.len() {
        if path.as_bytes()[at] == b'.' {
            let (name, rest) = path.split_at(at);
            return (name, Some(rest.split_at(1).1));
        }
        at += 1;
    }
    (path, None)
}

#[track_caller]
const fn wrong(owner: &str, name: &str, meant: Option<Named>) -> ! {
    let text = Text { bytes: [0; 512], len: 0 }.with("`").with(owner).with("` has no `").with(name).with("`");
    let text = match meant {
        Some((meant, _)) => text.with("; on the wire it is `").with(meant).with("`"),
        None => text,
    };
    panic!("{}", text.as_str())
}

/// A message that is put together when a row is compiled.
struct Text {
    bytes: [u8; 512],
    len: usize,
}

impl Text {
    const fn with(mut self, more: &str) -> Self {
        let mut at = 0;
        while at < more.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = more.as_bytes()[at];
            self.len += 1;
            at += 1;
        }
        self
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.bytes.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "",
        }
    }
}

/// Reads a property's value into a row's field; one that is nil is none.
///
/// # Errors
///
/// When the value is not of the field's type.
pub fn fill<'x, T: Wire>(
    field: &mut Option<T>,
    reader: &mut Reader<'x>,
    value: &Tag<'x>,
) -> Result<(), DecodeError> {
    *field = if reader.is_nil(value) {
        reader.skip(value)?;
        None
    } else {
        Some(reader.value(value)?)
    };
    Ok(())
}

/// A row's field: unset where there is no value and its type has a way to say so.
///
/// # Errors
///
/// The index, where the field requires a value.
pub fn take<T: Wire>(field: Option<T>, index: usize) -> Result<T, usize> {
    match field {
        Some(value) => Ok(value),
        None if T::KIND.card() != Card::One || matches!(T::KIND, Kind::Any(_)) => Ok(T::default()),
        None => Err(index),
    }
}
