//! A property collector of one's own, with one filter, polled for updates.

use crate::client::{Client, SendOptions};
use crate::view::ContainerView;
use std::time::Duration;
use vim_types::{PropertyFilterSpec, WaitOptions, mo};
use vim_wire::{Answer, Error, ManagedObject};

/// How much longer than the server's own limit the client waits for a poll's answer.
const SLACK: Duration = Duration::from_secs(30);

/// A filter in a collector of its own, so that nobody else's polls see its updates.
///
/// It belongs to one session: when that has ended, a new one is made. Dropping it has the server destroy it.
pub(crate) struct Subscription {
    client: Client,
    collector: Option<mo::PropertyCollector>,
    view: Option<ContainerView>,
    generation: u64,
    /// The version of the last update that was taken in; empty before the first.
    pub(crate) version: String,
}

impl Subscription {
    pub(crate) async fn open(
        client: &Client,
        filter: &PropertyFilterSpec,
        view: Option<ContainerView>,
    ) -> Result<Self, Error> {
        let shared: mo::PropertyCollector = client.object(client.content().await?.property_collector.clone());
        let generation = client.session_generation();
        let collector = shared.create_property_collector().await?;
        let mut subscription = Self {
            client: client.clone(),
            collector: Some(collector),
            view,
            generation,
            version: String::new(),
        };
        subscription.filter(filter).await?;
        Ok(subscription)
    }

    async fn filter(&mut self, filter: &PropertyFilterSpec) -> Result<(), Error> {
        if let Some(collector) = &self.collector {
            collector.create_filter(filter, false).await?;
        }
        Ok(())
    }

    /// Whether the session that it belongs to is still the client's.
    pub(crate) fn is_current(&self) -> bool {
        self.generation == self.client.session_generation()
    }

    /// Waits for updates since the last that was taken in; an answer without any means that the time has passed.
    pub(crate) async fn poll(&self, wait: Duration, objects: i32) -> Result<Answer, Error> {
        match &self.collector {
            Some(collector) => poll(&self.client, collector, &self.version, wait, objects).await,
            None => Err(Error::new(vim_wire::ErrorKind::Closed, "the subscription was closed")),
        }
    }

    /// Whether the server keeps what was not taken in and sends it again for the last version.
    ///
    /// Real servers count their versions. vcsim 0.56 sends "P" always and replays nothing.
    pub(crate) fn replays(&self) -> bool {
        self.version.is_empty() || self.version.bytes().all(|byte| byte.is_ascii_digit())
    }
}

/// Waits for a collector's updates since that version.
pub(crate) async fn poll(
    client: &Client,
    collector: &mo::PropertyCollector,
    version: &str,
    wait: Duration,
    objects: i32,
) -> Result<Answer, Error> {
    let options = WaitOptions {
        max_wait_seconds: Some(i32::try_from(wait.as_secs()).unwrap_or(i32::MAX)),
        max_object_updates: Some(objects),
        ..Default::default()
    };
    let mut call = collector.wait_for_updates_ex().options(&options);
    if !version.is_empty() {
        call = call.version(version);
    }
    // Another session would not know this collector, so that logging in again is for the one who makes it anew.
    let send = SendOptions { timeout: Some(wait + SLACK), long_poll: true, relogin: false };
    client.send(&call.to_request(), send).await
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let Some(collector) = self.collector.take() else { return };
        if self.generation != self.client.session_generation() {
            return;
        }
        let view = self.view.take();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = collector.destroy().await {
                    tracing::debug!(collector = %collector.handle().moref(), %error, "a property collector was not destroyed");
                }
                if let Some(view) = view {
                    let _ = view.close().await;
                }
            });
        }
    }
}
