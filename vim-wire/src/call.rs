//! Calls of managed objects' methods, and the seam between them and whoever sends them.

use crate::any::Any;
use crate::desc::MethodDesc;
use crate::encode::{Encoder, Target};
use crate::error::Error;
use crate::limits::Limits;
use crate::slot::{ObjRef, Slot, Wire, WireItem};
use crate::soap;
use crate::xml::read::{Reader, Tag};
use crate::{DecodeError, MoRef, TaskProgress, TaskRef};
use futures_core::Stream;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

/// A boxed future that can be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;
/// A boxed stream that can be sent between threads.
pub type BoxStream<'a, T> = Pin<Box<dyn Stream<Item = T> + Send + 'a>>;

/// Who sends calls: a client, or a test's stand-in for one.
pub trait Caller: fmt::Debug + Send + Sync {
    /// Sends a call and returns the answer, which is not a fault: a fault is an error.
    fn call<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Answer, Error>>;

    /// Waits for a task and returns its result.
    fn wait<'a>(&'a self, task: &'a TaskRef) -> BoxFuture<'a, Result<Any, Error>>;

    /// The task's progress, ending with its last state.
    fn progress(&self, task: &TaskRef) -> BoxStream<'static, Result<TaskProgress, Error>>;

    /// Asks the server to cancel a task.
    fn cancel<'a>(&'a self, task: &'a TaskRef) -> BoxFuture<'a, Result<(), Error>>;
}

/// An answer that is not a fault.
#[derive(Debug)]
pub struct Answer {
    /// The document.
    pub body: Vec<u8>,
    /// How much of it may be read.
    pub limits: Limits,
    /// The operation id that the call had, where it had one.
    pub operation_id: Option<Box<str>>,
}

impl Answer {
    /// Adds the call's operation id to what went wrong with its answer.
    fn blame(&self, error: Error) -> Error {
        match &self.operation_id {
            Some(id) => error.with_operation_id(id.clone()),
            None => error,
        }
    }
}

/// A managed object of a server: its reference, and who sends its calls.
#[derive(Clone)]
pub struct Handle {
    moref: MoRef,
    caller: Arc<dyn Caller>,
}

impl Handle {
    /// A handle on that object.
    #[must_use]
    pub fn new(caller: Arc<dyn Caller>, moref: MoRef) -> Self {
        Self { moref, caller }
    }

    /// The object's reference.
    #[must_use]
    pub const fn moref(&self) -> &MoRef {
        &self.moref
    }

    /// Who sends its calls.
    #[must_use]
    pub const fn caller(&self) -> &Arc<dyn Caller> {
        &self.caller
    }
}

impl Deref for Handle {
    type Target = MoRef;

    fn deref(&self) -> &MoRef {
        &self.moref
    }
}

impl PartialEq for Handle {
    fn eq(&self, other: &Self) -> bool {
        self.moref == other.moref && Arc::ptr_eq(&self.caller, &other.caller)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.moref.fmt(f)
    }
}

/// A managed object's type. Implemented by the `managed_object!` macro.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a managed object", label = "not a managed object")]
pub trait ManagedObject: Clone + fmt::Debug + Send + Sync + 'static {
    /// The name on the wire, such as `VirtualMachine`.
    const KIND: &'static str;
    /// The service that it belongs to.
    const SERVICE: &'static crate::Service;
    /// The index, in the service's versions, of the version that brought it.
    const SINCE: u8;
    /// Its properties.
    type Properties: crate::path::Properties;

    /// The object behind a handle; whether it is of this type is for the server to say.
    fn from_handle(handle: Handle) -> Self;

    /// The handle behind it.
    fn handle(&self) -> &Handle;
}

/// An argument of a call.
#[doc(hidden)]
#[derive(Default)]
#[non_exhaustive]
pub enum Arg<'a> {
    #[default]
    None,
    Str(&'a str),
    Bool(bool),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    F32(f32),
    F64(f64),
    Slot(Slot<'a>),
    Object(ObjRef<'a>),
}

impl Arg<'_> {
    pub(crate) fn is_set(&self) -> bool {
        match self {
            Self::None => false,
            Self::Slot(slot) => slot.is_set(),
            _ => true,
        }
    }
}

impl<'a> From<&'a str> for Arg<'a> {
    fn from(text: &'a str) -> Self {
        Self::Str(text)
    }
}

impl<'a, T: Wire> From<&'a T> for Arg<'a> {
    fn from(value: &'a T) -> Self {
        Self::Slot(Slot::of(value))
    }
}

impl<'a, T: WireItem> From<&'a [T]> for Arg<'a> {
    fn from(values: &'a [T]) -> Self {
        Self::Slot(Slot::of_slice(values))
    }
}

macro_rules! by_value {
    ($($ty:ty => $variant:ident),* $(,)?) => { $(
        impl From<$ty> for Arg<'_> {
            fn from(value: $ty) -> Self {
                Self::$variant(value)
            }
        }
    )* };
}
by_value! { bool => Bool, i8 => I8, i16 => I16, i32 => I32, i64 => I64, f32 => F32, f64 => F64 }

/// A call to be sent: method, object and arguments.
pub struct Request<'a> {
    /// The method.
    pub method: &'static MethodDesc,
    /// The object.
    pub this: &'a MoRef,
    pub(crate) args: &'a [Arg<'a>],
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.method.name, self.this)
    }
}

