//! `HostDatastoreBrowser`: what files there are.

use super::authorization_manager::require;
use super::file_manager;
use crate::call::{Call, Reply, methods};
use crate::fault::Result;
use crate::files::{self, File, FileKind};
use crate::world::World;
use vim_types::mo::HostDatastoreBrowserProperties;
use vim_types::{
    FileInfo, FileQuery, FileQueryFlags, FloppyImageFileInfo, FolderFileInfo,
    HostDatastoreBrowserSearchResults, HostDatastoreBrowserSearchSpec, IsoImageFileInfo, VmConfigFileInfo,
    VmDiskFileInfo, VmDiskFileQuery, VmDiskFileQueryFilter, VmDiskFileQueryFlags, VmLogFileInfo,
    VmNvramFileInfo, VmSnapshotFileInfo,
};
use vim_wire::{Any, ArrayAny, MoRef, Object, Poly};

methods! {
    "DeleteFile" => delete_file,
    "SearchDatastore_Task" => search,
    "SearchDatastoreSubFolders_Task" => search_sub_folders,
}

/// Whose the files of a datastore are.
pub(crate) const OWNER: &str = "root";

/// What a folder is said to take.
const FOLDER_SIZE: i64 = 4096;

/// How a file is listed. A virtual disk is one file to those who ask for disks, and two to those who ask for files.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Descriptor,
    Extent,
}

fn search(call: &Call<'_>) -> Result<Reply> {
    start(call, false)
}

fn search_sub_folders(call: &Call<'_>) -> Result<Reply> {
    start(call, true)
}

fn start(call: &Call<'_>, deep: bool) -> Result<Reply> {
    let path: String = call.arg("datastorePath")?;
    let spec: HostDatastoreBrowserSearchSpec = call.opt("searchSpec")?.unwrap_or_default();
    let (datastore, folder) = place(call, &path, "Datastore.Browse")?;
    let entity = datastore.clone();
    call.task(&entity, move |tx| {
        if !folder.is_empty() && !files::must(tx, &datastore, &folder)?.is_folder() {
            return Err(files::not_found(&path));
        }
        let search = Search { world: tx, datastore: &datastore, spec: &spec };
        let mut results = Vec::new();
        search.folder(&folder, deep, &mut results);
        Ok(match deep {
            true => Any::Array(ArrayAny {
                type_name: "ArrayOfHostDatastoreBrowserSearchResults".into(),
                items: results.into_iter().map(|result| Any::Object(Object::new(result))).collect(),
            }),
            false => results.pop().map_or(Any::Nil, |result| Any::Object(Object::new(result))),
        })
    })
}

/// The datastore of the browser's that a path names, and the path in it.
fn place(call: &Call<'_>, path: &str, privilege: &str) -> Result<(MoRef, String)> {
    let (name, below) = files::parse(path)?;
    call.read(|world| {
        let known = &world.get::<HostDatastoreBrowserProperties>(&call.this)?.datastore;
        let found = known.iter().find(|datastore| world.name(datastore) == name);
        let datastore = found.ok_or_else(|| files::invalid_datastore(&name))?.clone();
        require(world, call.user(), privilege, &datastore)?;
        Ok((datastore, below))
    })
}

fn delete_file(call: &Call<'_>) -> Result<Reply> {
    let path: String = call.arg("datastorePath")?;
    let place = place(call, &path, "Datastore.DeleteFile")?;
    call.write(|tx| file_manager::remove(tx, &place))?;
    call.done()
}

struct Search<'a> {
    world: &'a World,
    datastore: &'a MoRef,
    spec: &'a HostDatastoreBrowserSearchSpec,
}

