//! What machines are put on and into: datacenters, clusters, hosts, pools, folders, datastores and networks.
//!
//! It is read in one request of the property collector and kept for a while, so that placing a machine costs no round trip. Who
//! misses something reads it anew; who is told that an object is gone forgets it all.

use crate::provider::{Error, ErrorKind, Result};
use crate::vsphere::errors::server;
use crate::vsphere::read::{self, Values};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use vim_client::types::DatastoreSummary;
use vim_client::{Any, Client, MoRef};

/// How long what was read is believed.
const FRESH: Duration = Duration::from_secs(120);
/// How soon after a read a miss is no reason for another one.
const SURE: Duration = Duration::from_secs(2);

/// An object that machines are put on or into.
#[derive(Clone, Debug, Default)]
pub(crate) struct Item {
    pub(crate) moref: MoRef,
    pub(crate) name: String,
    pub(crate) parent: Option<MoRef>,
    /// A compute resource's root pool, a datacenter's folder of machines, a distributed port group's switch.
    pub(crate) link: Option<MoRef>,
    /// The datastores of a compute resource or host.
    pub(crate) datastores: Vec<MoRef>,
    /// The networks of a compute resource or host.
    pub(crate) networks: Vec<MoRef>,
    /// A datastore's state.
    pub(crate) summary: Option<DatastoreSummary>,
    /// A distributed port group's key, or a distributed switch's UUID.
    pub(crate) key: Option<String>,
    /// The VLAN of a port group, where it has exactly one.
    pub(crate) vlan: Option<i32>,
}

/// All of them, as they were at one time.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    items: HashMap<MoRef, Item>,
}

impl Catalog {
    pub(crate) fn get(&self, moref: &MoRef) -> Option<&Item> {
        self.items.get(moref)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// All of a managed object's type or of those types.
    pub(crate) fn of<'a>(&'a self, kinds: &'a [&'a str]) -> impl Iterator<Item = &'a Item> {
        self.items.values().filter(|item| kinds.contains(&item.moref.kind()))
    }

    /// The item, its parent, its parent's parent and so on.
    pub(crate) fn lineage<'a>(&'a self, moref: &MoRef) -> impl Iterator<Item = &'a Item> {
        std::iter::successors(self.items.get(moref), |item| self.items.get(item.parent.as_ref()?))
    }

    /// Whether an object is another one or lies below it.
    pub(crate) fn is_below(&self, moref: &MoRef, above: &MoRef) -> bool {
        self.lineage(moref).any(|item| item.moref == *above)
    }

    pub(crate) fn datacenter_of(&self, moref: &MoRef) -> Option<&Item> {
        self.lineage(moref).find(|item| item.moref.kind() == "Datacenter")
    }

    /// An object's inventory path.
    pub(crate) fn path(&self, moref: &MoRef) -> String {
        let mut names: Vec<&str> = self.lineage(moref).map(|item| item.name.as_str()).collect();
        // The root folder's own name is no part of a path.
        if names.len() > 1 {
            names.pop();
        }
        names.reverse();
        format!("/{}", names.join("/"))
    }

    /// The children of a folder or pool, of a type.
    pub(crate) fn children<'a>(
        &'a self,
        of: &'a MoRef,
        kinds: &'a [&'a str],
    ) -> impl Iterator<Item = &'a Item> {
        self.of(kinds).filter(move |item| item.parent.as_ref() == Some(of))
    }

    #[cfg(test)]
    pub(crate) fn of_items(items: Vec<Item>) -> Self {
        Self { items: items.into_iter().map(|item| (item.moref.clone(), item)).collect() }
    }
}

/// The properties that are read, by managed object type.
const WANTED: read::Wanted<'_> = &[
    ("Folder", &["name", "parent"]),
    ("Datacenter", &["name", "parent", "vmFolder"]),
    ("ComputeResource", &["name", "parent", "resourcePool", "datastore", "network"]),
    ("ResourcePool", &["name", "parent"]),
    ("HostSystem", &["name", "parent", "datastore", "network"]),
    ("Datastore", &["name", "parent", "summary"]),
    ("StoragePod", &["name", "parent"]),
    ("Network", &["name", "parent"]),
    (
        "DistributedVirtualPortgroup",
        &["name", "parent", "key", "config.distributedVirtualSwitch", "config.defaultPortConfig"],
    ),
    ("DistributedVirtualSwitch", &["name", "parent", "uuid"]),
];

