//! Programs in guests. Nothing runs: a few commands are known by name, and the rest ends well and says nothing.

use super::os::{Os, Process};
use bytes::Bytes;
use std::time::Duration;
use vim_wire::DateTime;

/// Who runs what.
pub(crate) struct Program<'a> {
    pub(crate) path: &'a str,
    pub(crate) arguments: &'a str,
    pub(crate) directory: &'a str,
    pub(crate) environment: &'a [String],
    pub(crate) user: &'a str,
    pub(crate) host_name: &'a str,
}

/// Starts a program and returns its process's number.
pub(crate) fn start(os: &mut Os, program: &Program<'_>, now: DateTime) -> i64 {
    os.last_pid += 1;
    let pid = os.last_pid;
    let name = program.path.rsplit(['/', '\\']).next().unwrap_or(program.path).to_owned();
    let words = words(program.arguments);
    let shell = matches!(name.as_str(), "sh" | "bash" | "cmd.exe");
    let command: Vec<String> = match words.split_first() {
        // The argument of `-c` is a line by itself.
        Some((option, rest)) if shell && (option == "-c" || option.eq_ignore_ascii_case("/c")) => {
            self::words(&rest.join(" "))
        }
        _ => std::iter::once(name.clone()).chain(words).collect(),
    };
    let (command, redirected) = redirections(command);
    let (out, error, code, lasts) = run(os, program, &command, shell, now);
    for (to, text) in [(redirected.out, out), (redirected.error, error)] {
        if let Some(path) = to {
            // What cannot be written to is a shell's trouble, not the server's.
            let _ = os.write(&path, Bytes::from(text), None, now);
        }
    }
    let ends = DateTime::from_unix_micros(
        now.unix_micros().saturating_add(i64::try_from(lasts.as_micros()).unwrap_or(i64::MAX)),
    );
    os.processes.push(Process {
        pid,
        name,
        owner: program.user.to_owned(),
        command: format!("{} {}", program.path, program.arguments).trim_end().to_owned(),
        started: now,
        ends: Some(ends),
        exit_code: code,
    });
    pid
}

/// The words of a line; those in quotes are one.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote, mut any) = (String::new(), None, false);
    for char in line.chars() {
        match (quote, char) {
            (Some(open), char) if char == open => quote = None,
            (None, '"' | '\'') => (quote, any) = (Some(char), true),
            (None, char) if char.is_whitespace() => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            (_, char) => word.push(char),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

#[derive(Default)]
struct Redirected {
    out: Option<String>,
    error: Option<String>,
}

/// Takes `> file`, `2> file` and `< file` out of a command.
fn redirections(words: Vec<String>) -> (Vec<String>, Redirected) {
    let (mut command, mut redirected) = (Vec::new(), Redirected::default());
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            ">" | "1>" | ">>" => redirected.out = words.next(),
            "2>" => redirected.error = words.next(),
            "<" => drop(words.next()),
            _ => command.push(word),
        }
    }
    (command, redirected)
}

/// What a command says, says of its troubles, ends with and lasts.
fn run(
    os: &mut Os,
    program: &Program<'_>,
    command: &[String],
    shell: bool,
    now: DateTime,
) -> (String, String, i32, Duration) {
    let rest = command.get(1..).unwrap_or_default();
    let said = |text: String| (text, String::new(), 0, Duration::ZERO);
    let code = |code| (String::new(), String::new(), code, Duration::ZERO);
    let Some(name) = command.first().map(|name| name.rsplit('/').next().unwrap_or(name)) else {
        return code(0);
    };
    match name {
        "echo" => said(format!("{}\n", rest.join(" "))),
        "hostname" => said(format!("{}\n", program.host_name)),
        "whoami" => said(format!("{}\n", program.user)),
        "pwd" => said(format!("{}\n", if program.directory.is_empty() { "/" } else { program.directory })),
        "env" | "printenv" => said(program.environment.iter().map(|line| format!("{line}\n")).collect()),
        "uname" => said("Linux\n".into()),
        "true" => code(0),
        "false" => code(1),
        "exit" => code(rest.first().and_then(|code| code.parse().ok()).unwrap_or(0)),
        "sleep" => {
            let seconds = rest.first().and_then(|seconds| seconds.parse().ok()).unwrap_or(0_u32);
            (String::new(), String::new(), 0, Duration::from_secs(seconds.into()))
        }
        "cat" => files(os, rest, name, |os, path| {
            let content = os.get(path)?.content.as_ref()?;
            Some(String::from_utf8_lossy(content).into_owned())
        }),
        "ls" => files(os, rest, name, |os, path| {
            Some(os.list(path).ok()?.into_iter().map(|(name, _)| format!("{name}\n")).collect())
        }),
        "touch" => files(os, rest, name, |os, path| {
            let content = os.get(path).and_then(|entry| entry.content.clone()).unwrap_or_default();
            os.write(path, content, None, now).ok().map(|()| String::new())
        }),
        "mkdir" => {
            files(os, rest, name, |os, path| os.make_directory(path, true, now).ok().map(|()| String::new()))
        }
        "rm" => files(os, rest, name, |os, path| {
            os.remove_file(path).or_else(|_| os.remove_directory(path, true)).ok().map(|()| String::new())
        }),
        name if shell && !name.contains('.') => {
            (String::new(), format!("bash: {name}: command not found\n"), 127, Duration::ZERO)
        }
        _ => code(0),
    }
}

/// Does something to each of the files that a command names.
fn files(
    os: &mut Os,
    words: &[String],
    name: &str,
    each: impl Fn(&mut Os, &str) -> Option<String>,
) -> (String, String, i32, Duration) {
    let (mut out, mut error, mut code) = (String::new(), String::new(), 0);
    for path in words.iter().filter(|word| !word.starts_with('-')) {
        match each(os, path) {
            Some(text) => out.push_str(&text),
            None => {
                error.push_str(&format!("{name}: {path}: No such file or directory\n"));
                code = 1;
            }
        }
    }
    (out, error, code, Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bash(os: &mut Os, line: &str) -> i32 {
        let arguments = format!("-c '{line}'");
        let program = Program {
            path: "/bin/bash",
            arguments: &arguments,
            directory: "",
            environment: &[],
            user: "root",
            host_name: "web",
        };
        let pid = start(os, &program, DateTime::default());
        os.processes.iter().find(|process| process.pid == pid).map_or(-1, |process| process.exit_code)
    }

    #[test]
    fn commands_are_known_by_name() {
        let mut os = Os::new(false, "web", DateTime::default());
        let read = |os: &Os, path: &str| {
            let content = os.get(path).and_then(|entry| entry.content.clone()).unwrap_or_default();
            String::from_utf8_lossy(&content).into_owned()
        };
        assert_eq!(bash(&mut os, "hostname 1> /tmp/out 2> /tmp/err"), 0);
        assert_eq!(read(&os, "/tmp/out"), "web\n");
        assert_eq!(bash(&mut os, "exit 3"), 3);
        assert_eq!(bash(&mut os, "nothing 2> /tmp/err"), 127);
        assert_eq!(read(&os, "/tmp/err"), "bash: nothing: command not found\n");
        assert_eq!(bash(&mut os, "cat /etc/hostname > /tmp/out"), 0);
        assert_eq!(read(&os, "/tmp/out"), "web\n");
        assert_eq!(words("a 'b c' \"\" d"), ["a", "b c", "", "d"]);
    }
}
