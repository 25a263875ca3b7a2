//! Files are read: whole or a part, and folders as pages.

use super::refusal;
use crate::fault::Result;
use crate::files::{self, File, FileKind, disk};
use crate::mo::authorization_manager::require;
use crate::mo::file_manager::{self, Place};
use crate::mo::virtual_machine;
use crate::serve::url::encode;
use crate::serve::{status, text};
use crate::sim::Sim;
use crate::world::World;
use axum::body::Body;
use bytes::Bytes;
use hyper::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderValue, RANGE};
use hyper::{Method, Request, Response, StatusCode};
use std::collections::HashMap;
use std::ops::Range;
use vim_types::VirtualMachineConfigInfo;
use vim_types::mo::{DatastoreProperties, VirtualMachineProperties};

/// Zeros are sent in pieces of so many bytes.
const PIECE: usize = 64 << 10;

/// What there is to be read of a file.
enum Content {
    Bytes(Bytes),
    /// What nobody wrote.
    Zeros(u64),
    /// A folder: names, and what leads to each.
    Folder(Vec<(String, String)>),
}

pub(super) fn read<B>(
    sim: &Sim,
    user: &str,
    place: &Place,
    request: &Request<B>,
    parameters: &HashMap<String, Vec<String>>,
) -> Response<Body> {
    let content = sim.read(|world| {
        require(world, user, "Datastore.Browse", &place.0)?;
        content(world, place, parameters)
    });
    let content = match content {
        Ok(Content::Folder(names)) => return page(&place.1, &names),
        Ok(content) => content,
        Err(fault) => return refusal(&fault),
    };
    let length = match &content {
        Content::Bytes(bytes) => bytes.len() as u64,
        Content::Zeros(length) => *length,
        Content::Folder(_) => 0,
    };
    let range = request.headers().get(RANGE).and_then(|range| part(range.to_str().ok()?, length));
    let mut response = match &range {
        Some(range) if range.is_empty() => status(StatusCode::RANGE_NOT_SATISFIABLE),
        _ => Response::new(Body::empty()),
    };
    let headers = response.headers_mut();
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    let given = match range {
        Some(range) if range.is_empty() => {
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{length}")) {
                headers.insert(CONTENT_RANGE, value);
            }
            return response;
        }
        Some(range) => {
            let value = format!("bytes {}-{}/{length}", range.start, range.end - 1);
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(CONTENT_RANGE, value);
            }
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            range
        }
        None => 0..length,
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_LENGTH, HeaderValue::from(given.end - given.start));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    if request.method() == Method::GET {
        *response.body_mut() = match content {
            Content::Bytes(bytes) => {
                let at = |index| usize::try_from(index).unwrap_or(usize::MAX).min(bytes.len());
                Body::from(bytes.slice(at(given.start)..at(given.end)))
            }
            _ => zeros(given.end - given.start),
        };
    }
    response
}

/// The part of a file that a header asks for, empty where there is none; none where it is to be ignored.
fn part(header: &str, length: u64) -> Option<Range<u64>> {
    let (from, to) = header.strip_prefix("bytes=")?.split_once('-')?;
    let range = match (from.trim(), to.trim()) {
        ("", last) => length.saturating_sub(last.parse().ok()?)..length,
        (first, "") => first.parse().ok()?..length,
        (first, last) => {
            let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(length)
        }
    };
    Some(if range.start < range.end { range } else { 0..0 })
}

fn zeros(length: u64) -> Body {
    let piece = Bytes::from_static(&[0; PIECE]);
    Body::from_stream(futures_util::stream::unfold(length, move |left| {
        let size = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let piece = piece.slice(..size);
        async move { (size > 0).then_some((Ok::<_, std::convert::Infallible>(piece), left - size as u64)) }
    }))
}

