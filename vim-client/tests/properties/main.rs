//! The property collector and tasks against scripted servers: what no well-behaved server does on demand.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    unreachable_pub,
    dead_code,
    reason = "tests"
)]

mod changes;
mod leftovers;
mod listings;
mod retrieve;
#[path = "../support/mod.rs"]
mod support;
mod tasks;
mod versions;
mod waits;
mod watch;

use secrecy::SecretString;
use support::{Call, Reply, Server};
use vim_client::{Client, Properties, mo::VirtualMachine, types::VirtualMachinePowerState};

#[derive(Clone, Debug, PartialEq, Properties)]
#[properties(of = VirtualMachine)]
struct Row {
    name: String,
    #[property("runtime.powerState")]
    power: Option<VirtualMachinePowerState>,
    #[property("guest.ipAddress")]
    ip: Option<String>,
}

async fn connect(server: &Server) -> Client {
    let builder = Client::builder(&server.url).credentials("alice", SecretString::from("secret"));
    builder.connect().await.expect("alice is let in")
}

/// Answers what makes and ends views, collectors and filters; the rest is for the script.
fn plumbing(call: &Call) -> Option<Reply> {
    let results = match call.method.as_str() {
        "CreateContainerView" => format!("<returnval type=\"ContainerView\">view-{}</returnval>", call.nth),
        "CreateListView" => format!("<returnval type=\"ListView\">list-{}</returnval>", call.nth),
        "CreatePropertyCollector" => {
            format!("<returnval type=\"PropertyCollector\">pc-{}</returnval>", call.nth)
        }
        "CreateFilter" => format!("<returnval type=\"PropertyFilter\">filter-{}</returnval>", call.nth),
        "DestroyView" | "DestroyPropertyCollector" | "DestroyPropertyFilter" | "ModifyListView" => {
            String::new()
        }
        _ => return None,
    };
    Some(Reply::Results(results))
}

/// A virtual machine's `objects` element: its properties as XML.
fn content(id: &str, properties: &str) -> String {
    format!("<objects><obj type=\"VirtualMachine\">{id}</obj>{properties}</objects>")
}

fn named(name: &str) -> String {
    format!("<propSet><name>name</name><val xsi:type=\"xsd:string\">{name}</val></propSet>")
}

/// A property that may not be read.
fn denied(path: &str) -> String {
    format!(
        "<missingSet><path>{path}</path><fault><fault xsi:type=\"NoPermission\"><object type=\"VirtualMachine\">vm-1</object>\
         <privilegeId>System.Read</privilegeId></fault><localizedMessage>Permission denied.</localizedMessage></fault></missingSet>"
    )
}
