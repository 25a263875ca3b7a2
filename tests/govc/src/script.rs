//! Scripts of govc command lines.
//!
//! ```text
//! # A comment.
//! [title] FLAGS…            a scenario: both servers start anew with those flags
//! file NAME TEXT            a file in the folder in which govc runs
//! vm.info DC0_H0_VM0        a command line; quotes as in a shell
//! events | grep powered     of its output, the lines that the expression matches
//! vm.info '*' | drop Host     without the lines that the expression matches
//! ls vm | sort              in any order
//! id := tasks | match task-\d+
//!                           the expression's last match in the output, later written $id
//! tags.ls < TEXT            with a text on its standard input
//! #diff: REASON             the next line differs, and vim-sim follows the real server
//! ```

use regex::Regex;
use std::fmt;

/// A scenario: command lines, one after the other, against one server.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is about.
    pub title: String,
    /// The server's flags.
    pub flags: Vec<String>,
    /// The files that govc finds in its folder.
    pub files: Vec<(String, String)>,
    /// The lines.
    pub lines: Vec<Line>,
}

/// A command line.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where it stands: file and line.
    pub place: String,
    /// As it is written.
    pub text: String,
    /// Its words; those that begin with `$` are variables, or have one within.
    pub words: Vec<String>,
    /// What is done with its output.
    pub filters: Vec<Filter>,
    /// What govc reads.
    pub input: Option<String>,
    /// The variable that gets the match of the output.
    pub captures: Option<(String, Regex)>,
    /// Why its output differs: what the real server does.
    pub differs: Option<String>,
}

