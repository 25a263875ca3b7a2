//! The permissions that a simulator starts with.

use super::grants::{ADMIN, Grants};
use super::{permissions, role_methods, roles};
use crate::build::StartError;
use crate::sim::Config;
use crate::users::Role;
use crate::world::{Tx, World};
use vim_types::mo::AuthorizationManagerProperties;
use vim_types::{Permission, ServiceContent};
use vim_wire::MoRef;

/// The group of those who may do everything. It has the name that it has on a host and in vcsim.
pub(crate) const ADMINISTRATORS: &str = "root";

/// Those who may do everything, beside the accounts of the simulator's owner.
const PRINCIPALS: [(&str, bool); 3] = [(ADMINISTRATORS, true), ("root", false), ("admin", false)];

/// Creates the manager. Accounts, or everybody where there are none, are administrators.
pub(crate) fn create(tx: &mut Tx<'_>, moref: &MoRef, content: &ServiceContent, config: &Config) {
    tx.create(
        moref,
        AuthorizationManagerProperties {
            privilege_list: roles::privilege_list(),
            role_list: roles::built_in(config.esx),
            description: roles::description(),
        },
    );
    let permissions = PRINCIPALS.map(|(principal, group)| Permission {
        entity: Some(content.root_folder.clone()),
        principal: principal.to_owned(),
        group,
        role_id: ADMIN,
        propagate: true,
    });
    let members =
        config.accounts.names().filter(|user| config.users.iter().all(|limited| limited.name != **user));
    let groups = members.map(|user| (user.clone(), vec![ADMINISTRATORS.to_owned()])).collect();
    let others = config.accounts.is_empty().then(|| ADMINISTRATORS.to_owned());
    if let Ok(grants) = tx.edit_state::<Grants>(moref) {
        *grants = Grants { on: [(content.root_folder.clone(), permissions.into())].into(), groups, others };
    }
}

/// Gives users with limited privileges their permissions, once there is what they are for.
pub(crate) fn admit(tx: &mut Tx<'_>, content: &ServiceContent, config: &Config) -> Result<(), StartError> {
    let Some(manager) = &content.authorization_manager else { return Ok(()) };
    let failed = |what: String| StartError::new(what);
    for user in &config.users {
        if let Ok(grants) = tx.edit_state::<Grants>(manager) {
            grants.groups.entry(user.name.clone()).or_default();
        }
        let role_id = match &user.role {
            Role::Named(name) => tx
                .get::<AuthorizationManagerProperties>(manager)
                .ok()
                .and_then(|manager| manager.role_list.iter().find(|role| role.name == *name))
                .map(|role| role.role_id)
                .ok_or_else(|| failed(format!("user {}: there is no role {name:?}", user.name)))?,
            Role::With(privileges) => {
                if let Some(id) = privileges.iter().find(|id| !roles::is_privilege(id)) {
                    return Err(failed(format!("user {}: there is no privilege {id:?}", user.name)));
                }
                role_methods::insert(tx, manager, &format!("{} role", user.name), privileges.clone())
                    .map_err(|fault| failed(fault.message))?
            }
        };
        for path in &user.on {
            let entity = at(tx, &content.root_folder, path)
                .ok_or_else(|| failed(format!("user {}: there is nothing at {path:?}", user.name)))?;
            let permission =
                Permission { principal: user.name.clone(), role_id, propagate: true, ..Default::default() };
            permissions::give(tx, manager, &entity, permission).map_err(|fault| failed(fault.message))?;
        }
    }
    Ok(())
}

/// The entity at an inventory path such as `/DC0/vm/web`; `/` is the root.
fn at(world: &World, root: &MoRef, path: &str) -> Option<MoRef> {
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Some(root.clone());
    }
    let fits = |moref: &MoRef| {
        let mut lineage = world.lineage(moref);
        names.iter().rev().all(|name| lineage.next().is_some_and(|node| node.name() == *name))
            && lineage.next().is_some_and(|node| node.moref == *root)
    };
    let last = names.last()?;
    let mut found: Vec<_> = world
        .nodes()
        .filter(|node| node.name() == *last && fits(&node.moref))
        .map(|node| &node.moref)
        .collect();
    found.sort();
    found.first().map(|moref| (*moref).clone())
}
