//! Documents without their secrets.
//!
//! The text of an element is hidden where its name always stands for a secret, where the schema marks the field as one, where
//! the key beside it says so, and, in calls that are about sessions and tickets, everywhere but in a few harmless elements.

use crate::secrets::{ALWAYS, HARMLESS, Hidden, KEYS, Secrets};
use vim_wire::{Registry, Service};

const MASK: &str = "<redacted>";

/// An element that is open.
pub(crate) struct Element<'x> {
    pub(crate) name: &'x str,
    pub(crate) xsi_type: Option<&'x str>,
    /// Whether a key said that the value beside it is secret.
    keyed: bool,
}

/// A document with its secrets masked. What is not well-formed is not shown at all, since nothing is known of it.
pub(crate) fn redact(document: &str, service: &'static Service, hidden: &Hidden) -> String {
    let secrets = Secrets::of(service);
    walk(document, service.registry, secrets, hidden)
        .unwrap_or_else(|| format!("{} bytes that are no XML", document.len()))
}

fn walk(document: &str, registry: &'static Registry, secrets: &Secrets, hidden: &Hidden) -> Option<String> {
    let mut out = String::with_capacity(document.len());
    let mut open: Vec<Element<'_>> = Vec::new();
    // The depth of the element that is being hidden.
    let mut hiding: Option<usize> = None;
    let mut rest = document;
    while let Some(at) = rest.find('<') {
        let (text, markup) = rest.split_at(at);
        if hiding.is_none() {
            show(text, &mut open, hidden, &mut out);
        }
        let end = end_of(markup)?;
        let (tag, after) = markup.split_at(end);
        rest = after;
        if let Some(name) = tag.strip_prefix("</") {
            let closed = open.pop()?;
            if local(name.trim_end_matches('>').trim()) != closed.name {
                return None;
            }
            if hiding == Some(open.len()) {
                hiding = None;
                out.push_str(MASK);
            }
            if hiding.is_none() {
                out.push_str(tag);
            }
        } else if tag.starts_with("<?") || tag.starts_with("<!--") {
            if hiding.is_none() && !hidden.session {
                out.push_str(tag);
            }
        } else if tag.starts_with("<!") {
            // CDATA is text, and no server sends it; a DOCTYPE is none of SOAP's.
            if hiding.is_none() {
                out.push_str(MASK);
            }
        } else {
            if hiding.is_none() {
                out.push_str(tag);
            }
            if tag.ends_with("/>") {
                continue;
            }
            let element = element(tag)?;
            let parent = open.last();
            let secret = ALWAYS.contains(&element.name)
                || parent.is_some_and(|parent| {
                    (parent.keyed && matches!(element.name, "value" | "val" | "defaultValue"))
                        || secrets.has(registry, hidden, parent, element.name)
                });
            if secret && hiding.is_none() {
                hiding = Some(open.len());
            }
            open.push(element);
        }
    }
    (open.is_empty() && rest.trim().is_empty()).then_some(out)
}

