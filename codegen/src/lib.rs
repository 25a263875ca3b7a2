//! Reads vSphere's WSDL, XSD and metadata, and writes Rust: texts in, texts out, the same each time.
//!
//! [`schema`] reads files into declarations, [`model`] resolves them with [`metadata`] and [`fixups`], [`areas`] cuts the
//! result into features, and [`emit`] writes it. The binary of this package moves files about and does nothing else.

pub mod areas;
pub mod emit;
pub mod error;
pub mod fixups;
pub mod metadata;
pub mod model;
pub mod names;
pub mod schema;

pub use error::{Error, Result};

use areas::Plan;
use emit::Files;
use fixups::{Applied, Fixup};
use metadata::Metadata;
use model::Model;
use schema::Raw;
use schema::source::Source;

/// The model of what a folder's roots reach, together with metadata.
///
/// # Errors
///
/// The files are no schema, or do not fit together.
pub fn read(
    source: &dyn Source,
    roots: &[String],
    metadata: &[Metadata],
    fixups: &mut Applied<'_>,
) -> Result<(Model, Raw)> {
    let raw = schema::load::load(source, roots)?;
    let model = model::build(&raw, metadata, fixups)?;
    Ok((model, raw))
}

/// The `generated` folder of vim-types: vim25 and what is served beside it, cut into areas.
///
/// # Errors
///
/// As [`read`]; besides, a fixup or an area that names what the schema no longer has.
pub fn vim_types(
    source: &dyn Source,
    roots: &[String],
    metadata: &[Metadata],
    fixups: &[Fixup],
) -> Result<(Files, Model, Plan)> {
    let mut applied = Applied::new(fixups);
    let (model, _) = read(source, roots, metadata, &mut applied)?;
    applied.check()?;
    let plan = Plan::vim(&model)?;
    let files = emit::generated(&model, &plan, "cargo run -p codegen")?;
    Ok((files, model, plan))
}

/// A crate of its own for any service's folder, without features.
///
/// Fixups that do not apply are no error here: another version of the schema may not have what they mend.
///
/// # Errors
///
/// As [`read`].
pub fn standalone(
    source: &dyn Source,
    roots: &[String],
    metadata: &[Metadata],
    name: &str,
    vim_wire: &str,
) -> Result<(Files, Model)> {
    let mut applied = Applied::new(fixups::FIXUPS);
    let (mut model, raw) = read(source, roots, metadata, &mut applied)?;
    model.missing.extend(raw.notes);
    let files = emit::standalone(&model, &Plan::single(&model), "codegen --wsdl", name, vim_wire)?;
    Ok((files, model))
}
