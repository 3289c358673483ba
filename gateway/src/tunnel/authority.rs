//! The gateway's certificate authorities: one for its own listeners (what clients and agents pin) and one for agents'
//! client certificates. One authority per purpose, so that a certificate for one can never serve for the other.

use std::{
    io::Write as _,
    net::IpAddr,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, SanType,
};
use rustls_pki_types::{
    CertificateDer, CertificateSigningRequestDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject as _,
};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

/// How long an agent's certificate is good for; it renews at half of that.
pub const AGENT_CERTIFICATE: Duration = Duration::from_secs(24 * 3600);
/// How long the listeners' own certificate is good for; made anew at every start.
const SERVER_CERTIFICATE: Duration = Duration::from_secs(365 * 24 * 3600);
const AUTHORITY: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
const AGENT_NAME_PREFIX: &str = "spiffe://sallyport/agent/";

/// Both authorities.
pub struct Authority {
    server: Ca,
    agents: Ca,
    directory: PathBuf,
}

struct Ca {
    issuer: Issuer<'static, KeyPair>,
    der: CertificateDer<'static>,
}

/// A certificate with its key, for a listener.
pub struct ServerIdentity {
    /// Leaf first, then the authority, so that an agent that knows only the authority's hash can check it.
    pub chain: Vec<CertificateDer<'static>>,
    /// The leaf's key.
    pub key: PrivateKeyDer<'static>,
}

/// Who an agent is, from its certificate alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentPeer {
    /// The agent's name.
    pub name: String,
    /// Counts renewals; a stale one means that the key was cloned.
    pub generation: u64,
}

/// What went wrong with keys or certificates.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// A file could not be read or written.
    #[error("{0}: {1}")]
    File(PathBuf, std::io::Error),
    /// A key or certificate is malformed.
    #[error("certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A PEM file is malformed.
    #[error("{0} is no PEM file")]
    Pem(PathBuf),
}

impl Authority {
    /// Loads both authorities from `directory`, or makes them.
    ///
    /// # Errors
    /// If files cannot be read or written.
    pub fn load_or_create(directory: &Path) -> Result<Self, AuthorityError> {
        std::fs::create_dir_all(directory).map_err(|error| AuthorityError::File(directory.into(), error))?;
        Ok(Self {
            server: Ca::load_or_create(directory, "server-ca", "Sallyport server authority")?,
            agents: Ca::load_or_create(directory, "agent-ca", "Sallyport agent authority")?,
            directory: directory.to_owned(),
        })
    }

    /// The file with the authority that people's clients trust.
    #[must_use]
    pub fn server_ca_file(&self) -> PathBuf {
        self.directory.join("server-ca.pem")
    }

    /// The authority that signs the listeners' certificate.
    #[must_use]
    pub fn server_root(&self) -> &CertificateDer<'static> {
        &self.server.der
    }

    /// The authority that signs agents' certificates.
    #[must_use]
    pub fn agent_root(&self) -> &CertificateDer<'static> {
        &self.agents.der
    }

    /// A fresh certificate for the listeners.
    ///
    /// # Errors
    /// If a name cannot stand in a certificate.
    pub fn server_identity(&self, names: &[String]) -> Result<ServerIdentity, AuthorityError> {
        let mut params = CertificateParams::new(Vec::new())?;
        for name in names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.clone().try_into()?),
            });
        }
        params.distinguished_name = common_name(names.first().map_or("sallyport", String::as_str));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        validity(&mut params, SERVER_CERTIFICATE);
        let key = KeyPair::generate()?;
        let leaf = params.signed_by(&key, &self.server.issuer)?;
        Ok(ServerIdentity {
            chain: vec![leaf.der().clone(), self.server.der.clone()],
            key: PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
        })
    }

    /// Signs an agent's request. Nothing of the request but its public key is used.
    ///
    /// # Errors
    /// If the name cannot stand in a certificate.
    pub fn sign_agent(
        &self,
        request: AgentRequest,
        peer: &AgentPeer,
    ) -> Result<(CertificateDer<'static>, SystemTime), AuthorityError> {
        let AgentRequest { mut request, .. } = request;
        let uri = format!("{AGENT_NAME_PREFIX}{}/{}", peer.name, peer.generation);
        request.params = CertificateParams::new(Vec::new())?;
        request.params.subject_alt_names.push(SanType::URI(uri.try_into()?));
        request.params.distinguished_name = common_name(&peer.name);
        request.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        request.params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        validity(&mut request.params, AGENT_CERTIFICATE);
        let leaf = request.signed_by(&self.agents.issuer)?;
        Ok((leaf.der().clone(), SystemTime::now() + AGENT_CERTIFICATE))
    }
}

