//! One connection to the target: dial, check the host key, log in with what the vault gives.

use std::{borrow::Cow, sync::Arc, time::Duration};

use proto::{Code, Ending, SshSettings};
use russh::{
    MethodKind, Preferred, cipher,
    client::{self, AuthResult, Handle, KeyboardInteractiveAuthResponse},
    compression, kex,
    keys::{Algorithm, Certificate, HashAlg, PrivateKey, PrivateKeyWithHashAlg, decode_secret_key},
    mac,
};
use sockets::Ahead;
use tokio::{net::TcpStream, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    gate::{Gate, Gated},
    handler::{Forwarded, TargetHandler},
    host_key::HostKeys,
};
use crate::target::Context;

/// How long the target may take to accept the TCP connection.
const DIAL_DEADLINE: Duration = Duration::from_secs(10);

/// How long the handshake and the login may take.
const LOGIN_DEADLINE: Duration = Duration::from_secs(15);

/// How often a silent target is asked whether it is there.
pub(super) const KEEPALIVE: Duration = Duration::from_secs(30);

/// What every connection of one session needs.
pub(super) struct Dialler {
    pub(super) context: Context,
    pub(super) settings: SshSettings,
    pub(super) login: String,
    pub(super) forwarded: tokio::sync::mpsc::Sender<Forwarded>,
}

/// A logged-in connection.
pub(super) struct Connected {
    pub(super) handle: Handle<TargetHandler>,
    pub(super) gate: Arc<Gate>,
    /// Cancelled when the connection is over.
    pub(super) lost: CancellationToken,
}

impl Dialler {
    /// Opens a connection.
    ///
    /// # Errors
    /// Why not, with the code for the client.
    pub(super) async fn connect(&self) -> Result<Connected, Ending> {
        let address = &self.context.grant.address;
        let (host, port) = split(address).ok_or_else(|| unreachable("the target's address is not host:port"))?;
        let pins = HostKeys::load(&self.settings, host, port).await?;
        let socket = match timeout(DIAL_DEADLINE, TcpStream::connect((host, port))).await {
            Ok(Ok(socket)) => socket,
            Ok(Err(_)) => return Err(unreachable("the target cannot be reached")),
            Err(_) => return Err(unreachable("the target did not answer in time")),
        };
        let _slow = socket.set_nodelay(true);
        match timeout(LOGIN_DEADLINE, self.log_in(socket, pins)).await {
            Ok(connected) => connected,
            Err(_) => Err(unreachable("the target did not finish the login in time")),
        }
    }

    async fn log_in(&self, socket: TcpStream, pins: HostKeys) -> Result<Connected, Ending> {
        let config = Arc::new(config(pins.algorithms()));
        let gate = Arc::new(Gate::default());
        let (handler, lost, refusal) = TargetHandler::new(pins, Arc::clone(&gate), self.forwarded.clone());
        let stream = Gated::new(Ahead::new(socket), Arc::clone(&gate));
        let connecting = client::connect_stream(config, stream, handler).await;
        let mut handle =
            connecting.map_err(|error| refusal.get().cloned().unwrap_or_else(|| handshake_failed(&error)))?;
        self.authenticate(&mut handle).await?;
        Ok(Connected { handle, gate, lost })
    }

    /// Tries the credentials the connection names: a certificate with its key, else the key, else the password.
    async fn authenticate(&self, handle: &mut Handle<TargetHandler>) -> Result<(), Ending> {
        if let Some(key) = self.key().await? {
            let key = Arc::new(key);
            let result = match self.certificate().await? {
                Some(certificate) => handle.authenticate_openssh_cert(&self.login, key, certificate).await,
                None => {
                    let hash = if key.algorithm().is_rsa() { Some(rsa_hash(handle).await?) } else { None };
                    handle.authenticate_publickey(&self.login, PrivateKeyWithHashAlg::new(key, hash)).await
                }
            };
            if logged_in(result)? {
                return Ok(());
            }
        }
        if let Some(password) = self.context.credential("password").await? {
            let password = password.expose_str().map_err(|_| credential("the target's password is not text"))?;
            match handle.authenticate_password(&self.login, password).await {
                Ok(AuthResult::Success) => return Ok(()),
                // A target that has refused this password already is not asked again in other words.
                Ok(AuthResult::Failure { remaining_methods, .. })
                    if !remaining_methods.contains(&MethodKind::KeyboardInteractive) => {}
                Ok(AuthResult::Failure { .. }) => {
                    if self.answer_prompts(handle, password).await? {
                        return Ok(());
                    }
                }
                Err(error) => return Err(handshake_failed(&error)),
            }
        }
        Err(refused())
    }

    async fn key(&self) -> Result<Option<PrivateKey>, Ending> {
        let Some(secret) = self.context.credential("key").await? else { return Ok(None) };
        let text = secret.expose_str().map_err(|_| credential("the target's key is not text"))?;
        let passphrase = self.context.credential("key_passphrase").await?;
        let passphrase = passphrase.as_ref().map(|secret| secret.expose_str()).transpose();
        let passphrase = passphrase.map_err(|_| credential("the key's passphrase is not text"))?;
        let key = decode_secret_key(text, passphrase).map_err(|_| credential("the target's key cannot be read"))?;
        Ok(Some(key))
    }

