//! Searches for the ends of names, values and short texts, eight bytes at a time: a call costs more than they take.

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGHS: u64 = ONES << 7;

/// Where the first of these bytes from there on is.
#[inline(always)]
pub(crate) fn first<const N: usize>(bytes: &[u8], from: usize, wanted: [u8; N]) -> Option<usize> {
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let mut found = 0;
        for byte in wanted {
            // The high bit of the first byte that is zero; those above it may be marked wrongly.
            let zero = word ^ (ONES * u64::from(byte));
            found |= zero.wrapping_sub(ONES) & !zero & HIGHS;
        }
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    bytes.get(at..)?.iter().position(|byte| wanted.contains(byte)).map(|skip| at + skip)
}

/// Where the first `<` or `&` from there on is.
#[inline(always)]
pub(crate) fn end_of_text(bytes: &[u8], from: usize) -> Option<usize> {
    // What is long pays for a call.
    let near = bytes.len().min(from + 64);
    match first(bytes.get(..near)?, from, [b'<', b'&']) {
        None => memchr::memchr2(b'<', b'&', bytes.get(near..)?).map(|skip| near + skip),
        found => found,
    }
}

/// Where the first byte that may end a name is: of those up to `>`, digits and some others do not.
#[inline(always)]
pub(crate) fn end_of_name(bytes: &[u8], from: usize) -> usize {
    const AFTER: u64 = ONES * (b'>' + 1) as u64;
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        // The high bit of the first byte that is less; those above it may be marked wrongly.
        let found = word.wrapping_sub(AFTER) & !word & HIGHS;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| *byte > b'>') {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_search_finds_what_a_loop_finds(
            text in proptest::collection::vec(prop_oneof![Just(b'<'), Just(b'&'), Just(b'>'), b'0'..b'@', any::<u8>()], 0..20),
            long in prop_oneof![Just(0usize), 0usize..100],
            from in 0usize..30,
        ) {
            let bytes = [vec![b'x'; long], text].concat();
            let naive = |ends: &dyn Fn(u8) -> bool| {
                bytes.iter().skip(from).position(|byte| ends(*byte)).map(|skip| from + skip)
            };
            prop_assert_eq!(end_of_text(&bytes, from), naive(&|byte| byte == b'<' || byte == b'&'));
            prop_assert_eq!(first(&bytes, from, [b'=', 0x80, 0]), naive(&|byte| matches!(byte, b'=' | 0x80 | 0)));
            if from <= bytes.len() {
                prop_assert_eq!(end_of_name(&bytes, from), naive(&|byte| byte <= b'>').unwrap_or(bytes.len()));
            }
        }
    }
}