/// An agent's signing request, checked to be signed by its own key.
pub struct AgentRequest {
    request: CertificateSigningRequestParams,
    key: String,
}

impl AgentRequest {
    /// Reads a DER request.
    ///
    /// # Errors
    /// If it is malformed or not signed by its own key.
    pub fn parse(der: &[u8]) -> Result<Self, AuthorityError> {
        let request = CertificateSigningRequestParams::from_der(&CertificateSigningRequestDer::from(der))?;
        let key = hex::encode(Sha256::digest(rcgen::PublicKeyData::der_bytes(&request.public_key)));
        Ok(Self { request, key })
    }

    /// Hex SHA-256 of the public key.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl AgentPeer {
    /// Reads the name out of a certificate that TLS has already verified against the agents' authority.
    #[must_use]
    pub fn from_certificate(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = x509_parser::parse_x509_certificate(der).ok()?;
        let names = certificate.subject_alternative_name().ok()??;
        let mut uris = names.value.general_names.iter().filter_map(|name| match name {
            x509_parser::extensions::GeneralName::URI(uri) => Some(*uri),
            _ => None,
        });
        let uri = uris.next()?;
        if uris.next().is_some() {
            return None;
        }
        let (name, generation) = uri.strip_prefix(AGENT_NAME_PREFIX)?.rsplit_once('/')?;
        Some(Self { name: name.to_owned(), generation: generation.parse().ok()? })
    }
}

impl Ca {
    fn load_or_create(directory: &Path, file: &str, name: &str) -> Result<Self, AuthorityError> {
        let key_path = directory.join(format!("{file}.key"));
        let pem_path = directory.join(format!("{file}.pem"));
        if key_path.exists() && pem_path.exists() {
            return Self::load(&key_path, &pem_path);
        }
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name = common_name(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        validity(&mut params, AUTHORITY);
        let certificate = params.self_signed(&key)?;
        write_private(&key_path, key.serialize_pem().as_bytes())?;
        std::fs::write(&pem_path, certificate.pem()).map_err(|error| AuthorityError::File(pem_path, error))?;
        Ok(Self { der: certificate.der().clone(), issuer: Issuer::new(params, key) })
    }

    fn load(key_path: &Path, pem_path: &Path) -> Result<Self, AuthorityError> {
        let read =
            |path: &Path| std::fs::read_to_string(path).map_err(|error| AuthorityError::File(path.into(), error));
        let key = KeyPair::from_pem(&read(key_path)?)?;
        let der = CertificateDer::from_pem_slice(read(pem_path)?.as_bytes())
            .map_err(|_| AuthorityError::Pem(pem_path.into()))?;
        Ok(Self { issuer: Issuer::from_ca_cert_der(&der, key)?, der })
    }
}

fn common_name(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

fn validity(params: &mut CertificateParams, life: Duration) {
    let now = OffsetDateTime::now_utc();
    // Clocks differ a little between hosts.
    params.not_before = now - Duration::from_secs(300);
    params.not_after = now + life;
}

fn write_private(path: &Path, content: &[u8]) -> Result<(), AuthorityError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let write = || options.open(path).and_then(|mut file| file.write_all(content));
    write().map_err(|error| AuthorityError::File(path.into(), error))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_agent_is_known_by_its_certificate_alone() {
        let directory = std::env::temp_dir().join(format!("authority-{}", uuid::Uuid::new_v4()));
        let authority = Authority::load_or_create(&directory).unwrap();
        let key = KeyPair::generate().unwrap();
        // Whatever the agent writes into its request is ignored.
        let mut params = CertificateParams::new(vec!["somebody-else".to_owned()]).unwrap();
        params.subject_alt_names.push(SanType::URI("spiffe://sallyport/agent/root/9".to_owned().try_into().unwrap()));
        let csr = params.serialize_request(&key).unwrap();
        let peer = AgentPeer { name: "prod".into(), generation: 3 };
        let (der, _) = authority.sign_agent(AgentRequest::parse(csr.der()).unwrap(), &peer).unwrap();
        assert_eq!(AgentPeer::from_certificate(&der), Some(peer));

        let again = Authority::load_or_create(&directory).unwrap();
        assert_eq!(again.agent_root(), authority.agent_root());
        assert_eq!(AgentPeer::from_certificate(authority.server_root()), None);
        std::fs::remove_dir_all(directory).unwrap();
    }
}