impl Search<'_> {
    /// Searches a folder; the folders in it come first, as vcsim has them.
    fn folder(&self, folder: &str, deep: bool, results: &mut Vec<HostDatastoreBrowserSearchResults>) {
        let mut found = Vec::new();
        for (name, file) in files::list(self.world, self.datastore, folder) {
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if deep && file.is_folder() {
                self.folder(&path, deep, results);
            }
            self.add(&name, &path, file, &mut found);
        }
        if self.spec.sort_folders_first == Some(true) {
            found.sort_by_key(|file: &Poly<FileInfo>| file.downcast_ref::<FolderFileInfo>().is_none());
        }
        let mut path = files::written(self.world.name(self.datastore), folder);
        if !folder.is_empty() {
            // So that a file's path is this and its name.
            path.push('/');
        }
        results.push(HostDatastoreBrowserSearchResults {
            datastore: Some(self.datastore.clone()),
            folder_path: Some(path),
            file: found,
        });
    }

    /// Adds what of a file is asked for.
    fn add(&self, name: &str, path: &str, file: &File, found: &mut Vec<Poly<FileInfo>>) {
        let extent = files::extent_name(name, file);
        let whole = extent.is_none()
            || self.spec.query.iter().any(|query| query.downcast_ref::<VmDiskFileQuery>().is_some());
        let mut parts = vec![(name, if whole { Part::Whole } else { Part::Descriptor })];
        if let Some(extent) = extent.as_deref().filter(|_| !whole) {
            parts.insert(0, (extent, Part::Extent));
        }
        for (name, part) in parts {
            let Some(query) = self.query(name, file) else { continue };
            if self.matches(name) {
                found.push(self.info(name, path, file, part, query));
            }
        }
    }

    /// Whether a file of that name is asked for.
    fn matches(&self, name: &str) -> bool {
        let insensitive = self.spec.search_case_insensitive == Some(true);
        self.spec.match_pattern.is_empty()
            || self.spec.match_pattern.iter().any(|pattern| match insensitive {
                true => glob(&pattern.to_lowercase(), &name.to_lowercase()),
                false => glob(pattern, name),
            })
    }

    /// The query that asks for a file: none of them where everything is asked for, and nothing where it is not asked for.
    fn query(&self, name: &str, file: &File) -> Option<Option<&Poly<FileQuery>>> {
        if self.spec.query.is_empty() {
            return Some(None);
        }
        self.spec.query.iter().find(|query| asks_for(query, name, file)).map(Some)
    }

    fn info(
        &self,
        name: &str,
        path: &str,
        file: &File,
        part: Part,
        query: Option<&Poly<FileQuery>>,
    ) -> Poly<FileInfo> {
        let all = FileQueryFlags::default();
        let details = self.spec.details.as_ref().unwrap_or(&all);
        let size = match part {
            Part::Descriptor => files::disk::descriptor(name, file).map_or(0, |text| text.len() as i64),
            Part::Whole if file.is_folder() => FOLDER_SIZE,
            Part::Whole | Part::Extent => file.size,
        };
        let info = FileInfo {
            path: name.to_owned(),
            file_size: details.file_size.then_some(size),
            modification: details.modification.then_some(file.modified),
            owner: details.file_owner.then(|| OWNER.to_owned()),
            ..Default::default()
        };
        let specific = query.is_some_and(|query| query.type_name() != "FileQuery");
        if file.is_folder() {
            return FolderFileInfo { extends: info }.into();
        }
        if !details.file_type && !specific {
            return Poly::new(info);
        }
        match extension(name) {
            "vmdk" => {
                let asked = query.and_then(|query| query.downcast_ref::<VmDiskFileQuery>());
                let flags = asked.and_then(|query| query.details.clone()).unwrap_or_default();
                self.disk_info(info, path, file, &flags).into()
            }
            "vmx" | "vmtx" => VmConfigFileInfo { extends: info, ..Default::default() }.into(),
            "vmsn" => VmSnapshotFileInfo { extends: info }.into(),
            "log" => VmLogFileInfo { extends: info }.into(),
            "nvram" => VmNvramFileInfo { extends: info }.into(),
            "iso" => IsoImageFileInfo { extends: info }.into(),
            "flp" | "img" => FloppyImageFileInfo { extends: info }.into(),
            _ => Poly::new(info),
        }
    }

    fn disk_info(
        &self,
        info: FileInfo,
        path: &str,
        file: &File,
        flags: &VmDiskFileQueryFlags,
    ) -> VmDiskFileInfo {
        let FileKind::Disk { capacity, thin, .. } = &file.kind else {
            return VmDiskFileInfo { extends: info, ..Default::default() };
        };
        let asked = |flag: Option<bool>| flag == Some(true);
        let extent = files::extent_name(path, file).filter(|_| asked(flags.disk_extents));
        VmDiskFileInfo {
            extends: info,
            disk_type: flags.disk_type.then(|| DISK_TYPE.to_owned()),
            capacity_kb: flags.capacity_kb.then_some(capacity / 1024),
            hardware_version: flags.hardware_version.then_some(HARDWARE_VERSION),
            controller_type: asked(flags.controller_type).then(|| CONTROLLER.to_owned()),
            disk_extents: extent
                .iter()
                .map(|path| files::written(self.world.name(self.datastore), path))
                .collect(),
            thin: asked(flags.thin).then_some(*thin),
            ..Default::default()
        }
    }
}

