//! `ServiceInstance`: where every client begins.

use crate::call::{Call, Reply, methods};
use crate::fault::Result;
use crate::world::World;
use vim_types::ServiceContent;
use vim_types::mo::ServiceInstanceProperties;
use vim_wire::MoRef;

methods! {
    "RetrieveServiceContent" => retrieve_content,
    "CurrentTime" => current_time,
}

fn retrieve_content(call: &Call<'_>) -> Result<Reply> {
    call.returns(&call.sim.content)
}

fn current_time(call: &Call<'_>) -> Result<Reply> {
    call.returns(&call.sim.now())
}

/// The service's managers and root, where the world has been built.
pub(crate) fn content(world: &World) -> Option<&ServiceContent> {
    let service = MoRef::new("ServiceInstance", "ServiceInstance");
    world.get::<ServiceInstanceProperties>(&service).ok().map(|service| &service.content)
}
