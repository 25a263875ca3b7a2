//! Tasks: what is kept of one, how far it is, and how it ends.

use crate::any::Any;
use crate::call::{Answer, BoxFuture, BoxStream, Caller, Handle, Output, came_from, moref_answer};
use crate::desc::MethodDesc;
use crate::{DecodeError, Error, ErrorKind, MoRef};
use std::fmt;
use std::future::IntoFuture;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// A task of a server, and what it was started for.
///
/// Its text ([`Display`](fmt::Display), `to_string()`) is one line that can be stored, and read again with
/// [`TaskRef::parse`] after a restart: method, task, object and operation id, between blanks. How long to wait is no part of it.
///
/// ```text
/// VirtualMachine.PowerOnVM_Task Task:task-42 VirtualMachine:vm-7 1f0c9a3e-17
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRef {
    /// The task.
    pub moref: MoRef,
    /// The method that started it.
    pub method: &'static MethodDesc,
    /// The object that it was started on.
    pub this: MoRef,
    /// How long to wait; without end where not set.
    pub timeout: Option<Duration>,
    /// The operation id of the call that started it, where it is known.
    pub operation_id: Option<String>,
}

impl TaskRef {
    /// Reads what [`to_string`](ToString::to_string) wrote.
    ///
    /// `method` finds a method by its managed object and its name on the wire; `vim_types::method` does.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where the text is no such reference, or no such method is known that starts a task.
    pub fn parse(
        text: &str,
        method: impl FnOnce(&str, &str) -> Option<&'static MethodDesc>,
    ) -> Result<Self, Error> {
        let refuse = |why: &str| {
            let message = format!("{text:?} is not the reference of a task: {why}");
            Error::new(ErrorKind::InvalidInput, message)
        };
        let mut words = text.split_ascii_whitespace();
        let (Some(name), Some(task), Some(this), operation_id, None) =
            (words.next(), words.next(), words.next(), words.next(), words.next())
        else {
            return Err(refuse("expected METHOD TASK OBJECT [OPERATION-ID]"));
        };
        let moref = |word: &str| {
            MoRef::from_word(word).ok_or_else(|| refuse(&format!("{word:?} is no managed object reference")))
        };
        let found = name.split_once('.').and_then(|(object, name)| method(object, name));
        let Some(method) = found.filter(|method| method.task) else {
            return Err(refuse(&format!("{name:?} is no method that starts a task"))
                .with_hint("a method of another area needs that area's feature"));
        };
        let operation_id =
            operation_id.map(|id| unescape(id).ok_or_else(|| refuse("its operation id is broken")));
        Ok(Self {
            moref: moref(task)?,
            method,
            this: moref(this)?,
            timeout: None,
            operation_id: operation_id.transpose()?,
        })
    }
}

impl fmt::Display for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {} {}", self.method, self.moref.to_word(), self.this.to_word())?;
        match &self.operation_id {
            Some(id) => write!(f, " {}", escape(id)),
            None => Ok(()),
        }
    }
}

impl MoRef {
    /// The whole reference without a blank: `TYPE:ID`, or `TYPE:ID@GUID`.
    fn to_word(&self) -> String {
        let guid = self.server_guid().map(|guid| format!("@{}", escape(guid))).unwrap_or_default();
        format!("{}:{}{guid}", escape(self.kind()), escape(self.value()))
    }

    fn from_word(word: &str) -> Option<Self> {
        let (kind, value) = word.split_once(':')?;
        let (value, guid) = match value.split_once('@') {
            Some((value, guid)) => (value, Some(unescape(guid)?)),
            None => (value, None),
        };
        let (kind, value) = (unescape(kind)?, unescape(value)?);
        let server_guid = guid.map(String::into_boxed_str);
        (!kind.is_empty() && !value.is_empty()).then(|| Self { server_guid, ..Self::new(kind, value) })
    }
}

/// Writes what would end a word, and the signs that have a meaning in one, as `%` and their bytes.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !matches!(byte, b'%' | b'@') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02x}"));
        }
    }
    out
}

fn unescape(word: &str) -> Option<String> {
    let mut parts = word.split('%');
    let mut out = parts.next()?.as_bytes().to_vec();
    for part in parts {
        out.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        out.extend_from_slice(part.get(2..)?.as_bytes());
    }
    String::from_utf8(out).ok()
}

/// How far a task is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskProgress {
    /// `queued`, `running`, `success` or `error`.
    pub state: String,
    /// Percent done, where the server says.
    pub percent: Option<i32>,
    /// What it is doing, in the server's words.
    pub description: Option<String>,
}

impl TaskProgress {
    /// How far a task is.
    #[must_use]
    pub fn new(state: impl Into<String>, percent: Option<i32>, description: Option<String>) -> Self {
        Self { state: state.into(), percent, description }
    }
}

/// A task that the server is carrying out: awaited for its result, or watched for its progress.
///
/// Dropping it stops the watching and leaves the task alone; [`Task::cancel`] asks the server to stop it.
#[must_use = "a task goes on by itself; await it to know how it ends"]
pub struct Task<T> {
    task: TaskRef,
    caller: Arc<dyn Caller>,
    result: PhantomData<fn() -> T>,
}

impl<T> Task<T> {
    /// A task to be watched again, by a reference that was kept.
    pub fn resume(caller: Arc<dyn Caller>, task: TaskRef) -> Self {
        Self { task, caller, result: PhantomData }
    }

