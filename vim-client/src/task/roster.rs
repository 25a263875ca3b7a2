//! Which tasks are followed, by whom, and which the server's view has.

use super::{News, is_final};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedSender;
use vim_types::TaskInfo;
use vim_wire::{Error, ErrorKind, MoRef};

/// The tasks that are in the view, on their way into it, or about to be taken out of it.
///
/// A server tells of what changes, and of a task in the view that has ended nothing more: what was told last is kept for as
/// long as the task is in the view, for those who ask again.
#[derive(Debug, Default)]
pub(super) struct Roster {
    tasks: HashMap<MoRef, Entry>,
    /// How many tasks someone waits for.
    awaited: usize,
    /// Tasks to be put into the view; what has changed its mind since is passed over.
    wanted: Vec<MoRef>,
    /// Tasks to be taken out of it; likewise.
    leaving: Vec<MoRef>,
    /// Tasks of the change that is under way.
    removing: Vec<MoRef>,
    /// Tasks that were taken out, with the first poll that begins after it: up to its end the server may tell that they left.
    removed: HashMap<MoRef, u64>,
    polls: u64,
}

#[derive(Debug)]
struct Entry {
    place: Place,
    waiting: Vec<UnboundedSender<News>>,
    last: Option<News>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// To be put into the view.
    Wanted,
    /// In the view, or on its way into it.
    There,
    /// To be taken out of it.
    Leaving,
    /// On its way out of it.
    Removing,
}

fn ends(news: &News) -> bool {
    news.as_ref().map_or(true, |info| is_final(info))
}

impl Roster {
    /// How many tasks someone waits for.
    pub(super) const fn awaited(&self) -> usize {
        self.awaited
    }

    /// Whether the view has a task that has not ended and that nobody waits for.
    pub(super) fn has_loose_ends(&self) -> bool {
        self.tasks.values().any(|entry| entry.waiting.is_empty() && !entry.last.as_ref().is_some_and(ends))
    }

    /// Follows a task. What is known of it is told at once.
    pub(super) fn follow(&mut self, task: MoRef, tell: UnboundedSender<News>) {
        let Some(entry) = self.tasks.get_mut(&task) else {
            let entry = Entry { place: Place::Wanted, waiting: vec![tell], last: None };
            self.tasks.insert(task.clone(), entry);
            self.wanted.push(task);
            self.awaited += 1;
            return;
        };
        if let Some(last) = &entry.last {
            let _ = tell.send(last.clone());
            if ends(last) {
                return;
            }
        }
        self.awaited += usize::from(entry.waiting.is_empty());
        entry.waiting.push(tell);
        if entry.place == Place::Leaving {
            entry.place = Place::There;
        }
    }

    /// Notes that someone does not wait for a task any more.
    pub(super) fn left(&mut self, task: &MoRef) {
        let Some(entry) = self.tasks.get_mut(task).filter(|entry| !entry.waiting.is_empty()) else { return };
        entry.waiting.retain(|tell| !tell.is_closed());
        if entry.waiting.is_empty() {
            self.awaited -= 1;
            self.unfollow(task);
        }
    }

    /// Has a task that nobody waits for taken out of the view.
    fn unfollow(&mut self, task: &MoRef) {
        let Some(entry) = self.tasks.get_mut(task) else { return };
        match entry.place {
            Place::Wanted => {
                self.tasks.remove(task);
            }
            Place::There => {
                entry.place = Place::Leaving;
                self.leaving.push(task.clone());
            }
            Place::Leaving | Place::Removing => {}
        }
    }

    /// Tells a task's state to all who wait for it.
    pub(super) fn tell(&mut self, task: &MoRef, info: TaskInfo) {
        self.news(task, Ok(Arc::new(info)));
    }

    /// Tells all who wait for a task that nothing will be learnt of it.
    pub(super) fn fail(&mut self, task: &MoRef, error: Error) {
        self.news(task, Err(error));
    }

    fn news(&mut self, task: &MoRef, news: News) {
        let Some(entry) = self.tasks.get_mut(task) else { return };
        for tell in &entry.waiting {
            let _ = tell.send(news.clone());
        }
        let ended = ends(&news);
        entry.last = Some(news);
        if ended && !entry.waiting.is_empty() {
            entry.waiting.clear();
            self.awaited -= 1;
            self.unfollow(task);
        }
    }

    /// Tells those who wait for a task that the server does not know it (any more).
    pub(super) fn vanished(&mut self, task: &MoRef) {
        let Some(entry) = self.tasks.remove(task) else { return };
        self.awaited -= usize::from(!entry.waiting.is_empty());
        let message =
            format!("the server does not know the task {task} (any more), so that how it ended is not known");
        for tell in entry.waiting {
            let _ = tell.send(Err(Error::new(ErrorKind::NotFound, message.clone())));
        }
    }

    /// Takes in that a task is not in the view any more. Where it was not taken out, the server has dropped it.
    pub(super) fn out_of_view(&mut self, task: &MoRef) {
        let own = self.removed.remove(task).is_some()
            || self.tasks.get(task).is_some_and(|entry| entry.place == Place::Removing);
        if !own {
            self.vanished(task);
        }
    }

    /// Whether there is a task to be put into the view. Those that are to be taken out wait for such a change.
    pub(super) fn has_change(&self) -> bool {
        !self.wanted.is_empty()
    }

    /// What is to be put into the view and taken out of it.
    pub(super) fn change(&mut self) -> (Vec<MoRef>, Vec<MoRef>) {
        let mut moved = |tasks: Vec<MoRef>, from: Place, to: Place| -> Vec<MoRef> {
            let moves = |task: &MoRef| match self.tasks.get_mut(task) {
                Some(entry) if entry.place == from => {
                    entry.place = to;
                    true
                }
                _ => false,
            };
            tasks.into_iter().filter(moves).collect()
        };
        let add = moved(std::mem::take(&mut self.wanted), Place::Wanted, Place::There);
        let remove = moved(std::mem::take(&mut self.leaving), Place::Leaving, Place::Removing);
        self.removing.clone_from(&remove);
        (add, remove)
    }

