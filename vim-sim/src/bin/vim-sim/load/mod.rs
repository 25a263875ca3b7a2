//! `--load`: the model, users and rules from a file. What it may say is documented in `vim-sim/README.md`.

mod fault;

use crate::Result;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::path::Path;
use std::time::Duration;
use vim_sim::{Builder, Failure, Model, Role, Rule};

/// What a file may say.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct File {
    #[serde(default)]
    pub(crate) model: Shape,
    task_time: Option<String>,
    boot_time: Option<String>,
    idle_timeout: Option<String>,
    #[serde(default, rename = "user")]
    users: Vec<User>,
    #[serde(default, rename = "rule")]
    rules: Vec<RuleEntry>,
}

/// The numbers of a model: what neither the command line nor a file says is as usual.
#[derive(Clone, Debug, Default, Deserialize, clap::Args)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Shape {
    /// Datacenters [default: 1]
    #[arg(long, value_name = "N")]
    dc: Option<usize>,
    /// Clusters in each datacenter [default: 1]
    #[arg(long, value_name = "N")]
    cluster: Option<usize>,
    /// Hosts in each cluster [default: 3]
    #[arg(long, value_name = "N")]
    host: Option<usize>,
    /// Hosts in each datacenter beside the clusters [default: 1]
    #[arg(long, value_name = "N")]
    standalone_host: Option<usize>,
    /// Resource pools in each cluster [default: 0]
    #[arg(long, value_name = "N")]
    pool: Option<usize>,
    /// Virtual machines in each resource pool [default: 2]
    #[arg(long, value_name = "N")]
    pub(crate) vm: Option<usize>,
    /// vApps in each cluster [default: 0]
    #[arg(long, value_name = "N")]
    app: Option<usize>,
    /// Datastores in each datacenter [default: 1]
    #[arg(long, value_name = "N")]
    ds: Option<usize>,
    /// Datastore clusters in each datacenter [default: 0]
    #[arg(long, value_name = "N")]
    pod: Option<usize>,
    /// Distributed portgroups in each datacenter [default: 1]
    #[arg(long, value_name = "N")]
    pg: Option<usize>,
    /// Distributed portgroups of NSX in each datacenter [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) pg_nsx: Option<usize>,
    /// Opaque networks of NSX in each datacenter [default: 0]
    #[arg(long, value_name = "N")]
    nsx: Option<usize>,
    /// Folders, in which the last datacenters and what they hold lie [default: 0]
    #[arg(long, value_name = "N")]
    folder: Option<usize>,
    /// Whether the virtual machines run at the start [default: true]
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_parser = crate::args::boolean())]
    autostart: Option<bool>,
    /// A standalone ESXi host instead of a vCenter
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true",
        value_parser = crate::args::boolean())]
    pub(crate) esx: Option<bool>,
}

