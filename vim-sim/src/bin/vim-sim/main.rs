//! A vCenter or ESXi host to develop and test against, on the command line: `vim-sim --help`.

mod args;
mod load;

use args::Args;
use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use vim_sim::Simulator;

type Result<T, E = Box<dyn Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let args = Args::read(std::env::args_os());
    match run(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = format!("vim-sim: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                text.push_str(&format!(": {cause}"));
                source = cause.source();
            }
            drop(writeln!(std::io::stderr(), "{text}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: &Args) -> Result<()> {
    if args.trace {
        let level = tracing_subscriber::filter::LevelFilter::DEBUG;
        tracing_subscriber::fmt().with_max_level(level).with_writer(std::io::stderr).init();
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut stop = Stop::new()?;
        let simulator = args.builder()?.start().await?;
        tell(args, &simulator)?;
        stop.wait().await;
        drop(simulator);
        Ok(())
    })
}

/// Tells where the simulator is, in the words that vcsim's users evaluate in their shells.
fn tell(args: &Args, simulator: &Simulator) -> Result<()> {
    if let Some(path) = &args.ca {
        let ca = simulator.ca_pem().ok_or("--ca: without TLS there is no certificate authority")?;
        write(path, ca)?;
    }
    let url = simulator.url().replacen("://", &format!("://{}@", args.credentials()), 1);
    let line = format!("export GOVC_URL={url} GOVC_SIM_PID={}\n", std::process::id());
    match &args.env {
        Some(path) if path != Path::new("-") => {
            write(path, &line)?;
            writeln!(std::io::stdout(), "{}", simulator.url())?;
        }
        _ => std::io::stdout().write_all(line.as_bytes())?,
    }
    Ok(std::io::stdout().flush()?)
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).map_err(|error| format!("cannot write {}: {error}", path.display()).into())
}

/// Being asked to stop: Ctrl-C, or SIGTERM.
struct Stop {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Stop {
    fn new() -> Result<Self> {
        Ok(Self {
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?,
        })
    }

    async fn wait(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