    /// Notes that the change has been carried out; of what was to be put in, the server does not know those.
    pub(super) fn changed(&mut self, unknown: &[MoRef]) {
        for task in std::mem::take(&mut self.removing) {
            let Some(entry) = self.tasks.get_mut(&task) else { continue };
            if entry.waiting.is_empty() {
                self.tasks.remove(&task);
            } else {
                entry.place = Place::Wanted;
                self.wanted.push(task.clone());
            }
            self.removed.insert(task, self.polls + 1);
        }
        for task in unknown {
            self.vanished(task);
        }
    }

    /// Notes that a poll begins.
    pub(super) fn poll_begins(&mut self) {
        self.polls += 1;
    }

    /// Notes that a poll has told all that there was to tell.
    pub(super) fn poll_ended(&mut self) {
        let polls = self.polls;
        self.removed.retain(|_, first| *first > polls);
    }

    /// Begins anew with an empty view: all that someone waits for is to be put into it.
    pub(super) fn reset(&mut self) {
        self.tasks.retain(|_, entry| !entry.waiting.is_empty());
        self.tasks.values_mut().for_each(|entry| entry.place = Place::Wanted);
        self.wanted = self.tasks.keys().cloned().collect();
        self.leaving.clear();
        self.removing.clear();
        self.removed.clear();
    }

    /// Tells an error to all who wait for anything, and forgets all tasks.
    pub(super) fn fail_all(&mut self, error: &Error) {
        for tell in self.tasks.drain().flat_map(|(_, entry)| entry.waiting) {
            let _ = tell.send(Err(error.clone()));
        }
        self.awaited = 0;
        self.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
    use vim_types::TaskInfoState;

    fn task() -> MoRef {
        MoRef::new("Task", "task-1")
    }

    fn follow(roster: &mut Roster) -> UnboundedReceiver<News> {
        let (tell, news) = unbounded_channel();
        roster.follow(task(), tell);
        news
    }

    fn info(state: TaskInfoState) -> TaskInfo {
        TaskInfo { state, ..Default::default() }
    }

    /// A roster whose task ran, was left, and is being taken out of the view.
    fn removing() -> Roster {
        let mut roster = Roster::default();
        let news = follow(&mut roster);
        assert_eq!(roster.change(), (vec![task()], vec![]));
        roster.changed(&[]);
        roster.tell(&task(), info(TaskInfoState::RUNNING));
        drop(news);
        roster.left(&task());
        assert_eq!(roster.awaited(), 0);
        assert!(roster.has_loose_ends() && !roster.has_change(), "removals wait for an addition");
        assert_eq!(roster.change(), (vec![], vec![task()]));
        roster
    }

    #[test]
    fn a_task_is_not_taken_out_that_is_followed_again_before() {
        let mut roster = Roster::default();
        let first = follow(&mut roster);
        roster.change();
        roster.changed(&[]);
        drop(first);
        roster.left(&task());
        let mut second = follow(&mut roster);
        assert_eq!(roster.change(), (vec![], vec![]));
        roster.tell(&task(), info(TaskInfoState::SUCCESS));
        assert!(second.try_recv().expect("is told").is_ok());
        assert_eq!(roster.awaited(), 0);
    }

    #[test]
    fn a_task_is_put_in_again_that_is_followed_while_it_is_taken_out() {
        let mut roster = removing();
        let mut news = follow(&mut roster);
        assert_eq!(news.try_recv().expect("is told").expect("a state").state, TaskInfoState::RUNNING);
        assert!(!roster.has_change());
        roster.changed(&[]);
        assert_eq!(roster.change(), (vec![task()], vec![]));
        // The server tells of the removal when it has been undone already.
        roster.poll_begins();
        roster.out_of_view(&task());
        assert!(news.try_recv().is_err() && roster.awaited() == 1);
        roster.poll_ended();
        // It leaves once more, and this time by itself.
        roster.out_of_view(&task());
        assert!(news.try_recv().expect("is told").is_err_and(|error| error.is_not_found()));
        assert_eq!(roster.awaited(), 0);
    }

    #[test]
    fn a_removal_is_remembered_until_the_server_has_told_all_there_was() {
        let mut roster = removing();
        roster.poll_begins();
        roster.changed(&[]);
        // This poll began before the removal.
        roster.poll_ended();
        assert_eq!(roster.removed.len(), 1);
        roster.poll_begins();
        roster.poll_ended();
        assert!(roster.removed.is_empty() && roster.tasks.is_empty());
    }

    #[test]
    fn a_task_that_leaves_while_nobody_waits_is_put_in_anew() {
        let mut roster = Roster::default();
        drop(follow(&mut roster));
        roster.change();
        roster.changed(&[]);
        roster.left(&task());
        roster.out_of_view(&task());
        let _news = follow(&mut roster);
        assert_eq!(roster.change(), (vec![task()], vec![]));
    }

    #[test]
    fn a_new_view_has_what_is_awaited_and_no_more() {
        let mut roster = removing();
        roster.reset();
        assert!(!roster.has_change() && !roster.has_loose_ends());
        let mut news = follow(&mut roster);
        roster.change();
        roster.reset();
        assert_eq!(roster.change(), (vec![task()], vec![]));
        roster.fail_all(&Error::new(ErrorKind::Closed, "closed"));
        assert!(news.try_recv().expect("is told").is_err());
        assert_eq!((roster.awaited(), roster.has_change()), (0, false));
    }
}
