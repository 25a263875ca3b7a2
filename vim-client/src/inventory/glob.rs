//! Patterns of names.

/// Whether a pattern has more than one meaning.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// Whether a name, as the server escapes it, matches a pattern: written with the same escapes, or plainly.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    pattern == name || pattern == unescape(name) || glob(pattern, name) || glob(pattern, &unescape(name))
}

fn glob(pattern: &str, name: &str) -> bool {
    // What is matched is one name, so that its slashes are no separators.
    is_pattern(pattern) && fast_glob::glob_match(pattern, name.replace('/', "\u{2044}"))
}

/// The name behind the server's escapes: it writes `%2f`, `%5c` and `%25` for `/`, `\` and `%`.
pub(super) fn unescape(name: &str) -> String {
    if !name.contains('%') {
        return name.to_owned();
    }
    name.replace("%2f", "/").replace("%2F", "/").replace("%5c", "\\").replace("%5C", "\\").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_with_and_without_escapes() {
        for (pattern, name, expected) in [
            ("web-*", "web-1", true),
            ("web-*", "web", false),
            ("*", "a%2fb", true),
            ("a%2fb", "a%2fb", true),
            ("a/b", "a%2fb", true),
            ("100%", "100%25", true),
            ("vm-[0-9]?", "vm-42", true),
            ("vm-[0-9]?", "vm-4", false),
            ("web-1", "web-1", true),
            ("web-1", "web-10", false),
            ("[x]", "[x]", true),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
