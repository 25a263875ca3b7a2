//! Views: the server's own lists of objects, which follow the inventory.

use crate::client::Client;
use crate::held::Own;
use crate::send::apart;
use vim_types::mo;
use vim_wire::{Error, MoRef};

/// A view of a container's contents. It is destroyed when closed or dropped.
///
/// Views live in the session and cost the server memory until they are destroyed or the session ends.
#[derive(Debug)]
pub struct ContainerView {
    view: Own,
    /// A view is of no use without its session.
    _client: Client,
}

impl ContainerView {
    /// Makes a view of the objects of those types in a container; of all types where none is named.
    ///
    /// With `recursive`, what lies deeper is included. Requires `System.View` on what it shows.
    ///
    /// # Errors
    ///
    /// When the container is not there, or cannot be a container.
    pub async fn create(
        client: &Client,
        container: &MoRef,
        kinds: &[String],
        recursive: bool,
    ) -> Result<Self, Error> {
        let (client, container, kinds) = (client.clone(), container.clone(), kinds.to_vec());
        // A view whose caller goes away while it is made must be destroyed, which takes someone who knows of it.
        apart(async move {
            let content = client.content().await?;
            let manager =
                content.view_manager.clone().unwrap_or_else(|| MoRef::new("ViewManager", "ViewManager"));
            let manager: mo::ViewManager = client.object(manager);
            let call = manager.create_container_view(&container, recursive).r#type(&kinds);
            let view = client.make(&call.to_request()).await?;
            Ok(Self { view, _client: client })
        })
        .await
    }

    /// The view's reference.
    #[must_use]
    pub const fn moref(&self) -> &MoRef {
        self.view.moref()
    }

    /// The session that it belongs to.
    pub(crate) const fn generation(&self) -> u64 {
        self.view.generation()
    }

    /// Whether that session is still the client's.
    pub(crate) fn is_current(&self) -> bool {
        self.view.is_current()
    }

    /// Destroys the view.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or refuses. A view that is gone already is a success.
    pub async fn close(self) -> Result<(), Error> {
        self.view.close().await
    }
}
