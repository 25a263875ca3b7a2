//! Whatever the simulator answers holds against the schema: required fields, known values of enumerations, order.
#![allow(clippy::unwrap_used, reason = "tests")]

use sim_tests::check::How;
use sim_tests::crawl::crawl;
use sim_tests::http::Soap;
use vim_sim::{Model, Simulator};

#[track_caller]
fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} answers do not hold:\n{}", wrong.len(), wrong.join("\n"));
}

async fn everything(model: Model, kinds: usize) {
    let simulator = Simulator::builder().model(model).start().await.unwrap();
    let address = simulator.address().to_string();
    let mut soap = Soap::login(&address, "8.0.3.0", "user", "pass").await.unwrap();
    let found = crawl(&mut soap, How::Exactly).await.unwrap();
    none(&found.wrong);
    let mut seen: Vec<_> = found.objects.iter().map(|found| found.moref.kind()).collect();
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.len() >= kinds, "{} kinds of objects: {seen:?}", seen.len());
}

#[tokio::test]
async fn all_properties_of_all_objects_of_a_vcenter() {
    let model =
        Model::vcenter().resource_pools(1).apps(1).pods(1).folders(1).opaque_networks(1).nsx_portgroups(1);
    everything(model, 40).await;
}

#[tokio::test]
async fn all_properties_of_all_objects_of_a_host() {
    everything(Model::esx(), 20).await;
}
