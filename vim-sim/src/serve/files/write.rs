//! Files are written.

use super::refusal;
use crate::fault::Result;
use crate::files::{self, File, FileKind, disk};
use crate::mo::authorization_manager::require;
use crate::mo::file_manager::{self, Place};
use crate::serve::{PATIENCE, status};
use crate::sim::Sim;
use crate::world::Tx;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::{Response, StatusCode};

/// The bytes of a file that can be written: they are kept in memory.
const LARGEST: u64 = 1 << 30;

/// Takes a body in, and puts it where it belongs.
pub(super) async fn write<B>(sim: &Sim, user: &str, place: &Place, new: bool, mut body: B) -> Response<Body>
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
    loop {
        // However long a file is, its pieces come without long pauses.
        let frame = match tokio::time::timeout(PATIENCE, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => break,
            Ok(Some(Err(_))) => return status(StatusCode::BAD_REQUEST),
            Err(_) => return status(StatusCode::REQUEST_TIMEOUT),
        };
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
