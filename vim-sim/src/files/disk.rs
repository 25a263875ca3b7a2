//! A virtual disk as servers show it: a descriptor, which is a text, and the extent that it names.

use super::{File, FileKind};
use bytes::Bytes;

/// Bytes of a sector.
const SECTOR: i64 = 512;

/// What the first bytes of a sparse disk are, which is one file with its descriptor in it.
const SPARSE: &[u8] = b"KDMV";

/// The name of the file that holds a disk's blocks, beside its descriptor: `a-flat.vmdk` of `a.vmdk`. None for what is no
/// disk, or is one in a single file.
pub(crate) fn extent_name(disk: &str, file: &File) -> Option<String> {
    let FileKind::Disk { parent, .. } = &file.kind else { return None };
    if file.content.as_ref().is_some_and(|content| content.starts_with(SPARSE)) {
        return None;
    }
    let suffix = if parent.is_some() { "delta" } else { "flat" };
    Some(format!("{}-{suffix}.vmdk", disk.strip_suffix(".vmdk")?))
}

/// The descriptor of a disk: `name` is its file's, without folders. None for what is no disk, or is one in a single file.
pub(crate) fn descriptor(name: &str, file: &File) -> Option<String> {
    let FileKind::Disk { capacity, thin, uuid, parent, .. } = &file.kind else { return None };
    let extent = extent_name(name, file)?;
    let (sectors, [cylinders, heads, per_track]) = (capacity / SECTOR, geometry(*capacity));
    let (kind, extent_kind) = if parent.is_some() { ("vmfsSparse", "VMFSSPARSE") } else { ("vmfs", "VMFS") };
    let parent_id = if parent.is_some() { "fffffffe" } else { "ffffffff" };
    let hint = parent.as_ref().map_or(String::new(), |parent| format!("parentFileNameHint=\"{parent}\"\n"));
    let thin = if *thin { "ddb.thinProvisioned = \"1\"\n" } else { "" };
    let uuid = uuid.as_ref().map_or(String::new(), |uuid| format!("ddb.uuid = \"{}\"\n", spaced(uuid)));
    Some(format!(
        "# Disk DescriptorFile\nversion=1\nencoding=\"UTF-8\"\nCID=fffffffe\nparentCID={parent_id}\n\
         createType=\"{kind}\"\n{hint}\n# Extent description\nRW {sectors} {extent_kind} \"{extent}\"\n\n\
         # The Disk Data Base\n#DDB\n\nddb.adapterType = \"lsilogic\"\nddb.geometry.cylinders = \"{cylinders}\"\n\
         ddb.geometry.heads = \"{heads}\"\nddb.geometry.sectors = \"{per_track}\"\n{thin}{uuid}\
         ddb.virtualHWVersion = \"21\"\n"
    ))
}

/// Cylinders, heads and sectors of a disk of so many bytes.
pub(crate) const fn geometry(capacity: i64) -> [i64; 3] {
    [capacity / SECTOR / (255 * 63), 255, 63]
}

/// The disk that a written file is: what its descriptor, or a sparse disk's header, says. None where it is no disk.
pub(crate) fn parse(content: &Bytes) -> Option<FileKind> {
    let disk = |sectors: i64, thin| {
        let capacity = sectors.checked_mul(SECTOR)?;
        Some(FileKind::Disk { capacity, thin, eager: false, uuid: None, parent: None })
    };
    if content.starts_with(SPARSE) {
        let capacity = content.get(12..20)?.try_into().ok()?;
        return disk(i64::try_from(u64::from_le_bytes(capacity)).ok()?, true);
    }
    if !content.starts_with(b"# Disk DescriptorFile") {
        return None;
    }
    let text = std::str::from_utf8(content).ok()?;
    let sectors = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        matches!(words.next(), Some("RW" | "RDONLY")).then(|| words.next()?.parse::<i64>().ok()).flatten()
    });
    let sectors = sectors.reduce(i64::saturating_add)?;
    disk(sectors, text.lines().any(|line| line.replace(' ', "") == "ddb.thinProvisioned=\"1\""))
}

/// An id as disks' descriptors have it: `60 00 C2 9b 7f 5d c2 16-d1 27 fc 43 aa 23 1b 45`.
pub(crate) fn spaced(uuid: &str) -> String {
    let digits: Vec<char> = uuid.chars().filter(char::is_ascii_hexdigit).collect();
    let mut spaced = String::with_capacity(48);
    for (at, pair) in digits.chunks(2).enumerate() {
        if at > 0 {
            spaced.push(if at == 8 { '-' } else { ' ' });
        }
        spaced.extend(pair);
    }
    spaced
}

/// An id as devices have it: `6000C29b-7f5d-c216-d127-fc43aa231b45`; none where that is no id.
pub(crate) fn dashed(uuid: &str) -> Option<String> {
    let digits: String = uuid.chars().filter(|char| !matches!(char, ' ' | '-')).collect();
    if digits.len() != 32 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let parts =
        [0..8, 8..12, 12..16, 16..20, 20..32].map(|range| digits.get(range).unwrap_or_default().to_owned());
    Some(parts.join("-"))
}

/// The id of a disk that was given none: the same for the same path.
pub(crate) fn uuid_of(datastore: &str, path: &str) -> String {
    let hash = |seed: u64| {
        let bytes = datastore.bytes().chain(*b"\0").chain(path.bytes());
        bytes.fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    };
    let (a, b) = (hash(0xcbf2_9ce4_8422_2325), hash(0x8422_2325_cbf2_9ce4));
    format!(
        "6000C29{:x}-{:04x}-{:04x}-{:04x}-{:012x}",
        a & 0xf,
        (a >> 4) & 0xffff,
        (a >> 20) & 0xffff,
        (a >> 36) & 0xffff,
        b & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use vim_wire::DateTime;

    #[test]
    fn a_descriptor_is_read_as_it_was_written() {
        let file = File::disk(10 << 30, true, DateTime::default());
        let text = descriptor("a.vmdk", &file).unwrap();
        assert!(text.contains("RW 20971520 VMFS \"a-flat.vmdk\""), "{text}");
        assert_eq!(parse(&Bytes::from(text)), Some(file.kind));
        assert_eq!(parse(&Bytes::from_static(b"no disk")), None);
        let mut sparse = b"KDMV\x01\0\0\0\0\0\0\0".to_vec();
        sparse.extend(2048_u64.to_le_bytes());
        let Some(FileKind::Disk { capacity, .. }) = parse(&Bytes::from(sparse)) else { panic!("a disk") };
        assert_eq!(capacity, 1 << 20);
    }

    #[test]
    fn ids_are_written_both_ways() {
        let dashes = uuid_of("ds", "a.vmdk");
        assert_eq!(dashed(&spaced(&dashes)).as_ref(), Some(&dashes));
        assert_eq!(dashes.len(), 36);
        assert_eq!(
            spaced("6000C29b-7f5d-c216-d127-fc43aa231b45"),
            "60 00 C2 9b 7f 5d c2 16-d1 27 fc 43 aa 23 1b 45"
        );
        assert_eq!(dashed("nonsense"), None);
    }
}
