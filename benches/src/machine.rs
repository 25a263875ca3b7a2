//! The row that is decoded, and the decoding of a whole answer into such rows.

use anyhow::{Result, anyhow};
use vim_client::Properties;
use vim_client::mo::VirtualMachine;
use vim_client::types::{
    GuestInfo, VIM25, VirtualMachineConfigInfo, VirtualMachineRuntimeInfo, VirtualMachineSummary,
};
use vim_wire::path::Row;
use vim_wire::{DecodeError, Limits, Reader, Tag, soap};

/// A virtual machine with all that an inventory wants to know of it.
#[derive(Clone, Debug, Properties)]
#[properties(of = VirtualMachine)]
pub struct Machine {
    /// `config`
    pub config: Option<VirtualMachineConfigInfo>,
    /// `summary`
    pub summary: VirtualMachineSummary,
    /// `guest`
    pub guest: Option<GuestInfo>,
    /// `runtime`
    pub runtime: VirtualMachineRuntimeInfo,
    /// `name`
    pub name: String,
}

/// Decodes a RetrievePropertiesEx answer as `Client::retrieve` does with a page.
///
/// # Errors
///
/// When the answer cannot be read, or an object lacks a property that the row requires.
pub fn rows<R: Row>(answer: &[u8]) -> Result<Vec<R>> {
    let mut reader = Reader::new(answer, VIM25.registry, Limits::default())?;
    let mut rows = Vec::new();
    let mut lacking = None;
    soap::body(&mut reader, |reader, response| {
        reader.each(response, |reader, result| {
            reader.each(result, |reader, part| {
                if part.name() != "objects" {
                    return reader.skip(part);
                }
                match R::build(object::<R>(reader, part)?) {
                    Ok(row) => rows.push(row),
                    Err(index) => lacking = R::PATHS.get(index),
                }
                Ok(())
            })
        })
    })?;
    match lacking {
        None => Ok(rows),
        Some(path) => Err(anyhow!("an object has no {path}")),
    }
}

fn object<'x, R: Row>(reader: &mut Reader<'x>, object: &Tag<'x>) -> Result<R::Partial, DecodeError> {
    let mut partial = R::Partial::default();
    reader.each(object, |reader, part| match part.name() {
        "propSet" => property::<R>(reader, part, &mut partial),
        _ => reader.skip(part),
    })?;
    Ok(partial)
}

fn property<'x, R: Row>(
    reader: &mut Reader<'x>,
    tag: &Tag<'x>,
    partial: &mut R::Partial,
) -> Result<(), DecodeError> {
    let mut index = None;
    reader.each(tag, |reader, part| match (part.name(), index) {
        ("name", _) => {
            let name = reader.text(part)?;
            index = R::PATHS.iter().position(|path| *path == name);
            Ok(())
        }
        ("val", Some(index)) => R::read(partial, index, reader, part),
        _ => reader.skip(part),
    })
}
