//! Events, their collectors, and the alarms that they trigger.

use crate::{connect, folder, manager, root, small, vm};
use vim_client::mo::{AlarmManager, EventHistoryCollector, EventManager, HistoryCollector, VirtualMachine};
use vim_client::types::{
    AlarmState, Event, EventEx, EventFilterSpec, EventFilterSpecByEntity, EventFilterSpecRecursionOption,
    GeneralUserEvent, InvalidArgument, InvalidState,
};
use vim_client::{Change, Client, ManagedObject, MoRef, Poly, Properties};

#[derive(Debug, Properties)]
#[properties(of = EventHistoryCollector)]
struct Latest {
    #[property("latestPage")]
    page: Vec<Poly<Event>>,
}

async fn latest(client: &Client, collector: &EventHistoryCollector) -> Vec<String> {
    let moref = collector.handle().moref().clone();
    let row = client.retrieve::<Latest>().objects([moref]).all().await.unwrap().remove(0).row;
    row.page.iter().map(message).collect()
}

fn message(event: &Poly<Event>) -> String {
    event.full_formatted_message.clone().unwrap_or_default()
}

fn on(entity: &MoRef, recursion: EventFilterSpecRecursionOption) -> EventFilterSpec {
    let entity = Some(EventFilterSpecByEntity { entity: entity.clone(), recursion });
    EventFilterSpec { entity, event_type_id: vec!["GeneralUserEvent".into()], ..Default::default() }
}

#[tokio::test]
async fn collectors_show_the_latest_page_and_are_scrolled() {
    let simulator = small().start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let events: EventManager = manager(&client, "EventManager").await;
    let moref = vm(&client, "DC0_H0_VM0").await.handle().moref().clone();
    for number in 0..5 {
        events.log_user_event(&moref, &format!("note {number}")).await.unwrap();
    }
    let filter = EventFilterSpec { max_count: Some(2), ..on(&moref, EventFilterSpecRecursionOption::SELF) };
    let collector = events.create_collector(&filter).await.unwrap();
    assert_eq!(latest(&client, &collector).await, ["note 4", "note 3"]);
    let history: HistoryCollector = client.object(collector.handle().moref().clone());
    let texts = |events: Vec<Poly<Event>>| events.iter().map(message).collect::<Vec<_>>();
    assert_eq!(texts(collector.read_next(3).await.unwrap()), ["note 0", "note 1", "note 2"]);
    assert_eq!(texts(collector.read_prev(2).await.unwrap()), ["note 2", "note 1"]);
    history.reset().await.unwrap();
    assert_eq!(texts(collector.read_prev(9).await.unwrap()), ["note 2", "note 1", "note 0"]);
    history.rewind().await.unwrap();
    assert_eq!(texts(collector.read_next(9).await.unwrap()).len(), 5);
    events.log_user_event(&moref, "note 5").await.unwrap();
    assert_eq!(texts(collector.read_next(9).await.unwrap()), ["note 5"]);
    history.set_latest_page_size(1).await.unwrap();
    assert_eq!(latest(&client, &collector).await, ["note 5"]);
    assert!(collector.read_next(0).await.unwrap_err().fault_as::<InvalidArgument>().is_some());
    assert!(history.set_latest_page_size(1001).await.unwrap_err().fault_as::<InvalidArgument>().is_some());
    history.remove().await.unwrap();
    assert!(collector.read_next(1).await.unwrap_err().is_not_found());
}

