//! Operations: work that goes on by itself, and can be waited for, watched, cancelled and asked for.

use super::{Error, ErrorKind, Result};
use futures_core::Stream;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use vim_client::MoRef;

/// The name of an operation; it stays the same over a restart of the process.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct OperationId(String);

impl OperationId {
    /// A name for a new operation of a kind, such as `create`.
    #[must_use]
    pub fn new(kind: &str) -> Self {
        Self(format!("{kind}-{}", uuid::Uuid::new_v4()))
    }

    /// The name of an operation that is a task of the server, wholly or in its first part: who has the name can ask for it after a
    /// restart.
    pub(crate) fn of_task(kind: &str, task: &MoRef, whole: bool) -> Self {
        Self(format!("{kind}{}{}", if whole { ':' } else { '.' }, task.value()))
    }

    /// The task of such a name, and whether it is the whole operation.
    pub(crate) fn task(&self) -> Option<(bool, &str)> {
        let at = self.0.find([':', '.'])?;
        let (_, task) = self.0.split_at(at);
        Some((task.starts_with(':'), task.get(1..)?))
    }

    /// As a text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for OperationId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let fits = !text.is_empty()
            && text.len() <= 128
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::new(ErrorKind::InvalidRequest, format!("{text:?} is not the id of an operation")))
        }
    }
}

/// How far an operation is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// What it is doing.
    pub step: String,
    /// Percent done of the whole, as far as that is known.
    pub percent: u8,
}

/// Where an operation stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum OperationState {
    /// It goes on.
    Running(Progress),
    /// It has succeeded.
    Done,
    /// It has failed.
    Failed(Error),
    /// Nobody knows it (any more): it ended long ago, or the process that carried it out did. Repeating the request completes
    /// what was begun.
    Unknown,
}

impl OperationState {
    /// Whether nothing more will come of it.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        !matches!(self, Self::Running(_))
    }
}

/// What carries an operation out tells its progress by it.
#[derive(Clone, Debug)]
pub struct Reporter {
    tell: watch::Sender<Progress>,
    cancel: CancellationToken,
}

impl Reporter {
    /// One whom nobody hears: for work that is part of no operation.
    pub(crate) fn unheard() -> Self {
        Self { tell: watch::channel(Progress::default()).0, cancel: CancellationToken::new() }
    }

    /// Says what is done now, and how much of the whole is behind.
    pub fn step(&self, step: impl Into<String>, percent: u8) {
        self.tell.send_replace(Progress { step: step.into(), percent: percent.min(100) });
    }

    /// Says how much of the whole is behind.
    pub fn percent(&self, percent: u8) {
        self.tell.send_modify(|progress| progress.percent = percent.min(100));
    }

    /// Whether it shall stop; asked where stopping leaves nothing half done.
    ///
    /// # Errors
    ///
    /// When it shall.
    pub fn check(&self) -> Result<()> {
        if self.cancel.is_cancelled() {
            return Err(Error::new(ErrorKind::Canceled, "the operation was cancelled"));
        }
        Ok(())
    }

    /// Is cancelled when the operation is.
    #[must_use]
    pub const fn cancellation(&self) -> &CancellationToken {
        &self.cancel
    }
}

/// Work that goes on by itself.
#[must_use = "an operation goes on by itself; await it to know how it ends"]
pub struct Operation<T> {
    id: OperationId,
    progress: watch::Receiver<Progress>,
    result: watch::Receiver<Option<Result<T>>>,
    cancel: CancellationToken,
}

impl<T> Clone for Operation<T> {
    fn clone(&self) -> Self {
        Self {
            id: self.id.clone(),
            progress: self.progress.clone(),
            result: self.result.clone(),
            cancel: self.cancel.clone(),
        }
    }
}

impl<T> fmt::Debug for Operation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("id", &self.id).field("progress", &*self.progress.borrow()).finish()
    }
}

impl<T: Clone + Send + Sync + 'static> Operation<T> {
    /// Starts work in a task of its own.
    pub fn spawn<F>(id: OperationId, work: impl FnOnce(Reporter) -> F) -> Self
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let (tell, progress) = watch::channel(Progress::default());
        let (answer, result) = watch::channel(None);
        let cancel = CancellationToken::new();
        let work = work(Reporter { tell: tell.clone(), cancel: cancel.clone() });
        tokio::spawn(async move {
            let outcome = work.await;
            if outcome.is_ok() {
                tell.send_modify(|progress| progress.percent = 100);
            }
            answer.send_replace(Some(outcome));
        });
        Self { id, progress, result, cancel }
    }

    /// One that was done before anybody waited.
    pub fn ready(id: OperationId, result: T) -> Self {
        let (_, progress) = watch::channel(Progress { step: String::new(), percent: 100 });
        let (_, result) = watch::channel(Some(Ok(result)));
        Self { id, progress, result, cancel: CancellationToken::new() }
    }

    /// Its name.
    #[must_use]
    pub const fn id(&self) -> &OperationId {
        &self.id
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> OperationState {
        match &*self.result.borrow() {
            Some(Ok(_)) => OperationState::Done,
            Some(Err(error)) => OperationState::Failed(error.clone()),
            None => OperationState::Running(self.progress.borrow().clone()),
        }
    }

    /// How far it is, as that changes, until it ends. How it ended is for the await to say.
    pub fn progress(&self) -> impl Stream<Item = Progress> + Send + use<T> {
        let (mut progress, mut result) = (self.progress.clone(), self.result.clone());
        progress.mark_changed();
        async_stream::stream! {
            loop {
                tokio::select! {
                    biased;
                    changed = progress.changed() => {
                        if changed.is_err() {
                            break;
                        }
                        let now = progress.borrow_and_update().clone();
                        yield now;
                    }
                    // The guard of what was waited for is not kept: it could not be sent between threads.
                    () = async { drop(result.wait_for(Option::is_some).await) } => break,
                }
            }
        }
    }

    /// Asks for it to stop. It stops where that leaves nothing half done; awaiting it tells whether it did.
    pub fn cancel(&self) {
        self.cancel.cancel();
    }
}

impl<T: Clone + Send + Sync + 'static> IntoFuture for Operation<T> {
    type Output = Result<T>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let ended = self.result.wait_for(Option::is_some).await.is_ok();
            let outcome = self.result.borrow().clone();
            match outcome {
                Some(outcome) if ended => outcome,
                // The runtime ended with the work in it.
                _ => Err(Error::new(
                    ErrorKind::Internal,
                    format!("the operation {} ended without a result", self.id),
                )),
            }
        })
    }
}

/// Any operation, whatever its result: what a provider keeps to answer by id.
pub(crate) type AnyState = Arc<dyn Fn() -> OperationState + Send + Sync>;

impl<T: Clone + Send + Sync + 'static> Operation<T> {
    /// Tells its state later, too.
    pub(crate) fn watcher(&self) -> AnyState {
        let operation = self.clone();
        Arc::new(move || operation.state())
    }
}
