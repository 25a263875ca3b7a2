//! What a client logs in with.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use vim_wire::{Error, ErrorKind};

/// What a client logs in with.
#[derive(Clone)]
pub(crate) enum Credentials {
    UserPassword {
        user: String,
        password: SecretString,
    },
    /// The session cookie's value of a session that someone else opened, and will close.
    Session(SecretString),
    CloneTicket(SecretString),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UserPassword { user, .. } => write!(f, "UserPassword({user:?}, <redacted>)"),
            Self::Session(_) => f.write_str("Session(<redacted>)"),
            Self::CloneTicket(_) => f.write_str("CloneTicket(<redacted>)"),
        }
    }
}

impl Credentials {
    /// A session as users have it: `vmware-api-session-id: …`, the cookie `vmware_soap_session=…`, or the id itself.
    pub(crate) fn session(given: &SecretString) -> Result<Self, Error> {
        let refuse = |why: &str| {
            Err(Error::new(ErrorKind::InvalidInput, format!("the given session cannot be used: {why}")))
        };
        let text = given.expose_secret().trim();
        if text.starts_with('<') {
            return refuse("it is a SAML token, and no session");
        }
        let bare = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
        if bare || (text.starts_with("eyJ") && text.matches('.').count() == 2) {
            return refuse(
                "it is a JSON web token, which the SDK's endpoint does not take; log in with it and give the session",
            );
        }
        let id = match text.split_once(['=', ':']) {
            Some((name, id))
                if ["vmware-api-session-id", "vmware_soap_session"]
                    .iter()
                    .any(|known| name.trim().eq_ignore_ascii_case(known)) =>
            {
                id
            }
            _ => text,
        };
        let id = id.split(';').next().unwrap_or("").trim().trim_matches('"');
        if id.is_empty() {
            return refuse("it is empty");
        }
        if !id.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b'\\')) {
            return refuse("it has a character that no session id has");
        }
        // In quotes, as a vCenter sets it.
        Ok(Self::Session(format!("\"{id}\"").into()))
    }

    /// Whether they open another session when the first has ended.
    pub(crate) const fn can_renew(&self) -> bool {
        matches!(self, Self::UserPassword { .. })
    }
}
