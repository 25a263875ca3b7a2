//! The schema as vim-sim serves it: a compressed copy of each file, within its package.

use crate::disk;
use codegen::{Error, Result};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read, Write};
use std::path::Path;

/// Writes the copies of a folder's WSDL and XSD files, or compares them.
pub(crate) fn generate(schema: &Path, out: &Path, check: bool) -> Result<()> {
    let mut wanted = Vec::new();
    for path in disk::files(schema)? {
        let is_served = path.extension().is_some_and(|extension| extension == "wsdl" || extension == "xsd");
        let Some(name) = path.file_name().filter(|_| is_served) else { continue };
        let copy = out.join(format!("{}.gz", name.to_string_lossy()));
        let text = std::fs::read(&path).map_err(|error| fault(&path, error.to_string()))?;
        // Compared unpacked: what another release of the compressor makes of the same file is the same.
        if unpack(&copy).as_ref() != Some(&text) {
            if check {
                return Err(fault(&copy, "is not what the schema gives; run `cargo run -p codegen`".into()));
            }
            pack(&copy, &text).map_err(|error| fault(&copy, error.to_string()))?;
        }
        wanted.push(copy);
    }
    for path in disk::files(out)? {
        if !wanted.contains(&path) {
            return Err(fault(&path, "is no file of the schema".into()));
        }
    }
    Ok(())
}

fn fault(path: &Path, cause: String) -> Error {
    Error::new(path.display().to_string(), "", cause)
}

fn unpack(path: &Path) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    GzDecoder::new(std::fs::File::open(path).ok()?).read_to_end(&mut text).ok()?;
    Some(text)
}

fn pack(path: &Path, text: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut encoder = GzEncoder::new(std::fs::File::create(path)?, Compression::best());
    encoder.write_all(text)?;
    encoder.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::generate;

    #[test]
    fn copies_are_made_compared_and_no_more_than_wanted() {
        let folder = std::env::temp_dir().join(format!("codegen-assets-{}", std::process::id()));
        let (schema, out) = (folder.join("schema"), folder.join("out"));
        std::fs::create_dir_all(&schema).unwrap();
        std::fs::create_dir_all(&out).unwrap();
        std::fs::write(schema.join("a.wsdl"), "<a/>").unwrap();
        std::fs::write(schema.join("a-metadata.json"), "{}").unwrap();
        assert!(generate(&schema, &out, true).unwrap_err().to_string().contains("cargo run -p codegen"));
        generate(&schema, &out, false).unwrap();
        generate(&schema, &out, true).unwrap();
        std::fs::write(schema.join("a.wsdl"), "<b/>").unwrap();
        assert!(generate(&schema, &out, true).is_err());
        std::fs::write(out.join("b.xsd.gz"), "").unwrap();
        assert!(generate(&schema, &out, false).unwrap_err().to_string().contains("b.xsd.gz"));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
