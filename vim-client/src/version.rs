//! What a server says about itself before any call: whether it is vSphere at all, and which API versions it has.

use crate::Endpoint;
use crate::transport::Incoming;
use vim_wire::{DecodeError, Error, ErrorKind, Limits, Reader, Registry, Service, Tag};

/// Where a server says so.
pub(crate) const PATH: &str = "/sdk/vimServiceVersions.xml";

/// The document has no values of any type.
static NOTHING: Registry = Registry::new(&[], &[]);

/// The versions that a server and the bindings have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// The newest version of `urn:vim25` that both know.
    pub(crate) vim: String,
    /// What the server lists for other services, newest first.
    others: Vec<Listed>,
}

/// A service's namespace, and its versions.
type Listed = (String, Vec<String>);

impl Version {
    /// Reads it from what a server answered.
    pub(crate) fn negotiate(endpoint: &Endpoint, answer: &Incoming, vim: &Service) -> Result<Self, Error> {
        let not_vsphere = |why: String| {
            Error::new(
                ErrorKind::Protocol,
                format!("{endpoint} is not a vCenter or an ESXi host: {PATH} {why}"),
            )
        };
        if answer.status != 200 {
            return Err(not_vsphere(format!("answers {}", describe(answer))));
        }
        let mut services = match read(&answer.body) {
            Ok(Some(services)) => services,
            Ok(None) => return Err(not_vsphere(format!("answers {}", describe(answer)))),
            Err(error) if looks_like_xml(answer) => {
                return Err(not_vsphere(format!("cannot be read: {error}")));
            }
            Err(_) => return Err(not_vsphere(format!("answers {}", describe(answer)))),
        };
        let Some(at) =
            services.iter().position(|(name, versions)| name == vim.namespace && !versions.is_empty())
        else {
            let names: Vec<_> = services.iter().map(|(name, _)| name.as_str()).collect();
            return Err(not_vsphere(format!("lists no version of {}; it lists {names:?}", vim.namespace)));
        };
        let (_, theirs) = services.swap_remove(at);
        Ok(Self { vim: common(&theirs, vim), others: services })
    }

    /// The version to speak to one of the server's services.
    pub(crate) fn of(&self, service: &Service) -> String {
        if service.namespace == "urn:vim25" {
            return self.vim.clone();
        }
        match self.others.iter().find(|(name, versions)| name == service.namespace && !versions.is_empty()) {
            Some((_, theirs)) => common(theirs, service),
            // The other services of a vCenter are released with it, under the same numbers.
            None => service.since(service.index_of(&self.vim)).to_owned(),
        }
    }
}

/// The newest of the server's versions that is not newer than the bindings; where all are newer, the bindings' own, so that the
/// server answers in types that are known here.
fn common(theirs: &[String], service: &Service) -> String {
    let ours = numbers(service.version());
    theirs
        .iter()
        .filter(|version| numbers(version) <= ours)
        .max_by_key(|version| numbers(version))
        .map_or_else(|| service.version().to_owned(), Clone::clone)
}

fn numbers(version: &str) -> [u32; 4] {
    let mut out = [0; 4];
    for (slot, part) in out.iter_mut().zip(version.split('.')) {
        let digits = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        *slot = part[..digits].parse().unwrap_or(0);
    }
    out
}

/// The services with their versions, newest first; none where the document is of another kind.
fn read(body: &[u8]) -> Result<Option<Vec<Listed>>, DecodeError> {
    let mut reader = Reader::new(body, &NOTHING, Limits::default())?;
    let root = reader.root()?;
    let mut services = Vec::new();
    if root.name() != "namespaces" {
        return Ok(None);
    }
    while let Some(namespace) = reader.child(&root)? {
        let (mut name, mut versions) = (String::new(), Vec::new());
        while let Some(child) = reader.child(&namespace)? {
            match child.name() {
                "name" => name = text(&mut reader, &child)?,
                "version" => versions.push(text(&mut reader, &child)?),
                "priorVersions" => {
                    while let Some(prior) = reader.child(&child)? {
                        versions.push(text(&mut reader, &prior)?);
                    }
                }
                _ => reader.skip(&child)?,
            }
        }
        services.push((name, versions));
    }
    reader.finish()?;
    Ok(Some(services))
}

fn text<'x>(reader: &mut Reader<'x>, tag: &Tag<'x>) -> Result<String, DecodeError> {
    Ok(reader.text(tag)?.trim().to_owned())
}

fn looks_like_xml(answer: &Incoming) -> bool {
    answer.content_type.contains("xml") || answer.body.trim_ascii_start().starts_with(b"<?xml")
}

