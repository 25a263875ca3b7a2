//! The rests of retrievals that were not answered at once.

use super::content::Item;
use super::spec::Plan;
use crate::fault::{Fault, Result};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many retrievals of a collector may wait for being continued; the oldest is forgotten for one more.
const KEPT: usize = 16;

/// What a retrieval has not given yet.
pub(crate) struct Rest {
    pub(crate) plan: Arc<Plan>,
    pub(crate) items: VecDeque<Item>,
    /// How many objects each answer has at the most.
    pub(crate) most: usize,
}

/// The rests by their tokens, oldest first. A token is good for once.
#[derive(Default)]
pub(crate) struct Pages(Mutex<(u64, VecDeque<(String, Rest)>)>);

impl Pages {
    fn lock(&self) -> MutexGuard<'_, (u64, VecDeque<(String, Rest)>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a rest; returns its token.
    pub(crate) fn keep(&self, rest: Rest) -> String {
        let mut pages = self.lock();
        pages.0 += 1;
        let token = pages.0.to_string();
        if pages.1.len() >= KEPT {
            pages.1.pop_front();
        }
        pages.1.push_back((token.clone(), rest));
        token
    }

    /// Takes out the rest of a token.
    pub(crate) fn take(&self, token: &str) -> Result<Rest> {
        let mut pages = self.lock();
        let at = pages.1.iter().position(|(kept, _)| kept == token);
        at.and_then(|at| pages.1.remove(at))
            .map(|(_, rest)| rest)
            .ok_or_else(|| Fault::invalid_argument("token"))
    }
}
