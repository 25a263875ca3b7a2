//! The schema that lies in this package, and vim-types beside it.

use crate::{disk, read_metadata};
use codegen::emit::Files;
use codegen::fixups::FIXUPS;
use codegen::model::Model;
use codegen::schema::source::Folders;
use codegen::{Error, Result};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The services of the bundle; each has a folder.
const SERVICES: [(&str, &str, &str); 2] =
    [("vim25", "vimService.wsdl", "vim-metadata.json"), ("pbm", "pbmService.wsdl", "pbm-metadata.json")];

/// `schema/SOURCES.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sources {
    file: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: String,
    #[serde(rename = "service")]
    _service: String,
    #[serde(rename = "version")]
    _version: String,
    #[serde(rename = "origin")]
    _origin: String,
    sha256: String,
}

/// The workspace that this binary was built in.
pub(crate) fn workspace() -> Result<PathBuf> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    match package.parent() {
        Some(root) if package.join("schema").is_dir() => Ok(root.to_owned()),
        _ => Err(Error::new(
            package.display().to_string(),
            "",
            "the sources are not there any more; use --wsdl or --url",
        )),
    }
}

/// The dependency on vim-wire: by path where the workspace is there.
pub(crate) fn vim_wire() -> String {
    match workspace() {
        Ok(root) => format!("{{ path = {:?} }}", root.join("vim-wire").display().to_string()),
        Err(_) => format!("\"{}\"", env!("CARGO_PKG_VERSION")),
    }
}

/// Writes `vim-types/src/generated`, or compares it.
pub(crate) fn generate(root: &Path, check: bool) -> Result<String> {
    let schema = root.join("codegen").join("schema");
    verify(&schema)?;
    let folders = SERVICES.map(|(folder, ..)| schema.join(folder));
    let roots = SERVICES.map(|(_, wsdl, _)| wsdl.to_owned());
    let mut metadata = Vec::new();
    for (folder, _, file) in SERVICES {
        metadata.push(read_metadata(&schema.join(folder).join(file))?);
    }
    let (files, model, plan) = codegen::vim_types(&Folders(folders.to_vec()), &roots, &metadata, FIXUPS)?;
    let package = root.join("vim-types");
    let out = package.join("src").join("generated");
    features(&package.join("Cargo.toml"), &codegen::emit::manifest_features(&plan), check)?;
    crate::assets::generate(&schema.join("vim25"), &root.join("vim-sim").join("assets").join("sdk"), check)?;
    if check {
        disk::check(&out, &files)?;
        return Ok(format!("{} is up to date\n", out.display()));
    }
    disk::write(&out, &files)?;
    let mut message = summary(&model, &files);
    for (id, area) in plan.areas.iter().enumerate() {
        let count = |areas: &[usize]| areas.iter().filter(|of| **of == id).count();
        let (types, enums, objects) = (count(&plan.types), count(&plan.enums), count(&plan.objects));
        message +=
            &format!("  {}: {types} types, {enums} enumerations, {objects} managed objects\n", area.name);
    }
    Ok(message)
}

/// What was generated, in a few lines.
pub(crate) fn summary(model: &Model, files: &Files) -> String {
    let lines: usize = files.values().map(|text| text.lines().count()).sum();
    let mut message = String::new();
    for (id, _) in model.services.iter().enumerate() {
        let types = model.types.iter().filter(|ty| ty.service == id).count();
        let enums = model.enums.iter().filter(|ty| ty.service == id).count();
        let objects = || model.objects.iter().filter(|object| object.service == id);
        let functions = model.functions.iter().filter(|method| method.service == id).count();
        let methods = objects().map(|object| object.methods.len()).sum::<usize>() + functions;
        let properties: usize = objects().map(|object| object.properties.len()).sum();
        message += &format!(
            "{}: {types} types, {enums} enumerations, {} managed objects with {methods} methods and {properties} properties\n",
            model.label(id),
            objects().count()
        );
    }
    let longest = files.iter().max_by_key(|(_, text)| text.lines().count());
    let longest = longest.map_or_else(String::new, |(path, text)| {
        format!(", the longest {path} with {}", text.lines().count())
    });
    message + &format!("{} files, {lines} lines{longest}\n", files.len())
}

