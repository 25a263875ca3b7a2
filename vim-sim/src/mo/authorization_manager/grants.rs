//! What a user may do: permissions, from an object up to the root.

use super::needs;
use crate::call::Call;
use crate::fault::{Fault, Result};
use crate::mo::host_system::host_of;
use crate::mo::service_instance;
use crate::world::World;
use std::collections::BTreeMap;
use vim_types::mo::{AuthorizationManagerProperties, TaskProperties, VirtualMachineSnapshotProperties};
use vim_types::{NoPermission, NoPermissionEntityPrivileges, Permission};
use vim_wire::MoRef;

/// The role that has every privilege.
pub(crate) const ADMIN: i32 = -1;

/// Permissions and groups: the authorization manager's own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    /// The permissions that were set on an object itself.
    pub(crate) on: BTreeMap<MoRef, Vec<Permission>>,
    /// The groups of the users that are known.
    pub(crate) groups: BTreeMap<String, Vec<String>>,
    /// The group of everybody else who was let in.
    pub(crate) others: Option<String>,
}

impl Grants {
    /// Whether a permission is a user's.
    fn is_of(&self, permission: &Permission, user: &str) -> bool {
        match permission.group {
            true => self.is_member(user, &permission.principal),
            false => same_principal(&permission.principal, user),
        }
    }

    /// Whether a user is in a group.
    pub(crate) fn is_member(&self, user: &str, group: &str) -> bool {
        match self.groups.iter().find(|(name, _)| same_principal(name, user)) {
            Some((_, groups)) => groups.iter().any(|of| same_principal(of, group)),
            None => self.others.as_ref().is_some_and(|of| same_principal(of, group)),
        }
    }

    /// Whether a permission is for somebody whom there may be: anybody, unless the simulator has accounts.
    pub(crate) fn knows(&self, permission: &Permission) -> bool {
        let principal = &permission.principal;
        self.others.is_some()
            || permission.group
                && self.groups.values().flatten().any(|group| same_principal(group, principal))
            || !permission.group && self.groups.keys().any(|user| same_principal(user, principal))
            || self
                .on
                .values()
                .flatten()
                .any(|other| other.group == permission.group && same_principal(&other.principal, principal))
    }

    /// Everybody who is known: users, and groups.
    pub(crate) fn principals(&self, world: &World) -> Vec<(String, bool)> {
        let root = service_instance::content(world).map(|content| &content.root_folder);
        let first = root.and_then(|root| self.on.get(root)).into_iter().flatten();
        let granted = first.chain(self.on.values().flatten());
        let granted = granted.map(|permission| (permission.principal.clone(), permission.group));
        let mut users: Vec<_> = self.groups.keys().map(|user| (user.clone(), false)).collect();
        users.sort();
        let mut all: Vec<(String, bool)> = Vec::new();
        for one in granted.chain(users) {
            if !all.contains(&one) {
                all.push(one);
            }
        }
        all
    }

    /// The roles of those permissions that are a user's. The ones that name the user count before those of groups.
    fn roles<'a>(
        &'a self,
        permissions: impl Iterator<Item = &'a Permission>,
        user: &str,
    ) -> Option<Vec<i32>> {
        let own: Vec<_> = permissions.filter(|permission| self.is_of(permission, user)).collect();
        let named = own.iter().any(|permission| !permission.group);
        let roles: Vec<_> = own
            .into_iter()
            .filter(|permission| !named || !permission.group)
            .map(|permission| permission.role_id)
            .collect();
        Some(roles).filter(|roles| !roles.is_empty())
    }
}

