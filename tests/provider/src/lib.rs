//! What the provider's tests share.

#![allow(clippy::expect_used, reason = "a test that cannot go on says where")]

use std::collections::HashMap;
use vim_client::types::{OptionValue, VirtualMachineConfigSpec};
use vim_client::{Any, Client, ManagedObject, mo::VirtualMachine};
use vim_sim::Simulator;
use virtrigaud_vsphere::provider::MachineId;
use virtrigaud_vsphere::{Defaults, VsphereProvider};

/// A new provider with a session of its own, as a process that starts has.
pub async fn provider(simulator: &Simulator) -> VsphereProvider {
    VsphereProvider::new(client(simulator).await, Defaults::default())
}

/// A client of its own.
pub async fn client(simulator: &Simulator) -> Client {
    Client::builder(simulator.url()).credentials("user", "pass").connect().await.expect("a session")
}

/// A machine of the simulator's model, by name.
pub async fn machine(client: &Client, name: &str) -> VirtualMachine {
    let found = client.inventory("DC0").virtual_machine(name).one().await.expect("the machine is there");
    client.object(found.handle().moref().clone())
}

/// Its id.
pub fn id(vm: &VirtualMachine) -> MachineId {
    vm.handle().moref().value().parse().expect("an id")
}

/// Stamps a machine as if the provider had made it.
pub async fn stamp(vm: &VirtualMachine, uid: &str) {
    let settings = [("uid", uid), ("namespace", "default"), ("name", "it")];
    let setting = |(key, value): (&str, &str)| {
        let value = Some(Any::String(value.to_owned()));
        OptionValue { key: format!("virtrigaud.owner.{key}"), value }.into()
    };
    let spec = VirtualMachineConfigSpec {
        extra_config: settings.into_iter().map(setting).collect(),
        ..VirtualMachineConfigSpec::default()
    };
    vm.reconfigure(&spec).await.expect("a task").await.expect("a stamp");
}

/// The requests since the last time, those of waiting left out.
pub fn requests(simulator: &Simulator) -> u64 {
    let all: HashMap<String, u64> = simulator.take_requests();
    let waits = [
        "WaitForUpdatesEx",
        "CreateListView",
        "ModifyListView",
        "CreateFilter",
        "CreatePropertyCollector",
        "DestroyPropertyFilter",
        "DestroyPropertyCollector",
    ];
    all.iter().filter(|(method, _)| !waits.contains(&method.as_str())).map(|(_, count)| count).sum()
}
