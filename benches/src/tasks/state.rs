//! What the server keeps: tasks, views, and what each collector has told.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;
use std::time::Instant;

#[derive(Debug, Default)]
pub(super) struct State {
    tasks: HashMap<String, Task>,
    views: HashMap<String, BTreeSet<String>>,
    collectors: HashMap<String, Collector>,
    /// For names and versions.
    count: usize,
}

#[derive(Debug)]
struct Task {
    machine: String,
    /// Counts up with every change.
    revision: u32,
    ended: Option<Instant>,
}

/// What a client knows at a version of its collector: the revision of each task.
type Known = BTreeMap<String, u32>;

#[derive(Debug, Default)]
struct Collector {
    filter: Option<(String, String)>,
    /// The version that the client is known to have.
    taken: (String, Known),
    /// The last one that was sent, which may have been lost on the way.
    sent: Option<(String, Known)>,
    /// Whether there was no room in it for all.
    truncated: bool,
}

impl State {
    fn name(&mut self, kind: &str) -> String {
        self.count += 1;
        format!("{kind}-{}", self.count)
    }

    pub(super) fn start_task(&mut self, machine: &str) -> (String, usize) {
        let task = self.name("task");
        self.tasks.insert(task.clone(), Task { machine: machine.to_owned(), revision: 0, ended: None });
        (task, self.tasks.len())
    }

    /// Half of a task is done.
    pub(super) fn advance_task(&mut self, task: &str) {
        if let Some(task) = self.tasks.get_mut(task) {
            task.revision += 1;
        }
    }

    pub(super) fn end_task(&mut self, task: &str) {
        if let Some(task) = self.tasks.get_mut(task) {
            task.revision += 1;
            task.ended = Some(Instant::now());
        }
    }

    pub(super) fn ended(&self, task: &str) -> Option<Instant> {
        self.tasks.get(task)?.ended
    }

    pub(super) fn create_view(&mut self) -> String {
        let view = self.name("session[1]view");
        self.views.insert(view.clone(), BTreeSet::new());
        view
    }

