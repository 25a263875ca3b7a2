//! `/folder/PATH?dcPath=DC0&dsName=LocalDS_0`: the files of datastores, read and written.

use super::url::{decode, encode, query};
use super::{Cut, cookie, soap, status, text};
use crate::fault::{Fault, Result};
use crate::files::{self, File, FileKind, disk};
use crate::mo::authorization_manager::require;
use crate::mo::file_manager::{self, Place};
use crate::mo::service_instance;
use crate::session::{Busy, Sessions};
use crate::sim::Sim;
use crate::world::{Tx, World};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::header::{
    ACCEPT_RANGES, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderValue, RANGE,
    WWW_AUTHENTICATE,
};
use hyper::{Method, Request, Response, StatusCode};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use vim_types::mo::{DatacenterProperties, FolderProperties};
use vim_wire::MoRef;

/// The bytes of a file that can be written: they are kept in memory.
const LARGEST: u64 = 1 << 30;

/// Zeros are sent in pieces of so many bytes.
const PIECE: usize = 64 << 10;

/// Answers a request to `/folder` or below it.
pub(crate) async fn answer<B>(sim: &Arc<Sim>, request: Request<B>) -> std::result::Result<Response<Body>, Cut>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin,
{
    let Some((user, _busy)) = authorized(sim, &request) else {
        let mut response = status(StatusCode::UNAUTHORIZED);
        let challenge = HeaderValue::from_static("Basic realm=\"VMware HTTP server\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        return Ok(response);
    };
    let path = request.uri().path().trim_start_matches("/folder").to_owned();
    let Some(path) = decode(&path).as_deref().and_then(files::normal) else {
        return Ok(status(StatusCode::BAD_REQUEST));
    };
    let parameters = query(request.uri().query());
    let method = request.method().clone();
    let found = match sim.read(|world| find(world, &parameters)) {
        Some(Found::File(datastore)) => (datastore, path),
        Some(Found::List(names)) if path.is_empty() && method == Method::GET => {
            return Ok(page("", &names));
        }
        _ => return Ok(status(StatusCode::NOT_FOUND)),
    };
    Ok(match method {
        Method::GET | Method::HEAD => read(sim, &user, &found, &request, &parameters),
        Method::PUT | Method::POST => {
            write(sim, &user, &found, method == Method::POST, request.into_body()).await
        }
        Method::DELETE => {
            let done = sim.write_as(&user, |tx| {
                require(tx, &user, "Datastore.FileManagement", &found.0)?;
                file_manager::remove(tx, &found)
            });
            done.map_or_else(|fault| refusal(&fault), |()| status(StatusCode::NO_CONTENT))
        }
        _ => status(StatusCode::METHOD_NOT_ALLOWED),
    })
}

/// Whose request it is: that of a session, of a ticket, or of who gives name and password.
fn authorized<B>(sim: &Sim, request: &Request<B>) -> Option<(String, Option<Busy>)> {
    let elapsed = sim.timer.elapsed();
    let session = cookie(request, soap::COOKIE);
    if let Some(session) = session.and_then(|token| sim.sessions.find(&token, sim.config.idle, elapsed)) {
        let user = session.user.clone();
        return Some((user, Some(Sessions::enter(&session, sim.now(), elapsed))));
    }
    if let Some(ticket) = cookie(request, "vmware_cgi_ticket") {
        let path = request.uri().path();
        let user = sim.sessions.redeem_for(&ticket, request.method().as_str(), path, elapsed)?;
        return Some((user, None));
    }
    let (user, password) = basic(request.headers().get(AUTHORIZATION)?)?;
    sim.config.accounts.accept(&user, &password).then_some((user, None))
}

/// The name and password of a header `Basic …`.
pub(crate) fn basic(header: &HeaderValue) -> Option<(String, String)> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(vim_wire::Binary::decode(encoded.trim())?.0).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

enum Found {
    File(MoRef),
    /// Names and what leads to each: datacenters, or the datastores of one.
    List(Vec<(String, String)>),
}

/// The datastore that a request names. Without `dsName` there is a list.
fn find(world: &World, parameters: &HashMap<String, Vec<String>>) -> Option<Found> {
    let one =
        |name: &str| parameters.get(name).and_then(|values| values.first()).filter(|value| !value.is_empty());
    let datacenters = world.of_kind("Datacenter");
    let datacenter = match (one("dcPath"), datacenters.as_slice()) {
        (Some(path), _) => Some(datacenter(world, path)?),
        (None, [only]) => Some(only.moref.clone()),
        (None, _) => None,
    };
    let name = one("dsName");
    match (datacenter, name) {
        (Some(datacenter), Some(name)) => {
            let folder = &world.get::<DatacenterProperties>(&datacenter).ok()?.datastore_folder;
            files::find_datastore(world, folder, name).map(Found::File)
        }
        // A host does not know datacenters: a ticket for one names none.
        (None, Some(name)) => datacenters.iter().find_map(|node| {
            let folder = &world.get::<DatacenterProperties>(&node.moref).ok()?.datastore_folder;
            files::find_datastore(world, folder, name).map(Found::File)
        }),
        (Some(datacenter), None) => {
            let path = one("dcPath").cloned().unwrap_or_else(|| path_of(world, &datacenter));
            let datastores = &world.get::<DatacenterProperties>(&datacenter).ok()?.datastore;
            let link = |name: &str| format!("/folder?dcPath={}&dsName={}", encode(&path), encode(name));
            let names = datastores.iter().map(|datastore| world.name(datastore));
            Some(Found::List(names.map(|name| (name.to_owned(), link(name))).collect()))
        }
        (None, None) => {
            let all = datacenters.iter().map(|node| path_of(world, &node.moref));
            Some(Found::List(
                all.map(|path| (path.clone(), format!("/folder?dcPath={}", encode(&path)))).collect(),
            ))
        }
    }
}

/// A datacenter by its path in the inventory: `DC0`, `/F0/DC0`.
fn datacenter(world: &World, path: &str) -> Option<MoRef> {
    let mut at = service_instance::content(world)?.root_folder.clone();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let children = &world.get::<FolderProperties>(&at).ok()?.child_entity;
        at = children.iter().find(|child| world.name(child) == name)?.clone();
    }
    (at.kind() == "Datacenter").then_some(at)
}

