//! What all of the provider's work shares: the client, the catalog, and the operations that are under way.

use super::catalog::Catalogs;
use super::errors::{gone, server};
use super::source::Templates;
use crate::provider::operation::AnyState;
use crate::provider::{
    Capabilities, Defaults, Error, ErrorKind, MachineId, Operation, OperationId, OperationState, Progress,
    Reporter, Result, Validation,
};
use futures_util::StreamExt;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;
use vim_client::wire::Output;
use vim_client::{Client, MoRef, Task, mo};

/// How many operations are remembered after they ended.
const REMEMBERED: usize = 1_000;

pub(crate) struct Core {
    pub(crate) client: Client,
    pub(crate) defaults: Defaults,
    pub(crate) catalogs: Catalogs,
    pub(crate) templates: Templates,
    operations: Mutex<VecDeque<(OperationId, AnyState)>>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("endpoint", self.client.endpoint()).finish_non_exhaustive()
    }
}

impl Core {
    pub(crate) fn new(client: Client, defaults: Defaults) -> Self {
        Self {
            client,
            defaults,
            catalogs: Catalogs::default(),
            templates: Templates::default(),
            operations: Mutex::default(),
        }
    }

    pub(crate) async fn validate(&self) -> Result<Validation> {
        let asked = async {
            // The time is asked with the session; what the server is, is known from the login.
            let time = self.client.current_time().await?;
            let about = self.client.about().await?;
            Ok((SystemTime::from(time), about, self.client.api_version().await?))
        };
        let (time, about, api_version) =
            asked.await.map_err(|error: vim_client::Error| server("validating the server", error))?;
        Ok(Validation { server: about.full_name, api_version, time })
    }

    pub(crate) async fn capabilities(&self) -> Result<Capabilities> {
        let vcenter =
            self.client.is_vcenter().await.map_err(|error| server("asking what the server is", error))?;
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Ok(Capabilities {
            vcenter,
            reconfigure_online: true,
            disk_expansion_online: true,
            snapshots: true,
            memory_snapshots: true,
            linked_clones: vcenter,
            image_import: false,
            disk_types: words(&["thin", "thick", "eagerZeroedThick"]),
            network_types: words(if vcenter { &["standard", "distributed"] } else { &["standard"] }),
        })
    }

    /// The reference of a machine. An instance UUID is looked up, which costs a request.
    pub(crate) async fn machine(&self, id: &MachineId) -> Result<MoRef> {
        if id.uuid().is_none() {
            return Ok(MoRef::new("VirtualMachine", id.as_str()));
        }
        self.find_uuid(id.as_str()).await?.ok_or_else(|| gone(id))
    }

    async fn find_uuid(&self, uuid: &str) -> Result<Option<MoRef>> {
        let found = async {
            let content = self.client.service_content().await?;
            let Some(index) = content.search_index.clone() else { return Ok(None) };
            let index: mo::SearchIndex = self.client.object(index);
            index.find_by_uuid(uuid, true).instance_uuid(true).await
        };
        found
            .await
            .map_err(|error: vim_client::Error| server("looking for a machine by its instance UUID", error))
    }

    /// A handle on a machine.
    pub(crate) fn vm(&self, moref: &MoRef) -> mo::VirtualMachine {
        self.client.object(moref.clone())
    }

    /// Starts an operation and keeps it for [`task_status`](Self::task_status).
    pub(crate) fn start<T, F>(&self, id: OperationId, work: impl FnOnce(Reporter) -> F) -> Operation<T>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        self.keep(Operation::spawn(id, work))
    }

    /// An operation that had nothing to do.
    pub(crate) fn done<T: Clone + Send + Sync + 'static>(&self, id: OperationId, result: T) -> Operation<T> {
        self.keep(Operation::ready(id, result))
    }

    fn keep<T: Clone + Send + Sync + 'static>(&self, operation: Operation<T>) -> Operation<T> {
        let mut kept = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= REMEMBERED {
            // The oldest that is over makes room; what runs stays.
            if let Some(over) = kept.iter().position(|(_, state)| state().is_over()) {
                kept.remove(over);
            }
        }
        kept.push_back((operation.id().clone(), operation.watcher()));
        operation
    }

    /// How far an operation is. One of a process that ended is answered by its task at the server, where its id names one.
    pub(crate) async fn task_status(&self, id: &OperationId) -> Result<OperationState> {
        let state = {
            let kept = self.operations.lock().unwrap_or_else(PoisonError::into_inner);
            kept.iter().rev().find(|(other, _)| other == id).map(|(_, state)| std::sync::Arc::clone(state))
        };
        if let Some(state) = state {
            return Ok(state());
        }
        match id.task() {
            Some((whole, task)) => self.task_state(whole, task).await,
            None => Ok(OperationState::Unknown),
        }
    }

    async fn task_state(&self, whole: bool, task: &str) -> Result<OperationState> {
        use vim_client::types::{TaskInfo, TaskInfoState};
        let moref = MoRef::new("Task", task);
        let Some(values) = super::read::one(&self.client, &moref, &["info"]).await? else {
            return Ok(OperationState::Unknown);
        };
        let Some(info) = values.object::<TaskInfo>("info") else { return Ok(OperationState::Unknown) };
        Ok(match info.state {
            TaskInfoState::SUCCESS if whole => OperationState::Done,
            // What came after the task, nobody did.
            TaskInfoState::SUCCESS => OperationState::Unknown,
            TaskInfoState::ERROR => {
                let message = info
                    .error
                    .as_ref()
                    .and_then(|error| error.localized_message.clone())
                    .unwrap_or_else(|| "the task failed".to_owned());
                OperationState::Failed(Error::new(ErrorKind::FailedPrecondition, message))
            }
            _ => OperationState::Running(Progress {
                step: info.description_id.clone(),
                percent: u8::try_from(info.progress.unwrap_or_default()).unwrap_or_default().min(100),
            }),
        })
    }

    /// Waits for a task, telling its progress as a part of the whole, and cancelling it when the operation is.
    pub(crate) async fn follow<T: Output + 'static>(
        &self,
        task: Task<T>,
        reporter: &Reporter,
        (from, to): (u8, u8),
    ) -> Result<T, vim_client::Error> {
        let mut progress = task.progress();
        let told = async {
            while let Some(Ok(news)) = progress.next().await {
                let part = u32::try_from(news.percent.unwrap_or_default()).unwrap_or_default().min(100);
                let behind = u32::from(from) + u32::from(to.saturating_sub(from)) * part / 100;
                reporter.percent(u8::try_from(behind).unwrap_or(100));
            }
        };
        tokio::select! {
            biased;
            () = reporter.cancellation().cancelled() => {
                // A task that cannot be cancelled goes on, and its end is waited for.
                if let Err(error) = task.cancel().await {
                    tracing::debug!(%error, "the task was not cancelled");
                }
            }
            () = told => {}
        }
        task.await
    }

    /// As [`follow`](Self::follow), of a call that may have been refused.
    pub(crate) async fn carry_out<T: Output + 'static>(
        &self,
        sent: Result<Task<T>, vim_client::Error>,
        reporter: &Reporter,
        part: (u8, u8),
    ) -> Result<T, vim_client::Error> {
        self.follow(sent?, reporter, part).await
    }

    /// As [`follow`](Self::follow), with what was being done in the error.
    pub(crate) async fn wait<T: Output + 'static>(
        &self,
        doing: &str,
        task: Task<T>,
        reporter: &Reporter,
        part: (u8, u8),
    ) -> Result<T> {
        self.follow(task, reporter, part).await.map_err(|error| server(doing, error))
    }
}