/// What disks are, as files tell it.
const DISK_TYPE: &str = "VirtualDiskFlatVer2BackingInfo";
const CONTROLLER: &str = "VirtualLsiLogicController";
const HARDWARE_VERSION: i32 = 21;

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Whether a query asks for a file.
fn asks_for(query: &Poly<FileQuery>, name: &str, file: &File) -> bool {
    let is = |extensions: &[&str]| !file.is_folder() && extensions.contains(&extension(name));
    match query.type_name() {
        "FileQuery" => true,
        "FolderFileQuery" => file.is_folder(),
        "VmConfigFileQuery" => is(&["vmx"]),
        "TemplateConfigFileQuery" => is(&["vmtx"]),
        "VmDiskFileQuery" => {
            let filter = query.downcast_ref::<VmDiskFileQuery>().and_then(|query| query.filter.as_ref());
            is(&["vmdk"]) && filter.is_none_or(|filter| is_disk_of(filter, file))
        }
        "VmSnapshotFileQuery" => is(&["vmsn"]),
        "VmNvramFileQuery" => is(&["nvram"]),
        "VmLogFileQuery" => is(&["log"]) && name.starts_with("vmware"),
        "IsoImageFileQuery" => is(&["iso"]),
        "FloppyImageFileQuery" => is(&["flp", "img"]),
        _ => false,
    }
}

fn is_disk_of(filter: &VmDiskFileQueryFilter, file: &File) -> bool {
    let FileKind::Disk { thin, .. } = &file.kind else { return false };
    let among = |wanted: &[String], is: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == is);
    let versions = &filter.match_hardware_version;
    among(&filter.disk_type, DISK_TYPE)
        && among(&filter.controller_type, CONTROLLER)
        && (versions.is_empty() || versions.contains(&HARDWARE_VERSION))
        && filter.thin.is_none_or(|wanted| wanted == *thin)
        && filter.encrypted != Some(true)
}

/// Whether a name is of a pattern with `*` and `?`.
fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    // Where the last star is, and how much of the name it has taken: it takes more when what follows does not fit.
    let mut star = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(&char) if char == '?' || Some(&char) == name.get(n) => {
                p += 1;
                n += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    (p, n) = (at + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|char| *char == '*'))
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_have_stars_and_question_marks() {
        for (pattern, name) in
            [("*", ""), ("*", "a"), ("*.vmdk", "a.vmdk"), ("a?c*", "abcd"), ("*a*b", "xaxb"), ("", "")]
        {
            assert!(glob(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("", "a"), ("*.vmdk", "a.vmx"), ("a?", "a"), ("a*b", "abc"), ("A", "a")] {
            assert!(!glob(pattern, name), "{pattern} {name}");
        }
    }
}