fn path_of(world: &World, moref: &MoRef) -> String {
    // The root folder is not named.
    let mut names: Vec<_> =
        world.lineage(moref).filter(|node| node.parent().is_some()).map(|node| node.name()).collect();
    names.reverse();
    names.join("/")
}

fn refusal(fault: &Fault) -> Response<Body> {
    let code = match () {
        () if fault.is_named("FileNotFound") || fault.is_named("ManagedObjectNotFound") => {
            StatusCode::NOT_FOUND
        }
        () if fault.is_named("NoPermission") => StatusCode::FORBIDDEN,
        () if fault.is_named("NoDiskSpace") => StatusCode::INSUFFICIENT_STORAGE,
        () if fault.is_named("FileAlreadyExists") || fault.is_named("FileLocked") => StatusCode::CONFLICT,
        () if fault.is_named("FileFault") => StatusCode::FORBIDDEN,
        () => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut response = text("text/plain; charset=utf-8", fault.message.clone());
    *response.status_mut() = code;
    response
}

/// What there is to be read of a file.
enum Content {
    Bytes(Bytes),
    /// What nobody wrote.
    Zeros(u64),
    /// A folder: names, and what leads to each.
    Folder(Vec<(String, String)>),
}

fn read<B>(
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
        (None, None) => Ok(Content::Zeros(size(file.size))),
    }
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
fn page(of: &str, names: &[(String, String)]) -> Response<Body> {
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

async fn write<B>(sim: &Sim, user: &str, place: &Place, new: bool, mut body: B) -> Response<Body>
where
    B: hyper::body::Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Unpin,
{
    let room = sim.read(|world| {
        require(world, user, "Datastore.FileManagement", &place.0)?;
        match files::get(world, &place.0, &place.1) {
            _ if place.1.is_empty() => Err(files::invalid_path(&file_manager::full(world, place))),
            Some(file) if new || file.is_folder() => {
                Err(files::already_exists(&file_manager::full(world, place)))
            }
            replaced => {
                let (_, free) = files::space(world, &place.0);
                Ok(free.saturating_add(replaced.map_or(0, |file| file.size)))
            }
        }
    });
    let room = match room {
        Ok(room) => u64::try_from(room).unwrap_or(0),
        Err(fault) => return refusal(&fault),
    };
    let mut content = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return status(StatusCode::BAD_REQUEST) };
        let Ok(data) = frame.into_data() else { continue };
        let length = (content.len() + data.len()) as u64;
        if length > LARGEST {
            return status(StatusCode::PAYLOAD_TOO_LARGE);
        }
        if length > room {
            return status(StatusCode::INSUFFICIENT_STORAGE);
        }
        content.extend_from_slice(&data);
    }
    let written = sim.write_as(user, |tx| store(tx, place, content.freeze()));
    written.map_or_else(|fault| refusal(&fault), status)
}

