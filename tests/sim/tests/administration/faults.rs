//! Faults on demand.

use crate::{small, vm};
use std::time::Duration;
use vim_client::mo::VirtualMachine;
use vim_client::types::{NoDiskSpace, TaskInfoState, VirtualMachinePowerState};
use vim_client::{Client, ErrorKind, ManagedObject, Properties, Retry};
use vim_sim::{Clock, Failure, Rule, Simulator};

#[derive(Debug, Properties)]
#[properties(of = VirtualMachine)]
struct Power {
    #[property("runtime.powerState")]
    power: VirtualMachinePowerState,
}

async fn power(client: &Client, machine: &VirtualMachine) -> VirtualMachinePowerState {
    let moref = machine.handle().moref().clone();
    client.retrieve::<Power>().objects([moref]).all().await.unwrap().remove(0).row.power
}

/// A client that takes no for an answer.
async fn once(simulator: &Simulator) -> Client {
    let retry = Retry { attempts: 1, ..Retry::default() };
    Client::builder(simulator.url()).credentials("user", "secret").retry(retry).connect().await.unwrap()
}

#[tokio::test]
async fn faults_come_by_method_name_and_count() {
    let simulator = small().start().await.unwrap();
    let client = once(&simulator).await;
    let (one, two) = (vm(&client, "DC0_H0_VM0").await, vm(&client, "DC0_H0_VM1").await);
    let fault = NoDiskSpace { datastore: "LocalDS_0".into(), ..Default::default() };
    let rule =
        Rule::on("PowerOffVM_Task").name("DC0_H0_VM0").skip(1).times(1).fault(fault, "the disk is full");
    simulator.rule(rule);
    two.power_off().await.unwrap().await.unwrap();
    one.power_off().await.unwrap().await.unwrap();
    one.power_on().await.unwrap().await.unwrap();
    let error = one.power_off().await.unwrap_err();
    assert_eq!(error.fault_as::<NoDiskSpace>().unwrap().datastore, "LocalDS_0");
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert_eq!(power(&client, &one).await, VirtualMachinePowerState::POWERED_ON);
    one.power_off().await.unwrap().await.unwrap();
}

#[tokio::test]
async fn tasks_fail_half_way_and_have_done_nothing() {
    let time = Duration::from_secs(100);
    let simulator = small().clock(Clock::Manual).task_time(time).start().await.unwrap();
    let client = once(&simulator).await;
    let machine = vm(&client, "DC0_H0_VM0").await;
    simulator.rule(Rule::on("PowerOffVM_Task").fails_at(50, NoDiskSpace::default(), "no space left"));
    let task = machine.power_off().await.unwrap();
    #[derive(Debug, Properties)]
    #[properties(of = vim_client::mo::Task)]
    struct State {
        #[property("info.state")]
        state: TaskInfoState,
    }
    let state = || async {
        client.retrieve::<State>().objects([task.moref().clone()]).all().await.unwrap().remove(0).row.state
    };
    simulator.advance(Duration::from_secs(49));
    assert_eq!(state().await, TaskInfoState::RUNNING);
    simulator.advance(Duration::from_secs(2));
    assert_eq!(state().await, TaskInfoState::ERROR);
    assert!(task.await.unwrap_err().fault_as::<NoDiskSpace>().is_some());
    assert_eq!(power(&client, &machine).await, VirtualMachinePowerState::POWERED_ON);
}

#[tokio::test]
async fn connections_are_cut_before_or_after_the_work() {
    let simulator = small().start().await.unwrap();
    let client = once(&simulator).await;
    let machine = vm(&client, "DC0_H0_VM0").await;
    simulator.rule(Rule::on("PowerOffVM_Task").times(1).failure(Failure::CutBefore));
    machine.power_off().await.unwrap_err();
    assert_eq!(power(&client, &machine).await, VirtualMachinePowerState::POWERED_ON);
    simulator.rule(Rule::on("PowerOffVM_Task").times(1).failure(Failure::CutAfter));
    machine.power_off().await.unwrap_err();
    while power(&client, &machine).await != VirtualMachinePowerState::POWERED_OFF {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn answers_are_spoilt_refused_or_late() {
    let simulator = small().start().await.unwrap();
    let client = once(&simulator).await;
    for failure in [Failure::Truncated, Failure::Corrupt] {
        simulator.rule(Rule::on("CurrentTime").times(1).failure(failure));
        let error = client.current_time().await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Protocol | ErrorKind::Interrupted), "{error}");
    }
    simulator.rule(Rule::on("CurrentTime").times(1).failure(Failure::Status(503)));
    let error = client.current_time().await.unwrap_err();
    assert!(error.to_string().contains("503"), "{error}");
    client.current_time().await.unwrap();
    // A session that is gone is replaced.
    let requests = |name: &str| simulator.take_requests().get(name).copied().unwrap_or(0);
    requests("");
    simulator.rule(Rule::on("RetrieveProperties*").times(1).failure(Failure::DropSession));
    // What is looked for is found nevertheless: the view that was lost with the session does not pass for an empty one.
    vm(&client, "DC0_H0_VM0").await;
    assert_eq!(requests("Login"), 1);
    let before = simulator.rule(Rule::on("*").fault(NoDiskSpace::default(), "never again"));
    client.current_time().await.unwrap_err();
    simulator.remove_rule(before);
    client.current_time().await.unwrap();
}

#[tokio::test]
async fn delays_go_by_the_simulators_clock() {
    let simulator = small().clock(Clock::Manual).start().await.unwrap();
    let client = once(&simulator).await;
    simulator.rule(Rule::on("CurrentTime").delay(Duration::from_secs(3600)));
    let _ = simulator.take_requests();
    let call = tokio::spawn(async move { client.current_time().await });
    while !simulator.take_requests().contains_key("CurrentTime") {
        tokio::task::yield_now().await;
    }
    assert!(!call.is_finished());
    // The wait begins where the request is counted, so that time has to pass until the answer comes.
    while !call.is_finished() {
        simulator.advance(Duration::from_secs(3600));
        tokio::task::yield_now().await;
    }
    call.await.unwrap().unwrap();
}
