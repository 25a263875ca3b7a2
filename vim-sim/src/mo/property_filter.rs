//! `PropertyFilter`: a filter of a property collector.

use crate::call::{Call, Reply, methods};
use crate::collector::{Collector, Filter};
use crate::fault::{Fault, Result};

methods! {
    "DestroyPropertyFilter" => destroy,
}

fn destroy(call: &Call<'_>) -> Result<Reply> {
    let session = call.session()?;
    let filter =
        session.find::<Filter>(&call.this).ok_or_else(|| Fault::managed_object_not_found(&call.this))?;
    session.take(&call.this);
    if let Some(collector) = Collector::find(session, &filter.collector) {
        collector.remove(&call.this);
    }
    call.done()
}