/// The catalog of a client, read when it is needed.
#[derive(Debug, Default)]
pub(crate) struct Catalogs {
    kept: Mutex<Option<(Instant, Arc<Catalog>)>>,
    reading: tokio::sync::Mutex<()>,
}

impl Catalogs {
    /// The catalog, not older than what is believed.
    pub(crate) async fn get(&self, client: &Client) -> Result<Arc<Catalog>> {
        self.younger_than(client, FRESH).await
    }

    /// A newer one than that in which something was missed, unless that was read just now.
    pub(crate) async fn renewed(&self, client: &Client) -> Result<Arc<Catalog>> {
        self.younger_than(client, SURE).await
    }

    /// Forgets what was read.
    pub(crate) fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn kept(&self, age: Duration) -> Option<Arc<Catalog>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().filter(|(at, _)| at.elapsed() < age).map(|(_, catalog)| Arc::clone(catalog))
    }

    async fn younger_than(&self, client: &Client, age: Duration) -> Result<Arc<Catalog>> {
        if let Some(catalog) = self.kept(age) {
            return Ok(catalog);
        }
        // One read for all who wait for it.
        let _one = self.reading.lock().await;
        if let Some(catalog) = self.kept(age) {
            return Ok(catalog);
        }
        let catalog =
            Arc::new(inventory(client).await.map_err(|error| server("reading the inventory", error))?);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), Arc::clone(&catalog)));
        Ok(catalog)
    }
}

async fn inventory(client: &Client) -> Result<Catalog, vim_client::Error> {
    let root = client.service_content().await?.root_folder.clone();
    let all = read::below(client, &root, WANTED).await?;
    let mut catalog = Catalog { items: all.into_iter().map(item).collect() };
    // The root folder is above the view, and not in it.
    let above = Item { moref: root.clone(), name: "Datacenters".to_owned(), ..Item::default() };
    catalog.items.entry(root).or_insert(above);
    Ok(catalog)
}

fn item(values: Values) -> (MoRef, Item) {
    let moref = values.moref.clone();
    let mut item = Item { moref: moref.clone(), ..Item::default() };
    values.into_all().for_each(|(path, value)| set(&mut item, &path, value));
    (moref, item)
}

fn set(item: &mut Item, path: &str, value: Any) {
    match path {
        "name" => item.name = value.as_str().unwrap_or_default().to_owned(),
        "parent" => item.parent = value.as_moref().cloned(),
        "vmFolder" | "resourcePool" | "config.distributedVirtualSwitch" => {
            item.link = value.as_moref().cloned()
        }
        "datastore" => item.datastores = morefs(&value),
        "network" => item.networks = morefs(&value),
        "summary" => item.summary = value.downcast_ref::<DatastoreSummary>().cloned(),
        "key" | "uuid" => item.key = value.as_str().map(str::to_owned),
        "config.defaultPortConfig" => item.vlan = vlan(&value),
        _ => {}
    }
}

fn morefs(value: &Any) -> Vec<MoRef> {
    value.as_array().unwrap_or_default().iter().filter_map(Any::as_moref).cloned().collect()
}

/// The one VLAN of a port group; none where it has several, or only the switch knows.
fn vlan(value: &Any) -> Option<i32> {
    use vim_client::types::{VMwareDVSPortSetting, VmwareDistributedVirtualSwitchVlanIdSpec};
    let setting: &VMwareDVSPortSetting = value.downcast_ref()?;
    Some(setting.vlan.as_ref()?.downcast_ref::<VmwareDistributedVirtualSwitchVlanIdSpec>()?.vlan_id)
}

/// The error for a name that is not there, with the nearest ones.
pub(crate) fn not_found<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let mut near: Vec<(usize, &str)> = known
        .map(|other| (strsim::damerau_levenshtein(&other.to_lowercase(), &name.to_lowercase()), other))
        .collect();
    near.sort_unstable();
    near.dedup();
    let names: Vec<String> = near.iter().take(3).map(|(_, name)| format!("'{name}'")).collect();
    let error = Error::new(ErrorKind::NotFound, format!("{what} '{name}' not found"));
    match names.as_slice() {
        [] => error.hint(format!("there is no {what}")),
        names => error.hint(format!("there is {}", names.join(", "))),
    }
}