impl Shape {
    /// The model that it describes; what it does not say is as `otherwise` says.
    pub(crate) fn model(&self, otherwise: &Self) -> Model {
        let esx = self.esx.or(otherwise.esx).unwrap_or(false);
        let mut model = if esx { Model::esx() } else { Model::vcenter() };
        /// What is said here, what is said otherwise, and what it sets.
        type Number = (Option<usize>, Option<usize>, fn(Model, usize) -> Model);
        let numbers: [Number; 13] = [
            (self.dc, otherwise.dc, Model::datacenters),
            (self.cluster, otherwise.cluster, Model::clusters),
            (self.host, otherwise.host, Model::hosts),
            (self.standalone_host, otherwise.standalone_host, Model::standalone_hosts),
            (self.pool, otherwise.pool, Model::resource_pools),
            (self.vm, otherwise.vm, Model::vms),
            (self.app, otherwise.app, Model::apps),
            (self.ds, otherwise.ds, Model::datastores),
            (self.pod, otherwise.pod, Model::pods),
            (self.pg, otherwise.pg, Model::portgroups),
            (self.pg_nsx, otherwise.pg_nsx, Model::nsx_portgroups),
            (self.nsx, otherwise.nsx, Model::opaque_networks),
            (self.folder, otherwise.folder, Model::folders),
        ];
        for (own, other, set) in numbers {
            if let Some(number) = own.or(other) {
                model = set(model, number);
            }
        }
        match self.autostart.or(otherwise.autostart) {
            Some(autostart) => model.autostart(autostart),
            None => model,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct User {
    name: String,
    password: String,
    role: Option<String>,
    privileges: Option<Vec<String>>,
    on: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RuleEntry {
    method: String,
    object: Option<String>,
    name: Option<String>,
    skip: Option<u64>,
    times: Option<u64>,
    probability: Option<f64>,
    delay: Option<String>,
    /// The name of a fault, such as `NoDiskSpace`, and its fields.
    fault: Option<String>,
    #[serde(default)]
    fields: Map<String, Value>,
    message: Option<String>,
    /// The task fails once it is so many percent done.
    fails_at: Option<i32>,
    /// `before` or `after` the work is done.
    cut: Option<String>,
    truncate: Option<bool>,
    corrupt: Option<bool>,
    status: Option<u16>,
    drop_session: Option<bool>,
}

/// A time such as `500ms`, `2s`, `1m30s`.
pub(crate) fn duration(text: &str) -> Result<Duration> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{text:?} is no time such as 500ms, 2s or 1m30s: {error}").into())
}

impl File {
    /// Reads a file: JSON where its name ends so, TOML otherwise.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let wrong = |reason: String| format!("{}: {reason}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let is_json = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let file = match is_json {
            true => serde_json::from_str(&text).map_err(|error| error.to_string()),
            false => toml::from_str(&text).map_err(|error| error.to_string()),
        };
        file.map_err(|reason| wrong(reason).into())
    }

    /// A simulator to be, with what the file says of users, times and rules.
    pub(crate) fn apply(&self, mut builder: Builder) -> Result<Builder> {
        if let Some(time) = &self.task_time {
            builder = builder.task_time(duration(time)?);
        }
        if let Some(time) = &self.boot_time {
            builder = builder.boot_time(duration(time)?);
        }
        if let Some(time) = &self.idle_timeout {
            builder = builder.idle_timeout(duration(time)?);
        }
        for user in &self.users {
            builder = user.apply(builder)?;
        }
        for (at, rule) in self.rules.iter().enumerate() {
            let rule = rule.rule().map_err(|error| format!("rule {} ({}): {error}", at + 1, rule.method))?;
            builder = builder.rule(rule);
        }
        Ok(builder)
    }
}

impl User {
    fn apply(&self, builder: Builder) -> Result<Builder> {
        let role = match (&self.role, &self.privileges) {
            (Some(role), None) => Role::from(role.as_str()),
            (None, Some(privileges)) => Role::from(privileges.clone()),
            (None, None) if self.on.is_none() => return Ok(builder.account(&self.name, &self.password)),
            _ => return Err(format!("user {}: either a role or privileges", self.name).into()),
        };
        let on = self.on.clone().unwrap_or_else(|| vec!["/".to_owned()]);
        Ok(builder.user(&self.name, &self.password, role, on))
    }
}

impl RuleEntry {
    fn rule(&self) -> Result<Rule> {
        let mut rule = Rule::on(&self.method);
        if let Some(object) = &self.object {
            let object =
                object.parse().map_err(|_| format!("{object:?} is no reference such as Task:task-1"))?;
            rule = rule.object(object);
        }
        if let Some(name) = &self.name {
            rule = rule.name(name);
        }
        if let Some(calls) = self.skip {
            rule = rule.skip(calls);
        }
        if let Some(calls) = self.times {
            rule = rule.times(calls);
        }
        if let Some(probability) = self.probability {
            if !(0.0..=1.0).contains(&probability) {
                return Err(format!("a probability lies between 0 and 1, not at {probability}").into());
            }
            rule = rule.probability(probability);
        }
        if let Some(delay) = &self.delay {
            rule = rule.delay(duration(delay)?);
        }
        Ok(rule.failure(self.failure()?))
    }

