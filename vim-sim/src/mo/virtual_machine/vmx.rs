//! The file of a machine's configuration: lines of `key = "value"`, as servers write them, and after them the whole
//! configuration for this simulator alone.

use std::fmt::Write as _;
use vim_types::{
    OptionValue, VIM25, VirtualDevice, VirtualDeviceConfigSpec, VirtualDeviceConfigSpecOperation,
    VirtualDeviceFileBackingInfo, VirtualDisk, VirtualDiskFlatVer2BackingInfo, VirtualMachineConfigInfo,
    VirtualMachineConfigSpec, VirtualMachineSnapshotInfo,
};
use vim_wire::{Any, DataObject, Limits, Poly};

/// What begins a section that only this simulator reads.
const SECTION: &str = "\n# vim-sim ";

/// Keys that have names in the API: they are no extra options.
const NAMED: &[&str] = &[
    ".encoding",
    "config.version",
    "virtualhw.version",
    "displayname",
    "guestos",
    "numvcpus",
    "memsize",
    "uuid.bios",
    "vc.uuid",
    "firmware",
    "annotation",
    "cpuid.corespersocket",
];

/// A configuration as its file has it.
pub(crate) fn write(config: &VirtualMachineConfigInfo) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        let value: String = value.chars().filter(|char| !char.is_control() && *char != '"').collect();
        let _ = writeln!(text, "{key} = \"{value}\"");
    };
    line(".encoding", "UTF-8");
    line("config.version", "8");
    line("virtualHW.version", config.version.trim_start_matches("vmx-"));
    line("displayName", &config.name);
    line("guestOS", &config.guest_id);
    line("numvcpus", &config.hardware.num_cpu.to_string());
    line("cpuid.coresPerSocket", &config.hardware.num_cores_per_socket.unwrap_or(1).to_string());
    line("memSize", &config.hardware.memory_mb.to_string());
    line("uuid.bios", &config.uuid);
    line("vc.uuid", config.instance_uuid.as_deref().unwrap_or_default());
    line("firmware", config.firmware.as_deref().unwrap_or("bios"));
    for option in &config.extra_config {
        line(&option.key, option.value.as_ref().and_then(Any::as_str).unwrap_or_default());
    }
    add(&mut text, "config", "", config);
    text
}

/// Adds a section that only this simulator reads.
pub(super) fn add<T: DataObject>(text: &mut String, name: &str, about: &str, value: &T) {
    if let Ok(xml) = vim_wire::to_xml(value, "value", &VIM25) {
        let _ = write!(text, "{SECTION}{name} {about}\n{xml}");
    }
}

/// The sections of a name: what is said about each, and its value.
fn sections<'t, T: DataObject>(text: &'t str, name: &'t str) -> impl Iterator<Item = (&'t str, T)> {
    text.split(SECTION).skip(1).filter_map(move |section| {
        let (head, xml) = section.split_once('\n')?;
        let (own, about) = head.split_once(' ')?;
        let value = vim_wire::from_xml(xml.as_bytes(), &vim_types::REGISTRY, Limits::default());
        if own == name { Some((about, value.ok()?)) } else { None }
    })
}

/// The configuration that this simulator wrote.
pub(super) fn read(text: &str) -> Option<VirtualMachineConfigInfo> {
    sections(text, "config").next().map(|(_, config)| config)
}

pub(super) fn snapshots(text: &str) -> Option<VirtualMachineSnapshotInfo> {
    sections(text, "snapshots").next().map(|(_, info)| info)
}

/// The id that a snapshot had, its two files and its configuration.
pub(super) type Snapshot = (String, Option<String>, Option<String>, VirtualMachineConfigInfo);

pub(super) fn each_snapshot(text: &str) -> Vec<Snapshot> {
    let all = sections(text, "snapshot").map(|(about, config)| {
        let mut parts = about.split('\t').map(str::to_owned);
        let id = parts.next().unwrap_or_default();
        let mut file = || parts.next().filter(|file| !file.is_empty());
        (id, file(), file(), config)
    });
    all.collect()
}

