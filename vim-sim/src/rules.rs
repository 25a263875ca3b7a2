//! Faults on demand: what goes wrong, when, and how often.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use vim_wire::{DataObject, MoRef, Object};

/// What goes wrong.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Failure {
    /// The call is answered with a fault.
    Fault {
        /// The fault: a type that extends `MethodFault`.
        detail: Object,
        /// The server's message.
        message: String,
    },
    /// The task that the call starts fails once it is so far, with a fault.
    Task {
        /// Percent done.
        at: i32,
        /// The fault.
        detail: Object,
        /// The server's message.
        message: String,
    },
    /// The call is answered later; nothing else is changed.
    Slow,
    /// The connection ends before anything was done.
    CutBefore,
    /// The connection ends after everything was done and before it is answered.
    CutAfter,
    /// The answer ends in its middle.
    Truncated,
    /// The answer is no XML.
    Corrupt,
    /// An HTTP status instead of an answer; nothing was done.
    Status(u16),
    /// The session ends before the call is looked at.
    DropSession,
}

/// When something goes wrong, and what.
///
/// ```
/// use std::time::Duration;
/// use vim_sim::Rule;
/// use vim_types::NoDiskSpace;
///
/// // The second clone fails half-way.
/// let rule = Rule::on("CloneVM_Task").skip(1).times(1).fails_at(50, NoDiskSpace::default(), "no space left");
/// // Every tenth read is slow.
/// let slow = Rule::on("RetrieveProperties*").probability(0.1).delay(Duration::from_secs(2));
/// # let _ = (rule, slow);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a rule works once it is given to a simulator"]
pub struct Rule {
    method: String,
    object: Option<MoRef>,
    name: Option<String>,
    skip: u64,
    times: Option<u64>,
    probability: f64,
    delay: Duration,
    failure: Failure,
}

impl Rule {
    /// For calls of a method, by its name on the wire; `*` at its end stands for anything. Requests to the REST API are named
    /// by method and path: `GET /api/vcenter/vm`.
    pub fn on(method: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            object: None,
            name: None,
            skip: 0,
            times: None,
            probability: 1.0,
            delay: Duration::ZERO,
            failure: Failure::Slow,
        }
    }

    /// For calls on that object alone.
    pub fn object(mut self, object: MoRef) -> Self {
        self.object = Some(object);
        self
    }

    /// For calls on objects of that name alone.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Not for the first so many of them.
    pub const fn skip(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// For so many of them; for all unless told otherwise.
    pub const fn times(mut self, calls: u64) -> Self {
        self.times = Some(calls);
        self
    }

    /// With that probability, from 0 to 1.
    pub const fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }

    /// After that time, by the simulator's clock.
    pub const fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// The call is answered with a fault.
    pub fn fault(self, fault: impl DataObject, message: impl Into<String>) -> Self {
        self.failure(Failure::Fault { detail: Object::new(fault), message: message.into() })
    }

    /// The task fails once it is so many percent done.
    pub fn fails_at(self, percent: i32, fault: impl DataObject, message: impl Into<String>) -> Self {
        self.failure(Failure::Task { at: percent, detail: Object::new(fault), message: message.into() })
    }

    /// What goes wrong.
    pub fn failure(mut self, failure: Failure) -> Self {
        self.failure = failure;
        self
    }

    fn fits(&self, method: &str, object: &MoRef, name: &str) -> bool {
        let method_fits = match self.method.strip_suffix('*') {
            Some(head) => method.starts_with(head),
            None => self.method == method,
        };
        method_fits
            && self.object.as_ref().is_none_or(|wanted| wanted == object)
            && self.name.as_ref().is_none_or(|wanted| wanted == name)
    }
}

/// What a rule asks of a call.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) delay: Duration,
    pub(crate) failure: Failure,
}

/// The rules that are in force.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules(Arc<Mutex<Vec<(u64, Rule)>>>, Arc<std::sync::atomic::AtomicU64>);

impl Rules {
    /// Puts a rule into force; returns what takes it out again.
    pub(crate) fn add(&self, rule: Rule) -> u64 {
        let id = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.lock().push((id, rule));
        id
    }

    pub(crate) fn remove(&self, id: u64) {
        self.lock().retain(|(other, _)| *other != id);
    }

    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(u64, Rule)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The first rule that a call meets.
    pub(crate) fn judge(&self, method: &str, object: &MoRef, name: &str) -> Option<Verdict> {
        let mut rules = self.lock();
        for (_, rule) in rules.iter_mut() {
            if !rule.fits(method, object, name) || rule.times == Some(0) {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            if rule.probability < 1.0 && fastrand::f64() >= rule.probability {
                continue;
            }
            if let Some(times) = &mut rule.times {
                *times -= 1;
            }
            return Some(Verdict { delay: rule.delay, failure: rule.failure.clone() });
        }
        None
    }
}