/// Puts what was written where it belongs: a file of its own, or a disk's blocks.
fn store(tx: &mut Tx<'_>, place: &Place, content: Bytes) -> Result<StatusCode> {
    let (datastore, path) = place;
    let now = tx.now;
    let length = i64::try_from(content.len()).unwrap_or(i64::MAX);
    if let Some(disk) = file_manager::disk_of_extent(tx, place) {
        file_manager::check_unlocked(tx, &(datastore.clone(), disk.clone()))?;
        files::update(tx, datastore, &disk, |file| {
            if let FileKind::Disk { thin: true, .. } = file.kind {
                file.size = length;
            }
            file.content = Some(content);
            file.modified = now;
        })?;
        return Ok(StatusCode::OK);
    }
    let replaced = files::get(tx, datastore, path).is_some();
    if replaced {
        file_manager::check_unlocked(tx, place)?;
        files::remove(tx, datastore, path)?;
    }
    let file = match path.ends_with(".vmdk").then(|| disk::parse(&content)).flatten() {
        Some(kind) => written_disk(tx, place, kind, content)?,
        None => File { content: Some(content), ..File::new(FileKind::of_name(path), length, now) },
    };
    files::put(tx, datastore, path, file)?;
    Ok(if replaced { StatusCode::OK } else { StatusCode::CREATED })
}

/// The disk that a descriptor describes, with the blocks that were written before it was.
fn written_disk(tx: &mut Tx<'_>, place: &Place, kind: FileKind, content: Bytes) -> Result<File> {
    let (datastore, path) = place;
    let (capacity, thin) = match kind {
        FileKind::Disk { capacity, thin, .. } => (capacity, thin),
        _ => (0, true),
    };
    let length = i64::try_from(content.len()).unwrap_or(i64::MAX);
    let sparse = File { content: Some(content), ..File::new(kind.clone(), length, tx.now) };
    let Some(extent) = files::extent_name(path, &sparse) else { return Ok(sparse) };
    let mut disk = File::new(kind, if thin { 0 } else { capacity }, tx.now);
    if let Some(File { kind: FileKind::Other, content: Some(blocks), .. }) =
        files::get(tx, datastore, &extent)
    {
        let blocks = blocks.clone();
        if thin {
            disk.size = i64::try_from(blocks.len()).unwrap_or(i64::MAX);
        }
        disk.content = Some(blocks);
        files::remove(tx, datastore, &extent)?;
    }
    Ok(disk)
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
