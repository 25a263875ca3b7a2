//! The one error of the family.

use crate::MoRef;
use crate::desc::MethodDesc;
use crate::encode::EncodeError;
use crate::object::{DataObject, Object};
use crate::slot::{Cell, ObjRef, Slot};
use crate::xml::read::DecodeError;
use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

/// What kind of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value that the caller gave cannot be used; nothing was sent.
    InvalidInput,
    /// What the caller asked for needs a newer API than the server's; nothing was sent.
    Unsupported,
    /// The server could not be reached; nothing was sent, so that anything may be tried again.
    Connect,
    /// The server's certificate is not trusted; nothing was sent.
    Untrusted,
    /// The connection was lost after the request was sent, so that whether it was carried out is not known.
    Interrupted,
    /// The time that the caller allowed has passed.
    Timeout,
    /// The peer does not speak the protocol: another program's answer, a broken document, an answer over the limit.
    Protocol,
    /// The server answered a fault.
    Fault,
    /// The server refused the credentials or the session.
    Login,
    /// A task failed.
    TaskFailed,
    /// A task or a wait was cancelled.
    Canceled,
    /// Nothing has that name or path.
    NotFound,
    /// Several things have that name or path, and one was asked for.
    Ambiguous,
    /// The client was closed.
    Closed,
}

/// What went wrong, in which operation and on which object.
///
/// `Display` says the operation, the object, the cause in the server's words, what to do about it, and the operation id under
/// which the server has it in its logs; it never repeats [`source`](StdError::source). It can be cloned, for all who waited for
/// what failed.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    operation: Option<Cow<'static, str>>,
    object: Option<MoRef>,
    object_name: Option<String>,
    message: String,
    hint: Option<Cow<'static, str>>,
    operation_id: Option<Box<str>>,
    fault: Option<Fault>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// A fault as a server reported it: its message and, typed, what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The server's message; servers leave it empty at times.
    pub message: String,
    /// The SOAP fault code, such as `ServerFaultCode`; empty for a task's fault.
    pub code: String,
    /// The typed fault, where the server gave one.
    pub detail: Option<Object>,
}

impl Fault {
    /// The name of the fault's type as the server wrote it; empty where it gave none.
    #[must_use]
    pub fn type_name(&self) -> &str {
        self.detail.as_ref().map_or("", Object::type_name)
    }

    /// Whether the fault is of the type of that name or extends it.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.detail.as_ref().is_some_and(|detail| is_named(detail, name))
    }

    /// The fault as a `T`, where it is one or extends it.
    #[must_use]
    pub fn downcast_ref<T: DataObject>(&self) -> Option<&T> {
        self.detail.as_ref().and_then(Object::downcast_ref)
    }
}

/// The first text in a field, its base's included.
fn text(object: &ObjRef<'_>, field: &str) -> Option<String> {
    match object.get(field)? {
        Slot::Str(cell) => cell.values().first().cloned(),
        _ => None,
    }
}

/// The first reference in a field, its base's included.
fn reference(object: &ObjRef<'_>, field: &str) -> Option<MoRef> {
    match object.get(field)? {
        Slot::MoRef(cell) => cell.values().first().filter(|moref| !moref.is_empty()).cloned(),
        _ => None,
    }
}

fn is_named(detail: &Object, name: &str) -> bool {
    detail.type_name() == name || detail.desc().lineage().any(|desc| desc.name == name)
}

impl fmt::Display for Fault {
    /// The fault's type, its message, and its own fields: enough to act on where the message is empty.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.trim();
        let Some(detail) = &self.detail else {
            let code = if self.code.is_empty() { "a fault" } else { self.code.as_str() };
            return f.write_str(if message.is_empty() { code } else { message });
        };
        f.write_str(detail.type_name())?;
        if !message.is_empty() && message != detail.type_name() {
            write!(f, ": {message}")?;
        }
        let mut fields = Vec::new();
        let mut more = Vec::new();
        detail.as_ref().each(&mut |field, slot| match (field.name, &slot) {
            ("faultMessage", Slot::Struct(items)) => {
                more.extend(items.iter().filter_map(|item| match item.get("message") {
                    Some(Slot::Str(cell)) => cell.values().first().cloned(),
                    _ => None,
                }))
            }
            ("faultCause", Slot::Struct(items)) => {
                more.extend(items.iter().map(|item| format!("caused by {item:?}")))
            }
            (_, Slot::Bool(Cell::One(false))) => {}
            _ if field.is_secret() || !slot.is_set() => {}
            (name, Slot::Str(cell))
                if cell.values().iter().all(|text| text.is_empty() || message.contains(text.as_str())) =>
            {
                let _ = name;
            }
            (name, slot) => fields.push(format!("{name}: {slot:?}")),
        });
        if !fields.is_empty() {
            write!(f, " ({})", fields.join(", "))?;
        }
        more.iter()
            .filter(|text| !text.is_empty() && *text != message)
            .try_for_each(|text| write!(f, "; {text}"))
    }
}

