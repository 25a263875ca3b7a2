//! What there is to know of event types: the event manager's `description`.

use super::message;
use super::words::of_type;
use std::sync::OnceLock;
use vim_types::{
    Description, ElementDescription, Event, EventDescription, EventDescriptionEventDetail, REGISTRY,
};
use vim_wire::DataObject;

/// The categories, and how they are called.
const CATEGORIES: [(&str, &str); 4] =
    [("info", "Information"), ("warning", "Warning"), ("error", "Error"), ("user", "User")];

/// The category of an event type: `info`, `warning`, `error` or `user`.
pub(crate) fn category(kind: &str) -> &'static str {
    let has = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    match kind {
        "GeneralUserEvent" => "user",
        _ if has(&["Fail", "Error", "Lost", "Cannot", "BadUsername", "NotEnough", "Duplicate"]) => "error",
        _ if has(&["Warning", "Exceeded", "Insufficient", "Disconnected", "Incompatible"]) => "warning",
        _ => "info",
    }
}

/// The property `description`. It is long, which is why the event manager itself does not hold it.
pub(crate) fn description() -> &'static EventDescription {
    static DESCRIPTION: OnceLock<EventDescription> = OnceLock::new();
    DESCRIPTION.get_or_init(|| {
        let mut event_info: Vec<_> = REGISTRY
            .types()
            .filter(|desc| desc.is_a(Event::DESC))
            .map(|desc| {
                let words = message::format(desc.name);
                EventDescriptionEventDetail {
                    key: desc.name.to_owned(),
                    description: Some(of_type(desc.name)),
                    category: category(desc.name).to_owned(),
                    format_on_datacenter: words.clone(),
                    format_on_compute_resource: words.clone(),
                    format_on_host: words.clone(),
                    format_on_vm: words.clone(),
                    full_format: words,
                    ..Default::default()
                }
            })
            .collect();
        event_info.sort_by(|a, b| a.key.cmp(&b.key));
        let element = |(key, label): (&str, &str)| {
            let extends = Description { label: label.to_owned(), summary: label.to_owned() };
            ElementDescription { key: key.to_owned(), extends }.into()
        };
        EventDescription { category: CATEGORIES.map(element).into(), event_info, ..Default::default() }
    })
}
