//! Folders: reading roots, writing what was generated, finding drift.

use codegen::emit::Files;
use codegen::{Error, Result};
use std::path::{Path, PathBuf};

/// Differences beyond this many are counted, not named.
const NAMED: usize = 20;

fn fault(path: &Path, error: &std::io::Error) -> Error {
    Error::new(path.display().to_string(), "", error.to_string())
}

/// The files of a folder and of its folders, sorted; none where there is no such folder.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in std::fs::read_dir(folder).map_err(|error| fault(folder, &error))? {
        let path = entry.map_err(|error| fault(folder, &error))?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The files that a folder's service starts from: the WSDL that has the service, or else every WSDL, or else every schema.
pub(crate) fn roots(folder: &Path) -> Result<Vec<String>> {
    if !folder.is_dir() {
        return Err(Error::new(folder.display().to_string(), "", "is not a folder"));
    }
    let names: Vec<String> = (files(folder)?.iter())
        .filter(|path| path.parent() == Some(folder))
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    for suffix in ["Service.wsdl", ".wsdl", ".xsd"] {
        let roots: Vec<String> = names.iter().filter(|name| name.ends_with(suffix)).cloned().collect();
        if !roots.is_empty() {
            return Ok(roots);
        }
    }
    Err(Error::new(folder.display().to_string(), "", "has neither a .wsdl nor a .xsd file"))
}

/// A folder, and the one beside it that has vim25 where it has not.
///
/// A vCenter serves every service's files from one folder; copies of them often lie in folders side by side.
pub(crate) fn with_vim25(folder: &Path) -> Vec<PathBuf> {
    let beside = folder.join("..").join("vim25");
    let alone = folder.join("vim-types.xsd").exists() || !beside.is_dir();
    if alone { vec![folder.to_owned()] } else { vec![folder.to_owned(), beside] }
}

/// The metadata files that lie beside the schema that they are about.
pub(crate) fn metadata_of(folder: &Path) -> Result<Vec<PathBuf>> {
    let is = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with("-metadata.json"))
    };
    let mut found = Vec::new();
    for folder in with_vim25(folder) {
        found.extend(files(&folder)?.into_iter().filter(is));
    }
    Ok(found)
}

/// Writes the files, and removes generated ones that are no longer among them.
pub(crate) fn write(out: &Path, wanted: &Files) -> Result<()> {
    for path in stale(out, wanted)? {
        std::fs::remove_file(&path).map_err(|error| fault(&path, &error))?;
    }
    for (name, text) in wanted {
        let path = out.join(name);
        // An unchanged file keeps its time, so that nothing is compiled again for it.
        if std::fs::read_to_string(&path).is_ok_and(|old| old == *text) {
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(|error| fault(folder, &error))?;
        }
        std::fs::write(&path, text).map_err(|error| fault(&path, &error))?;
    }
    Ok(())
}

/// Fails when the folder is not exactly those files.
pub(crate) fn check(out: &Path, wanted: &Files) -> Result<()> {
    let mut drift: Vec<String> =
        stale(out, wanted)?.iter().map(|path| format!("{}: is generated no more", path.display())).collect();
    for (name, text) in wanted {
        let path = out.join(name);
        match std::fs::read_to_string(&path) {
            Ok(old) if old == *text => {}
            Ok(_) => drift.push(format!("{}: differs", path.display())),
            Err(error) => drift.push(format!("{}: {error}", path.display())),
        }
    }
    if drift.is_empty() {
        return Ok(());
    }
    let more = drift.len().saturating_sub(NAMED);
    drift.truncate(NAMED);
    if more > 0 {
        drift.push(format!("and {more} more"));
    }
    let cause =
        format!("is not what codegen/schema gives; run `cargo run -p codegen`\n  {}", drift.join("\n  "));
    Err(Error::new(out.display().to_string(), "", cause))
}

/// Generated files that are not wanted: those whose first line says so, so that nobody's own file is lost.
fn stale(out: &Path, wanted: &Files) -> Result<Vec<PathBuf>> {
    let mut stale = Vec::new();
    for path in files(out)? {
        let known = path
            .strip_prefix(out)
            .ok()
            .and_then(|name| name.to_str())
            .is_some_and(|name| wanted.contains_key(&name.replace('\\', "/")));
        if !known && path.extension().is_some_and(|ext| ext == "rs") {
            let text = std::fs::read_to_string(&path).map_err(|error| fault(&path, &error))?;
            if text.starts_with("// Generated by `") {
                stale.push(path);
            }
        }
    }
    Ok(stale)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("codegen-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        path
    }

    #[test]
    fn check_names_what_drifted_and_the_command() {
        let out = folder("drift");
        let text = |body: &str| format!("// Generated by `x`. Do not edit.\n{body}\n");
        let wanted = Files::from([("a.rs".to_owned(), text("a")), ("sub/b.rs".to_owned(), text("b"))]);
        write(&out, &wanted).unwrap();
        check(&out, &wanted).unwrap();

        std::fs::write(out.join("a.rs"), text("edited")).unwrap();
        std::fs::write(out.join("old.rs"), text("old")).unwrap();
        std::fs::write(out.join("own.rs"), "// by hand\n").unwrap();
        std::fs::remove_file(out.join("sub/b.rs")).unwrap();
        let error = check(&out, &wanted).unwrap_err().to_string();
        for expected in ["a.rs: differs", "old.rs: is generated no more", "b.rs: ", "cargo run -p codegen"] {
            assert!(error.contains(expected), "{expected} in {error}");
        }
        assert!(!error.contains("own.rs"), "{error}");

        write(&out, &wanted).unwrap();
        check(&out, &wanted).unwrap();
        assert!(out.join("own.rs").exists());
        std::fs::remove_dir_all(&out).unwrap();
    }

    #[test]
    fn roots_prefer_the_service() {
        let out = folder("roots");
        std::fs::create_dir_all(&out).unwrap();
        assert!(roots(&out).unwrap_err().to_string().contains("neither"));
        for (name, expected) in
            [("a-types.xsd", "a-types.xsd"), ("vim.wsdl", "vim.wsdl"), ("vimService.wsdl", "vimService.wsdl")]
        {
            std::fs::write(out.join(name), "").unwrap();
            assert_eq!(roots(&out).unwrap(), [expected]);
        }
        std::fs::remove_dir_all(&out).unwrap();
    }
}