    async fn certificate(&self) -> Result<Option<Certificate>, Ending> {
        let Some(secret) = self.context.credential("certificate").await? else { return Ok(None) };
        let text = secret.expose_str().map_err(|_| credential("the certificate is not text"))?;
        let certificate = Certificate::from_openssh(text.trim());
        certificate.map(Some).map_err(|_| credential("the certificate cannot be read"))
    }

    /// Keyboard-interactive with a single hidden prompt is a password by another name (PAM). A target that hangs up
    /// instead has had enough of refused attempts (`MaxAuthTries`).
    async fn answer_prompts(&self, handle: &mut Handle<TargetHandler>, password: &str) -> Result<bool, Ending> {
        let mut step = handle.authenticate_keyboard_interactive_start(&self.login, None::<String>).await;
        for _ in 0..3 {
            let answers = match step.map_err(|_| refused())? {
                KeyboardInteractiveAuthResponse::Success => return Ok(true),
                KeyboardInteractiveAuthResponse::Failure { .. } => return Ok(false),
                KeyboardInteractiveAuthResponse::InfoRequest { prompts, .. } => match prompts.as_slice() {
                    [] => Vec::new(),
                    [only] if !only.echo => vec![password.to_owned()],
                    _ => return Ok(false),
                },
            };
            step = handle.authenticate_keyboard_interactive_respond(answers).await;
        }
        Ok(false)
    }
}

/// The hash for an RSA signature: what the target says it takes, never SHA-1.
async fn rsa_hash(handle: &Handle<TargetHandler>) -> Result<HashAlg, Ending> {
    match handle.best_supported_rsa_hash().await {
        Ok(Some(Some(hash))) => Ok(hash),
        Ok(None) => Ok(HashAlg::Sha512),
        Ok(Some(None)) => Err(Ending::new(Code::TargetLogin, "the target takes RSA only with SHA-1")),
        Err(error) => Err(handshake_failed(&error)),
    }
}

fn logged_in(result: Result<AuthResult, russh::Error>) -> Result<bool, Ending> {
    result.map(|result| result.success()).map_err(|error| handshake_failed(&error))
}

fn config(host_keys: Option<Vec<Algorithm>>) -> client::Config {
    let key = match host_keys {
        Some(algorithms) => Cow::Owned(algorithms),
        None => {
            let sha1 = Algorithm::Rsa { hash: None };
            Cow::Owned(Preferred::DEFAULT.key.iter().filter(|algorithm| **algorithm != sha1).cloned().collect())
        }
    };
    client::Config {
        client_id: russh::SshId::Standard(Cow::Borrowed("SSH-2.0-Sallyport")),
        preferred: Preferred {
            kex: Cow::Borrowed(KEX),
            host_key_certificates: Cow::Borrowed(&[]),
            key,
            cipher: Cow::Borrowed(CIPHERS),
            mac: Cow::Borrowed(MACS),
            compression: Cow::Borrowed(&[compression::NONE]),
        },
        // Reading stops while a client is slow, so silence alone does not mean that the target is gone: the pool judges.
        keepalive_interval: Some(KEEPALIVE),
        keepalive_max: 0,
        // Never filled: the gate stops the reading long before.
        channel_buffer_size: 8192,
        nodelay: true,
        ..client::Config::default()
    }
}

const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::DH_G16_SHA512,
    kex::DH_G14_SHA256,
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];

const CIPHERS: &[cipher::Name] =
    &[cipher::AES_256_GCM, cipher::AES_128_GCM, cipher::CHACHA20_POLY1305, cipher::AES_256_CTR, cipher::AES_128_CTR];

const MACS: &[mac::Name] = &[mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM, mac::HMAC_SHA512, mac::HMAC_SHA256];

fn split(address: &str) -> Option<(&str, u16)> {
    let (host, port) = address.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
    Some((host, port.parse().ok()?))
}

fn refused() -> Ending {
    Ending::new(Code::TargetLogin, "the target did not accept the login")
}

fn unreachable(message: &str) -> Ending {
    Ending::new(Code::TargetUnreachable, message)
}

fn credential(message: &str) -> Ending {
    Ending::new(Code::Credential, message)
}

fn handshake_failed(error: &russh::Error) -> Ending {
    match error {
        russh::Error::IO(_) | russh::Error::Disconnect | russh::Error::HUP | russh::Error::SendError => {
            Ending::new(Code::TargetRefused, "the target closed the connection during the login")
        }
        russh::Error::NoCommonAlgo { .. } => {
            Ending::new(Code::TargetProtocol, "the target offers no algorithm that is still safe")
        }
        _ => Ending::new(Code::TargetProtocol, "the target does not speak SSH as it should"),
    }
}
