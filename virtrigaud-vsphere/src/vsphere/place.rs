//! Where a machine is put: names become objects that fit together.

use super::catalog::{Catalog, Item, not_found};
use super::errors::invalid;
use crate::provider::{Error, ErrorKind, Result};
use crate::spec::Placement;
use vim_client::MoRef;

const COMPUTES: &[&str] = &["ClusterComputeResource", "ComputeResource"];
const POOLS: &[&str] = &["ResourcePool", "VirtualApp"];
const DATACENTERS: &[&str] = &["Datacenter"];

/// Where a machine is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) datacenter: MoRef,
    /// The folder, and where it has to be made first, the names that are missing.
    pub(crate) folder: MoRef,
    pub(crate) missing_folders: Vec<String>,
    pub(crate) compute: MoRef,
    pub(crate) pool: MoRef,
    pub(crate) host: Option<MoRef>,
    pub(crate) datastore: Option<MoRef>,
}

/// The one among several, or an error that names them and says what tells them apart.
fn one<'a>(
    what: &str,
    name: &str,
    mut found: Vec<&'a Item>,
    catalog: &Catalog,
    key: &str,
) -> Result<Option<&'a Item>> {
    match (found.pop(), found.is_empty()) {
        (None, _) => Ok(None),
        (Some(item), true) => Ok(Some(item)),
        (Some(last), false) => {
            found.push(last);
            let mut paths: Vec<String> = found.iter().map(|item| catalog.path(&item.moref)).collect();
            paths.sort_unstable();
            let name = if name.is_empty() { String::new() } else { format!(" '{name}'") };
            Err(invalid(format!(
                "there are {} of {what}{name}: {}; say which in {key}",
                paths.len(),
                paths.join(", ")
            )))
        }
    }
}

/// Finds an object by name or by inventory path.
fn named<'a>(
    catalog: &'a Catalog,
    what: &str,
    kinds: &[&str],
    within: Option<&MoRef>,
    name: &str,
    key: &str,
) -> Result<&'a Item> {
    let in_scope = |item: &&Item| within.is_none_or(|within| catalog.is_below(&item.moref, within));
    let all = || catalog_of(catalog, kinds).filter(in_scope);
    let found: Vec<&Item> = if name.contains('/') {
        let wanted = name.trim_matches('/');
        all()
            .filter(|item| {
                let path = catalog.path(&item.moref);
                let path = path.trim_start_matches('/');
                path == wanted || path.strip_suffix(wanted).is_some_and(|head| head.ends_with('/'))
            })
            .collect()
    } else {
        all().filter(|item| item.name == name).collect()
    };
    one(what, name, found, catalog, key)?
        .ok_or_else(|| not_found(what, name, all().map(|item| item.name.as_str())))
}

fn catalog_of<'a>(catalog: &'a Catalog, kinds: &[&str]) -> impl Iterator<Item = &'a Item> {
    let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    catalog.all().filter(move |item| kinds.iter().any(|kind| kind == item.moref.kind()))
}

impl Place {
    /// The inventory path of the folder, those that are missing included.
    pub(crate) fn folder_path(&self, catalog: &Catalog) -> String {
        self.missing_folders.iter().fold(catalog.path(&self.folder), |path, name| format!("{path}/{name}"))
    }

    /// Finds where a machine is put.
    pub(crate) fn find(catalog: &Catalog, wanted: &Placement) -> Result<Self> {
        let datacenter = datacenter(catalog, wanted)?;
        let host = match &wanted.host {
            Some(name) => Some(named(
                catalog,
                "host",
                &["HostSystem"],
                Some(&datacenter.moref),
                name,
                "placement.host",
            )?),
            None => None,
        };
        let compute = compute(catalog, wanted, &datacenter.moref, host)?;
        let pool = pool(catalog, wanted, compute)?;
        let datastore = match &wanted.datastore {
            Some(name) => Some(datastore(catalog, &datacenter.moref, host.unwrap_or(compute), name)?),
            None => None,
        };
        let (folder, missing_folders) = folder(catalog, wanted.folder.as_deref(), datacenter)?;
        if !missing_folders.is_empty() && wanted.create_folder != Some(true) {
            let path = wanted.folder.as_deref().unwrap_or_default();
            let known = catalog.children(&folder, &["Folder"]).map(|item| item.name.as_str());
            return Err(not_found("folder", path, known).hint("placement.createFolder: true has it made"));
        }
        Ok(Self {
            datacenter: datacenter.moref.clone(),
            folder,
            missing_folders,
            compute: compute.moref.clone(),
            pool,
            host: host.map(|host| host.moref.clone()),
            datastore,
        })
    }
}

