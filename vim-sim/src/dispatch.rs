//! From a call to its handler: sessions, versions, objects and privileges are checked here, once for all methods.

use crate::call::{Call, Handler, Reply};
use crate::collector::{FETCH, fetch};
use crate::fault::{Fault, Result};
use crate::mo;
use crate::mo::task::Doomed;
use crate::session::{Session, Visitor};
use crate::sim::{Sim, properties_of};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use vim_types::{MethodNotFound, NotAuthenticated};
use vim_wire::server::Incoming;
use vim_wire::{MethodDesc, MoRef, TypeDesc};

/// What may be called without a session.
const OPEN: &[&str] = &[
    "RetrieveServiceContent",
    "Login",
    "LoginByToken",
    "LoginExtensionByCertificate",
    "LoginExtensionBySubjectName",
    "LoginBySSPI",
    "CloneSession",
    "CurrentTime",
    "RetrieveProductComponents",
    "Logout",
];

/// Methods whose object may be unreadable without a session and that say so themselves: a read of the session manager's
/// own properties tells a client whether it has a session.
const SELF_CHECKED: &[&str] = &["RetrieveProperties", "RetrievePropertiesEx"];

struct Known {
    desc: &'static MethodDesc,
    handler: Option<Handler>,
}

fn known() -> &'static HashMap<&'static str, Known> {
    static KNOWN: OnceLock<HashMap<&'static str, Known>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut all: HashMap<_, _> = vim_types::METHODS
            .iter()
            .flat_map(|area| area.iter())
            .chain(mo::unpublished())
            .map(|desc| (desc.name, Known { desc, handler: None }))
            .collect();
        for method in mo::all() {
            match all.get_mut(method.name) {
                Some(known) => known.handler = Some(method.handler),
                None => debug_assert!(false, "the schema has no method {}", method.name),
            }
        }
        all
    })
}

/// The methods of the schema, and whether the simulator has them.
pub(crate) fn coverage() -> Vec<(&'static MethodDesc, bool)> {
    let published = |desc: &MethodDesc| !mo::unpublished().any(|other| other.name == desc.name);
    let schema = known().values().filter(|known| published(known.desc));
    let mut all: Vec<_> = schema.map(|known| (known.desc, known.handler.is_some())).collect();
    all.sort_by_key(|(desc, _)| (desc.this, desc.name));
    all
}

pub(crate) fn not_authenticated(this: &MoRef) -> Fault {
    let fault = NotAuthenticated {
        extends: vim_types::NoPermission {
            object: Some(this.clone()),
            privilege_id: Some("System.View".into()),
            ..Default::default()
        },
    };
    Fault::new(fault, "The session is not authenticated.")
}

/// Answers a call.
pub(crate) async fn answer(
    sim: &Arc<Sim>,
    session: Option<Arc<Session>>,
    visitor: &Visitor,
    incoming: &Incoming<'_>,
    version: u8,
    doomed: Option<Doomed>,
) -> Result<Reply> {
    if incoming.method == FETCH.name {
        incoming.check(&FETCH, version)?;
        let this = incoming.this.clone();
        return fetch(&Call { sim, session, visitor, method: &FETCH, this, version, incoming, doomed });
    }
    let Some(Known { desc, handler }) = known().get(incoming.method) else {
        return Err(Fault::invalid_request(format!("there is no method {:?}", incoming.method)));
    };
    if desc.since > version {
        return Err(Fault::invalid_request(format!(
            "there is no method {:?} in version {}",
            desc.name,
            desc.service.since(version)
        )));
    }
    incoming.check(desc, version)?;
    let call =
        Call { sim, session, visitor, method: desc, this: incoming.this.clone(), version, incoming, doomed };
    if call.session.is_none() && !OPEN.contains(&desc.name) && !SELF_CHECKED.contains(&desc.name) {
        return Err(not_authenticated(&call.this));
    }
    check_object(&call)?;
    let Some(handler) = handler else {
        return Err(method_not_found(&call));
    };
    mo::authorization_manager::check(&call)?;
    match handler {
        Handler::Now(answer) => answer(&call),
        Handler::Later(answer) => answer(&call).await,
    }
}

/// Whether there is the object that is called, and it has the method.
fn check_object(call: &Call<'_>) -> Result<()> {
    let is_a = |desc: &'static TypeDesc| desc.lineage().any(|desc| desc.name == call.method.this);
    let own = call.session.as_ref().is_some_and(|session| session.has(&call.this));
    let of = match own {
        true => properties_of(call.this.kind()).map(is_a),
        false => call.read(|world| world.node(&call.this).map(|node| is_a(node.kind()))),
    };
    match of {
        Some(true) => Ok(()),
        Some(false) => Err(method_not_found(call)),
        None => Err(Fault::managed_object_not_found(&call.this)),
    }
}

pub(crate) fn method_not_found(call: &Call<'_>) -> Fault {
    let fault = MethodNotFound {
        receiver: call.this.clone(),
        method: call.method.name.to_owned(),
        ..Default::default()
    };
    Fault::new(fault, format!("{} does not implement: {}", call.this.kind(), call.method.name))
}
