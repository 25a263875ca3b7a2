//! Programs of guests.

use super::inside;
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::mo::virtual_machine::os::Process;
use crate::mo::virtual_machine::run::{self, Program};
use vim_types::mo::VirtualMachineProperties;
use vim_types::{GuestProcessInfo, GuestProcessNotFound, GuestProgramSpec};
use vim_wire::{DateTime, Poly};

/// How many processes that have ended a guest tells of.
const REMEMBERED: usize = 64;

pub(super) fn start(call: &Call<'_>) -> Result<Reply> {
    let spec: Poly<GuestProgramSpec> = call.arg("spec")?;
    if spec.program_path.is_empty() {
        return Err(Fault::invalid_argument("spec.programPath"));
    }
    let pid = inside(call, |os, asked, tx| {
        let guest = tx.get::<VirtualMachineProperties>(&asked.vm)?.guest.as_ref();
        let host_name = guest.and_then(|guest| guest.host_name.as_deref()).unwrap_or_default();
        let program = Program {
            path: &spec.program_path,
            arguments: &spec.arguments,
            directory: spec.working_directory.as_deref().unwrap_or_default(),
            environment: &spec.env_variables,
            user: &asked.user,
            host_name,
        };
        let over = os.processes.iter().filter(|process| has_ended(process, tx.now)).count();
        if over > REMEMBERED
            && let Some(oldest) = os.processes.iter().position(|process| has_ended(process, tx.now))
        {
            os.processes.remove(oldest);
        }
        Ok(run::start(os, &program, tx.now))
    })?;
    call.returns(&pid)
}

fn has_ended(process: &Process, now: DateTime) -> bool {
    process.ends.is_some_and(|end| end <= now)
}

pub(super) fn list(call: &Call<'_>) -> Result<Reply> {
    let pids: Vec<i64> = call.list("pids")?;
    let found = inside(call, |os, _, tx| {
        let wanted = os.processes.iter().filter(|process| pids.is_empty() || pids.contains(&process.pid));
        let info = |process: &Process| {
            let ended = has_ended(process, tx.now);
            GuestProcessInfo {
                name: process.name.clone(),
                pid: process.pid,
                owner: process.owner.clone(),
                cmd_line: process.command.clone(),
                start_time: process.started,
                end_time: process.ends.filter(|_| ended),
                exit_code: ended.then_some(process.exit_code),
            }
        };
        Ok(wanted.map(info).collect::<Vec<_>>())
    })?;
    call.returns(&found)
}

pub(super) fn terminate(call: &Call<'_>) -> Result<Reply> {
    let pid: i64 = call.arg("pid")?;
    inside(call, |os, _, tx| {
        let now = tx.now;
        let process = os.processes.iter_mut().find(|process| process.pid == pid && !has_ended(process, now));
        let Some(process) = process else {
            let fault = GuestProcessNotFound { pid, ..Default::default() };
            return Err(Fault::new(fault, format!("There is no process {pid} in the guest.")));
        };
        process.ends = Some(now);
        // What was killed ends with the signal's number.
        process.exit_code = 137;
        Ok(())
    })?;
    call.done()
}

pub(super) fn environment(call: &Call<'_>) -> Result<Reply> {
    let names: Vec<String> = call.list("names")?;
    let found = inside(call, |os, asked, _| {
        let home = match (os.windows, asked.user.as_str()) {
            (true, user) => format!("C:\\Users\\{user}"),
            (false, "root") => "/root".to_owned(),
            (false, user) => ["", "home", user].join("/"),
        };
        let path =
            if os.windows { "C:\\Windows\\System32;C:\\Windows" } else { "/usr/bin:/bin:/usr/sbin:/sbin" };
        let all = [("HOME", home.as_str()), ("PATH", path), ("USER", asked.user.as_str())];
        let wanted = all.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|own| own == name));
        Ok(wanted.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>())
    })?;
    call.returns(&found)
}
