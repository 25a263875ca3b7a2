//! From a request's text to the answer's pieces.

use std::time::Duration;

use bytes::Bytes;

use crate::inventory::{Inventory, Page};
use crate::server::Service;

const OPEN: &str = concat!(
    r#"<?xml version="1.0" encoding="UTF-8"?>"#,
    "\n",
    r#"<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/" xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>"#,
);
const CLOSE: &str = "</soapenv:Body></soapenv:Envelope>";

/// What goes back to the client.
#[derive(Debug)]
pub struct Answer {
    /// The text, in pieces that are sent one after the other.
    pub(crate) pieces: Vec<Bytes>,
    /// Whether it is a SOAP fault.
    pub(crate) is_fault: bool,
}

/// A captured inventory, served.
#[derive(Debug)]
pub struct Replay {
    /// The machines to serve.
    pub inventory: Inventory,
    /// Objects a page where the client states no number.
    pub page: usize,
}

impl Service for Replay {
    async fn answer(&self, request: &str) -> Answer {
        let method = method(request);
        if method == Some("WaitForUpdatesEx") {
            // Nothing ever happens here.
            let seconds = texts(request, "maxWaitSeconds").next().and_then(|text| text.parse().ok());
            tokio::time::sleep(Duration::from_secs(seconds.unwrap_or(u64::MAX))).await;
        }
        answer(&self.inventory, method, request, self.page)
    }
}

/// Answers one call. `page` is the number of objects that the server sends where the client states none.
fn answer(inventory: &Inventory, method: Option<&str>, request: &str, page: usize) -> Answer {
    let Some(method) = method else {
        return fault("InvalidRequest", "no call in the body");
    };
    match method {
        "CreateContainerView" => result(method, &reference("ContainerView", "session[1]view-1")),
        "CreateListView" => result(method, &reference("ListView", "session[1]view-2")),
        "CreatePropertyCollector" => result(method, &reference("PropertyCollector", "session[1]collector-1")),
        "CreateFilter" => result(method, &reference("PropertyFilter", "session[1]filter-1")),
        "DestroyView"
        | "DestroyPropertyFilter"
        | "DestroyPropertyCollector"
        | "CancelWaitForUpdates"
        | "CancelRetrievePropertiesEx"
        | "WaitForUpdatesEx" => result(method, ""),
        "RetrievePropertiesEx" => retrieve(inventory, request, page),
        "ContinueRetrievePropertiesEx" => {
            match texts(request, "token").next().and_then(|token| inventory.continued(token)) {
                Some(page) => objects(method, page),
                None => fault("InvalidProperty", "no such token"),
            }
        }
        other => session(other),
    }
}

/// Answers the calls by which a client logs in and out, and refuses all others.
#[must_use]
pub fn session(method: &str) -> Answer {
    match method {
        "RetrieveServiceContent" => result(method, &joined(include_str!("answers/service_content.xml"))),
        "Login" => result(method, &joined(include_str!("answers/session.xml"))),
        "CurrentTime" => result(method, "<returnval>2026-01-01T00:00:00Z</returnval>"),
        "SessionIsActive" => result(method, "<returnval>true</returnval>"),
        "Logout" => result(method, ""),
        other => fault("NotSupported", &format!("replay does not know {other}")),
    }
}

/// Whatever objects are asked for, all virtual machines are meant; other kinds there are none.
fn retrieve(inventory: &Inventory, request: &str, page: usize) -> Answer {
    let method = "RetrievePropertiesEx";
    if !texts(request, "type").any(|kind| matches!(kind, "VirtualMachine" | "ManagedEntity")) {
        return result(method, "");
    }
    let paths: Vec<&str> = texts(request, "pathSet").collect();
    let all = texts(request, "all").any(|text| matches!(text, "true" | "1"));
    let listing = inventory.listing((!all).then_some(&paths));
    let size = texts(request, "maxObjects").next().and_then(|text| text.parse().ok()).unwrap_or(page);
    match listing.page(0, size) {
        Some(page) => objects(method, page),
        None => fault("InvalidArgument", "maxObjects must be positive"),
    }
}

