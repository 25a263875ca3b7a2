//! Which certificates are trusted.

use crate::support::{Reply, Server};
use crate::{client, says};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};
use vim_client::{ErrorKind, Trust};

struct Certified {
    acceptor: TlsAcceptor,
    /// What a CA file would have.
    pem: String,
    leaf: CertificateDer<'static>,
}

fn acceptor(leaf: &CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![leaf.clone()], key)
        .expect("a certificate");
    TlsAcceptor::from(Arc::new(config))
}

/// A server certificate for that name, of an authority.
fn of_authority(name: &str) -> Certified {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority =
        CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(vec![name.to_owned()])
        .expect("a name")
        .signed_by(&key, &authority)
        .expect("a leaf");
    let leaf = leaf.der().clone();
    Certified { acceptor: acceptor(&leaf, &key), pem: authority.pem(), leaf }
}

/// A certificate that signs itself, as a fresh ESXi host has it; marked as an authority or not.
fn of_itself(authority: bool) -> Certified {
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("a name");
    if authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let leaf = certificate.der().clone();
    Certified { acceptor: acceptor(&leaf, &key), pem: certificate.pem(), leaf }
}

async fn connect(certified: &Certified, trust: Trust) -> (Server, Result<(), vim_client::Error>) {
    let server = Server::start_tls(certified.acceptor.clone(), |_| Reply::Usual).await;
    let result = client(&server).trust(trust).connect().await;
    let result = match result {
        Ok(client) => client.close().await,
        Err(error) => Err(error),
    };
    (server, result)
}

fn hex(bytes: &[u8], between: &str) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(between)
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_with_its_thumbprint() {
    let certified = of_itself(false);
    let other = of_authority("127.0.0.1");
    let (server, result) = connect(&certified, Trust::CaPem(other.pem.into_bytes())).await;
    let error = result.expect_err("untrusted");
    assert_eq!(error.kind(), ErrorKind::Untrusted);
    let thumbprint = hex(digest(&SHA256, &certified.leaf).as_ref(), ":").to_uppercase();
    says(&error, &[&server.url, "not trusted", &thumbprint]);
    assert_eq!(server.count("GET"), 0, "nothing was sent");
}

#[tokio::test]
async fn the_systems_roots_are_the_default() {
    let certified = of_itself(false);
    let server = Server::start_tls(certified.acceptor.clone(), |_| Reply::Usual).await;
    let error = client(&server).connect().await.expect_err("untrusted");
    // A machine without any roots says so when the client is made.
    assert!(matches!(error.kind(), ErrorKind::Untrusted | ErrorKind::InvalidInput), "{error}");
    says(&error, &[&server.url]);
}

#[tokio::test]
async fn an_authority_in_a_file_is_trusted() {
    let certified = of_authority("127.0.0.1");
    let path = std::env::temp_dir().join(format!("vim-client-ca-{}.pem", std::process::id()));
    std::fs::write(&path, format!("a comment\n{}", certified.pem)).expect("a file");
    let (_, result) = connect(&certified, Trust::CaFile(path.clone())).await;
    let _ = std::fs::remove_file(path);
    result.expect("trusted");
}

#[tokio::test]
async fn a_certificate_in_the_file_itself_is_trusted() {
    for authority in [false, true] {
        let certified = of_itself(authority);
        let (_, result) = connect(&certified, Trust::CaPem(certified.pem.clone().into_bytes())).await;
        result.unwrap_or_else(|error| panic!("marked as an authority: {authority}: {error}"));
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let certified = of_authority("other.example.com");
    let (server, result) = connect(&certified, Trust::CaPem(certified.pem.clone().into_bytes())).await;
    let error = result.expect_err("another name");
    assert_eq!(error.kind(), ErrorKind::Untrusted);
    says(&error, &[&server.url, "name"]);
}

#[tokio::test]
async fn a_thumbprint_is_compared_and_names_do_not_matter() {
    let certified = of_authority("other.example.com");
    for text in [
        hex(digest(&SHA256, &certified.leaf).as_ref(), ""),
        hex(digest(&SHA256, &certified.leaf).as_ref(), ":").to_uppercase(),
        hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, &certified.leaf).as_ref(), ":"),
    ] {
        let (_, result) = connect(&certified, Trust::Thumbprint(text)).await;
        result.expect("trusted");
    }
}

#[tokio::test]
async fn another_thumbprint_is_refused_with_the_right_one() {
    let certified = of_itself(false);
    let (server, result) = connect(&certified, Trust::Thumbprint("ab".repeat(32))).await;
    let error = result.expect_err("another certificate");
    assert_eq!(error.kind(), ErrorKind::Untrusted);
    let thumbprint = hex(digest(&SHA256, &certified.leaf).as_ref(), ":").to_uppercase();
    says(&error, &[&server.url, &thumbprint, "AB:AB"]);
}

#[tokio::test]
async fn any_certificate_will_do_where_that_is_said() {
    let (_, result) = connect(&of_authority("other.example.com"), Trust::Insecure).await;
    result.expect("anything goes");
}

#[tokio::test]
async fn a_certificate_for_an_address_of_version_6_is_trusted() {
    for (name, trusted) in [("::1", true), ("::2", false)] {
        let certified = of_authority(name);
        let server = Server::start_on("[::1]:0", Some(certified.acceptor.clone()), |_| Reply::Usual).await;
        assert!(server.url.starts_with("https://[::1]:"), "{}", server.url);
        let trust = Trust::CaPem(certified.pem.clone().into_bytes());
        match client(&server).trust(trust).connect().await {
            Ok(client) => {
                assert!(trusted);
                client.current_time().await.expect("the time");
                client.close().await.expect("closed");
            }
            Err(error) => {
                assert!(!trusted && error.kind() == ErrorKind::Untrusted, "{error}");
                says(&error, &[&server.url, "name"]);
            }
        }
        let thumbprint = Trust::Thumbprint(hex(digest(&SHA256, &certified.leaf).as_ref(), ""));
        client(&server).trust(thumbprint).connect().await.expect("trusted").close().await.expect("closed");
    }
}
