//! A bounded list to whose end things are added, which is cheap to copy: what happened, in order.

use std::collections::VecDeque;
use std::sync::Arc;

/// How many items lie in one piece. Copies share all pieces but those that change.
const PIECE: usize = 128;

/// The last so many of all items that were ever added, each with its number: 0, 1, 2 and so on.
#[derive(Clone, Debug)]
pub(crate) struct Log<T> {
    pieces: VecDeque<Arc<Vec<T>>>,
    /// The number of the first item that is still there.
    first: u64,
    next: u64,
    most: usize,
}

impl<T: Clone> Log<T> {
    /// An empty one that keeps so many items, and up to a piece more.
    pub(crate) const fn new(most: usize) -> Self {
        Self { pieces: VecDeque::new(), first: 0, next: 0, most }
    }

    /// Adds an item; returns its number.
    pub(crate) fn push(&mut self, item: T) -> u64 {
        match self.pieces.back_mut() {
            Some(piece) if piece.len() < PIECE => Arc::make_mut(piece).push(item),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(item);
                self.pieces.push_back(Arc::new(piece));
            }
        }
        self.next += 1;
        while self.len() > self.most + PIECE {
            let gone = self.pieces.pop_front().map_or(0, |piece| piece.len());
            self.first += gone as u64;
        }
        self.next - 1
    }

    fn len(&self) -> usize {
        usize::try_from(self.next - self.first).unwrap_or(usize::MAX)
    }

    /// The number of the first item that is still there.
    pub(crate) const fn first(&self) -> u64 {
        self.first
    }

    /// The number that the next item will have.
    pub(crate) const fn next(&self) -> u64 {
        self.next
    }

    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        self.pieces.get(at / PIECE)?.get(at % PIECE)
    }

    /// Puts another item in the place of one; nothing where that is gone.
    pub(crate) fn set(&mut self, number: u64, item: T) {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        if let Some(at) = at
            && let Some(piece) = self.pieces.get_mut(at / PIECE)
            && let Some(place) = Arc::make_mut(piece).get_mut(at % PIECE)
        {
            *place = item;
        }
    }

    /// The items from that number on with their numbers, oldest first.
    #[cfg(test)]
    fn from(&self, number: u64) -> impl DoubleEndedIterator<Item = (u64, &T)> {
        (number.max(self.first)..self.next).filter_map(|number| Some((number, self.get(number)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::Log;

    #[test]
    fn the_oldest_go_and_numbers_stay() {
        let mut log = Log::new(1000);
        for n in 0..5000u64 {
            assert_eq!(log.push(n), n);
        }
        assert!(log.first() >= 5000 - 1000 - 128 && log.first() <= 4000);
        assert_eq!(log.get(log.first() - 1), None);
        assert!(log.from(0).all(|(number, item)| number == *item));
        assert_eq!(log.from(4990).rev().map(|(_, item)| *item).next(), Some(4999));
        let copy = log.clone();
        log.set(4500, 7);
        assert_eq!((log.get(4500), copy.get(4500)), (Some(&7), Some(&4500)));
        log.set(0, 7);
        assert_eq!(log.get(5000), None);
    }
}
