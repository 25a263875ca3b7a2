//! Views: the server's own lists of objects, which follow the inventory.

use crate::client::Client;
use vim_types::mo;
use vim_wire::{Error, ManagedObject, MoRef};

/// A view of a container's contents. It is destroyed when closed or dropped.
///
/// Views live in the session and cost the server memory until they are destroyed or the session ends.
#[derive(Debug)]
pub struct ContainerView {
    view: Option<mo::ContainerView>,
    client: Client,
    generation: u64,
    moref: MoRef,
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
        let content = client.content().await?;
        let manager =
            content.view_manager.clone().unwrap_or_else(|| MoRef::new("ViewManager", "ViewManager"));
        let generation = client.session_generation();
        let manager: mo::ViewManager = client.object(manager);
        let view = manager.create_container_view(container, recursive).r#type(kinds).await?;
        let moref = view.handle().moref().clone();
        Ok(Self { view: Some(view), client: client.clone(), generation, moref })
    }

    /// The view's reference.
    #[must_use]
    pub const fn moref(&self) -> &MoRef {
        &self.moref
    }

    /// Destroys the view.
    ///
    /// # Errors
    ///
    /// When the server cannot be reached or refuses. A view that is gone already is a success.
    pub async fn close(mut self) -> Result<(), Error> {
        let Some(view) = self.view.take() else { return Ok(()) };
        if self.generation != self.client.session_generation() {
            // It went with its session.
            return Ok(());
        }
        match view.destroy().await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for ContainerView {
    fn drop(&mut self) {
        let Some(view) = self.view.take() else { return };
        if self.generation != self.client.session_generation() {
            return;
        }
        // Outside of a runtime nothing can be sent; the view then lives as long as the session.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = view.destroy().await {
                    tracing::debug!(view = %view.handle().moref(), %error, "a view was not destroyed");
                }
            });
        }
    }
}
