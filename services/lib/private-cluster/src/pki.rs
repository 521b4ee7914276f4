//! A certificate authority of the cluster's own and everything that it signs, as files of one directory.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use crate::{Error, files};

/// Whom a certificate names: Kubernetes reads the common name as the user and the organisation as the group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) user: &'a str,
    pub(crate) group: Option<&'a str>,
}

/// The certificate and key of one holder.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// Signs certificates for one cluster. Nothing expires within the life of a cluster that lives on one machine.
pub(crate) struct Authority {
    directory: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes an authority and writes its certificate and key.
    pub(crate) fn create(directory: &Path) -> Result<Self, Error> {
        files::create_directory(directory)?;
        let key = KeyPair::generate()?;
        let parameters = parameters()?;
        files::write(&authority(directory).certificate, &parameters.self_signed(&key)?.pem())?;
        files::write_private(&authority(directory).key, &key.serialize_pem())?;
        Ok(Self { directory: directory.to_owned(), issuer: Issuer::new(parameters, key) })
    }

    /// The authority that was made there before: what it signs names the same issuer and is signed by the same key.
    pub(crate) fn open(directory: &Path) -> Result<Self, Error> {
        let path = authority(directory).key;
        let key = KeyPair::from_pem(&std::fs::read_to_string(&path).map_err(Error::path(&path))?)?;
        Ok(Self { directory: directory.to_owned(), issuer: Issuer::new(parameters()?, key) })
    }

    /// Signs a certificate that serves as `names` and is a client as `subject`.
    pub(crate) fn issue(&self, name: &str, subject: Subject<'_>, names: &[&str]) -> Result<Pair, Error> {
        let mut parameters = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        parameters.distinguished_name.push(DnType::CommonName, subject.user);
        if let Some(group) = subject.group {
            parameters.distinguished_name.push(DnType::OrganizationName, group);
        }
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate()?;
        let certificate = parameters.signed_by(&key, &self.issuer)?;
        let pair = pair(&self.directory, name);
        files::write(&pair.certificate, &certificate.pem())?;
        files::write_private(&pair.key, &key.serialize_pem())?;
        Ok(pair)
    }
}

fn parameters() -> Result<CertificateParams, Error> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters.distinguished_name.push(DnType::CommonName, "private-cluster");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(parameters)
}

/// Writes the key that `ServiceAccount` tokens are signed with: the private half and the public one.
pub(crate) fn create_token_key(directory: &Path) -> Result<(), Error> {
    let key = KeyPair::generate()?;
    files::write_private(&token_key(directory).key, &key.serialize_pem())?;
    files::write(&token_key(directory).certificate, &key.public_key_pem())
}

/// Where a holder's files lie.
pub(crate) fn pair(directory: &Path, name: &str) -> Pair {
    Pair { certificate: directory.join(format!("{name}.crt")), key: directory.join(format!("{name}.key")) }
}

/// Where the authority's own files lie.
pub(crate) fn authority(directory: &Path) -> Pair {
    pair(directory, "ca")
}

/// Where the key of `ServiceAccount` tokens lies; its public half stands in the place of a certificate.
pub(crate) fn token_key(directory: &Path) -> Pair {
    pair(directory, "service-accounts")
}