impl Request<'_> {
    /// The call as a SOAP document for a server of that version, with those header elements.
    ///
    /// # Errors
    ///
    /// When the call, an argument or a field in one is newer than the server, a required value is not set, or a text has
    /// a character that XML cannot carry.
    pub fn to_soap(&self, server: Option<&str>, header: &[(&str, &str)]) -> Result<String, Error> {
        let service = self.method.service;
        let version = server.map(|version| (service.index_of(version), version.to_owned()));
        let mut encoder = Encoder::new(Target { service, version, omit: false });
        soap::open(&mut encoder.out, header);
        encoder.call(self.method, self.this, self.args);
        soap::close(&mut encoder.out);
        encoder.finish().map_err(|error| Error::from(error).in_call(self.method, self.this))
    }
}

/// A call that is sent when it is awaited.
#[must_use = "a call is sent when it is awaited"]
pub struct Call<'a, R> {
    handle: &'a Handle,
    method: &'static MethodDesc,
    args: Vec<Arg<'a>>,
    result: PhantomData<fn() -> R>,
}

impl<R> fmt::Debug for Call<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.method.name, self.handle.moref)
    }
}

impl<'a, R> Call<'a, R> {
    /// A call without arguments yet; for generated code.
    #[doc(hidden)]
    pub fn new(handle: &'a Handle, method: &'static MethodDesc) -> Self {
        Self { handle, method, args: Vec::new(), result: PhantomData }
    }

    /// Sets an argument; for generated code.
    #[doc(hidden)]
    pub fn arg(mut self, index: usize, value: impl Into<Arg<'a>>) -> Self {
        if self.args.len() <= index {
            self.args.resize_with(self.method.params.len().max(index + 1), Arg::default);
        }
        self.args[index] = value.into();
        self
    }

    /// The call, for a [`Caller`] of one's own.
    #[must_use]
    pub fn to_request(&self) -> Request<'_> {
        Request { method: self.method, this: &self.handle.moref, args: &self.args }
    }
}

impl<'a, R: Output + 'a> IntoFuture for Call<'a, R> {
    type Output = Result<R, Error>;
    type IntoFuture = BoxFuture<'a, Self::Output>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            self.args.resize_with(self.method.params.len(), Arg::default);
            let (handle, method) = (self.handle, self.method);
            let answer = handle.caller.call(self.to_request()).await?;
            R::from_answer(&answer, handle, method).map_err(|error| {
                let error = Error::from(error).in_call(method, &handle.moref);
                answer.blame(error.with_hint(came_from(&handle.caller)))
            })
        })
    }
}

/// What to say of an answer that cannot be read: it does not know its server itself.
pub(crate) fn came_from(caller: &Arc<dyn Caller>) -> String {
    format!("the answer came from {caller:?}")
}

/// What a method can answer.
pub trait Output: Sized {
    /// Reads it from an answer that is not a fault.
    #[doc(hidden)]
    fn from_answer(
        answer: &Answer,
        handle: &Handle,
        method: &'static MethodDesc,
    ) -> Result<Self, DecodeError>;

    /// Takes it from a task's result.
    #[doc(hidden)]
    fn from_any(any: Any, task: &TaskRef, caller: &Arc<dyn Caller>) -> Result<Self, Error>;
}

impl<T: Wire> Output for T {
    fn from_answer(answer: &Answer, _: &Handle, method: &'static MethodDesc) -> Result<Self, DecodeError> {
        let mut value = T::default();
        each_returnval(answer, method, |reader, tag| reader.value_into(&mut value, tag))?;
        Ok(value)
    }

    fn from_any(any: Any, task: &TaskRef, _: &Arc<dyn Caller>) -> Result<Self, Error> {
        // A result is written out and read again as its own type: rare and small, and every type has both ways already.
        let mut encoder = Encoder::new(Target { service: task.method.service, version: None, omit: false });
        soap::open(&mut encoder.out, &[]);
        crate::encode::any_element(&mut encoder, "returnval", task.method.service.namespace, &any);
        soap::close(&mut encoder.out);
        let unreadable = |error: DecodeError| Error::from(error).in_call(task.method, &task.this);
        let text = encoder.finish()?;
        let mut reader = Reader::new(text.as_bytes(), task.method.service.registry, Limits::default())
            .map_err(unreadable)?;
        let value = soap::body(&mut reader, |reader, tag| reader.value(tag)).map_err(unreadable)?;
        Ok(value)
    }
}

impl Output for () {
    fn from_answer(_: &Answer, _: &Handle, _: &'static MethodDesc) -> Result<Self, DecodeError> {
        Ok(())
    }

    fn from_any(_: Any, _: &TaskRef, _: &Arc<dyn Caller>) -> Result<Self, Error> {
        Ok(())
    }
}

fn each_returnval(
    answer: &Answer,
    method: &'static MethodDesc,
    mut each: impl for<'x> FnMut(&mut Reader<'x>, &Tag<'x>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut reader = Reader::new(&answer.body, method.service.registry, answer.limits)?;
    soap::body(&mut reader, |reader, response| {
        reader.each(response, |reader, child| match child.name() {
            "returnval" => each(reader, child),
            _ => reader.skip(child),
        })
    })
}

/// Reads a method's single reference result; for handles.
#[doc(hidden)]
pub fn moref_answer(answer: &Answer, method: &'static MethodDesc) -> Result<MoRef, DecodeError> {
    let mut moref = MoRef::default();
    each_returnval(answer, method, |reader, tag| reader.value_into(&mut moref, tag))?;
    if moref.is_empty() {
        return Err(DecodeError::new(answer.body.len(), format!("{} answered no reference", method.name)));
    }
    Ok(moref)
}

impl PartialEq for MethodDesc {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}
