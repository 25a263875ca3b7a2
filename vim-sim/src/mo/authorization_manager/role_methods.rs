//! Making, changing and removing roles.

use super::{Grants, permissions, roles};
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::world::{Tx, World};
use vim_types::mo::AuthorizationManagerProperties;
use vim_types::{
    AlreadyExists, AuthorizationRole, InvalidName, RemoveFailed, RoleAddedEvent, RoleEvent,
    RoleEventArgument, RoleRemovedEvent, RoleUpdatedEvent,
};
use vim_wire::MoRef;

/// The role of that id.
pub(super) fn find<'w>(world: &'w World, manager: &MoRef, id: i32) -> Result<&'w AuthorizationRole> {
    let roles = &world.get::<AuthorizationManagerProperties>(manager)?.role_list;
    roles.iter().find(|role| role.role_id == id).ok_or_else(|| Fault::not_found(format!("role {id}")))
}

/// A role that can be changed: the system's cannot.
fn changeable(world: &World, manager: &MoRef, id: i32) -> Result<AuthorizationRole> {
    match find(world, manager, id)? {
        role if role.system => Err(Fault::invalid_argument("roleId")),
        role => Ok(role.clone()),
    }
}

pub(super) fn argument(role: &AuthorizationRole) -> RoleEventArgument {
    RoleEventArgument { role_id: role.role_id, name: role.name.clone(), ..Default::default() }
}

fn event(role: &AuthorizationRole) -> RoleEvent {
    RoleEvent { role: argument(role), ..Default::default() }
}

/// Whether a name can be given to the role of that id, or to a new one.
fn check_name(world: &World, manager: &MoRef, name: &str, id: Option<i32>) -> Result<()> {
    if name.is_empty() {
        let fault = InvalidName { name: name.to_owned(), ..Default::default() };
        return Err(Fault::new(fault, "The name '' is invalid"));
    }
    let roles = &world.get::<AuthorizationManagerProperties>(manager)?.role_list;
    if roles.iter().any(|role| role.name == name && Some(role.role_id) != id) {
        let fault = AlreadyExists { name: Some(name.to_owned()), ..Default::default() };
        return Err(Fault::new(
            fault,
            format!("The specified key, name, or identifier '{name}' already exists."),
        ));
    }
    Ok(())
}

fn check_privileges(ids: &[String]) -> Result<()> {
    match ids.iter().all(|id| roles::is_privilege(id)) {
        true => Ok(()),
        false => Err(Fault::invalid_argument("privIds")),
    }
}

/// Adds a role; returns its id.
pub(super) fn insert(tx: &mut Tx<'_>, manager: &MoRef, name: &str, ids: Vec<String>) -> Result<i32> {
    let list = &mut tx.edit::<AuthorizationManagerProperties>(manager)?.role_list;
    let id = list.iter().map(|role| role.role_id).max().unwrap_or(0).max(0) + 1;
    list.push(roles::role(id, name, ids));
    Ok(id)
}

pub(super) fn add(call: &Call<'_>) -> Result<Reply> {
    let (name, ids): (String, Vec<String>) = (call.arg("name")?, call.list("privIds")?);
    check_privileges(&ids)?;
    let id = call.write(|tx| {
        check_name(tx, &call.this, &name, None)?;
        let id = insert(tx, &call.this, &name, ids)?;
        let role = find(tx, &call.this, id)?;
        let (extends, privilege_list) = (event(role), role.privilege.clone());
        events::post(tx, RoleAddedEvent { extends, privilege_list });
        Ok(id)
    })?;
    call.returns(&id)
}

pub(super) fn update(call: &Call<'_>) -> Result<Reply> {
    let (id, name, ids): (i32, String, Vec<String>) =
        (call.arg("roleId")?, call.arg("newName")?, call.list("privIds")?);
    check_privileges(&ids)?;
    call.write(|tx| {
        let old = changeable(tx, &call.this, id)?;
        check_name(tx, &call.this, &name, Some(id))?;
        let mut new = old.clone();
        new.name.clone_from(&name);
        // No privileges at all means as before, as vcsim has it: clients that only rename send none.
        if !ids.is_empty() {
            new.privilege = roles::with_system(ids);
        }
        let list = &mut tx.edit::<AuthorizationManagerProperties>(&call.this)?.role_list;
        if let Some(role) = list.iter_mut().find(|role| role.role_id == id) {
            role.clone_from(&new);
        }
        let without =
            |a: &[String], b: &[String]| a.iter().filter(|id| !b.contains(id)).cloned().collect::<Vec<_>>();
        events::post(
            tx,
            RoleUpdatedEvent {
                extends: event(&new),
                privileges_added: without(&new.privilege, &old.privilege),
                privileges_removed: without(&old.privilege, &new.privilege),
                privilege_list: new.privilege,
                prev_role_name: Some(old.name),
            },
        );
        Ok(())
    })?;
    call.done()
}

pub(super) fn remove(call: &Call<'_>) -> Result<Reply> {
    let (id, fail_if_used): (i32, bool) = (call.arg("roleId")?, call.arg("failIfUsed")?);
    call.write(|tx| {
        let role = changeable(tx, &call.this, id)?;
        let used: Vec<_> = tx
            .state::<Grants>(&call.this)
            .into_iter()
            .flat_map(|grants| grants.on.values().flatten())
            .filter(|permission| permission.role_id == id)
            .cloned()
            .collect();
        if fail_if_used && !used.is_empty() {
            return Err(Fault::new(RemoveFailed::default(), format!("The role {} is in use", role.name)));
        }
        for permission in used {
            permissions::take(tx, &call.this, &permission)?;
        }
        tx.edit::<AuthorizationManagerProperties>(&call.this)?.role_list.retain(|role| role.role_id != id);
        events::post(tx, RoleRemovedEvent { extends: event(&role) });
        Ok(())
    })?;
    call.done()
}
