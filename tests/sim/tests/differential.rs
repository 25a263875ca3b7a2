//! Requests made from the schema, sent to vcsim and to vim-sim, and the answers compared. What differs is in a list, with the
//! reason: `tests/sim/differences/`.
#![allow(clippy::unwrap_used, reason = "tests")]

use sim_tests::check::{Answer, How};
use sim_tests::crawl::{Crawl, all_properties, crawl, retrieve};
use sim_tests::differ::{self, Difference, Meant, Names, compare, general, leaves};
use sim_tests::http::Soap;
use sim_tests::model::{Method, is_a, methods};
use std::collections::{BTreeMap, BTreeSet};
use vcsim_tests::Vcsim;
use vim_sim::{Clock, Model, Simulator};
use vim_types::TaskInfoState;
use vim_wire::{Any, MoRef};

const VERSION: &str = "8.0.3.0";

/// One of the two servers: what it has, and what its objects are called.
struct Side {
    soap: Soap,
    crawl: Crawl,
    names: Names,
}

impl Side {
    async fn new(address: &str) -> Self {
        let mut soap = Soap::login(address, VERSION, "user", "pass").await.unwrap();
        let crawl = crawl(&mut soap, How::Leniently).await.unwrap();
        let names = Names::of(&crawl);
        Self { soap, crawl, names }
    }

    /// What it answers, in words that can be compared.
    async fn outcome(&mut self, method: &str, this: &MoRef, args: &str) -> Option<BTreeMap<String, String>> {
        let answer = self.soap.call(method, this, args, How::Leniently).await.ok()?;
        let mut told = BTreeMap::new();
        match answer {
            Answer::Fault { kind, .. } => drop(told.insert("fault".to_owned(), kind)),
            Answer::Values(values) => {
                for value in &values {
                    let task = value.as_moref().filter(|moref| moref.kind() == "Task").cloned();
                    match task {
                        Some(task) if method.ends_with("_Task") => self.task(&task, &mut told).await,
                        _ => told.append(&mut leaves(value, "result", &self.names)),
                    }
                }
                told.insert("answered".to_owned(), "yes".to_owned());
            }
        }
        Some(told)
    }

    /// How a task ends.
    async fn task(&mut self, task: &MoRef, told: &mut BTreeMap<String, String>) {
        loop {
            let Ok(Ok(properties)) = all_properties(&mut self.soap, task, How::Leniently).await else {
                return;
            };
            let info = properties.get("info").and_then(Any::downcast_ref::<vim_types::TaskInfo>);
            let Some(info) = info else { return };
            match info.state {
                TaskInfoState::QUEUED | TaskInfoState::RUNNING => tokio::task::yield_now().await,
                TaskInfoState::SUCCESS => {
                    told.insert("task".to_owned(), "success".to_owned());
                    if let Some(result) = &info.result {
                        told.append(&mut leaves(result, "task.result", &self.names));
                    }
                    return;
                }
                _ => {
                    let fault = info.error.as_ref().map(|error| error.fault.type_name().to_owned());
                    told.insert("task".to_owned(), fault.unwrap_or_default());
                    return;
                }
            }
        }
    }
}

struct Pair {
    vcsim: Side,
    ours: Side,
    _servers: (Vcsim, Simulator),
}

impl Pair {
    async fn new() -> Self {
        let flags =
            ["-tls=false", "-pool", "1", "-app", "1", "-pod", "1", "-nsx", "1", "-pg-nsx", "1", "-vm", "1"];
        let vcsim = Vcsim::start(&flags).await;
        let model =
            Model::vcenter().resource_pools(1).apps(1).pods(1).opaque_networks(1).nsx_portgroups(1).vms(1);
        let simulator = Simulator::builder().model(model).clock(Clock::Instant).start().await.unwrap();
        Self {
            vcsim: Side::new(&vcsim.address).await,
            ours: Side::new(&simulator.address().to_string()).await,
            _servers: (vcsim, simulator),
        }
    }

