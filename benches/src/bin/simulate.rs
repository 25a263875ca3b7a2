//! vim-sim as the table measures it, in a process of its own.
//!
//! `simulate start VMS` prints how long the start took, what memory it came to and the address, and serves until its standard
//! input ends. `simulate changes VMS CHANGED` changes so many machines and has the changes delivered, on one thread: callgrind
//! counts the instructions of [`deliver`].
#![expect(clippy::print_stdout, reason = "a program that prints figures")]

use anyhow::{Context, Result, bail};
use benches::memory;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::time::Instant;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use vim_client::mo::{PropertyCollector, VirtualMachine};
use vim_client::types::{
    ObjectSpec, ObjectUpdateKind, PropertyFilterSpec, PropertySpec, TraversalSpec, UpdateSet,
    VirtualMachineConfigSpec, WaitOptions,
};
use vim_client::{Client, ContainerView, MoRef};
use vim_sim::{Model, Simulator};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["start", machines] => start(machines.parse()?),
        ["changes", machines, changed] => changes(machines.parse()?, changed.parse()?),
        _ => bail!("usage: simulate start VMS | simulate changes VMS CHANGED"),
    }
}

/// As many machines as are asked for, in clusters of ten hosts as large as clusters come.
fn model(machines: usize) -> Model {
    let clusters = machines.div_ceil(1_000);
    Model::vcenter().standalone_hosts(0).clusters(clusters).hosts(10).vms(machines / clusters)
}

fn start(machines: usize) -> Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let begin = Instant::now();
    let simulator = runtime.block_on(Simulator::builder().model(model(machines)).start())?;
    let seconds = begin.elapsed().as_secs_f64();
    println!("seconds={seconds:.3} peak_mib={} url={}", memory::peak()? >> 20, simulator.url());
    std::io::stdout().flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn changes(machines: usize, changed: usize) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let simulator = runtime.block_on(Simulator::builder().model(model(machines)).start())?;
    let mut updates = runtime.block_on(Updates::begin(simulator.url()))?;
    let all = updates.seen.len();
    if all != machines {
        bail!("{all} machines were told of, not {machines}");
    }
    runtime.block_on(change(simulator.url(), updates.seen.iter().take(changed)))?;
    updates.seen.clear();
    deliver(&runtime, &mut updates, changed)?;
    println!("changed={}", updates.seen.len());
    Ok(())
}

/// What is counted: the changes from the simulator's journal to values at the client.
#[inline(never)]
fn deliver(runtime: &Runtime, updates: &mut Updates, changed: usize) -> Result<()> {
    runtime.block_on(async {
        while updates.seen.len() < changed {
            updates.next().await?;
        }
        Ok(())
    })
}

/// A property filter over all machines, and what it has told of.
struct Updates {
    collector: PropertyCollector,
    version: String,
    seen: HashSet<MoRef>,
    _view: ContainerView,
}

impl Updates {
    async fn begin(url: &str) -> Result<Self> {
        let client = Client::builder(url).credentials("user", "pass").connect().await?;
        let content = client.service_content().await?;
        let kinds = ["VirtualMachine".to_owned()];
        let view = ContainerView::create(&client, &content.root_folder, &kinds, true).await?;
        let collector: PropertyCollector = client.object(content.property_collector.clone());
        let through =
            TraversalSpec { r#type: "ContainerView".into(), path: "view".into(), ..Default::default() };
        let filter = PropertyFilterSpec {
            prop_set: vec![PropertySpec {
                r#type: "VirtualMachine".into(),
                path_set: vec!["name".into(), "config.annotation".into()],
                ..Default::default()
            }],
            object_set: vec![ObjectSpec {
                obj: view.moref().clone(),
                skip: Some(true),
                select_set: vec![through.into()],
            }],
            ..Default::default()
        };
        collector.create_filter(&filter, false).await?;
        let mut updates = Self { collector, version: String::new(), seen: HashSet::new(), _view: view };
        while updates.next().await? {}
        Ok(updates)
    }

    /// Takes in what is new; whether there is more already.
    async fn next(&mut self) -> Result<bool> {
        let options = WaitOptions { max_wait_seconds: Some(0), ..Default::default() };
        let mut call = self.collector.wait_for_updates_ex().options(&options);
        if !self.version.is_empty() {
            call = call.version(&self.version);
        }
        let update: Option<UpdateSet> = call.await?;
        let update = update.context("nothing was delivered")?;
        for object in update.filter_set.iter().flat_map(|filter| &filter.object_set) {
            if object.kind != ObjectUpdateKind::LEAVE {
                self.seen.insert(object.obj.clone());
            }
        }
        self.version = update.version;
        Ok(update.truncated == Some(true))
    }
}

/// Changes those machines, over a session of its own.
async fn change(url: &str, machines: impl Iterator<Item = &MoRef>) -> Result<()> {
    let client = Client::builder(url).credentials("user", "pass").connect().await?;
    let mut running = JoinSet::new();
    for machine in machines {
        let machine: VirtualMachine = client.object(machine.clone());
        running.spawn(async move {
            let spec = VirtualMachineConfigSpec { annotation: Some("changed".into()), ..Default::default() };
            machine.reconfigure(&spec).await?.await
        });
    }
    while let Some(changed) = running.join_next().await {
        changed??;
    }
    client.close().await?;
    Ok(())
}
