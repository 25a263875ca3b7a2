//! Who may log in, and what they may do.

use std::collections::BTreeMap;
use std::fmt;

/// The users' passwords; where there are none, everybody may come in.
#[derive(Clone, Default)]
pub(crate) struct Accounts(BTreeMap<String, String>);

impl fmt::Debug for Accounts {
    /// Names alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Accounts {
    pub(crate) fn insert(&mut self, user: String, password: String) {
        self.0.insert(user, password);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    /// Whether that is a user and their password. Where there are no accounts, everything is that is not empty.
    pub(crate) fn accept(&self, user: &str, password: &str) -> bool {
        match self.0.get(user) {
            Some(wanted) => wanted == password,
            None => self.is_empty() && !user.is_empty() && !password.is_empty(),
        }
    }
}

/// What a user may do: see [`Builder::user`](crate::Builder::user).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// What a role lets them do, by its name: `ReadOnly`, `VirtualMachinePowerUser`.
    Named(String),
    /// What those privileges let them do, and to see things: `VirtualMachine.Interact.PowerOn`.
    With(Vec<String>),
}

impl From<&str> for Role {
    fn from(name: &str) -> Self {
        Self::Named(name.to_owned())
    }
}

impl From<String> for Role {
    fn from(name: String) -> Self {
        Self::Named(name)
    }
}

impl<S: Into<String>, const N: usize> From<[S; N]> for Role {
    fn from(privileges: [S; N]) -> Self {
        Self::With(privileges.into_iter().map(Into::into).collect())
    }
}

impl From<Vec<String>> for Role {
    fn from(privileges: Vec<String>) -> Self {
        Self::With(privileges)
    }
}

/// A user who may not do everything.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// The inventory paths of what they may do it on.
    pub(crate) on: Vec<String>,
}
