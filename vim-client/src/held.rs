//! What a client makes in its session and the server keeps until it is destroyed: views and property collectors.

use crate::client::{Client, SendOptions, WeakClient};
use std::collections::HashSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use vim_types::mo;
use vim_wire::{BoxFuture, Call, Error, ErrorKind, Handle, ManagedObject, MoRef, Output, Request};

/// A view or a property collector of the client's own. Dropping it has the server destroy it, in the background.
///
/// It belongs to the session that it was made in, and is gone with it. It does not keep its client alive.
pub(crate) struct Own {
    client: WeakClient,
    moref: MoRef,
    generation: u64,
}

/// What is to be destroyed where the session outlives the client: by reference and session.
#[derive(Default)]
pub(crate) struct Held(Mutex<HashSet<(MoRef, u64)>>);

impl Held {
    fn set(&self) -> std::sync::MutexGuard<'_, HashSet<(MoRef, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes out all that is left in that session.
    pub(crate) fn take(&self, generation: u64) -> Vec<MoRef> {
        let all = std::mem::take(&mut *self.set());
        all.into_iter().filter(|(_, of)| *of == generation).map(|(moref, _)| moref).collect()
    }
}

impl Client {
    /// Makes a view or a property collector, with a call that answers its reference.
    pub(crate) fn make<'a>(&'a self, request: &'a Request<'_>) -> BoxFuture<'a, Result<Own, Error>> {
        Box::pin(self.made(request))
    }

    async fn made(&self, request: &Request<'_>) -> Result<Own, Error> {
        // The call itself may log in again, so that only its answer says which session it came in.
        let (answer, generation) = self.send_in(request, SendOptions::default()).await?;
        let handle = Handle::new(self.caller(), request.this.clone());
        let moref = MoRef::from_answer(&answer, &handle, request.method)
            .map_err(|error| self.unreadable(error, request.method.name, &answer).on_object(request.this))?;
        if moref.is_empty() {
            let error =
                Error::new(ErrorKind::Protocol, format!("{}: it answered no reference", self.endpoint()));
            return Err(error.in_operation(request.method.name).on_object(request.this));
        }
        self.session().held.set().insert((moref.clone(), generation));
        Ok(Own { client: self.downgrade(), moref, generation })
    }
}

impl Own {
    pub(crate) const fn moref(&self) -> &MoRef {
        &self.moref
    }

    /// Which of the client's sessions it belongs to.
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// Whether that session is still the client's.
    pub(crate) fn is_current(&self) -> bool {
        self.client.upgrade().is_some_and(|client| client.session_generation() == self.generation)
    }

    /// Destroys it. What went with its session, or otherwise, is a success.
    pub(crate) fn close(self) -> BoxFuture<'static, Result<(), Error>> {
        Box::pin(async move {
            match self.take() {
                Some((client, handle)) => destroy(&client, &handle, self.generation).await,
                None => Ok(()),
            }
        })
    }

    /// The client to destroy it with, where that is still to be done.
    fn take(&self) -> Option<(Client, Handle)> {
        let client = self.client.upgrade()?;
        let entry = (self.moref.clone(), self.generation);
        if client.session_generation() != self.generation {
            client.session().held.set().remove(&entry);
            return None;
        }
        let is_left = client.session().held.set().contains(&entry);
        let handle = Handle::new(client.caller(), entry.0);
        is_left.then_some((client, handle))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let Some((client, handle)) = self.take() else { return };
        let generation = self.generation;
        // Outside of a runtime nothing can be sent; it then lives as long as the session.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let work: BoxFuture<'static, ()> = Box::pin(async move {
                if let Err(error) = destroy(&client, &handle, generation).await {
                    tracing::debug!(object = %handle.moref(), %error, "it was not destroyed");
                }
            });
            runtime.spawn(work);
        }
    }
}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.moref.fmt(f)
    }
}

async fn destroy(client: &Client, handle: &Handle, generation: u64) -> Result<(), Error> {
    let options = SendOptions { only_in: Some(generation), ..Default::default() };
    let sent = client.send(&by_kind(handle).to_request(), options).await;
    // It stays on the list while the call is under way, so that a client that is closed meanwhile does not forget it.
    client.session().held.set().remove(&(handle.moref().clone(), generation));
    match sent {
        Err(error) if !error.is_not_found() && !error.is_not_authenticated() => Err(error),
        _ => Ok(()),
    }
}

/// The call that destroys an object of that kind.
pub(crate) fn by_kind(handle: &Handle) -> Call<'_, ()> {
    let method = if handle.moref().kind() == mo::PropertyCollector::KIND {
        &mo::DESTROY_PROPERTY_COLLECTOR
    } else {
        &mo::DESTROY_VIEW
    };
    Call::new(handle, method)
}