    /// The task's reference.
    #[must_use]
    pub const fn moref(&self) -> &MoRef {
        &self.task.moref
    }

    /// What can be kept to [`resume`](Self::resume) it.
    #[must_use]
    pub const fn task_ref(&self) -> &TaskRef {
        &self.task
    }

    /// Bounds the wait. When it passes, the await fails with the last state seen, and the task goes on.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.task.timeout = Some(timeout);
        self
    }

    /// How far it is, ending with its last state. The result, or why it failed, is for the await to say.
    pub fn progress(&self) -> BoxStream<'static, Result<TaskProgress, Error>> {
        self.caller.progress(&self.task)
    }

    /// Asks the server to cancel it. Awaiting it then fails as cancelled, or succeeds where the server was faster.
    ///
    /// # Errors
    ///
    /// When the task cannot be cancelled, or has ended.
    pub async fn cancel(&self) -> Result<(), Error> {
        self.caller.cancel(&self.task).await
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} on {})", self.task.moref, self.task.method.name, self.task.this)
    }
}

impl<T: Output + 'static> IntoFuture for Task<T> {
    type Output = Result<T, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let any = self.caller.wait(&self.task).await?;
            T::from_any(any, &self.task, &self.caller).map_err(|error| {
                let error =
                    error.with_hint(format!("{}; it was {}", came_from(&self.caller), self.task.moref));
                match &self.task.operation_id {
                    Some(id) => error.with_operation_id(id.clone()),
                    None => error,
                }
            })
        })
    }
}

impl<T: Output> Output for Task<T> {
    fn from_answer(
        answer: &Answer,
        handle: &Handle,
        method: &'static MethodDesc,
    ) -> Result<Self, DecodeError> {
        let moref = moref_answer(answer, method)?;
        let operation_id = answer.operation_id.as_deref().map(str::to_owned);
        let task = TaskRef { moref, method, this: handle.moref().clone(), timeout: None, operation_id };
        Ok(Self { task, caller: Arc::clone(handle.caller()), result: PhantomData })
    }

    fn from_any(_: Any, task: &TaskRef, _: &Arc<dyn Caller>) -> Result<Self, Error> {
        Err(Error::new(ErrorKind::Protocol, "a task's result is no task").in_call(task.method, &task.this))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static NOTHING: crate::Registry = crate::Registry::new(&[], &[]);
    static SERVICE: crate::Service =
        crate::Service { namespace: "urn:vim25", path: "/sdk", versions: &["1.0"], registry: &NOTHING };
    static POWER_ON: MethodDesc = method("PowerOnVM_Task", true);
    static RENAME: MethodDesc = method("Rename", false);

    const fn method(name: &'static str, task: bool) -> MethodDesc {
        MethodDesc {
            name,
            this: "VirtualMachine",
            service: &SERVICE,
            since: 0,
            task,
            privilege: None,
            params: &[],
            faults: &[],
            result: "",
        }
    }

    fn parse(text: &str) -> Result<TaskRef, Error> {
        TaskRef::parse(text, |object, name| {
            [&POWER_ON, &RENAME].into_iter().find(|known| known.this == object && known.name == name)
        })
    }

    #[test]
    fn lesson_15_a_task_can_be_stored_as_a_line_and_read_again() {
        let task = TaskRef {
            moref: MoRef::new("Task", "task-42"),
            method: &POWER_ON,
            this: MoRef::new("VirtualMachine", "vm-7"),
            timeout: None,
            operation_id: Some("1f0c9a3e-17".into()),
        };
        let text = task.to_string();
        assert_eq!(text, "VirtualMachine.PowerOnVM_Task Task:task-42 VirtualMachine:vm-7 1f0c9a3e-17");
        assert_eq!(parse(&text).expect("is read"), task);
        // What ids and names of one's own may have in them.
        let guid = MoRef {
            server_guid: Some("6a@b".into()),
            ..MoRef::new("Network", "HaNetwork-VM Netz\u{e4}%20@x")
        };
        for (this, operation_id) in
            [(guid, Some("re concile\t7 %".to_owned())), (MoRef::new("HostSystem", "ha:host"), None)]
        {
            let odd = TaskRef { this, operation_id, ..task.clone() };
            let text = odd.to_string();
            assert!(text.is_ascii() && !text.contains('\t'), "{text}");
            assert_eq!(parse(&text).expect("is read"), odd);
        }
    }

    #[test]
    fn what_is_no_task_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "METHOD TASK OBJECT"),
            ("VirtualMachine.PowerOnVM_Task Task:task-42", "METHOD TASK OBJECT"),
            ("VirtualMachine.PowerOnVM_Task Task:1 VirtualMachine:2 3 4", "METHOD TASK OBJECT"),
            ("VirtualMachine.PowerOnVM_Task task-42 VirtualMachine:vm-7", "\"task-42\" is no managed object"),
            ("VirtualMachine.PowerOnVM_Task Task:a%g VirtualMachine:vm-7", "is no managed object"),
            ("VirtualMachine.PowerOnVM_Task Task:1 VirtualMachine:vm-7 %", "operation id"),
            ("VirtualMachine.PowerOffVM_Task Task:1 VirtualMachine:vm-7", "PowerOffVM_Task\" is no method"),
            ("VirtualMachine.Rename Task:1 VirtualMachine:vm-7", "is no method that starts a task"),
            ("PowerOnVM_Task Task:1 VirtualMachine:vm-7", "is no method"),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(reason), "{text}: {error}");
        }
    }
}
