//! `--load`: users and rules from a file.

use crate::Result;
use std::path::Path;
use std::time::Duration;
use vim_sim::Builder;

/// A time such as `500ms`, `2s`, `1m30s`; a number alone is seconds.
pub(crate) fn duration(text: &str) -> Result<Duration> {
    let wrong = || format!("{text:?} is no time such as 500ms, 2s or 1m30s");
    if let Ok(seconds) = text.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).map_err(|_| wrong().into());
    }
    let (mut total, mut rest) = (0.0, text);
    while !rest.is_empty() {
        let digits = rest.find(|at: char| !at.is_ascii_digit() && at != '.').ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail.find(|at: char| at.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let unit = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(wrong().into()),
        };
        total += number.parse::<f64>().map_err(|_| wrong())? * unit;
        rest = tail;
    }
    match text.is_empty() {
        true => Err(wrong().into()),
        false => Duration::try_from_secs_f64(total).map_err(|_| wrong().into()),
    }
}

/// What the file says, on top of what the flags say.
pub(crate) fn file(path: &Path, builder: Builder) -> Result<Builder> {
    let _ = (path, builder);
    Err("not yet".into())
}
