//! The inventory that a simulator starts with.

mod administration;
#[cfg(test)]
pub(crate) mod complete;
mod content;
mod esx;
mod machine;
mod vcenter;

use crate::build::StartError;
use crate::fault::Fault;
use crate::sim::Config;
use crate::world::World;
use vim_types::ServiceContent;
use vim_wire::DateTime;

/// What there is at the start, named as vcsim names it.
///
/// ```
/// # use vim_sim::Model;
/// let model = Model::vcenter().clusters(2).hosts(3).vms(50);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a model is for a builder"]
pub struct Model {
    esx: bool,
    autostart: bool,
    datacenters: usize,
    clusters: usize,
    hosts: usize,
    standalone_hosts: usize,
    resource_pools: usize,
    vms: usize,
    datastores: usize,
    portgroups: usize,
    nsx_portgroups: usize,
    opaque_networks: usize,
    pods: usize,
    folders: usize,
    apps: usize,
}

impl Model {
    /// A vCenter with one datacenter, a standalone host, a cluster of three hosts, one datastore, one distributed portgroup,
    /// and two running VMs in each resource pool.
    pub const fn vcenter() -> Self {
        Self {
            esx: false,
            autostart: true,
            datacenters: 1,
            clusters: 1,
            hosts: 3,
            standalone_hosts: 1,
            resource_pools: 0,
            vms: 2,
            datastores: 1,
            portgroups: 1,
            nsx_portgroups: 0,
            opaque_networks: 0,
            pods: 0,
            folders: 0,
            apps: 0,
        }
    }

    /// A standalone ESXi host with one datastore and two running VMs. Of the numbers, those of VMs and datastores count.
    pub const fn esx() -> Self {
        Self { esx: true, ..Self::vcenter() }
    }

    /// How many datacenters: `DC0` …
    pub const fn datacenters(mut self, number: usize) -> Self {
        self.datacenters = number;
        self
    }

    /// How many clusters in each datacenter: `DC0_C0` …
    pub const fn clusters(mut self, number: usize) -> Self {
        self.clusters = number;
        self
    }

    /// How many hosts in each cluster: `DC0_C0_H0` …
    pub const fn hosts(mut self, number: usize) -> Self {
        self.hosts = number;
        self
    }

    /// How many hosts in each datacenter beside the clusters: `DC0_H0` …
    pub const fn standalone_hosts(mut self, number: usize) -> Self {
        self.standalone_hosts = number;
        self
    }

    /// How many resource pools in each cluster, below its own: `DC0_C0_RP1` … Where there are any, the cluster's VMs are in
    /// them.
    pub const fn resource_pools(mut self, number: usize) -> Self {
        self.resource_pools = number;
        self
    }

    /// How many VMs in each resource pool, vApp and standalone host: `DC0_C0_RP0_VM0`, `DC0_H0_VM0` …
    pub const fn vms(mut self, number: usize) -> Self {
        self.vms = number;
        self
    }

    /// How many datastores in each datacenter, mounted on all its hosts: `LocalDS_0` …
    pub const fn datastores(mut self, number: usize) -> Self {
        self.datastores = number;
        self
    }

    /// How many distributed portgroups in each datacenter: `DC0_DVPG0` …; the first is the VMs' network.
    pub const fn portgroups(mut self, number: usize) -> Self {
        self.portgroups = number;
        self
    }

    /// How many distributed portgroups of NSX in each datacenter: `DC0_NSXPG0` …
    pub const fn nsx_portgroups(mut self, number: usize) -> Self {
        self.nsx_portgroups = number;
        self
    }

    /// How many opaque networks of NSX in each datacenter: `DC0_NSX0` …; each has a portgroup too, numbered after the
    /// others.
    pub const fn opaque_networks(mut self, number: usize) -> Self {
        self.opaque_networks = number;
        self
    }

    /// How many datastore clusters in each datacenter, without datastores: `DC0_POD0` …
    pub const fn pods(mut self, number: usize) -> Self {
        self.pods = number;
        self
    }

    /// How many datacenters, counted from the last, lie in a folder: `F0` …, as lies what they hold.
    pub const fn folders(mut self, number: usize) -> Self {
        self.folders = number;
        self
    }

    /// How many vApps in each cluster: `DC0_C0_APP0` …
    pub const fn apps(mut self, number: usize) -> Self {
        self.apps = number;
        self
    }

    /// Whether the VMs run at the start.
    pub const fn autostart(mut self, autostart: bool) -> Self {
        self.autostart = autostart;
        self
    }

    pub(crate) const fn is_esx(&self) -> bool {
        self.esx
    }
}

/// Builds the world.
pub(crate) fn build(
    model: &Model,
    config: &Config,
    now: DateTime,
) -> Result<(ServiceContent, World), StartError> {
    let mut world = World::default();
    let mut tx = world.begin();
    tx.now = now;
    let failed = |fault: Fault| StartError::new(format!("the model cannot be: {}", fault.message));
    let content = content::create(&mut tx, model, config);
    administration::create(&mut tx, &content, config).map_err(failed)?;
    let created = match model.esx {
        true => esx::create(&mut tx, model, &content.root_folder),
        false => vcenter::create(&mut tx, model, &content.root_folder),
    };
    created.map_err(failed)?;
    tx.commit();
    Ok((content, world))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::timer::{Clock, Timer};

    /// A world by a model, for other tests too.
    pub(crate) fn world(model: &Model) -> World {
        let config = Config {
            version: 0,
            api_version: "8.0.3.0".into(),
            accounts: Default::default(),
            users: Vec::new(),
            idle: Default::default(),
            task_time: Default::default(),
            boot_time: Default::default(),
            esx: model.is_esx(),
        };
        build(model, &config, Timer::new(Clock::System).now()).expect("the model can be").1
    }

    #[test]
    fn a_vcenter_has_what_vcsim_has() {
        let world = world(&Model::vcenter());
        let names = |kind| world.of_kind(kind).iter().map(|node| node.name()).collect::<Vec<_>>();
        assert_eq!(names("VirtualMachine"), ["DC0_H0_VM0", "DC0_H0_VM1", "DC0_C0_RP0_VM0", "DC0_C0_RP0_VM1"]);
        assert_eq!(names("HostSystem"), ["DC0_H0", "DC0_C0_H0", "DC0_C0_H1", "DC0_C0_H2"]);
        assert_eq!(names("DistributedVirtualPortgroup"), ["DVS0-DVUplinks-8", "DC0_DVPG0"]);
        let ids = |kind| world.of_kind(kind).iter().map(|node| node.moref.value()).collect::<Vec<_>>();
        assert_eq!(ids("VirtualMachine"), ["vm-62", "vm-65", "vm-68", "vm-71"]);
        assert_eq!(ids("ComputeResource"), ["domain-c28", "domain-s24"]);
    }

    #[test]
    fn nothing_is_missing() {
        let all = Model::vcenter()
            .resource_pools(1)
            .apps(1)
            .pods(1)
            .folders(1)
            .nsx_portgroups(1)
            .opaque_networks(1);
        for model in [all, Model::esx()] {
            let mut lacks = complete::lacks(&world(&model));
            lacks.retain(|lack| !lack.starts_with("EventManager") && !lack.starts_with("LicenseManager"));
            lacks.retain(|lack| !lack.starts_with("TaskManager"));
            assert_eq!(lacks, std::collections::BTreeSet::new());
        }
    }
}
