//! Where a server is, as users write it.

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;
use url::{Host, Url};
use vim_wire::{Error, ErrorKind};

/// The address of a vCenter or of a standalone ESXi host.
///
/// It is read from what users write: a host name or an IP address, with or without port, `https://`, and `/sdk` at its end.
/// Plain `http://` is taken only where it is written out, which is meant for simulators.
///
/// ```
/// use vim_client::Endpoint;
///
/// for text in ["vcenter.example.com", "https://vcenter.example.com", "https://vcenter.example.com:443/sdk/"] {
///     assert_eq!(text.parse::<Endpoint>()?.to_string(), "https://vcenter.example.com");
/// }
/// assert_eq!("2001:db8::7".parse::<Endpoint>()?.to_string(), "https://[2001:db8::7]");
/// # Ok::<(), vim_client::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host, port and, behind some proxies, a path; without a slash at its end.
    base: String,
    host: String,
    secure: bool,
    local: bool,
}

impl Endpoint {
    /// The host, without port; an IPv6 address without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether connections are encrypted; `false` only for `http://`.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether it is this machine, where no proxy leads.
    pub(crate) const fn is_local(&self) -> bool {
        self.local
    }

    /// The URL of a path of the server, such as `/sdk`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] where the text is no such address, or has what does not belong there: a user, a password, a
    /// query or another path than `/sdk`. The error never repeats a password.
    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim();
        let Some(full) = with_scheme(text) else {
            return Err(refuse(text, "it is empty"));
        };
        // Before anything else: a password may have signs that make another address of the whole.
        if text.contains('@') {
            return Err(refuse(&masked(text), "user and password do not belong into it")
                .with_hint("give them to `ClientBuilder::credentials`"));
        }
        let url = Url::parse(&full).map_err(|error| refuse(text, &error.to_string()))?;
        let secure = match url.scheme() {
            "https" => true,
            "http" => false,
            other => {
                return Err(refuse(
                    text,
                    &format!("its scheme is {other:?}, and only https and http are spoken"),
                ));
            }
        };
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse(text, "it has a query or a fragment"));
        }
        let (host, local) = match url.host() {
            Some(Host::Domain(name)) => (name.to_owned(), name == "localhost"),
            Some(Host::Ipv4(ip)) => (ip.to_string(), ip.is_loopback()),
            Some(Host::Ipv6(ip)) => (ip.to_string(), ip.is_loopback()),
            None => return Err(refuse(text, "it has no host")),
        };
        let Some(prefix) = prefix_of(url.path()) else {
            let why = format!("its path {:?} is not that of the SDK", url.path());
            return Err(refuse(text, &why).with_hint("write the host alone, or the path /sdk behind it"));
        };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        let base = format!("{}://{}{port}{prefix}", url.scheme(), url.host_str().unwrap_or_default());
        Ok(Self { base, host, secure, local })
    }
}

fn refuse(text: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::InvalidInput,
        format!("{text:?} is not the address of a vCenter or an ESXi host: {why}"),
    )
}

/// An address as someone wrote it, without the user and the password that may be in it.
pub(crate) fn masked(text: &str) -> Cow<'_, str> {
    let Some((before, host)) = text.rsplit_once('@') else { return Cow::Borrowed(text) };
    let scheme = before.split_once("://").map(|(scheme, _)| scheme);
    let scheme = scheme.filter(|scheme| matches!(*scheme, "http" | "https" | "ftp"));
    Cow::Owned(match scheme {
        Some(scheme) => format!("{scheme}://…@{host}"),
        None => format!("…@{host}"),
    })
}

fn with_scheme(text: &str) -> Option<String> {
    if text.is_empty() {
        return None;
    }
    Some(if text.contains("://") {
        text.to_owned()
    } else if text.parse::<Ipv6Addr>().is_ok() {
        format!("https://[{text}]")
    } else {
        format!("https://{text}")
    })
}

/// What comes before `/sdk`: nothing, but behind a proxy that serves several servers.
fn prefix_of(path: &str) -> Option<&str> {
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return Some("");
    }
    path.strip_suffix("/sdk").or_else(|| path.strip_suffix("/sdk/vimService"))
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sdk(text: &str) -> String {
        text.parse::<Endpoint>().expect(text).url("/sdk")
    }

    #[test]
    fn addresses_are_taken_as_users_write_them() {
        for (text, url) in [
            ("vc", "https://vc/sdk"),
            (" vc.example.com ", "https://vc.example.com/sdk"),
            ("vc.example.com:8443", "https://vc.example.com:8443/sdk"),
            ("vc/sdk", "https://vc/sdk"),
            ("https://vc/", "https://vc/sdk"),
            ("https://vc:443/sdk/", "https://vc/sdk"),
            ("HTTPS://VC/sdk", "https://vc/sdk"),
            ("https://vc/sdk/vimService", "https://vc/sdk"),
            ("192.0.2.7", "https://192.0.2.7/sdk"),
            ("192.0.2.7:8989/sdk", "https://192.0.2.7:8989/sdk"),
            ("2001:db8::7", "https://[2001:db8::7]/sdk"),
            ("[2001:db8::7]:8443", "https://[2001:db8::7]:8443/sdk"),
            ("http://127.0.0.1:8989", "http://127.0.0.1:8989/sdk"),
            ("https://proxy/site-a/sdk", "https://proxy/site-a/sdk"),
        ] {
            assert_eq!(sdk(text), url, "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_reason() {
        for (text, reason) in [
            ("", "empty"),
            ("  ", "empty"),
            ("ftp://vc", "scheme is \"ftp\""),
            ("https://", "empty host"),
            ("vc:99999", "invalid port"),
            ("https://vc/ui", "path \"/ui\""),
            ("https://vc/sdk?x=1", "query"),
            ("https://vc/ui/#/home", "fragment"),
            ("two words", "invalid"),
        ] {
            let error = text.parse::<Endpoint>().expect_err(text);
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(error.to_string().contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        for (text, shown) in [
            ("https://administrator:Geheim1@vc/sdk", "\"https://…@vc/sdk\""),
            ("https://administrator@vsphere.local:Geh#eim1@vc", "\"https://…@vc\""),
            ("https://administrator:Geh/eim1@vc", "\"https://…@vc\""),
            ("https://administrator:Geh?eim1@vc", "\"https://…@vc\""),
            ("https://administrator:Geh@eim1@vc", "\"https://…@vc\""),
            ("administrator:Geh/eim1@vc", "\"…@vc\""),
            ("administrator:Geh://eim1@vc", "\"…@vc\""),
            ("ftp://administrator:Geheim1@vc", "\"ftp://…@vc\""),
            ("https://administrator:Geheim1@", "\"https://…@\""),
        ] {
            let error = text.parse::<Endpoint>().expect_err(text);
            let said = format!("{error} {error:?}");
            assert!(said.contains("credentials") && said.contains(shown), "{said}");
            assert!(!said.contains("eim1") && !said.contains("administrator"), "{said}");
        }
    }

    #[test]
    fn this_machine_is_told_from_others() {
        for (text, local) in
            [("localhost", true), ("127.0.0.1:80", true), ("[::1]:80", true), ("192.0.2.1", false)]
        {
            assert_eq!(text.parse::<Endpoint>().expect(text).is_local(), local, "{text}");
        }
    }
}
