//! What the endpoint offers: current algorithms only, strict key exchange, bounded attempts.

use std::{borrow::Cow, sync::Arc, time::Duration};

use protocols::ssh::WINDOW;
use russh::{
    MethodKind, MethodSet, Preferred, SshId, cipher, compression, kex,
    keys::{Algorithm, EcdsaCurve, HashAlg, PrivateKey},
    mac, server,
};

/// Refused logins that one connection may have. OpenSSH's opening `none` is one of them.
pub(super) const MOST_ATTEMPTS: usize = 7;

/// Refusals all take this long, so that their duration tells nothing.
const REFUSAL_TIME: Duration = Duration::from_millis(100);

/// How often a silent client is asked whether it is there, and how often in vain.
const KEEPALIVE: (Duration, usize) = (Duration::from_secs(30), 3);

const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::ECDH_SHA2_NISTP256,
    kex::DH_G16_SHA512,
    kex::EXTENSION_SUPPORT_AS_SERVER,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
];

const CIPHERS: &[cipher::Name] = &[cipher::AES_256_GCM, cipher::AES_128_GCM, cipher::CHACHA20_POLY1305];

const MACS: &[mac::Name] = &[mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM];

/// Signatures that prove a client's key; the host key has one of them.
const KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::SkEd25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::SkEcdsaSha2NistP256,
    Algorithm::Rsa { hash: Some(HashAlg::Sha512) },
    Algorithm::Rsa { hash: Some(HashAlg::Sha256) },
];

/// The configuration of one connection.
pub(super) fn server(host_key: &PrivateKey) -> Arc<server::Config> {
    let methods = [MethodKind::PublicKey, MethodKind::KeyboardInteractive, MethodKind::Password];
    Arc::new(server::Config {
        server_id: SshId::Standard(Cow::Borrowed("SSH-2.0-Sallyport")),
        methods: MethodSet::from(methods.as_slice()),
        auth_rejection_time: REFUSAL_TIME,
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: vec![host_key.clone()],
        window_size: WINDOW,
        maximum_packet_size: 32 * 1024,
        // What arrives on channels is taken in the handler, never from the library's queues.
        channel_buffer_size: 16,
        event_buffer_size: 64,
        preferred: Preferred {
            kex: Cow::Borrowed(KEX),
            key: Cow::Borrowed(KEYS),
            host_key_certificates: Cow::Borrowed(&[]),
            cipher: Cow::Borrowed(CIPHERS),
            mac: Cow::Borrowed(MACS),
            compression: Cow::Borrowed(&[compression::NONE]),
        },
        max_auth_attempts: MOST_ATTEMPTS,
        inactivity_timeout: None,
        keepalive_interval: Some(KEEPALIVE.0),
        keepalive_max: KEEPALIVE.1,
        nodelay: true,
        ..server::Config::default()
    })
}