pub(crate) fn datacenter<'a>(catalog: &'a Catalog, wanted: &Placement) -> Result<&'a Item> {
    if let Some(name) = &wanted.datacenter {
        return named(catalog, "datacenter", DATACENTERS, None, name, "placement.datacenter");
    }
    let all: Vec<&Item> = catalog_of(catalog, DATACENTERS).collect();
    if let [one] = all.as_slice() {
        return Ok(one);
    }
    // Among several, a name that only one of them has tells which is meant.
    for (name, kinds) in
        [(&wanted.cluster, COMPUTES), (&wanted.host, &["HostSystem"]), (&wanted.datastore, &["Datastore"])]
    {
        let Some(name) = name else { continue };
        let with: Vec<&Item> = catalog_of(catalog, kinds).filter(|item| item.name == *name).collect();
        if let [only] = with.as_slice()
            && let Some(datacenter) = catalog.datacenter_of(&only.moref)
        {
            return Ok(datacenter);
        }
    }
    one("datacenter", "", all, catalog, "placement.datacenter")?
        .ok_or_else(|| Error::new(ErrorKind::NotFound, "the server has no datacenter"))
}

fn compute<'a>(
    catalog: &'a Catalog,
    wanted: &Placement,
    datacenter: &MoRef,
    host: Option<&'a Item>,
) -> Result<&'a Item> {
    let of_host = host.and_then(|host| catalog.get(host.parent.as_ref()?));
    let compute = match (&wanted.cluster, of_host) {
        (Some(name), _) => named(catalog, "cluster", COMPUTES, Some(datacenter), name, "placement.cluster")?,
        (None, Some(of_host)) => of_host,
        (None, None) => {
            let all: Vec<&Item> = catalog_of(catalog, COMPUTES)
                .filter(|item| catalog.is_below(&item.moref, datacenter))
                .collect();
            one("cluster", "", all, catalog, "placement.cluster")?.ok_or_else(|| {
                Error::new(ErrorKind::NotFound, "the datacenter has neither a cluster nor a host")
            })?
        }
    };
    if let (Some(host), Some(of_host)) = (host, of_host)
        && of_host.moref != compute.moref
    {
        return Err(invalid(format!(
            "the host '{}' is in '{}' and not in '{}'",
            host.name, of_host.name, compute.name
        )));
    }
    Ok(compute)
}

fn pool(catalog: &Catalog, wanted: &Placement, compute: &Item) -> Result<MoRef> {
    let root = compute
        .link
        .as_ref()
        .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("'{}' has no resource pool", compute.name)))?;
    match wanted.resource_pool.as_deref().map(|name| name.trim_matches('/')) {
        None | Some("" | "Resources") => Ok(root.clone()),
        Some(name) => Ok(named(catalog, "resource pool", POOLS, Some(root), name, "placement.resourcePool")?
            .moref
            .clone()),
    }
}

fn datastore(catalog: &Catalog, datacenter: &MoRef, on: &Item, name: &str) -> Result<MoRef> {
    let datastore =
        named(catalog, "datastore", &["Datastore"], Some(datacenter), name, "placement.datastore")?;
    let accessible = datastore.summary.as_ref().is_none_or(|summary| summary.accessible);
    if !accessible || !on.datastores.contains(&datastore.moref) {
        let message = format!("datastore not accessible: '{name}' from '{}'", on.name);
        let names: Vec<_> = on
            .datastores
            .iter()
            .filter_map(|moref| catalog.get(moref))
            .map(|item| format!("'{}'", item.name))
            .collect();
        return Err(
            Error::new(ErrorKind::FailedPrecondition, message).hint(format!("there is {}", names.join(", ")))
        );
    }
    Ok(datastore.moref.clone())
}

/// The datastore of a disk, which the machine's host must reach.
pub(crate) fn disk_datastore(catalog: &Catalog, place: &Place, name: &str) -> Result<MoRef> {
    let on = place.host.as_ref().unwrap_or(&place.compute);
    let on = catalog.get(on).ok_or_else(|| invalid("the cluster of the machine is gone"))?;
    datastore(catalog, &place.datacenter, on, name)
}

/// The datastore that has the most space among those that the machine can be on.
pub(crate) fn roomiest(catalog: &Catalog, place: &Place) -> Result<MoRef> {
    let on = place.host.as_ref().unwrap_or(&place.compute);
    let all = catalog.get(on).map(|item| item.datastores.as_slice()).unwrap_or_default();
    let of = |moref: &MoRef| Some((catalog.get(moref)?.summary.as_ref()?, moref.clone()));
    all.iter()
        .filter_map(of)
        .filter(|(summary, _)| {
            summary.accessible && summary.maintenance_mode.as_deref().unwrap_or("normal") == "normal"
        })
        .max_by_key(|(summary, _)| summary.free_space)
        .map(|(_, moref)| moref)
        .ok_or_else(|| Error::new(ErrorKind::FailedPrecondition, "datastore not accessible: there is none"))
}