/// The objects' own text is not copied.
fn objects(method: &str, page: Page) -> Answer {
    let token = page.token.map(|token| format!("<token>{token}</token>")).unwrap_or_default();
    let head = format!(r#"{OPEN}<{method}Response xmlns="urn:vim25"><returnval>{token}"#);
    let tail = format!("</returnval></{method}Response>{CLOSE}");
    Answer { pieces: vec![head.into(), page.objects, tail.into()], is_fault: false }
}

/// A method's answer, around its `returnval` elements.
#[must_use]
pub fn result(method: &str, content: &str) -> Answer {
    let text = format!(r#"{OPEN}<{method}Response xmlns="urn:vim25">{content}</{method}Response>{CLOSE}"#);
    Answer { pieces: vec![text.into()], is_fault: false }
}

/// Servers put no white space between elements.
fn joined(template: &str) -> String {
    template.lines().map(str::trim_start).collect()
}

/// A `returnval` that is a reference.
#[must_use]
pub fn reference(kind: &str, value: &str) -> String {
    format!(r#"<returnval type="{kind}">{value}</returnval>"#)
}

/// A fault. `message` must not need escaping, and so must not quote the request but for names.
#[must_use]
pub fn fault(kind: &str, message: &str) -> Answer {
    let text = format!(
        r#"{OPEN}<soapenv:Fault><faultcode>ServerFaultCode</faultcode><faultstring>{message}</faultstring><detail><{kind}Fault xmlns="urn:vim25" xsi:type="{kind}"></{kind}Fault></detail></soapenv:Fault>{CLOSE}"#
    );
    Answer { pieces: vec![text.into()], is_fault: true }
}

/// The name of the first element in the body, without its prefix.
#[must_use]
pub fn method(request: &str) -> Option<&str> {
    tags(request).skip_while(|&(name, _)| name != "Body").nth(1).map(|(name, _)| name)
}

/// The texts of all elements of this name, whatever their prefix. They are short values without children.
pub fn texts<'a>(request: &'a str, name: &'static str) -> impl Iterator<Item = &'a str> {
    tags(request)
        .filter(move |&(found, _)| found == name)
        .filter_map(|(_, content)| content.split('<').next())
        .map(str::trim)
}

/// All start tags: the name without its prefix, and what follows the tag.
fn tags(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('<').skip(1).filter_map(move |piece| {
        let (tag, content) = piece.split_once('>')?;
        let name = tag.split([' ', '\t', '\r', '\n', '/']).next()?;
        let name = name.rsplit(':').next()?;
        let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        (is_name && !name.is_empty()).then_some((name, content))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUEST: &str = r#"<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">
        <s:Header><operationID>1</operationID></s:Header>
        <s:Body><v:RetrievePropertiesEx xmlns:v="urn:vim25"><v:_this type="PropertyCollector">pc</v:_this>
        <v:propSet><v:type>VirtualMachine</v:type><v:pathSet>name</v:pathSet><v:pathSet>config</v:pathSet></v:propSet>
        </v:RetrievePropertiesEx></s:Body></s:Envelope>"#;

    #[test]
    fn a_call_is_found_whatever_its_prefix() {
        assert_eq!(method(REQUEST), Some("RetrievePropertiesEx"));
        assert_eq!(texts(REQUEST, "pathSet").collect::<Vec<_>>(), ["name", "config"]);
        assert_eq!(method("<html></html>"), None);
    }

    #[test]
    fn an_unknown_call_is_a_fault() {
        let capture = r#"<objects><obj type="VirtualMachine">vm-1</obj></objects>"#;
        let inventory = Inventory::from_capture(capture, 1).expect("a capture");
        let request = "<Envelope><Body><Destroy_Task/></Body></Envelope>";
        assert!(answer(&inventory, method(request), request, 100).is_fault);
    }
}
