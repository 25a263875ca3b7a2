//! The managers of administration: permissions, events, options and what else is not inventory.

use crate::fault::Result;
use crate::mo;
use crate::sim::Config;
use crate::world::Tx;
use vim_types::ServiceContent;
use vim_types::mo::{
    EventManagerProperties, ExtensionManagerProperties, OptionManagerProperties, SessionManagerProperties,
    TaskManagerProperties, UserDirectoryProperties,
};

/// How many collectors of events and of tasks a session may have.
const COLLECTORS: i32 = 32;

/// Creates those managers that the service's content names.
pub(super) fn create(tx: &mut Tx<'_>, content: &ServiceContent, config: &Config) -> Result<()> {
    if let Some(moref) = &content.authorization_manager {
        mo::authorization_manager::create(tx, moref, content, config);
    }
    if let Some(moref) = &content.alarm_manager {
        mo::alarm_manager::create(tx, moref, &content.root_folder)?;
    }
    if let Some(moref) = &content.perf_manager {
        mo::performance_manager::create(tx, moref);
    }
    if let Some(moref) = &content.user_directory {
        tx.create(moref, UserDirectoryProperties::default());
    }
    if let Some(moref) = &content.event_manager {
        tx.create(moref, EventManagerProperties { max_collector: COLLECTORS, ..Default::default() });
    }
    if let Some(moref) = &content.task_manager {
        tx.create(moref, TaskManagerProperties { max_collector: COLLECTORS, ..Default::default() });
    }
    if let Some(moref) = &content.session_manager {
        let languages = || vec!["en".to_owned()];
        tx.create(
            moref,
            SessionManagerProperties {
                message: Some(String::new()),
                message_locale_list: languages(),
                supported_locale_list: languages(),
                default_locale: "en".into(),
                ..Default::default()
            },
        );
    }
    if let Some(moref) = &content.extension_manager {
        let extension_list = vec![mo::extension_manager::initial(tx.now)];
        tx.create(moref, ExtensionManagerProperties { extension_list });
    }
    if let Some(moref) = &content.license_manager {
        mo::license_manager::create(tx, moref, config.esx);
    }
    if let Some(moref) = &content.customization_spec_manager {
        // A new object takes what it is given.
        drop(mo::customization_spec_manager::create(tx, moref));
    }
    if let Some(moref) = &content.guest_operations_manager {
        mo::guest_operations_manager::create(tx, moref);
    }
    if let Some(moref) = &content.setting {
        let setting = mo::option_manager::settings(config.esx);
        tx.create(moref, OptionManagerProperties { setting, ..Default::default() });
    }
    Ok(())
}
