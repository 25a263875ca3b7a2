//! Raw calls, and what is answered to the letter.

mod changes;
mod pages;
mod privileges;
mod retrieve;
mod search;
mod versions;
mod views;

use crate::call::{Pieces, Reply};
use crate::dispatch;
use crate::fault::{Fault, Result};
use crate::session::{Session, Visitor};
use crate::sim::Sim;
use crate::world::Tx;
use crate::{Builder, Clock, Model, Simulator};
use std::sync::Arc;
use vim_types::mo::{ManagedEntityProperties, VirtualMachineProperties};
use vim_types::{REGISTRY, VirtualMachineConfigInfo, VirtualMachinePowerState, VirtualMachineRuntimeInfo};
use vim_wire::server::Incoming;
use vim_wire::{Limits, MoRef};

/// A simulator and a session in it.
struct Lab {
    simulator: Simulator,
    session: Option<Arc<Session>>,
}

impl Lab {
    async fn new() -> Self {
        Self::with(Model::vcenter().clusters(1).hosts(1).standalone_hosts(0).vms(3).autostart(false)).await
    }

    async fn with(model: Model) -> Self {
        Self::of(Simulator::builder().model(model).clock(Clock::Manual)).await
    }

    async fn of(builder: Builder) -> Self {
        let simulator = builder.start().await.unwrap();
        let mut lab = Self { simulator, session: None };
        lab.session = Some(lab.log_in("user"));
        lab
    }

    fn log_in(&self, user: &str) -> Arc<Session> {
        let sim = self.sim();
        sim.sessions.open(user, &Visitor::default(), sim.now(), sim.timer.elapsed())
    }

    fn sim(&self) -> &Arc<Sim> {
        self.simulator.sim()
    }

    async fn call_in(&self, version: u8, method: &str, this: &MoRef, args: &str) -> Result<String> {
        let envelope = format!(
            "<soapenv:Envelope xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body><{method} xmlns=\"urn:vim25\">\
             <_this type=\"{}\">{}</_this>{args}</{method}></soapenv:Body></soapenv:Envelope>",
            this.kind(),
            this.value()
        );
        let incoming = Incoming::read(envelope.as_bytes(), &REGISTRY, Limits::default())?;
        let visitor = Visitor::default();
        let answer = dispatch::answer(self.sim(), self.session.clone(), &visitor, &incoming, version, None);
        answer.await.map(|Reply { elements, rest, .. }| {
            elements + &rest.map_or_else(String::new, |Pieces(rest)| rest.collect())
        })
    }

    /// Calls a method; returns the elements of the answer.
    async fn call(&self, method: &str, this: &MoRef, args: &str) -> Result<String> {
        self.call_in(self.sim().config.version, method, this, args).await
    }

    async fn collector(&self, method: &str, args: &str) -> Result<String> {
        self.call(method, &collector(), args).await
    }

    /// Reads what a specification selects.
    async fn retrieve(&self, spec: &str) -> Result<String> {
        self.collector("RetrievePropertiesEx", &format!("<specSet>{spec}</specSet><options/>")).await
    }

    async fn filter(&self, spec: &str, partial: bool) -> MoRef {
        let args = format!("<spec>{spec}</spec><partialUpdates>{partial}</partialUpdates>");
        reference("PropertyFilter", &self.collector("CreateFilter", &args).await.unwrap())
    }

    /// Asks for updates without waiting.
    async fn check(&self, version: &str) -> String {
        self.wait(version, "<maxWaitSeconds>0</maxWaitSeconds>").await.unwrap()
    }

    async fn wait(&self, version: &str, options: &str) -> Result<String> {
        let args = format!("<version>{version}</version><options>{options}</options>");
        self.collector("WaitForUpdatesEx", &args).await
    }

