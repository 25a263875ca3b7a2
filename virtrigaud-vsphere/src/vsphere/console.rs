//! Where a machine's console is to be seen.

use super::core::Core;
use super::errors::{gone, server};
use crate::provider::{Console, MachineId, Result};
use std::sync::Arc;

pub(super) async fn console(core: &Arc<Core>, id: &MachineId) -> Result<Console> {
    let machine = core.machine(id).await?;
    let ticket = core.vm(&machine).acquire_ticket("webmks").await;
    let ticket = ticket.map_err(|error| {
        if error.is_not_found() {
            return gone(id);
        }
        server(&format!("asking for the console of {id}"), error)
    })?;
    let url = ticket.url.unwrap_or_else(|| {
        // Servers before 7.0.3 do not say the address, which has always been made so.
        let host = ticket.host.unwrap_or_else(|| core.client.endpoint().host().to_owned());
        format!("wss://{host}:{}/ticket/{}", ticket.port.unwrap_or(443), ticket.ticket)
    });
    Ok(Console { url: url.into() })
}
