//! Who may do what, sessions, options, events, tasks, custom fields and alarms: what administrators see of a server.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

mod events;
mod faults;
mod fields;
mod permissions;
mod sessions;
mod targets;
mod tasks;

use vim_client::mo::{Folder, VirtualMachine};
use vim_client::{Client, ManagedObject, MoRef};
use vim_sim::{Builder, Model, Simulator};

/// A small vCenter: two hosts with two virtual machines each.
fn small() -> Builder {
    Simulator::builder().model(Model::vcenter().hosts(1))
}

async fn connect(simulator: &Simulator, user: &str) -> Client {
    Client::builder(simulator.url()).credentials(user, "secret").connect().await.unwrap()
}

/// One of a server's managers.
async fn manager<T: ManagedObject>(client: &Client, kind: &str) -> T {
    let content = client.service_content().await.unwrap();
    let mut found = None;
    vim_wire::ObjRef::of(&*content).each(&mut |_, slot| {
        if let vim_wire::Slot::MoRef(cell) = slot {
            found = found.take().or_else(|| cell.values().iter().find(|moref| moref.kind() == kind).cloned());
        }
    });
    client.object(found.unwrap())
}

async fn vm(client: &Client, name: &str) -> VirtualMachine {
    client.object(client.inventory("").virtual_machine(name).one().await.unwrap().handle().moref().clone())
}

async fn root(client: &Client) -> MoRef {
    client.service_content().await.unwrap().root_folder.clone()
}

/// The folder of the virtual machines.
async fn folder(client: &Client) -> Folder {
    client.object(client.inventory("").folder("/DC0/vm").one().await.unwrap().handle().moref().clone())
}
