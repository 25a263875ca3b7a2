//! The texts of primitives.

/// What every value of a secret field has in it.
pub(crate) const SECRET: &str = "hunter2-";

/// A text of a primitive, in the one form that is written.
pub(crate) fn plain(kind: &str, count: usize, secret: bool) -> String {
    match kind {
        "boolean" => count.is_multiple_of(2).to_string(),
        "byte" => (count % 100 + 1).to_string(),
        "short" => format!("-{count}"),
        "int" => (count * 70_001).to_string(),
        "long" => format!("-{}", (1_u64 << 40) + count as u64),
        "float" => format!("{count}.5"),
        "double" => format!("-{count}.0625"),
        "string" if secret => format!("{SECRET}{count}"),
        "string" if count.is_multiple_of(7) => format!("{count} &lt;é&amp;\"&gt;\n"),
        "string" => format!("text {count}"),
        "anyURI" => format!("urn:{count}?a&amp;b"),
        "dateTime" => format!("2026-11-22T{:02}:{:02}:30.25Z", count % 24, count % 60),
        "base64Binary" => ["Zg==", "Zm8=", "Zm9v"][count % 3].to_owned(),
        _ => panic!("{kind}"),
    }
}

/// Another text of the same type.
pub(crate) fn other(kind: &str, text: &str) -> String {
    match kind {
        "boolean" => (text != "true").to_string(),
        "byte" | "short" | "int" | "long" | "float" | "double" => {
            if text == "3" { "4" } else { "3" }.to_owned()
        }
        "dateTime" => text.replacen("2026", "1999", 1),
        "base64Binary" => format!("AAAA{text}"),
        _ => format!("{text}x"),
    }
}
