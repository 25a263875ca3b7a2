//! Making a machine.
//!
//! One call of the server makes it, and carries all that it can: a machine that is there is whole, but for what only a machine can
//! be told that is there. The stamp of its owner is part of that call, and its name in its folder is unique: a call that is
//! repeated meets either nothing, or the machine that it is about, or a stranger's.

use super::build::{self, Built, Wanted, guest};
use super::catalog::{Catalog, not_found};
use super::core::Core;
use super::errors::{duplicate, invalid, not_yet, server};
use super::place::{self, Net, Place};
use super::read;
use super::source::{self, Template};
use super::{folder, owner};
use crate::provider::{
    Created, Error, ErrorKind, MachineId, Operation, OperationId, Owner, Reporter, Result,
};
use crate::spec::resolved::{Image, Machine};
use crate::spec::{CustomizationType, DiskFormat, PowerState};
use std::sync::Arc;
use std::time::Duration;
use vim_client::types::ext::{DeviceList, HardwareVersion};
use vim_client::types::{
    CustomizationCloudinitPrep, VirtualDisk, VirtualDiskFlatVer2BackingInfo, VirtualMachineCloneSpec,
    VirtualMachineConfigInfo, VirtualMachineConfigSpec, VirtualMachineFileInfo,
    VirtualMachinePowerState as State, VirtualMachineRelocateSpec, VirtualMachineRelocateSpecDiskLocator,
};
use vim_client::{ManagedObject, MoRef, Task, mo};

/// How long a machine may take that another call is making.
const MAKING: Duration = Duration::from_secs(1800);
/// How often it is looked at meanwhile.
const LOOK: Duration = Duration::from_secs(1);

/// All that is known before anything is made.
#[derive(Debug)]
struct Plan {
    machine: Machine,
    owner: Owner,
    place: Place,
    folder: MoRef,
    nets: Vec<Net>,
}

impl Plan {
    fn doing(&self) -> String {
        format!("creating virtual machine '{}'", self.machine.name)
    }

    fn is_on(&self) -> bool {
        self.machine.power_state == Some(PowerState::On)
    }

    /// What differs from a machine as it is, or all of it where there is none.
    fn built(&self, now: Option<&VirtualMachineConfigInfo>) -> Result<Built> {
        let machine = &self.machine;
        build::spec(&Wanted { machine, nets: &self.nets, now, copied: false, remove_cards: true })
    }

    /// What differs from the template.
    fn of_template(&self, template: &Template) -> Result<Built> {
        let (machine, now) = (&self.machine, Some(&template.config));
        build::spec(&Wanted { machine, nets: &self.nets, now, copied: true, remove_cards: true })
    }
}

/// Refuses what a later version honours.
pub(super) fn refuse(machine: &Machine) -> Result<()> {
    if machine.home_policy.is_some() || machine.disks.iter().any(|disk| disk.policy.is_some()) {
        return Err(not_yet(
            "storage policies; take storagePolicy, homePolicy and diskPolicy out to go on without them",
        ));
    }
    if machine.placement.storage_pod.is_some() {
        return Err(not_yet("datastore clusters; name a datastore in placement.datastore"));
    }
    match machine.customization.as_ref().map(|customization| customization.kind) {
        Some(CustomizationType::Sysprep) => Err(not_yet("customization of type sysprep")),
        Some(CustomizationType::Linux) => Err(not_yet("customization of type linux")),
        _ => Ok(()),
    }
}