    /// Returns those to be added that there are not.
    pub(super) fn modify_view<'a>(
        &mut self,
        view: &str,
        add: impl Iterator<Item = &'a str>,
        remove: impl Iterator<Item = &'a str>,
    ) -> Vec<String> {
        let Some(view) = self.views.get_mut(view) else { return Vec::new() };
        for task in remove {
            view.remove(task);
        }
        let mut unknown = Vec::new();
        for task in add {
            if self.tasks.contains_key(task) {
                view.insert(task.to_owned());
            } else {
                unknown.push(task.to_owned());
            }
        }
        unknown
    }

    pub(super) fn reset_view(&mut self, view: &str) {
        if let Some(view) = self.views.get_mut(view) {
            view.clear();
        }
    }

    pub(super) fn create_collector(&mut self) -> String {
        let collector = self.name("session[1]collector");
        self.collectors.insert(collector.clone(), Collector::default());
        collector
    }

    pub(super) fn create_filter(&mut self, collector: &str, view: &str) -> String {
        let filter = self.name("session[1]filter");
        if let Some(collector) = self.collectors.get_mut(collector) {
            collector.filter = Some((filter.clone(), view.to_owned()));
        }
        filter
    }

    pub(super) fn destroy(&mut self, object: &str) {
        self.views.remove(object);
        self.collectors.remove(object);
    }

    /// Whether there is anything to tell to a client that has that version; none where it cannot have it.
    pub(super) fn has_updates(&self, collector: &str, version: &str) -> Option<bool> {
        let collector = self.collectors.get(collector)?;
        let known = collector.known(version)?;
        let Some(current) = self.current(collector) else { return Some(false) };
        let known = known.iter().map(|(task, revision)| (task.as_str(), *revision));
        Some(current.into_iter().ne(known))
    }

    /// Whether the answer with that version had no room for all.
    pub(super) fn has_more(&self, collector: &str, version: &str) -> bool {
        let collector = self.collectors.get(collector);
        collector.is_some_and(|collector| {
            collector.truncated && collector.sent.as_ref().is_some_and(|(sent, _)| sent == version)
        })
    }

    /// What is new since a version, as an UpdateSet.
    pub(super) fn updates(&mut self, name: &str, version: &str, most: usize) -> Option<String> {
        self.count += 1;
        let next = self.count.to_string();
        let collector = self.collectors.get(name)?;
        let known = collector.known(version)?;
        let mut told = known.clone();
        let (filter, _) = collector.filter.as_ref()?;
        let current = self.current(collector)?;
        let mut objects = String::new();
        let mut room = most;
        let mut truncated = false;
        for (&task, &revision) in &current {
            let kind = match known.get(task) {
                None => "enter",
                Some(before) if *before != revision => "modify",
                Some(_) => continue,
            };
            if room == 0 {
                truncated = true;
                break;
            }
            room -= 1;
            told.insert(task.to_owned(), revision);
            let info = self.info(task);
            let _ = write!(
                objects,
                r#"<objectSet><kind>{kind}</kind><obj type="Task">{task}</obj><changeSet><name>info</name><op>assign</op><val xsi:type="TaskInfo">{info}</val></changeSet></objectSet>"#
            );
        }
        for task in known.keys().filter(|task| !current.contains_key(task.as_str())) {
            told.remove(task);
            let _ =
                write!(objects, r#"<objectSet><kind>leave</kind><obj type="Task">{task}</obj></objectSet>"#);
        }
        let more = if truncated { "<truncated>true</truncated>" } else { "" };
        let text = format!(
            r#"<returnval><version>{next}</version><filterSet><filter type="PropertyFilter">{filter}</filter>{objects}</filterSet>{more}</returnval>"#
        );
        let taken = (version.to_owned(), known.clone());
        let collector = self.collectors.get_mut(name)?;
        collector.taken = taken;
        collector.sent = Some((next, told));
        collector.truncated = truncated;
        Some(text)
    }

    /// The tasks in the view that a collector's filter goes through.
    fn current(&self, collector: &Collector) -> Option<BTreeMap<&str, u32>> {
        let (_, view) = collector.filter.as_ref()?;
        let revision = |task: &str| self.tasks.get(task).map_or(0, |task| task.revision);
        Some(self.views.get(view)?.iter().map(|task| (task.as_str(), revision(task))).collect())
    }

    /// A TaskInfo with about all that a vCenter's has.
    fn info(&self, name: &str) -> String {
        let Some(task) = self.tasks.get(name) else { return String::new() };
        let machine = &task.machine;
        let state = if task.ended.is_some() {
            "<state>success</state><cancelled>false</cancelled><cancelable>false</cancelable>".to_owned()
        } else {
            let progress = task.revision * 50;
            format!(
                "<state>running</state><cancelled>false</cancelled><cancelable>true</cancelable><progress>{progress}</progress>"
            )
        };
        let complete = if task.ended.is_some() {
            "<completeTime>2026-01-01T00:00:01.123456Z</completeTime>"
        } else {
            ""
        };
        format!(
            r#"<key>{name}</key><task type="Task">{name}</task><name>PowerOnVM_Task</name><descriptionId>VirtualMachine.powerOn</descriptionId><entity type="VirtualMachine">{machine}</entity><entityName>{machine}</entityName>{state}<reason xsi:type="TaskReasonUser"><userName>VSPHERE.LOCAL\Administrator</userName></reason><queueTime>2026-01-01T00:00:00.123456Z</queueTime><startTime>2026-01-01T00:00:00.234567Z</startTime>{complete}<eventChainId>4711</eventChainId><activationId>00000000-0000-4000-8000-000000000001</activationId>"#
        )
    }
}

impl Collector {
    /// What a client with that version knows.
    fn known(&self, version: &str) -> Option<&Known> {
        match &self.sent {
            Some((sent, known)) if sent == version => Some(known),
            _ if self.taken.0 == version => Some(&self.taken.1),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_answer_is_told_again_and_a_taken_one_is_not() {
        let mut state = State::default();
        let (task, _) = state.start_task("vm-1");
        let (view, collector) = (state.create_view(), state.create_collector());
        state.create_filter(&collector, &view);
        assert_eq!(state.has_updates(&collector, ""), Some(false));
        assert_eq!(state.modify_view(&view, [&*task, "task-0"].into_iter(), std::iter::empty()), ["task-0"]);

        let version = |updates: &str| {
            updates.split_once("</version>").and_then(|(head, _)| Some(head.rsplit_once('>')?.1.to_owned()))
        };
        let first = state.updates(&collector, "", 10).expect("an update");
        assert!(first.contains("<kind>enter</kind>") && first.contains("running"), "{first}");
        let again = state.updates(&collector, "", 10).expect("the same");
        assert!(again.contains("<kind>enter</kind>"), "{again}");
        let version = version(&again).expect("a version");
        assert_eq!(state.has_updates(&collector, &version), Some(false));

        state.end_task(&task);
        assert_eq!(state.has_updates(&collector, &version), Some(true));
        let end = state.updates(&collector, &version, 10).expect("an update");
        assert!(end.contains("<kind>modify</kind>") && end.contains("success"), "{end}");
        assert_eq!(state.has_updates(&collector, "nonsense"), None);
    }
}
