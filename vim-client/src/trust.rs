//! Which server certificates are trusted.

use crate::Endpoint;
use ring::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme,
};
use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use vim_wire::{Error, ErrorKind};

/// Which server certificates are trusted.
///
/// ```
/// use vim_client::Trust;
///
/// let pinned = Trust::Thumbprint("5A:BF:02:81:…".to_owned());
/// # let _ = pinned;
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trust {
    /// Those that a root of the system vouches for.
    #[default]
    System,
    /// Those that a certificate in this PEM file vouches for, and those that are in it themselves.
    CaFile(PathBuf),
    /// As [`CaFile`](Self::CaFile), with the file's content.
    CaPem(Vec<u8>),
    /// The one with this SHA-256 or SHA-1 thumbprint, whatever its name, issuer and age: hexadecimal, with or without colons.
    Thumbprint(String),
    /// Any. Whoever is on the way can read and change everything, so that each client with it logs a warning.
    Insecure,
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::CaFile(path) => f.debug_tuple("CaFile").field(path).finish(),
            Self::CaPem(pem) => write!(f, "CaPem({} bytes)", pem.len()),
            Self::Thumbprint(text) => f.debug_tuple("Thumbprint").field(text).finish(),
            Self::Insecure => f.write_str("Insecure"),
        }
    }
}

impl Trust {
    /// The TLS configuration, with a provider of its own: none is installed for the whole process.
    pub(crate) fn config(&self, endpoint: &Endpoint) -> Result<ClientConfig, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let rule = match self {
            // Plain HTTP needs no roots, and containers often have none.
            Self::System if !endpoint.is_secure() => Rule::Any,
            Self::System => Rule::Roots { verifier: system(&provider, endpoint)?, listed: Vec::new() },
            Self::CaFile(path) => {
                let pem = std::fs::read(path).map_err(|error| {
                    let message =
                        format!("the CA file {} for {endpoint} cannot be read: {error}", path.display());
                    Error::new(ErrorKind::InvalidInput, message)
                })?;
                listed(&pem, &format!("the CA file {}", path.display()), &provider, endpoint)?
            }
            Self::CaPem(pem) => listed(pem, "the PEM text", &provider, endpoint)?,
            Self::Thumbprint(text) => Rule::Thumbprint(Thumbprint::parse(text, endpoint)?),
            Self::Insecure => {
                if endpoint.is_secure() {
                    tracing::warn!(%endpoint, "the server's certificate is not checked: anyone on the way can read and change everything");
                }
                Rule::Any
            }
        };
        let verifier = Arc::new(Verifier { rule, provider: Arc::clone(&provider) });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(endpoint, &error))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        Ok(config)
    }
}

fn unusable(endpoint: &Endpoint, cause: &dyn fmt::Display) -> Error {
    Error::new(ErrorKind::InvalidInput, format!("TLS for {endpoint} cannot be set up: {cause}"))
}

fn system(provider: &Arc<CryptoProvider>, endpoint: &Endpoint) -> Result<Arc<dyn ServerCertVerifier>, Error> {
    let no_roots = "give a CA file or a thumbprint where the system has no roots";
    let verifier = rustls_platform_verifier::Verifier::new(Arc::clone(provider));
    Ok(Arc::new(verifier.map_err(|error| unusable(endpoint, &error).with_hint(no_roots))?))
}

fn listed(
    pem: &[u8],
    what: &str,
    provider: &Arc<CryptoProvider>,
    endpoint: &Endpoint,
) -> Result<Rule, Error> {
    let refuse = |why: &dyn fmt::Display| {
        Error::new(ErrorKind::InvalidInput, format!("{what} for {endpoint} cannot be used: {why}"))
    };
    let listed: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|error| refuse(&error))?;
    let mut roots = RootCertStore::empty();
    for certificate in &listed {
        roots.add(certificate.clone()).map_err(|error| refuse(&error))?;
    }
    if roots.is_empty() {
        return Err(refuse(&"it has no certificate in PEM form"));
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| refuse(&error))?;
    Ok(Rule::Roots { verifier, listed })
}

