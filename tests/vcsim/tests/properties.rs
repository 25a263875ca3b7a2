//! The property collector against vcsim.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use futures_util::StreamExt;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;
use vcsim_tests::Vcsim;
use vim_client::mo::{self, VirtualMachine};
use vim_client::types::{
    VirtualDevice, VirtualDisk, VirtualMachineConfigInfo, VirtualMachineConfigSpec, VirtualMachinePowerState,
    VirtualMachineSummary,
};
use vim_client::{Any, Change, Client, ErrorKind, ManagedObject, MoRef, Poly, Properties};

#[derive(Clone, Debug, PartialEq, Properties)]
#[properties(of = VirtualMachine)]
struct Row {
    name: String,
    #[property("runtime.powerState")]
    power: VirtualMachinePowerState,
    #[property("guest.ipAddress")]
    ip: Option<String>,
    #[property("config.hardware.device")]
    devices: Vec<Poly<VirtualDevice>>,
    network: Vec<MoRef>,
}

#[derive(Clone, Debug, Properties)]
#[properties(of = VirtualMachine)]
struct Whole {
    config: Option<VirtualMachineConfigInfo>,
    summary: VirtualMachineSummary,
}

#[derive(Clone, Debug, PartialEq, Properties)]
#[properties(of = VirtualMachine)]
struct Brief {
    name: String,
    #[property("config.annotation")]
    note: Option<String>,
}

