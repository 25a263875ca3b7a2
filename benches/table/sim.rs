//! vim-sim: how large it may be, how many it serves, and how fast it is beside vcsim.

use crate::row::{Plan, Row, thousands};
use crate::words::value;
use anyhow::{Context, Result, bail};
use benches::median;
use futures_util::future::join_all;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;
use tokio::runtime::Runtime;
use vim_client::Client;
use vim_client::mo::VirtualMachine;

/// Machines for the comparison with vcsim: more take it minutes.
const BESIDE: usize = 2_000;
const PATHS: [&str; 5] = ["config", "summary", "guest", "runtime", "name"];
const SESSIONS: usize = 500;

pub(crate) fn rows(plan: Plan) -> Result<Vec<Row>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let mut rows = large(plan, &runtime)?;
    rows.push(beside_vcsim(plan, &runtime)?);
    rows.push(changes(plan)?);
    Ok(rows)
}

/// A large inventory, and many sessions in it.
fn large(plan: Plan, runtime: &Runtime) -> Result<Vec<Row>> {
    let machines: u32 = if plan.quick { 2_000 } else { 40_000 };
    let (server, line) = Server::start(simulate(&["start", &machines.to_string()]), "url")?;
    let (seconds, peak) = (value::<f64>(&line, "seconds")?, value::<f64>(&line, "peak_mib")?);
    let begin = Instant::now();
    let counted = runtime.block_on(sessions(&server.url))?;
    let served = begin.elapsed().as_secs_f64();
    Ok(vec![
        Row::new(
            format!("vim-sim: start with {} VMs", thousands(f64::from(machines))),
            format!("{seconds:.1} s, {} MiB", thousands(peak)),
            "≤ 10 s, 4 GiB",
            seconds <= 10.0 && peak <= 4096.0,
        ),
        Row::new(
            format!("vim-sim: sessions open at once in it, each reading a VM ({served:.1} s)"),
            counted.to_string(),
            format!("≥ {SESSIONS}"),
            counted >= SESSIONS,
        ),
    ])
}

/// How many of the sessions were served, all being open together.
async fn sessions(url: &str) -> Result<usize> {
    let clients = join_all((0..SESSIONS).map(async |number| {
        let user = format!("user{number}");
        Client::builder(url).credentials(user, "pass").connect().await
    }));
    let clients = clients.await.into_iter().collect::<Result<Vec<_>, _>>()?;
    let Some(first) = clients.first() else { bail!("no session") };
    let machine = first.inventory("DC0").virtual_machine("DC0_C0_RP0_VM0").one().await?;
    let moref = machine.moref().clone();
    let read = join_all(clients.iter().map(async |client| {
        client.retrieve_paths::<VirtualMachine>(["name"]).objects([moref.clone()]).all().await
    }));
    let served = read.await.into_iter().filter(|read| read.as_ref().is_ok_and(|all| all.len() == 1)).count();
    for closed in join_all(clients.iter().map(Client::close)).await {
        closed?;
    }
    Ok(served)
}

/// All machines of the same inventory, read by the same client from both.
fn beside_vcsim(plan: Plan, runtime: &Runtime) -> Result<Row> {
    let (what, bar) = ("retrieve all VMs from vim-sim, against vcsim 0.56", "≥ 5 ×");
    let Some(program) = vcsim() else {
        return Ok(Row::absent(what, "bash tests/referee/build.sh tests/referee/bin", bar));
    };
    let machines = if plan.quick { 200 } else { BESIDE };
    let mut command = Command::new(program);
    command.args(["-l", "127.0.0.1:0", "-tls=false", "-standalone-host", "0", "-vm", &machines.to_string()]);
    let (theirs, _) = Server::start(command, "GOVC_URL")?;
    let (ours, _) = Server::start(simulate(&["start", &machines.to_string()]), "url")?;
    let (mut fast, mut slow) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds(3) {
        fast.push(runtime.block_on(retrieve(&ours.url, machines))?);
        slow.push(runtime.block_on(retrieve(&theirs.url, machines))?);
    }
    let (fast, slow) = (median(&mut fast), median(&mut slow));
    let ratio = slow / fast;
    let measured = format!("{ratio:.0} × ({fast:.2} and {slow:.2} s)");
    Ok(Row::new(format!("{what} ({})", thousands(machines as f64)), measured, bar, ratio >= 5.0))
}

async fn retrieve(url: &str, machines: usize) -> Result<f64> {
    let client = Client::builder(url).credentials("user", "pass").connect().await?;
    let begin = Instant::now();
    let all = client.retrieve_paths::<VirtualMachine>(PATHS).all().await?;
    let seconds = begin.elapsed().as_secs_f64();
    client.close().await?;
    if all.len() != machines {
        bail!("{url} has {} machines and not {machines}", all.len());
    }
    Ok(seconds)
}

/// The same changes in a small inventory and in a large one, by instructions.
fn changes(plan: Plan) -> Result<Row> {
    let (changed, many) = if plan.quick { (100, 1_000) } else { (1_000, 40_000) };
    let (changes, all) = (thousands(f64::from(changed)), thousands(f64::from(many)));
    let what = format!(
        "vim-sim: instructions to deliver {changes} changed VMs of {all}, against those of {changes}"
    );
    let bar = "≤ 1.3 ×";
    if Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_err() {
        return Ok(Row { measured: "there is no valgrind".to_owned(), ..Row::absent(what, "", bar) });
    }
    let few = f64::from(instructions(changed, changed)?);
    let many = f64::from(instructions(many, changed)?);
    let ratio = many / few;
    let measured = format!("{ratio:.2} × ({:.1} and {:.1} million)", many / 1e6, few / 1e6);
    Ok(Row::new(what, measured, bar, ratio <= 1.3))
}

fn instructions(machines: u32, changed: u32) -> Result<u32> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg("--toggle-collect=simulate::deliver")
        .arg(env!("CARGO_BIN_EXE_simulate"))
        .args(["changes", &machines.to_string(), &changed.to_string()])
        .output()?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("simulate failed under valgrind: {text}");
    }
    let counted = text.lines().find_map(|line| line.split_once("Collected :"));
    let (_, counted) = counted.with_context(|| format!("callgrind counted nothing: {text}"))?;
    Ok(counted.trim().parse()?)
}

fn simulate(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simulate"));
    command.args(arguments);
    command
}

/// vcsim, where it was built: named by `VCSIM`, or where CI puts it.
fn vcsim() -> Option<PathBuf> {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/referee/bin/vcsim");
    let program = std::env::var_os("VCSIM").map_or(built, PathBuf::from);
    program.is_file().then_some(program)
}

/// A server that ends when this is dropped.
struct Server {
    url: String,
    process: Child,
}

impl Server {
    /// Starts it, and reads the line in which it says its address after that word.
    fn start(mut command: Command, word: &str) -> Result<(Self, String)> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("the server has no output")?).read_line(&mut line)?;
        let url: String = value(&line, word)?;
        // Without the account in it, which vcsim writes there.
        let url = url.rsplit_once('@').map_or_else(|| url.clone(), |(_, rest)| format!("http://{rest}"));
        let server = Self { url, process };
        Ok((server, line))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
