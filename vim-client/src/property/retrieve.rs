//! Reading properties once, page by page.

use super::filter::{Scope, Wanted};
use super::object::Object;
use super::read::{self, Content, Fill};
use crate::client::{Client, SendOptions};
use crate::view::ContainerView;
use futures_core::Stream;
use futures_util::{StreamExt, stream};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use vim_types::{PropertyFilterSpec, RetrieveOptions, mo};
use vim_wire::{Answer, Error, ErrorKind, MoRef, Reader, soap};

/// How many objects a page has unless told otherwise: a compromise between round trips and memory.
pub(super) const PAGE: i32 = 250;

/// How long a page that is on its way is waited for when nobody wants it any more.
const ARRIVES: Duration = Duration::from_secs(1);

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
            client: self.client,
            fill: Arc::new(self.fill),
            wanted: self.wanted,
            scope: self.scope,
            page: self.page,
            view: None,
            next: Next::Start,
            ready: VecDeque::new(),
            unseen: HashSet::new(),
            generation: 0,
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

/// What comes after the objects that are ready.
enum Next {
    /// Nothing was asked for yet.
    Start,
    /// A page that has been asked for, and the token that it was asked for with.
    Page(JoinHandle<Result<Answer, Error>>, String),
    /// The last page has been read.
    End,
}

struct Pages<F: Fill> {
    client: Client,
    fill: Arc<F>,
    wanted: Wanted,
    scope: Scope,
    page: i32,
    view: Option<ContainerView>,
    next: Next,
    ready: VecDeque<Content<F::Partial>>,
    unseen: HashSet<MoRef>,
    /// The session that the pages are kept for.
    generation: u64,
}

impl<F: Fill> Pages<F> {
    async fn item(&mut self) -> Option<Result<Object<F::Row>, Error>> {
        loop {
            if let Some(content) = self.ready.pop_front() {
                return Some(self.object(content));
            }
            let answer = match std::mem::replace(&mut self.next, Next::End) {
                Next::Start => self.first().await,
                Next::Page(page, _) => match page.await {
                    Ok(answer) => answer,
                    Err(_) => Err(Error::new(ErrorKind::Canceled, "the runtime is shutting down")),
                },
                Next::End => return self.vanished().await,
            };
            if let Err(error) = answer.and_then(|answer| self.read(answer)) {
                self.next = Next::End;
                self.unseen.clear();
                return Some(Err(error));
            }
        }
    }

    fn object(&mut self, content: Content<F::Partial>) -> Result<Object<F::Row>, Error> {
        self.unseen.remove(&content.moref);
        read::object(&*self.fill, content)
    }

    /// The objects that were asked for by reference and that the server left out; then the end.
    async fn vanished(&mut self) -> Option<Result<Object<F::Row>, Error>> {
        if let Some(view) = self.view.take()
            && let Err(error) = view.close().await
        {
            tracing::debug!(%error, "a view was not destroyed");
        }
        let gone = self.unseen.iter().next()?.clone();
        self.unseen.remove(&gone);
        let error = Error::new(ErrorKind::NotFound, "the object is not there (any more)");
        Some(Err(error.in_operation("RetrievePropertiesEx").on_object(&gone)))
    }

    async fn first(&mut self) -> Result<Answer, Error> {
        if let Scope::These(objects) = &self.scope {
            self.unseen = objects.iter().cloned().collect();
            if objects.is_empty() {
                return Ok(empty_answer());
            }
        }
        let mut again = true;
        loop {
            let (filter, view) = self.wanted.filter(&self.client, &self.scope).await?;
            let result = retrieve(&self.client, &[filter], self.page).await;
            let gone = view.as_ref().is_some_and(|view| !view.is_current());
            self.view = view;
            match result {
                // The session ended between the view and the read, which logged in again; the view went with it.
                Err(error) if gone && std::mem::take(&mut again) => {
                    tracing::debug!(%error, "a view ended with its session");
                }
                Err(error) => return Err(error),
                Ok((answer, generation)) => {
                    self.generation = generation;
                    return Ok(answer);
                }
            }
        }
    }

