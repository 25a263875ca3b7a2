//! What is a secret: by the element's name, by the schema, or by the key beside it.

use crate::redact::Element;
use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use vim_wire::{Kind, MethodDesc, Registry, SECRET, Service, TypeDesc};

/// Elements that are secret whatever is around them.
pub(crate) const ALWAYS: &[&str] = &[
    "adminPassword",
    "arguments",
    "base64Token",
    "chapSecret",
    "cloneTicket",
    "credential",
    "datastorePrincipalPasswd",
    "domainAdminPassword",
    "envVariables",
    "keyData",
    "mutualChapSecret",
    "newPassword",
    "oldPassword",
    "passphrase",
    "password",
    "privateKey",
    "scriptText",
    "sessionId",
    "sspiToken",
    "ticket",
    "token",
    "trustVerificationToken",
    "userdata",
    "vcSessionCookie",
    "verificationToken",
    "vimAccountPassword",
];

/// Fields that hold secrets although the schema does not mark them. Whoever has such a URL needs no session to read or write
/// what is behind it.
const UNMARKED: &[(&str, &str)] = &[
    ("CustomizationSysprepText", "value"),
    ("DiagnosticManagerBundleInfo", "url"),
    ("FileTransferInformation", "url"),
    ("GuestAuthenticationChallenge", "sessionID"),
    ("HttpNfcLeaseDeviceUrl", "url"),
    ("HttpNfcLeaseSourceFile", "url"),
    ("SessionManagerGenericServiceTicket", "id"),
    ("UserSession", "key"),
    ("VirtualMachineTicket", "url"),
];

/// What a key is named whose value is a secret, in lower case.
pub(crate) const KEYS: &[&str] = &[
    "passw",
    "secret",
    "token",
    "credential",
    "privatekey",
    "private_key",
    "cookie",
    "session.key",
    "deviceurl",
    "vnc.key",
    "userdata",
    "vendordata",
    "guestinfo.metadata",
];

/// Elements whose text is shown even in calls about sessions.
pub(crate) const HARMLESS: &[&str] = &[
    "_this",
    "operationID",
    "userName",
    "fullName",
    "locale",
    "messageLocale",
    "loginTime",
    "lastActiveTime",
    "faultcode",
    "faultstring",
    "extensionKey",
    "userAgent",
    "callCount",
    "extensionSession",
];

/// What is hidden in one method's documents beyond the rest.
#[derive(Debug)]
pub(crate) struct Hidden {
    method: &'static MethodDesc,
    /// Whether the method is about sessions or tickets, where only the harmless is shown.
    pub(crate) session: bool,
}

impl Hidden {
    pub(crate) fn of(method: &'static MethodDesc) -> Self {
        let name = method.name;
        let session = method.this.ends_with("SessionManager")
            || ["Login", "Acquire", "Clone", "Impersonate", "Initiate"]
                .iter()
                .any(|start| name.starts_with(start) && !method.task);
        Self { method, session }
    }
}

/// The secret fields of a schema's types.
pub(crate) struct Secrets {
    /// By a field's name: the types in which it is secret.
    fields: HashMap<&'static str, Vec<&'static TypeDesc>>,
    /// By an element's name: the types with secrets that its declared type has or may have.
    holders: HashMap<&'static str, HashSet<&'static str>>,
}

impl Secrets {
    /// Those of a service, gathered once.
    pub(crate) fn of(service: &'static Service) -> &'static Self {
        static KNOWN: Mutex<Vec<(&str, &Secrets)>> = Mutex::new(Vec::new());
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, secrets)) = known.iter().find(|(namespace, _)| *namespace == service.namespace) {
            return secrets;
        }
        // One a service for the whole process, of which there are a handful.
        let secrets: &'static Self = Box::leak(Box::new(Self::gather(service.registry)));
        known.push((service.namespace, secrets));
        secrets
    }

    fn gather(registry: &'static Registry) -> Self {
        let mut fields: HashMap<_, Vec<_>> = HashMap::new();
        let marked = registry
            .types()
            .flat_map(|desc| desc.fields.iter().map(move |field| (desc, field.name, field.is_secret())));
        let unmarked =
            UNMARKED.iter().filter_map(|(name, field)| Some((registry.type_named(name)?, *field, true)));
        for (desc, field, _) in marked.chain(unmarked).filter(|(.., secret)| *secret) {
            fields.entry(field).or_default().push(desc);
        }
        let mut holders: HashMap<_, HashSet<_>> = HashMap::new();
        for field in registry.types().flat_map(|desc| desc.fields) {
            if let Kind::Struct(declared, _) | Kind::Poly(declared, _) = field.kind {
                let declared = declared.get();
                let held =
                    fields.values().flatten().filter(|secret| declared.is_a(secret) || secret.is_a(declared));
                let held: HashSet<_> = held.map(|desc| desc.name).collect();
                if !held.is_empty() {
                    holders.entry(field.name).or_default().extend(held);
                }
            }
        }
        Self { fields, holders }
    }

    pub(crate) fn has(
        &self,
        registry: &'static Registry,
        hidden: &Hidden,
        parent: &Element<'_>,
        name: &str,
    ) -> bool {
        if parent.name == hidden.method.name {
            return hidden.method.params.iter().any(|param| param.name == name && param.flags & SECRET != 0);
        }
        let Some(types) = self.fields.get(name) else { return false };
        // An array's items are named like their type.
        let named = parent.xsi_type.or(Some(parent.name)).and_then(|name| registry.type_named(name));
        if let Some(named) = named {
            return types.iter().any(|desc| named.is_a(desc));
        }
        let answered =
            (parent.name == "returnval").then(|| registry.type_named(hidden.method.result)).flatten();
        types.iter().any(|desc| {
            self.holders.get(parent.name).is_some_and(|held| held.contains(desc.name))
                || answered.is_some_and(|answer| answer.is_a(desc))
        })
    }
}
