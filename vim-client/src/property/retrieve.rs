//! Reading properties once, page by page.

use super::filter::{Scope, Wanted};
use super::object::Object;
use super::pages::{Pager, token};
use super::read::{self, Content, Fill};
use crate::client::Client;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use std::collections::VecDeque;
use vim_wire::{Answer, Error, MoRef, Reader, soap};

/// How many objects a page has unless told otherwise: a compromise between round trips and memory.
pub(super) const PAGE: i32 = 250;

/// A read of properties of many objects.
///
/// The server is asked for the next page while this one is read, and memory is bounded by two pages, whatever the size of the
/// inventory. An object whose row cannot be made is an error item; the stream goes on with the next object.
///
/// The server keeps the pages that are to come for the session. Where that ends in the middle of a listing, the stream ends with
/// an error for which `is_not_authenticated()` holds, since what was told already is not kept here to tell it from what is new:
/// list again, and the client logs in again by itself.
#[must_use = "nothing is read until the stream is polled"]
pub struct Retrieve<F> {
    client: Client,
    fill: F,
    wanted: Wanted,
    scope: Scope,
    page: i32,
}

impl<F> std::fmt::Debug for Retrieve<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Retrieve")
            .field("wanted", &self.wanted)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}

impl<F: Fill> Retrieve<F> {
    pub(crate) fn new(client: Client, fill: F, wanted: Wanted) -> Self {
        Self { client, fill, wanted, scope: Scope::All, page: PAGE }
    }

    /// Reads what lies below that folder, datacenter, compute resource, resource pool or host, at any depth.
    pub fn below(mut self, container: impl AsRef<MoRef>) -> Self {
        self.scope = Scope::Below(container.as_ref().clone());
        self
    }

    /// Reads those objects and no others. One that is gone is an error item for which `is_not_found()` holds.
    pub fn objects(mut self, objects: impl IntoIterator<Item = MoRef>) -> Self {
        self.scope = Scope::These(objects.into_iter().collect());
        self
    }

    /// Asks for at most that many objects a page; 250 unless set. Servers may give fewer.
    pub fn page_size(mut self, objects: u16) -> Self {
        self.page = i32::from(objects.max(1));
        self
    }

    /// The objects, in the server's order.
    pub fn stream(self) -> impl Stream<Item = Result<Object<F::Row>, Error>> + Send + 'static {
        let pages = Pages {
            pager: Pager::new(self.client, self.wanted, self.scope, self.page),
            fill: self.fill,
            ready: VecDeque::new(),
        };
        stream::unfold(pages, |mut pages| async move {
            let item = pages.item().await?;
            Some((item, pages))
        })
        .fuse()
    }

    /// All of them, or the first error.
    ///
    /// # Errors
    ///
    /// The first error of the stream. Use [`stream`](Self::stream) where one unreadable object must not hide the others.
    pub async fn all(self) -> Result<Vec<Object<F::Row>>, Error> {
        let mut objects = Vec::new();
        let mut stream = std::pin::pin!(self.stream());
        while let Some(object) = stream.next().await {
            objects.push(object?);
        }
        Ok(objects)
    }
}

struct Pages<F: Fill> {
    pager: Pager,
    fill: F,
    ready: VecDeque<Content<F::Partial>>,
}

impl<F: Fill> Pages<F> {
    async fn item(&mut self) -> Option<Result<Object<F::Row>, Error>> {
        loop {
            if let Some(content) = self.ready.pop_front() {
                return Some(self.object(content));
            }
            let answer = match self.pager.next().await? {
                Ok(answer) => answer,
                Err(error) => return Some(Err(error)),
            };
            if let Err(error) = self.read(answer) {
                self.pager.give_up();
                return Some(Err(error));
            }
        }
    }

    fn object(&mut self, content: Content<F::Partial>) -> Result<Object<F::Row>, Error> {
        self.pager.seen(&content.moref);
        read::object(&self.fill, content)
    }

    /// Asks for the next page, then reads this one.
    fn read(&mut self, answer: Answer) -> Result<(), Error> {
        let token = token(&answer);
        if let Some(token) = &token {
            self.pager.ask(token.clone());
        }
        let page = page_of(&self.pager.client, &self.fill, &answer)?;
        // No server is known to put it behind the objects, or that far back; a listing must not end early all the same.
        if let (None, Some(token)) = (token, page.token) {
            self.pager.ask(token);
        }
        self.ready.extend(page.objects);
        Ok(())
    }
}

/// Reads a page.
pub(super) fn page_of<F: Fill>(
    client: &Client,
    fill: &F,
    answer: &Answer,
) -> Result<read::Page<F::Partial>, Error> {
    let page = || {
        let mut reader = Reader::new(&answer.body, vim_types::VIM25.registry, answer.limits)?;
        soap::body(&mut reader, |reader, response| read::page(fill, reader, response))
    };
    page().map_err(|error| client.unreadable(error, "RetrievePropertiesEx", answer))
}
