//! pyVmomi as a client: `tests/pyvmomi/client.py`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use sim_tests::proxy::Proxy;
use std::path::Path;
use std::time::Duration;
use tokio::process::Command;
use vim_sim::Simulator;

/// Runs the script with the Python that `PYVMOMI` names, which has what `requirements.txt` says.
async fn run(address: &str, scheme: &str) {
    let python = std::env::var("PYVMOMI").expect("PYVMOMI names a Python that has pyVmomi");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pyvmomi/client.py");
    let (host, port) = address.rsplit_once(':').unwrap();
    let ran = Command::new(python)
        .arg(script)
        .args([host, port, scheme])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(120), ran).await.expect("ends").expect("starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said == "ok\n", "{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pyVmomi: tests/pyvmomi/requirements.txt"]
async fn pyvmomi_drives_the_simulator_and_each_answer_holds() {
    let simulator = Simulator::builder().start().await.unwrap();
    let proxy = Proxy::start(simulator.address().to_string()).await;
    run(&proxy.address, "http").await;
    let (answers, wrong) = proxy.seen();
    assert!(answers > 100, "{answers} answers");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs pyVmomi: tests/pyvmomi/requirements.txt"]
async fn pyvmomi_speaks_tls_with_the_simulator() {
    let simulator = Simulator::builder().tls(true).start().await.unwrap();
    run(&simulator.address().to_string(), "https").await;
}
