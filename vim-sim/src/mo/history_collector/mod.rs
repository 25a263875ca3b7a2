//! `HistoryCollector`: what happened, by a filter: the latest page, and a view that is scrolled. Collectors of events and of
//! tasks are a session's own.

mod event_filter;
mod page;
mod task_filter;

use crate::call::{Call, Reply, methods};
use crate::dispatch::method_not_found;
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::authorization_manager::unlimited;
use crate::mo::task_manager;
use crate::session::{Own, Session};
use crate::world::World;
use page::Page;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use vim_types::mo::{
    EventHistoryCollectorProperties, HistoryCollectorProperties, TaskHistoryCollectorProperties,
};
use vim_types::{Event, EventFilterSpec, InvalidState, TaskFilterSpec, TaskInfo};
use vim_wire::{Any, MoRef, Object, Poly};

methods! {
    "SetCollectorPageSize" => set_page_size,
    "RewindCollector" => rewind,
    "ResetCollector" => reset,
    "DestroyCollector" => destroy,
    "ReadNextEvents" => next_events,
    "ReadPreviousEvents" => previous_events,
    "ReadNextTasks" => next_tasks,
    "ReadPreviousTasks" => previous_tasks,
}

/// How many collectors of a kind a session may have.
pub(crate) const MOST: usize = 32;
/// How much is on the latest page, unless the client says otherwise, and at the most.
const PAGE: usize = 10;
const LONGEST_PAGE: i32 = 1000;

/// What a collector collects.
enum Filter {
    Events(Box<EventFilterSpec>),
    Tasks(Box<TaskFilterSpec>),
}

/// A collector.
pub(crate) struct Collector {
    filter: Filter,
    page: Mutex<Page>,
}

/// How long a page is, by what a client asks for.
fn page_size(wanted: i32) -> Result<usize> {
    match wanted {
        0 => Ok(PAGE),
        1..=LONGEST_PAGE => Ok(usize::try_from(wanted).unwrap_or(PAGE)),
        _ => Err(Fault::invalid_argument("maxCount")),
    }
}

/// Makes a collector of events.
pub(crate) fn create_for_events(call: &Call<'_>, filter: EventFilterSpec) -> Result<MoRef> {
    let size = page_size(filter.max_count.unwrap_or(0))?;
    if let Some(entity) = &filter.entity {
        call.read(|world| world.must(&entity.entity).map(drop))?;
    }
    create(call, "EventHistoryCollector", Filter::Events(Box::new(filter)), size)
}

/// Makes a collector of tasks.
pub(crate) fn create_for_tasks(call: &Call<'_>, filter: TaskFilterSpec) -> Result<MoRef> {
    if let Some(entity) = &filter.entity {
        call.read(|world| world.must(&entity.entity).map(drop))?;
    }
    create(call, "TaskHistoryCollector", Filter::Tasks(Box::new(filter)), PAGE)
}

fn create(call: &Call<'_>, kind: &'static str, filter: Filter, size: usize) -> Result<MoRef> {
    let session = call.session()?;
    if session.objects_of(kind).len() >= MOST {
        return Err(Fault::new(
            InvalidState::default(),
            format!("The session has {MOST} collectors already"),
        ));
    }
    let moref = session.name(kind);
    session.put(moref.clone(), Arc::new(Collector { filter, page: Mutex::new(Page::new(size)) }));
    Ok(moref)
}

/// The events of now that a filter lets through, newest first.
pub(crate) fn query_events(world: &World, user: &str, filter: EventFilterSpec) -> Result<Vec<Poly<Event>>> {
    let size = match filter.max_count {
        None | Some(0) => LONGEST_PAGE.unsigned_abs() as usize,
        Some(count) => page_size(count)?,
    };
    if let Some(entity) = &filter.entity {
        world.must(&entity.entity)?;
    }
    let mut page = Page::new(size);
    let collector = Collector { filter: Filter::Events(Box::new(filter)), page: Mutex::default() };
    collector.look(&mut page, world, user);
    Ok(collector.events(world, page.latest()))
}

