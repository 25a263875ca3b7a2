//! Runs scenarios against both servers, and compares what govc prints.

use crate::own;
use crate::script::{Filter, Line, Scenario};
use crate::server::{Kind, Server};
use sim_tests::normal;
use std::collections::HashMap;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// How long a command may take. None waits for anything that takes longer.
const LIMIT: Duration = Duration::from_secs(30);

/// What a command printed.
#[derive(Clone, Debug, Default)]
pub struct Output {
    /// How it ended; none where it did not in time.
    pub code: Option<i32>,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// What is compared: the output through the line's filters, without what two servers may give different values, and how
    /// it ended. What servers say of their faults is theirs, so that standard error is not compared.
    fn compared(&self, line: &Line) -> Vec<String> {
        let mut lines = normal::json(&self.stdout).unwrap_or_else(|| normal::lines(&self.stdout));
        if line.command().starts_with("fields.") {
            // A field's key is a number without a name.
            lines.iter_mut().for_each(|line| *line = normal::numbers(line));
        }
        for filter in &line.filters {
            match filter {
                Filter::Grep(expression) => lines.retain(|line| expression.is_match(line)),
                Filter::Drop(expression) => lines.retain(|line| !expression.is_match(line)),
                Filter::Sort => {}
            }
        }
        own::take_out(line.command(), &mut lines);
        if line.filters.iter().any(|filter| matches!(filter, Filter::Sort)) {
            lines.sort_unstable();
        }
        match self.code {
            Some(0) => {}
            Some(code) => lines.push(format!("(exit code {code})")),
            None => lines.push("(not in time)".to_owned()),
        }
        lines
    }
}

/// A line that was run against both.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The line.
    pub line: Line,
    /// vcsim's output.
    pub vcsim: Output,
    /// Ours.
    pub ours: Output,
    /// Where they differ: `-` is vcsim's line, `+` ours.
    pub diff: Vec<String>,
    /// Whether the line's filters leave nothing of what vcsim's govc printed, so that nothing is compared.
    pub vacuous: bool,
}

impl Outcome {
    /// What is wrong with it, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let Line { place, text, differs, .. } = &self.line;
        match (self.diff.is_empty(), differs) {
            (true, None) if self.vacuous => Some(format!("{place}: {text}\n    nothing is compared")),
            (true, None) | (false, Some(_)) => None,
            (true, Some(reason)) => Some(format!("{place}: {text}\n    does not differ any more: {reason}")),
            (false, None) => {
                let mut report = format!("{place}: {text}");
                self.diff.iter().for_each(|line| report.push_str(&format!("\n    {line}")));
                for (who, output) in [("vcsim", &self.vcsim), ("vim-sim", &self.ours)] {
                    for line in output.stderr.lines().take(3) {
                        report.push_str(&format!("\n    ({who}: {line})"));
                    }
                }
                Some(report)
            }
        }
    }
}

/// Runs a scenario against both servers.
pub async fn both(scenario: &Scenario) -> Vec<Outcome> {
    let (vcsim, ours) = tokio::join!(one(Kind::Vcsim, scenario), one(Kind::VimSim, scenario));
    let outcome = |((line, vcsim), ours): ((&Line, Output), Output)| {
        let theirs = vcsim.compared(line);
        let diff = normal::diff(&theirs, &ours.compared(line));
        let vacuous = theirs.is_empty() && !vcsim.stdout.trim().is_empty();
        Outcome { line: line.clone(), vcsim, ours, diff, vacuous }
    };
    scenario.lines.iter().zip(vcsim).zip(ours).map(outcome).collect()
}

/// Runs a scenario's lines against a server that is started for it.
///
/// # Panics
///
/// When there is no server or no govc: the variable `GOVC` names the program.
pub async fn one(kind: Kind, scenario: &Scenario) -> Vec<Output> {
    let server = Server::start(kind, &scenario.flags).await;
    for (name, text) in &scenario.files {
        let file = server.folder.join(name);
        file.parent().map(std::fs::create_dir_all).transpose().expect("its folder is made");
        std::fs::write(file, text).expect("a file of the scenario is written");
    }
    let folder = server.folder.to_string_lossy().into_owned();
    let mut variables = HashMap::from([("folder".to_owned(), folder)]);
    let mut outputs = Vec::new();
    for line in &scenario.lines {
        let output = govc(&server, line, &variables).await;
        if let Some((name, expression)) = &line.captures {
            let found = expression.find_iter(&output.stdout).last();
            variables.insert(name.clone(), found.map_or("", |found| found.as_str()).to_owned());
        }
        outputs.push(output);
    }
    outputs
}

async fn govc(server: &Server, line: &Line, variables: &HashMap<String, String>) -> Output {
    let program = std::env::var("GOVC").expect("GOVC names the program that tests/referee/build.sh builds");
    let mut command = Command::new(program);
    command
        .args(line.words.iter().map(|word| filled(word, variables)))
        .env_clear()
        .env("PATH", "")
        .env("HOME", &server.folder)
        .env("GOVMOMI_HOME", server.folder.join(".govmomi"))
        .env("GOVC_URL", &server.url)
        // The server's own version: govc's may be newer.
        .env("GOVC_VIM_VERSION", "-")
        .env("TZ", "UTC")
        .current_dir(&server.folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut process = command.spawn().expect("govc starts");
    if let (Some(mut stdin), Some(input)) = (process.stdin.take(), &line.input) {
        // A command that does not read its input has ended already.
        let _ = stdin.write_all(input.as_bytes()).await;
    }
    match tokio::time::timeout(LIMIT, process.wait_with_output()).await {
        Ok(output) => {
            let output = output.expect("govc runs");
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            Output { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
        }
        Err(_) => Output::default(),
    }
}

/// A word with its variables' values: `$name` up to what cannot be part of a name.
fn filled(word: &str, variables: &HashMap<String, String>) -> String {
    let mut filled = String::new();
    let mut rest = word;
    while let Some(at) = rest.find('$') {
        filled.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        match variables.get(&rest[..end]) {
            Some(value) => {
                filled.push_str(value);
                rest = &rest[end..];
            }
            None => filled.push('$'),
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in() {
        let variables = HashMap::from([("a".to_owned(), "1".to_owned())]);
        assert_eq!(filled("x$a/$b-$a", &variables), "x1/$b-1");
        assert_eq!(filled("$", &variables), "$");
    }
}
