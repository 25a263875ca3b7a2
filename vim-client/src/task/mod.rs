//! Waiting for tasks: one watcher serves all that a client's callers await.

mod pace;
mod roster;
mod states;
mod watcher;

use crate::client::Client;
use crate::property::from_localized;
use futures_util::{StreamExt, stream};
use std::sync::Arc;
use vim_types::{TaskInfo, TaskInfoState, mo};
use vim_wire::{Any, BoxStream, Error, ErrorKind, MoRef, TaskProgress, TaskRef};

use watcher::Follower;
pub(crate) use watcher::Watcher;

/// What is told to those who wait for a task.
type News = Result<Arc<TaskInfo>, Error>;

fn is_final(info: &TaskInfo) -> bool {
    info.state == TaskInfoState::SUCCESS || info.state == TaskInfoState::ERROR
}

/// Waits for a task's end and returns its result.
pub(crate) async fn wait(client: &Client, task: &TaskRef) -> Result<Any, Error> {
    let mut last = None;
    let follower = client.tasks().follow(client, &task.moref).map_err(|error| about(error, task, None))?;
    let ended = end(follower, &mut last);
    let news = match task.timeout {
        None => ended.await,
        Some(limit) => match tokio::time::timeout(limit, ended).await {
            Ok(news) => news,
            Err(_) => {
                let name = last.as_deref().and_then(|info| name_in(info, task));
                return Err(about(timed_out(task, limit, last.as_deref()), task, name));
            }
        },
    };
    let info = news.map_err(|error| about(error, task, None))?;
    if info.state == TaskInfoState::SUCCESS {
        return Ok(info.result.clone().unwrap_or_default());
    }
    let error = match &info.error {
        Some(localized) => Error::from_fault(from_localized(localized.clone())).of_task(),
        None => Error::new(ErrorKind::TaskFailed, "the task failed; the server gave no reason"),
    };
    let name = match name_in(&info, task) {
        Some(name) => Some(name),
        None => name_of(client, &task.this).await,
    };
    Err(about(error, task, name))
}

/// The name of the task's object, where the task says it. vcsim 0.56 writes the reference there.
fn name_in(info: &TaskInfo, task: &TaskRef) -> Option<String> {
    let of_this = info.entity.as_ref().is_none_or(|entity| *entity == task.this);
    info.entity_name.clone().filter(|name| of_this && !name.is_empty() && name != task.this.value())
}

/// The name of an object, for an error's text: asked for once, and never a reason to fail.
async fn name_of(client: &Client, object: &MoRef) -> Option<String> {
    let rows =
        client.retrieve_paths::<mo::ManagedEntity>(["name"]).objects([object.clone()]).all().await.ok()?;
    rows.first()?.row.get("name")?.as_str().map(str::to_owned)
}

async fn end(mut follower: Follower, last: &mut Option<Arc<TaskInfo>>) -> News {
    loop {
        match follower.next().await {
            Some(Ok(info)) if is_final(&info) => return Ok(info),
            Some(Ok(info)) => *last = Some(info),
            Some(Err(error)) => return Err(error),
            None => {
                return Err(Error::new(
                    ErrorKind::Closed,
                    "the client was closed while the task was awaited",
                ));
            }
        }
    }
}

/// Adds what is known of the task: the method and the object, the task itself, and the operation id under which the server has
/// all of it in its logs.
fn about(error: Error, task: &TaskRef, name: Option<String>) -> Error {
    let mut error = error.in_operation(task.method.name).on_object(&task.this);
    if let Some(name) = name {
        error = error.on_name(name);
    }
    if !error.to_string().contains(&task.moref.to_string()) {
        error = error.with_hint(format!("it was {}", task.moref));
    }
    match &task.operation_id {
        Some(id) => error.with_operation_id(id.clone()),
        None => error,
    }
}

fn timed_out(task: &TaskRef, limit: std::time::Duration, last: Option<&TaskInfo>) -> Error {
    let seen = match last.map(progress_of) {
        Some(TaskProgress { state, percent: Some(percent), .. }) => {
            format!("last seen {state} at {percent} %")
        }
        Some(TaskProgress { state, .. }) => format!("last seen {state}"),
        None => "its state was not seen".to_owned(),
    };
    let message = format!("the task {} did not end within {limit:?}; {seen}", task.moref);
    Error::new(ErrorKind::Timeout, message).with_hint("the task goes on and can be resumed by its reference")
}

/// The task's progress as a stream that ends with its last state.
pub(crate) fn progress(client: &Client, task: &TaskRef) -> BoxStream<'static, Result<TaskProgress, Error>> {
    let follower = match client.tasks().follow(client, &task.moref) {
        Ok(follower) => follower,
        Err(error) => return Box::pin(stream::iter([Err(about(error, task, None))])),
    };
    let task = task.clone();
    let states = stream::unfold(Some(follower), move |follower| {
        let task = task.clone();
        async move {
            let mut follower = follower?;
            let item = match follower.next().await? {
                Ok(info) => {
                    let rest = (!is_final(&info)).then_some(follower);
                    return Some((Ok(progress_of(&info)), rest));
                }
                Err(error) => Err(about(error, &task, None)),
            };
            Some((item, None))
        }
    });
    Box::pin(states.fuse())
}

fn progress_of(info: &TaskInfo) -> TaskProgress {
    let description = info.description.as_ref().and_then(|text| text.message.clone());
    TaskProgress::new(info.state.as_str(), info.progress, description)
}

/// Asks the server to cancel a task.
pub(crate) async fn cancel(client: &Client, task: &TaskRef) -> Result<(), Error> {
    let handle: mo::Task = client.object(task.moref.clone());
    handle.cancel().await
}
