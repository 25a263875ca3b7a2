//! The main job against a vCenter of its own: a machine is made of a template, gets an address, grows while it runs, is snapshot,
//! reverted, cloned and deleted. Needs nothing but Rust.
//!
//! `cargo run --example quickstart`
#![allow(clippy::print_stdout, reason = "an example talks to a person")]

use anyhow::{Context, bail};
use comfy_table::{Table, presets::UTF8_FULL_CONDENSED};
use examples::show;
use futures_util::StreamExt;
use std::pin::pin;
use std::time::{Duration, Instant};
use vim_client::mo::{Folder, VirtualMachine};
use vim_client::types::{
    VirtualMachineCloneSpec, VirtualMachineConfigSpec, VirtualMachinePowerState,
    VirtualMachineRelocateDiskMoveOptions, VirtualMachineRelocateSpec,
};
use vim_client::{Change, Client, ManagedObject, MoRef, Properties};
use vim_sim::Simulator;

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
    address: Option<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // Tasks and guests take some time, so that there is progress to be seen.
    let (task, boot) = (Duration::from_millis(300), Duration::from_millis(800));
    let simulator = Simulator::builder().task_time(task).boot_time(boot).start().await?;
    println!("A vCenter is simulated at {}.\n", simulator.url());
    let client = Client::builder(simulator.url()).credentials("user", "pass").connect().await?;
    // Boxed: the whole job is a large future.
    let done = Box::pin(job(&client)).await;
    client.close().await?;
    done
}

async fn job(client: &Client) -> anyhow::Result<()> {
    let start = Instant::now();
    let inventory = client.inventory("DC0");
    let pool = inventory.resource_pool("/DC0/host/DC0_C0/Resources").one().await?;
    let pool = Some(pool.handle().moref().clone());
    let folder = inventory.folder("/DC0/vm").one().await?;
    let template = inventory.virtual_machine("DC0_C0_RP0_VM0").one().await?;
    show("power off what becomes the template", template.power_off().await?).await?;
    template.mark_as_template().await?;

    // From the template, with hot-add on.
    let config = VirtualMachineConfigSpec {
        cpu_hot_add_enabled: Some(true),
        memory_hot_add_enabled: Some(true),
        memory_mb: Some(1024),
        ..Default::default()
    };
    let location = VirtualMachineRelocateSpec { pool: pool.clone(), ..Default::default() };
    let spec = VirtualMachineCloneSpec { location, config: Some(config), ..Default::default() };
    let vm = show("create from the template", template.clone_vm(&folder, "web", &spec).await?).await?;
    show("power on", vm.power_on().await?).await?;
    let address = wait_for_address(client, &vm).await?;
    println!("{:38} {address}", "the guest has the address");

    let more = VirtualMachineConfigSpec { num_cpus: Some(2), memory_mb: Some(2048), ..Default::default() };
    show("add a CPU and 1 GiB while it runs", vm.reconfigure(&more).await?).await?;
    let task = vm.create_snapshot("good", true, false).description("2 CPUs, running").await?;
    let snapshot = show("snapshot with memory", task).await?;
    let note = VirtualMachineConfigSpec { annotation: Some("a mistake".into()), ..Default::default() };
    show("make a mistake", vm.reconfigure(&note).await?).await?;
    show("revert to the snapshot", snapshot.revert().await?).await?;

    // Shares the snapshot's disks.
    let location = VirtualMachineRelocateSpec {
        pool,
        disk_move_type: Some(
            VirtualMachineRelocateDiskMoveOptions::CREATE_NEW_CHILD_DISK_BACKING.to_string(),
        ),
        ..Default::default()
    };
    let spec = VirtualMachineCloneSpec {
        location,
        snapshot: Some(snapshot.handle().moref().clone()),
        ..Default::default()
    };
    let linked = show("linked clone", vm.clone_vm(&folder, "web-linked", &spec).await?).await?;
    summary(client, [&*template, &vm, &linked].map(|vm| vm.handle().moref().clone())).await?;

    show("delete the linked clone", linked.destroy().await?).await?;
    show("power off", vm.power_off().await?).await?;
    show("delete", vm.destroy().await?).await?;
    left(&folder, client).await?;
    println!("\nAll of it took {:.1} s.", start.elapsed().as_secs_f64());
    Ok(())
}

/// Follows the machine until its guest has an address.
async fn wait_for_address(client: &Client, vm: &VirtualMachine) -> anyhow::Result<String> {
    let mut changes = pin!(client.watch::<Vm>().objects([vm.handle().moref().clone()]).stream());
    while let Some(change) = changes.next().await {
        if let Change::Init(vm) | Change::Applied(vm) = change?
            && let Some(address) = &vm.address
        {
            return Ok(address.clone());
        }
    }
    bail!("the watch ended before the guest had an address")
}

async fn summary(client: &Client, vms: impl IntoIterator<Item = MoRef>) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_preset(UTF8_FULL_CONDENSED).set_header(["VM", "power", "CPUs", "MiB", "address"]);
    let number = |number: Option<i32>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    for vm in client.retrieve::<Vm>().objects(vms).all().await? {
        let address = vm.address.clone().unwrap_or_else(|| "-".to_owned());
        table.add_row([
            vm.name.clone(),
            vm.power.to_string(),
            number(vm.cpus),
            number(vm.memory_mib),
            address,
        ]);
    }
    println!("\n{table}\n");
    Ok(())
}

async fn left(folder: &Folder, client: &Client) -> anyhow::Result<()> {
    let vms = client.retrieve::<Vm>().below(folder).all().await.context("the rest is listed")?;
    println!("{:38} {} virtual machines and a template", "what is left", vms.len().saturating_sub(1));
    Ok(())
}
