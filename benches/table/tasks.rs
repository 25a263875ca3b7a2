//! Tasks: how many requests it takes to await many, and how soon their awaiters know.

use crate::row::{Plan, Row};
use anyhow::{Context, Result};
use benches::median;
use benches::tasks::{Server, Times};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use vim_client::mo::VirtualMachine;
use vim_client::{Client, MoRef};

/// Tasks at once.
const MANY: usize = 500;
/// Tasks one after the other.
const SINGLE: usize = 30;

/// What awaiting many tasks came to.
struct Many {
    requests: usize,
    polls: usize,
    changes: usize,
    wakes: Vec<f64>,
}

pub(crate) fn rows(plan: Plan) -> Result<Vec<Row>> {
    let times = Times {
        task: Duration::from_millis(env("TASK_MS", 300)),
        spread: Duration::from_millis(env("SPREAD_MS", 300)),
        look: Duration::from_millis(env("LOOK_MS", 20)),
    };
    let server = Server::start(times)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (mut single, mut many) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds(5) {
        single.push(median(&mut runtime.block_on(one_by_one(&server, if plan.quick { 5 } else { SINGLE }))?));
        let mut all = runtime.block_on(at_once(&server))?;
        eprintln!(
            "single {:.2} ms; many: {} requests, {} polls, {} changes, median {:.2} ms, p90 {:.2}, max {:.2}",
            single[single.len() - 1] * 1e3,
            all.requests,
            all.polls,
            all.changes,
            median(&mut all.wakes) * 1e3,
            all.wakes[all.wakes.len() * 9 / 10] * 1e3,
            all.wakes[all.wakes.len() - 1] * 1e3
        );
        many.push(all);
    }
    Ok(Vec::new())
}

fn env(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(default)
}

async fn connect(server: &Server) -> Result<Client> {
    Ok(Client::builder(&server.url).credentials("user", "pass").connect().await?)
}

/// Powers a machine on and returns the seconds from the task's end on the server until this knew of it.
async fn wake_up(server: &Server, client: &Client, number: usize) -> Result<f64> {
    let machine: VirtualMachine = client.object(MoRef::new("VirtualMachine", format!("vm-{number}")));
    let task = machine.power_on().await?;
    let name = task.moref().value().to_owned();
    task.await?;
    let known = Instant::now();
    let ended = server.ended(&name).context("a task was awaited that has not ended")?;
    Ok(known.saturating_duration_since(ended).as_secs_f64())
}

async fn one_by_one(server: &Server, count: usize) -> Result<Vec<f64>> {
    let client = connect(server).await?;
    let mut wakes = Vec::new();
    for number in 0..count {
        wakes.push(wake_up(server, &client, number).await?);
    }
    client.close().await?;
    Ok(wakes)
}

async fn at_once(server: &Server) -> Result<Many> {
    let client = connect(server).await?;
    server.take_calls();
    let mut wakes = Vec::new();
    let mut running = JoinSet::new();
    let shared = std::sync::Arc::new(server.clone());
    for number in 0..MANY {
        let (server, client) = (shared.clone(), client.clone());
        running.spawn(async move { wake_up(&server, &client, number).await });
    }
    while let Some(wake) = running.join_next().await {
        wakes.push(wake??);
    }
    let calls = server.take_calls();
    client.close().await?;
    let of = |method: &str| calls.get(method).copied().unwrap_or(0);
    Ok(Many {
        requests: calls.values().sum(),
        polls: of("WaitForUpdatesEx"),
        changes: of("ModifyListView"),
        wakes,
    })
}
