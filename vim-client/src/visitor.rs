//! Calls outside the client's session: those that open, check and end one.

use crate::line::{Line, Trip};
use crate::transport::Jar;
use secrecy::SecretString;
use std::fmt;
use std::sync::Arc;
use tracing::Instrument;
use vim_wire::{
    Answer, Any, BoxFuture, BoxStream, Caller, Error, ErrorKind, Handle, ManagedObject, MoRef, Request,
    TaskProgress, TaskRef,
};

/// A caller beside the client's session: it has its own cookie, which it takes from what the server sets.
pub(crate) struct Visitor {
    line: Arc<Line>,
    pub(crate) jar: Arc<Jar>,
}

impl Visitor {
    pub(crate) fn new(line: Arc<Line>, cookie: Option<SecretString>) -> Self {
        Self { line, jar: Arc::new(Jar::of(cookie)) }
    }

    pub(crate) fn object<T: ManagedObject>(self: &Arc<Self>, moref: MoRef) -> T {
        T::from_handle(Handle::new(Arc::clone(self) as Arc<dyn Caller>, moref))
    }
}

impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Visitor({})", self.line.transport.endpoint())
    }
}

fn no_tasks() -> Error {
    Error::new(ErrorKind::InvalidInput, "no task is watched before the login")
}

impl Caller for Visitor {
    fn call<'a>(&'a self, request: Request<'a>) -> BoxFuture<'a, Result<Answer, Error>> {
        Box::pin(async move {
            let operation_id = self.line.operation_id();
            let cookie = self.jar.cookie();
            let span = Line::span(&request, &operation_id);
            let mut trip = Trip { jar: Some(&self.jar), ..Trip::new(cookie.as_ref(), &operation_id, &span) };
            self.line.send(&request, &mut trip).instrument(span.clone()).await
        })
    }

    fn wait<'a>(&'a self, _: &'a TaskRef) -> BoxFuture<'a, Result<Any, Error>> {
        Box::pin(async { Err(no_tasks()) })
    }

    fn progress(&self, _: &TaskRef) -> BoxStream<'static, Result<TaskProgress, Error>> {
        Box::pin(futures_util::stream::iter([Err(no_tasks())]))
    }

    fn cancel<'a>(&'a self, _: &'a TaskRef) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async { Err(no_tasks()) })
    }
}
