//! `xsd:base64Binary`.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// Bytes, base64 on the wire.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Binary(pub Vec<u8>);

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

impl Binary {
    pub(crate) fn encode(&self, out: &mut String) {
        for chunk in self.0.chunks(3) {
            let bits = u32::from(chunk[0]) << 16
                | u32::from(chunk.get(1).copied().unwrap_or(0)) << 8
                | u32::from(chunk.get(2).copied().unwrap_or(0));
            for digit in 0..4 {
                if digit <= chunk.len() {
                    out.push(char::from(ALPHABET[(bits >> (18 - 6 * digit)) as usize & 63]));
                } else {
                    out.push('=');
                }
            }
        }
    }

    /// Reads base64, with or without white space and padding; none where that is none.
    ///
    /// ```
    /// # use vim_wire::Binary;
    /// assert_eq!(Binary::decode("dmltMjU="), Some(Binary(b"vim25".to_vec())));
    /// assert_eq!(Binary::decode("?"), None);
    /// ```
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let mut out = Vec::with_capacity(text.len() / 4 * 3);
        let (mut bits, mut count, mut padding) = (0u32, 0u32, 0u32);
        for byte in text.bytes() {
            let digit = match byte {
                b'A'..=b'Z' => byte - b'A',
                b'a'..=b'z' => byte - b'a' + 26,
                b'0'..=b'9' => byte - b'0' + 52,
                b'+' => 62,
                b'/' => 63,
                b'=' => {
                    padding += 1;
                    continue;
                }
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                _ => return None,
            };
            if padding > 0 {
                return None;
            }
            bits = bits << 6 | u32::from(digit);
            count += 6;
            if count >= 8 {
                count -= 8;
                out.push((bits >> count) as u8);
            }
        }
        // A lone digit encodes nothing, and padding only fills up to a multiple of four.
        (count < 6 && padding <= 2).then_some(Self(out))
    }
}

impl From<Vec<u8>> for Binary {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Deref for Binary {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Binary {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl fmt::Debug for Binary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Binary({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::Binary;

    #[test]
    fn rfc4648_vectors() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            let mut out = String::new();
            Binary(plain.as_bytes().to_vec()).encode(&mut out);
            assert_eq!(out, coded);
            assert_eq!(Binary::decode(coded), Some(Binary(plain.as_bytes().to_vec())));
        }
        assert_eq!(Binary::decode("Zm9v\r\n Zg =="), Some(Binary(b"foof".to_vec())));
        for bad in ["Z", "Zg==Zg==", "Zm9*", "===="] {
            assert_eq!(Binary::decode(bad), None, "{bad}");
        }
    }
}
