//! Our client as a program like the peers' (see `peers/README.md`): decodes a captured answer, or retrieves from a server.
//!
//! ```text
//! ours decode FILE N                   decode FILE in memory N times, print the median
//! ours retrieve URL N [THUMBPRINT]     retrieve all virtual machines N times, print objects a second and the memory it took
//! ```
//!
//! Without a thumbprint any certificate is taken, as by the peers.
#![expect(clippy::print_stdout, reason = "a program that prints figures")]

use anyhow::{Context, Result, anyhow};
use benches::allocations::{self, Counting};
use benches::machine::{Machine, rows};
use benches::{median, memory, timed};
use futures_util::TryStreamExt;
use std::hint::black_box;
use std::pin::pin;
use std::time::Instant;
use vim_client::{Client, Trust};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["decode", file, count] => decode(file, count.parse()?),
        ["retrieve", url, count] => run(retrieve(url, count.parse()?, Trust::Insecure)),
        ["retrieve", url, count, thumbprint] => {
            run(retrieve(url, count.parse()?, Trust::Thumbprint(thumbprint.to_owned())))
        }
        _ => Err(anyhow!("usage: ours decode FILE N | retrieve URL N [THUMBPRINT]")),
    }
}

fn run(work: impl Future<Output = Result<()>>) -> Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

fn decode(file: &str, count: usize) -> Result<()> {
    let text = std::fs::read(file).with_context(|| file.to_owned())?;
    let mut seconds = Vec::new();
    for _ in 0..count {
        let (machines, took) = timed(|| rows::<Machine>(&text));
        machines?;
        seconds.push(took.as_secs_f64());
    }
    let (machines, allocations) = allocations::count(|| rows::<Machine>(&text));
    let machines = machines?.len();
    let median = median(&mut seconds);
    println!(
        "peer=ours mode=decode objects={machines} mb_per_s={:.1} objects_per_s={:.0} allocs_per_object={:.0}",
        text.len() as f64 / median / 1e6,
        machines as f64 / median,
        allocations as f64 / machines.max(1) as f64,
    );
    Ok(())
}

/// A stream of rows, each dropped when it has been seen: what the client offers for large inventories. Logging in is not counted.
async fn retrieve(url: &str, count: usize, trust: Trust) -> Result<()> {
    let client = Client::builder(url).credentials("user", "pass").trust(trust).connect().await?;
    let before = memory::resident()?;
    let mut seconds = Vec::new();
    let mut machines = 0;
    let mut peak = None;
    for _ in 0..count {
        let start = Instant::now();
        machines = 0;
        let mut stream = pin!(client.retrieve::<Machine>().stream());
        while let Some(machine) = stream.try_next().await? {
            black_box(&machine);
            machines += 1;
        }
        seconds.push(start.elapsed().as_secs_f64());
        // The peak of the first round: later ones add what the allocator kept.
        if peak.is_none() {
            peak = Some(memory::peak()?);
        }
    }
    client.close().await?;
    println!(
        "peer=ours mode=retrieve objects={machines} objects_per_s={:.0} peak_rss_mb={:.1}",
        f64::from(machines) / median(&mut seconds),
        peak.unwrap_or(before).saturating_sub(before) as f64 / 1e6,
    );
    Ok(())
}
