//! Files of guests.

use super::{inside, trouble};
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::virtual_machine::os::{Entry, Os};
use bytes::Bytes;
use vim_types::{
    GuestFileAttributes, GuestFileInfo, GuestListFileInfo, GuestPosixFileAttributes,
    GuestWindowsFileAttributes,
};
use vim_wire::Poly;

/// The most files of one answer, unless the caller says otherwise.
const FILES: i32 = 50;

fn text(call: &Call<'_>, name: &str) -> Result<String> {
    let text: String = call.arg(name)?;
    if text.is_empty() { Err(Fault::invalid_argument(name)) } else { Ok(text) }
}

pub(super) fn make_directory(call: &Call<'_>) -> Result<Reply> {
    let (path, parents) = (text(call, "directoryPath")?, call.arg("createParentDirectories")?);
    inside(call, |os, _, tx| os.make_directory(&path, parents, tx.now).map_err(|why| trouble(why, &path)))?;
    call.done()
}

pub(super) fn delete_file(call: &Call<'_>) -> Result<Reply> {
    let path = text(call, "filePath")?;
    inside(call, |os, _, _| os.remove_file(&path).map_err(|why| trouble(why, &path)))?;
    call.done()
}

pub(super) fn delete_directory(call: &Call<'_>) -> Result<Reply> {
    let (path, all) = (text(call, "directoryPath")?, call.arg("recursive")?);
    inside(call, |os, _, _| os.remove_directory(&path, all).map_err(|why| trouble(why, &path)))?;
    call.done()
}

pub(super) fn move_directory(call: &Call<'_>) -> Result<Reply> {
    let (from, to) = (text(call, "srcDirectoryPath")?, text(call, "dstDirectoryPath")?);
    inside(call, |os, _, _| os.rename(&from, &to, true, false).map_err(|why| trouble(why, &from)))?;
    call.done()
}

pub(super) fn move_file(call: &Call<'_>) -> Result<Reply> {
    let (from, to) = (text(call, "srcFilePath")?, text(call, "dstFilePath")?);
    let over: bool = call.arg("overwrite")?;
    inside(call, |os, _, _| os.rename(&from, &to, false, over).map_err(|why| trouble(why, &from)))?;
    call.done()
}

pub(super) fn temporary_file(call: &Call<'_>) -> Result<Reply> {
    temporary(call, false)
}

pub(super) fn temporary_directory(call: &Call<'_>) -> Result<Reply> {
    temporary(call, true)
}

fn temporary(call: &Call<'_>, directory: bool) -> Result<Reply> {
    let (prefix, suffix): (String, String) = (call.arg("prefix")?, call.arg("suffix")?);
    let within: String = call.opt("directoryPath")?.unwrap_or_default();
    let path = inside(call, |os, _, tx| {
        let path = os.free_path(&within, &prefix, &suffix);
        let made = match directory {
            true => os.make_directory(&path, false, tx.now),
            false => os.write(&path, Bytes::new(), Some(0o600), tx.now),
        };
        made.map_err(|why| trouble(why, &path))?;
        Ok(os.shown(&path))
    })?;
    call.returns(&path)
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply> {
    let path = text(call, "filePath")?;
    let first: i32 = call.opt("index")?.unwrap_or(0);
    let most: i32 = call.opt("maxResults")?.unwrap_or(FILES);
    let pattern: Option<String> = call.opt("matchPattern")?;
    let size = |number: i32, name: &str| usize::try_from(number).map_err(|_| Fault::invalid_argument(name));
    let (first, most) = (size(first, "index")?, size(most, "maxResults")?);
    let found = inside(call, |os, _, _| {
        let all = os.list(&path).map_err(|why| trouble(why, &path))?;
        let wanted = |name: &str| pattern.as_deref().is_none_or(|pattern| matches(pattern, name));
        let all: Vec<_> = all.into_iter().filter(|(name, _)| wanted(name)).collect();
        let page = all.iter().skip(first).take(most);
        let files: Vec<_> = page.map(|(name, entry)| info(os, name, entry)).collect();
        let remaining = all.len().saturating_sub(first + files.len());
        Ok(GuestListFileInfo { files, remaining: i32::try_from(remaining).unwrap_or(i32::MAX) })
    })?;
    call.returns(&found)
}

/// Whether a name is as a pattern says. Guests take regular expressions; of those, and of patterns of shells, the dots and
/// asterisks are understood.
fn matches(pattern: &str, name: &str) -> bool {
    let pattern = pattern.trim_start_matches('^').trim_end_matches('$').replace(".*", "*").replace('\\', "");
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| name.strip_prefix(head)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(tail) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = rest.get(at + part.len()..).unwrap_or_default(),
            None => return false,
        }
    }
    rest.ends_with(tail)
}

fn info(os: &Os, name: &str, entry: &Entry) -> GuestFileInfo {
    GuestFileInfo {
        path: os.shown(name),
        r#type: if entry.is_directory() { "directory" } else { "file" }.into(),
        size: entry.content.as_ref().map_or(0, |content| i64::try_from(content.len()).unwrap_or(i64::MAX)),
        attributes: attributes(os, entry),
    }
}

/// What a guest says of a file.
pub(super) fn attributes(os: &Os, entry: &Entry) -> Poly<GuestFileAttributes> {
    let extends = GuestFileAttributes {
        modification_time: Some(entry.modified),
        access_time: Some(entry.modified),
        ..Default::default()
    };
    match os.windows {
        true => GuestWindowsFileAttributes {
            extends,
            hidden: Some(false),
            read_only: Some(entry.permissions & 0o200 == 0),
            create_time: Some(entry.modified),
        }
        .into(),
        false => GuestPosixFileAttributes {
            extends,
            owner_id: Some(entry.owner),
            group_id: Some(entry.group),
            permissions: Some(entry.permissions),
        }
        .into(),
    }
}

pub(super) fn change_attributes(call: &Call<'_>) -> Result<Reply> {
    let path = text(call, "guestFilePath")?;
    let wanted: Poly<GuestFileAttributes> = call.arg("fileAttributes")?;
    inside(call, |os, _, _| {
        let changed = os.change(&path, |entry| {
            entry.modified = wanted.modification_time.unwrap_or(entry.modified);
            if let Some(posix) = wanted.downcast_ref::<GuestPosixFileAttributes>() {
                entry.owner = posix.owner_id.unwrap_or(entry.owner);
                entry.group = posix.group_id.unwrap_or(entry.group);
                entry.permissions = posix.permissions.unwrap_or(entry.permissions);
            }
            if let Some(windows) = wanted.downcast_ref::<GuestWindowsFileAttributes>() {
                match windows.read_only {
                    Some(true) => entry.permissions &= !0o200,
                    Some(false) => entry.permissions |= 0o200,
                    None => {}
                }
            }
        });
        changed.map_err(|why| trouble(why, &path))
    })?;
    call.done()
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        assert!(matches("*.log", "a.log") && matches(r".*\.log$", "a.log") && matches("a", "a"));
        assert!(!matches("*.log", "a.txt") && !matches("a", "ab"));
        assert!(matches("a*b*c", "aXbYc") && !matches("a*b*c", "aXc"));
    }
}
