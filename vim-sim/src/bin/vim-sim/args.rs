//! The command line: vcsim's flags, with one dash or two.

use crate::{Result, load};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{CommandFactory, Parser};
use std::ffi::OsString;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;
use vim_sim::{Builder, Model, Simulator};

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
    /// Datacenters
    #[arg(long, value_name = "N", default_value_t = 1)]
    dc: usize,
    /// Clusters in each datacenter
    #[arg(long, value_name = "N", default_value_t = 1)]
    cluster: usize,
    /// Hosts in each cluster
    #[arg(long, value_name = "N", default_value_t = 3)]
    host: usize,
    /// Hosts in each datacenter beside the clusters
    #[arg(long, value_name = "N", default_value_t = 1)]
    standalone_host: usize,
    /// Resource pools in each cluster
    #[arg(long, value_name = "N", default_value_t = 0)]
    pool: usize,
    /// Virtual machines in each resource pool
    #[arg(long, value_name = "N", default_value_t = 2)]
    vm: usize,
    /// vApps in each cluster
    #[arg(long, value_name = "N", default_value_t = 0)]
    app: usize,
    /// Datastores in each datacenter
    #[arg(long, value_name = "N", default_value_t = 1)]
    ds: usize,
    /// Datastore clusters in each datacenter
    #[arg(long, value_name = "N", default_value_t = 0)]
    pod: usize,
    /// Distributed portgroups in each datacenter
    #[arg(long, value_name = "N", default_value_t = 1)]
    pg: usize,
    /// Distributed portgroups of NSX in each datacenter
    #[arg(long, value_name = "N", default_value_t = 0)]
    pg_nsx: usize,
    /// Opaque networks of NSX in each datacenter
    #[arg(long, value_name = "N", default_value_t = 0)]
    nsx: usize,
    /// Folders, with which the last datacenters and what they hold are wrapped
    #[arg(long, value_name = "N", default_value_t = 0)]
    folder: usize,
    /// Whether the virtual machines run at the start
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "true",
        default_missing_value = "true", value_parser = boolean())]
    autostart: bool,
    /// A standalone ESXi host instead of a vCenter
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_value = "false",
        default_missing_value = "true", value_parser = boolean())]
    esx: bool,
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
    #[arg(long, value_name = "VERSION", default_value = "8.0.3.0")]
    api_version: String,
    /// How long a task takes, such as 500ms or 2s
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = load::duration)]
    task_time: Duration,
    /// A file with users and with rules of what goes wrong, as TOML or JSON; what it says of the model is overridden by flags
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
fn boolean() -> impl TypedValueParser<Value = bool> {
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
        let model = if self.esx { Model::esx() } else { Model::vcenter() };
        let model = model
            .datacenters(self.dc)
            .clusters(self.cluster)
            .hosts(self.host)
            .standalone_hosts(self.standalone_host)
            .resource_pools(self.pool)
            .vms(self.vm)
            .apps(self.app)
            .datastores(self.ds)
            .pods(self.pod)
            .portgroups(self.pg)
            .nsx_portgroups(self.pg_nsx)
            .opaque_networks(self.nsx)
            .folders(self.folder)
            .autostart(self.autostart);
        let mut builder = Simulator::builder()
            .model(model)
            .listen(self.listen)
            .tls(self.tls)
            .api_version(&self.api_version)
            .task_time(self.task_time);
        if let (Some(user), Some(password)) = (&self.username, &self.password) {
            builder = builder.account(user, password);
        }
        match &self.load {
            Some(path) => load::file(path, builder),
            None => Ok(builder),
        }
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
            assert_eq!((args.vm, args.tls, args.esx, args.listen.port()), (10, false, true, 0), "{line}");
        }
        let args = parse("-l :0 -E env -pg-nsx 2").expect("flags");
        assert!(args.listen.ip().is_unspecified() && args.pg_nsx == 2 && args.tls && !args.esx);
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
