//! Giving permissions, and taking them.

use super::grants::{self, ADMIN, Grants};
use super::role_methods::{argument, find};
use super::same_principal;
use crate::call::{Call, Reply};
use crate::events;
use crate::fault::{Fault, Result};
use crate::mo::service_instance;
use crate::world::{Tx, World};
use vim_types::mo::ManagedEntityProperties;
use vim_types::{
    AuthMinimumAdminPermission, Permission, PermissionAddedEvent, PermissionEvent, PermissionRemovedEvent,
    PermissionUpdatedEvent, UserNotFound,
};
use vim_wire::MoRef;

/// What is needed to change permissions, on the entity that they are for.
const MODIFY: &str = "Authorization.ModifyPermissions";

fn same(a: &Permission, b: &Permission) -> bool {
    a.group == b.group && same_principal(&a.principal, &b.principal)
}

/// All permissions on objects that there are.
fn every(world: &World, manager: &MoRef) -> Vec<Permission> {
    let on = world.state::<Grants>(manager).into_iter().flat_map(|grants| &grants.on);
    let on = on.filter(|(entity, _)| world.node(entity).is_some());
    on.flat_map(|(_, permissions)| permissions.iter().cloned()).collect()
}

/// The permissions on an object itself.
fn here(world: &World, manager: &MoRef, entity: &MoRef) -> Vec<Permission> {
    world.state::<Grants>(manager).and_then(|grants| grants.on.get(entity)).cloned().unwrap_or_default()
}

/// Sets the permissions on an object: here, and where the object shows them.
fn put(tx: &mut Tx<'_>, manager: &MoRef, entity: &MoRef, permissions: Vec<Permission>) -> Result<()> {
    tx.edit::<ManagedEntityProperties>(entity)?.permission.clone_from(&permissions);
    let on = &mut tx.edit_state::<Grants>(manager)?.on;
    match permissions.is_empty() {
        true => drop(on.remove(entity)),
        false => drop(on.insert(entity.clone(), permissions)),
    }
    Ok(())
}

/// Refuses what leaves nobody who may do everything.
fn check_admin(world: &World, manager: &MoRef) -> Result<()> {
    let root =
        service_instance::content(world).map(|content| content.root_folder.clone()).unwrap_or_default();
    let admin = |permission: &Permission| permission.role_id == ADMIN && permission.propagate;
    match here(world, manager, &root).iter().any(admin) {
        true => Ok(()),
        false => Err(Fault::new(
            AuthMinimumAdminPermission::default(),
            "This operation would leave the root folder without an administrator",
        )),
    }
}

/// Gives a permission on an object, in place of the one that the principal has there.
pub(super) fn give(tx: &mut Tx<'_>, manager: &MoRef, entity: &MoRef, permission: Permission) -> Result<()> {
    let new = argument(find(tx, manager, permission.role_id)?);
    let mut all = here(tx, manager, entity);
    let place = all.iter().position(|old| same(old, &permission));
    let old = place.map(|at| all.remove(at));
    let permission = Permission { entity: Some(entity.clone()), ..permission };
    let propagate = permission.propagate;
    let extends = event(tx, &permission);
    all.insert(place.unwrap_or(all.len()), permission);
    put(tx, manager, entity, all)?;
    match old {
        None => drop(events::post(tx, PermissionAddedEvent { extends, role: new, propagate })),
        Some(old) => {
            let prev_role = find(tx, manager, old.role_id).ok().map(argument);
            let prev_propagate = Some(old.propagate);
            let event = PermissionUpdatedEvent { extends, role: new, propagate, prev_role, prev_propagate };
            events::post(tx, event);
        }
    }
    Ok(())
}

/// Takes a permission away.
pub(super) fn take(tx: &mut Tx<'_>, manager: &MoRef, permission: &Permission) -> Result<()> {
    let entity = permission.entity.clone().unwrap_or_default();
    let mut all = here(tx, manager, &entity);
    let before = all.len();
    all.retain(|other| !same(other, permission));
    if all.len() == before {
        return Err(Fault::not_found(format!("a permission of {} on {entity}", permission.principal)));
    }
    put(tx, manager, &entity, all)?;
    let event = PermissionRemovedEvent { extends: event(tx, permission) };
    events::post(tx, event);
    Ok(())
}

fn event(world: &World, permission: &Permission) -> PermissionEvent {
    let entity = permission.entity.clone().unwrap_or_default();
    PermissionEvent {
        entity: events::entity(world, &entity),
        principal: permission.principal.clone(),
        group: permission.group,
        ..Default::default()
    }
}

