//! `AuthorizationManager`: who may do what.

mod grants;
mod needs;
mod permissions;
mod roles;
mod start;

#[allow(
    unused_imports,
    reason = "agreed names, for what other managed objects' methods check themselves"
)]
pub(crate) use grants::{ADMIN, Grants, can, check, missing, require, same_principal, unlimited};
pub(crate) use start::{admit, create};

use crate::call::methods;

methods! {
    "AddAuthorizationRole" => role_methods::add,
    "RemoveAuthorizationRole" => role_methods::remove,
    "UpdateAuthorizationRole" => role_methods::update,
    "MergePermissions" => permissions::merge,
    "RetrieveRolePermissions" => permissions::of_role,
    "RetrieveEntityPermissions" => permissions::of_entity,
    "RetrieveAllPermissions" => permissions::all,
    "SetEntityPermissions" => permissions::set,
    "ResetEntityPermissions" => permissions::reset,
    "RemoveEntityPermission" => permissions::remove,
    "HasPrivilegeOnEntity" => questions::on_entity,
    "HasPrivilegeOnEntities" => questions::on_entities,
    "HasUserPrivilegeOnEntities" => questions::of_user,
    "FetchUserPrivilegeOnEntities" => questions::all_of_user,
}

mod questions;
mod role_methods;
