//! A live server's files.

use codegen::schema::source::{MAX_FILE, Source};
use codegen::{Error, Result};
use std::time::Duration;
use ureq::tls::{RootCerts, TlsConfig};

/// A folder on a server.
#[derive(Debug)]
pub(crate) struct Server {
    agent: ureq::Agent,
    folder: String,
}

impl Server {
    /// The folder of an address and the name of the file to start from: `vimService.wsdl` where it names none.
    pub(crate) fn new(url: &str, insecure: bool) -> Result<(Self, String)> {
        let (folder, root) = split(url)?;
        // A vCenter's certificate is mostly signed by an authority that only the system's administrator trusts.
        let roots = RootCerts::PlatformVerifier;
        let tls = TlsConfig::builder().root_certs(roots).disable_verification(insecure).build();
        // A redirect could lead off the server whose certificate was checked.
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(120)))
            .http_status_as_error(false)
            .build();
        Ok((Self { agent: config.into(), folder }, root))
    }
}

impl Source for Server {
    fn read(&self, name: &str) -> Result<Option<String>> {
        let url = format!("{}/{name}", self.folder);
        let fault = |cause: String| Error::new(&url, "", cause);
        let mut response = self.agent.get(&url).call().map_err(|error| fault(error.to_string()))?;
        match response.status().as_u16() {
            200 => {}
            // What may be missing is for the reader to say; of anything else, the address tells more than the name.
            404 if name.starts_with("reflect-") => return Ok(None),
            status => return Err(fault(format!("the server answered {status}"))),
        }
        let text = response.body_mut().with_config().limit(MAX_FILE).read_to_string();
        text.map(Some).map_err(|error| fault(error.to_string()))
    }
}

fn split(url: &str) -> Result<(String, String)> {
    let fault = |cause: &str| Error::new(url, "", cause);
    let url = url.trim_end_matches('/');
    let (scheme, rest) =
        url.split_once("://").ok_or_else(|| fault("is not an address; such as https://vcenter/sdk"))?;
    if !matches!(scheme, "http" | "https") {
        return Err(fault("must begin with https:// or http://"));
    }
    if rest.is_empty() || rest.contains(['?', '#', '@']) {
        return Err(fault("must be a server and a folder, without user, query or fragment"));
    }
    Ok(match (rest.split_once('/'), url.rsplit_once('/')) {
        (Some(_), Some((folder, file))) if file.ends_with(".wsdl") || file.ends_with(".xsd") => {
            (folder.to_owned(), file.to_owned())
        }
        (Some(_), _) => (url.to_owned(), "vimService.wsdl".to_owned()),
        (None, _) => (format!("{url}/sdk"), "vimService.wsdl".to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_folder_and_file() {
        let of = |url: &str| split(url).unwrap();
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(of("https://vc/sdk"), pair("https://vc/sdk", "vimService.wsdl"));
        assert_eq!(of("https://vc/sdk/"), pair("https://vc/sdk", "vimService.wsdl"));
        assert_eq!(of("https://vc:8443"), pair("https://vc:8443/sdk", "vimService.wsdl"));
        assert_eq!(of("https://vc/pbm/pbmService.wsdl"), pair("https://vc/pbm", "pbmService.wsdl"));
        for wrong in ["vc/sdk", "file:///etc/passwd", "https://", "https://a@b/sdk", "https://vc/sdk?x"] {
            assert!(split(wrong).is_err(), "{wrong}");
        }
    }
}
