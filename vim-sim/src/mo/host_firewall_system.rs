//! `HostFirewallSystem`.

use super::host_system::host_of;
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use crate::world::Tx;
use vim_types::mo::{HostFirewallSystemProperties, HostSystemProperties};
use vim_types::{
    HostFirewallDefaultPolicy, HostFirewallInfo, HostFirewallRuleset, HostFirewallRulesetRulesetSpec,
};
use vim_wire::MoRef;

methods! {
    "EnableRuleset" => enable,
    "DisableRuleset" => disable,
    "UpdateRuleset" => update_ruleset,
    "UpdateDefaultPolicy" => update_default_policy,
    "RefreshFirewall" => refresh,
}

/// Changes a host's firewall; the host's configuration follows.
fn edit(
    tx: &mut Tx<'_>,
    system: &MoRef,
    change: impl FnOnce(&mut HostFirewallInfo) -> Result<()>,
) -> Result<()> {
    let host = host_of(tx, system)?;
    change(tx.edit::<HostFirewallSystemProperties>(system)?.firewall_info.get_or_insert_default())?;
    tx.edit::<HostSystemProperties>(&host)?;
    Ok(())
}

fn edit_ruleset(
    call: &Call<'_>,
    change: impl FnOnce(&mut HostFirewallRuleset) -> Result<()>,
) -> Result<Reply> {
    let id: String = call.arg("id")?;
    call.write(|tx| {
        edit(tx, &call.this, |info| {
            let ruleset = info.ruleset.iter_mut().find(|ruleset| ruleset.key == id);
            change(ruleset.ok_or_else(|| Fault::not_found(format!("ruleset {id}")))?)
        })
    })?;
    call.done()
}

fn enable(call: &Call<'_>) -> Result<Reply> {
    edit_ruleset(call, |ruleset| {
        ruleset.enabled = true;
        Ok(())
    })
}

fn disable(call: &Call<'_>) -> Result<Reply> {
    edit_ruleset(call, |ruleset| {
        if ruleset.required {
            return Err(Fault::not_supported(format!("ruleset {} is required", ruleset.key)));
        }
        ruleset.enabled = false;
        Ok(())
    })
}

fn update_ruleset(call: &Call<'_>) -> Result<Reply> {
    let spec: HostFirewallRulesetRulesetSpec = call.arg("spec")?;
    edit_ruleset(call, |ruleset| {
        ruleset.allowed_hosts = Some(spec.allowed_hosts);
        Ok(())
    })
}

fn update_default_policy(call: &Call<'_>) -> Result<Reply> {
    let policy: HostFirewallDefaultPolicy = call.arg("defaultPolicy")?;
    call.write(|tx| {
        edit(tx, &call.this, |info| {
            super::merge::merge!(info.default_policy, policy; incoming_blocked, outgoing_blocked);
            Ok(())
        })
    })?;
    call.done()
}

/// What there is, is known.
fn refresh(call: &Call<'_>) -> Result<Reply> {
    call.done()
}
