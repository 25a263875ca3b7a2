//! From a server to rows: client and server in processes of their own.

use crate::row::{Plan, Row, thousands};
use crate::words::value;
use anyhow::{Context, Result, bail};
use benches::median;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) fn rows(plan: Plan) -> Result<Vec<Row>> {
    let machines = if plan.quick { 1_000 } else { 10_000 };
    let server = Server::start(machines)?;
    let (mut secure, mut plain, mut peaks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..plan.rounds(3) {
        for (speeds, target) in [
            (&mut secure, [server.https.as_str(), "3", server.thumbprint.as_str()]),
            (&mut plain, [server.http.as_str(), "3", server.thumbprint.as_str()]),
        ] {
            let line = ours(&target)?;
            if value::<f64>(&line, "objects")? != machines as f64 {
                bail!("not all machines were retrieved: {line}");
            }
            speeds.push(value::<f64>(&line, "objects_per_s")?);
            peaks.push(value::<f64>(&line, "peak_rss_mb")?);
        }
    }
    let peak = peaks.into_iter().fold(0.0, f64::max) * 1e6 / f64::from(1 << 20);
    let speeds =
        format!("{} VMs/s ({} without TLS)", thousands(median(&mut secure)), thousands(median(&mut plain)));
    let machines = thousands(machines as f64);
    Ok(vec![
        Row {
            what: format!("retrieve {machines} VMs over HTTPS"),
            measured: speeds,
            bar: String::new(),
            met: None,
        },
        Row::new(
            format!("memory to retrieve {machines} VMs, above the idle process"),
            format!("{peak:.0} MiB"),
            "≤ 64 MiB",
            peak <= 64.0,
        ),
    ])
}

fn ours(arguments: &[&str]) -> Result<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_ours"))
        .arg("retrieve")
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        bail!("`ours` failed: {}", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The replay server. It ends with its standard input.
struct Server {
    http: String,
    https: String,
    thumbprint: String,
    process: Child,
}

impl Server {
    fn start(machines: usize) -> Result<Self> {
        let capture = std::env::var("CAPTURE").unwrap_or_else(|_| "-".to_owned());
        let mut process = Command::new(env!("CARGO_BIN_EXE_serve"))
            .args([&capture, &machines.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().context("the server has no output")?).read_line(&mut line)?;
        Ok(Self {
            http: value(&line, "http")?,
            https: value(&line, "https")?,
            thumbprint: value(&line, "sha256")?,
            process,
        })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
