//! How often the watcher may ask.

use std::time::Duration;
use tokio::time::Instant;

/// The shortest and the longest time between requests of one kind while many tasks are awaited.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(200);
/// After this time without a request the pace starts anew.
const CALM: Duration = Duration::from_millis(500);
/// Up to so many tasks are served without any delay.
const FEW: usize = 4;

/// Spaces requests out while many tasks come and go, so that each request carries more: the first is never delayed, and the
/// delay doubles from request to request.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    last: Option<Instant>,
    delay: Duration,
}

impl Pace {
    /// When the next request may be made, with so many tasks awaited.
    pub(crate) fn next(&self, awaited: usize) -> Option<Instant> {
        if awaited <= FEW { None } else { self.last.map(|last| last + self.delay) }
    }

    /// Notes that a request is made now.
    pub(crate) fn made(&mut self, now: Instant) {
        let calm = self.last.is_none_or(|last| now.duration_since(last) > CALM + self.delay);
        self.delay = if calm { SHORTEST } else { (self.delay * 2).min(LONGEST) };
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn few_tasks_are_never_delayed_and_many_share_requests() {
        let mut pace = Pace::default();
        assert_eq!(pace.next(500), None);
        let start = Instant::now();
        let (mut now, mut requests) = (start, 0);
        while now < start + Duration::from_secs(2) {
            pace.made(now);
            requests += 1;
            assert_eq!(pace.next(FEW), None);
            now = pace.next(500).expect("is paced");
        }
        assert!(requests <= 15, "{requests} requests in two seconds");
        pace.made(now + Duration::from_secs(1));
        assert_eq!(pace.next(500), Some(now + Duration::from_secs(1) + SHORTEST));
    }
}