    /// Asks for the next page, then reads this one.
    fn read(&mut self, answer: Answer) -> Result<(), Error> {
        let token = token(&answer);
        if let Some(token) = &token {
            self.ask(token.clone());
        }
        let page = page_of(&self.client, &*self.fill, &answer)?;
        // No server is known to put it behind the objects, or that far back; a listing must not end early all the same.
        if let (None, Some(token)) = (token, page.token) {
            self.ask(token);
        }
        self.ready.extend(page.objects);
        Ok(())
    }

    fn ask(&mut self, token: String) {
        let (client, next, generation) = (self.client.clone(), token.clone(), self.generation);
        let page = tokio::spawn(async move {
            more(&client, &next, generation).await.map_err(|error| match error.is_not_authenticated() {
                true => error.with_hint(
                    "the session ended in the middle of the listing, and what was to come went with it: list again",
                ),
                false => error,
            })
        });
        self.next = Next::Page(page, token);
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

impl<F: Fill> Drop for Pages<F> {
    fn drop(&mut self) {
        let Next::Page(mut page, used) = std::mem::replace(&mut self.next, Next::End) else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return page.abort() };
        let (client, generation) = (self.client.clone(), self.generation);
        runtime.spawn(async move {
            // The server keeps unread pages until it is told that nobody wants them. A token serves once: that of a page that
            // has arrived, or is about to, is in the page before it.
            let left = match tokio::time::timeout(ARRIVES, &mut page).await {
                Ok(answer) => answer.ok().and_then(Result::ok).and_then(|answer| token(&answer)),
                Err(_) => {
                    page.abort();
                    Some(used)
                }
            };
            if let Some(left) = left
                && let Err(error) = cancel(&client, &left, generation).await
            {
                tracing::debug!(%error, "the rest of a listing was not given up");
            }
        });
    }
}

/// The token of an answer. Only its start is looked at: the document is checked when its objects are read.
fn token(answer: &Answer) -> Option<String> {
    let start = &answer.body[..answer.body.len().min(4096)];
    let start = match std::str::from_utf8(start) {
        Ok(start) => start,
        Err(error) => std::str::from_utf8(&start[..error.valid_up_to()]).ok()?,
    };
    let mut reader = Reader::new(start.as_bytes(), vim_types::VIM25.registry, answer.limits).ok()?;
    let mut token = None;
    // The start of a document ends too early, which is no news here.
    let _ = soap::body(&mut reader, |reader, response| {
        token = read::token(reader, response)?;
        Ok(())
    });
    token
}

fn empty_answer() -> Answer {
    let body = "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body><r/></e:Body></e:Envelope>";
    Answer { body: body.as_bytes().to_vec(), limits: vim_wire::Limits::default(), operation_id: None }
}

async fn collector(client: &Client) -> Result<mo::PropertyCollector, Error> {
    Ok(client.object(client.content().await?.property_collector.clone()))
}

/// The first page, and the session that the rest is kept for.
pub(super) async fn retrieve(
    client: &Client,
    filters: &[PropertyFilterSpec],
    page: i32,
) -> Result<(Answer, u64), Error> {
    let collector = collector(client).await?;
    let options = RetrieveOptions { max_objects: (page > 0).then_some(page), ..Default::default() };
    let call = collector.retrieve_properties_ex(filters, &options);
    client.send_in(&call.to_request(), SendOptions::default()).await
}

pub(super) async fn more(client: &Client, token: &str, generation: u64) -> Result<Answer, Error> {
    let collector = collector(client).await?;
    let call = collector.continue_retrieve_properties_ex(token);
    client.send(&call.to_request(), only_in(generation)).await
}

async fn cancel(client: &Client, token: &str, generation: u64) -> Result<Answer, Error> {
    let collector = collector(client).await?;
    client.send(&collector.cancel_retrieve_properties_ex(token).to_request(), only_in(generation)).await
}

fn only_in(generation: u64) -> SendOptions {
    SendOptions { only_in: Some(generation), ..Default::default() }
}