fn content(world: &World, place: &Place, parameters: &HashMap<String, Vec<String>>) -> Result<Content> {
    let (datastore, path) = place;
    let size = |bytes: i64| u64::try_from(bytes).unwrap_or(0);
    if path.is_empty() || files::get(world, datastore, path).is_some_and(File::is_folder) {
        return Ok(Content::Folder(links(world, place, parameters)));
    }
    let Some(file) = files::get(world, datastore, path) else {
        let disk = file_manager::disk_of_extent(world, place);
        let disk = disk.and_then(|disk| files::get(world, datastore, &disk));
        return match disk {
            Some(File { content: Some(content), .. }) => Ok(Content::Bytes(content.clone())),
            Some(File { kind: FileKind::Disk { capacity, .. }, .. }) => Ok(Content::Zeros(size(*capacity))),
            _ => Err(files::not_found(&file_manager::full(world, place))),
        };
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    match (disk::descriptor(name, file), &file.content) {
        (Some(descriptor), _) => Ok(Content::Bytes(descriptor.into())),
        (None, Some(content)) => Ok(Content::Bytes(content.clone())),
        (None, None) if file.kind == FileKind::Config => match machine(world, place) {
            Some(config) => Ok(Content::Bytes(virtual_machine::config_file(config).into())),
            None => Ok(Content::Zeros(size(file.size))),
        },
        (None, None) => Ok(Content::Zeros(size(file.size))),
    }
}

/// The configuration of the machine whose file that is: of a machine that is in the inventory, the file is not kept.
fn machine<'w>(world: &'w World, place: &Place) -> Option<&'w VirtualMachineConfigInfo> {
    let path = file_manager::full(world, place);
    let machines = &world.get::<DatastoreProperties>(&place.0).ok()?.vm;
    let configs =
        machines.iter().filter_map(|vm| world.get::<VirtualMachineProperties>(vm).ok()?.config.as_ref());
    configs.into_iter().find(|config| config.files.vm_path_name.as_ref() == Some(&path))
}

/// The files of a folder, and where each is.
fn links(world: &World, place: &Place, parameters: &HashMap<String, Vec<String>>) -> Vec<(String, String)> {
    let one = |name: &str| parameters.get(name).and_then(|values| values.first()).map_or("", String::as_str);
    let query = format!("dcPath={}&dsName={}", encode(one("dcPath")), encode(one("dsName")));
    let folder = if place.1.is_empty() { String::new() } else { format!("{}/", place.1) };
    let link = |name: &str| format!("/folder/{}?{query}", encode(&format!("{folder}{name}")));
    let mut all = Vec::new();
    for (name, file) in files::list(world, &place.0, &place.1) {
        if let Some(extent) = files::extent_name(&name, file) {
            all.push((extent.clone(), link(&extent)));
        }
        let link = link(&name);
        all.push(if file.is_folder() { (format!("{name}/"), link) } else { (name, link) });
    }
    all
}

/// A page that lists names.
pub(super) fn page(of: &str, names: &[(String, String)]) -> Response<Body> {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let rows: String = names
        .iter()
        .map(|(name, link)| format!("<tr><td><a href=\"{}\">{}</a></td></tr>\n", escape(link), escape(name)))
        .collect();
    let title = escape(of);
    text(
        "text/html; charset=utf-8",
        format!(
            "<!DOCTYPE html>\n<html><head><title>Index of {title}</title></head>\n\
             <body><h1>Index of {title}</h1>\n<table>\n{rows}</table></body></html>\n"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn parts_of_files_are_asked_for() {
        assert_eq!(part("bytes=0-9", 100), Some(0..10));
        assert_eq!(part("bytes=90-", 100), Some(90..100));
        assert_eq!(part("bytes=-10", 100), Some(90..100));
        assert_eq!(part("bytes=50-500", 100), Some(50..100));
        assert_eq!(part("bytes=100-", 100), Some(0..0));
        assert_eq!(part("bytes=9-1", 100), None);
        assert_eq!(part("lines=1-2", 100), None);
    }
}