/// Refuses a schema that is not what SOURCES.toml says.
fn verify(schema: &Path) -> Result<()> {
    let list = schema.join("SOURCES.toml");
    let name = list.display().to_string();
    let text = std::fs::read_to_string(&list).map_err(|error| Error::new(&name, "", error.to_string()))?;
    let sources: Sources = toml::from_str(&text).map_err(|error| Error::new(&name, "", error.to_string()))?;
    let mut listed = BTreeSet::new();
    for entry in &sources.file {
        let path = schema.join(&entry.path);
        let bytes =
            std::fs::read(&path).map_err(|error| Error::new(&name, &entry.path, error.to_string()))?;
        let sum: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if sum != entry.sha256 {
            return Err(Error::new(&name, &entry.path, format!("the file's sha256 is {sum}, not as listed")));
        }
        listed.insert(path);
    }
    for (folder, ..) in SERVICES {
        for path in disk::files(&schema.join(folder))? {
            if !listed.contains(&path) {
                return Err(Error::new(&name, path.display().to_string(), "the file is not listed"));
            }
        }
    }
    Ok(())
}

/// Writes or compares the manifest's `[features]`, the one part of it that follows from the schema.
fn features(manifest: &Path, wanted: &str, check: bool) -> Result<()> {
    let name = manifest.display().to_string();
    let fault = |cause: String| Error::new(&name, "[features]", cause);
    let text = std::fs::read_to_string(manifest).map_err(|error| fault(error.to_string()))?;
    let start = text.find("[features]\n").ok_or_else(|| fault("there is no such section".to_owned()))?;
    let end = text[start + 1..].find("\n[").map_or(text.len(), |at| start + 1 + at);
    if text[start..end].trim_end() == wanted.trim_end() {
        return Ok(());
    }
    if check {
        return Err(fault("is not what the schema's areas give; run `cargo run -p codegen`".to_owned()));
    }
    let rest = text[end..].trim_start();
    let gap = if rest.is_empty() { "" } else { "\n" };
    std::fs::write(manifest, format!("{}{wanted}{gap}{rest}", &text[..start]))
        .map_err(|error| fault(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_or_unlisted_schema_is_refused() {
        let schema = std::env::temp_dir().join(format!("codegen-sources-{}", std::process::id()));
        let folder = schema.join("vim25");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("a.xsd"), "abc").unwrap();
        let list = |sum: &str| {
            let entry = format!(
                "path = \"vim25/a.xsd\"\nservice = \"urn:a\"\nversion = \"1\"\norigin = \"x\"\nsha256 = \"{sum}\""
            );
            std::fs::write(schema.join("SOURCES.toml"), format!("[[file]]\n{entry}\n")).unwrap();
        };
        list("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        verify(&schema).unwrap();
        std::fs::write(folder.join("b.xsd"), "").unwrap();
        assert!(verify(&schema).unwrap_err().to_string().contains("b.xsd: the file is not listed"));
        std::fs::remove_file(folder.join("b.xsd")).unwrap();
        list("00");
        assert!(
            verify(&schema).unwrap_err().to_string().contains("vim25/a.xsd: the file's sha256 is ba7816bf")
        );
        std::fs::remove_dir_all(&schema).unwrap();
    }

    #[test]
    fn features_drift_is_found_and_mended() {
        let manifest = std::env::temp_dir().join(format!("codegen-manifest-{}.toml", std::process::id()));
        let wanted = "[features]\ndefault = []\nnew = []\n";
        for rest in ["", "\n[dependencies]\nx = \"1\"\n"] {
            std::fs::write(&manifest, format!("[package]\nname = \"x\"\n\n[features]\nold = []\n{rest}"))
                .unwrap();
            let error = features(&manifest, wanted, true).unwrap_err().to_string();
            assert!(error.contains("cargo run -p codegen"), "{error}");
            features(&manifest, wanted, false).unwrap();
            features(&manifest, wanted, true).unwrap();
            let text = std::fs::read_to_string(&manifest).unwrap();
            assert_eq!(text, format!("[package]\nname = \"x\"\n\n{wanted}{rest}"));
        }
        std::fs::remove_file(&manifest).unwrap();
    }
}
