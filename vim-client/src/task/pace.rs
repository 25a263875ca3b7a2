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
/// In how many requests it is wished to learn of the ends of all that are awaited.
const PARTS: usize = 16;

/// Spaces requests out while many tasks come and go, so that each request carries more.
///
/// The first is never delayed. Those after it wait a part of the time that the tasks have been awaited for, so that the delay
/// is small beside the tasks whatever their length; and they wait less while tasks end faster, so that neither their number
/// nor the delay grows with the number of tasks. `benches/` measures both.
#[derive(Debug)]
pub(crate) struct Pace {
    /// The part of the time gone by that a request may wait: one such part.
    share: u32,
    start: Option<Instant>,
    last: Option<Instant>,
    delay: Duration,
    most: usize,
}

impl Pace {
    pub(crate) const fn new(share: u32) -> Self {
        Self { share, start: None, last: None, delay: Duration::ZERO, most: 0 }
    }

    /// When the next request may be made, with so many tasks awaited.
    pub(crate) fn next(&mut self, awaited: usize) -> Option<Instant> {
        if awaited <= FEW {
            (self.start, self.most) = (None, 0);
            return None;
        }
        self.most = self.most.max(awaited);
        self.last.map(|last| last + self.delay)
    }

    /// Notes that a request is made now.
    pub(crate) fn made(&mut self, now: Instant) {
        let calm = self.last.is_none_or(|last| now.duration_since(last) > CALM + self.delay);
        if calm {
            (self.start, self.most) = (None, 0);
        }
        let start = *self.start.get_or_insert(now);
        self.delay = (now.duration_since(start) / self.share).clamp(SHORTEST, LONGEST);
        self.last = Some(now);
    }

    /// Notes what the last request brought: the ends of so many tasks, and whether there are more changes than it had room for.
    pub(crate) fn brought(&mut self, now: Instant, ended: usize, truncated: bool) {
        let Some(last) = self.last else { return };
        if truncated {
            self.delay = Duration::ZERO;
        } else if let (Ok(ended @ 1..), Ok(wished)) = (u32::try_from(ended), u32::try_from(self.most / PARTS))
        {
            // At this rate of ends, the time in which as many tasks end as are wished for.
            self.delay = self.delay.min(now.duration_since(last) * wished / ended);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: usize = 500;

    #[tokio::test(start_paused = true)]
    async fn few_tasks_are_never_delayed_and_many_share_requests() {
        let mut pace = Pace::new(8);
        assert_eq!(pace.next(MANY), None);
        let start = Instant::now();
        let (mut now, mut requests) = (start, 0);
        while now < start + Duration::from_secs(2) {
            pace.made(now);
            requests += 1;
            assert_eq!(Pace { ..pace }.next(FEW), None);
            let next = pace.next(MANY).expect("is paced");
            assert!(next - now <= SHORTEST.max((now - start) / 8), "late beside the time gone by");
            now = next;
        }
        assert!(requests <= 36, "{requests} requests in two seconds");
        pace.made(now + Duration::from_secs(1));
        assert_eq!(pace.next(MANY), Some(now + Duration::from_secs(1) + SHORTEST));
    }

    #[tokio::test(start_paused = true)]
    async fn the_faster_tasks_end_the_sooner_is_asked_again() {
        let start = Instant::now();
        let mut pace = Pace::new(8);
        pace.made(start);
        let _ = pace.next(MANY);
        let now = start + Duration::from_millis(400);
        pace.made(now);
        assert_eq!(pace.next(MANY), Some(now + Duration::from_millis(50)));
        pace.brought(now + Duration::from_millis(20), 0, false);
        assert_eq!(pace.next(MANY), Some(now + Duration::from_millis(50)), "nothing has ended");
        pace.brought(now + Duration::from_millis(20), 31, false);
        assert_eq!(pace.next(MANY), Some(now + Duration::from_millis(20)), "as many as are wished for");
        pace.brought(now + Duration::from_millis(20), 100, true);
        assert_eq!(pace.next(MANY), Some(now), "there is more");
    }
}
