//! The command line: vcsim's flags, with one dash or two.

use crate::Result;
use crate::load::{File, Shape, duration};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{CommandFactory, Parser};
use std::ffi::OsString;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;
use vim_sim::{Builder, Simulator};

/// A vCenter or ESXi host to develop and test against.
///
/// It prints a line to be evaluated by a shell, serves until Ctrl-C or SIGTERM, and takes any name and password unless told
/// otherwise. Flags are vcsim's, and may be written with one dash.
#[derive(Debug, Parser)]
#[command(name = "vim-sim", version)]
pub(crate) struct Args {
    /// Where to listen; port 0 is any free one
    #[arg(short = 'l', long, value_name = "ADDRESS", default_value = "127.0.0.1:8989", value_parser = address)]
    listen: SocketAddr,
    #[command(flatten)]
    model: Shape,
    /// Whether to speak TLS, with a certificate made at start
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "true",
        default_missing_value = "true", value_parser = boolean())]
    tls: bool,
    /// The only user who may log in; with --password
    #[arg(long, value_name = "USER", requires = "password")]
    username: Option<String>,
    /// Their password
    #[arg(long, value_name = "PASSWORD", requires = "username")]
    password: Option<String>,
    /// The API version that the server has
    #[arg(long, value_name = "VERSION", default_value = "9.1.1.0")]
    api_version: String,
    /// How long a task takes, such as 500ms or 2s [default: 0s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    task_time: Option<Duration>,
    /// A file with users, rules of what goes wrong, and a model, as TOML or JSON; flags go before what it says
    #[arg(long, value_name = "FILE")]
    load: Option<PathBuf>,
    /// Write the certificate authority to trust into that file, as PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Write the line for the shell into that file instead of to the standard output; `-` is the standard output
    #[arg(short = 'E', value_name = "FILE")]
    pub(crate) env: Option<PathBuf>,
    /// Log calls to the standard error
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false",
        default_missing_value = "true", value_parser = boolean())]
    pub(crate) trace: bool,
}

/// What vcsim's flags take for yes and no.
pub(crate) fn boolean() -> impl TypedValueParser<Value = bool> {
    const YES: [&str; 6] = ["true", "1", "t", "T", "TRUE", "True"];
    const NO: [&str; 6] = ["false", "0", "f", "F", "FALSE", "False"];
    PossibleValuesParser::new(YES.into_iter().chain(NO)).map(|text| YES.contains(&text.as_str()))
}

/// An address with a port; without a host it is every address, as with vcsim.
fn address(text: &str) -> Result<SocketAddr> {
    let text = if text.starts_with(':') { format!("0.0.0.0{text}") } else { text.to_owned() };
    let found = text.to_socket_addrs().map_err(|error| format!("{error}, instead of host:port"))?.next();
    found.ok_or_else(|| "there is no such host".into())
}

impl Args {
    /// Reads the command line; ends the process where it is wrong or asks for help.
    pub(crate) fn read(args: impl Iterator<Item = OsString>) -> Self {
        Self::parse_from(two_dashes(args))
    }

    /// What the simulator shall be.
    pub(crate) fn builder(&self) -> Result<Builder> {
        let file = match &self.load {
            Some(path) => File::read(path)?,
            None => File::default(),
        };
        let builder = Simulator::builder()
            .model(self.model.model(&file.model))
            .listen(self.listen)
            .tls(self.tls)
            .api_version(&self.api_version);
        let mut builder = file.apply(builder)?;
        if let Some(time) = self.task_time {
            builder = builder.task_time(time);
        }
        if let (Some(user), Some(password)) = (&self.username, &self.password) {
            builder = builder.account(user, password);
        }
        Ok(builder)
    }

    /// Name and password as a URL has them.
    pub(crate) fn credentials(&self) -> String {
        let part = |text: &str| {
            text.bytes().fold(String::new(), |mut out, byte| {
                match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                        out.push(char::from(byte));
                    }
                    _ => out.push_str(&format!("%{byte:02X}")),
                }
                out
            })
        };
        let (user, password) = (self.username.as_deref(), self.password.as_deref());
        format!("{}:{}", part(user.unwrap_or("user")), part(password.unwrap_or("pass")))
    }
}

/// Long flags that are written with one dash, `-vm 10`, with two.
fn two_dashes(args: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let command = Args::command();
    let is_long = |name: &str| {
        command.get_arguments().any(|arg| arg.get_long() == Some(name)) || matches!(name, "help" | "version")
    };
    args.map(|arg| match arg.to_str().and_then(|text| text.strip_prefix('-')) {
        Some(rest) if rest.len() > 1 && is_long(rest.split('=').next().unwrap_or(rest)) => {
            OsString::from(format!("--{rest}"))
        }
        _ => arg,
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> std::result::Result<Args, clap::Error> {
        let words = std::iter::once("vim-sim").chain(line.split_whitespace()).map(OsString::from);
        Args::try_parse_from(two_dashes(words))
    }

    #[test]
    fn flags_have_one_dash_or_two() {
        for line in
            ["-vm 10 -l 127.0.0.1:0 -tls=false -esx", "--vm=10 --listen=127.0.0.1:0 --tls=0 --esx=true"]
        {
            let args = parse(line).expect(line);
            assert_eq!(
                (args.model.vm, args.tls, args.model.esx, args.listen.port()),
                (Some(10), false, Some(true), 0),
                "{line}"
            );
        }
        let args = parse("-l :0 -E env -pg-nsx 2").expect("flags");
        assert!(
            args.listen.ip().is_unspecified()
                && args.model.pg_nsx == Some(2)
                && args.tls
                && args.model.esx.is_none()
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, word) in [
            ("-vm ten", "ten"),
            ("-tls=maybe", "maybe"),
            ("-username me", "--password"),
            ("-l nowhere", "host:port"),
            ("-what", "-w"),
        ] {
            let error = parse(line).expect_err(line).to_string();
            assert!(error.contains(word), "{line}: {error}");
        }
    }

    #[test]
    fn credentials_are_quoted_for_urls() {
        let args = parse("-username a@b -password x/y").expect("flags");
        assert_eq!(args.credentials(), "a%40b:x%2Fy");
        assert_eq!(parse("").expect("none").credentials(), "user:pass");
    }
}
