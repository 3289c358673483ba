//! Certificates for targets that speak TLS, and for a relay that stands in the middle.

use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SignatureAlgorithm,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use sha2::{Digest, Sha256};

/// An authority of a scenario's own.
#[derive(Debug)]
pub struct Authority {
    /// Its certificate.
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The certificate.
    pub pem: String,
    /// The key, PKCS#8.
    pub key_pem: String,
}

impl Authority {
    /// A new one.
    #[must_use]
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// The authority with this certificate and key (PEM).
    #[must_use]
    pub fn of(pem: &str, key_pem: &str) -> Self {
        let key = KeyPair::from_pem(key_pem).unwrap();
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
        Self { issuer: Issuer::from_ca_cert_der(&der, key).unwrap(), pem: pem.to_owned() }
    }

    /// A certificate for a server of these names.
    #[must_use]
    pub fn server(&self, names: &[&str]) -> Leaf {
        self.leaf(names, "server", ExtendedKeyUsagePurpose::ServerAuth, &rcgen::PKCS_ECDSA_P256_SHA256)
    }

    /// A certificate for a client whose common name is `name`.
    #[must_use]
    pub fn client(&self, name: &str) -> Leaf {
        self.leaf(&[], name, ExtendedKeyUsagePurpose::ClientAuth, &rcgen::PKCS_ECDSA_P256_SHA256)
    }

    fn leaf(
        &self,
        names: &[&str],
        common: &str,
        usage: ExtendedKeyUsagePurpose,
        kind: &'static SignatureAlgorithm,
    ) -> Leaf {
        let key = KeyPair::generate_for(kind).unwrap();
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(rcgen::DnType::CommonName, common);
        params.extended_key_usages = vec![usage];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        Leaf { pem: params.signed_by(&key, &self.issuer).unwrap().pem(), key_pem: key.serialize_pem() }
    }
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Leaf {
    /// Hex SHA-256 of the certificate, as connections pin it.
    #[must_use]
    pub fn pin(&self) -> String {
        pin(&self.pem)
    }

    /// What a listener needs. With `clients`, only who has a certificate of that authority gets in.
    #[must_use]
    pub fn listener(&self, clients: Option<&Authority>, alpn: &[&str]) -> rustls::ServerConfig {
        let builder = match clients {
            Some(authority) => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
                let verifier = rustls::server::WebPkiClientVerifier::builder(roots.into()).build().unwrap();
                rustls::ServerConfig::builder().with_client_cert_verifier(verifier)
            }
            None => rustls::ServerConfig::builder().with_no_client_auth(),
        };
        let (chain, key) = self.parts();
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }

    /// Chain and key as rustls takes them.
    #[must_use]
    pub fn parts(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        let chain = CertificateDer::pem_slice_iter(self.pem.as_bytes()).map(Result::unwrap).collect();
        (chain, PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).unwrap())
    }
}

/// Hex SHA-256 of the first certificate in a PEM text.
#[must_use]
pub fn pin(pem: &str) -> String {
    hex::encode(Sha256::digest(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()))
}