    /// The objects that both have, by what they are called.
    fn shared(&self) -> Vec<(String, MoRef, MoRef)> {
        let ours = self.ours.names.objects();
        let both = |(name, theirs): (&str, &MoRef)| {
            Some((name.to_owned(), theirs.clone(), (*ours.get(name)?).clone()))
        };
        self.vcsim.names.objects().into_iter().filter_map(both).collect()
    }
}

#[track_caller]
fn check(list: &str, differences: &[Difference]) {
    hold(&Meant::parse(list).check(differences));
}

#[track_caller]
fn hold(report: &[String]) {
    assert!(report.is_empty(), "\n{}\n{} in all", report.join("\n"), report.len());
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn objects_and_their_properties_are_as_vcsims() {
    let pair = Pair::new().await;
    let mut differences = Vec::new();
    let (theirs, ours) = (pair.vcsim.names.objects(), pair.ours.names.objects());
    for (names, others, how) in [(&theirs, &ours, differ::How::Missing), (&ours, &theirs, differ::How::Extra)]
    {
        for (name, moref) in names.iter().filter(|(name, _)| !others.contains_key(*name)) {
            let (of, case) = (format!("object {}", moref.kind()), (*name).to_owned());
            differences.push(Difference { how, of, case });
        }
    }
    let all = |side: &Side, moref: &MoRef| {
        let found = side.crawl.objects.iter().find(|found| found.moref == *moref);
        let mut all = BTreeMap::new();
        for (name, value) in found.iter().flat_map(|found| &found.properties) {
            all.append(&mut leaves(value, name, &side.names));
        }
        all
    };
    let shared = pair.shared();
    assert!(shared.len() > 40, "{} objects are the same", shared.len());
    for (name, theirs, ours) in &shared {
        differences.extend(compare(ours.kind(), name, &all(&pair.vcsim, theirs), &all(&pair.ours, ours)));
    }
    println!("{} objects compared, {} differences", shared.len(), differences.len());
    check(include_str!("../differences/properties.txt"), &differences);
}

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn property_paths_are_answered_as_by_vcsim() {
    let mut pair = Pair::new().await;
    let mut differences = Vec::new();
    let (mut compared, mut kinds) = (0, BTreeSet::new());
    for (name, theirs, ours) in pair.shared() {
        if !kinds.insert(ours.kind().to_owned()) {
            continue;
        }
        let pair_kind = ours.kind();
        for path in paths(&pair, &theirs, &ours) {
            compared += 1;
            let mut answers = Vec::new();
            for (side, moref) in [(&mut pair.vcsim, &theirs), (&mut pair.ours, &ours)] {
                let request = retrieve(&side.soap.content.property_collector.clone(), moref, Some(&path));
                let (_, body) = side.soap.post(&request).await.unwrap();
                let method = sim_tests::check::method("RetrievePropertiesEx").unwrap();
                let answer = sim_tests::check::read(method, VERSION, How::Leniently, &body).unwrap();
                answers.push(match answer {
                    Answer::Fault { kind, .. } => BTreeMap::from([("fault".to_owned(), kind)]),
                    Answer::Values(values) => values
                        .iter()
                        .flat_map(|value| leaves(value, "", &side.names))
                        .filter(|(at, _)| at.contains("propSet"))
                        .collect(),
                });
            }
            let (theirs, ours) = (answers.first().unwrap(), answers.last().unwrap());
            for found in compare(pair_kind, &name, theirs, ours) {
                // As the difference of a property is told: what the path leads to is that.
                let of = match found.of.split_once(" .objects[].propSet[].val") {
                    Some((kind, rest)) => format!("{kind} {}{rest}", general(&path)),
                    None => format!("{} of {}", found.of, general(&path)),
                };
                differences.push(Difference { of, ..found });
            }
        }
    }
    assert!(kinds.len() > 20, "{kinds:?}");
    let properties = Meant::parse(include_str!("../differences/properties.txt"));
    let paths = Meant::parse(include_str!("../differences/paths.txt"));
    println!("{compared} paths of {} kinds of objects, {} differences", kinds.len(), differences.len());
    hold(&paths.check_beside(&properties, &differences));
}

/// The property paths of an object that lead to something on both sides: with the keys of items, as deep as values go.
fn paths(pair: &Pair, theirs: &MoRef, ours: &MoRef) -> BTreeSet<String> {
    let of = |side: &Side, moref: &MoRef| {
        let found = side.crawl.objects.iter().find(|found| found.moref == *moref);
        let mut paths = BTreeSet::new();
        for (name, value) in found.iter().flat_map(|found| &found.properties) {
            for leaf in leaves(value, name, &side.names).keys().filter_map(|leaf| leaf.split(':').next()) {
                // The leaf, and all that lies above it.
                paths.extend(leaf.match_indices(['.', '[']).map(|(at, _)| leaf[..at].to_owned()));
                paths.insert(leaf.to_owned());
            }
        }
        paths
    };
    let ours = of(&pair.ours, ours);
    // Items by number or by a text that needs no reading: other labels are ours, and nobody's keys.
    let plain = |path: &String| !path.contains(['<', '/', ' ', ']']) || path.contains("device[");
    of(&pair.vcsim, theirs).into_iter().filter(|path| ours.contains(path)).filter(plain).take(120).collect()
}

/// Methods that are not called: what they do to the server would be all that later calls show.
const LEFT_OUT: &[&str] = &["Logout", "TerminateSession", "ShutdownHost_Task", "RebootHost_Task"];

#[tokio::test]
#[ignore = "needs vcsim: tests/referee/build.sh"]
async fn methods_are_answered_as_by_vcsim() {
    let methods = methods();
    let mut differences = Vec::new();
    let (mut compared, mut kinds) = (0, BTreeSet::new());
    let mut pair = Pair::new().await;
    let shared = pair.shared();
    for (name, theirs, ours) in &shared {
        if !kinds.insert(ours.kind().to_owned()) {
            continue;
        }
        // Each kind of object has its own servers: what went before would show in the answers.
        pair = Pair::new().await;
        let mut own: Vec<&Method> = methods.iter().filter(|method| is_a(ours.kind(), method.this)).collect();
        own.retain(|method| !LEFT_OUT.contains(&method.name));
        own.sort_by_key(|method| (last(method.name), method.name));
        for method in own {
            let find = |kind: &str, ours: bool| {
                let of = shared.iter().find(|(_, moref, _)| is_a(moref.kind(), kind));
                of.map(|(_, theirs, mine)| if ours { mine.clone() } else { theirs.clone() })
            };
            let (Some(args), Some(same)) =
                (method.arguments(&|kind| find(kind, false)), method.arguments(&|kind| find(kind, true)))
            else {
                continue;
            };
            let Some(told) = pair.vcsim.outcome(method.name, theirs, &args).await else {
                // The request ended vcsim's process, or its connection.
                pair = Pair::new().await;
                continue;
            };
            let fault = told.get("fault").map(String::as_str);
            if matches!(fault, Some("MethodNotFound" | "InvalidRequest" | "ManagedObjectNotFound")) {
                continue;
            }
            let mine = pair.ours.outcome(method.name, ours, &same).await.unwrap();
            compared += 1;
            differences.extend(compare(&format!("{}.{}", ours.kind(), method.name), name, &told, &mine));
        }
    }
    assert!(compared > 150, "{compared} calls were compared");
    println!("{compared} calls compared, {} differences", differences.len());
    check(include_str!("../differences/methods.txt"), &differences);
}

/// What an object does not survive comes at its end.
fn last(method: &str) -> bool {
    ["Destroy", "Unregister", "Remove", "Delete", "Disconnect"].iter().any(|word| method.starts_with(word))
}
