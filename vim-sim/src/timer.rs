//! The simulator's time, and what is to happen in it.

use crate::sim::Sim;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::{Notify, watch};
use vim_wire::DateTime;

/// How time passes in a simulator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Clock {
    /// As on the wall.
    #[default]
    System,
    /// As on the wall, but what takes time on a server (tasks, guests that start) takes none.
    Instant,
    /// Only when [`Simulator::advance`](crate::Simulator::advance) says so.
    Manual,
}

type Work = Box<dyn FnOnce(&Arc<Sim>) + Send>;

/// Something that is to happen.
struct Job {
    due: Duration,
    /// Jobs of one time happen in the order in which they were made.
    number: u64,
    work: Work,
}

impl Job {
    /// Does the work. A fault in it must not end the time of everybody else.
    fn run(self, sim: &Arc<Sim>) {
        let work = std::panic::AssertUnwindSafe(|| (self.work)(sim));
        if std::panic::catch_unwind(work).is_err() {
            tracing::error!("something that was to happen panicked");
        }
    }
}

impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}
impl Eq for Job {}
impl PartialOrd for Job {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Job {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.number).cmp(&(other.due, other.number))
    }
}

/// The time since the simulator's start, and the jobs that wait for theirs.
pub(crate) struct Timer {
    clock: Clock,
    start: Instant,
    wall: SystemTime,
    /// The time that has passed, where that is for the owner to say.
    manual: watch::Sender<Duration>,
    jobs: Mutex<(BinaryHeap<Reverse<Job>>, u64)>,
    wake: Notify,
}

impl std::fmt::Debug for Timer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timer").field("clock", &self.clock).field("elapsed", &self.elapsed()).finish()
    }
}

impl Timer {
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            start: Instant::now(),
            wall: SystemTime::now(),
            manual: watch::Sender::new(Duration::ZERO),
            jobs: Mutex::default(),
            wake: Notify::new(),
        }
    }

    /// The time since the start.
    pub(crate) fn elapsed(&self) -> Duration {
        match self.clock {
            Clock::Manual => *self.manual.borrow(),
            Clock::System | Clock::Instant => self.start.elapsed(),
        }
    }

    pub(crate) fn now(&self) -> DateTime {
        self.wall_at(self.elapsed()).into()
    }

    pub(crate) fn wall_at(&self, elapsed: Duration) -> SystemTime {
        self.wall.checked_add(elapsed).unwrap_or(self.wall)
    }

    /// Waits until so much time has passed since the start.
    pub(crate) async fn sleep_until(&self, at: Duration) {
        match self.clock {
            Clock::Manual => {
                let mut time = self.manual.subscribe();
                // The sender is this timer's own, so that it outlives the wait.
                let _ = time.wait_for(|time| *time >= at).await;
            }
            Clock::System | Clock::Instant => {
                tokio::time::sleep(at.saturating_sub(self.elapsed())).await;
            }
        }
    }

    pub(crate) async fn sleep(&self, time: Duration) {
        self.sleep_until(self.elapsed().saturating_add(time)).await;
    }

    /// Has something happen after a time, which is none with an instant clock.
    pub(crate) fn after(&self, delay: Duration, work: impl FnOnce(&Arc<Sim>) + Send + 'static) {
        let delay = if self.clock == Clock::Instant { Duration::ZERO } else { delay };
        self.after_real(delay, work);
    }

    /// Has something happen after a time, even with an instant clock.
    pub(crate) fn after_real(&self, delay: Duration, work: impl FnOnce(&Arc<Sim>) + Send + 'static) {
        let due = self.elapsed().saturating_add(delay);
        let mut jobs = self.lock();
        jobs.1 += 1;
        let number = jobs.1;
        jobs.0.push(Reverse(Job { due, number, work: Box::new(work) }));
        drop(jobs);
        self.wake.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, (BinaryHeap<Reverse<Job>>, u64)> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job that is due by then, or when the next one will be.
    fn next(&self, by: Duration) -> Result<Job, Option<Duration>> {
        let mut jobs = self.lock();
        match jobs.0.peek() {
            Some(Reverse(job)) if job.due <= by => jobs.0.pop().map(|Reverse(job)| job).ok_or(None),
            Some(Reverse(job)) => Err(Some(job.due)),
            None => Err(None),
        }
    }

    /// Does what is due, for ever: whoever started it ends it. A manual clock's jobs without delay happen at once, too.
    pub(crate) async fn run(sim: Arc<Sim>) {
        loop {
            let wake = sim.timer.wake.notified();
            let due = loop {
                match sim.timer.next(sim.timer.elapsed()) {
                    Ok(job) => job.run(&sim),
                    Err(due) => break due,
                }
            };
            match due {
                Some(due) if sim.timer.clock != Clock::Manual => {
                    let left = due.saturating_sub(sim.timer.elapsed());
                    tokio::select! { () = wake => {}, () = tokio::time::sleep(left) => {} }
                }
                _ => wake.await,
            }
        }
    }

    /// Lets time pass: each job happens at its time. Only a manual clock obeys.
    pub(crate) fn advance(&self, sim: &Arc<Sim>, by: Duration) {
        if self.clock != Clock::Manual {
            return;
        }
        let target = self.elapsed().saturating_add(by);
        while let Ok(job) = self.next(target) {
            self.manual.send_modify(|time| *time = (*time).max(job.due));
            (job.work)(sim);
        }
        self.manual.send_modify(|time| *time = target);
    }
}
