//! `serve CAPTURE|- MACHINES` serves a capture, or the benchmark's own, until its standard input ends.
//!
//! A process of its own, so that neither its time nor its memory is the client's.
#![expect(clippy::print_stdout, reason = "a program that tells where it listens")]

use anyhow::{Context, Result, anyhow};
use benches::capture::{self, Writer};
use replay::{Inventory, Replay};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(file), Some(machines)) = (arguments.next(), arguments.next()) else {
        return Err(anyhow!("usage: serve CAPTURE|- MACHINES"));
    };
    let text = match file.as_str() {
        "-" => capture::answer(10, Writer::Vcenter)?,
        file => std::fs::read_to_string(file).with_context(|| file.to_owned())?,
    };
    let inventory = Inventory::from_capture(&text, machines.parse()?).map_err(|error| anyhow!("{error}"))?;
    drop(text);
    // Made before the first client comes.
    inventory.listing(Some(&capture::PATHS));
    let replay = Replay { inventory, page: 100 };
    let endpoints = replay::start(replay, 0, 0).await.map_err(|error| anyhow!("{error}"))?;
    println!(
        "http=http://{}/sdk https=https://{}/sdk sha256={}",
        endpoints.http, endpoints.https, endpoints.thumbprint
    );
    // Whoever started this holds the other end, so that no server is left behind whatever becomes of them.
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    Ok(())
}
