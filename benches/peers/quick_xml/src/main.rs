//! The floor: quick-xml's bare event loop over a captured answer, nothing decoded.
//!
//! `quick_xml_peer decode FILE N` reads every event to the end of FILE in memory N times and prints the median.

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use quick_xml::events::Event;
use quick_xml::reader::Reader;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [mode, file, count] = &arguments[..] else {
        return Err("usage: quick_xml_peer decode FILE N".into());
    };
    if mode != "decode" {
        return Err("only decode is offered".into());
    }
    let text = std::fs::read(file)?;
    let mut seconds = Vec::new();
    let mut events = 0;
    for _ in 0..count.parse::<usize>()? {
        let start = Instant::now();
        events = pump(&text)?;
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    let median = seconds[seconds.len() / 2];
    println!("peer=quick_xml mode=decode events={events} mb_per_s={:.1}", text.len() as f64 / median / 1e6);
    Ok(())
}

/// Borrowed events with the reader's default configuration.
fn pump(text: &[u8]) -> Result<u64, quick_xml::Error> {
    let mut reader = Reader::from_reader(text);
    let mut events = 0;
    loop {
        match black_box(reader.read_event()?) {
            Event::Eof => return Ok(events),
            _ => events += 1,
        }
    }
}
