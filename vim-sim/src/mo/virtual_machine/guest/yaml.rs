//! As much of YAML as cloud-init's metadata are written in, and with it JSON: maps and lists in blocks and in brackets, and
//! texts with and without quotes. Anchors, tags and documents beyond the first are not read.

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

impl Value {
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(map) = self else { return None };
        map.iter().find(|(own, _)| own == key).map(|(_, value)| value)
    }

    /// A text that is not empty.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        match self.get(key)? {
            Self::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    pub(super) fn items(&self, key: &str) -> Vec<&Self> {
        match self.get(key) {
            Some(Self::List(items)) => items.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// A list's texts; a text that is none is a list of one.
    pub(super) fn texts(&self, key: &str) -> Vec<String> {
        let text = |value: &Self| match value {
            Self::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        };
        match self.get(key) {
            Some(Self::List(items)) => items.iter().filter_map(text).collect(),
            Some(one) => text(one).into_iter().collect(),
            None => Vec::new(),
        }
    }
}

/// How deep values may lie in each other: they come from a client.
const DEPTH: usize = 64;

/// A line: how far it is indented, and what it says.
struct Line<'t> {
    indent: usize,
    text: &'t str,
}

/// Reads a document. What cannot be understood is left out.
pub(super) fn parse(text: &str) -> Value {
    if text.trim_start().starts_with(['{', '[']) {
        return Flow { rest: text.trim_start() }.value(0);
    }
    let mut lines: Vec<Line<'_>> = Vec::new();
    for line in text.lines() {
        let text = without_comment(line).trim_end();
        if text.trim().is_empty() || text.trim() == "---" || text.starts_with('%') {
            continue;
        }
        lines.push(Line { indent: text.len() - text.trim_start().len(), text: text.trim_start() });
    }
    let mut reader = Block { lines: &lines, at: 0 };
    reader.value(0, 0)
}

/// A comment begins with a number sign at the start or after a space, outside of quotes.
fn without_comment(line: &str) -> &str {
    let (mut quote, mut before) = (None, ' ');
    for (at, char) in line.char_indices() {
        match quote {
            Some(open) if char == open => quote = None,
            Some(_) => {}
            None if matches!(char, '"' | '\'') => quote = Some(char),
            None if char == '#' && before.is_whitespace() => return line.get(..at).unwrap_or(line),
            None => {}
        }
        before = char;
    }
    line
}

struct Block<'t> {
    lines: &'t [Line<'t>],
    at: usize,
}

impl<'t> Block<'t> {
    fn line(&self) -> Option<(usize, &'t str)> {
        self.lines.get(self.at).map(|line| (line.indent, line.text))
    }

    /// What is indented at least so far.
    fn value(&mut self, least: usize, depth: usize) -> Value {
        match self.line() {
            Some((indent, text)) if indent >= least && depth < DEPTH => {
                if text == "-" || text.starts_with("- ") {
                    self.list(indent, depth)
                } else if split(text).is_some() {
                    self.map(indent, depth)
                } else {
                    self.at += 1;
                    scalar(text)
                }
            }
            _ => Value::Text(String::new()),
        }
    }

    fn list(&mut self, indent: usize, depth: usize) -> Value {
        let mut items = Vec::new();
        while let Some((own, text)) = self.line() {
            let Some(rest) = text.strip_prefix('-').filter(|rest| rest.is_empty() || rest.starts_with(' '))
            else {
                break;
            };
            if own != indent {
                break;
            }
            self.at += 1;
            let rest = rest.trim_start();
            let inner = own + (text.len() - rest.len());
            items.push(match (rest, split(rest)) {
                ("", _) => self.value(indent + 1, depth + 1),
                (_, Some((key, value))) => {
                    let mut map = vec![(key, self.after(value, inner, depth))];
                    if let Value::Map(more) = self.map(inner, depth + 1) {
                        map.extend(more);
                    }
                    Value::Map(map)
                }
                (text, None) => scalar(text),
            });
        }
        Value::List(items)
    }

    fn map(&mut self, indent: usize, depth: usize) -> Value {
        let mut map = Vec::new();
        while let Some((own, text)) = self.line() {
            let Some((key, value)) = split(text) else { break };
            if own != indent || text.starts_with("- ") {
                break;
            }
            self.at += 1;
            map.push((key, self.after(value, indent, depth)));
        }
        Value::Map(map)
    }