/// Where a machine is put and what its cards are connected to. A name that is missing is looked for once more in what is new.
pub(super) async fn places(core: &Core, machine: &Machine) -> Result<(Arc<Catalog>, Place, Vec<Net>)> {
    let find = |catalog: &Catalog| {
        let place = Place::find(catalog, &machine.placement)?;
        for disk in &machine.disks {
            if let Some(name) = &disk.datastore {
                place::disk_datastore(catalog, &place, name)?;
            }
        }
        let cards = machine.networks.iter();
        let nets = cards
            .map(|card| place::network(catalog, &place, &card.port_group, card.switch.as_deref(), card.vlan));
        let nets = nets.collect::<Result<Vec<Net>>>()?;
        Ok::<_, Error>((place, nets))
    };
    let catalog = core.catalogs.get(&core.client).await?;
    match find(&catalog) {
        Ok((place, nets)) => Ok((catalog, place, nets)),
        Err(error) if error.is_not_found() => {
            let catalog = core.catalogs.renewed(&core.client).await?;
            let (place, nets) = find(&catalog)?;
            Ok((catalog, place, nets))
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn create(core: &Arc<Core>, machine: &Machine) -> Result<Operation<Created>> {
    refuse(machine)?;
    let mut machine = machine.clone();
    machine.placement = crate::spec::resolved::merged(&machine.placement, &core.defaults.placement);
    let (catalog, place, nets) = places(core, &machine).await?;
    let owner = owner::of(&machine, &place.folder_path(&catalog), &core.defaults);
    customization(core, &mut machine).await?;
    let folder = folder::make_all(core, &place).await?;
    let plan = Plan { machine, owner, place, folder, nets };

    if let Some(moref) = child(core, &plan).await? {
        return Ok(go_on(core, plan, moref));
    }
    let (task, template) = match plan.machine.image.clone() {
        Some(image) => {
            let template = source::template(core, &catalog, &image, &plan.place.datacenter).await?;
            let spec = clone_spec(&plan, &template, &catalog)?;
            let vm = core.vm(&template.moref);
            (vm.clone_vm(&plan.folder, &plan.machine.name, &spec).await, Some(template))
        }
        None => {
            let spec = create_spec(&plan, &catalog)?;
            let folder: mo::Folder = core.client.object(plan.folder.clone());
            let call = folder.create_vm(&spec, &plan.place.pool);
            let task = match &plan.place.host {
                Some(host) => call.host(host).await,
                None => call.await,
            };
            (task, None)
        }
    };
    let task = match task {
        Ok(task) => task,
        Err(error) => match duplicate(&error) {
            Some(moref) => return Ok(go_on(core, plan, moref)),
            None => {
                // An object that is gone may be one that is remembered.
                core.catalogs.forget();
                return Err(server(&plan.doing(), error));
            }
        },
    };
    let warnings = template.map_or_else(Vec::new, |template| {
        plan.of_template(&template).map(|built| built.warnings).unwrap_or_default()
    });
    let core_ = Arc::clone(core);
    Ok(core.start(OperationId::of_task("create", task.moref(), false), move |reporter| async move {
        made(&core_, &plan, task, warnings, &reporter).await
    }))
}

/// Goes on with a machine that is there, or is being made.
fn go_on(core: &Arc<Core>, plan: Plan, moref: MoRef) -> Operation<Created> {
    let core_ = Arc::clone(core);
    core.start(OperationId::new("create"), move |reporter| async move {
        finish(&core_, &plan, &moref, true, Vec::new(), &reporter).await
    })
}

/// Waits for the call that makes the machine, and does the rest. What fails for good is removed.
async fn made(
    core: &Core,
    plan: &Plan,
    task: Task<mo::VirtualMachine>,
    warnings: Vec<String>,
    reporter: &Reporter,
) -> Result<Created> {
    reporter.step(plan.doing(), 0);
    match core.follow(task, reporter, (0, 80)).await {
        Ok(vm) => {
            let moref = vm.handle().moref().clone();
            let finished = finish(core, plan, &moref, false, warnings, reporter).await;
            match finished {
                Err(error) if !error.kind().is_retryable() => Err(removed(core, plan, &moref, error).await),
                finished => finished,
            }
        }
        Err(error) => match duplicate(&error) {
            // Another call was faster: the same one, or a stranger's.
            Some(moref) => finish(core, plan, &moref, true, warnings, reporter).await,
            None => {
                let error = server(&plan.doing(), error);
                if error.kind().is_retryable() {
                    return Err(error);
                }
                // A machine that was made and could not be switched on is there all the same.
                match child(core, plan).await {
                    Ok(Some(moref)) => Err(removed(core, plan, &moref, error).await),
                    _ => Err(error),
                }
            }
        },
    }
}

/// Removes what could not be completed, where it is ours; the error says where that failed, too.
async fn removed(core: &Core, plan: &Plan, moref: &MoRef, error: Error) -> Error {
    let remove = async {
        let state = look(core, moref).await?;
        if !state.is_some_and(|state| owner::is_of(&state.config.extra_config, &plan.owner)) {
            return Ok(());
        }
        let id: MachineId = moref.value().parse()?;
        let reporter = Reporter::unheard();
        super::power::off(core, &id, moref, &reporter, (0, 50)).await?;
        let doing = format!("removing {moref}, which could not be completed");
        let vm = core.vm(moref);
        let task = vm.destroy().await.map_err(|error| server(&doing, error))?;
        core.wait(&doing, task, &reporter, (0, 100)).await
    };
    match remove.await {
        Ok(()) => error,
        Err(left) => error.hint(format!("{moref} is left: {left}")),
    }
}

/// A machine as it is now.
struct Found {
    config: VirtualMachineConfigInfo,
    power: State,
}

/// Reads a machine; none where it is gone. One that is still being made has no configuration, and is waited for.
async fn look(core: &Core, moref: &MoRef) -> Result<Option<Found>> {
    let began = tokio::time::Instant::now();
    loop {
        let Some(values) = read::one(&core.client, moref, &["config", "runtime.powerState"]).await? else {
            return Ok(None);
        };
        if let Some(config) = values.object::<VirtualMachineConfigInfo>("config") {
            let power = State::from(values.text("runtime.powerState").to_owned());
            return Ok(Some(Found { config: config.clone(), power }));
        }
        if values.is_denied("config") {
            values.require("config")?;
        }
        if began.elapsed() > MAKING {
            return Err(Error::new(ErrorKind::Busy, format!("{moref} is still being made by another call")));
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Brings a machine to what it shall be, and checks that it is so.
async fn finish(
    core: &Core,
    plan: &Plan,
    moref: &MoRef,
    existed: bool,
    mut warnings: Vec<String>,
    reporter: &Reporter,
) -> Result<Created> {
    reporter.step(format!("completing virtual machine '{}'", plan.machine.name), 80);
    let gone = || {
        Error::new(
            ErrorKind::NotFound,
            format!("virtual machine '{}' was removed meanwhile", plan.machine.name),
        )
    };
    let mut state = look(core, moref).await?.ok_or_else(gone)?;
    if !owner::is_of(&state.config.extra_config, &plan.owner) {
        let error = Error::new(
            ErrorKind::AlreadyExists,
            format!(
                "a virtual machine '{}' exists already in that folder ({moref}) and is not this owner's",
                plan.machine.name
            ),
        );
        return Err(error.hint("choose another name or folder, or remove it"));
    }
    let mut changed = false;
    let began = tokio::time::Instant::now();
    let mut attempts = 0;
    loop {
        match bring(core, plan, moref, &state, existed, &mut warnings, reporter).await {
            Ok(false) => break,
            Ok(true) if attempts == 3 => {
                let left = plan.built(Some(&state.config))?.changes.join("; ");
                let message = format!("{}: the server did not take {left}", plan.doing());
                return Err(Error::new(ErrorKind::FailedPrecondition, message));
            }
            Ok(true) => (changed, attempts) = (true, attempts + 1),
            // The same call of another process is at it, and does the same: what it leaves is looked at.
            Err(error) if error.kind() == ErrorKind::Busy && began.elapsed() < MAKING => {
                tokio::time::sleep(LOOK).await;
            }
            Err(error) => return Err(error),
        }
        reporter.check()?;
        state = look(core, moref).await?.ok_or_else(gone)?;
    }
    if plan.is_on() && state.power != State::POWERED_ON {
        changed = true;
        reporter.step(format!("switching on virtual machine '{}'", plan.machine.name), 90);
        let id: MachineId = moref.value().parse()?;
        switch_on(core, &id, moref, began, reporter).await?;
    }
    Ok(Created {
        id: moref.value().parse()?,
        instance_uuid: state.config.instance_uuid.as_deref().and_then(|uuid| uuid.parse().ok()),
        existed: existed && !changed,
        warnings,
    })
}

/// Does one round of what is left to do; false where nothing is.
async fn bring(
    core: &Core,
    plan: &Plan,
    moref: &MoRef,
    state: &Found,
    existed: bool,
    warnings: &mut Vec<String>,
    reporter: &Reporter,
) -> Result<bool> {
    // A machine is switched on last: one that runs is complete, and what was done to it since is not undone.
    if existed && state.power != State::POWERED_OFF {
        return Ok(false);
    }
    let upgrade = upgrade(&plan.machine, &state.config)?;
    let mut built = plan.built(Some(&state.config))?;
    tell(plan, &state.config, &mut built)?;
    let vm = core.vm(moref);
    if let Some(version) = &upgrade {
        let doing = format!("upgrading the hardware of virtual machine '{}'", plan.machine.name);
        let task = vm.upgrade_virtual_hardware().version(version).await;
        let task = task.map_err(|error| server(&doing, error))?;
        core.wait(&doing, task, reporter, (80, 85)).await?;
    }
    if !built.is_empty() {
        let doing = format!("configuring virtual machine '{}'", plan.machine.name);
        let task = vm.reconfigure(&built.spec).await.map_err(|error| server(&doing, error))?;
        core.wait(&doing, task, reporter, (85, 90)).await?;
        warnings.append(&mut built.warnings);
    }
    Ok(upgrade.is_some() || !built.is_empty())
}

/// Switches a machine on, after what another call is doing to it.
async fn switch_on(
    core: &Core,
    id: &MachineId,
    moref: &MoRef,
    began: tokio::time::Instant,
    reporter: &Reporter,
) -> Result<()> {
    loop {
        match super::power::on(core, id, moref, reporter).await {
            Err(error) if error.kind() == ErrorKind::Busy && began.elapsed() < MAKING => {
                reporter.check()?;
                tokio::time::sleep(LOOK).await;
            }
            done => return done,
        }
    }
}

/// The hardware version that a machine has to be upgraded to.
fn upgrade(machine: &Machine, now: &VirtualMachineConfigInfo) -> Result<Option<String>> {
    let Some(wanted) = machine.hardware.version else { return Ok(None) };
    let HardwareVersion(is) = HardwareVersion::from(now.version.as_str());
    if is > wanted.number() {
        return Err(invalid(format!(
            "hardware version {wanted} is older than {}, which '{}' has; hardware is only upgraded",
            now.version, now.name
        )));
    }
    Ok((is < wanted.number()).then(|| wanted.to_string()))
}

/// Adds what the guest is told, where it is not told so already.
fn tell(plan: &Plan, now: &VirtualMachineConfigInfo, built: &mut Built) -> Result<()> {
    let cards = now.hardware.device.nics();
    let macs: Vec<String> = cards.map(|(_, card)| card.mac_address.clone().unwrap_or_default()).collect();
    // Cards that are only added now have no addresses yet.
    let macs = (macs.len() >= plan.machine.networks.len()).then_some(macs);
    for (key, value) in guest::settings(&plan.machine, macs.as_deref())? {
        if owner::read(&now.extra_config, &key) != Some(value.as_str()) {
            built.spec.extra_config.push(owner::setting(&key, &value));
            built.changes.push(key);
        }
    }
    Ok(())
}

/// The machine of that name in the folder.
async fn child(core: &Core, plan: &Plan) -> Result<Option<MoRef>> {
    let name = &plan.machine.name;
    let found = folder::child(core, &plan.folder, name).await?;
    match found {
        Some(moref) if moref.kind() != "VirtualMachine" => Err(Error::new(
            ErrorKind::AlreadyExists,
            format!("'{name}' exists already in that folder and is no virtual machine ({moref})"),
        )),
        found => Ok(found),
    }
}

/// Takes what the image's named specification tells cloud-init, unless the machine brings its own.
async fn customization(core: &Core, machine: &mut Machine) -> Result<()> {
    let Some(name) = machine.customization.as_ref().and_then(|customization| customization.spec.clone())
    else {
        return Ok(());
    };
    let doing = format!("reading the customization specification '{name}'");
    let content = core.client.service_content().await.map_err(|error| server(&doing, error))?;
    let Some(manager) = content.customization_spec_manager.clone() else {
        return Err(Error::new(ErrorKind::Unsupported, "the server has no customization specifications"));
    };
    let manager: mo::CustomizationSpecManager = core.client.object(manager);
    let item = match manager.get(&name).await {
        Ok(item) => item,
        Err(error) if error.is_not_found() => {
            return Err(not_found("customization specification", &name, std::iter::empty()).because(error));
        }
        Err(error) => return Err(server(&doing, error)),
    };
    let Some(told) = item.spec.identity.downcast_ref::<CustomizationCloudinitPrep>() else {
        return Err(invalid(format!("the customization specification '{name}' is not one for cloud-init")));
    };
    machine.user_data = machine.user_data.take().or_else(|| told.userdata.clone());
    machine.meta_data =
        machine.meta_data.take().or_else(|| Some(told.metadata.clone()).filter(|text| !text.is_empty()));
    Ok(())
}

/// The settings that a machine is made with: whose it is, and what its guest is told.
fn stamped(plan: &Plan, spec: &mut VirtualMachineConfigSpec) -> Result<()> {
    spec.extra_config.extend(owner::stamp(&plan.owner));
    if let Some(Image::Template { name, .. }) = &plan.machine.image {
        spec.extra_config.push(owner::setting(owner::SOURCE, name));
    }
    for (key, value) in guest::settings(&plan.machine, None)? {
        spec.extra_config.push(owner::setting(&key, &value));
    }
    Ok(())
}

/// Of a template: its copy, with everything that a copy can be given at once.
fn clone_spec(plan: &Plan, template: &Template, catalog: &Catalog) -> Result<VirtualMachineCloneSpec> {
    let later = upgrade(&plan.machine, &template.config)?.is_some() || guest::needs_macs(&plan.machine);
    let mut config = plan.of_template(template)?.spec;
    stamped(plan, &mut config)?;
    let location = VirtualMachineRelocateSpec {
        pool: Some(plan.place.pool.clone()),
        host: plan.place.host.clone(),
        datastore: plan.place.datastore.clone(),
        disk: locators(plan, template, catalog)?,
        ..VirtualMachineRelocateSpec::default()
    };
    Ok(VirtualMachineCloneSpec {
        location,
        config: Some(config),
        power_on: plan.is_on() && !later,
        ..VirtualMachineCloneSpec::default()
    })
}

/// Where the template's disks are copied to, and how they take their space, where the machine says.
fn locators(
    plan: &Plan,
    template: &Template,
    catalog: &Catalog,
) -> Result<Vec<VirtualMachineRelocateSpecDiskLocator>> {
    let mut locators = Vec::new();
    for ((device, disk), wish) in template.config.hardware.device.disks().zip(&plan.machine.disks) {
        if wish.format.is_none() && wish.datastore.is_none() {
            continue;
        }
        let flat = flat(disk);
        let own = flat.and_then(|flat| flat.datastore.clone());
        let named = match &wish.datastore {
            Some(name) => Some(place::disk_datastore(catalog, &plan.place, name)?),
            None => plan.place.datastore.clone().or(own),
        };
        let Some(datastore) = named else { continue };
        let backing = wish.format.zip(flat).map(|(format, flat)| {
            VirtualDiskFlatVer2BackingInfo {
                extends: Default::default(),
                disk_mode: flat.disk_mode.clone(),
                thin_provisioned: Some(format == DiskFormat::Thin),
                eagerly_scrub: Some(format == DiskFormat::EagerZeroedThick),
                ..VirtualDiskFlatVer2BackingInfo::default()
            }
            .into()
        });
        locators.push(VirtualMachineRelocateSpecDiskLocator {
            disk_id: device.key,
            datastore,
            disk_backing_info: backing,
            ..VirtualMachineRelocateSpecDiskLocator::default()
        });
    }
    Ok(locators)
}

fn flat(disk: &VirtualDisk) -> Option<&VirtualDiskFlatVer2BackingInfo> {
    disk.backing.as_ref()?.downcast_ref()
}

/// Of nothing: an empty machine, whose guest installs itself.
fn create_spec(plan: &Plan, catalog: &Catalog) -> Result<VirtualMachineConfigSpec> {
    let mut spec = plan.built(None)?.spec;
    stamped(plan, &mut spec)?;
    spec.name = Some(plan.machine.name.clone());
    spec.version = plan.machine.hardware.version.map(|version| version.to_string());
    if spec.guest_id.is_none() {
        return Err(invalid(format!(
            "{}: a machine without an image needs a guest OS id, such as ubuntu64Guest",
            plan.doing()
        )));
    }
    let datastore = match &plan.place.datastore {
        Some(datastore) => datastore.clone(),
        None => place::roomiest(catalog, &plan.place)?,
    };
    let name = catalog.get(&datastore).map(|item| item.name.clone()).unwrap_or_default();
    spec.files =
        Some(VirtualMachineFileInfo { vm_path_name: Some(format!("[{name}]")), ..Default::default() });
    Ok(spec)
}
