//! The files of the workspace.

use std::path::Path;
use std::{fs, io};

/// A text file: its path from the workspace's root, with `/`, and its content.
pub type File = (String, String);

/// Folders that builds and tools write: nothing in them is the project's.
const NOT_OURS: &[&str] = &[".git", "__pycache__", "fuzz_artifacts", "node_modules", "target", "venv"];

/// What is built for the tests and not kept.
const BUILT: &str = "tests/referee/bin";

/// Every text file below a folder, sorted by path. Git is not asked, so that it works in an unpacked archive too.
///
/// # Errors
///
/// When a folder or a file cannot be read.
pub fn text_files(root: &Path) -> io::Result<Vec<File>> {
    let mut files = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            let kind = entry.file_type()?;
            // In a worktree, .git is a file that names the clone.
            if NOT_OURS.contains(&name.as_str()) || path == BUILT {
                continue;
            }
            if kind.is_dir() {
                folders.push(path);
            } else if kind.is_file() {
                // What is not UTF-8 is no text.
                if let Ok(content) = String::from_utf8(fs::read(entry.path())?) {
                    files.push((path, content));
                }
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_and_builds_are_passed_over() -> io::Result<()> {
        let root = std::env::temp_dir().join(format!("architecture-{}", std::process::id()));
        for path in ["a/b.rs", "target/c.rs", "a/target/d.rs", "tests/referee/bin/e", "tests/referee/f.sh"] {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap_or(&root))?;
            fs::write(path, "x")?;
        }
        fs::write(root.join("binary"), [0xff, 0xfe])?;
        fs::write(root.join(".git"), "gitdir: elsewhere")?;
        let found: Vec<String> = text_files(&root)?.into_iter().map(|(path, _)| path).collect();
        fs::remove_dir_all(&root)?;
        assert_eq!(found, ["a/b.rs", "tests/referee/f.sh"]);
        Ok(())
    }
}
