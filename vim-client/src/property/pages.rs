//! The pages of a read, one asked for while another is decoded: what does not depend on the rows, so that it is compiled once.

use super::filter::{Scope, Wanted};
use super::read;
use crate::client::{Client, SendOptions};
use crate::send::spawn;
use crate::view::ContainerView;
use std::collections::HashSet;
use std::time::Duration;
use tokio::task::JoinHandle;
use vim_types::{PropertyFilterSpec, RetrieveOptions, mo};
use vim_wire::{Answer, BoxFuture, Error, ErrorKind, MoRef, Reader, soap};

/// How long a page that is on its way is waited for when nobody wants it any more.
const ARRIVES: Duration = Duration::from_secs(1);

/// What comes after the objects that are ready.
enum Next {
    /// Nothing was asked for yet.
    Start,
    /// A page that has been asked for, and the token that it was asked for with.
    Page(JoinHandle<Result<Answer, Error>>, String),
    /// The last page has been read.
    End,
}

pub(super) struct Pager {
    pub(super) client: Client,
    wanted: Wanted,
    scope: Scope,
    page: i32,
    view: Option<ContainerView>,
    next: Next,
    unseen: HashSet<MoRef>,
    /// The session that the pages are kept for.
    generation: u64,
}

impl Pager {
    pub(super) fn new(client: Client, wanted: Wanted, scope: Scope, page: i32) -> Self {
        let (next, unseen) = (Next::Start, HashSet::new());
        Self { client, wanted, scope, page, view: None, next, unseen, generation: 0 }
    }

    /// The next page; an error for each object that the server left out; then none.
    pub(super) fn next(&mut self) -> BoxFuture<'_, Option<Result<Answer, Error>>> {
        Box::pin(async {
            let answer = match std::mem::replace(&mut self.next, Next::End) {
                Next::Start => self.first().await,
                Next::Page(page, _) => match page.await {
                    Ok(answer) => answer,
                    Err(_) => Err(Error::new(ErrorKind::Canceled, "the runtime is shutting down")),
                },
                Next::End => return self.vanished().await.map(Err),
            };
            if answer.is_err() {
                self.give_up();
            }
            Some(answer)
        })
    }

    /// Nothing comes any more.
    pub(super) fn give_up(&mut self) {
        self.next = Next::End;
        self.unseen.clear();
    }

    /// That object is there.
    pub(super) fn seen(&mut self, object: &MoRef) {
        self.unseen.remove(object);
    }

    /// The objects that were asked for by reference and that the server left out; then the end.
    async fn vanished(&mut self) -> Option<Error> {
        if let Some(view) = self.view.take()
            && let Err(error) = view.close().await
        {
            tracing::debug!(%error, "a view was not destroyed");
        }
        let gone = self.unseen.iter().next()?.clone();
        self.unseen.remove(&gone);
        let error = Error::new(ErrorKind::NotFound, "the object is not there (any more)");
        Some(error.in_operation("RetrievePropertiesEx").on_object(&gone))
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

    /// Asks for the page of that token, which arrives while others are read.
    pub(super) fn ask(&mut self, token: String) {
        let (client, next, generation) = (self.client.clone(), token.clone(), self.generation);
        let page = spawn(Box::pin(async move {
            more(&client, &next, generation).await.map_err(|error| match error.is_not_authenticated() {
                true => error.with_hint(
                    "the session ended in the middle of the listing, and what was to come went with it: list again",
                ),
                false => error,
            })
        }));
        self.next = Next::Page(page, token);
    }
}

impl Drop for Pager {
    fn drop(&mut self) {
        let Next::Page(mut page, used) = std::mem::replace(&mut self.next, Next::End) else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return page.abort() };
        let (client, generation) = (self.client.clone(), self.generation);
        let give_up: BoxFuture<'static, ()> = Box::pin(async move {
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
        runtime.spawn(give_up);
    }
}

/// The token of an answer. Only its start is looked at: the document is checked when its objects are read.
pub(super) fn token(answer: &Answer) -> Option<String> {
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
pub(super) fn retrieve<'a>(
    client: &'a Client,
    filters: &'a [PropertyFilterSpec],
    page: i32,
) -> BoxFuture<'a, Result<(Answer, u64), Error>> {
    Box::pin(async move {
        let collector = collector(client).await?;
        let options = RetrieveOptions { max_objects: (page > 0).then_some(page), ..Default::default() };
        let call = collector.retrieve_properties_ex(filters, &options);
        client.send_in(&call.to_request(), SendOptions::default()).await
    })
}

/// The page of that token.
pub(super) fn more<'a>(
    client: &'a Client,
    token: &'a str,
    generation: u64,
) -> BoxFuture<'a, Result<Answer, Error>> {
    Box::pin(async move {
        let collector = collector(client).await?;
        let call = collector.continue_retrieve_properties_ex(token);
        client.send(&call.to_request(), only_in(generation)).await
    })
}

async fn cancel(client: &Client, token: &str, generation: u64) -> Result<Answer, Error> {
    let collector = collector(client).await?;
    client.send(&collector.cancel_retrieve_properties_ex(token).to_request(), only_in(generation)).await
}

fn only_in(generation: u64) -> SendOptions {
    SendOptions { only_in: Some(generation), ..Default::default() }
}