async fn names(client: &Client, page: u16) -> BTreeMap<String, MoRef> {
    let mut vms = pin!(client.retrieve::<Brief>().page_size(page).stream());
    let mut names = BTreeMap::new();
    while let Some(vm) = vms.next().await {
        let vm = vm.expect("is read");
        assert!(names.insert(vm.name.clone(), vm.moref.clone()).is_none(), "{} came twice", vm.name);
    }
    names
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn lesson_08_pages_hide_nothing() {
    let vcsim = Vcsim::start(&["-vm", "20", "-host", "1", "-cluster", "1"]).await;
    let client = vcsim.connect().await;
    let all = names(&client, 1_000).await;
    assert_eq!(all.len(), 40);
    for page in [1, 7, 20, 39, 40, 41] {
        assert_eq!(names(&client, page).await, all, "pages of {page}");
    }
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn rows_are_typed_to_the_last_device() {
    let vcsim = Vcsim::start(&["-vm", "2"]).await;
    let client = vcsim.connect().await;
    let rows = client.retrieve::<Row>().all().await.unwrap();
    assert_eq!(rows.len(), 4);
    for row in &rows {
        assert_eq!(row.power, VirtualMachinePowerState::POWERED_ON);
        assert!(row.devices.iter().any(|device| device.is::<VirtualDisk>()), "{:?}", row.devices);
        assert!(row.network.iter().all(|network| !network.is_empty()) && !row.network.is_empty());
        assert!(row.missing.is_empty() && row.moref.kind() == "VirtualMachine");
    }
    let whole = client.retrieve::<Whole>().all().await.unwrap();
    for row in whole {
        let config = row.config.clone().expect("has a configuration");
        assert_eq!(config.name, row.summary.config.name);
    }
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn lesson_09_one_read_is_a_handful_of_requests() {
    counted::start();
    let vcsim = Vcsim::start(&["-vm", "50"]).await;
    let client = vcsim.connect().await;
    let counting = client.with_operation_id("lesson-09");
    let rows = counting.retrieve::<Row>().all().await.unwrap();
    assert_eq!(rows.len(), 100);
    // A view, a page, the view's end.
    let requests = counted::requests("lesson-09");
    assert_eq!(requests, ["CreateContainerView", "RetrievePropertiesEx", "DestroyView"]);
    client.close().await.unwrap();
}

/// Keeps the calls of the whole process, by their operation ids: tests that run beside each other have their own.
mod counted {
    use std::fmt::Debug;
    use std::sync::{Mutex, Once};
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    static CALLS: Mutex<Vec<Call>> = Mutex::new(Vec::new());

    #[derive(Default)]
    struct Call {
        method: String,
        operation_id: String,
    }

    impl Visit for Call {
        fn record_str(&mut self, field: &Field, value: &str) {
            match field.name() {
                "method" => value.clone_into(&mut self.method),
                "op_id" => value.clone_into(&mut self.operation_id),
                _ => {}
            }
        }
        fn record_debug(&mut self, _: &Field, _: &dyn Debug) {}
    }

    struct Keeper;

    impl Subscriber for Keeper {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.is_span() && metadata.name() == "vim_call"
        }
        fn new_span(&self, span: &Attributes<'_>) -> Id {
            let mut call = Call::default();
            span.record(&mut call);
            CALLS.lock().unwrap().push(call);
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, _: &Record<'_>) {}
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    pub(super) fn start() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| tracing::subscriber::set_global_default(Keeper).expect("is the first"));
    }

    /// The calls so far that bear that operation id.
    pub(super) fn requests(operation_id: &str) -> Vec<String> {
        let calls = CALLS.lock().unwrap();
        calls
            .iter()
            .filter(|call| call.operation_id == operation_id)
            .map(|call| call.method.clone())
            .collect()
    }
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn lesson_10_a_vanished_object_fails_itself_alone() {
    let vcsim = Vcsim::start(&["-vm", "3", "-autostart=false"]).await;
    let client = vcsim.connect().await;
    let all = names(&client, 100).await;
    let gone = all["DC0_H0_VM1"].clone();
    let vm: VirtualMachine = client.object(gone.clone());
    vm.destroy().await.unwrap().await.unwrap();
    let mut read = 0;
    let mut errors = Vec::new();
    let mut rows = pin!(client.retrieve::<Brief>().objects(all.values().cloned()).stream());
    while let Some(row) = rows.next().await {
        match row {
            Ok(_) => read += 1,
            Err(error) => errors.push(error),
        }
    }
    assert_eq!((read, errors.len()), (all.len() - 1, 1));
    assert!(errors[0].is_not_found() && errors[0].object() == Some(&gone), "{}", errors[0]);
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn lesson_11_unset_and_unasked_cannot_be_mistaken() {
    let vcsim = Vcsim::start(&["-vm", "1"]).await;
    let client = vcsim.connect().await;
    let rows = client.retrieve::<Row>().all().await.unwrap();
    assert!(rows.iter().all(|row| row.ip.is_none()), "vcsim's guests have no address");
    let dynamic = client.retrieve_paths::<VirtualMachine>(["name", "guest.ipAddress"]).all().await.unwrap();
    assert!(
        dynamic.iter().all(|row| row.row.contains_key("name") && !row.row.contains_key("guest.ipAddress"))
    );
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn dynamic_paths_may_be_indexed_and_unknown_ones_are_refused() {
    let vcsim = Vcsim::start(&["-vm", "1"]).await;
    let client = vcsim.connect().await;
    let rows = client.retrieve::<Row>().all().await.unwrap();
    let key = rows[0].devices[0].key;
    let path = format!("config.hardware.device[{key}]");
    let values = client.retrieve_paths::<VirtualMachine>([path.clone()]).all().await.unwrap();
    assert_eq!(values[0].row[&path].downcast_ref::<VirtualDevice>().map(|device| device.key), Some(key));
    let error = client.retrieve_paths::<VirtualMachine>(["nmae"]).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "RetrievePropertiesEx: VirtualMachine has no property \"nmae\"");
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_server_of_version_7_is_driven_at_its_version() {
    let vcsim = Vcsim::start(&["-vm", "1", "-api-version", "7.0.3.0"]).await;
    let client = vcsim.connect().await;
    assert_eq!(client.api_version().await.unwrap(), "7.0.3.0");
    let mut changes = Box::pin(client.watch::<Brief>().stream());
    let there = initial(&mut changes).await;
    let vm: VirtualMachine = client.object(there["DC0_H0_VM0"].clone());
    vm.power_off().await.unwrap().await.unwrap();
    vm.rename("seven").await.unwrap().await.unwrap();
    assert!(names(&client, 100).await.contains_key("seven"));
    let spec = VirtualMachineConfigSpec { reboot_power_off: Some(true), ..Default::default() };
    assert_eq!(vm.reconfigure(&spec).await.unwrap_err().kind(), ErrorKind::Unsupported);
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn what_an_older_server_lacks_is_refused_before_it_is_sent() {
    let vcsim = Vcsim::start(&["-vm", "1", "-api-version", "6.7"]).await;
    let client = vcsim.connect().await;
    assert_eq!(client.api_version().await.unwrap(), "6.7");
    // numaNode of a device came with 8.0.0.1; vcsim itself would take it.
    let spec = VirtualMachineConfigSpec { reboot_power_off: Some(true), ..Default::default() };
    let all = names(&client, 100).await;
    let vm: VirtualMachine = client.object(all["DC0_H0_VM0"].clone());
    let error = vm.reconfigure(&spec).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let text = error.to_string();
    assert!(
        text.contains(
            "VirtualMachineConfigSpec.rebootPowerOff needs API version 8.0.0.1; the server has 6.7"
        ),
        "{text}"
    );
    let error = client.retrieve_paths::<VirtualMachine>(["config.rebootPowerOff"]).all().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn views_do_not_pile_up() {
    counted::start();
    let vcsim = Vcsim::start(&["-vm", "5"]).await;
    let client = vcsim.connect().await;
    let counting = client.with_operation_id("views");
    assert_eq!(counting.retrieve::<Brief>().all().await.unwrap().len(), 10);
    {
        // A stream that is dropped in the middle gives its view back, too.
        let mut rows = Box::pin(counting.retrieve::<Brief>().page_size(1).stream());
        rows.next().await.unwrap().unwrap();
        let mut changes = Box::pin(counting.watch::<Brief>().stream());
        next(&mut changes).await;
    }
    let patience = tokio::time::Instant::now() + Duration::from_secs(10);
    let left = || {
        let calls = counted::requests("views");
        let count = |name: &str| calls.iter().filter(|call| *call == name).count();
        let views = count("CreateContainerView") - count("DestroyView");
        (views, count("CreatePropertyCollector") - count("DestroyPropertyCollector"))
    };
    while left() != (0, 0) {
        assert!(tokio::time::Instant::now() < patience, "{:?} are left over", left());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    client.close().await.unwrap();
}

async fn next(
    changes: &mut (impl StreamExt<Item = Result<Change<Brief>, vim_client::Error>> + Unpin),
) -> Change<Brief> {
    let change = tokio::time::timeout(Duration::from_secs(30), changes.next()).await.expect("a change comes");
    change.expect("the watch goes on").expect("is no error")
}

async fn initial(
    changes: &mut (impl StreamExt<Item = Result<Change<Brief>, vim_client::Error>> + Unpin),
) -> BTreeMap<String, MoRef> {
    let mut there = BTreeMap::new();
    loop {
        match next(changes).await {
            Change::Init(vm) => assert!(there.insert(vm.name.clone(), vm.moref.clone()).is_none()),
            Change::Ready => return there,
            other => panic!("{other:?} before Ready"),
        }
    }
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_watch_tells_what_is_there_and_then_what_changes() {
    let vcsim = Vcsim::start(&["-vm", "60", "-autostart=false"]).await;
    let client = vcsim.connect().await;
    let mut changes = Box::pin(client.watch::<Brief>().stream());
    // 120 objects: vcsim's update sets have at most 100, so that the first is truncated.
    let there = initial(&mut changes).await;
    assert_eq!(there.len(), 120);

    let vm: VirtualMachine = client.object(there["DC0_H0_VM0"].clone());
    // vcsim tells of a new name; of a new annotation it does not.
    vm.rename("changed").await.unwrap().await.unwrap();
    match next(&mut changes).await {
        Change::Applied(told) => {
            assert_eq!((told.name.as_str(), &told.moref), ("changed", vm.handle().moref()))
        }
        other => panic!("{other:?}"),
    }
    vm.destroy().await.unwrap().await.unwrap();
    assert_eq!(next(&mut changes).await, Change::Removed(there["DC0_H0_VM0"].clone()));
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn lesson_01_a_watch_outlives_its_session_and_tells_the_difference() {
    let vcsim = Vcsim::start(&["-vm", "3", "-autostart=false"]).await;
    let (client, other) = (vcsim.connect().await, vcsim.connect().await);
    let mut changes = Box::pin(client.watch::<Brief>().poll_time(Duration::from_secs(1)).stream());
    let there = initial(&mut changes).await;

    end_sessions_but(&other).await;
    let vm: VirtualMachine = other.object(there["DC0_H0_VM0"].clone());
    let spec = VirtualMachineConfigSpec { annotation: Some("meanwhile".into()), ..Default::default() };
    vm.reconfigure(&spec).await.unwrap().await.unwrap();
    let vm: VirtualMachine = other.object(there["DC0_H0_VM1"].clone());
    vm.destroy().await.unwrap().await.unwrap();

    let mut told = BTreeSet::new();
    for _ in 0..2 {
        told.insert(match next(&mut changes).await {
            Change::Applied(vm) => format!("{} {}", vm.name, vm.note.as_deref().unwrap_or_default()),
            Change::Removed(moref) => format!("removed {}", moref == there["DC0_H0_VM1"]),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(told, BTreeSet::from(["DC0_H0_VM0 meanwhile".to_owned(), "removed true".to_owned()]));
    client.close().await.unwrap();
    other.close().await.unwrap();
}

/// Ends every session but this client's own, as an administrator may.
async fn end_sessions_but(admin: &Client) {
    let manager = admin.service_content().await.unwrap().session_manager.clone().unwrap();
    let rows = admin
        .retrieve_paths::<mo::SessionManager>(["sessionList", "currentSession"])
        .objects([manager.clone()])
        .all()
        .await
        .unwrap();
    let key = |any: &Any| {
        any.downcast_ref::<vim_client::types::UserSession>().map(|session| session.key.clone()).unwrap()
    };
    let own = key(&rows[0].row["currentSession"]);
    let all = rows[0].row["sessionList"].as_array().unwrap().iter().map(key);
    let others: Vec<String> = all.filter(|session| *session != own).collect();
    let manager: mo::SessionManager = admin.object(manager);
    manager.terminate(&others).await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_cache_has_the_latest_by_reference_and_by_path() {
    let vcsim = Vcsim::start(&["-vm", "2", "-autostart=false"]).await;
    let client = vcsim.connect().await;
    let cache = client.cache::<Brief>().await.unwrap();
    assert_eq!(cache.len(), 4);
    let vm = cache.at_path("/DC0/vm/DC0_H0_VM0").expect("is there");
    assert_eq!(cache.get(&vm.moref).as_deref(), Some(&*vm));
    assert_eq!(cache.path_of(&vm.moref).as_deref(), Some("/DC0/vm/DC0_H0_VM0"));
    assert!(cache.at_path("/DC0/vm/none").is_none());

    let handle: VirtualMachine = client.object(vm.moref.clone());
    handle.rename("renamed").await.unwrap().await.unwrap();
    let waited = tokio::time::timeout(Duration::from_secs(30), async {
        while cache.at_path("/DC0/vm/renamed").is_none() {
            cache.changed().await.unwrap();
        }
    });
    waited.await.expect("the new name comes");
    assert!(cache.at_path("/DC0/vm/DC0_H0_VM0").is_none());
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_standalone_host_is_watched_the_same_way() {
    let vcsim = Vcsim::start(&["-esx", "-vm", "2"]).await;
    let client = vcsim.connect().await;
    let mut changes = Box::pin(client.watch::<Brief>().stream());
    let there = initial(&mut changes).await;
    assert_eq!(there.len(), 2);
    let moref = there.values().next().expect("a virtual machine").clone();
    let vm: VirtualMachine = client.object(moref.clone());
    vm.rename("changed").await.unwrap().await.unwrap();
    match next(&mut changes).await {
        Change::Applied(told) => assert_eq!((told.name.as_str(), &told.moref), ("changed", &moref)),
        other => panic!("{other:?}"),
    }
    client.close().await.unwrap();
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn a_standalone_host_is_read_the_same_way() {
    let vcsim = Vcsim::start(&["-esx", "-vm", "2"]).await;
    let client = vcsim.connect().await;
    assert!(!client.is_vcenter().await.unwrap());
    assert_eq!(client.retrieve::<Brief>().all().await.unwrap().len(), 2);
    let vm = client.inventory("").virtual_machine("*VM0").one().await.unwrap();
    assert!(vm.path.starts_with("/ha-datacenter/vm/"), "{}", vm.path);
    assert_eq!(client.path_of(vm.handle().moref()).await.unwrap(), vm.path);
    client.close().await.unwrap();
}
