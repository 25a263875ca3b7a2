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

/// How the server behaves. It looks for changes as vcsim does: without that a wake-up would be a matter of how fast this
/// machine switches between threads, and no number of requests below that of the tasks could keep up with it.
const TIMES: Times = Times {
    task: Duration::from_millis(300),
    spread: Duration::from_millis(300),
    look: Duration::from_millis(20),
};

/// What awaiting many tasks came to.
struct Many {
    requests: usize,
    wakes: Vec<f64>,
}

pub(crate) fn rows(plan: Plan) -> Result<Vec<Row>> {
    let server = Server::start(TIMES)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let (mut single, mut many, mut requests) = (Vec::new(), Vec::new(), 0);
    for _ in 0..plan.rounds(3) {
        single.extend(runtime.block_on(one_by_one(&server, if plan.quick { 3 } else { SINGLE }))?);
        let all = runtime.block_on(at_once(&server))?;
        many.extend(all.wakes);
        requests = requests.max(all.requests);
    }
    let (single, many) = (median(&mut single), median(&mut many));
    let ratio = many / single;
    Ok(vec![
        Row::new(
            "HTTP requests for 500 power tasks at once, awaited",
            format!("500 + {}", requests.saturating_sub(MANY)),
            "≤ 500 + 40",
            requests <= MANY + 40,
        ),
        Row::new(
            "median wake-up of these, against a single task's",
            format!("{ratio:.2} × ({:.1} and {:.1} ms)", many * 1e3, single * 1e3),
            "≤ 1.5 ×",
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
    let _ = server.take_calls();
    let mut running = JoinSet::new();
    for number in 0..MANY {
        let (server, client) = (server.clone(), client.clone());
        running.spawn(async move { wake_up(&server, &client, number).await });
    }
    let mut wakes = Vec::new();
    while let Some(wake) = running.join_next().await {
        wakes.push(wake??);
    }
    let requests = server.take_calls().values().sum();
    client.close().await?;
    Ok(Many { requests, wakes })
}
