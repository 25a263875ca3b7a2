//! `replay CAPTURE [--objects N] [--page N] [--http PORT] [--https PORT]` serves CAPTURE's virtual machines on 127.0.0.1
//! until it is killed, and prints where.
//!
//! | flag | meaning | default |
//! |---|---|---|
//! | `--objects` | number of machines; those of the capture are repeated under new names | 10000 |
//! | `--page` | objects a page where the client states no maxObjects | 100 |
//! | `--http`, `--https` | ports; 0 takes a free one | 0 |
#![expect(clippy::print_stdout, reason = "a program that tells where it listens")]

use std::error::Error;

use replay::{Inventory, Replay};

struct Options {
    capture: String,
    objects: usize,
    page: usize,
    http: u16,
    https: u16,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = options(std::env::args().skip(1))?;
    let capture = std::fs::read_to_string(&options.capture)?;
    let inventory = Inventory::from_capture(&capture, options.objects)?;
    drop(capture);
    // The listing of the comparison is made before the first client comes.
    inventory.listing(Some(&["config", "summary", "guest", "runtime", "name"]));
    let service = Replay { inventory, page: options.page };
    let endpoints = replay::start(service, options.http, options.https).await?;
    println!("http=http://{}/sdk", endpoints.http);
    println!("https=https://{}/sdk", endpoints.https);
    println!("sha256={}", endpoints.thumbprint);
    std::future::pending().await
}

fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, Box<dyn Error>> {
    let mut options = Options { capture: String::new(), objects: 10_000, page: 100, http: 0, https: 0 };
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--objects" => options.objects = value()?.parse()?,
            "--page" => options.page = value()?.parse()?,
            "--http" => options.http = value()?.parse()?,
            "--https" => options.https = value()?.parse()?,
            flag if flag.starts_with('-') => return Err(format!("unknown flag {flag}").into()),
            _ => options.capture = argument,
        }
    }
    if options.capture.is_empty() {
        return Err("usage: replay CAPTURE [--objects N] [--page N] [--http PORT] [--https PORT]".into());
    }
    Ok(options)
}
