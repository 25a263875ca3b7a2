//! Characters by name and by number.

use std::borrow::Cow;

/// The character that a `&` starts, and how many bytes stand for it; or why there is none.
pub(crate) fn read(text: &str) -> Result<(char, usize), Cow<'static, str>> {
    let end = memchr::memchr(b';', &text.as_bytes()[..text.len().min(13)]);
    let Some(end) = end else { return Err("a '&' that starts no character".into()) };
    let name = &text[1..end];
    let found = match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => match name.strip_prefix('#') {
            Some(number) => match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            }
            .ok()
            .and_then(char::from_u32),
            None => None,
        },
    };
    match found {
        Some(character) => Ok((character, end + 1)),
        None => Err(format!("&{name}; is no character and entities are not accepted").into()),
    }
}

/// An attribute's raw value with its characters put in.
pub(crate) fn put_in(raw: &str) -> Result<Cow<'_, str>, Cow<'static, str>> {
    let mut rest = raw;
    let mut out = String::new();
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        let (character, len) = read(&rest[at..])?;
        out.push_str(&rest[..at]);
        out.push(character);
        rest = &rest[at + len..];
    }
    if out.is_empty() {
        return Ok(Cow::Borrowed(rest));
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}
