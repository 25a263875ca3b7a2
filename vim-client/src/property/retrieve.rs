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
use tokio::task::JoinHandle;
use vim_types::{PropertyFilterSpec, RetrieveOptions, mo};
use vim_wire::{Answer, Call, Error, ErrorKind, MoRef, Reader, soap};

/// How many objects a page has unless told otherwise: a compromise between round trips and memory.
pub(super) const PAGE: i32 = 250;

/// A read of properties of many objects.
///
/// The server is asked for the next page while this one is read, and memory is bounded by two pages, whatever the size of the
/// inventory. An object whose row cannot be made is an error item; the stream goes on with the next object.
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
        };
        stream::unfold(pages, |mut pages| async move {
            let item = pages.item().await?;
            Some((item, pages))
        })
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
        let (filter, view) = self.wanted.filter(&self.client, &self.scope).await?;
        self.view = view;
        retrieve(&self.client, &[filter], self.page).await
    }

    /// Asks for the next page, then reads this one.
    fn read(&mut self, answer: Answer) -> Result<(), Error> {
        let unreadable = |error| Error::from(error).in_operation("RetrievePropertiesEx");
        let registry = vim_types::VIM25.registry;
        let mut reader = Reader::new(&answer.body, registry, answer.limits).map_err(unreadable)?;
        if let Some(token) = token(&answer) {
            let (client, next) = (self.client.clone(), token.clone());
            self.next = Next::Page(tokio::spawn(async move { more(&client, &next).await }), token);
        }
        let fill = &*self.fill;
        let page = soap::body(&mut reader, |reader, response| read::page(fill, reader, response))
            .map_err(unreadable)?;
        self.ready.extend(page.objects);
        Ok(())
    }
}

impl<F: Fill> Drop for Pages<F> {
    fn drop(&mut self) {
        let Next::Page(page, token) = &self.next else { return };
        page.abort();
        let (client, token) = (self.client.clone(), token.clone());
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                // The server keeps unread pages until it is told that nobody wants them.
                let _ = cancel(&client, &token).await;
            });
        }
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
    Answer { body: body.as_bytes().to_vec(), limits: vim_wire::Limits::default() }
}

async fn collector(client: &Client) -> Result<mo::PropertyCollector, Error> {
    Ok(client.object(client.content().await?.property_collector.clone()))
}

pub(crate) async fn retrieve(
    client: &Client,
    filters: &[PropertyFilterSpec],
    page: i32,
) -> Result<Answer, Error> {
    let collector = collector(client).await?;
    let options = RetrieveOptions { max_objects: (page > 0).then_some(page), ..Default::default() };
    send(client, collector.retrieve_properties_ex(filters, &options)).await
}

pub(crate) async fn more(client: &Client, token: &str) -> Result<Answer, Error> {
    send(client, collector(client).await?.continue_retrieve_properties_ex(token)).await
}

async fn cancel(client: &Client, token: &str) -> Result<(), Error> {
    collector(client).await?.cancel_retrieve_properties_ex(token).await
}

async fn send<R>(client: &Client, call: Call<'_, R>) -> Result<Answer, Error> {
    client.send(&call.to_request(), SendOptions::default()).await
}
