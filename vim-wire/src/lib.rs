//! The XML and SOAP codec under the vSphere SDK.
//!
//! Generated code states facts about a schema with the macros of this crate; one hand-written, table-driven codec reads,
//! writes, copies, compares and prints every type. There is no HTTP here: who sends a call implements [`Caller`].

mod any;
mod binary;
mod call;
mod datetime;
mod decode;
mod desc;
mod encode;
mod error;
mod limits;
mod macros;
mod moref;
mod object;
mod open_enum;
pub mod path;
mod registry;
pub mod server;
mod slot;
pub mod soap;
mod task;
mod xml;

pub use any::{Any, ArrayAny, EnumAny, UnknownAny};
pub use binary::Binary;
pub use call::{Answer, Arg, BoxFuture, BoxStream, Call, Caller, Handle, ManagedObject, Output, Request};
pub use datetime::{DateTime, ParseDateTimeError};
pub use decode::from_xml;
pub use desc::{Base, EnumDesc, FieldDesc, MethodDesc, ParamDesc, REQUIRED, SECRET, TypeDesc};
pub use encode::{EncodeError, to_xml};
pub use error::{Error, ErrorKind, Fault, MissingPrivilege};
pub use limits::Limits;
pub use moref::{MoRef, ParseMoRefError};
pub use object::{DataObject, Object, Poly, VimObject};
pub use open_enum::{OpenEnum, OpenValue};
pub use registry::{Area, Entry, Registry, Service};
pub use slot::{Card, Cell, Holder, Items, Kind, ObjRef, Objects, PolyHolder, Slot, TypeRef, Wire, WireItem};
pub use task::{Task, TaskProgress, TaskRef};
pub use xml::read::{DecodeError, Reader, Tag};

/// For the macros of this crate alone.
#[doc(hidden)]
pub mod __private {
    pub use crate::call::moref_answer;
    use crate::object::DataObject;
    use crate::slot::{Kind, ObjMut, ObjRef, Wire};
    use crate::{Any, Error, ErrorKind, MoRef, TaskRef};

    #[must_use]
    pub const fn kind_of<T: Wire>(_: *const T) -> Kind {
        T::KIND
    }

    type Base = Option<(&'static crate::TypeDesc, usize)>;

    /// A base that is not held: there is nothing of it in a `T`, so that it may be said to lie anywhere.
    #[must_use]
    pub const fn virtual_base<T: DataObject, B: DataObject>() -> Base {
        assert!(size_of::<B>() == 0 && align_of::<B>() <= align_of::<T>(), "a virtual base has no fields");
        Some((B::DESC, 0))
    }

    /// A base in the field that is pointed to; only the pointer's type is looked at.
    #[must_use]
    pub const fn held_base<B: DataObject>(_: *const B, offset: usize) -> Base {
        Some((B::DESC, offset))
    }

    #[must_use]
    pub fn clone<T: DataObject>(value: &T) -> T {
        let mut new = T::default();
        crate::object::clone_fields(ObjRef::of(value), ObjMut::of(&mut new));
        new
    }

    #[must_use]
    pub fn eq<T: DataObject>(a: &T, b: &T) -> bool {
        crate::object::eq(ObjRef::of(a), ObjRef::of(b))
    }

    pub fn debug<T: DataObject>(value: &T, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        crate::object::debug(ObjRef::of(value), T::DESC.name, "", f)
    }

    pub fn moref_result(any: Any, task: &TaskRef) -> Result<MoRef, Error> {
        match any {
            Any::MoRef(moref) => Ok(moref),
            other => {
                let message =
                    format!("the task ended without a reference; its result is {:?}", other.type_name());
                Err(Error::new(ErrorKind::Protocol, message)
                    .in_operation(task.method.name)
                    .on_object(&task.this))
            }
        }
    }

    type Own = &'static [crate::path::PropertyDesc];

    /// A list with one more at its front; managed objects have at most seven levels.
    #[must_use]
    pub const fn join(first: Own, rest: &'static [Own]) -> [Own; 8] {
        let mut all: [Own; 8] = [&[]; 8];
        all[0] = first;
        let mut at = 0;
        while at < rest.len() && at < 7 {
            all[at + 1] = rest[at];
            at += 1;
        }
        all
    }
}
