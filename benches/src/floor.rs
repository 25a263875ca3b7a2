//! The floor of the decode comparison.

use quick_xml::events::Event;
use quick_xml::reader::Reader;
use std::hint::black_box;

/// quick-xml's bare event loop: borrowed events with the reader's default configuration, all of them, nothing decoded.
///
/// # Errors
///
/// When the text is no XML.
pub fn events(text: &[u8]) -> Result<u64, quick_xml::Error> {
    let mut reader = Reader::from_reader(text);
    let mut events = 0;
    loop {
        match black_box(reader.read_event()?) {
            Event::Eof => return Ok(events),
            _ => events += 1,
        }
    }
}
