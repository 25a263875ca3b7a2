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
                let simulator = Simulator::builder().model(model(flags)).start().await.expect("starts");
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
    let mut model = match flags.iter().any(|flag| flag == "-esx") {
        true => Model::esx(),
        false => Model::vcenter(),
    };
    let mut flags = flags.iter();
    while let Some(flag) = flags.next() {
        if flag == "-esx" {
            continue;
        }
        let value = flags.next().map(String::as_str).unwrap_or_default();
        model = set(model, flag, value);
    }
    model
}

fn set(model: Model, flag: &str, value: &str) -> Model {
    panic!("flag {flag} {value} of {model:?}")
}
