//! A page read without a server, for the benchmarks: what they measure is the code that a listing runs.

use super::object::Object;
use super::read::{self, Typed};
use vim_types::VIM25;
use vim_wire::path::Row;
use vim_wire::{Error, Limits, Reader, soap};

/// Reads an answer of `RetrievePropertiesEx` into rows, as [`Client::retrieve`](crate::Client::retrieve) reads a page.
///
/// # Errors
///
/// When the answer cannot be read, or an object lacks a property that the row requires.
pub fn rows<R: Row>(answer: &[u8]) -> Result<Vec<Object<R>>, Error> {
    let fill = Typed::<R>::default();
    let mut reader = Reader::new(answer, VIM25.registry, Limits::default())?;
    let page = soap::body(&mut reader, |reader, response| read::page(&fill, reader, response))?;
    page.objects.into_iter().map(|content| read::object(&fill, content)).collect()
}
