//! A guest's files and processes: as much of them as clients of guest operations look for.

use bytes::Bytes;
use std::collections::BTreeMap;
use std::sync::Arc;
use vim_wire::DateTime;

/// The processes of clients come after this number; those before it belong to the system.
pub(super) const FIRST_OWN: i64 = 2000;

/// A file or directory of a guest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    /// A file's content; none of a directory.
    pub(crate) content: Option<Bytes>,
    pub(crate) owner: i32,
    pub(crate) group: i32,
    pub(crate) permissions: i64,
    pub(crate) modified: DateTime,
}

impl Entry {
    pub(crate) const fn is_directory(&self) -> bool {
        self.content.is_none()
    }
}

/// A process of a guest.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: i64,
    pub(crate) name: String,
    pub(crate) owner: String,
    pub(crate) command: String,
    pub(crate) started: DateTime,
    /// When it ends by itself; none where only somebody else ends it.
    pub(crate) ends: Option<DateTime>,
    pub(crate) exit_code: i32,
}

/// What runs in a machine, beyond what its tools tell.
#[derive(Clone, Debug)]
pub(crate) struct Os {
    pub(crate) windows: bool,
    files: Arc<BTreeMap<String, Entry>>,
    pub(crate) processes: Vec<Process>,
    pub(crate) last_pid: i64,
    /// Files on their way in or out: the secret of their address, and their path.
    pub(crate) transfers: Vec<(String, Transfer)>,
}

/// A file that is on its way.
#[derive(Clone, Debug)]
pub(crate) enum Transfer {
    From(String),
    To { path: String, permissions: Option<i64> },
}

/// Why something cannot be done to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    NotFound,
    Exists,
    NotAFile,
    NotADirectory,
    NotEmpty,
}

type Done<T = ()> = Result<T, Trouble>;

impl Os {
    /// An operating system as it was installed.
    pub(super) fn new(windows: bool, host_name: &str, now: DateTime) -> Self {
        let mut files = BTreeMap::new();
        let directories: &[&str] = match windows {
            true => &[
                "C:/",
                "C:/Program Files",
                "C:/Users",
                "C:/Windows",
                "C:/Windows/System32",
                "C:/Windows/Temp",
            ],
            false => &[
                "/", "/bin", "/dev", "/etc", "/home", "/opt", "/root", "/sbin", "/tmp", "/usr", "/usr/bin",
                "/var", "/var/log", "/var/tmp",
            ],
        };
        for path in directories {
            let permissions = if path.ends_with("tmp") { 0o1777 } else { 0o755 };
            files.insert((*path).to_owned(), Entry { permissions, modified: now, ..Default::default() });
        }
        if !windows {
            for (path, content) in [
                ("/etc/hostname", format!("{host_name}\n")),
                ("/etc/os-release", "NAME=\"Linux\"\nID=linux\n".to_owned()),
                ("/bin/bash", String::new()),
                ("/bin/sh", String::new()),
            ] {
                let content = Some(Bytes::from(content));
                files.insert(
                    path.to_owned(),
                    Entry { content, permissions: 0o644, modified: now, ..Default::default() },
                );
            }
        }
        let process = |pid, name: &str| Process {
            pid,
            name: name.to_owned(),
            owner: if windows { "SYSTEM" } else { "root" }.to_owned(),
            command: name.to_owned(),
            started: now,
            ends: None,
            exit_code: 0,
        };
        let processes = match windows {
            true => vec![process(4, "System"), process(612, "services.exe"), process(1204, "vmtoolsd.exe")],
            false => vec![process(1, "systemd"), process(412, "sshd"), process(417, "vmtoolsd")],
        };
        Self { windows, files: Arc::new(files), processes, last_pid: FIRST_OWN, transfers: Vec::new() }
    }

