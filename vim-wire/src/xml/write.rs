//! Writing of text and attributes.

/// Appends character data; false where XML cannot carry it.
#[must_use]
pub(crate) fn text(out: &mut String, text: &str) -> bool {
    escape(out, text, false)
}

/// Appends an attribute's value, without its quotes; false where XML cannot carry it.
#[must_use]
pub(crate) fn attr(out: &mut String, text: &str) -> bool {
    escape(out, text, true)
}

fn escape(out: &mut String, text: &str, quotes: bool) -> bool {
    let mut done = 0;
    let mut fits = true;
    for (at, byte) in text.bytes().enumerate() {
        let replacement = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' if quotes => "&quot;",
            // A parser reads a bare carriage return as a line feed.
            b'\r' => "&#13;",
            b'\n' if quotes => "&#10;",
            b'\t' if quotes => "&#9;",
            // XML 1.0 has no other control characters, not even by number.
            0..=8 | 11 | 12 | 14..=31 => {
                fits = false;
                continue;
            }
            // U+FFFE and U+FFFF, the only other characters of Rust's that XML lacks.
            0xef if text.as_bytes()[at + 1] == 0xbf && text.as_bytes()[at + 2] >= 0xbe => {
                fits = false;
                continue;
            }
            _ => continue,
        };
        out.push_str(&text[done..at]);
        out.push_str(replacement);
        done = at + 1;
    }
    out.push_str(&text[done..]);
    fits
}
