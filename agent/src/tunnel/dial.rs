//! Dialling the gateway: TLS with the pinned root, our certificate once we have one, HTTP/2 inside.

use std::{sync::Arc, time::Duration};

use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use sha2::{Digest as _, Sha256};
use sockets::{Ahead, Gathered};
use tokio::net::TcpStream;
use tonic::transport::{Channel, Endpoint, Uri};

use super::identity::Identity;

/// A stream's flow-control window: what one stalled session may hold in memory.
const STREAM_WINDOW: u32 = 1 << 20;
/// The connection's window must never be what stops a session, so it is as large as HTTP/2 allows.
const CONNECTION_WINDOW: u32 = (1 << 31) - 1;
const FRAME: u32 = 256 * 1024;
const CONNECT: Duration = Duration::from_secs(10);
/// A dead network is noticed within two of these.
const KEEPALIVE: Duration = Duration::from_secs(5);

/// The gateway could not be dialled.
#[derive(Debug, thiserror::Error)]
pub enum DialError {
    /// The address or a certificate is malformed.
    #[error("{0}")]
    Setup(String),
    /// The gateway cannot be reached or is not who it should be.
    #[error("cannot reach the gateway: {0}")]
    Connect(#[from] tonic::transport::Error),
}

/// TLS settings for an enrolled agent.
///
/// # Errors
/// If the identity is not usable.
pub fn mutual(identity: &Identity) -> Result<Arc<ClientConfig>, DialError> {
    let mut roots = RootCertStore::empty();
    roots.add(identity.root.clone()).map_err(setup)?;
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_client_auth_cert(identity.chain.clone(), identity.key())
        .map_err(setup)?;
    Ok(with_h2(config))
}

/// TLS settings for enrolment: only the hash of the gateway's root is known, from the join token.
///
/// # Errors
/// Never in practice.
pub fn pinned(root_sha256: [u8; 32]) -> Result<Arc<ClientConfig>, DialError> {
    let config = ClientConfig::builder()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedRoot(root_sha256)))
        .with_no_client_auth();
    Ok(with_h2(config))
}

fn with_h2(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(config)
}

fn setup(error: impl std::fmt::Display) -> DialError {
    DialError::Setup(error.to_string())
}

/// A channel to `gateway` (`host:port`). Connects on first use.
///
/// # Errors
/// If the address is malformed.
pub fn channel(gateway: &str, tls: Arc<ClientConfig>) -> Result<Channel, DialError> {
    let host = gateway.rsplit_once(':').map_or(gateway, |(host, _)| host).trim_matches(['[', ']']).to_owned();
    let name = ServerName::try_from(host).map_err(setup)?;
    let address: Arc<str> = gateway.into();
    let connector = tower::service_fn(move |_: Uri| {
        let (tls, name, address) = (Arc::clone(&tls), name.clone(), Arc::clone(&address));
        async move {
            let stream = TcpStream::connect(&*address).await?;
            stream.set_nodelay(true)?;
            let stream = tokio_rustls::TlsConnector::from(tls).connect(name, Ahead::new(stream)).await?;
            Ok::<_, std::io::Error>(TokioIo::new(Gathered::new(stream)))
        }
    });
    let endpoint = Endpoint::from_shared(format!("http://{gateway}"))
        .map_err(setup)?
        .connect_timeout(CONNECT)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(FRAME)
        .http2_keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .keep_alive_while_idle(true);
    Ok(endpoint.connect_with_connector_lazy(connector))
}

/// Accepts a chain that ends in the certificate with this hash, and nothing else.
#[derive(Debug)]
struct PinnedRoot([u8; 32]);

impl PinnedRoot {
    fn verifier(&self, intermediates: &[CertificateDer<'_>]) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
        let root = intermediates.iter().find(|der| Sha256::digest(der).as_slice() == self.0);
        let root = root.ok_or(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer))?;
        let mut roots = RootCertStore::empty();
        roots.add(root.clone().into_owned())?;
        WebPkiServerVerifier::builder(Arc::new(roots))
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))
    }
}

impl ServerCertVerifier for PinnedRoot {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier(intermediates)?.verify_server_cert(end_entity, intermediates, server_name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, &algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
