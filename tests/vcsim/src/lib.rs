//! Starts vcsim for tests, and connects to it.
//!
//! The variable `VCSIM` names the program; `tests/referee/build.sh` builds it. Tests that need it are ignored by name, and
//! `.ci/run` runs them all.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot start its server has failed")]

use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use vim_client::{Client, ClientBuilder, Trust};

/// A running vcsim; it ends when this is dropped.
pub struct Vcsim {
    _process: Child,
    /// Its address, such as `127.0.0.1:41459`.
    pub address: String,
}

impl std::fmt::Debug for Vcsim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Vcsim({})", self.address)
    }
}

impl Vcsim {
    /// Starts one on a free port of the loopback, with those flags.
    ///
    /// # Panics
    ///
    /// When `VCSIM` is not set, or the program does not start.
    pub async fn start(flags: &[&str]) -> Self {
        let program =
            std::env::var("VCSIM").expect("VCSIM names the program that tests/referee/build.sh builds");
        let version: &[&str] =
            if flags.contains(&"-api-version") { &[] } else { &["-api-version", "8.0.3.0"] };
        let mut process = Command::new(program)
            .args(["-l", "127.0.0.1:0"])
            .args(version)
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("vcsim starts");
        let mut lines = BufReader::new(process.stdout.take().expect("is piped")).lines();
        let line = lines.next_line().await.expect("is read").expect("vcsim says where it listens");
        // export GOVC_URL=https://user:pass@127.0.0.1:41459/sdk GOVC_SIM_PID=1
        let url = line.split("GOVC_URL=").nth(1).and_then(|rest| rest.split(' ').next()).expect("has a URL");
        let address = url
            .rsplit('@')
            .next()
            .and_then(|rest| rest.split('/').find(|part| part.contains(':') && !part.ends_with(':')));
        let address = address.expect("has an address").to_owned();
        Self { _process: process, address }
    }

    /// A client of it, to be made.
    pub fn builder(&self) -> ClientBuilder {
        Client::builder(format!("https://{}", self.address))
            .credentials("user", secrecy::SecretString::from("pass"))
            .trust(Trust::Insecure)
    }

    /// A client that is logged in.
    ///
    /// # Panics
    ///
    /// When vcsim refuses.
    pub async fn connect(&self) -> Client {
        self.builder().connect().await.expect("vcsim lets user in")
    }
}