/// The folder of a path, or the last one of it that is there and the names that are not.
pub(crate) fn folder(
    catalog: &Catalog,
    path: Option<&str>,
    datacenter: &Item,
) -> Result<(MoRef, Vec<String>)> {
    let root = datacenter.link.as_ref().ok_or_else(|| {
        Error::new(
            ErrorKind::NotFound,
            format!("the datacenter '{}' has no folder of machines", datacenter.name),
        )
    })?;
    let mut names: Vec<&str> = path.unwrap_or_default().split('/').filter(|name| !name.is_empty()).collect();
    // `/DC/vm/team`, `/vm/team`, `vm/team` and `team` are the same folder.
    if names.first() == Some(&datacenter.name.as_str()) && names.get(1) == Some(&"vm") {
        names.remove(0);
    }
    if names.first() == Some(&"vm") {
        names.remove(0);
    }
    let mut at = root.clone();
    for (index, name) in names.iter().enumerate() {
        match catalog.children(&at.clone(), &["Folder"]).find(|item| item.name == *name) {
            Some(next) => at = next.moref.clone(),
            None => return Ok((at, names.iter().skip(index).map(|name| (*name).to_owned()).collect())),
        }
    }
    Ok((at, Vec::new()))
}

/// A network that a card is connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Net {
    /// A standard one.
    Standard { moref: MoRef, name: String },
    /// A distributed port group, by its key and its switch's UUID.
    Distributed { moref: MoRef, key: String, switch: String },
    /// One of NSX.
    Opaque { moref: MoRef },
}

