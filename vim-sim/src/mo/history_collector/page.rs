//! What a collector has found, and where its reader is.

use std::collections::VecDeque;

/// The numbers of what was found, oldest first, and the place between two of them where the reader is.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// How many the latest page has.
    pub(super) size: usize,
    found: VecDeque<u64>,
    /// What lies below this number was looked at.
    seen: u64,
    /// What lies below this number lies before the reader. A reader who has not begun is before all that comes next, and
    /// behind all that came before.
    at: Option<u64>,
}

impl Page {
    pub(super) fn new(size: usize) -> Self {
        Self { size, ..Self::default() }
    }

    /// Looks at what there is from `first` to before `next` and was not looked at.
    pub(super) fn look(&mut self, first: u64, next: u64, fits: impl Fn(u64) -> bool) {
        while self.found.front().is_some_and(|number| *number < first) {
            self.found.pop_front();
        }
        self.found.extend((self.seen.max(first)..next).filter(|number| fits(*number)));
        self.seen = next;
    }

    /// Has everything looked at again.
    pub(super) fn forget(&mut self) {
        self.found.clear();
        self.seen = 0;
    }

    /// The latest page: the newest first.
    pub(super) fn latest(&self) -> Vec<u64> {
        self.found.iter().rev().take(self.size).copied().collect()
    }

    /// The next so many, oldest first.
    pub(super) fn next(&mut self, count: usize) -> Vec<u64> {
        let at = self.at.unwrap_or(0);
        let from = self.found.partition_point(|number| *number < at);
        let read: Vec<_> = self.found.range(from..).take(count).copied().collect();
        if let Some(last) = read.last() {
            self.at = Some(last + 1);
        }
        read
    }

    /// The so many before, newest first.
    pub(super) fn previous(&mut self, count: usize) -> Vec<u64> {
        let at = self.at.unwrap_or(u64::MAX);
        let to = self.found.partition_point(|number| *number < at);
        let read: Vec<_> = self.found.range(..to).rev().take(count).copied().collect();
        if let Some(last) = read.last() {
            self.at = Some(*last);
        }
        read
    }

    /// Puts the reader before the oldest.
    pub(super) const fn rewind(&mut self) {
        self.at = Some(0);
    }

    /// Puts the reader before the latest page: what is read next is that, and what is read back is what does not fit it.
    pub(super) fn reset(&mut self) {
        self.at = self.latest().last().copied();
    }
}

#[cfg(test)]
mod tests {
    use super::Page;

    #[test]
    fn a_reader_goes_forth_and_back() {
        let mut page = Page::new(3);
        page.look(0, 10, |number| number % 2 == 0);
        assert_eq!(page.latest(), [8, 6, 4]);
        assert_eq!(page.next(2), [0, 2]);
        assert_eq!(page.next(2), [4, 6]);
        assert_eq!(page.previous(3), [6, 4, 2]);
        page.rewind();
        assert_eq!((page.previous(9).len(), page.next(1)), (0, vec![0]));
        page.reset();
        assert_eq!(page.previous(9), [2, 0]);
        page.reset();
        assert_eq!(page.next(9), [4, 6, 8]);
        // Something new comes behind the reader's place.
        page.look(0, 12, |number| number % 2 == 0);
        assert_eq!((page.next(9), page.next(9).len()), (vec![10], 0));
        // What is not kept any more is not found.
        page.look(6, 12, |number| number % 2 == 0);
        assert_eq!(page.previous(9), [10, 8, 6]);
    }

    #[test]
    fn who_has_not_begun_reads_all_either_way() {
        let mut page = Page::new(3);
        assert!(page.next(2).is_empty());
        page.look(0, 3, |_| true);
        assert_eq!(page.previous(2), [2, 1]);
        let mut page = Page::new(3);
        page.look(0, 3, |_| true);
        assert_eq!(page.next(2), [0, 1]);
    }
}
