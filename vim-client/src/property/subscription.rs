//! A property collector of one's own, with one filter, polled for updates.

use crate::client::{Client, SendOptions};
use crate::held::Own;
use crate::send::{apart, session_ended};
use crate::view::ContainerView;
use std::time::Duration;
use vim_types::{PropertyFilterSpec, WaitOptions, mo};
use vim_wire::{Answer, BoxFuture, Error, MoRef};

/// How much longer than the server's own limit the client waits for a poll's answer.
const SLACK: Duration = Duration::from_secs(30);

/// A filter in a collector of its own, so that nobody else's polls see its updates.
///
/// It belongs to one session: when that has ended, a new one is made. Dropping it has the server destroy it.
pub(crate) struct Subscription {
    client: Client,
    collector: Own,
    _view: Option<ContainerView>,
    /// The version of the last update that was taken in; empty before the first.
    pub(crate) version: String,
}

impl Subscription {
    pub(crate) fn open(
        client: &Client,
        filter: PropertyFilterSpec,
        view: Option<ContainerView>,
    ) -> BoxFuture<'_, Result<Self, Error>> {
        Box::pin(async move {
            let collector = collect(client, filter, view.as_ref().map(ContainerView::generation)).await?;
            Ok(Self { client: client.clone(), collector, _view: view, version: String::new() })
        })
    }

    /// Whether the session that it belongs to is still the client's.
    pub(crate) fn is_current(&self) -> bool {
        self.collector.is_current()
    }

    /// Waits for updates since the last that was taken in; an answer without any means that the time has passed.
    pub(crate) fn poll(&self, wait: Duration, objects: i32) -> BoxFuture<'_, Result<Answer, Error>> {
        let collector = self.collector.moref();
        Box::pin(poll(&self.client, collector, self.collector.generation(), &self.version, wait, objects))
    }

    /// Whether the server keeps what was not taken in and sends it again for the last version.
    pub(crate) fn replays(&self) -> bool {
        replays(&self.version)
    }
}

/// Makes a collector with that filter, in the session that what the filter refers to is of.
pub(crate) async fn collect(
    client: &Client,
    filter: PropertyFilterSpec,
    of: Option<u64>,
) -> Result<Own, Error> {
    let client = client.clone();
    // Goes on without its caller: a collector that nobody knows of could not be destroyed.
    apart(async move {
        let shared: mo::PropertyCollector = client.object(client.content().await?.property_collector.clone());
        let collector = client.make(&shared.create_property_collector().to_request()).await?;
        let generation = collector.generation();
        if of.is_some_and(|of| of != generation) {
            return Err(session_ended());
        }
        let handle: mo::PropertyCollector = client.object(collector.moref().clone());
        let options = SendOptions { only_in: Some(generation), ..Default::default() };
        client.send(&handle.create_filter(&filter, false).to_request(), options).await?;
        Ok(collector)
    })
    .await
}

/// Whether a server that gave that version sends what was lost on its way again.
///
/// Real servers count their versions. vcsim 0.56 sends "P" always and replays nothing.
pub(crate) fn replays(version: &str) -> bool {
    version.bytes().all(|byte| byte.is_ascii_digit())
}

/// Waits for the updates since that version of a collector of that session.
pub(crate) async fn poll(
    client: &Client,
    collector: &MoRef,
    generation: u64,
    version: &str,
    wait: Duration,
    objects: i32,
) -> Result<Answer, Error> {
    let options = WaitOptions {
        max_wait_seconds: Some(i32::try_from(wait.as_secs()).unwrap_or(i32::MAX)),
        max_object_updates: Some(objects),
        ..Default::default()
    };
    let collector: mo::PropertyCollector = client.object(collector.clone());
    let mut call = collector.wait_for_updates_ex().options(&options);
    if !version.is_empty() {
        call = call.version(version);
    }
    // Another session would not know this collector, so that logging in again is for the one who makes it anew.
    let (timeout, only_in) = (Some(wait.saturating_add(SLACK)), Some(generation));
    client.send(&call.to_request(), SendOptions { timeout, long_poll: true, only_in }).await
}
