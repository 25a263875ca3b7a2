//! Answers and errors, in both forms.

use crate::serve::{status, text};
use axum::body::Body;
use hyper::header::{HeaderValue, SET_COOKIE};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// How an operation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `/rest/…`
    Rest,
    /// `/api/…`
    Api,
}

/// What an operation answers.
#[derive(Debug)]
pub(crate) enum Answer {
    /// Nothing but that it is done.
    Done,
    Value(Value),
    /// The id of what was created, and a cookie.
    Created(Value, Option<String>),
}

/// Why an operation is refused: an error that the API has a name for, such as `not_found`.
#[derive(Debug)]
pub(crate) struct Error {
    kind: &'static str,
    code: StatusCode,
    /// What the message is known by.
    id: &'static str,
    message: String,
    args: Vec<String>,
}

impl Error {
    fn new(kind: &'static str, code: StatusCode, id: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, id, message: message.into(), args: Vec::new() }
    }

    pub(super) fn with(mut self, args: &[&str]) -> Self {
        self.args = args.iter().map(|&arg| arg.to_owned()).collect();
        self
    }

    pub(super) fn no_operation() -> Self {
        let id = "com.vmware.vapi.rest.httpNotFound";
        Self::new("operation_not_found", StatusCode::NOT_FOUND, id, "Not found.")
    }

    pub(super) fn unauthenticated() -> Self {
        let id = "com.vmware.vapi.endpoint.method.authentication.required";
        Self::new("unauthenticated", StatusCode::UNAUTHORIZED, id, "Authentication required.")
    }

    pub(super) fn invalid_login() -> Self {
        let id = "com.vmware.vapi.endpoint.invalidCredentials";
        let message = "Cannot complete login due to an incorrect user name or password.";
        Self::new("unauthenticated", StatusCode::UNAUTHORIZED, id, message)
    }

    pub(super) fn unauthorized(message: &str) -> Self {
        Self::new("unauthorized", StatusCode::FORBIDDEN, "vapi.authz.error", message)
    }

    /// A body or a parameter that is not as the operation has it.
    pub(super) fn invalid(reason: &dyn std::fmt::Display) -> Self {
        let id = "com.vmware.vapi.rest.invalidRequest";
        Self::new(
            "invalid_argument",
            StatusCode::BAD_REQUEST,
            id,
            format!("The request is invalid: {reason}"),
        )
    }

    pub(super) fn invalid_argument(id: &'static str, message: impl Into<String>) -> Self {
        Self::new("invalid_argument", StatusCode::BAD_REQUEST, id, message)
    }

    pub(super) fn already_exists(id: &'static str, message: impl Into<String>) -> Self {
        Self::new("already_exists", StatusCode::BAD_REQUEST, id, message)
    }

    pub(super) fn not_found(id: &'static str, message: impl Into<String>) -> Self {
        Self::new("not_found", StatusCode::NOT_FOUND, id, message)
    }

    /// More than a list may have.
    pub(super) fn too_many(limit: usize) -> Self {
        let message = format!("Too many objects match the filter: at most {limit} can be listed.");
        let id = "com.vmware.api.vcenter.list.limit";
        let code = StatusCode::BAD_REQUEST;
        Self::new("unable_to_allocate_resource", code, id, message).with(&[&limit.to_string()])
    }

    /// As lists of messages hold it.
    pub(super) fn message(&self) -> Value {
        json!({ "args": self.args, "default_message": self.message, "id": self.id })
    }
}

impl Form {
    /// An answer, with the status that each form has for it.
    pub(super) fn answer(self, answer: Answer) -> Response<Body> {
        let wrap = |value: Value| match self {
            Self::Rest => json!({ "value": value }),
            Self::Api => value,
        };
        let (code, value, cookie) = match (self, answer) {
            (Self::Rest, Answer::Done) => return status(StatusCode::OK).map(|_| Body::empty()),
            (Self::Api, Answer::Done) => return status(StatusCode::NO_CONTENT).map(|_| Body::empty()),
            (_, Answer::Value(value)) => (StatusCode::OK, value, None),
            (Self::Rest, Answer::Created(value, cookie)) => (StatusCode::OK, value, cookie),
            (Self::Api, Answer::Created(value, cookie)) => (StatusCode::CREATED, value, cookie),
        };
        let mut response = text("application/json", wrap(value).to_string());
        *response.status_mut() = code;
        if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    /// A refusal.
    pub(super) fn refuse(self, error: &Error) -> Response<Body> {
        let name = error.kind.to_uppercase();
        let body = match self {
            Self::Rest => json!({
                "type": format!("com.vmware.vapi.std.errors.{}", error.kind),
                "value": { "error_type": name, "messages": [error.message()] },
            }),
            Self::Api => json!({ "error_type": name, "messages": [error.message()] }),
        };
        let mut response = text("application/json", body.to_string());
        *response.status_mut() = error.code;
        response
    }
}
