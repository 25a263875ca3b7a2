//! `AuthorizationManager`: who may do what.

mod grants;

#[allow(
    unused_imports,
    reason = "agreed names, for what other managed objects' methods check themselves"
)]
pub(crate) use grants::{ADMIN, Grants, can, check, missing, require, unlimited};

use crate::call::methods;
use crate::sim::Config;
use crate::world::Tx;
use vim_types::mo::AuthorizationManagerProperties;
use vim_types::{Permission, ServiceContent};
use vim_wire::MoRef;

methods! {}

/// The group of those who may do everything.
pub(crate) const ADMINISTRATORS: &str = "VSPHERE.LOCAL\\Administrators";

/// Creates the manager. Accounts, or everybody where there are none, are administrators.
pub(crate) fn create(tx: &mut Tx<'_>, moref: &MoRef, content: &ServiceContent, config: &Config) {
    tx.create(moref, AuthorizationManagerProperties::default());
    let root = Permission {
        entity: Some(content.root_folder.clone()),
        principal: ADMINISTRATORS.to_owned(),
        group: true,
        role_id: ADMIN,
        propagate: true,
    };
    let groups = config.accounts.keys().map(|user| (user.clone(), vec![ADMINISTRATORS.to_owned()])).collect();
    let others = config.accounts.is_empty().then(|| ADMINISTRATORS.to_owned());
    if let Ok(grants) = tx.edit_state::<Grants>(moref) {
        *grants = Grants { on: [(content.root_folder.clone(), vec![root])].into(), groups, others };
    }
}
