//! Encryption: a key's id is kept; nothing is encrypted.

use super::super::edit::Edit;
use super::super::faults;
use crate::fault::{Fault, Result};
use vim_types::{
    CryptoKeyId, CryptoSpecDecrypt, CryptoSpecDeepRecrypt, CryptoSpecEncrypt, CryptoSpecNoOp,
    CryptoSpecRegister, CryptoSpecShallowRecrypt, VirtualMachineConfigSpec,
};

pub(super) fn apply(edit: &mut Edit<'_, '_>, spec: &VirtualMachineConfigSpec) -> Result<()> {
    let Some(spec) = &spec.crypto else { return Ok(()) };
    if let Some(spec) = spec.downcast_ref::<CryptoSpecEncrypt>() {
        untouched(edit)?;
        if edit.config.key_id.is_some() {
            return Err(faults::invalid_state("The virtual machine is encrypted already."));
        }
        return set(edit, &spec.crypto_key_id);
    }
    if let Some(spec) = spec.downcast_ref::<CryptoSpecDeepRecrypt>() {
        untouched(edit)?;
        encrypted(edit)?;
        return set(edit, &spec.new_key_id);
    }
    if let Some(spec) = spec.downcast_ref::<CryptoSpecShallowRecrypt>() {
        encrypted(edit)?;
        return set(edit, &spec.new_key_id);
    }
    if spec.is::<CryptoSpecDecrypt>() {
        untouched(edit)?;
        encrypted(edit)?;
        edit.config.key_id = None;
        return Ok(());
    }
    match spec.is::<CryptoSpecNoOp>() || spec.is::<CryptoSpecRegister>() {
        true => Ok(()),
        false => Err(Fault::invalid_argument("configSpec.crypto")),
    }
}

/// What rewrites all disks needs a machine that does not run and has no snapshots.
fn untouched(edit: &Edit<'_, '_>) -> Result<()> {
    edit.must_be_off()?;
    match edit.has_snapshots() {
        true => Err(faults::invalid_state("The virtual machine has snapshots.")),
        false => Ok(()),
    }
}

fn encrypted(edit: &Edit<'_, '_>) -> Result<()> {
    match edit.config.key_id {
        Some(_) => Ok(()),
        None => Err(faults::invalid_state("The virtual machine is not encrypted.")),
    }
}

fn set(edit: &mut Edit<'_, '_>, key: &CryptoKeyId) -> Result<()> {
    edit.config.key_id = Some(key.clone());
    Ok(())
}
