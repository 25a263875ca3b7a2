//! Machines that were deleted and are kept for a time: switched off, renamed, put aside, with the time in their settings.

use super::core::Core;
use super::errors::server;
use super::state::State;
use super::{delete, describe, folder, owner, state};
use crate::provider::{Error, ErrorKind, MachineId, Reporter, Result};
use crate::spec::Age;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use vim_client::mo::{Folder, VirtualMachine};
use vim_client::types::VirtualMachineConfigSpec;
use vim_client::{MoRef, Properties};

/// The folder that they are put into, in their datacenter's folder of machines.
const FOLDER: &str = "virtrigaud-deleted";
/// What their names end with, before the time.
const MARK: &str = ".deleted-";
const KEEP_DISKS: &str = "virtrigaud.purge.keepDisks";
/// The longest name that a server takes.
const LONGEST: usize = 80;

/// What was removed, and what could not be.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Purged {
    /// The machines that are gone.
    pub removed: Vec<MachineId>,
    /// Those that are due and still there, and why.
    pub failed: Vec<(MachineId, Error)>,
}

#[derive(Properties)]
#[properties(of = VirtualMachine)]
struct Named {
    name: String,
}

fn due(values: &super::read::Values) -> Option<u64> {
    owner::read(&describe::settings(values), owner::PURGE)?.parse().ok()
}

/// Puts a machine aside until a time.
pub(super) async fn retain(
    core: &Core,
    id: &MachineId,
    state: &State,
    age: Age,
    keep_disks: bool,
    reporter: &Reporter,
) -> Result<()> {
    let doing = format!("putting {id} aside");
    delete::off(core, id, state, reporter).await?;
    // A time that was set by the first request stays.
    if due(&state.values).is_none() {
        reporter.step(doing.clone(), 40);
        let now = core.client.current_time().await.map_err(|error| server(&doing, error))?;
        let at = SystemTime::from(now).checked_add(age.duration()).unwrap_or(SystemTime::now());
        let seconds = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        let mark = format!("{MARK}{seconds}");
        let mut name: String = state.name().to_owned();
        while name.len() + mark.len() > LONGEST {
            name.pop();
        }
        let mut spec = VirtualMachineConfigSpec {
            name: Some(name + &mark),
            extra_config: vec![owner::setting(owner::PURGE, &seconds.to_string())],
            change_version: Some(state.values.text("config.changeVersion").to_owned())
                .filter(|version| !version.is_empty() && state.power() == "poweredOff"),
            ..VirtualMachineConfigSpec::default()
        };
        if keep_disks {
            spec.extra_config.push(owner::setting(KEEP_DISKS, "true"));
        }
        let task = core.vm(&state.values.moref).reconfigure(&spec).await;
        let task = task.map_err(|error| server(&doing, error))?;
        core.wait(&doing, task, reporter, (40, 70)).await?;
    }
    move_aside(core, state, &doing, reporter).await
}

async fn move_aside(core: &Core, state: &State, doing: &str, reporter: &Reporter) -> Result<()> {
    // An ESXi host has no folders.
    if !core.client.is_vcenter().await.map_err(|error| server(doing, error))? {
        return Ok(());
    }
    let Some(parent) = state.values.moref("parent") else { return Ok(()) };
    let catalog = core.catalogs.get(&core.client).await?;
    let root = catalog.datacenter_of(parent).and_then(|datacenter| datacenter.link.clone());
    let Some(root) = root else { return Ok(()) };
    let there = catalog.children(&root, &["Folder"]).find(|item| item.name == FOLDER);
    let folder = match there {
        Some(folder) => folder.moref.clone(),
        None => folder::make(core, &root, FOLDER).await?,
    };
    if folder == *parent {
        return Ok(());
    }
    let folder: Folder = core.client.object(folder);
    let list = [state.values.moref.clone()];
    let task = folder.move_into(&list).await.map_err(|error| server(doing, error))?;
    core.wait(doing, task, reporter, (70, 100)).await
}

/// Removes what is due.
pub(super) async fn purge_due(core: &Core, now: SystemTime) -> Result<Purged> {
    let doing = "looking for machines whose time has come";
    let all = core.client.retrieve::<Named>().all().await.map_err(|error| server(doing, error))?;
    let now = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
    let mut purged = Purged::default();
    for row in all.iter().filter(|row| row.name.contains(MARK)) {
        let machine = &row.moref;
        let id: MachineId = machine.value().parse()?;
        match purge(core, &id, machine, now).await {
            Ok(true) => purged.removed.push(id),
            Ok(false) => {}
            Err(error) => purged.failed.push((id, error)),
        }
    }
    Ok(purged)
}

async fn purge(core: &Core, id: &MachineId, machine: &MoRef, now: u64) -> Result<bool> {
    let Some(state) = state::find(core, machine, delete::PATHS).await? else { return Ok(false) };
    // The name says nothing: the time is in the settings.
    if due(&state.values).is_none_or(|due| due > now) {
        return Ok(false);
    }
    if state.power() != "poweredOff" {
        let message = format!("{id} was deleted and is due, but somebody switched it on; it stays");
        return Err(Error::new(ErrorKind::FailedPrecondition, message));
    }
    let keep_disks = owner::read(&describe::settings(&state.values), KEEP_DISKS) == Some("true");
    delete::remove(core, id, &state, keep_disks, &Reporter::unheard()).await?;
    Ok(true)
}