    /// A path as it is kept: with slashes, and without one at its end.
    pub(crate) fn path(&self, path: &str) -> String {
        let path = if self.windows { path.replace('\\', "/") } else { path.to_owned() };
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        match (self.windows, parts.as_slice()) {
            (true, [drive]) => format!("{drive}/"),
            (true, parts) => parts.join("/"),
            (false, parts) => format!("/{}", parts.join("/")),
        }
    }

    /// The directory of a path, and the name in it.
    fn split<'p>(&self, path: &'p str) -> (String, &'p str) {
        match path.rsplit_once('/') {
            Some(("", name)) => ("/".to_owned(), name),
            Some((directory, name)) if self.windows && !directory.contains('/') => {
                (format!("{directory}/"), name)
            }
            Some((directory, name)) => (directory.to_owned(), name),
            None => (String::new(), path),
        }
    }

    pub(crate) fn get(&self, path: &str) -> Option<&Entry> {
        self.files.get(&self.path(path))
    }

    fn edit(&mut self) -> &mut BTreeMap<String, Entry> {
        Arc::make_mut(&mut self.files)
    }

    /// The names in a directory, or the one of a file.
    pub(crate) fn list(&self, path: &str) -> Done<Vec<(String, Entry)>> {
        let path = self.path(path);
        let entry = self.files.get(&path).ok_or(Trouble::NotFound)?;
        if !entry.is_directory() {
            let (_, name) = self.split(&path);
            return Ok(vec![(name.to_owned(), entry.clone())]);
        }
        let inside = self.files.iter().filter(|(own, _)| {
            let (directory, name) = self.split(own);
            directory == path && !name.is_empty()
        });
        Ok(inside.map(|(own, entry)| (self.split(own).1.to_owned(), entry.clone())).collect())
    }

    pub(crate) fn write(
        &mut self,
        path: &str,
        content: Bytes,
        permissions: Option<i64>,
        now: DateTime,
    ) -> Done {
        let path = self.path(path);
        self.must_be_directory(&path)?;
        if self.files.get(&path).is_some_and(Entry::is_directory) {
            return Err(Trouble::NotAFile);
        }
        let entry =
            self.edit().entry(path).or_insert_with(|| Entry { permissions: 0o644, ..Default::default() });
        entry.content = Some(content);
        entry.modified = now;
        entry.permissions = permissions.unwrap_or(entry.permissions);
        Ok(())
    }

    /// Whether the directory that a path is in is there.
    fn must_be_directory(&self, path: &str) -> Done {
        match self.files.get(&self.split(path).0) {
            Some(entry) if entry.is_directory() => Ok(()),
            Some(_) => Err(Trouble::NotADirectory),
            None => Err(Trouble::NotFound),
        }
    }

    pub(crate) fn make_directory(&mut self, path: &str, parents: bool, now: DateTime) -> Done {
        let path = self.path(path);
        match self.files.get(&path) {
            Some(entry) if parents && entry.is_directory() => return Ok(()),
            Some(_) => return Err(Trouble::Exists),
            None => {}
        }
        match self.must_be_directory(&path) {
            Err(Trouble::NotFound) if parents => {
                let above = self.split(&path).0;
                if above.is_empty() || above == path {
                    return Err(Trouble::NotFound);
                }
                self.make_directory(&above, true, now)?;
            }
            other => other?,
        }
        let entry = Entry { permissions: 0o755, modified: now, ..Default::default() };
        self.edit().insert(path, entry);
        Ok(())
    }

    pub(crate) fn remove_file(&mut self, path: &str) -> Done {
        let path = self.path(path);
        match self.files.get(&path) {
            None => Err(Trouble::NotFound),
            Some(entry) if entry.is_directory() => Err(Trouble::NotAFile),
            Some(_) => {
                self.edit().remove(&path);
                Ok(())
            }
        }
    }

    /// What lies below a directory.
    fn below(&self, path: &str) -> Vec<String> {
        let head = format!("{}/", path.trim_end_matches('/'));
        self.files.keys().filter(|own| own.starts_with(&head) && **own != head).cloned().collect()
    }

    pub(crate) fn remove_directory(&mut self, path: &str, all: bool) -> Done {
        let path = self.path(path);
        match self.files.get(&path) {
            None => return Err(Trouble::NotFound),
            Some(entry) if !entry.is_directory() => return Err(Trouble::NotADirectory),
            Some(_) => {}
        }
        let below = self.below(&path);
        if !below.is_empty() && !all {
            return Err(Trouble::NotEmpty);
        }
        for path in below.iter().chain([&path]) {
            self.edit().remove(path);
        }
        Ok(())
    }

    /// Moves a file or, where `directory`, a directory with all that is in it.
    pub(crate) fn rename(&mut self, from: &str, to: &str, directory: bool, over: bool) -> Done {
        let (from, to) = (self.path(from), self.path(to));
        let entry = self.files.get(&from).ok_or(Trouble::NotFound)?;
        if entry.is_directory() != directory {
            return Err(if directory { Trouble::NotADirectory } else { Trouble::NotAFile });
        }
        if self.files.contains_key(&to) && (!over || directory) {
            return Err(Trouble::Exists);
        }
        self.must_be_directory(&to)?;
        // A directory cannot lie in itself.
        if to.starts_with(&format!("{from}/")) {
            return Err(Trouble::Exists);
        }
        for path in self.below(&from).into_iter().chain([from.clone()]) {
            if let Some(entry) = self.edit().remove(&path) {
                let rest = path.get(from.len()..).unwrap_or_default();
                self.edit().insert(format!("{to}{rest}"), entry);
            }
        }
        Ok(())
    }

    /// Changes what is said of a file.
    pub(crate) fn change(&mut self, path: &str, change: impl FnOnce(&mut Entry)) -> Done {
        let path = self.path(path);
        self.edit().get_mut(&path).map(change).ok_or(Trouble::NotFound)
    }

    /// A path in a directory that is not taken.
    pub(crate) fn free_path(&self, directory: &str, prefix: &str, suffix: &str) -> String {
        let directory = match directory {
            "" if self.windows => "C:/Windows/Temp",
            "" => "/tmp",
            directory => directory,
        };
        let directory = self.path(directory);
        let name = uuid::Uuid::new_v4().simple().to_string();
        let name = format!("{prefix}{}{suffix}", name.get(..8).unwrap_or_default());
        self.path(&format!("{directory}/{name}"))
    }

    /// A path as the guest writes it.
    pub(crate) fn shown(&self, path: &str) -> String {
        if self.windows { path.replace('/', "\\") } else { path.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_in_directories() {
        let now = DateTime::default();
        let mut os = Os::new(false, "a", now);
        assert_eq!(os.write("/no/file", Bytes::new(), None, now), Err(Trouble::NotFound));
        assert_eq!(os.make_directory("/a/b", false, now), Err(Trouble::NotFound));
        assert_eq!(os.make_directory("/a/b", true, now), Ok(()));
        assert_eq!(os.write("/a/b/c", Bytes::from("x"), None, now), Ok(()));
        assert_eq!(os.remove_directory("/a", false), Err(Trouble::NotEmpty));
        assert_eq!(os.rename("/a", "/d", true, false), Ok(()));
        assert!(os.get("/d/b/c").is_some_and(|entry| !entry.is_directory()));
        assert_eq!(os.list("/d").map(|all| all.len()), Ok(1));
        assert_eq!(os.remove_directory("/d", true), Ok(()));
        assert!(os.get("/d/b/c").is_none());
    }

    #[test]
    fn windows_has_drives() {
        let now = DateTime::default();
        let mut os = Os::new(true, "a", now);
        assert_eq!(os.write(r"C:\Windows\Temp\a.txt", Bytes::new(), None, now), Ok(()));
        assert!(os.get("c:/x").is_none());
        assert_eq!(os.list(r"C:\").map(|all| all.len()), Ok(3));
        assert_eq!(os.shown("C:/Users"), r"C:\Users");
    }
}
