//! How the files lie in memory.
//!
//! A transaction copies what it changes, and a datastore may have the files of tens of thousands of VMs: top-level folders
//! lie in shards, each shared until it is changed, so that a change copies one shard's list and one folder.

use super::File;
use std::sync::Arc;
use vim_wire::MoRef;

/// How many shards there are.
const SHARDS: usize = 256;

/// An entry of a datastore's root, with all that lies below it.
#[derive(Clone, Debug)]
struct Top {
    name: Box<str>,
    file: File,
    /// By their paths below this one, sorted.
    below: Vec<(Box<str>, File)>,
}

impl Top {
    fn find(&self, path: &str) -> Result<usize, usize> {
        self.below.binary_search_by(|(at, _)| (**at).cmp(path))
    }

    /// What lies in a folder of it, at any depth: from where to where.
    fn within(&self, folder: &str) -> std::ops::Range<usize> {
        if folder.is_empty() {
            return 0..self.below.len();
        }
        let head = format!("{folder}/");
        let from = self.below.partition_point(|(at, _)| **at < *head);
        let count = self
            .below
            .get(from..)
            .map_or(0, |rest| rest.iter().take_while(|(at, _)| at.starts_with(&*head)).count());
        from..from + count
    }
}

type Shard = Arc<Vec<Arc<Top>>>;

/// All files of a datastore.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    shards: Arc<Vec<Shard>>,
    /// Bytes that all of them take.
    pub(super) used: i64,
    /// Bytes that thin ones may come to take.
    pub(super) uncommitted: i64,
    pub(super) capacity: Option<i64>,
    /// The task that waits for the last VM to leave the datastore, which enters maintenance mode.
    pub(crate) evacuation: Option<MoRef>,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            shards: Arc::new(vec![Shard::default(); SHARDS]),
            used: 0,
            uncommitted: 0,
            capacity: None,
            evacuation: None,
        }
    }
}

/// The first name of a path, and the rest.
fn split(path: &str) -> (&str, &str) {
    path.split_once('/').unwrap_or((path, ""))
}

/// In which shard an entry of the root lies: FNV, which is short and good enough for names.
fn shard_of(name: &str) -> usize {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 32) as usize % SHARDS
}

fn find_top(shard: &[Arc<Top>], name: &str) -> Result<usize, usize> {
    shard.binary_search_by(|top| (*top.name).cmp(name))
}

impl Files {
    fn top(&self, name: &str) -> Option<&Arc<Top>> {
        let shard = self.shards.get(shard_of(name))?;
        shard.get(find_top(shard, name).ok()?)
    }

    /// The list of entries among which one of that name belongs.
    fn shard_mut(&mut self, name: &str) -> Option<&mut Vec<Arc<Top>>> {
        Arc::make_mut(&mut self.shards).get_mut(shard_of(name)).map(Arc::make_mut)
    }

    fn top_mut(&mut self, name: &str) -> Option<&mut Top> {
        let shard = self.shard_mut(name)?;
        let at = find_top(shard, name).ok()?;
        shard.get_mut(at).map(Arc::make_mut)
    }

    pub(super) fn get(&self, path: &str) -> Option<&File> {
        let (name, rest) = split(path);
        let top = self.top(name)?;
        if rest.is_empty() {
            return Some(&top.file);
        }
        top.below.get(top.find(rest).ok()?).map(|(_, file)| file)
    }

    /// Puts a file in the place of one that is there.
    pub(super) fn replace(&mut self, path: &str, new: File) {
        let (name, rest) = split(path);
        let Some(top) = self.top_mut(name) else { return };
        let old = match top.find(rest) {
            _ if rest.is_empty() => Some(&mut top.file),
            Ok(at) => top.below.get_mut(at).map(|(_, file)| file),
            Err(_) => None,
        };
        let Some(old) = old else { return };
        let more = (new.size - old.size, new.uncommitted() - old.uncommitted());
        *old = new;
        self.used += more.0;
        self.uncommitted += more.1;
    }

    /// Puts a file where none is; its folder is there.
    pub(super) fn insert(&mut self, path: &str, file: File) {
        self.used += file.size;
        self.uncommitted += file.uncommitted();
        let (name, rest) = split(path);
        let Some(shard) = self.shard_mut(name) else { return };
        match find_top(shard, name) {
            Err(at) if rest.is_empty() => {
                shard.insert(at, Arc::new(Top { name: name.into(), file, below: Vec::new() }));
            }
            Ok(at) => {
                if let Some(top) = shard.get_mut(at).map(Arc::make_mut)
                    && let Err(at) = top.find(rest)
                {
                    top.below.insert(at, (rest.into(), file));
                }
            }
            Err(_) => {}
        }
    }

    pub(super) fn remove(&mut self, path: &str) {
        let (name, rest) = split(path);
        let mut gone: Vec<File> = Vec::new();
        if rest.is_empty() {
            let Some(shard) = self.shard_mut(name) else { return };
            let Ok(at) = find_top(shard, name) else { return };
            let top = Arc::unwrap_or_clone(shard.remove(at));
            gone.push(top.file);
            gone.extend(top.below.into_iter().map(|(_, file)| file));
        } else {
            let Some(top) = self.top_mut(name) else { return };
            gone.extend(top.below.drain(top.within(rest)).map(|(_, file)| file));
            if let Ok(at) = top.find(rest) {
                gone.push(top.below.remove(at).1);
            }
        }
        for file in gone {
            self.used -= file.size;
            self.uncommitted -= file.uncommitted();
        }
    }

    /// What lies in a folder at any depth, by path below it, sorted. The root's name is empty.
    pub(super) fn below<'a>(&'a self, folder: &str) -> Vec<(String, &'a File)> {
        if folder.is_empty() {
            let mut all = Vec::new();
            for top in self.shards.iter().flat_map(|shard| shard.iter()) {
                all.push((top.name.to_string(), &top.file));
                all.extend(top.below.iter().map(|(path, file)| (format!("{}/{path}", top.name), file)));
            }
            all.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            return all;
        }
        let (name, rest) = split(folder);
        let Some(top) = self.top(name) else { return Vec::new() };
        let skip = if rest.is_empty() { 0 } else { rest.len() + 1 };
        let found = top.below.get(top.within(rest)).unwrap_or_default();
        found.iter().filter_map(|(path, file)| Some((path.get(skip..)?.to_owned(), file))).collect()
    }

    pub(super) fn list<'a>(&'a self, folder: &str) -> Vec<(String, &'a File)> {
        if folder.is_empty() {
            let tops = self.shards.iter().flat_map(|shard| shard.iter());
            let mut all: Vec<_> = tops.map(|top| (top.name.to_string(), &top.file)).collect();
            all.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
            return all;
        }
        let mut all = self.below(folder);
        all.retain(|(path, _)| !path.contains('/'));
        all
    }
}
