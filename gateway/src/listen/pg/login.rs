//! Drives `protocols::pg::accept` over a client's connection: TLS, one startup, SCRAM against the tickets that live.

use std::{net::SocketAddr, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::BytesMut;
use proto::{Code, Protocol, Refusal};
use protocols::pg::{
    accept::{Accept, Step, Transport},
    scram::binding,
    startup::{Cancel, Startup},
};
use rand::RngCore;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::TlsAcceptor;

use super::{refusal, stream::Stream};
use crate::{auth::Identity, listen::Edge};

/// The protocol's name in ALPN.
const ALPN: &[u8] = b"postgresql";
/// The first byte of a TLS handshake; no startup packet that is short enough begins with it.
const TLS_HANDSHAKE: u8 = 0x16;

/// A client while it logs in.
pub(super) struct Client {
    pub(super) stream: Stream,
    pub(super) source: SocketAddr,
    /// Read, not looked at.
    pub(super) received: BytesMut,
    /// To be sent.
    pub(super) out: BytesMut,
    /// What it claims; for the audit log.
    claimed: Startup,
}

/// How a login came out, if nothing was refused.
pub(super) enum Outcome {
    /// The caller is known. The SCRAM proof of our own stands in `out` and is not sent yet.
    Known(Box<(Startup, Identity)>),
    /// Something else is to be cancelled.
    Cancel(Cancel),
    /// The client left.
    Gone,
}

impl Client {
    /// Waits for the first byte, and makes TLS of the connection if that byte begins a handshake.
    pub(super) async fn new(edge: &Edge, stream: TcpStream, source: SocketAddr) -> Option<(Self, Accept)> {
        let mut first = [0];
        if stream.peek(&mut first).await.ok()? == 0 {
            return None;
        }
        let (received, out, claimed) = (BytesMut::new(), BytesMut::new(), Startup::default());
        match &edge.tls {
            Some(tls) if first == [TLS_HANDSHAKE] => {
                let stream = match TlsAcceptor::from(with_alpn(tls)).accept(stream).await {
                    Ok(stream) => stream,
                    Err(error) => {
                        edge.tls_failed(Protocol::Postgres, source, &error).await;
                        return None;
                    }
                };
                // Direct TLS is only for clients that say what they speak in it.
                let spoken = stream.get_ref().1.alpn_protocol() == Some(ALPN);
                if !spoken {
                    let refusal = Refusal::new(Code::Malformed, "direct TLS names no protocol");
                    edge.auth.record_failure(Protocol::Postgres, source, "", "", &refusal, "malformed").await;
                    return None;
                }
                let stream = Stream::Tls(Box::new(stream));
                let accept = Accept::new(Transport::Tls, binding_data(edge));
                Some((Self { stream, source, received, out, claimed }, accept))
            }
            tls => {
                let transport = if tls.is_some() { Transport::UntilTls } else { Transport::Plain };
                let stream = Stream::Plain(stream);
                Some((Self { stream, source, received, out, claimed }, Accept::new(transport, None)))
            }
        }
    }

    /// Runs the login to its end.
    ///
    /// # Errors
    /// The refusal for the client; it is in the audit log already.
    pub(super) async fn log_in(&mut self, edge: &Edge, mut accept: Accept) -> Result<Outcome, Refusal> {
        loop {
            let step = match accept.step(&mut self.received, &mut self.out) {
                Ok(step) => step,
                Err(error) => {
                    let (refusal, reason) = refusal::of(&error);
                    return Err(self.refused(edge, refusal, reason).await);
                }
            };
            match step {
                Step::Cancel(cancel) => return Ok(Outcome::Cancel(cancel)),
                Step::Login(startup) => {
                    let (salt, rounds) = edge.auth.scram_parameters();
                    let mut random = [0; 18];
                    rand::rng().fill_bytes(&mut random);
                    accept.challenge(STANDARD.encode(random), salt, rounds, &mut self.out);
                    self.claimed = startup;
                }
                Step::Verify(proof) => {
                    let fits = |keys: &crate::auth::ScramKeys| proof.fits(&keys.stored_key);
                    let found = edge.auth.scram(&self.claimed.user, self.source, &fits).await;
                    return match found {
                        Ok((identity, keys)) => {
                            accept.proved(&proof, &keys.server_key, &mut self.out);
                            Ok(Outcome::Known(Box::new((std::mem::take(&mut self.claimed), identity))))
                        }
                        Err(denial) => Err(self.refused(edge, refusal::login(), denial.reason).await),
                    };
                }
                Step::Upgrade => {
                    if self.send().await.is_err() || !self.upgrade(edge, &mut accept).await {
                        return Ok(Outcome::Gone);
                    }
                }
                Step::More => {
                    if self.send().await.is_err() || !matches!(self.stream.read_buf(&mut self.received).await, Ok(1..))
                    {
                        return Ok(Outcome::Gone);
                    }
                }
            }
        }
    }

    /// Sends what is to be sent.
    pub(super) async fn send(&mut self) -> std::io::Result<()> {
        if !self.out.is_empty() {
            self.stream.write_all(&self.out).await?;
            self.stream.flush().await?;
            self.out.clear();
        }
        Ok(())
    }

    /// The deadline passed.
    pub(super) async fn late(&mut self, edge: &Edge) -> Refusal {
        let refusal = Refusal::new(Code::LoginTimeout, "the login took too long");
        self.refused(edge, refusal, "timeout").await
    }

    async fn refused(&self, edge: &Edge, refusal: Refusal, reason: &str) -> Refusal {
        let Startup { user, database, .. } = &self.claimed;
        edge.auth.record_failure(Protocol::Postgres, self.source, user, database, &refusal, reason).await;
        refusal
    }

    async fn upgrade(&mut self, edge: &Edge, accept: &mut Accept) -> bool {
        // Until the handshake is over there is no stream; if it fails, there is none any more.
        let (Some(tls), Stream::Plain(plain)) = (&edge.tls, std::mem::replace(&mut self.stream, Stream::Closed)) else {
            return false;
        };
        match TlsAcceptor::from(with_alpn(tls)).accept(plain).await {
            Ok(stream) => {
                self.stream = Stream::Tls(Box::new(stream));
                accept.upgraded(binding_data(edge));
                true
            }
            Err(error) => {
                edge.tls_failed(Protocol::Postgres, self.source, &error).await;
                false
            }
        }
    }
}

fn binding_data(edge: &Edge) -> Option<Vec<u8>> {
    edge.certificate.as_deref().and_then(binding::tls_server_end_point)
}

/// The listener's TLS settings, with the protocol's name.
fn with_alpn(tls: &Arc<rustls::ServerConfig>) -> Arc<rustls::ServerConfig> {
    if tls.alpn_protocols.iter().any(|name| name == ALPN) {
        return tls.clone();
    }
    let mut named = rustls::ServerConfig::clone(tls);
    named.alpn_protocols = vec![ALPN.to_vec()];
    Arc::new(named)
}
