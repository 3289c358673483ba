//! TLS towards a target: the chain and the name verified, or one pinned certificate. There is no third way: a target that
//! cannot prove who it is gets no credential. Shared by the drivers that speak TLS.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use proto::{Code, Refusal, TargetTls};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject};
use sha2::{Digest, Sha256};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A client certificate (PEM chain, leaf first) and its key (PEM) for targets that ask for one.
pub type ClientAuth<'a> = (&'a [u8], &'a [u8]);

/// Why no TLS session with the target came to be.
#[derive(Debug, thiserror::Error)]
pub enum TlsRefusal {
    /// The connection's settings hold no usable certificate, pin or name.
    #[error("the TLS settings are unusable: {0}")]
    Settings(&'static str),
    /// The client certificate or its key cannot be used.
    #[error("the client certificate is unusable")]
    ClientAuth,
    /// The target's certificate is not the one that is trusted.
    #[error("the target's certificate was not accepted")]
    Identity,
    /// The target broke off or does not speak TLS.
    #[error("the TLS handshake failed: {0}")]
    Handshake(std::io::ErrorKind),
}

impl TlsRefusal {
    /// What the client may read.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        match self {
            Self::Settings(_) => Refusal::new(Code::TargetIdentity, "the connection's TLS settings cannot be used"),
            Self::ClientAuth => Refusal::new(Code::Credential, "the agent cannot use the target's client certificate"),
            Self::Identity => Refusal::new(Code::TargetIdentity, "the target's certificate was not accepted"),
            Self::Handshake(_) => Refusal::new(Code::TargetProtocol, "the TLS handshake with the target failed"),
        }
    }
}

/// Makes a TLS session over `stream`. `host` is the name to verify unless the settings name another one. Dropping the
/// future closes the stream. The caller sets the deadline.
///
/// # Errors
/// See [`TlsRefusal`].
pub async fn connect(
    stream: TcpStream,
    tls: &TargetTls,
    host: &str,
    client_auth: Option<ClientAuth<'_>>,
    alpn: &[&[u8]],
) -> Result<TlsStream<TcpStream>, TlsRefusal> {
    let config = config(tls, client_auth, alpn)?;
    let name = tls.server_name.as_deref().unwrap_or(host).trim_start_matches('[').trim_end_matches(']');
    let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsRefusal::Settings("server name"))?;
    TlsConnector::from(config).connect(name, stream).await.map_err(|error| handshake(&error))
}

/// The DER of the certificate that the target showed.
#[must_use]
pub fn peer_certificate(stream: &TlsStream<TcpStream>) -> Option<&[u8]> {
    stream.get_ref().1.peer_certificates().and_then(<[_]>::first).map(AsRef::as_ref)
}

fn handshake(error: &std::io::Error) -> TlsRefusal {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => TlsRefusal::Identity,
        _ => TlsRefusal::Handshake(error.kind()),
    }
}

/// Configurations are kept, so that sessions of one connection share tickets and parse certificates once. The key is a hash
/// of all that went in, so a rotated certificate makes a new one.
fn config(
    tls: &TargetTls,
    client_auth: Option<ClientAuth<'_>>,
    alpn: &[&[u8]],
) -> Result<Arc<ClientConfig>, TlsRefusal> {
    const KEPT: usize = 256;
    static CONFIGS: OnceLock<Mutex<HashMap<[u8; 32], Arc<ClientConfig>>>> = OnceLock::new();
    let key = key(tls, client_auth, alpn);
    let configs = CONFIGS.get_or_init(Mutex::default);
    if let Some(config) = configs.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(config.clone());
    }
    let config = Arc::new(build(tls, client_auth, alpn)?);
    let mut kept = configs.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(key, config.clone());
    Ok(config)
}

fn key(tls: &TargetTls, client_auth: Option<ClientAuth<'_>>, alpn: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut part = |bytes: Option<&[u8]>| {
        hash.update(bytes.map_or(u64::MAX, |bytes| bytes.len() as u64).to_be_bytes());
        hash.update(bytes.unwrap_or_default());
    };
    part(tls.ca_pem.as_deref().map(str::as_bytes));
    part(tls.pin_sha256.as_deref().map(str::as_bytes));
    part(client_auth.map(|(chain, _)| chain));
    part(client_auth.map(|(_, key)| key));
    alpn.iter().for_each(|name| part(Some(name)));
    hash.finalize().into()
}

fn build(tls: &TargetTls, client_auth: Option<ClientAuth<'_>>, alpn: &[&[u8]]) -> Result<ClientConfig, TlsRefusal> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match &tls.pin_sha256 {
        Some(pin) => Arc::new(Pinned::parse(pin, provider.clone())?),
        None => WebPkiServerVerifier::builder_with_provider(Arc::new(roots(tls)?), provider.clone())
            .build()
            .map_err(|_| TlsRefusal::Settings("trusted certificates"))?,
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| TlsRefusal::Settings("protocol versions"))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match client_auth {
        None => builder.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = CertificateDer::pem_slice_iter(chain).collect::<Result<Vec<_>, _>>();
            let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| TlsRefusal::ClientAuth)?;
            builder
                .with_client_auth_cert(chain.map_err(|_| TlsRefusal::ClientAuth)?, key)
                .map_err(|_| TlsRefusal::ClientAuth)?
        }
    };
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

fn roots(tls: &TargetTls) -> Result<RootCertStore, TlsRefusal> {
    let Some(pem) = &tls.ca_pem else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|_| TlsRefusal::Settings("ca_pem"))?;
        roots.add(certificate).map_err(|_| TlsRefusal::Settings("ca_pem"))?;
    }
    if roots.is_empty() { Err(TlsRefusal::Settings("ca_pem")) } else { Ok(roots) }
}

/// Accepts exactly one leaf certificate, whatever its chain, name or dates: the operator wrote its hash down.
#[derive(Debug)]
struct Pinned {
    sha256: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl Pinned {
    fn parse(pin: &str, provider: Arc<CryptoProvider>) -> Result<Self, TlsRefusal> {
        let plain: String = pin.chars().filter(|c| *c != ':').collect();
        let mut sha256 = [0; 32];
        hex::decode_to_slice(plain, &mut sha256).map_err(|_| TlsRefusal::Settings("pin_sha256"))?;
        Ok(Self { sha256, provider })
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        _chain: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if <[u8; 32]>::from(Sha256::digest(leaf)) == self.sha256 {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(rustls::CertificateError::ApplicationVerificationFailure))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