/// A privilege that was missing, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingPrivilege {
    /// The privilege, such as `VirtualMachine.Interact.PowerOn`.
    pub privilege: String,
    /// The object on which it was missing, where the server said.
    pub object: Option<MoRef>,
}

impl Error {
    /// An error of that kind.
    #[must_use]
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            operation: None,
            object: None,
            object_name: None,
            message: message.into(),
            hint: None,
            operation_id: None,
            fault: None,
            source: None,
        }))
    }

    /// The error for a fault.
    #[must_use]
    pub fn from_fault(fault: Fault) -> Self {
        let kind = if ["NotAuthenticated", "InvalidLogin", "NoClientCertificate"]
            .iter()
            .any(|name| fault.is_named(name))
        {
            ErrorKind::Login
        } else if fault.is_named("RequestCanceled") {
            ErrorKind::Canceled
        } else {
            ErrorKind::Fault
        };
        let mut error = Self::new(kind, fault.to_string());
        error.0.fault = Some(fault);
        error
    }

    /// Says that a task failed, and not the call.
    #[must_use]
    pub fn of_task(mut self) -> Self {
        if self.0.kind != ErrorKind::Canceled {
            self.0.kind = ErrorKind::TaskFailed;
        }
        self
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(Arc::from(source.into()));
        self
    }

    /// Adds what to do about it, behind what was said of that already.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        let hint = hint.into();
        self.0.hint = Some(match self.0.hint.take() {
            Some(before) => format!("{before}; {hint}").into(),
            None => hint,
        });
        self
    }

    /// Adds the operation id of the call, where none is known yet.
    #[must_use]
    pub fn with_operation_id(mut self, id: impl Into<Box<str>>) -> Self {
        self.0.operation_id.get_or_insert_with(|| id.into());
        self
    }

    /// The same failure as that of something larger, whose operation and object are still to be added: what was said of the
    /// smaller one follows `what` in the message. Kind, fault and source stay.
    #[must_use]
    pub fn inside(self, what: &str) -> Self {
        let mut outer = Self::new(self.0.kind, format!("{what}: {self}"));
        let Inner { fault, source, .. } = *self.0;
        (outer.0.fault, outer.0.source) = (fault, source);
        outer
    }

    /// Adds the operation, where none is named yet.
    #[must_use]
    pub fn in_operation(mut self, operation: impl Into<Cow<'static, str>>) -> Self {
        self.0.operation.get_or_insert_with(|| operation.into());
        self
    }

    /// Adds the object, where none is named yet.
    #[must_use]
    pub fn on_object(mut self, object: &MoRef) -> Self {
        self.0.object.get_or_insert_with(|| object.clone());
        self
    }

    /// Adds the object's name, as people know it.
    #[must_use]
    pub fn on_name(mut self, name: impl Into<String>) -> Self {
        self.0.object_name = Some(name.into());
        self
    }

    pub(crate) fn in_call(self, method: &'static MethodDesc, this: &MoRef) -> Self {
        self.in_operation(method.name).on_object(this)
    }

    /// What kind of thing went wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The operation that failed, such as `PowerOnVM_Task`.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// The object that it failed on.
    #[must_use]
    pub fn object(&self) -> Option<&MoRef> {
        self.0.object.as_ref()
    }

    /// The operation id that the call had in the server's logs, where one was sent.
    #[must_use]
    pub fn operation_id(&self) -> Option<&str> {
        self.0.operation_id.as_deref()
    }

    /// The fault, where a server reported one.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        self.0.fault.as_ref()
    }

    /// The typed fault, where it is a `T` or extends it.
    ///
    /// # Troubleshooting
    ///
    /// A fault whose type this build lacks is held as its base: compare [`Fault::type_name`], or turn the feature `faults` on.
    #[must_use]
    pub fn fault_as<T: DataObject>(&self) -> Option<&T> {
        self.fault().and_then(Fault::downcast_ref)
    }

    fn fault_named(&self, names: &[&str]) -> bool {
        self.fault().is_some_and(|fault| names.iter().any(|name| fault.is_named(name)))
    }

    /// Whether the object, file, name or path is not there (any more).
    ///
    /// # Troubleshooting
    ///
    /// References are per server and die with their object: look the object up again by its path.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.kind() == ErrorKind::NotFound
            || self.fault_named(&["ManagedObjectNotFound", "NotFound", "FileNotFound"])
    }

    /// Whether there is no session, or it ended.
    ///
    /// # Troubleshooting
    ///
    /// A client that has credentials logs in again by itself; one that was given a session cannot.
    #[must_use]
    pub fn is_not_authenticated(&self) -> bool {
        self.fault_named(&["NotAuthenticated"])
    }

    /// Whether the user name or the password is wrong, or the session or ticket was refused.
    #[must_use]
    pub fn is_invalid_login(&self) -> bool {
        self.fault_named(&["InvalidLogin"])
    }

    /// The privilege that was missing, and on what, where that is what went wrong.
    ///
    /// # Troubleshooting
    ///
    /// Grant the privilege to the user on that object, or on a folder above it with propagation.
    #[must_use]
    pub fn is_no_permission(&self) -> Option<MissingPrivilege> {
        let fault = self.fault().filter(|fault| fault.is_named("NoPermission"))?;
        let fault = fault.detail.as_ref()?.as_ref();
        let mut missing = MissingPrivilege {
            privilege: text(&fault, "privilegeId").unwrap_or_default(),
            object: reference(&fault, "object"),
        };
        // Servers from 7.0.3 on say it here, for several objects, and leave the other two unset at times.
        if let Some(Slot::Struct(entries)) = fault.get("missingPrivileges")
            && let Some(first) = entries.iter().next()
        {
            if missing.privilege.is_empty() {
                missing.privilege = text(&first, "privilegeIds").unwrap_or_default();
            }
            missing.object = missing.object.or_else(|| reference(&first, "entity"));
        }
        Some(missing)
    }

    /// Whether the time that was allowed has passed.
    #[must_use]
    pub const fn is_timeout(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Timeout)
    }

    /// Whether it was cancelled, by the caller or by the server.
    #[must_use]
    pub const fn is_canceled(&self) -> bool {
        matches!(self.0.kind, ErrorKind::Canceled)
    }

    /// Whether the name is taken already.
    #[must_use]
    pub fn is_already_exists(&self) -> bool {
        self.fault_named(&["DuplicateName", "AlreadyExists", "FileAlreadyExists"])
    }

    /// Whether the request was certainly not sent, so that even what is not idempotent may be tried again.
    #[must_use]
    pub const fn is_never_sent(&self) -> bool {
        matches!(
            self.0.kind,
            ErrorKind::Connect | ErrorKind::Untrusted | ErrorKind::InvalidInput | ErrorKind::Unsupported
        )
    }

    /// The error with all that caused it, in one line: for logs.
    #[must_use]
    pub fn chain(&self) -> String {
        let mut out = self.to_string();
        let mut next = self.source();
        while let Some(error) = next {
            let text = error.to_string();
            if !out.ends_with(&text) {
                out.push_str(": ");
                out.push_str(&text);
            }
            next = error.source();
        }
        out
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { operation, object, object_name, message, hint, operation_id, .. } = &*self.0;
        if let Some(operation) = operation {
            write!(f, "{operation}")?;
            match (object_name, object) {
                (Some(name), Some(object)) => write!(f, " on {name} ({object})")?,
                (Some(name), None) => write!(f, " on {name}")?,
                (None, Some(object)) => write!(f, " on {object}")?,
                (None, None) => {}
            }
            f.write_str(": ")?;
        }
        f.write_str(message)?;
        if let Some(hint) = hint {
            write!(f, "; {hint}")?;
        }
        match operation_id {
            Some(id) => write!(f, " (opID {id})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { kind, operation, object, message, source, .. } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("operation", operation)
            .field("object", object)
            .field("message", message)
            .field("source", source)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Self::new(ErrorKind::Protocol, "the server's answer cannot be read").with_source(error)
    }
}

impl From<EncodeError> for Error {
    fn from(error: EncodeError) -> Self {
        let kind = match error {
            EncodeError::TooNew { .. } => ErrorKind::Unsupported,
            _ => ErrorKind::InvalidInput,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault() -> Fault {
        Fault { message: "Not now.".to_owned(), code: "ServerFaultCode".to_owned(), detail: None }
    }

    #[test]
    fn what_is_added_is_said_in_order_and_nothing_is_lost() {
        let error = Error::from_fault(fault())
            .in_operation("PowerOnVM_Task")
            .in_operation("another")
            .on_object(&MoRef::new("VirtualMachine", "vm-7"))
            .on_name("web-1")
            .with_hint("wait")
            .with_hint("then ask again")
            .with_operation_id("a-1")
            .with_operation_id("a-2");
        let text = "PowerOnVM_Task on web-1 (VirtualMachine:vm-7): Not now.; wait; then ask again (opID a-1)";
        assert_eq!((error.to_string().as_str(), error.operation_id()), (text, Some("a-1")));
    }

    #[test]
    fn an_error_inside_another_keeps_its_kind_its_fault_and_its_source() {
        let inner = Error::from_fault(fault())
            .of_task()
            .in_operation("WaitForUpdatesEx")
            .with_operation_id("a-1")
            .with_source(DecodeError::new(7, "broken"));
        let outer = inner.inside("the task cannot be followed");
        for error in [outer.clone(), outer] {
            let error = error.in_operation("PowerOnVM_Task");
            assert_eq!(
                error.to_string(),
                "PowerOnVM_Task: the task cannot be followed: WaitForUpdatesEx: Not now. (opID a-1)"
            );
            assert_eq!(
                (error.kind(), error.fault(), error.operation_id()),
                (ErrorKind::TaskFailed, Some(&fault()), None)
            );
            assert!(error.chain().ends_with("broken at byte 7"), "{}", error.chain());
        }
    }
}
