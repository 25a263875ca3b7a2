//! Sessions: their end, their list, and the options that they go by.

use crate::{connect, manager, small, vm};
use std::time::Duration;
use vim_client::mo::{OptionManager, SessionManager};
use vim_client::types::{InvalidArgument, InvalidName, NotFound, OptionValue, UserSession};
use vim_client::{Any, Client, ManagedObject, Poly, Properties};
use vim_sim::{Clock, Simulator};

#[derive(Debug, Properties)]
#[properties(of = SessionManager)]
struct Sessions {
    #[property("sessionList")]
    all: Vec<UserSession>,
    #[property("currentSession")]
    current: Option<UserSession>,
}

async fn sessions(client: &Client) -> Sessions {
    let manager: SessionManager = manager(client, "SessionManager").await;
    let moref = manager.handle().moref().clone();
    client.retrieve::<Sessions>().objects([moref]).all().await.unwrap().remove(0).row
}

fn logins(simulator: &Simulator) -> u64 {
    simulator.take_requests().get("Login").copied().unwrap_or(0)
}

#[tokio::test]
async fn who_gives_a_wrong_password_does_not_come_in() {
    let simulator = small().account("admin", "secret").start().await.unwrap();
    let wrong = Client::builder(simulator.url()).credentials("admin", "guess").connect().await;
    assert!(wrong.unwrap_err().is_invalid_login());
    let stranger = Client::builder(simulator.url()).credentials("root", "secret").connect().await;
    assert!(stranger.unwrap_err().is_invalid_login());
    connect(&simulator, "admin").await.close().await.unwrap();
}

#[tokio::test]
async fn idle_sessions_end_and_busy_ones_do_not() {
    let simulator = small().clock(Clock::Manual).start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let other = connect(&simulator, "other").await;
    assert_eq!((sessions(&client).await.all.len(), logins(&simulator)), (2, 2));
    simulator.advance(Duration::from_secs(29 * 60));
    client.current_time().await.unwrap();
    simulator.advance(Duration::from_secs(2 * 60));
    // CurrentTime is answered without a session, and counts for the one that it bears.
    let now = sessions(&client).await;
    assert_eq!((now.all.len(), now.current.unwrap().user_name.as_str()), (1, "user"));
    assert_eq!(logins(&simulator), 0);
    // The other one comes in again, as clients do.
    assert_eq!(sessions(&other).await.all.len(), 2);
    assert_eq!(logins(&simulator), 1);
}

#[tokio::test]
async fn a_long_wait_counts_as_activity() {
    let simulator = small().clock(Clock::Manual).start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let machine = vm(&client, "DC0_H0_VM0").await;
    let moref = machine.handle().moref().clone();
    #[derive(Debug, Properties)]
    #[properties(of = vim_client::mo::VirtualMachine)]
    struct Name {
        #[property("name")]
        _name: String,
    }
    let watch = client.watch::<Name>().objects([moref]).stream();
    let follower = tokio::spawn(async move {
        let mut watch = std::pin::pin!(watch);
        while let Some(change) = futures_util::StreamExt::next(&mut watch).await {
            drop(change.unwrap());
        }
    });
    // The watch waits once it has asked twice: for what there is, and for what changes.
    let mut asked = 0;
    while asked < 2 {
        asked += simulator.take_requests().get("WaitForUpdatesEx").copied().unwrap_or(0);
        tokio::task::yield_now().await;
    }
    simulator.advance(Duration::from_secs(31 * 60));
    machine.rename("other").await.unwrap().await.unwrap();
    assert_eq!(logins(&simulator), 0, "the session has lived on");
    follower.abort();
}

#[tokio::test]
async fn an_option_says_how_long_sessions_may_be_idle() {
    let simulator = small().clock(Clock::Manual).start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let options: OptionManager = manager(&client, "OptionManager").await;
    let set = |value: &str| {
        let key = "config.vmacore.soap.sessionTimeout".to_owned();
        let change: Poly<OptionValue> = OptionValue { key, value: Some(Any::from(value)) }.into();
        let options = options.clone();
        async move { options.update_values(&[change]).await }
    };
    for wrong in ["soon", "-1", "0"] {
        let error = set(wrong).await.unwrap_err();
        assert!(error.fault_as::<InvalidArgument>().is_some(), "{wrong}: {error}");
    }
    set("2m").await.unwrap();
    let found = options.query_view().name("config.vmacore.").await.unwrap();
    assert_eq!(found[0].value, Some(Any::from("2m")));
    logins(&simulator);
    simulator.advance(Duration::from_secs(119));
    sessions(&client).await;
    assert_eq!(logins(&simulator), 0);
    simulator.advance(Duration::from_secs(121));
    sessions(&client).await;
    assert_eq!(logins(&simulator), 1);
    let error = options.query_view().name("no.such").await.unwrap_err();
    assert_eq!(error.fault_as::<InvalidName>().unwrap().name, "no.such");
}

#[tokio::test]
async fn sessions_are_terminated_by_others_alone() {
    let simulator = small().start().await.unwrap();
    let client = connect(&simulator, "user").await;
    let other = connect(&simulator, "other").await;
    let manager: SessionManager = manager(&client, "SessionManager").await;
    let (own, theirs) = (sessions(&client).await.current.unwrap(), sessions(&other).await.current.unwrap());
    assert!(manager.session_is_active(&theirs.key, "other").await.unwrap());
    let error = manager.terminate(&[own.key]).await.unwrap_err();
    assert!(error.fault_as::<InvalidArgument>().is_some(), "{error}");
    manager.terminate(std::slice::from_ref(&theirs.key)).await.unwrap();
    assert!(!manager.session_is_active(&theirs.key, "other").await.unwrap());
    let error = manager.terminate(&[theirs.key]).await.unwrap_err();
    assert!(error.fault_as::<NotFound>().is_some(), "{error}");
    manager.set_locale("de_DE").await.unwrap();
    manager.update_message("going down at noon").await.unwrap();
    assert_eq!(sessions(&client).await.current.unwrap().locale, "de_DE");
}
