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

/// The requests that awaiting many tasks may take beyond the ones that start them.
const EXTRA: usize = 40;

/// What awaiting many tasks came to.
struct Many {
    requests: usize,
    wakes: Vec<f64>,
}

pub(crate) fn rows(plan: Plan) -> Result<Vec<Row>> {
    let times = Times {
        task: Duration::from_millis(300),
        spread: Duration::from_millis(300),
        look: Duration::from_millis(20),
    };
    let server = Server::start(times)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (mut ratios, mut requests, mut singles, mut manies) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds(5) {
        let single = median(&mut runtime.block_on(one_by_one(&server, if plan.quick { 5 } else { SINGLE }))?);
        let mut all = runtime.block_on(at_once(&server))?;
        let many = median(&mut all.wakes);
        requests.push(all.requests as f64);
        ratios.push(many / single);
        singles.push(single * 1e3);
        manies.push(many * 1e3);
    }
    let (requests, ratio) = (median(&mut requests), median(&mut ratios));
    let limit = (MANY + EXTRA) as f64;
    Ok(vec![
        Row::new(
            format!("HTTP requests for {MANY} power tasks at once, awaited"),
            format!("{requests:.0}"),
            format!("≤ {limit:.0}"),
            requests <= limit,
        ),
        Row::new(
            format!("median wake-up of {MANY} tasks at once against that of one at a time"),
            format!("{ratio:.2} times ({:.1} ms, {:.1} ms)", median(&mut manies), median(&mut singles)),
            "≤ 1.5 times",
            ratio <= 1.5,
        ),
    ])
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
    // What came before does not count, the login included.
    let _ = server.take_calls();
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
    Ok(Many { requests: calls.values().sum(), wakes })
}
