//! `ServiceInstance`: where every client begins.

use crate::call::{Call, Reply, methods};
use crate::fault::Result;

methods! {
    "RetrieveServiceContent" => content,
    "CurrentTime" => current_time,
}

fn content(call: &Call<'_>) -> Result<Reply> {
    call.returns(&call.sim.content)
}

fn current_time(call: &Call<'_>) -> Result<Reply> {
    call.returns(&call.sim.now())
}
