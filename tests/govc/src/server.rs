//! The two servers, started with the same flags.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use vcsim_tests::Vcsim;
use vim_sim::{Model, Simulator};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The referee.
    Vcsim,
    /// Ours.
    VimSim,
}

/// A server, and the folder in which its govc runs. Both end when this is dropped.
#[derive(Debug)]
pub struct Server {
    _running: Running,
    /// Its address, with an account.
    pub url: String,
    /// The folder: files of the scenario, and `.govmomi` with the session that govc keeps.
    pub folder: PathBuf,
}

#[derive(Debug)]
enum Running {
    Vcsim { _process: Vcsim },
    VimSim { _simulator: Simulator },
}

static FOLDERS: AtomicU32 = AtomicU32::new(0);

impl Server {
    /// Starts one. Neither speaks TLS.
    ///
    /// # Panics
    ///
    /// When it does not start, or a flag is unknown.
    pub async fn start(kind: Kind, flags: &[String]) -> Self {
        let (running, url) = match kind {
            Kind::Vcsim => {
                let mut all = vec!["-tls=false"];
                all.extend(flags.iter().map(String::as_str));
                let vcsim = Vcsim::start(&all).await;
                let url = format!("http://user:pass@{}/sdk", vcsim.address);
                (Running::Vcsim { _process: vcsim }, url)
            }
            Kind::VimSim => {
                let mut builder = Simulator::builder().model(model(flags));
                if let (Some(user), Some(password)) = (value(flags, "-username"), value(flags, "-password")) {
                    builder = builder.account(user, password);
                }
                let simulator = builder.start().await.expect("starts");
                let url = simulator.url().replace("://", "://user:pass@");
                (Running::VimSim { _simulator: simulator }, url)
            }
        };
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("vim-sim-govc-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("there is a folder for files");
        Self { _running: running, url, folder }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // What is left behind lies in the machine's folder for such things.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The model that vcsim's flags describe.
fn model(flags: &[String]) -> Model {
    let mut model = if flags.iter().any(|flag| flag == "-esx") { Model::esx() } else { Model::vcenter() };
    let mut flags = flags.iter().map(String::as_str);
    while let Some(flag) = flags.next() {
        let mut number = || flags.next().and_then(|value| value.parse().ok()).expect("a flag has a number");
        model = match flag {
            "-esx" => model,
            "-autostart=false" => model.autostart(false),
            "-username" | "-password" => {
                flags.next();
                model
            }
            "-dc" => model.datacenters(number()),
            "-cluster" => model.clusters(number()),
            "-host" => model.hosts(number()),
            "-standalone-host" => model.standalone_hosts(number()),
            "-pool" => model.resource_pools(number()),
            "-vm" => model.vms(number()),
            "-ds" => model.datastores(number()),
            "-pg" => model.portgroups(number()),
            "-pg-nsx" => model.nsx_portgroups(number()),
            "-nsx" => model.opaque_networks(number()),
            "-pod" => model.pods(number()),
            "-folder" => model.folders(number()),
            "-app" => model.apps(number()),
            other => panic!("what is {other}?"),
        };
    }
    model
}

/// The value of a flag.
fn value<'a>(flags: &'a [String], name: &str) -> Option<&'a str> {
    let at = flags.iter().position(|flag| flag == name)?;
    flags.get(at + 1).map(String::as_str)
}