/// What the lines of a file say, where this simulator did not write it: what a client wrote by hand or brought along.
pub(super) fn settings(text: &str) -> VirtualMachineConfigSpec {
    let mut spec = VirtualMachineConfigSpec::default();
    if text.contains(SECTION) {
        return spec;
    }
    let mut devices: Vec<(String, String)> = Vec::new();
    for (key, value) in text.lines().filter_map(line) {
        let number = || value.parse().ok();
        match key.to_ascii_lowercase().as_str() {
            "guestos" => spec.guest_id = guest_id(value),
            "virtualhw.version" => {
                spec.version = value.parse::<u32>().ok().map(|number| format!("vmx-{number:02}"))
            }
            "numvcpus" => spec.num_cpus = number(),
            "cpuid.corespersocket" => spec.num_cores_per_socket = number(),
            "memsize" => spec.memory_mb = value.parse().ok(),
            "firmware" => spec.firmware = Some(value.to_owned()),
            "annotation" => spec.annotation = Some(value.replace("|0A", "\n")),
            lower if lower.ends_with(".filename") && value.ends_with(".vmdk") => {
                devices.push((lower.trim_end_matches(".filename").to_owned(), value.to_owned()));
            }
            lower if NAMED.contains(&lower) => {}
            lower if is_hardware(lower) => {}
            _ => {
                let value = Some(Any::String(value.to_owned()));
                spec.extra_config.push(OptionValue { key: key.to_owned(), value }.into());
            }
        }
    }
    // Lines that no server would take are not taken over.
    spec.guest_id = spec.guest_id.filter(|id| super::guest_os::full_name(id).is_some());
    spec.version = spec.version.filter(|version| super::upgrade::version(version).is_ok());
    spec.memory_mb = spec.memory_mb.filter(|size| *size >= 4).map(|size| size / 4 * 4);
    spec.device_change = devices.into_iter().map(|(_, file)| disk(file)).collect();
    spec
}

/// Whether a key is of a device, as `scsi0.present`.
fn is_hardware(key: &str) -> bool {
    let head = key.split('.').next().unwrap_or(key);
    let stem = head.trim_end_matches(|char: char| char.is_ascii_digit() || char == ':');
    stem != head
        && matches!(
            stem,
            "scsi" | "sata" | "nvme" | "ide" | "ethernet" | "pcibridge" | "floppy" | "serial" | "parallel"
        )
}

fn line(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.split_once('=')?;
    Some((key.trim(), value.trim().trim_matches('"')))
        .filter(|(key, _)| !key.is_empty() && !key.starts_with('#'))
}

/// Files name operating systems without the word that the API ends them with, and some in small letters.
fn guest_id(value: &str) -> Option<String> {
    let known = super::guest_os::all().iter().map(|(id, _)| *id);
    let bare = |text: &str| text.to_ascii_lowercase().replace("guest", "").replace(['-', '_'], "");
    let same = |id: &&str| bare(id) == bare(value);
    known.into_iter().find(same).map(str::to_owned)
}

/// A disk that is there, on whatever controller has room.
fn disk(file_name: String) -> Poly<VirtualDeviceConfigSpec> {
    let backing = VirtualDiskFlatVer2BackingInfo {
        extends: VirtualDeviceFileBackingInfo { file_name, ..Default::default() },
        disk_mode: "persistent".into(),
        ..Default::default()
    };
    let extends = VirtualDevice { key: -1, backing: Some(backing.into()), ..Default::default() };
    VirtualDeviceConfigSpec {
        operation: Some(VirtualDeviceConfigSpecOperation::ADD),
        device: VirtualDisk { extends, ..Default::default() }.into(),
        ..Default::default()
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let config = VirtualMachineConfigInfo {
            name: "a \"b\"".into(),
            guest_id: "ubuntu64Guest".into(),
            annotation: Some("two\nlines".into()),
            ..Default::default()
        };
        let text = write(&config);
        assert!(text.contains("displayName = \"a b\"\n"), "{text}");
        assert_eq!(
            read(&text).map(|read| (read.name, read.annotation)),
            Some((config.name, config.annotation))
        );
        assert!(settings(&text).guest_id.is_none());
    }

    #[test]
    fn lines_of_others_are_understood() {
        let spec = settings(
            "displayName = \"x\"\nguestOS = \"ubuntu-64\"\nmemSize = \"1024\"\nnumvcpus = \"2\"\nvirtualHW.version = \"19\"\n\
             scsi0.present = \"TRUE\"\nscsi0:0.fileName = \"x.vmdk\"\nguestinfo.a = \"b\"\n",
        );
        assert_eq!(spec.guest_id.as_deref(), Some("ubuntu64Guest"));
        assert_eq!(
            (spec.memory_mb, spec.num_cpus, spec.version.as_deref()),
            (Some(1024), Some(2), Some("vmx-19"))
        );
        assert_eq!(spec.device_change.len(), 1);
        assert_eq!(
            spec.extra_config.iter().map(|option| option.key.as_str()).collect::<Vec<_>>(),
            ["guestinfo.a"]
        );
    }
}