    /// The value of a key: on its line, or on those below it.
    fn after(&mut self, text: &str, indent: usize, depth: usize) -> Value {
        match text {
            "" => {
                // A list may stand as far out as its key.
                let least = match self.line() {
                    Some((own, text)) if own == indent && text.starts_with('-') => indent,
                    _ => indent + 1,
                };
                self.value(least, depth + 1)
            }
            "|" | "|-" | "|+" | ">" | ">-" | ">+" => {
                let mut lines = Vec::new();
                while let Some((own, text)) = self.line().filter(|(own, _)| *own > indent) {
                    let _ = own;
                    lines.push(text);
                    self.at += 1;
                }
                Value::Text(lines.join(if text.starts_with('|') { "\n" } else { " " }))
            }
            text => scalar(text),
        }
    }
}

/// The key of a line and what follows it.
fn split(text: &str) -> Option<(String, &str)> {
    if text.starts_with(['{', '[']) {
        return None;
    }
    let quote = text.chars().next().filter(|char| matches!(char, '"' | '\''));
    let from = match quote {
        Some(quote) => text.get(1..)?.find(quote)? + 2,
        None => 0,
    };
    let (at, _) = text.get(from..)?.match_indices(':').find(|(at, _)| {
        text.get(from + at + 1..).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
    })?;
    let (key, value) = (text.get(..from + at)?, text.get(from + at + 1..)?);
    Some((unquoted(key.trim()), value.trim()))
}

fn scalar(text: &str) -> Value {
    match text.starts_with(['{', '[']) {
        true => Flow { rest: text }.value(0),
        false => Value::Text(unquoted(text)),
    }
}

fn unquoted(text: &str) -> String {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return if quote == '"' { unescaped(inner) } else { inner.replace("''", "'") };
        }
    }
    if matches!(text, "~" | "null") { String::new() } else { text.to_owned() }
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        out.push(match (char, char == '\\') {
            (_, true) => match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            (char, false) => char,
        });
    }
    out
}

/// Values in brackets.
struct Flow<'t> {
    rest: &'t str,
}

impl<'t> Flow<'t> {
    fn skip(&mut self, char: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(char) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn value(&mut self, depth: usize) -> Value {
        if depth >= DEPTH {
            self.rest = "";
            return Value::Text(String::new());
        }
        if self.skip('{') {
            let mut map = Vec::new();
            while !self.rest.is_empty() && !self.skip('}') {
                let key = self.text(true);
                let value = if self.skip(':') { self.value(depth + 1) } else { Value::Text(String::new()) };
                map.push((key, value));
                if !self.skip(',') && !self.rest.starts_with('}') {
                    break;
                }
            }
            return Value::Map(map);
        }
        if self.skip('[') {
            let mut list = Vec::new();
            while !self.rest.is_empty() && !self.skip(']') {
                list.push(self.value(depth + 1));
                if !self.skip(',') && !self.rest.starts_with(']') {
                    break;
                }
            }
            return Value::List(list);
        }
        Value::Text(self.text(false))
    }

    fn text(&mut self, key: bool) -> String {
        self.rest = self.rest.trim_start();
        let quote = self.rest.chars().next().filter(|char| matches!(char, '"' | '\''));
        let end = match quote {
            Some(quote) => closing(self.rest, quote),
            None => self.rest.find(|char| matches!(char, ',' | ']' | '}') || key && char == ':'),
        };
        let (text, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest.trim_start();
        unquoted(text.trim())
    }
}

/// Where a text in quotes ends, its last quote included.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, char) in text.char_indices().skip(1) {
        match char {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            char if char == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_brackets_are_alike() {
        let block = parse("a: 1\nb:\n- x\n- y: 2\n  z: 'it''s'\nc:\n    d: \"q\\n\" # no\n");
        let flow = parse(r#"{"a": 1, "b": ["x", {"y": 2, "z": "it's"}], "c": {"d": "q\n"}}"#);
        assert_eq!(block, flow);
        assert_eq!(block.text("a"), Some("1"));
    }

    #[test]
    fn anything_is_read_without_end() {
        for text in ["", ":", "- - -", "{{{{", "[", "a: [b, {c", "\"", "a:\n\tb: c", "'", "- a: b\n c"] {
            drop(parse(text));
        }
        drop(parse(&"[".repeat(10_000)));
        drop(parse(&"- ".repeat(10_000)));
        drop(parse(&(0..1000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>()));
    }
}
