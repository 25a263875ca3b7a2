//! The managers of administration: permissions, events, options and what else is not inventory.

use crate::mo;
use crate::sim::Config;
use crate::world::Tx;
use vim_types::ServiceContent;
use vim_types::mo::{EventManagerProperties, UserDirectoryProperties};

/// Creates those managers that the service's content names.
pub(super) fn create(tx: &mut Tx<'_>, content: &ServiceContent, config: &Config) {
    if let Some(moref) = &content.authorization_manager {
        mo::authorization_manager::create(tx, moref, content, config);
    }
    if let Some(moref) = &content.user_directory {
        tx.create(moref, UserDirectoryProperties::default());
    }
    if let Some(moref) = &content.event_manager {
        tx.create(moref, EventManagerProperties { max_collector: 32, ..Default::default() });
    }
}
