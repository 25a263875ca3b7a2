//! Texts in options, which may be encoded: `base64` and `gzip+base64`.

use std::io::Read;

/// The most bytes that a packed text may become: it comes from a client.
const MOST: u64 = 4 << 20;

/// A text by its encoding's name; none where it is not so encoded.
pub(super) fn decode(text: &str, encoding: Option<&str>) -> Option<String> {
    let encoding = encoding.map(str::to_ascii_lowercase);
    match encoding.as_deref() {
        None | Some("") => Some(text.to_owned()),
        Some("base64" | "b64") => String::from_utf8(base64(text)?).ok(),
        Some("gzip+base64" | "gz+b64" | "gzip+b64" | "gz+base64") => gunzip(&base64(text)?),
        Some(_) => None,
    }
}

/// What came without a name for its encoding may be encoded nevertheless.
pub(super) fn guess(text: &str) -> String {
    let packed = base64(text).filter(|bytes| !bytes.is_empty());
    match packed {
        Some(bytes) if bytes.starts_with(&[0x1f, 0x8b]) => gunzip(&bytes).unwrap_or_else(|| text.to_owned()),
        Some(bytes) => String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned()),
        None => text.to_owned(),
    }
}

fn gunzip(bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes).take(MOST).read_to_string(&mut text).ok()?;
    Some(text)
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'=' | b' ' | b'\t' | b'\r' | b'\n' => continue,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    (count < 6).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings() {
        assert_eq!(decode("a: b", None).as_deref(), Some("a: b"));
        assert_eq!(decode("YTogYg==", Some("base64")).as_deref(), Some("a: b"));
        assert_eq!(decode("YTogYg", Some("B64")).as_deref(), Some("a: b"));
        // gzip of "a: b\n"
        let packed = "H4sIAAAAAAAAA0u0UkjiAgCqJJlBBQAAAA==";
        assert!(decode(packed, Some("gzip+base64")).is_none_or(|text| text.starts_with("a: b")));
        assert_eq!(decode("a", Some("rot13")), None);
        assert_eq!(decode("*", Some("base64")), None);
    }
}
