//! A search, and what it finds.

use super::Inventory;
use super::glob;
use super::tree::{Node, Tree, kinds};
use std::ops::Deref;
use vim_wire::{Error, ErrorKind, ManagedObject, MoRef};

/// A managed object that was found, with its name and inventory path.
#[derive(Clone, Debug)]
pub struct Found<T> {
    /// The managed object.
    pub object: T,
    /// Its name, as the server escapes it.
    pub name: String,
    /// Its inventory path.
    pub path: String,
}

impl<T> Deref for Found<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.object
    }
}

impl<T: ManagedObject> AsRef<MoRef> for Found<T> {
    fn as_ref(&self) -> &MoRef {
        self.object.handle().moref()
    }
}

/// A search by inventory path or name.
#[derive(Clone, Debug)]
#[must_use = "nothing is searched until one of its methods is awaited"]
pub struct Find<T> {
    inventory: Inventory,
    pattern: String,
    kind: std::marker::PhantomData<fn() -> T>,
}

impl<T: ManagedObject> Find<T> {
    pub(super) fn new(inventory: Inventory, pattern: String) -> Self {
        Self { inventory, pattern, kind: std::marker::PhantomData }
    }

    /// The one that matches.
    ///
    /// # Errors
    ///
    /// When none does (`is_not_found()`; the nearest names are said), or several do.
    pub async fn one(self) -> Result<Found<T>, Error> {
        let mut nodes = self.nodes().await?;
        match (nodes.pop(), nodes.is_empty()) {
            (Some(node), true) => Ok(self.inventory.found(node)),
            (Some(last), false) => {
                nodes.push(last);
                let shown: Vec<&str> = nodes.iter().take(5).map(|node| node.path.as_str()).collect();
                let more = if nodes.len() > shown.len() { ", …" } else { "" };
                let message = format!("{} of {} match: {}{more}", nodes.len(), T::KIND, shown.join(", "));
                Err(self.error(ErrorKind::Ambiguous, message))
            }
            (None, _) => Err(self.not_found().await),
        }
    }

    /// The one that matches, or none.
    ///
    /// # Errors
    ///
    /// When several match, or the server cannot be asked.
    pub async fn optional(self) -> Result<Option<Found<T>>, Error> {
        match self.one().await {
            Ok(found) => Ok(Some(found)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All that match, by path. None is no error.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked.
    pub async fn all(self) -> Result<Vec<Found<T>>, Error> {
        let nodes = self.nodes().await?;
        Ok(nodes.into_iter().map(|node| self.inventory.found(node)).collect())
    }

    fn error(&self, kind: ErrorKind, message: String) -> Error {
        Error::new(kind, message).in_operation(format!("finding {} {:?}", T::KIND, self.pattern))
    }

    async fn nodes(&self) -> Result<Vec<Node>, Error> {
        let mut nodes = self.search().await?;
        nodes.sort_by(|a, b| a.path.cmp(&b.path));
        nodes.dedup_by(|a, b| a.moref == b.moref);
        Ok(nodes)
    }

    async fn search(&self) -> Result<Vec<Node>, Error> {
        let pattern = self.pattern.as_str();
        if pattern.is_empty() {
            return Err(self.error(ErrorKind::InvalidInput, "the name is empty".to_owned()));
        }
        let tree = Tree::new(&self.inventory.client);
        // A reference is taken as one, as govc does.
        if let Some(moref) =
            pattern.parse::<MoRef>().ok().filter(|moref| kinds(T::KIND).contains(&moref.kind()))
        {
            return tree.known(&moref).await;
        }
        let from = self.start(&tree).await?;
        let names: Vec<&str> = pattern.split('/').filter(|name| !name.is_empty() && *name != ".").collect();
        if !pattern.contains('/') {
            return tree.below(&from, pattern, kinds(T::KIND)).await;
        }
        // What is reached, by how many of the names lead there: a name that has slashes takes several of them.
        let mut reached: Vec<Vec<Node>> = vec![Vec::new(); names.len() + 1];
        reached[0].push(from);
        for at in 0..names.len() {
            let here = std::mem::take(&mut reached[at]);
            if here.is_empty() {
                continue;
            }
            if names[at] == "..." {
                reached[at + 1].extend(tree.all_below(here).await?);
                continue;
            }
            for child in tree.children(&here).await? {
                for end in at + 1..=names.len() {
                    let name = names[at..end].join("/");
                    let fits = end < names.len() || kinds(T::KIND).contains(&child.moref.kind());
                    if fits && glob::matches(&name, &child.name) {
                        reached[end].push(child.clone());
                    }
                }
            }
        }
        let mut found = reached.pop().unwrap_or_default();
        found.retain(|node| kinds(T::KIND).contains(&node.moref.kind()));
        Ok(found)
    }

    /// Where the path starts: at the root, or at the datacenter's folder for what is looked for.
    async fn start(&self, tree: &Tree<'_>) -> Result<Node, Error> {
        let root = tree.root().await?;
        if self.pattern.starts_with('/') || T::KIND == "Datacenter" {
            return Ok(root);
        }
        let home = Box::pin(self.inventory.home()).await?;
        let home = Node { moref: home.as_ref().clone(), name: home.name, path: home.path };
        let folder = match T::KIND {
            "HostSystem" | "ClusterComputeResource" | "ComputeResource" | "ResourcePool" => "host",
            "Datastore" | "StoragePod" => "datastore",
            "Network" | "DistributedVirtualSwitch" => "network",
            _ => "vm",
        };
        let folders = tree.children(&[home]).await?;
        let found = folders.into_iter().find(|node| node.name == folder);
        found.ok_or_else(|| {
            self.error(ErrorKind::NotFound, format!("the datacenter has no folder {folder:?}"))
        })
    }

    /// The error for nothing found, with the names that come nearest.
    async fn not_found(&self) -> Error {
        let nothing = self.error(ErrorKind::NotFound, "nothing matches".to_owned());
        let wanted = self.pattern.rsplit('/').next().unwrap_or_default();
        if glob::is_pattern(&self.pattern) || wanted.is_empty() {
            return nothing;
        }
        let prefix = self.pattern.strip_suffix(wanted).unwrap_or_default();
        let all = Self::new(self.inventory.clone(), format!("{prefix}*"));
        let Ok(there) = all.nodes().await else { return nothing };
        let mut near: Vec<(usize, &str)> =
            there.iter().map(|node| (distance(wanted, &node.name), node.name.as_str())).collect();
        near.sort_unstable();
        near.retain(|(distance, _)| *distance <= wanted.chars().count().max(3) / 2);
        let near: Vec<&str> = near.into_iter().take(3).map(|(_, name)| name).collect();
        if near.is_empty() {
            nothing
        } else {
            nothing.with_hint(format!("did you mean {}?", near.join(", ")))
        }
    }
}

/// How many characters differ, at the least, between two names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let change = diagonal + usize::from(!from.eq_ignore_ascii_case(to));
            diagonal = std::mem::replace(&mut row[j + 1], 0);
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        for (a, b, expected) in
            [("web", "web", 0), ("web-1", "web-2", 1), ("web", "wbe", 2), ("", "abc", 3), ("WEB", "web", 0)]
        {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
