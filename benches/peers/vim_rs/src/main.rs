//! vim_rs as a benchmark peer: decodes a captured answer, or retrieves from a server.
//!
//! ```text
//! vim_rs_peer decode FILE N      decode FILE in memory N times, print the median
//! vim_rs_peer retrieve URL N     retrieve all virtual machines N times, print objects a second and the memory it took
//! ```

use std::error::Error;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use vim_rs::core::client::{Client, ClientBuilder, TransportMode};
use vim_rs::core::pc_retrieve::ObjectRetriever;
use vim_rs::types::structs::RetrieveResult;
use vim_rs::vim_retrievable;
use vim_rs::xml::soap::vim_response;

vim_retrievable!(
    struct Vm: VirtualMachine {
        name = "name",
        config = "config",
        summary = "summary",
        guest = "guest",
        runtime = "runtime",
    }
);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["decode", file, count] => decode(file, count.parse()?),
        ["retrieve", url, count] => retrieve(url, count.parse()?).await,
        _ => Err("usage: vim_rs_peer decode FILE N | retrieve URL N".into()),
    }
}

/// The same call that vim_rs's SOAP client makes on a response's text.
fn decode(file: &str, count: usize) -> Result<()> {
    let text = std::fs::read_to_string(file)?;
    let mut seconds = Vec::new();
    let mut objects = 0;
    for _ in 0..count {
        let start = Instant::now();
        let answer: RetrieveResult = vim_response(&text).map_err(|_| "vim_rs cannot decode this answer")?;
        seconds.push(start.elapsed().as_secs_f64());
        // Dropping is not counted, as it is not for the other peers.
        objects = black_box(answer).objects.len();
    }
    let median = median(&mut seconds);
    println!(
        "peer=vim_rs mode=decode objects={objects} mb_per_s={:.1} objects_per_s={:.0}",
        text.len() as f64 / median / 1e6,
        objects as f64 / median
    );
    Ok(())
}

/// A vector of rows, as vim_rs offers it; it pages by 100 by itself. Logging in is not counted.
async fn retrieve(url: &str, count: usize) -> Result<()> {
    // vim_rs writes `https://` before the address and `/sdk` behind it by itself.
    let address = url.strip_prefix("https://").ok_or("vim_rs speaks https only")?;
    let address = address.strip_suffix("/sdk").unwrap_or(address);
    let client = ClientBuilder::new(address)
        .basic_authn("user", "pass")
        .app_details("peer", "0.1")
        .insecure(true)
        .transport(TransportMode::Soap)
        .build()
        .await?;
    let before = resident("VmRSS:")?;
    let mut seconds = Vec::new();
    let mut objects = 0;
    let mut peak = None;
    for _ in 0..count {
        let start = Instant::now();
        let machines = machines(&client).await?;
        seconds.push(start.elapsed().as_secs_f64());
        // The peak of the first round: later ones add what the allocator kept.
        if peak.is_none() {
            peak = Some(resident("VmHWM:")?);
        }
        objects = black_box(machines).len();
    }
    client.close().await?;
    println!(
        "peer=vim_rs mode=retrieve objects={objects} objects_per_s={:.0} peak_rss_mb={:.1}",
        objects as f64 / median(&mut seconds),
        peak.unwrap_or(before).saturating_sub(before) as f64 / 1e3
    );
    Ok(())
}

async fn machines(client: &Arc<Client>) -> Result<Vec<Vm>> {
    let retriever = ObjectRetriever::new(client.clone())?;
    Ok(retriever.retrieve_objects_from_container(&client.service_content().root_folder).await?)
}

/// One line of /proc/self/status, in kB.
fn resident(line: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let value = status.lines().find_map(|found| found.strip_prefix(line)).ok_or("no such line in status")?;
    Ok(value.trim().trim_end_matches("kB").trim().parse()?)
}

fn median(seconds: &mut [f64]) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}