/// The network of a card, among those of where the machine is put.
pub(crate) fn network(
    catalog: &Catalog,
    place: &Place,
    name: &str,
    switch: Option<&str>,
    vlan: Option<u16>,
) -> Result<Net> {
    let on = place.host.as_ref().unwrap_or(&place.compute);
    let reachable: Vec<&Item> = catalog
        .get(on)
        .map(|item| item.networks.iter().filter_map(|moref| catalog.get(moref)).collect())
        .unwrap_or_default();
    let switch_of = |item: &Item| item.link.as_ref().and_then(|switch| catalog.get(switch));
    let fits = |item: &&&Item| {
        (item.name == name
            || catalog.path(&item.moref).trim_start_matches('/') == name.trim_start_matches('/'))
            && switch.is_none_or(|wanted| switch_of(item).is_some_and(|of| of.name == wanted))
    };
    let found: Vec<&Item> = reachable.iter().filter(fits).copied().collect();
    let item = match one("network", name, found, catalog, "networks[].distributedSwitch")? {
        Some(item) => item,
        None => {
            let error = not_found("network", name, reachable.iter().map(|item| item.name.as_str()));
            return Err(match switch {
                Some(switch) => error.hint(format!("it is looked for on the distributed switch '{switch}'")),
                None => error,
            });
        }
    };
    if let Some(wanted) = vlan
        && item.moref.kind() == "DistributedVirtualPortgroup"
        && item.vlan != Some(i32::from(wanted))
    {
        let is = item.vlan.map_or_else(|| "no single VLAN".to_owned(), |vlan| format!("VLAN {vlan}"));
        return Err(invalid(format!(
            "the port group '{name}' has {is} and not VLAN {wanted}; a port group's VLAN is not a machine's to change"
        )));
    }
    match item.moref.kind() {
        "DistributedVirtualPortgroup" => {
            let of = switch_of(item).and_then(|switch| switch.key.clone());
            match (item.key.clone(), of) {
                (Some(key), Some(switch)) => Ok(Net::Distributed { moref: item.moref.clone(), key, switch }),
                _ => Err(Error::new(
                    ErrorKind::FailedPrecondition,
                    format!("the port group '{name}' has no switch that this account can see"),
                )),
            }
        }
        "OpaqueNetwork" => Ok(Net::Opaque { moref: item.moref.clone() }),
        _ => Ok(Net::Standard { moref: item.moref.clone(), name: item.name.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: &'static str, id: &str, name: &str, parent: Option<(&'static str, &str)>) -> Item {
        Item {
            moref: MoRef::new(kind, id),
            name: name.to_owned(),
            parent: parent.map(|(kind, id)| MoRef::new(kind, id)),
            ..Item::default()
        }
    }

    /// Two datacenters; in the first two clusters, folders and pools.
    fn catalog() -> Catalog {
        let mut items = vec![item("Folder", "root", "Datacenters", None)];
        for dc in ["A", "B"] {
            items.push(Item {
                link: Some(MoRef::new("Folder", format!("vm{dc}"))),
                ..item("Datacenter", dc, dc, Some(("Folder", "root")))
            });
            items.push(item("Folder", &format!("vm{dc}"), "vm", Some(("Datacenter", dc))));
            items.push(item("Folder", &format!("host{dc}"), "host", Some(("Datacenter", dc))));
        }
        for (id, dc) in [("C1", "A"), ("C2", "A"), ("C3", "B")] {
            let compute = item("ClusterComputeResource", id, id, Some(("Folder", &format!("host{dc}"))));
            items.push(Item {
                link: Some(MoRef::new("ResourcePool", format!("p{id}"))),
                datastores: vec![MoRef::new("Datastore", "d1")],
                ..compute
            });
            items.push(item(
                "ResourcePool",
                &format!("p{id}"),
                "Resources",
                Some(("ClusterComputeResource", id)),
            ));
            let host = item(
                "HostSystem",
                &format!("h{id}"),
                &format!("esx-{id}"),
                Some(("ClusterComputeResource", id)),
            );
            items.push(Item { datastores: vec![MoRef::new("Datastore", "d1")], ..host });
        }
        items.push(item("ResourcePool", "prod", "Production", Some(("ResourcePool", "pC1"))));
        items.push(item("Folder", "team", "team", Some(("Folder", "vmA"))));
        items.push(item("Datastore", "d1", "ssd", Some(("Datacenter", "A"))));
        items.push(item("Datastore", "d2", "hdd", Some(("Datacenter", "A"))));
        Catalog::of_items(items)
    }

    fn wanted(text: &str) -> Placement {
        serde_json::from_str(text).expect("a placement")
    }

    #[test]
    fn names_become_objects_that_fit_together() {
        let place = Place::find(&catalog(), &wanted(r#"{"datacenter":"A","cluster":"C1","resourcePool":"Production","datastore":"ssd","folder":"/vm/team","host":"esx-C1"}"#)).expect("a place");
        assert_eq!(place.pool.value(), "prod");
        assert_eq!((place.folder.value(), place.host.as_ref().map(MoRef::value)), ("team", Some("hC1")));
        // The cluster tells the datacenter, and the host its cluster.
        let place = Place::find(&catalog(), &wanted(r#"{"cluster":"C3"}"#)).expect("a place");
        assert_eq!((place.datacenter.value(), place.folder.value()), ("B", "vmB"));
        let place = Place::find(&catalog(), &wanted(r#"{"host":"esx-C2"}"#)).expect("a place");
        assert_eq!(place.compute.value(), "C2");
    }

    #[test]
    fn what_does_not_fit_is_said_with_what_would() {
        for (text, expected) in [
            ("{}", "there are 2 of datacenter: /A, /B; say which in placement.datacenter"),
            (
                r#"{"datacenter":"A"}"#,
                "there are 2 of cluster: /A/host/C1, /A/host/C2; say which in placement.cluster",
            ),
            (r#"{"datacenter":"A","cluster":"C11"}"#, "cluster 'C11' not found; there is 'C1'"),
            (
                r#"{"datacenter":"A","cluster":"C1","host":"esx-C2"}"#,
                "the host 'esx-C2' is in 'C2' and not in 'C1'",
            ),
            (
                r#"{"datacenter":"A","cluster":"C1","datastore":"hdd"}"#,
                "datastore not accessible: 'hdd' from 'C1'; there is 'ssd'",
            ),
            (r#"{"datacenter":"A","cluster":"C1","folder":"teem"}"#, "folder 'teem' not found"),
            (
                r#"{"datacenter":"A","cluster":"C1","resourcePool":"Prod"}"#,
                "resource pool 'Prod' not found; there is 'Production'",
            ),
        ] {
            let error = Place::find(&catalog(), &wanted(text)).expect_err(text).to_string();
            assert!(error.starts_with(expected), "{error}\n{expected}");
        }
        let place = Place::find(
            &catalog(),
            &wanted(r#"{"datacenter":"A","cluster":"C1","folder":"team/new/deep","createFolder":true}"#),
        )
        .expect("a place");
        assert_eq!(
            (place.folder.value(), place.missing_folders),
            ("team", vec!["new".to_owned(), "deep".to_owned()])
        );
    }
}