/// Shows a text, and notes whether it is a key that makes the value beside it secret.
fn show(text: &str, open: &mut [Element<'_>], hidden: &Hidden, out: &mut String) {
    let Some((element, parents)) = open.split_last_mut() else {
        out.push_str(text);
        return;
    };
    if let (true, Some(parent)) = (matches!(element.name, "key" | "name" | "id"), parents.last_mut()) {
        let text = text.to_ascii_lowercase();
        parent.keyed |= KEYS.iter().any(|key| text.contains(key));
    }
    if hidden.session && !text.trim().is_empty() && !HARMLESS.contains(&element.name) {
        out.push_str(MASK);
    } else {
        out.push_str(text);
    }
}

/// Where a tag, a comment or an instruction ends; an angle bracket in a quoted value does not end it.
fn end_of(markup: &str) -> Option<usize> {
    let ends_with = |end: &str| markup.find(end).map(|at| at + end.len());
    if markup.starts_with("<!--") {
        return ends_with("-->");
    }
    if markup.starts_with("<![CDATA[") {
        return ends_with("]]>");
    }
    let mut quote = None;
    for (at, byte) in markup.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

fn element(tag: &str) -> Option<Element<'_>> {
    let inside = tag.strip_prefix('<')?.strip_suffix('>')?;
    let (name, attrs) = inside.split_once(|c: char| c.is_ascii_whitespace()).unwrap_or((inside, ""));
    // `type` without a prefix is a reference's.
    let xsi_type = attrs.find(":type=").and_then(|at| {
        let value = attrs.get(at + ":type=".len()..)?;
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        value.get(1..)?.split(quote).next().map(local)
    });
    Some(Element { name: local(name), xsi_type, keyed: false })
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use vim_types::{VIM25, mo};
    use vim_wire::MethodDesc;

    fn shown(method: &'static MethodDesc, body: &str) -> String {
        let document = format!(
            "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"x\" xmlns:xsi=\"y\"><s:Header><vcSessionCookie>top-secret</vcSessionCookie>\
             </s:Header><s:Body>{body}</s:Body></s:Envelope>"
        );
        redact(&document, &VIM25, &Hidden::of(method))
    }

    #[track_caller]
    fn hides(method: &'static MethodDesc, body: &str, visible: &[&str]) {
        let shown = shown(method, body);
        assert!(!shown.contains("top-secret"), "{shown}");
        assert!(shown.contains(MASK) && visible.iter().all(|word| shown.contains(word)), "{shown}");
    }

    #[test]
    fn a_password_a_ticket_and_a_session_are_never_shown() {
        hides(
            &mo::LOGIN,
            "<Login><userName>alice</userName><password>top-secret</password></Login>",
            &["alice", "Login"],
        );
        hides(&mo::LOGIN, "<Login><password xmlns:a=\">\">top-secret</password></Login>", &["password"]);
        hides(
            &mo::LOGIN,
            "<LoginResponse><returnval><key>top-secret</key><userName>alice</userName></returnval></LoginResponse>",
            &["alice"],
        );
        hides(
            &mo::CLONE_SESSION,
            "<CloneSession><cloneTicket>top-secret</cloneTicket></CloneSession>",
            &["cloneTicket"],
        );
        hides(
            &mo::ACQUIRE_CLONE_TICKET,
            "<AcquireCloneTicketResponse><returnval>top-secret</returnval></AcquireCloneTicketResponse>",
            &[],
        );
        hides(
            &mo::ACQUIRE_TICKET,
            "<R><returnval><ticket>t</ticket><url>wss://h/ticket/top-secret</url></returnval></R>",
            &[],
        );
        hides(
            &mo::LOGIN_BY_TOKEN,
            "<LoginByToken><x:Assertion xmlns:x=\"s\"><deep>top-secret</deep></x:Assertion></LoginByToken>",
            &[],
        );
    }

    #[test]
    fn what_the_schema_marks_as_secret_is_not_shown() {
        hides(
            &mo::CLONE_VM_TASK,
            "<CloneVM_Task><spec><customization><identity xsi:type=\"CustomizationSysprep\"><guiUnattended><password><value>top-secret\
             </value><plainText>true</plainText></password><autoLogonCount>7</autoLogonCount></guiUnattended></identity>\
             </customization></spec></CloneVM_Task>",
            &["<autoLogonCount>7<"],
        );
        hides(
            &mo::RECONFIG_VM_TASK,
            "<ReconfigVM_Task><spec><vAppConfig xsi:type=\"VmConfigSpec\"><property><info><id>admin</id><value>top-secret</value>\
             </info></property></vAppConfig></spec></ReconfigVM_Task>",
            &["admin"],
        );
    }

    #[test]
    fn what_opens_a_session_or_a_file_is_not_shown_wherever_it_is_read() {
        hides(
            &mo::RETRIEVE_PROPERTIES_EX,
            "<R><propSet><name>currentSession</name><val xsi:type=\"UserSession\"><key>top-secret</key><userName>alice</userName></val>\
             </propSet></R>",
            &["alice"],
        );
        hides(
            &mo::RETRIEVE_PROPERTIES_EX,
            "<R><propSet><name>sessionList</name><val xsi:type=\"ArrayOfUserSession\"><UserSession><key>top-secret</key><userName>alice\
             </userName></UserSession></val></propSet><entry><key>seen</key></entry></R>",
            &["alice", "<key>seen</key>"],
        );
        hides(
            &mo::RETRIEVE_PROPERTIES_EX,
            "<R><propSet><name>currentSession.key</name><val xsi:type=\"xsd:string\">top-secret</val></propSet></R>",
            &["currentSession.key"],
        );
        hides(
            &mo::RETRIEVE_PROPERTIES_EX,
            "<R><val xsi:type=\"HttpNfcLeaseInfo\"><deviceUrl><key>/vm-1/disk-0</key><url>https://h/nfc/top-secret/disk-0.vmdk</url>\
             </deviceUrl><leaseTimeout>300</leaseTimeout></val></R>",
            &["<leaseTimeout>300<", "/vm-1/disk-0"],
        );
        hides(
            &mo::RETRIEVE_PROPERTIES_EX,
            "<R><val xsi:type=\"ArrayOfHttpNfcLeaseDeviceUrl\"><HttpNfcLeaseDeviceUrl><url>https://h/nfc/top-secret</url>\
             </HttpNfcLeaseDeviceUrl></val></R>",
            &[],
        );
        hides(
            &mo::RECONFIG_VM_TASK,
            "<R><extraConfig><key>RemoteDisplay.vnc.key</key><value>top-secret</value></extraConfig></R>",
            &["RemoteDisplay.vnc.key"],
        );
        hides(
            &mo::RETRIEVE_PROPERTIES_EX,
            "<R><val xsi:type=\"VirtualMachineTicket\"><host>esx-1</host><url>wss://esx-1/ticket/top-secret</url></val></R>",
            &["esx-1"],
        );
    }

    /// A method of the feature `guest`.
    #[test]
    fn the_url_of_a_file_in_a_guest_is_not_shown() {
        static INITIATE: MethodDesc = MethodDesc {
            name: "InitiateFileTransferFromGuest",
            this: "GuestFileManager",
            service: &VIM25,
            since: 0,
            task: false,
            privilege: None,
            params: &[],
            faults: &[],
            result: "FileTransferInformation",
        };
        hides(
            &INITIATE,
            "<R><returnval><attributes/><size>5</size><url>https://*:443/guestFile?id=1&amp;token=top-secret</url></returnval></R>",
            &["returnval"],
        );
        let to = MethodDesc { name: "InitiateFileTransferToGuest", result: "string", ..INITIATE };
        hides(
            Box::leak(Box::new(to)),
            "<R><returnval>https://*:443/guestFile?id=1&amp;token=top-secret</returnval></R>",
            &["returnval"],
        );
    }

    #[test]
    fn every_secret_of_the_schema_is_hidden() {
        let mut count = 0;
        for desc in VIM25.registry.types() {
            for field in desc.fields.iter().filter(|field| field.is_secret()) {
                let (kind, name) = (desc.name, field.name);
                hides(
                    &mo::RECONFIG_VM_TASK,
                    &format!("<R><x xsi:type=\"{kind}\"><{name}>top-secret</{name}></x></R>"),
                    &[kind],
                );
                count += 1;
            }
        }
        for &method in vim_types::METHODS.iter().flat_map(|methods| methods.iter()) {
            for param in method.params.iter().filter(|param| param.flags & vim_wire::SECRET != 0) {
                let (call, name) = (method.name, param.name);
                hides(method, &format!("<{call}><{name}>top-secret</{name}></{call}>"), &[call]);
                count += 1;
            }
        }
        assert!(count > 10, "{count}");
    }

    #[test]
    fn a_sysprep_text_is_told_from_other_values_by_its_type() {
        hides(
            &mo::CLONE_VM_TASK,
            "<C><identity xsi:type=\"vim25:CustomizationSysprepText\"><value>top-secret</value></identity><other><value>seen</value></other></C>",
            &["seen"],
        );
    }

    #[test]
    fn a_key_hides_the_value_beside_it_and_no_other() {
        hides(
            &mo::RECONFIG_VM_TASK,
            "<R><spec><extraConfig><key>guestinfo.userdata</key><value xsi:type=\"xsd:string\">top-secret</value></extraConfig>\
             <extraConfig><key>disk.enableUUID</key><value xsi:type=\"xsd:string\">TRUE</value></extraConfig></spec></R>",
            &["guestinfo.userdata", ">TRUE<"],
        );
        hides(
            &mo::RETRIEVE_PROPERTIES_EX,
            "<R><propSet><name>config.extraConfig[\"guestinfo.metadata\"]</name><val><a>top-secret</a></val></propSet></R>",
            &[],
        );
    }

    #[test]
    fn the_rest_is_shown_as_it_is() {
        let body = "<RetrievePropertiesEx><_this type=\"PropertyCollector\">pc</_this><objectSet><obj type=\"VirtualMachine\">vm-1</obj>\
                    <skip/></objectSet><name>a &amp; b</name><value>5</value></RetrievePropertiesEx>";
        assert!(shown(&mo::RETRIEVE_PROPERTIES_EX, body).contains(body));
    }

    #[test]
    fn what_is_no_xml_is_not_shown() {
        for text in [
            "{\"password\":\"top-secret\"}",
            "<a><password>top-secret",
            "<a>top-secret</b>",
            "top-secret <",
            "<a 'top-secret",
        ] {
            let shown = redact(text, &VIM25, &Hidden::of(&mo::CURRENT_TIME));
            assert!(!shown.contains("top-secret"), "{shown}");
        }
    }
}