/// Whether two names are one principal's: `VSPHERE.LOCAL\Administrator` and `administrator@vsphere.local` are, and a name
/// without a domain is that of any.
pub(crate) fn same_principal(a: &str, b: &str) -> bool {
    fn parts(name: &str) -> (Option<&str>, &str) {
        match name.split_once('\\') {
            Some((domain, name)) => (Some(domain), name),
            None => match name.rsplit_once('@') {
                Some((name, domain)) => (Some(domain), name),
                None => (None, name),
            },
        }
    }
    let ((one, a), (other, b)) = (parts(a), parts(b));
    a.eq_ignore_ascii_case(b)
        && match (one, other) {
            (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
            _ => true,
        }
}

fn manager(world: &World) -> Option<&MoRef> {
    service_instance::content(world)?.authorization_manager.as_ref()
}

fn grants(world: &World) -> Option<&Grants> {
    world.state(manager(world)?)
}

/// Whether a user may do everything everywhere: what most users may, and cheap to ask.
pub(crate) fn unlimited(world: &World, user: &str) -> bool {
    // The simulator's own work has no user.
    if user.is_empty() {
        return true;
    }
    let (Some(grants), Some(content)) = (grants(world), service_instance::content(world)) else {
        return true;
    };
    let mut at_root = false;
    for (on, permissions) in &grants.on {
        for permission in permissions.iter().filter(|permission| grants.is_of(permission, user)) {
            if permission.role_id != ADMIN {
                return false;
            }
            at_root |= permission.propagate && *on == content.root_folder;
        }
    }
    at_root
}

/// The roles that a user has on a managed entity: those of the nearest permission that is the user's, on the entity or,
/// where it propagates, above it.
pub(crate) fn roles(world: &World, user: &str, entity: &MoRef) -> Vec<i32> {
    let Some(grants) = grants(world) else { return vec![ADMIN] };
    world
        .lineage(entity)
        .find_map(|node| {
            let here = node.moref == *entity;
            let permissions = grants.on.get(&node.moref)?.iter();
            grants.roles(permissions.filter(|permission| here || permission.propagate), user)
        })
        .unwrap_or_default()
}

/// Whether one of those roles has a privilege.
fn grant(world: &World, roles: &[i32], privilege: &str) -> bool {
    let Some(properties) = manager(world).and_then(|of| world.get::<AuthorizationManagerProperties>(of).ok())
    else {
        return true;
    };
    roles.iter().any(|id| {
        *id == ADMIN
            || properties
                .role_list
                .iter()
                .any(|role| role.role_id == *id && role.privilege.iter().any(|held| held == privilege))
    })
}

/// The managed entity by whose permissions an object is ruled: itself, what it belongs to, or the root.
pub(crate) fn ruler(world: &World, object: &MoRef) -> MoRef {
    let root = || service_instance::content(world).map(|content| content.root_folder.clone());
    let Some(node) = world.node(object) else { return root().unwrap_or_default() };
    if node.is_a("ManagedEntity") {
        return object.clone();
    }
    let owner = if let Some(task) = node.properties::<TaskProperties>() {
        task.info
            .entity
            .clone()
            .filter(|entity| world.node(entity).is_some_and(|of| of.is_a("ManagedEntity")))
    } else if let Some(snapshot) = node.properties::<VirtualMachineSnapshotProperties>() {
        Some(snapshot.vm.clone())
    } else if object.kind().starts_with("Host") || object.kind() == "OptionManager" {
        host_of(world, object).ok()
    } else {
        None
    };
    owner.or_else(root).unwrap_or_default()
}

/// Whether a user has a privilege on an object.
pub(crate) fn can(world: &World, user: &str, privilege: &str, object: &MoRef) -> bool {
    if privilege == "System.Anonymous" || unlimited(world, user) {
        return true;
    }
    let ruler = ruler(world, object);
    if grant(world, &roles(world, user, &ruler), privilege) {
        return true;
    }
    // Who may see an object may see the way to it, and the managers.
    privilege == "System.View" && (ruler != *object || on_the_way(world, user, &ruler))
}

/// Whether an entity lies above one on which the user has a permission, or is the root.
fn on_the_way(world: &World, user: &str, entity: &MoRef) -> bool {
    let Some(grants) = grants(world) else { return true };
    service_instance::content(world).is_some_and(|content| content.root_folder == *entity)
        || grants.on.iter().any(|(on, permissions)| {
            grants.roles(permissions.iter(), user).is_some_and(|roles| grant(world, &roles, "System.View"))
                && world.lineage(on).any(|node| node.moref == *entity)
        })
}

/// Demands a privilege on an object.
pub(crate) fn require(world: &World, user: &str, privilege: &str, object: &MoRef) -> Result<()> {
    missing(world, user, &[(privilege, object)])
}

/// Demands privileges on objects. The fault names the first that is missing, and all of them where the version has room.
pub(crate) fn missing(world: &World, user: &str, needs: &[(&str, &MoRef)]) -> Result<()> {
    if unlimited(world, user) {
        return Ok(());
    }
    let mut lacks: Vec<NoPermissionEntityPrivileges> = Vec::new();
    // An object that there is not is the method's to miss.
    let needs = needs.iter().filter(|(_, object)| world.node(object).is_some());
    for (privilege, object) in needs.filter(|(privilege, object)| !can(world, user, privilege, object)) {
        let entity = ruler(world, object);
        match lacks.iter_mut().find(|lack| lack.entity == entity) {
            Some(lack) => lack.privilege_ids.push((*privilege).to_owned()),
            None => lacks
                .push(NoPermissionEntityPrivileges { entity, privilege_ids: vec![(*privilege).to_owned()] }),
        }
    }
    let Some(first) = lacks.first() else { return Ok(()) };
    let privilege = first.privilege_ids.first().cloned().unwrap_or_default();
    let name = world.name(&first.entity);
    let message = format!(
        "Permission to perform this operation was denied: {user} does not have {privilege} on {name} ({})",
        first.entity
    );
    let fault = NoPermission {
        object: Some(first.entity.clone()),
        privilege_id: Some(privilege),
        missing_privileges: lacks,
        ..Default::default()
    };
    Err(Fault::new(fault, message))
}

/// Demands what a call needs: its method's privilege on its object, and what its parameters are about.
pub(crate) fn check(call: &Call<'_>) -> Result<()> {
    let Some(session) = &call.session else { return Ok(()) };
    // What a session made is its own.
    if session.has(&call.this) || call.read(|world| unlimited(world, &session.user)) {
        return Ok(());
    }
    let mut needs = needs::of(call)?;
    if let Some(privilege) = call.method.privilege {
        needs.insert(0, (privilege, call.this.clone()));
    }
    let needs: Vec<_> = needs.iter().map(|(privilege, object)| (*privilege, object)).collect();
    call.read(|world| missing(world, &session.user, &needs))
}