    fn edit<R>(&self, edit: impl FnOnce(&mut Tx<'_>) -> Result<R>) -> R {
        self.sim().write(edit).unwrap()
    }

    /// A VM whose properties are these alone.
    fn add_vm(&self, name: &str, folder: &MoRef) -> MoRef {
        self.edit(|tx| {
            let vm = tx.new_ref("VirtualMachine");
            let entity = ManagedEntityProperties {
                name: name.to_owned(),
                parent: Some(folder.clone()),
                ..Default::default()
            };
            let properties = VirtualMachineProperties {
                extends: entity,
                config: Some(VirtualMachineConfigInfo { name: name.to_owned(), ..Default::default() }),
                runtime: VirtualMachineRuntimeInfo {
                    power_state: VirtualMachinePowerState::POWERED_OFF,
                    ..Default::default()
                },
                ..Default::default()
            };
            tx.create(&vm, properties);
            tx.edit::<vim_types::mo::FolderProperties>(folder)?.child_entity.push(vm.clone());
            Ok(vm)
        })
    }

    fn named(&self, kind: &str, name: &str) -> MoRef {
        self.sim().read(|world| {
            let found = world.nodes().find(|node| node.is_a(kind) && node.name() == name);
            found.unwrap_or_else(|| panic!("no {kind} {name}")).moref.clone()
        })
    }

    fn vms(&self) -> Vec<MoRef> {
        self.sim()
            .read(|world| world.of_kind("VirtualMachine").iter().map(|node| node.moref.clone()).collect())
    }
}

fn collector() -> MoRef {
    MoRef::new("PropertyCollector", "propertyCollector")
}

/// `<obj type="…">…</obj>`
fn obj(moref: &MoRef) -> String {
    format!("<obj type=\"{}\">{}</obj>", moref.kind(), moref.value())
}

/// A specification of some paths of some objects.
fn of(kind: &str, paths: &[&str], objects: &[&MoRef]) -> String {
    let paths: String = paths.iter().map(|path| format!("<pathSet>{path}</pathSet>")).collect();
    let objects: String =
        objects.iter().map(|moref| format!("<objectSet>{}</objectSet>", obj(moref))).collect();
    format!("<propSet><type>{kind}</type>{paths}</propSet>{objects}")
}

/// A specification of some paths of what a view shows.
fn through(view: &MoRef, kind: &str, paths: &[&str]) -> String {
    let paths: String = paths.iter().map(|path| format!("<pathSet>{path}</pathSet>")).collect();
    format!(
        "<propSet><type>{kind}</type>{paths}</propSet><objectSet>{}<skip>true</skip>\
         <selectSet xsi:type=\"TraversalSpec\"><type>{}</type><path>view</path></selectSet></objectSet>",
        obj(view),
        view.kind()
    )
}

fn reference(kind: &'static str, elements: &str) -> MoRef {
    MoRef::new(kind, between(elements, ">", "</returnval>").as_str())
}

/// What lies between two texts, the first time.
fn between(text: &str, from: &str, to: &str) -> String {
    let start = text.find(from).unwrap_or_else(|| panic!("no {from} in {text}")) + from.len();
    let end = text[start..].find(to).unwrap_or_else(|| panic!("no {to} in {text}"));
    text[start..start + end].to_owned()
}

fn version(answer: &str) -> String {
    between(answer, "<version>", "</version>")
}

/// The updates of an answer: kind, object, and each change's name, operation and value.
fn updates(answer: &str) -> Vec<String> {
    answer
        .split("<objectSet>")
        .skip(1)
        .map(|update| {
            let kind = between(update, "<kind>", "</kind>");
            let object = between(&update[update.find("<obj ").unwrap()..], ">", "</obj>");
            let changes: String = update
                .split("<changeSet>")
                .skip(1)
                .map(|change| {
                    let value = change.contains("<val").then(|| {
                        let value = &change[change.find("<val").unwrap()..change.find("</val>").unwrap()];
                        value.rsplit('>').next().unwrap().to_owned()
                    });
                    let name = between(change, "<name>", "</name>");
                    let op = between(change, "<op>", "</op>");
                    format!(" {op} {name}={}", value.as_deref().unwrap_or("-"))
                })
                .collect();
            format!("{kind} {object}{changes}")
        })
        .collect()
}

fn count(answer: &str, what: &str) -> usize {
    answer.matches(what).count()
}

fn is(fault: &Fault, name: &str) -> bool {
    fault.is_named(name)
}