/// Checks permissions that somebody wants to give.
fn check(world: &World, manager: &MoRef, permissions: &[Permission]) -> Result<()> {
    let grants = world.state::<Grants>(manager);
    for permission in permissions {
        find(world, manager, permission.role_id)?;
        // The roles View and Anonymous are given by the system alone.
        if matches!(permission.role_id, -4 | -3) {
            return Err(Fault::invalid_argument("permission.roleId"));
        }
        let principal = &permission.principal;
        if principal.is_empty() || grants.is_some_and(|grants| !grants.knows(permission)) {
            let fault = UserNotFound { principal: principal.clone(), ..Default::default() };
            return Err(Fault::new(fault, format!("The user or group named '{principal}' does not exist.")));
        }
    }
    Ok(())
}

fn entity(call: &Call<'_>) -> Result<MoRef> {
    let entity: MoRef = call.arg("entity")?;
    call.read(|world| {
        world.get::<ManagedEntityProperties>(&entity)?;
        grants::require(world, call.user(), MODIFY, &entity)
    })?;
    Ok(entity)
}

pub(super) fn set(call: &Call<'_>) -> Result<Reply> {
    let (entity, permissions): (MoRef, Vec<Permission>) = (entity(call)?, call.list("permission")?);
    call.write(|tx| {
        check(tx, &call.this, &permissions)?;
        for permission in permissions {
            give(tx, &call.this, &entity, permission)?;
        }
        check_admin(tx, &call.this)
    })?;
    call.done()
}

pub(super) fn reset(call: &Call<'_>) -> Result<Reply> {
    let (entity, permissions): (MoRef, Vec<Permission>) = (entity(call)?, call.list("permission")?);
    call.write(|tx| {
        check(tx, &call.this, &permissions)?;
        for old in here(tx, &call.this, &entity) {
            if !permissions.iter().any(|new| same(new, &old)) {
                take(tx, &call.this, &old)?;
            }
        }
        for permission in permissions {
            give(tx, &call.this, &entity, permission)?;
        }
        check_admin(tx, &call.this)
    })?;
    call.done()
}

pub(super) fn remove(call: &Call<'_>) -> Result<Reply> {
    let (entity, principal, group): (MoRef, String, bool) =
        (entity(call)?, call.arg("user")?, call.arg("isGroup")?);
    call.write(|tx| {
        let permission = Permission { entity: Some(entity), principal, group, ..Default::default() };
        take(tx, &call.this, &permission)?;
        check_admin(tx, &call.this)
    })?;
    call.done()
}

pub(super) fn merge(call: &Call<'_>) -> Result<Reply> {
    let (from, to): (i32, i32) = (call.arg("srcRoleId")?, call.arg("dstRoleId")?);
    call.write(|tx| {
        find(tx, &call.this, from)?;
        find(tx, &call.this, to)?;
        for mut permission in every(tx, &call.this) {
            if permission.role_id == from {
                permission.role_id = to;
                let entity = permission.entity.clone().unwrap_or_default();
                give(tx, &call.this, &entity, permission)?;
            }
        }
        check_admin(tx, &call.this)
    })?;
    call.done()
}

pub(super) fn all(call: &Call<'_>) -> Result<Reply> {
    call.returns(&call.read(|world| every(world, &call.this)))
}

pub(super) fn of_role(call: &Call<'_>) -> Result<Reply> {
    let id: i32 = call.arg("roleId")?;
    let permissions = call.read(|world| -> Result<Vec<Permission>> {
        find(world, &call.this, id)?;
        let all = every(world, &call.this).into_iter();
        Ok(all.filter(|permission| permission.role_id == id).collect())
    })?;
    call.returns(&permissions)
}

pub(super) fn of_entity(call: &Call<'_>) -> Result<Reply> {
    let (entity, inherited): (MoRef, bool) = (call.arg("entity")?, call.arg("inherited")?);
    let permissions = call.read(|world| -> Result<Vec<Permission>> {
        world.get::<ManagedEntityProperties>(&entity)?;
        grants::require(world, call.user(), "System.Read", &entity)?;
        let levels = world.lineage(&entity).take(if inherited { usize::MAX } else { 1 });
        Ok(levels.flat_map(|node| here(world, &call.this, &node.moref)).collect())
    })?;
    call.returns(&permissions)
}