/// What a certificate is compared with.
#[derive(Debug)]
enum Rule {
    Roots { verifier: Arc<dyn ServerCertVerifier>, listed: Vec<CertificateDer<'static>> },
    Thumbprint(Thumbprint),
    Any,
}

/// A certificate's digest.
#[derive(Debug)]
struct Thumbprint(Vec<u8>);

impl Thumbprint {
    fn parse(text: &str, endpoint: &Endpoint) -> Result<Self, Error> {
        let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b':' | b' ')).collect();
        let bytes: Option<Vec<u8>> = digits
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok()))
            .collect();
        match bytes {
            Some(bytes) if digits.iter().all(u8::is_ascii_hexdigit) && matches!(digits.len(), 40 | 64) => {
                Ok(Self(bytes))
            }
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                format!(
                    "{text:?} for {endpoint} is not a thumbprint: 64 hexadecimal digits for SHA-256 or 40 for SHA-1 are"
                ),
            )),
        }
    }

    fn of(&self, certificate: &CertificateDer<'_>) -> Vec<u8> {
        let algorithm = if self.0.len() == 20 { &SHA1_FOR_LEGACY_USE_ONLY } else { &SHA256 };
        digest::digest(algorithm, certificate).as_ref().to_vec()
    }
}

/// A digest as people write it: `5A:BF:…`.
fn colons(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}

/// Why a certificate is not trusted; goes through rustls and reqwest as the cause of a failed connection.
#[derive(Debug)]
pub(crate) struct Untrusted {
    reason: String,
    /// The certificate's SHA-256 thumbprint, so that a user can compare it and paste it.
    thumbprint: String,
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; its SHA-256 thumbprint is {}", self.reason, self.thumbprint)
    }
}

impl StdError for Untrusted {}

impl Untrusted {
    /// The one in a TLS error.
    pub(crate) fn find(error: &rustls::Error) -> Option<&Self> {
        match error {
            rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) => {
                cause.downcast_ref()
            }
            _ => None,
        }
    }
}

#[derive(Debug)]
struct Verifier {
    rule: Rule,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    fn verdict(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<(), String> {
        match &self.rule {
            Rule::Any => Ok(()),
            Rule::Thumbprint(wanted) => {
                let found = wanted.of(leaf);
                if found == wanted.0 {
                    return Ok(());
                }
                Err(format!("its thumbprint is {}, and not {}", colons(&found), colons(&wanted.0)))
            }
            Rule::Roots { verifier, listed } => {
                match verifier.verify_server_cert(leaf, intermediates, name, ocsp, now) {
                    Ok(_) => Ok(()),
                    // A self-signed server certificate that is also marked as an authority, and is itself in the file.
                    Err(rustls::Error::InvalidCertificate(cause))
                        if is_own_ca(&cause) && listed.contains(leaf) =>
                    {
                        let parsed = rustls::server::ParsedCertificate::try_from(leaf)
                            .map_err(|error| error.to_string())?;
                        rustls::client::verify_server_name(&parsed, name).map_err(|error| reason(&error))
                    }
                    Err(error) => Err(reason(&error)),
                }
            }
        }
    }
}

fn is_own_ca(cause: &CertificateError) -> bool {
    matches!(cause, CertificateError::Other(OtherError(inner)) if inner.to_string().contains("CaUsedAsEndEntity"))
}

fn reason(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "no trusted authority vouches for it".to_owned()
        }
        rustls::Error::InvalidCertificate(cause) => cause.to_string(),
        other => other.to_string(),
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verdict(leaf, intermediates, name, ocsp, now).map(|()| ServerCertVerified::assertion()).map_err(
            |reason| {
                let thumbprint = colons(digest::digest(&SHA256, leaf).as_ref());
                CertificateError::Other(OtherError(Arc::new(Untrusted { reason, thumbprint }))).into()
            },
        )
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        // Even where any certificate will do, whoever shows it has to own its key: without that a thumbprint says nothing.
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_taken_with_and_without_colons_and_nothing_else_is() {
        let endpoint: Endpoint = "vc".parse().expect("an address");
        for text in ["5a".repeat(32), vec!["5A"; 32].join(":"), "AB".repeat(20), vec!["ab"; 20].join(":")] {
            assert!(Thumbprint::parse(&text, &endpoint).is_ok(), "{text}");
        }
        for text in ["", "5A", "zz", &"5a".repeat(31), &"+5".repeat(32), &"5".repeat(63)] {
            let error = Thumbprint::parse(text, &endpoint).expect_err(text);
            assert!(
                error.kind() == ErrorKind::InvalidInput && error.to_string().contains("https://vc"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_missing_or_empty_ca_file_is_said() {
        let endpoint: Endpoint = "vc".parse().expect("an address");
        let error = Trust::CaFile("/no/such/file.pem".into()).config(&endpoint).expect_err("no file");
        assert!(
            error.to_string().contains("/no/such/file.pem") && error.to_string().contains("https://vc"),
            "{error}"
        );
        let error = Trust::CaPem(b"hello".to_vec()).config(&endpoint).expect_err("no PEM");
        assert!(error.to_string().contains("no certificate"), "{error}");
    }
}
