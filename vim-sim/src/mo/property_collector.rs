//! `PropertyCollector`: reading properties, and waiting for their changes.

use crate::call::{Call, Reply, methods};
use crate::collector::{Bounds, Collector, Filter, Scope, continue_retrieval, retrieve};
use crate::dispatch::not_authenticated;
use crate::fault::{Fault, Result};
use std::sync::Arc;
use std::time::Duration;
use vim_types::{NotSupported, PropertyFilterSpec, RequestCanceled, RetrieveOptions, WaitOptions};

methods! {
    "RetrieveProperties" => retrieve_properties,
    "RetrievePropertiesEx" => retrieve_properties_ex,
    "ContinueRetrievePropertiesEx" => continue_retrieve_properties_ex,
    "CancelRetrievePropertiesEx" => cancel_retrieve_properties_ex,
    "CreateFilter" => create_filter,
    "CreatePropertyCollector" => create_property_collector,
    "DestroyPropertyCollector" => destroy_property_collector,
    "CheckForUpdates" => check_for_updates,
    "CancelWaitForUpdates" => cancel_wait_for_updates;
    later {
        "WaitForUpdates" => wait_for_updates,
        "WaitForUpdatesEx" => wait_for_updates_ex,
    }
}

/// Of how many objects an answer tells at the most, whatever was asked for: vCenter's policy.
const OBJECT_UPDATES: usize = 100;

/// A count that has to be positive where it is given.
fn positive(count: Option<i32>, name: &str) -> Result<Option<usize>> {
    let invalid = || Fault::invalid_argument(name);
    count.map(|count| usize::try_from(count).ok().filter(|count| *count > 0).ok_or_else(invalid)).transpose()
}

fn retrieve_properties(call: &Call<'_>) -> Result<Reply> {
    let specs: Vec<PropertyFilterSpec> = call.list("specSet")?;
    Ok(retrieve(call, &specs, None, "returnval")?.unwrap_or_default())
}

fn retrieve_properties_ex(call: &Call<'_>) -> Result<Reply> {
    let specs: Vec<PropertyFilterSpec> = call.list("specSet")?;
    let options: RetrieveOptions = call.arg("options")?;
    let most = positive(options.max_objects, "options.maxObjects")?;
    Ok(retrieve(call, &specs, most, "objects")?.unwrap_or_default())
}

fn continue_retrieve_properties_ex(call: &Call<'_>) -> Result<Reply> {
    let token: String = call.arg("token")?;
    continue_retrieval(call, &token)
}

fn cancel_retrieve_properties_ex(call: &Call<'_>) -> Result<Reply> {
    let token: String = call.arg("token")?;
    Collector::of(call)?.pages.take(&token)?;
    call.done()
}

fn create_filter(call: &Call<'_>) -> Result<Reply> {
    let spec: PropertyFilterSpec = call.arg("spec")?;
    let partial: bool = call.arg("partialUpdates")?;
    let session = call.session()?;
    let collector = Collector::of(call)?;
    let moref = session.name("PropertyFilter");
    let filter = Scope::read(call, |scope| {
        Filter::new(&scope, moref.clone(), call.this.clone(), spec, partial, call.version)
    })?;
    let filter = Arc::new(filter);
    session.put(moref.clone(), Arc::clone(&filter) as _);
    collector.add(filter);
    call.returns(&moref)
}

fn create_property_collector(call: &Call<'_>) -> Result<Reply> {
    let session = call.session()?;
    let moref = session.name("PropertyCollector");
    session.put(moref.clone(), Arc::new(Collector::default()));
    call.returns(&moref)
}

fn destroy_property_collector(call: &Call<'_>) -> Result<Reply> {
    if call.read(|world| world.node(&call.this).is_some()) {
        return Err(Fault::new(
            NotSupported::default(),
            "The default property collector cannot be destroyed",
        ));
    }
    let collector = Collector::of(call)?;
    let session = call.session()?;
    session.take(&call.this);
    for filter in collector.filters() {
        session.take(&filter);
    }
    collector.cancel();
    call.done()
}

fn check_for_updates(call: &Call<'_>) -> Result<Reply> {
    let version: Option<String> = call.opt("version")?;
    let collector = Collector::of(call)?;
    let elements = collector.updates(call, version.as_deref().unwrap_or(""), WHOLE)?;
    Ok(Reply::of(elements.unwrap_or_default()))
}

fn cancel_wait_for_updates(call: &Call<'_>) -> Result<Reply> {
    Collector::of(call)?.cancel();
    call.done()
}

/// Answers of methods that are older than truncation.
const WHOLE: Bounds = Bounds { objects: usize::MAX, may_truncate: false };

async fn wait_for_updates(call: &Call<'_>) -> Result<Reply> {
    let version: Option<String> = call.opt("version")?;
    wait(call, version.as_deref().unwrap_or(""), WHOLE, None).await
}

async fn wait_for_updates_ex(call: &Call<'_>) -> Result<Reply> {
    let version: Option<String> = call.opt("version")?;
    let options: WaitOptions = call.opt("options")?.unwrap_or_default();
    let most = positive(options.max_object_updates, "options.maxObjectUpdates")?;
    let patience = options.max_wait_seconds.map(u64::try_from).transpose();
    let patience = patience.map_err(|_| Fault::invalid_argument("options.maxWaitSeconds"))?;
    let bounds = Bounds { objects: most.unwrap_or(OBJECT_UPDATES).min(OBJECT_UPDATES), may_truncate: true };
    wait(call, version.as_deref().unwrap_or(""), bounds, patience.map(Duration::from_secs)).await
}

/// Answers what has changed since a version, once something has; nothing once that takes too long.
async fn wait(call: &Call<'_>, version: &str, bounds: Bounds, patience: Option<Duration>) -> Result<Reply> {
    let collector = Collector::of(call)?;
    let (mut canceled, mut filtered) = (collector.canceled(), collector.filtered());
    let (mut changes, mut ended) = (call.sim.changes(), call.session()?.ended());
    let deadline = patience.map(|patience| call.sim.timer.elapsed().saturating_add(patience));
    loop {
        changes.borrow_and_update();
        filtered.borrow_and_update();
        if let Some(elements) = collector.updates(call, version, bounds)? {
            return Ok(Reply::of(elements));
        }
        if patience == Some(Duration::ZERO) {
            return call.done();
        }
        let canceled_by =
            |who: &str| Fault::new(RequestCanceled::default(), format!("The request was canceled {who}."));
        let late = async {
            match deadline {
                Some(deadline) => call.sim.timer.sleep_until(deadline).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            // What ends the wait comes first: a session's end changes things too.
            biased;
            over = ended.wait_for(|ended| *ended) => {
                drop(over);
                return Err(not_authenticated(&call.this));
            }
            _ = canceled.changed() => {
                return Err(canceled_by("by a client"));
            }
            _ = changes.changed() => {}
            _ = filtered.changed() => {}
            () = late => return call.done(),
        }
        if !collector.is_last(version) {
            return Err(canceled_by("by a later one with the same version"));
        }
    }
}