#[tokio::test]
async fn filters_go_by_entity_type_user_and_chain() {
    let simulator = small().start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let events: EventManager = manager(&client, "EventManager").await;
    let machine = vm(&client, "DC0_H0_VM0").await;
    let (moref, folder) = (machine.handle().moref(), folder(&client).await);
    events.log_user_event(moref, "of the machine").await.unwrap();
    let number = |filter: EventFilterSpec| {
        let events = events.clone();
        async move { events.query_event(&filter).await.unwrap().len() }
    };
    use EventFilterSpecRecursionOption as Recursion;
    let folder = folder.handle().moref();
    assert_eq!(number(on(moref, Recursion::SELF)).await, 1);
    assert_eq!(number(on(moref, Recursion::CHILDREN)).await, 0);
    assert_eq!(number(on(folder, Recursion::SELF)).await, 0);
    assert_eq!(number(on(folder, Recursion::CHILDREN)).await, 1);
    assert_eq!(number(on(&root(&client).await, Recursion::ALL)).await, 1);
    let host = client.inventory("").host("DC0_C0_H0").one().await.unwrap().handle().moref().clone();
    assert_eq!(number(on(&host, Recursion::ALL)).await, 0);
    let all = events.query_event(&on(moref, Recursion::SELF)).await.unwrap();
    let event = all[0].downcast_ref::<GeneralUserEvent>().unwrap();
    assert_eq!((event.user_name.as_str(), event.message.as_str()), ("user", "of the machine"));
    assert_eq!(event.vm.as_ref().unwrap().name, "DC0_H0_VM0");
    assert_eq!(event.datacenter.as_ref().unwrap().name, "DC0");
    let chain = EventFilterSpec { event_chain_id: Some(event.chain_id), ..Default::default() };
    assert_eq!(number(chain).await, 1);
    // A type stands for those that extend it.
    let general = EventFilterSpec { event_type_id: vec!["GeneralEvent".into()], ..Default::default() };
    assert_eq!(number(general).await, 1);
    let category = EventFilterSpec { category: vec!["user".into()], ..Default::default() };
    assert_eq!(number(category).await, 1);
    // What belongs to a task has its chain.
    machine.power_off().await.unwrap().await.unwrap();
    let powered = EventFilterSpec { event_type_id: vec!["VmEvent".into()], ..Default::default() };
    let powered = events.query_event(&powered).await.unwrap();
    let off = powered.iter().find(|event| event.type_name() == "VmPoweredOffEvent").unwrap();
    let stopping = powered.iter().find(|event| event.type_name() == "VmStoppingEvent").unwrap();
    assert_eq!((off.user_name.as_str(), off.chain_id), ("user", stopping.chain_id));
}

#[tokio::test]
async fn collectors_are_watched() {
    let simulator = small().start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let events: EventManager = manager(&client, "EventManager").await;
    let moref = vm(&client, "DC0_H0_VM0").await.handle().moref().clone();
    let filter = on(&moref, EventFilterSpecRecursionOption::SELF);
    let collector = events.create_collector(&filter).await.unwrap();
    let watched = collector.handle().moref().clone();
    let stream = client.watch::<Latest>().objects([watched]).stream();
    let mut stream = std::pin::pin!(stream);
    let mut seen = Vec::new();
    while !seen.iter().any(|text: &String| text == "look") {
        match futures_util::StreamExt::next(&mut stream).await.unwrap().unwrap() {
            Change::Init(object) => assert!(object.row.page.is_empty()),
            Change::Ready => events.log_user_event(&moref, "look").await.unwrap(),
            Change::Applied(object) => seen.extend(object.row.page.iter().map(message)),
            other => panic!("the collector is there: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_session_has_only_so_many_collectors() {
    let simulator = small().start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let events: EventManager = manager(&client, "EventManager").await;
    let filter = EventFilterSpec::default();
    for _ in 0..32 {
        events.create_collector(&filter).await.unwrap();
    }
    let error = events.create_collector(&filter).await.unwrap_err();
    assert!(error.fault_as::<InvalidState>().is_some(), "{error}");
}

#[derive(Debug, Properties)]
#[properties(of = VirtualMachine)]
struct Triggered {
    #[property("triggeredAlarmState")]
    states: Vec<AlarmState>,
}

#[tokio::test]
async fn events_trigger_alarms_and_end_them() {
    let simulator = small().start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let events: EventManager = manager(&client, "EventManager").await;
    let alarms: AlarmManager = manager(&client, "AlarmManager").await;
    let moref = vm(&client, "DC0_H0_VM0").await.handle().moref().clone();
    let post = |id: &str| {
        let event: Poly<Event> = EventEx {
            event_type_id: id.into(),
            object_type: Some("VirtualMachine".into()),
            object_id: Some(moref.value().into()),
            ..Default::default()
        }
        .into();
        let events = events.clone();
        async move { events.post_event(&event).await.unwrap() }
    };
    let states = || async {
        let rows = client.retrieve::<Triggered>().objects([moref.clone()]).all().await.unwrap();
        rows.into_iter().next().unwrap().row.states
    };
    post("vcsim.vm.failure").await;
    let yellow = states().await;
    assert_eq!((yellow.len(), yellow[0].overall_status.as_str()), (1, "yellow"));
    post("vcsim.vm.fatal").await;
    assert_eq!(states().await[0].overall_status.as_str(), "red");
    alarms.acknowledge_alarm(&yellow[0].alarm, &moref).await.unwrap();
    assert_eq!(states().await[0].acknowledged_by_user.as_deref(), Some("user"));
    post("vcsim.vm.success").await;
    assert!(states().await.is_empty());
}
