//! The inventory that a simulator starts with has vcsim's names, whatever the flags.
#![allow(clippy::expect_used, reason = "tests")]

use govc_tests::server::{Kind, Server};
use std::process::Stdio;
use tokio::process::Command;

/// What vcsim is started with.
const FLAGS: &[&str] = &[
    "",
    "-esx",
    "-dc 2 -cluster 2 -host 2 -vm 1",
    "-dc 3 -folder 2 -pod 1 -standalone-host 2",
    "-pool 2 -app 1 -vm 1",
    "-pg 3 -pg-nsx 2 -nsx 2",
    "-pg 0 -nsx 0 -ds 3",
    "-cluster 0 -standalone-host 3 -vm 3",
    "-host 1 -standalone-host 0 -vm 0 -pool 3",
    "-dc 2 -folder 2 -app 2 -pod 2 -pg 2 -ds 2 -autostart=false",
];

/// What `govc find` prints of everything: type and path, and with `ids` the reference of VMs and hosts.
async fn find(server: &Server, arguments: &[&str]) -> Vec<String> {
    let program = std::env::var("GOVC").expect("GOVC names the program that tests/referee/build.sh builds");
    let output = Command::new(program)
        .arg("find")
        .args(arguments)
        .arg("/")
        .env_clear()
        .env("GOVC_URL", &server.url)
        .env("GOVC_VIM_VERSION", "8.0.3.0")
        .env("HOME", &server.folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .expect("govc runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut lines: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs vcsim and govc: tests/referee/build.sh"]
async fn names_are_those_of_vcsim() {
    for flags in FLAGS {
        let list: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
        let (vcsim, ours) =
            tokio::join!(Server::start(Kind::Vcsim, &list), Server::start(Kind::VimSim, &list));
        let (theirs, own) = tokio::join!(find(&vcsim, &["-l"]), find(&ours, &["-l"]));
        assert_eq!(own, theirs, "with {flags:?}");
        // Of one datacenter, the references are the same too.
        if !flags.contains("-dc") {
            let arguments = ["-i", "-type", "m"];
            let (theirs, own) = tokio::join!(find(&vcsim, &arguments), find(&ours, &arguments));
            assert_eq!(own, theirs, "with {flags:?}");
        }
    }
}
