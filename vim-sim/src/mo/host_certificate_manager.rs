//! `HostCertificateManager`: by which certificate a host is known.

use super::host_system::{self, host_of};
use crate::call::{Call, Reply, methods};
use crate::fault::{Fault, Result};
use rcgen::{CertificateParams, DnType, KeyPair};
use vim_types::mo::HostCertificateManagerProperties;

methods! {
    "GenerateCertificateSigningRequest" => request,
    "GenerateCertificateSigningRequestByDn" => request_by_name,
    "RetrieveCertificateInfoList" => list,
    "NotifyAffectedServices" => notify,
}

/// A request for a certificate of that subject, with a key of its own, as PEM.
fn signing_request(subject: &[(DnType, String)]) -> Result<String> {
    let failed = |error: rcgen::Error| Fault::invalid_state(format!("no request can be made: {error}"));
    let mut params = CertificateParams::default();
    for (kind, value) in subject {
        params.distinguished_name.push(kind.clone(), value.clone());
    }
    let key = KeyPair::generate().map_err(failed)?;
    params.serialize_request(&key).and_then(|request| request.pem()).map_err(failed)
}

fn request(call: &Call<'_>) -> Result<Reply> {
    let by_address: bool = call.arg("useIpAddressAsCommonName")?;
    let name = call.read(|world| {
        let host = host_of(world, &call.this)?;
        let name = world.name(&host).to_owned();
        if by_address { host_system::management_address(world, &host) } else { Ok(name) }
    })?;
    call.returns(&signing_request(&[
        (DnType::OrganizationName, "vim-sim".into()),
        (DnType::CommonName, name),
    ])?)
}

fn request_by_name(call: &Call<'_>) -> Result<Reply> {
    let name: String = call.arg("distinguishedName")?;
    let mut subject = Vec::new();
    for part in name.split(',') {
        let (kind, value) =
            part.split_once('=').ok_or_else(|| Fault::invalid_argument("distinguishedName"))?;
        let kind = match kind.trim().to_ascii_uppercase().as_str() {
            "CN" => DnType::CommonName,
            "O" => DnType::OrganizationName,
            "OU" => DnType::OrganizationalUnitName,
            "L" => DnType::LocalityName,
            "ST" => DnType::StateOrProvinceName,
            "C" => DnType::CountryName,
            _ => return Err(Fault::invalid_argument("distinguishedName")),
        };
        subject.push((kind, value.trim().to_owned()));
    }
    call.returns(&signing_request(&subject)?)
}

fn list(call: &Call<'_>) -> Result<Reply> {
    let info = call.read(|world| {
        let manager = world.get::<HostCertificateManagerProperties>(&call.this)?;
        Ok::<_, Fault>(manager.certificate_info.clone())
    })?;
    call.returns(&vec![info])
}

/// Services take a new certificate by themselves.
fn notify(call: &Call<'_>) -> Result<Reply> {
    call.list::<String>("services")?;
    call.done()
}
