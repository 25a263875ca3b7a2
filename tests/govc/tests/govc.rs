//! govc prints the same with vim-sim as with vcsim.
#![allow(clippy::expect_used, reason = "tests")]

use govc_tests::run::{Outcome, both};
use govc_tests::scenarios;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// How many command lines and how many different commands there must be.
const LINES: usize = 250;
const COMMANDS: usize = 90;
/// How many of a hundred lines may differ, with a reason.
const DIFFERING: usize = 5;

#[test]
fn the_scripts_are_long_and_broad_enough() {
    let scenarios = scenarios();
    let lines: Vec<_> = scenarios.iter().flat_map(|scenario| &scenario.lines).collect();
    let commands: BTreeSet<_> = lines.iter().map(|line| line.command()).collect();
    assert!(lines.len() >= LINES, "{} lines", lines.len());
    assert!(commands.len() >= COMMANDS, "{} commands: {commands:?}", commands.len());
    let differing = lines.iter().filter(|line| line.differs.is_some()).count();
    assert!(differing * 100 <= lines.len() * DIFFERING, "{differing} of {} lines differ", lines.len());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs vcsim and govc: tests/referee/build.sh"]
async fn govc_prints_what_it_prints_with_vcsim() {
    // Each scenario has two servers of its own: a few at a time.
    let gate = Arc::new(Semaphore::new(3));
    let mut running = Vec::new();
    for scenario in scenarios() {
        let gate = Arc::clone(&gate);
        running.push(tokio::spawn(async move {
            let _turn = gate.acquire().await.expect("is open");
            both(&scenario).await
        }));
    }
    let (mut lines, mut faults) = (0, Vec::new());
    for scenario in running {
        let outcomes = scenario.await.expect("a scenario is run");
        lines += outcomes.len();
        faults.extend(outcomes.iter().filter_map(Outcome::fault));
    }
    assert!(faults.is_empty(), "\n{}\n{} of {lines} lines", faults.join("\n"), faults.len());
}
