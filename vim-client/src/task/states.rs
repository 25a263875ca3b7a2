//! The tasks' states of an update set.

use super::is_final;
use crate::property::Missing;
use crate::property::updates::{Kind, Sink};
use vim_types::TaskInfo;
use vim_wire::{DecodeError, Error, MoRef, Reader, Tag};

/// What an update set says of tasks.
#[derive(Default)]
pub(super) struct States {
    pub(super) infos: Vec<(MoRef, TaskInfo)>,
    /// Tasks whose state the server does not give.
    pub(super) missing: Vec<(MoRef, Missing)>,
    /// Tasks whose state cannot be read.
    pub(super) unreadable: Vec<(MoRef, DecodeError)>,
    /// Tasks that are not in the view any more.
    pub(super) left: Vec<MoRef>,
    /// Tasks that are not there any more.
    pub(super) gone: Vec<MoRef>,
    current: Option<MoRef>,
}

impl States {
    /// How many tasks have ended.
    pub(super) fn ended(&self) -> usize {
        self.infos.iter().filter(|(_, info)| is_final(info)).count()
    }

    /// The error of a server that says of each task that there is no session, instead of answering a fault.
    pub(super) fn session_ended(&self) -> Option<Error> {
        let mut faults = self.missing.iter().map(|(_, missing)| &missing.fault);
        faults.find(|fault| fault.is_named("NotAuthenticated")).cloned().map(Error::from_fault)
    }
}

impl Sink for States {
    fn object(&mut self, moref: MoRef, kind: Kind) {
        if kind == Kind::Leave {
            self.left.push(moref.clone());
        }
        self.current = Some(moref);
    }

    fn assign<'x>(
        &mut self,
        path: &str,
        reader: &mut Reader<'x>,
        value: &Tag<'x>,
    ) -> Result<(), DecodeError> {
        let Some(task) = self.current.clone().filter(|_| path == "info") else {
            return reader.skip(value);
        };
        let before = reader.clone();
        match reader.value(value) {
            Ok(info) => self.infos.push((task, info)),
            Err(error) => {
                // One task's state that is nonsense must not fail the waits for all others.
                *reader = before;
                reader.skip(value)?;
                self.unreadable.push((task, error));
            }
        }
        Ok(())
    }

    fn unset(&mut self, _: &str) {}

    fn missing(&mut self, missing: Missing) {
        if let Some(task) = &self.current {
            tracing::debug!(%task, path = missing.path, fault = %missing.fault, "a task's state cannot be read");
            self.missing.push((task.clone(), missing));
        }
    }

    fn done(&mut self) {
        self.current = None;
    }

    fn gone(&mut self, moref: MoRef) {
        self.gone.push(moref);
    }
}
