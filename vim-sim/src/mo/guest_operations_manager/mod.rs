//! `GuestOperationsManager` and what belongs to it: files and programs inside of machines.

mod files;
mod processes;
mod transfers;

pub(crate) use transfers::{read, write};

use super::virtual_machine::guest_os_of;
use super::virtual_machine::os::{Os, Trouble};
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::{
    GuestAuthManagerProperties, GuestFileManagerProperties, GuestOperationsManagerProperties,
    GuestProcessManagerProperties, VirtualMachineProperties,
};
use vim_types::{
    DirectoryNotEmpty, FileAlreadyExists, FileFault, FileNotFound, GuestAuthentication,
    GuestOperationsUnavailable, InvalidGuestLogin, NamePasswordAuthentication, NotADirectory, NotAFile,
    VirtualMachinePowerState,
};
use vim_wire::{MoRef, Poly};

methods! {
    "ValidateCredentialsInGuest" => validate,
    "ReleaseCredentialsInGuest" => release,
    "MakeDirectoryInGuest" => files::make_directory,
    "DeleteFileInGuest" => files::delete_file,
    "DeleteDirectoryInGuest" => files::delete_directory,
    "MoveDirectoryInGuest" => files::move_directory,
    "MoveFileInGuest" => files::move_file,
    "CreateTemporaryFileInGuest" => files::temporary_file,
    "CreateTemporaryDirectoryInGuest" => files::temporary_directory,
    "ListFilesInGuest" => files::list,
    "ChangeFileAttributesInGuest" => files::change_attributes,
    "InitiateFileTransferFromGuest" => transfers::from_guest,
    "InitiateFileTransferToGuest" => transfers::to_guest,
    "StartProgramInGuest" => processes::start,
    "ListProcessesInGuest" => processes::list,
    "TerminateProcessInGuest" => processes::terminate,
    "ReadEnvironmentVariableInGuest" => processes::environment,
}

/// Creates the manager and those that it leads to.
pub(crate) fn create(tx: &mut Tx<'_>, moref: &MoRef) {
    let own = |kind: &'static str, id: &str| match moref.value().strip_prefix("ha-") {
        Some(_) => MoRef::new(kind, format!("ha-{id}")),
        None => MoRef::new(kind, id),
    };
    let auth = own("GuestAuthManager", "guestOperationsAuthManager");
    let files = own("GuestFileManager", "guestOperationsFileManager");
    let processes = own("GuestProcessManager", "guestOperationsProcessManager");
    tx.create(&auth, GuestAuthManagerProperties::default());
    tx.create(&files, GuestFileManagerProperties::default());
    tx.create(&processes, GuestProcessManagerProperties::default());
    let manager = GuestOperationsManagerProperties {
        auth_manager: Some(auth),
        file_manager: Some(files),
        process_manager: Some(processes),
        ..Default::default()
    };
    tx.create(moref, manager);
}

/// A machine whose guest can be asked, and who asks.
struct Asked {
    vm: MoRef,
    user: String,
}

/// The machine of a call, where its guest can be asked by whom the call says.
fn asked(call: &Call<'_>) -> Result<Asked> {
    let vm: MoRef = call.arg("vm")?;
    let auth: Poly<GuestAuthentication> = call.arg("auth")?;
    call.read(|world| {
        let is = &world.get::<VirtualMachineProperties>(&vm)?.runtime.power_state;
        if *is != VirtualMachinePowerState::POWERED_ON {
            return Err(Fault::power_state(Some(VirtualMachinePowerState::POWERED_ON), is.clone()));
        }
        if !super::virtual_machine::tools_run(world, &vm) {
            let message = "The guest operations agent could not be contacted.";
            return Err(Fault::new(GuestOperationsUnavailable::default(), message));
        }
        super::authorization_manager::require(world, call.user(), "VirtualMachine.GuestOperations.Query", &vm)
    })?;
    let named = auth.downcast_ref::<NamePasswordAuthentication>();
    match named.filter(|named| !named.username.is_empty() && !named.password.is_empty()) {
        Some(named) => Ok(Asked { vm, user: named.username.clone() }),
        None => {
            let message =
                "Failed to authenticate with the guest operating system using the supplied credentials.";
            Err(Fault::new(InvalidGuestLogin::default(), message))
        }
    }
}

/// Does something in the guest of a call.
fn inside<R>(call: &Call<'_>, work: impl FnOnce(&mut Os, &Asked, &Tx<'_>) -> Result<R>) -> Result<R> {
    let asked = asked(call)?;
    call.write(|tx| {
        let mut os = guest_os_of(tx, &asked.vm)?;
        let result = work(&mut os, &asked, tx)?;
        super::virtual_machine::set_guest_os(tx, &asked.vm, os)?;
        Ok(result)
    })
}

fn validate(call: &Call<'_>) -> Result<Reply> {
    asked(call)?;
    call.done()
}

fn release(call: &Call<'_>) -> Result<Reply> {
    asked(call)?;
    call.done()
}

/// The fault of a path with which something cannot be done.
fn trouble(trouble: Trouble, path: &str) -> Fault {
    let extends = FileFault { file: path.to_owned(), ..Default::default() };
    match trouble {
        Trouble::NotFound => Fault::new(FileNotFound { extends }, format!("File {path} was not found")),
        Trouble::Exists => {
            Fault::new(FileAlreadyExists { extends }, format!("The file {path} already exists"))
        }
        Trouble::NotAFile => Fault::new(NotAFile { extends }, format!("{path} is not a file")),
        Trouble::NotADirectory => Fault::new(NotADirectory { extends }, format!("{path} is not a directory")),
        Trouble::NotEmpty => {
            Fault::new(DirectoryNotEmpty { extends }, format!("The directory {path} is not empty"))
        }
    }
}
