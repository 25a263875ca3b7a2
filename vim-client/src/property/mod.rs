//! Reading managed objects' properties: once, or as they change.

pub(crate) mod cache;
pub(crate) mod filter;
pub(crate) mod measured;
mod object;
mod pages;
pub(crate) mod read;
mod retrieve;
mod state;
pub(crate) mod subscription;
pub(crate) mod updates;
mod watch;

use crate::client::Client;
use backon::BackoffBuilder;
use filter::Wanted;
use read::{Dynamic, Typed};
use std::time::Duration;
use vim_wire::path::Row;
use vim_wire::{Error, ManagedObject};

pub use cache::Cache;
pub use object::{Missing, Object};
pub use read::Values;
pub(crate) use read::from_localized;
pub use retrieve::Retrieve;
pub use watch::{Change, Watch};

/// Growing delays for what waits for a server to come back, for that long in all.
pub(crate) fn patient(patience: Duration) -> backon::ExponentialBackoff {
    backon::ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(200))
        .with_max_delay(Duration::from_secs(15))
        .with_jitter()
        .without_max_times()
        .with_total_delay(Some(patience))
        .build()
}

/// Whether an error says that the server has lost a collector, its version or its poll: another collector is to be made.
pub(crate) fn collector_lost(error: &Error) -> bool {
    error.is_not_found()
        || error.is_canceled()
        || error.fault().is_some_and(|fault| fault.is_named("InvalidCollectorVersion"))
}

/// Everything that a filter selects, in memory. Where the session ends between two pages, it is read again from the start.
pub(crate) async fn retrieve_all<F: read::Fill>(
    client: &Client,
    fill: &F,
    filter: vim_types::PropertyFilterSpec,
) -> Result<Vec<read::Content<F::Partial>>, Error> {
    let filters = [filter];
    let mut again = true;
    'start: loop {
        let mut all = Vec::new();
        let (mut answer, generation) = pages::retrieve(client, &filters, retrieve::PAGE).await?;
        loop {
            let page = retrieve::page_of(client, fill, &answer)?;
            all.extend(page.objects);
            let Some(token) = page.token else { return Ok(all) };
            answer = match pages::more(client, &token, generation).await {
                Err(error) if error.is_not_authenticated() && std::mem::take(&mut again) => continue 'start,
                answer => answer?,
            };
        }
    }
}

fn wanted<R: Row>() -> Wanted {
    Wanted::new::<R::Object>(R::PATHS.iter().map(|path| (*path).to_owned()).collect())
}

impl Client {
    /// Reads a row of properties of every managed object of the row's kind, or of those that the builder names.
    ///
    /// Requires `System.Read` on what is read; what may not be read is in each object's `missing`, or makes its item an error
    /// where the row requires it.
    ///
    /// ```no_run
    /// use futures_util::StreamExt;
    /// use vim_client::{Client, Properties, mo::VirtualMachine, types::VirtualMachinePowerState};
    ///
    /// #[derive(Properties)]
    /// #[properties(of = VirtualMachine)]
    /// struct Row {
    ///     name: String,
    ///     #[property("runtime.powerState")]
    ///     power: VirtualMachinePowerState,
    ///     #[property("guest.ipAddress")]
    ///     ip: Option<String>,
    /// }
    ///
    /// # async fn run(client: Client) -> Result<(), vim_client::Error> {
    /// let mut rows = std::pin::pin!(client.retrieve::<Row>().stream());
    /// while let Some(vm) = rows.next().await {
    ///     let vm = vm?;
    ///     println!("{} {} {:?}", vm.name, vm.power, vm.ip);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn retrieve<R: Row>(&self) -> Retrieve<Typed<R>> {
        Retrieve::new(self.clone(), Typed::default(), wanted::<R>())
    }

    /// Reads properties by paths that are known only when the program runs, indexed ones such as
    /// `config.hardware.device[4000]` included.
    pub fn retrieve_paths<T: ManagedObject>(
        &self,
        paths: impl IntoIterator<Item = impl Into<String>>,
    ) -> Retrieve<Dynamic> {
        let paths: Vec<String> = paths.into_iter().map(Into::into).collect();
        let wanted = Wanted::new::<T>(paths.clone());
        Retrieve::new(self.clone(), Dynamic(paths), wanted)
    }

    /// Watches a row of properties of every managed object of the row's kind, or of those that the builder names.
    pub fn watch<R: Row>(&self) -> Watch<Typed<R>> {
        Watch::new(self.clone(), Typed::default(), wanted::<R>())
    }

    /// Watches properties by paths that are known only when the program runs.
    pub fn watch_paths<T: ManagedObject>(
        &self,
        paths: impl IntoIterator<Item = impl Into<String>>,
    ) -> Watch<Dynamic> {
        let paths: Vec<String> = paths.into_iter().map(Into::into).collect();
        let wanted = Wanted::new::<T>(paths.clone());
        Watch::new(self.clone(), Dynamic(paths), wanted)
    }
}
