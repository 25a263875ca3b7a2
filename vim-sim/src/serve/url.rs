//! Paths and queries of URLs.

use std::collections::HashMap;

/// Undoes percent encoding; none where what comes out is no text.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let hex = |at: usize| char::from(*after.get(at)?).to_digit(16);
        bytes.push(match (byte, hex(0), hex(1)) {
            (b'%', Some(high), Some(low)) => {
                rest = after.get(2..)?;
                u8::try_from(high * 16 + low).ok()?
            }
            _ => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Percent-encodes what has a meaning of its own in paths and queries; slashes stay.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

/// The parameters of a query, each with all of its values.
pub(crate) fn query(query: Option<&str>) -> HashMap<String, Vec<String>> {
    let mut all: HashMap<String, Vec<String>> = HashMap::new();
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let text = |text: &str| decode(&text.replace('+', " "));
        if let (Some(name), Some(value)) = (text(name), text(value)) {
            all.entry(name).or_default().push(value);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for text in ["a b/c", "50%", "ü&=?", "%2f"] {
            assert_eq!(decode(&encode(text)).as_deref(), Some(text));
        }
        assert_eq!(decode("%zz%4"), Some("%zz%4".into()));
        assert_eq!(decode("%ff"), None);
        let all = query(Some("dcPath=%2FDC0&dsName=a+b&x&dsName=c"));
        assert_eq!(all["dcPath"], ["/DC0"]);
        assert_eq!(all["dsName"], ["a b", "c"]);
        assert_eq!(all["x"], [""]);
    }
}
