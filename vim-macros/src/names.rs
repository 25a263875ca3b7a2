//! Names: from the wire's to Rust's, as codegen makes them. A test compares the two over every name of the schema.

/// Product words whose inner capital starts no word of its own.
const WHOLE: [&str; 23] = [
    "vMotion",
    "SVMotion",
    "vApp",
    "vFlash",
    "vSphere",
    "vCenter",
    "vStorage",
    "vNic",
    "vDisk",
    "vVol",
    "vSan",
    "vSAN",
    "vSANiSCSI",
    "vClock",
    "vGpu",
    "vRAM",
    "vPMC",
    "PMem",
    "iScsi",
    "iSCSI",
    "iSns",
    "iWarp",
    "MHz",
];

/// The wire's name in snake case: `capacityInKB` is `capacity_in_kb`, `numVirtualCPUs` is `num_virtual_cpus`.
///
/// A word starts at a capital after a small letter, and at the last capital of a run that a small letter follows. Digits
/// belong to what they follow, except in `3D`. A plural `s` belongs to its acronym (`VMs`), as does a version's `v`.
#[must_use]
pub(crate) fn snake(wire: &str) -> String {
    let chars: Vec<char> = wire.chars().collect();
    let mut out = String::with_capacity(wire.len() + 8);
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let len = whole(&chars[at..], at == 0 || c.is_ascii_uppercase()).unwrap_or(1);
        let starts = len > 1 || starts(&chars, at) || !c.is_ascii_alphanumeric();
        if starts && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        out.extend(
            chars[at..at + len].iter().filter(|c| c.is_ascii_alphanumeric()).map(char::to_ascii_lowercase),
        );
        at += len;
    }
    out
}

/// The length of the whole word that is there.
fn whole(chars: &[char], may_start: bool) -> Option<usize> {
    let is = |word: &&str| {
        let mut rest = chars.iter();
        word.chars().enumerate().all(|(index, letter)| {
            rest.next()
                .is_some_and(|c| if index == 0 { c.eq_ignore_ascii_case(&letter) } else { *c == letter })
        }) && !rest.next().is_some_and(char::is_ascii_lowercase)
    };
    WHOLE.iter().find(|word| may_start && is(word)).map(|word| word.len())
}

fn starts(chars: &[char], at: usize) -> bool {
    let is = |index: usize, test: fn(&char) -> bool| chars.get(index).is_some_and(test);
    let Some(before) = at.checked_sub(1) else { return false };
    if is_3d(chars, at) {
        return true;
    }
    if !chars[at].is_ascii_uppercase() || is_3d(chars, before) {
        return false;
    }
    // Digits are of the kind of the letter that they follow.
    let letter = chars[..at].iter().rev().find(|c| !c.is_ascii_digit());
    if !letter.is_some_and(char::is_ascii_uppercase) {
        return true;
    }
    let suffix = matches!(chars.get(at + 1), Some('s' | 'v')) && !is(at + 2, char::is_ascii_lowercase);
    is(at + 1, char::is_ascii_lowercase) && !suffix
}

/// Whether the word `3D` is there.
fn is_3d(chars: &[char], at: usize) -> bool {
    let digit_before = at.checked_sub(1).is_some_and(|before| chars[before].is_ascii_digit());
    chars[at] == '3'
        && matches!(chars.get(at + 1), Some('D' | 'd'))
        && !chars.get(at + 2).is_some_and(char::is_ascii_lowercase)
        && !digit_before
}

/// The wire's name as an identifier.
#[must_use]
pub(crate) fn ident(wire: &str) -> String {
    raw(&snake(wire))
}

/// A snake-case name as an identifier: keywords get `r#`, or an underscore where Rust refuses that.
#[must_use]
pub(crate) fn raw(name: &str) -> String {
    match name {
        "self" | "super" | "crate" | "_" => format!("{name}_"),
        _ if KEYWORDS.contains(&name) => format!("r#{name}"),
        _ if name.starts_with(|c: char| c.is_ascii_digit()) => format!("_{name}"),
        _ => name.to_owned(),
    }
}

const KEYWORDS: [&str; 48] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];
