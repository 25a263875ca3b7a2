//! What events say, in the simulator's own words.

use vim_types::Event;
use vim_wire::Poly;

/// The message of an event that brings none along.
pub(super) fn of(event: &Poly<Event>) -> String {
    event.type_name().to_owned()
}
