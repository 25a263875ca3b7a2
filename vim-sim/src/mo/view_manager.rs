//! `ViewManager`: making views.

use super::view::{self, View};
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use std::sync::Arc;
use vim_wire::MoRef;

methods! {
    "CreateContainerView" => create_container_view,
    "CreateListView" => create_list_view,
    "CreateListViewFromView" => create_list_view_from_view,
    "CreateInventoryView" => create_inventory_view,
}

fn put(call: &Call<'_>, view: View) -> Result<Reply> {
    let session = call.session()?;
    let moref = session.name(view.kind());
    session.put(moref.clone(), Arc::new(view));
    call.sim.nudge();
    call.returns(&moref)
}

fn create_container_view(call: &Call<'_>) -> Result<Reply> {
    let (container, recursive): (MoRef, bool) = (call.arg("container")?, call.arg("recursive")?);
    let types: Vec<String> = call.list("type")?;
    put(call, call.read(|world| View::container(world, container, types, recursive))?)
}

fn create_list_view(call: &Call<'_>) -> Result<Reply> {
    let (found, missing) = view::resolve(call, call.list("obj")?)?;
    match missing.first() {
        Some(missing) => Err(Fault::managed_object_not_found(missing)),
        None => put(call, View::list(found.into_iter().collect())),
    }
}

fn create_list_view_from_view(call: &Call<'_>) -> Result<Reply> {
    put(call, View::list(view::shown_by(call, &call.arg("view")?)?))
}

fn create_inventory_view(call: &Call<'_>) -> Result<Reply> {
    put(call, View::inventory(call.sim.content.root_folder.clone()))
}
