//! `UserDirectory`: the users and groups that permissions can be given to.

use crate::call::{Call, Reply, methods};
use crate::fault::Result;
use crate::mo::authorization_manager::{Grants, same_principal};
use crate::mo::service_instance;
use vim_types::UserSearchResult;
use vim_wire::Poly;

methods! {
    "RetrieveUserGroups" => retrieve,
}

fn retrieve(call: &Call<'_>) -> Result<Reply> {
    let search: String = call.arg("searchStr")?;
    let (exact, users, groups): (bool, bool, bool) =
        (call.arg("exactMatch")?, call.arg("findUsers")?, call.arg("findGroups")?);
    let (in_group, with_user): (Option<String>, Option<String>) =
        (call.opt("belongsToGroup")?, call.opt("belongsToUser")?);
    let wanted = search.to_lowercase();
    let found: Vec<Poly<UserSearchResult>> = call.read(|world| {
        let manager =
            service_instance::content(world).and_then(|content| content.authorization_manager.clone());
        let Some(grants) = manager.and_then(|manager| world.state::<Grants>(&manager)) else {
            return Vec::new();
        };
        grants
            .principals(world)
            .into_iter()
            .filter(|(name, group)| {
                let named = match exact {
                    true => *name == search,
                    false => name.to_lowercase().contains(&wanted),
                };
                named
                    && (if *group { groups } else { users })
                    && in_group.as_ref().is_none_or(|of| !group && grants.is_member(name, of))
                    && with_user.as_ref().is_none_or(|user| *group && grants.is_member(user, name))
            })
            .map(|(principal, group)| {
                // The account that everybody knows by another name.
                let full = if same_principal(&principal, "admin") { "administrator" } else { &principal };
                UserSearchResult { full_name: Some(full.to_owned()), principal, group }.into()
            })
            .collect()
    });
    call.returns(&found)
}
