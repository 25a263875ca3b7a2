//! Datastores and what manages their files, called as clients call them.

mod file_access;
mod inventory;

use crate::call::Reply;
use crate::fault::Result;
use crate::session::{Session, Visitor};
use crate::sim::Sim;
use crate::{Clock, Model, Simulator, dispatch};
use std::sync::Arc;
use std::time::Duration;
use vim_types::mo::{DatastoreProperties, TaskProperties};
use vim_types::{REGISTRY, TaskInfo, TaskInfoState};
use vim_wire::server::Incoming;
use vim_wire::{Any, Limits, MoRef};

struct Lab {
    simulator: Simulator,
    session: Arc<Session>,
}

impl Lab {
    async fn new() -> Self {
        let model = Model::vcenter().datastores(2).pods(1);
        let simulator = Simulator::builder().model(model).clock(Clock::Manual).start().await.unwrap();
        let sim = simulator.sim();
        let session = sim.sessions.open("user", &Visitor::default(), sim.now(), sim.timer.elapsed());
        Self { simulator, session }
    }

    fn sim(&self) -> &Arc<Sim> {
        self.simulator.sim()
    }

    async fn call(&self, method: &str, this: &MoRef, args: &str) -> Result<String> {
        let envelope = format!(
            "<Envelope xmlns=\"http://schemas.xmlsoap.org/soap/envelope/\" \
             xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><Body><{method} xmlns=\"urn:vim25\">\
             <_this type=\"{}\">{}</_this>{args}</{method}></Body></Envelope>",
            this.kind(),
            this.value()
        );
        let incoming = Incoming::read(envelope.as_bytes(), &REGISTRY, Limits::default())?;
        let (visitor, version) = (Visitor::default(), self.sim().config.version);
        let session = Some(Arc::clone(&self.session));
        let answer = dispatch::answer(self.sim(), session, &visitor, &incoming, version, None);
        answer.await.map(|Reply { elements, .. }| elements)
    }

    /// Calls a method whose answer is a task, and has the task end.
    async fn task(&self, method: &str, this: &MoRef, args: &str) -> TaskInfo {
        let elements = self.call(method, this, args).await.unwrap();
        let id = elements.split_once('>').unwrap().1.split_once('<').unwrap().0;
        self.simulator.advance(Duration::ZERO);
        let task = MoRef::new("Task", id.to_owned());
        self.sim().read(|world| world.get::<TaskProperties>(&task).unwrap().info.clone())
    }

    /// The result of a task that succeeds.
    async fn done(&self, method: &str, this: &MoRef, args: &str) -> Any {
        let info = self.task(method, this, args).await;
        assert_eq!(info.state, TaskInfoState::SUCCESS, "{method}: {:?}", info.error);
        info.result.unwrap_or_default()
    }

    /// The fault of a task that fails: its type, and its words.
    async fn fails(&self, method: &str, this: &MoRef, args: &str) -> (String, String) {
        let info = self.task(method, this, args).await;
        let error = info.error.unwrap();
        (error.fault.type_name().to_owned(), error.localized_message.unwrap_or_default())
    }

    fn find(&self, kind: &str, name: &str) -> MoRef {
        self.sim().read(|world| {
            let found = world.of_kind(kind).into_iter().find(|node| node.name() == name);
            found.unwrap_or_else(|| panic!("there is no {kind} {name}")).moref.clone()
        })
    }

    fn datastore(&self, name: &str) -> DatastoreProperties {
        let moref = self.find("Datastore", name);
        self.sim().read(|world| world.get::<DatastoreProperties>(&moref).unwrap().clone())
    }

    fn manager(&self, kind: &'static str) -> MoRef {
        self.sim().read(|world| world.of_kind_one(kind)).unwrap()
    }

    /// `<name>[LocalDS_0] path</name>` with the datacenter, as methods of files have it.
    fn named(&self, path: &str) -> String {
        format!("<name>[LocalDS_0] {path}</name>{}", self.datacenter("datacenter"))
    }

    fn datacenter(&self, parameter: &str) -> String {
        let moref = self.find("Datacenter", "DC0");
        format!("<{parameter} type=\"Datacenter\">{}</{parameter}>", moref.value())
    }

    async fn create_disk(&self, path: &str, kind: &str, kb: i64) -> TaskInfo {
        let spec = format!(
            "<spec xsi:type=\"FileBackedVirtualDiskSpec\"><diskType>{kind}</diskType>\
             <adapterType>lsiLogic</adapterType><capacityKb>{kb}</capacityKb></spec>"
        );
        let args = self.named(path) + &spec;
        self.task("CreateVirtualDisk_Task", &self.manager("VirtualDiskManager"), &args).await
    }
}

fn reference(name: &str, moref: &MoRef) -> String {
    format!("<{name} type=\"{}\">{}</{name}>", moref.kind(), moref.value())
}
