//! A call that is being answered: what handlers get, and what they give back.

use crate::fault::{Fault, Result};
use crate::mo::task::Doomed;
use crate::session::{Session, Visitor};
use crate::sim::Sim;
use crate::world::{Tx, World};
use std::sync::Arc;
use vim_types::VIM25;
use vim_wire::server::{Incoming, Writer};
use vim_wire::{BoxFuture, MethodDesc, MoRef, Wire};

/// A method's answer: the elements of its result.
#[derive(Debug, Default)]
pub(crate) struct Reply {
    pub(crate) elements: String,
    /// What follows on them, where that is written while it is sent.
    pub(crate) rest: Option<Pieces>,
    /// The token of the session that the answer begins, for its cookie.
    pub(crate) cookie: Option<String>,
}

impl Reply {
    pub(crate) fn of(elements: String) -> Self {
        Self { elements, ..Self::default() }
    }
}

/// Pieces of an answer that is too long to be held in memory.
pub(crate) struct Pieces(pub(crate) Box<dyn Iterator<Item = String> + Send>);

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pieces(..)")
    }
}

/// How a method is answered.
#[derive(Clone, Copy)]
pub(crate) enum Handler {
    Now(fn(&Call<'_>) -> Result<Reply>),
    /// After waiting for something.
    Later(for<'a> fn(&'a Call<'a>) -> BoxFuture<'a, Result<Reply>>),
}

/// A method that the simulator has.
#[derive(Clone, Copy)]
pub(crate) struct Method {
    pub(crate) name: &'static str,
    pub(crate) handler: Handler,
}

/// The methods of one managed object: `methods! { "PowerOnVM_Task" => power_on; later { "WaitForUpdatesEx" => wait } }`.
macro_rules! methods {
    ($($name:literal => $handler:path),* $(,)? $(; later { $($late:literal => $waits:path),* $(,)? })?) => {
        pub(crate) const METHODS: &[$crate::call::Method] = &[
            $($crate::call::Method { name: $name, handler: $crate::call::Handler::Now($handler) },)*
            $($($crate::call::Method {
                name: $late,
                handler: $crate::call::Handler::Later(|call| ::std::boxed::Box::pin($waits(call))),
            },)*)?
        ];
    };
}
pub(crate) use methods;

/// A call: who calls which method on what, in which version, with which parameters.
pub(crate) struct Call<'a> {
    pub(crate) sim: &'a Arc<Sim>,
    pub(crate) session: Option<Arc<Session>>,
    pub(crate) visitor: &'a Visitor,
    pub(crate) method: &'static MethodDesc,
    pub(crate) this: MoRef,
    /// The version that the client speaks, at most the server's.
    pub(crate) version: u8,
    pub(crate) incoming: &'a Incoming<'a>,
    /// What a rule has decided of the task that the call starts.
    pub(crate) doomed: Option<Doomed>,
}

impl Call<'_> {
    /// A required parameter.
    pub(crate) fn arg<T: Wire>(&self, name: &str) -> Result<T> {
        self.opt(name)?.ok_or_else(|| Fault::invalid_argument(name))
    }

    /// A parameter that may be absent.
    pub(crate) fn opt<T: Wire>(&self, name: &str) -> Result<Option<T>> {
        Ok(self.incoming.param(name, self.method.service, self.version)?)
    }

    /// A parameter that may be repeated.
    pub(crate) fn list<T: vim_wire::WireItem>(&self, name: &str) -> Result<Vec<T>> {
        Ok(self.opt::<Vec<T>>(name)?.unwrap_or_default())
    }

    /// The session; methods that are answered without one do not ask.
    pub(crate) fn session(&self) -> Result<&Arc<Session>> {
        self.session.as_ref().ok_or_else(|| crate::dispatch::not_authenticated(&self.this))
    }

    pub(crate) fn user(&self) -> &str {
        self.session.as_ref().map_or("", |session| &session.user)
    }

    /// The id by which the client's logs name this call.
    pub(crate) fn operation_id(&self) -> Option<&str> {
        self.incoming.operation_id.as_deref()
    }

    /// Reads the world.
    pub(crate) fn read<R>(&self, read: impl FnOnce(&World) -> R) -> R {
        self.sim.read(read)
    }

    /// Changes the world: all that `change` does, or nothing where it fails.
    pub(crate) fn write<R>(&self, change: impl FnOnce(&mut Tx<'_>) -> Result<R>) -> Result<R> {
        self.sim.write_as(self.user(), change)
    }

    /// An answer with that value.
    pub(crate) fn returns<T: Wire>(&self, value: &T) -> Result<Reply> {
        let mut writer = self.writer();
        writer.value("returnval", value);
        Ok(Reply::of(writer.finish()))
    }

    /// An answer without a value.
    pub(crate) fn done(&self) -> Result<Reply> {
        Ok(Reply::default())
    }

    /// A writer for answers that are written piece by piece.
    pub(crate) fn writer(&self) -> Writer {
        Writer::new(&VIM25, self.version)
    }
}