impl Line {
    /// The govc command.
    #[must_use]
    pub fn command(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

/// A step of a pipeline.
#[derive(Clone, Debug)]
pub enum Filter {
    /// The lines that an expression matches.
    Grep(Regex),
    /// The lines that an expression does not match.
    Drop(Regex),
    /// In an order of their own.
    Sort,
}

/// What is wrong with a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError(String);

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ScriptError {}

/// Reads a script.
///
/// # Errors
///
/// When a line cannot be read, stands before the first scenario, or a reason has no line.
pub fn parse(name: &str, text: &str) -> Result<Vec<Scenario>, ScriptError> {
    let mut scenarios: Vec<Scenario> = Vec::new();
    let mut differs: Option<String> = None;
    for (number, line) in text.lines().enumerate() {
        let place = format!("{name}:{}", number + 1);
        let fail = |what: &str| ScriptError(format!("{place}: {what}: {line}"));
        let line = line.trim();
        if let Some(reason) = line.strip_prefix("#diff:") {
            if differs.replace(reason.trim().to_owned()).is_some() {
                return Err(fail("two reasons for one line"));
            }
            continue;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            let (title, flags) = head.split_once(']').ok_or_else(|| fail("a title without its end"))?;
            let flags = words(flags).ok_or_else(|| fail("a quote without its end"))?;
            let title = title.to_owned();
            scenarios.push(Scenario { title, flags, files: Vec::new(), lines: Vec::new() });
            continue;
        }
        let scenario = scenarios.last_mut().ok_or_else(|| fail("a line before the first scenario"))?;
        if let Some(file) = line.strip_prefix("file ") {
            let (name, text) = file.split_once(' ').ok_or_else(|| fail("a file without text"))?;
            scenario.files.push((name.to_owned(), format!("{text}\n")));
            continue;
        }
        scenario.lines.push(command(&place, line, differs.take())?);
    }
    match differs {
        Some(reason) => Err(ScriptError(format!("{name}: a reason without a line: {reason}"))),
        None => Ok(scenarios),
    }
}

fn command(place: &str, text: &str, differs: Option<String>) -> Result<Line, ScriptError> {
    let fail = |what: String| ScriptError(format!("{place}: {what}: {text}"));
    let (variable, rest) = match text.split_once(" := ") {
        Some((variable, rest)) => (Some(variable.trim()), rest),
        None => (None, text),
    };
    let mut parts = rest.split(" | ");
    let command = parts.next().unwrap_or_default();
    let (command, input) = match command.split_once(" < ") {
        Some((command, input)) => (command, Some(format!("{input}\n"))),
        None => (command, None),
    };
    let (mut filters, mut expression) = (Vec::new(), None);
    for part in parts {
        let (filter, argument) = part.trim().split_once(' ').unwrap_or((part.trim(), ""));
        let regex = || Regex::new(argument).map_err(|error| fail(error.to_string()));
        match filter {
            "grep" => filters.push(Filter::Grep(regex()?)),
            "drop" => filters.push(Filter::Drop(regex()?)),
            "sort" => filters.push(Filter::Sort),
            "match" => expression = Some(regex()?),
            other => return Err(fail(format!("there is no filter {other}"))),
        }
    }
    let captures = match (variable, expression) {
        (Some(variable), Some(expression)) => Some((variable.to_owned(), expression)),
        (Some(variable), None) => {
            let all = Regex::new(r"\S(?s:.*\S)?").map_err(|error| fail(error.to_string()))?;
            Some((variable.to_owned(), all))
        }
        (None, Some(_)) => return Err(fail("a match without a variable".to_owned())),
        (None, None) => None,
    };
    let words = words(command).ok_or_else(|| fail("a quote without its end".to_owned()))?;
    Ok(Line { place: place.to_owned(), text: text.to_owned(), words, filters, input, captures, differs })
}

/// Splits a line into words as a shell does: both kinds of quotes, and a backslash outside of them.
fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(open), char) if char == open => quote = None,
            (Some(_), char) => word.get_or_insert_default().push(char),
            (None, '\'' | '"') => {
                quote = Some(char);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().push(chars.next()?),
            (None, char) if char.is_whitespace() => words.extend(word.take()),
            (None, char) => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_by_a_shell() {
        assert_eq!(words(r#"a 'b c' "d e"f '' g\ h"#).unwrap(), ["a", "b c", "d ef", "", "g h"]);
        assert_eq!(words("a 'b"), None);
    }

    #[test]
    fn a_script_has_scenarios_with_lines() {
        let script = "# x\n[power] -vm 2\nfile a.txt b c\nls\n#diff: it is so\nid := tasks | grep VM | match task-\\d+\n\
                      tags.create $id < text";
        let scenarios = parse("x", script).unwrap();
        let [scenario] = &scenarios[..] else { panic!("{scenarios:?}") };
        assert_eq!((scenario.title.as_str(), scenario.flags.len()), ("power", 2));
        assert_eq!(scenario.files, [("a.txt".to_owned(), "b c\n".to_owned())]);
        let [ls, tasks, create] = &scenario.lines[..] else { panic!("{scenario:?}") };
        assert_eq!((ls.command(), ls.place.as_str(), ls.differs.is_none()), ("ls", "x:4", true));
        assert_eq!(tasks.differs.as_deref(), Some("it is so"));
        assert_eq!(tasks.captures.as_ref().unwrap().0, "id");
        assert!(matches!(tasks.filters[..], [Filter::Grep(_)]));
        assert_eq!(create.input.as_deref(), Some("text\n"));
    }

    #[test]
    fn what_cannot_be_read_is_said_with_its_place() {
        for (script, what) in [
            ("ls", "s:1: a line before"),
            ("[a] b\nls 'x", "s:2: a quote"),
            ("[a]\n#diff: x\n", "a reason without a line"),
            ("[a]\n#diff: x\n#diff: y\nls", "s:3: two reasons"),
            ("[a]\nls | wc", "there is no filter wc"),
            ("[a]\nls | match x", "a match without a variable"),
            ("[a]\nls | grep (", "s:2: "),
        ] {
            let error = parse("s", script).unwrap_err().to_string();
            assert!(error.contains(what), "{error}");
        }
    }
}