    /// What goes wrong: one thing.
    fn failure(&self) -> Result<Failure> {
        let yes = |flag: Option<bool>| flag == Some(true);
        let mut failures = Vec::new();
        if let Some(name) = &self.fault {
            let detail = fault::of(name, &self.fields)?;
            let message = self.message.clone().unwrap_or_else(|| name.clone());
            failures.push(match self.fails_at {
                Some(at) if !(0..=100).contains(&at) => return Err(format!("{at} is no percentage").into()),
                Some(at) => Failure::Task { at, detail, message },
                None => Failure::Fault { detail, message },
            });
        } else if self.fails_at.is_some() || !self.fields.is_empty() || self.message.is_some() {
            return Err("it names no fault".into());
        }
        match self.cut.as_deref() {
            None => {}
            Some("before") => failures.push(Failure::CutBefore),
            Some("after") => failures.push(Failure::CutAfter),
            Some(other) => return Err(format!("a connection is cut before or after, not {other:?}").into()),
        }
        if yes(self.truncate) {
            failures.push(Failure::Truncated);
        }
        if yes(self.corrupt) {
            failures.push(Failure::Corrupt);
        }
        if yes(self.drop_session) {
            failures.push(Failure::DropSession);
        }
        if let Some(status) = self.status {
            if !(400..600).contains(&status) {
                return Err(format!("{status} is no status of a failure").into());
            }
            failures.push(Failure::Status(status));
        }
        match (failures.pop(), failures.is_empty()) {
            (Some(failure), true) => Ok(failure),
            (Some(_), false) => Err("more than one thing goes wrong; that is more than one rule".into()),
            (None, _) if self.delay.is_some() => Ok(Failure::Slow),
            (None, _) => Err("nothing goes wrong: no fault, delay, cut, status …".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn toml(text: &str) -> Result<Builder> {
        toml::from_str::<File>(text)?.apply(Builder::default())
    }

    #[test]
    fn a_file_says_all_that_a_program_can() {
        let text = r#"
            task-time = "1s"
            [model]
            vm = 10
            pg-nsx = 1
            [[user]]
            name = "reader"
            password = "secret"
            role = "ReadOnly"
            [[user]]
            name = "operator"
            password = "secret"
            privileges = ["VirtualMachine.Interact.PowerOn"]
            on = ["/DC0/vm"]
            [[rule]]
            method = "CloneVM_Task"
            name = "DC0_H0_VM0"
            skip = 1
            times = 1
            fault = "NoDiskSpace"
            fields = { file = "[LocalDS_0] web.vmdk", datastore = "LocalDS_0" }
            message = "no space left"
            fails-at = 50
            [[rule]]
            method = "RetrieveProperties*"
            probability = 0.1
            delay = "2s"
            [[rule]]
            method = "PowerOnVM_Task"
            object = "VirtualMachine:vm-62"
            cut = "after"
            [[rule]]
            method = "*"
            status = 503
        "#;
        let _ = toml(text).expect("a file");
        let json = r#"{"rule": [{"method": "Login", "drop-session": true}], "model": {"esx": true}}"#;
        let file: File = serde_json::from_str(json).expect("a file");
        assert!(file.apply(Builder::default()).is_ok() && file.model.esx == Some(true));
    }

    #[test]
    fn the_file_of_the_readme_can_be_loaded() {
        let readme = include_str!("../../../../README.md");
        let text =
            readme.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a file");
        let _ = toml(text).expect("can be loaded");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, word) in [
            ("[[rule]]\nmethod = \"Login\"", "nothing goes wrong"),
            ("[[rule]]\nmethod = \"Login\"\nfault = \"NoSuchFault\"", "NoSuchFault"),
            ("[[rule]]\nmethod = \"Login\"\nfault = \"VirtualDisk\"", "VirtualDisk"),
            ("[[rule]]\nmethod = \"Login\"\nfault = \"NoDiskSpace\"\nfields = { what = 1 }", "datastore"),
            ("[[rule]]\nmethod = \"Login\"\nstatus = 200", "200"),
            ("[[rule]]\nmethod = \"Login\"\nstatus = 503\ncut = \"after\"", "more than one"),
            ("[[rule]]\nmethod = \"Login\"\ndelay = \"long\"", "long"),
            ("[[rule]]\nmethod = \"Login\"\nprobability = 2.0", "probability"),
            ("[[rule]]\nmethod = \"Login\"\nmessage = \"x\"", "no fault"),
            ("rules = 1", "rules"),
            ("[[user]]\nname = \"a\"\npassword = \"b\"\nrole = \"x\"\nprivileges = []", "either"),
        ] {
            let error = toml(text).expect_err(text).to_string();
            assert!(error.contains(word), "{text}: {error}");
        }
    }
}
