//! The row that is decoded, and how a whole answer is decoded into such rows.

use anyhow::Result;
use vim_client::mo::VirtualMachine;
use vim_client::types::{
    GuestInfo, VirtualMachineConfigInfo, VirtualMachineRuntimeInfo, VirtualMachineSummary,
};
use vim_client::{Object, Properties, Row};

/// A virtual machine with all that an inventory wants to know of it.
#[derive(Clone, Debug, Properties)]
#[properties(of = VirtualMachine)]
pub struct Machine {
    /// `config`
    pub config: Option<VirtualMachineConfigInfo>,
    /// `summary`
    pub summary: VirtualMachineSummary,
    /// `guest`
    pub guest: Option<GuestInfo>,
    /// `runtime`
    pub runtime: VirtualMachineRuntimeInfo,
    /// `name`
    pub name: String,
}

/// Decodes a RetrievePropertiesEx answer: by the code with which `Client::retrieve` reads a page, and by no copy of it.
///
/// # Errors
///
/// When the answer cannot be read, or an object lacks a property that the row requires.
pub fn rows<R: Row>(answer: &[u8]) -> Result<Vec<Object<R>>> {
    Ok(vim_client::__private::rows(answer)?)
}