impl Collector {
    fn lock(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Finds what is new.
    fn look(&self, page: &mut Page, world: &World, user: &str) {
        let unlimited = unlimited(world, user);
        match &self.filter {
            Filter::Events(filter) => {
                let Some(log) = events::history(world) else { return };
                page.look(log.first(), log.next(), |number| {
                    log.get(number).is_some_and(|event| {
                        event_filter::matches(world, filter, event)
                            && (unlimited || event_filter::is_visible(world, user, event))
                    })
                });
            }
            Filter::Tasks(filter) => {
                let Some(log) = task_manager::history(world) else { return };
                // What a task is changes: all of them are looked at again.
                page.forget();
                page.look(log.first(), log.next(), |number| {
                    task_manager::info(world, number).is_some_and(|info| {
                        task_filter::matches(world, filter, info)
                            && (unlimited || task_filter::is_visible(world, user, info))
                    })
                });
            }
        }
    }

    fn events(&self, world: &World, numbers: Vec<u64>) -> Vec<Poly<Event>> {
        let short = match &self.filter {
            Filter::Events(filter) => filter.disable_full_message == Some(true),
            Filter::Tasks(_) => false,
        };
        let Some(log) = events::history(world) else { return Vec::new() };
        let events = numbers.into_iter().filter_map(|number| log.get(number));
        events
            .map(|event| {
                let mut event = Poly::clone(event);
                if short {
                    event.full_formatted_message = None;
                }
                event
            })
            .collect()
    }
}

impl Own for Collector {
    fn properties(&self, session: &Session, world: &World) -> Object {
        let mut page = self.lock();
        self.look(&mut page, world, &session.user);
        match &self.filter {
            Filter::Events(filter) => Object::new(EventHistoryCollectorProperties {
                extends: HistoryCollectorProperties { filter: Any::Object(Object::new((**filter).clone())) },
                latest_page: self.events(world, page.latest()),
                initialized: Some(true),
            }),
            Filter::Tasks(filter) => Object::new(TaskHistoryCollectorProperties {
                extends: HistoryCollectorProperties { filter: Any::Object(Object::new((**filter).clone())) },
                latest_page: tasks(world, page.latest()),
            }),
        }
    }
}

fn tasks(world: &World, numbers: Vec<u64>) -> Vec<TaskInfo> {
    numbers.into_iter().filter_map(|number| task_manager::info(world, number).cloned()).collect()
}

fn this(call: &Call<'_>) -> Result<Arc<Collector>> {
    call.session()?.find(&call.this).ok_or_else(|| method_not_found(call))
}

fn set_page_size(call: &Call<'_>) -> Result<Reply> {
    let size = page_size(call.arg("maxCount")?)?;
    this(call)?.lock().size = size;
    call.done()
}

fn rewind(call: &Call<'_>) -> Result<Reply> {
    this(call)?.lock().rewind();
    call.done()
}

fn reset(call: &Call<'_>) -> Result<Reply> {
    let collector = this(call)?;
    // The page is locked within the world, as when its properties are read.
    call.read(|world| {
        let mut page = collector.lock();
        collector.look(&mut page, world, call.user());
        page.reset();
    });
    call.done()
}

fn destroy(call: &Call<'_>) -> Result<Reply> {
    this(call)?;
    call.session()?.take(&call.this);
    call.done()
}

/// Which way the view is scrolled.
type Scroll = fn(&mut Page, usize) -> Vec<u64>;

/// Scrolls a collector and answers what `show` makes of the numbers that come into view.
fn read<T: vim_wire::WireItem>(
    call: &Call<'_>,
    is_of_kind: fn(&Filter) -> bool,
    scroll: Scroll,
    show: impl FnOnce(&Collector, &World, Vec<u64>) -> Vec<T>,
) -> Result<Reply> {
    let count: i32 = call.arg("maxCount")?;
    let count = usize::try_from(count).ok().filter(|count| *count > 0);
    let count = count.ok_or_else(|| Fault::invalid_argument("maxCount"))?;
    let collector = this(call)?;
    if !is_of_kind(&collector.filter) {
        return Err(method_not_found(call));
    }
    let shown = call.read(|world| {
        let mut page = collector.lock();
        collector.look(&mut page, world, call.user());
        let numbers = scroll(&mut page, count);
        show(&collector, world, numbers)
    });
    call.returns(&shown)
}

const fn is_of_events(filter: &Filter) -> bool {
    matches!(filter, Filter::Events(_))
}

const fn is_of_tasks(filter: &Filter) -> bool {
    matches!(filter, Filter::Tasks(_))
}

fn next_events(call: &Call<'_>) -> Result<Reply> {
    read(call, is_of_events, Page::next, Collector::events)
}

fn previous_events(call: &Call<'_>) -> Result<Reply> {
    read(call, is_of_events, Page::previous, Collector::events)
}

fn next_tasks(call: &Call<'_>) -> Result<Reply> {
    read(call, is_of_tasks, Page::next, |_, world, numbers| tasks(world, numbers))
}

fn previous_tasks(call: &Call<'_>) -> Result<Reply> {
    read(call, is_of_tasks, Page::previous, |_, world, numbers| tasks(world, numbers))
}
