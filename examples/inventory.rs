//! Lists an inventory: streams typed rows of every host, datastore and virtual machine.
//!
//! `VSPHERE_URL=… VSPHERE_USERNAME=… VSPHERE_PASSWORD=… cargo run --example inventory`
#![allow(clippy::print_stdout, reason = "an example talks to a person")]

use futures_util::StreamExt;
use std::pin::pin;
use vim_client::mo::{Datastore, HostSystem, VirtualMachine};
use vim_client::types::{HostSystemConnectionState, VirtualMachinePowerState};
use vim_client::{Client, Error, ManagedObject, Object, Properties, Row};

#[derive(Properties)]
#[properties(of = HostSystem)]
struct Host {
    name: String,
    #[property("runtime.connectionState")]
    connection: HostSystemConnectionState,
    #[property("summary.hardware.numCpuCores")]
    cores: Option<i16>,
    #[property("summary.hardware.memorySize")]
    memory_bytes: Option<i64>,
}

#[derive(Properties)]
#[properties(of = Datastore)]
struct Store {
    name: String,
    #[property("summary.capacity")]
    capacity_bytes: i64,
    #[property("summary.freeSpace")]
    free_bytes: i64,
}

#[derive(Properties)]
#[properties(of = VirtualMachine)]
struct Vm {
    name: String,
    #[property("runtime.powerState")]
    power: VirtualMachinePowerState,
    #[property("config.hardware.numCPU")]
    cpus: Option<i32>,
    #[property("config.hardware.memoryMB")]
    memory_mib: Option<i32>,
    #[property("guest.ipAddress")]
    ip: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let client = examples::connect().await?;
    let listed = list(&client).await;
    client.close().await?;
    listed
}

async fn list(client: &Client) -> anyhow::Result<()> {
    const GIB: i64 = 1 << 30;
    let about = client.about().await?;
    println!("{} (API {})", about.full_name, about.api_version);

    println!("\n{:32} {:14} {:>6} {:>12}", "HOST", "STATE", "CORES", "MEMORY GIB");
    let mut hosts = pin!(client.retrieve::<Host>().stream());
    while let Some(host) = hosts.next().await {
        let Some(host) = readable(host)? else { continue };
        let memory = host.memory_bytes.unwrap_or(0) / GIB;
        println!("{:32} {:14} {:>6} {:>12}", host.name, host.connection, host.cores.unwrap_or(0), memory);
    }

    println!("\n{:32} {:>14} {:>12}", "DATASTORE", "CAPACITY GIB", "FREE GIB");
    let mut stores = pin!(client.retrieve::<Store>().stream());
    while let Some(store) = stores.next().await {
        let Some(store) = readable(store)? else { continue };
        println!("{:32} {:>14} {:>12}", store.name, store.capacity_bytes / GIB, store.free_bytes / GIB);
    }

    println!("\n{:32} {:12} {:>5} {:>10} ADDRESS", "VIRTUAL MACHINE", "POWER", "CPUS", "MEMORY MIB");
    let mut count = 0;
    let mut vms = pin!(client.retrieve::<Vm>().stream());
    while let Some(vm) = vms.next().await {
        let Some(vm) = readable(vm)? else { continue };
        count += 1;
        let (cpus, memory) = (vm.cpus.unwrap_or(0), vm.memory_mib.unwrap_or(0));
        println!("{:32} {:12} {cpus:>5} {memory:>10} {}", vm.name, vm.power, vm.ip.as_deref().unwrap_or("-"));
    }
    println!("\n{count} virtual machines");
    Ok(())
}

/// An object that vanished or may not be read is said, and does not end the listing; what ends the listing itself is an error.
fn readable<R: Row>(object: Result<Object<R>, Error>) -> Result<Option<Object<R>>, Error> {
    match object {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.object().is_some_and(|object| object.kind() == R::Object::KIND) => {
            println!("(not readable: {error})");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