/// What kind of thing an answer is, for people: its status, its type and how it begins.
pub(crate) fn describe(answer: &Incoming) -> String {
    let mut out = format!("HTTP {}", answer.status);
    if let Some(location) = &answer.location {
        return format!("{out}, which leads to {location}");
    }
    if !answer.content_type.is_empty() {
        out.push_str(&format!(" ({})", answer.content_type));
    }
    let start = &answer.body[..answer.body.len().min(4096)];
    let start = String::from_utf8_lossy(start);
    let shown = title(&start).unwrap_or(&start);
    let shown: String = shown.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
    if shown.is_empty() { format!("{out} without content") } else { format!("{out}: {shown:?}") }
}

fn title(html: &str) -> Option<&str> {
    let (_, rest) = html.split_once("<title>").or_else(|| html.split_once("<TITLE>"))?;
    rest.split('<').next().filter(|title| !title.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vim_types::VIM25;

    fn answer(status: u16, content_type: &str, body: &str) -> Incoming {
        let body = body.as_bytes().to_vec();
        Incoming { status, content_type: content_type.to_owned(), location: None, retry_after: None, body }
    }

    fn listing(namespace: &str, versions: &[&str]) -> String {
        let (first, rest) = versions.split_first().expect("a version");
        let prior: String = rest.iter().map(|version| format!("<version>{version}</version>")).collect();
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<!-- comment -->\n<namespaces version=\"1.0\"> <namespace>\
             <name>{namespace}</name> <version>{first}</version><priorVersions>{prior}</priorVersions></namespace></namespaces>"
        )
    }

    fn negotiate(answer: &Incoming) -> Result<String, Error> {
        let endpoint: Endpoint = "vc".parse()?;
        Version::negotiate(&endpoint, answer, &VIM25).map(|version| version.vim)
    }

    #[test]
    fn the_newest_version_that_both_know_is_spoken() {
        let newest = VIM25.version();
        for (theirs, spoken) in [
            (&["8.0.3.0", "8.0.2.0", "2.0"][..], "8.0.3.0"),
            (&["6.5", "6.0"], "6.5"),
            (&["99.0.0.0", newest, "8.0.3.0"], newest),
            (&["99.0.0.0", "8.0.3.0"], "8.0.3.0"),
            (&["99.0.0.0"], newest),
        ] {
            let body = listing("urn:vim25", theirs);
            assert_eq!(negotiate(&answer(200, "text/xml", &body)).expect("a version"), spoken, "{theirs:?}");
        }
    }

    #[test]
    fn what_is_not_vsphere_is_said_with_what_it_answered() {
        for (answer, words) in [
            (answer(404, "text/plain", "404 page not found"), &["HTTP 404", "page not found"][..]),
            (
                answer(200, "text/html", "<!doctype html><html><title>Welcome to nginx!</title></html>"),
                &["text/html", "Welcome to nginx!"],
            ),
            (answer(200, "application/json", "{\"status\":\"ok\"}"), &["application/json", "status"]),
            (answer(200, "", ""), &["without content"]),
            (
                answer(200, "text/xml", &listing("urn:other", &["1.0"])),
                &["no version of urn:vim25", "urn:other"],
            ),
            (answer(200, "text/xml", "<namespaces><namespace>"), &["cannot be read"]),
        ] {
            let error = negotiate(&answer).expect_err("not vSphere");
            assert_eq!(error.kind(), ErrorKind::Protocol);
            let text = error.to_string();
            assert!(
                text.contains("https://vc is not a vCenter") && words.iter().all(|word| text.contains(word)),
                "{text}"
            );
        }
    }

    #[test]
    fn a_redirection_is_said_with_its_target() {
        let moved = Incoming { location: Some("https://other/".to_owned()), ..answer(302, "text/html", "") };
        assert!(negotiate(&moved).expect_err("moved").to_string().contains("https://other/"));
    }

    #[test]
    fn another_service_is_spoken_to_at_the_version_of_the_same_release() {
        static PBM: Service = Service {
            namespace: "urn:pbm",
            path: "/pbm",
            versions: &["1.0", "2.0", "6.5", "8.0.3.0"],
            registry: &NOTHING,
        };
        let of = |vim: &str| Version { vim: vim.to_owned(), others: Vec::new() }.of(&PBM);
        assert_eq!([of("6.0"), of("7.0.0.0"), of("9.1.1.0")], ["2.0", "6.5", "8.0.3.0"]);
    }
}
