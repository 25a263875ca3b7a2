//! Reading managed objects' properties: once, or as they change.

pub(crate) mod cache;
pub(crate) mod filter;
pub(crate) mod measured;
mod object;
pub(crate) mod read;
mod retrieve;
pub(crate) mod subscription;
pub(crate) mod updates;
mod watch;

use crate::client::Client;
use backon::BackoffBuilder;
use filter::Wanted;
use read::{Dynamic, Typed};
use std::time::Duration;
use vim_wire::path::Row;
use vim_wire::{Error, ManagedObject, Reader, soap};

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

/// A page of a read: the first of a filter's, or the one that a token stands for.
pub(crate) async fn retrieve_page<F: read::Fill>(
    client: &Client,
    fill: &F,
    filter: Option<vim_types::PropertyFilterSpec>,
    token: Option<&str>,
) -> Result<read::Page<F::Partial>, Error> {
    let answer = match (filter, token) {
        (_, Some(token)) => retrieve::more(client, token).await?,
        (filter, None) => retrieve::retrieve(client, filter.as_slice(), retrieve::PAGE).await?,
    };
    let unreadable = |error| Error::from(error).in_operation("RetrievePropertiesEx");
    let mut reader =
        Reader::new(&answer.body, vim_types::VIM25.registry, answer.limits).map_err(unreadable)?;
    soap::body(&mut reader, |reader, response| read::page(fill, reader, response)).map_err(unreadable)
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
