//! Asking what somebody may do.

use super::grants;
use crate::call::{Call, Reply};
use crate::fault::{Fault, Result};
use crate::world::World;
use vim_types::mo::AuthorizationManagerProperties;
use vim_types::{EntityPrivilege, NotAuthenticated, PrivilegeAvailability, UserPrivilegeResult};
use vim_wire::MoRef;

/// The user of a session, by its key.
fn session_user(call: &Call<'_>) -> Result<String> {
    let key: String = call.arg("sessionId")?;
    match call.sim.sessions.by_key(&key) {
        Some(session) => Ok(session.user.clone()),
        None => Err(Fault::new(NotAuthenticated::default(), format!("there is no session {key:?}"))),
    }
}

fn availability(
    world: &World,
    user: &str,
    entities: Vec<MoRef>,
    ids: &[String],
) -> Result<Vec<EntityPrivilege>> {
    entities
        .into_iter()
        .map(|entity| {
            world.must(&entity)?;
            let priv_availability = ids
                .iter()
                .map(|id| PrivilegeAvailability {
                    priv_id: id.clone(),
                    is_granted: grants::can(world, user, id, &entity),
                })
                .collect();
            Ok(EntityPrivilege { entity, priv_availability })
        })
        .collect()
}

pub(super) fn on_entity(call: &Call<'_>) -> Result<Reply> {
    let (entity, ids): (MoRef, Vec<String>) = (call.arg("entity")?, call.list("privId")?);
    let user = session_user(call)?;
    let granted = call.read(|world| -> Result<Vec<bool>> {
        world.must(&entity)?;
        Ok(ids.iter().map(|id| grants::can(world, &user, id, &entity)).collect())
    })?;
    call.returns(&granted)
}

pub(super) fn on_entities(call: &Call<'_>) -> Result<Reply> {
    let (entities, ids): (Vec<MoRef>, Vec<String>) = (call.list("entity")?, call.list("privId")?);
    let user = session_user(call)?;
    call.returns(&call.read(|world| availability(world, &user, entities, &ids))?)
}

pub(super) fn of_user(call: &Call<'_>) -> Result<Reply> {
    let (entities, ids): (Vec<MoRef>, Vec<String>) = (call.list("entities")?, call.list("privId")?);
    let user: String = call.arg("userName")?;
    call.returns(&call.read(|world| availability(world, &user, entities, &ids))?)
}

pub(super) fn all_of_user(call: &Call<'_>) -> Result<Reply> {
    let (entities, user): (Vec<MoRef>, String) = (call.list("entities")?, call.arg("userName")?);
    let results: Vec<UserPrivilegeResult> = call.read(|world| {
        let known = &world.get::<AuthorizationManagerProperties>(&call.this)?.privilege_list;
        entities
            .into_iter()
            .map(|entity| {
                world.must(&entity)?;
                let held = known.iter().map(|privilege| &privilege.priv_id);
                let privileges = held.filter(|id| grants::can(world, &user, id, &entity)).cloned().collect();
                Ok(UserPrivilegeResult { entity, privileges })
            })
            .collect::<Result<_>>()
    })?;
    call.returns(&results)
}
