//! Dials a PostgreSQL target and logs in.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use proto::{Code, PostgresSettings, Refusal, TargetTls, TlsMode};
use protocols::pg::{
    encode,
    login::{Credentials, Greeting, Login, LoginError, Step},
    scram::{ScramError, binding},
};
use rand::RngCore;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

use super::{cancel::Canceller, keys};
use crate::{
    filter::pg::Filter,
    target::tls::{self, ClientAuth},
    target::{Context, context::Door},
};

/// How long a target may take until it is ready.
const DEADLINE: Duration = Duration::from_secs(10);

/// Bytes of a ReadyForQuery frame.
const READY: usize = 6;

/// A connection to a target.
pub(super) enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A target that is ready.
pub(super) struct Connected {
    pub(super) wire: Wire,
    /// For the client: parameters, notices, a process number without a key, ReadyForQuery.
    pub(super) greeting: Bytes,
    /// What came behind it.
    pub(super) received: BytesMut,
    pub(super) canceller: Canceller,
}

/// Dials and logs in.
///
/// # Errors
/// The refusal for the client. It names no address and no secret.
pub(super) async fn connect(
    context: &Context,
    settings: &PostgresSettings,
    filter: &mut Filter,
) -> Result<Connected, Refusal> {
    let login = log_in(context, settings, filter);
    match tokio::time::timeout(DEADLINE, login).await {
        Ok(connected) => connected,
        Err(_) => Err(Refusal::new(Code::TargetUnreachable, "the target did not answer in time")),
    }
}

async fn log_in(context: &Context, settings: &PostgresSettings, filter: &mut Filter) -> Result<Connected, Refusal> {
    let database = database(context, settings)?;
    let mut parameters = vec![("database", database)];
    parameters.extend(wanted(context));
    let Opened { wire, greeting, received } = open(&context.door(), settings, &parameters).await?;
    let pid = greeting.cancel.as_ref().map_or(0, |(pid, _key)| *pid);
    let canceller = Canceller::new(&context.grant.address, &settings.tls, greeting.cancel);
    let mut frames = greeting.frames;
    filter.greet(&mut frames)?;
    Ok(Connected { wire, greeting: relay_form(frames, pid), received, canceller })
}

/// A target that has let us in.
pub(super) struct Opened {
    pub(super) wire: Wire,
    pub(super) greeting: Greeting,
    /// What came behind the greeting.
    pub(super) received: BytesMut,
}

/// Dials and logs in with these startup parameters.
///
/// # Errors
/// The refusal for the client.
pub(super) async fn open(
    door: &Door,
    settings: &PostgresSettings,
    parameters: &[(&str, &str)],
) -> Result<Opened, Refusal> {
    if !door.vault.allows(&door.address) {
        return Err(Refusal::new(Code::TargetNotAllowed, "the agent does not allow this target"));
    }
    let password = door.credential("password").await?;
    let chain = door.credential("client_cert").await?;
    let key = door.credential("client_key").await?;
    let client_auth = chain.as_ref().zip(key.as_ref()).map(|(chain, key)| (chain.expose(), key.expose()));
    let mut wire = dial(&door.address, &settings.tls, client_auth).await?;
    let binding = match &wire {
        Wire::Plain(_) => None,
        Wire::Tls(stream) => tls::peer_certificate(stream).and_then(binding::tls_server_end_point),
    };
    let mut random = [0; 18];
    rand::rng().fill_bytes(&mut random);
    let credentials = Credentials {
        user: settings.login.clone(),
        password: password.map(|password| Zeroizing::new(password.expose().to_vec())),
        binding,
        random,
    };
    let mut out = BytesMut::new();
    let login = Login::start(credentials, parameters, &mut out);
    let mut received = BytesMut::with_capacity(4096);
    let greeting = match &mut wire {
        Wire::Plain(stream) => converse(stream, login, &mut received, out).await?,
        Wire::Tls(stream) => converse(stream, login, &mut received, out).await?,
    };
    Ok(Opened { wire, greeting, received })
}

/// The greeting as the gateway gets it: the process number stands before ReadyForQuery, in a BackendKeyData without a key.
/// The number is no secret (`pg_backend_pid()` tells it); the key is, and stays.
fn relay_form(mut frames: BytesMut, pid: u32) -> Bytes {
    let ready = frames.split_off(frames.len().saturating_sub(READY));
    encode::backend_key(&mut frames, pid, &[]);
    frames.extend_from_slice(&ready);
    frames.freeze()
}

/// The database: the caller's wish where the connection lets callers choose.
pub(super) fn database<'a>(context: &'a Context, settings: &'a PostgresSettings) -> Result<&'a str, Refusal> {
    match context.grant.requested.get("database") {
        Some(wish) if *wish == settings.database || settings.any_database => Ok(wish),
        Some(_) => Err(Refusal::new(Code::NoAccess, "no connection of that name is open to you")),
        None => Ok(&settings.database),
    }
}

/// Startup parameters that the caller's driver wants at the target.
pub(super) fn wanted(context: &Context) -> impl Iterator<Item = (&str, &str)> {
    let parameters = context.grant.requested.iter();
    parameters.filter_map(|(name, value)| {
        let name = name.strip_prefix("param.")?;
        let ours = matches!(name, "" | "user" | "database" | "replication") || name.starts_with("_pq_.");
        (!ours).then_some((name, value.as_str()))
    })
}

/// Opens a connection, encrypted as the settings say.
///
/// # Errors
/// The refusal for the client.
pub(super) async fn dial(
    address: &str,
    settings: &TargetTls,
    client_auth: Option<ClientAuth<'_>>,
) -> Result<Wire, Refusal> {
    let unreachable = |_| Refusal::new(Code::TargetUnreachable, "the target cannot be reached");
    let mut stream = TcpStream::connect(address).await.map_err(unreachable)?;
    let _best_effort = stream.set_nodelay(true);
    if settings.mode == TlsMode::Disable {
        return Ok(Wire::Plain(stream));
    }
    let mut request = BytesMut::new();
    encode::ssl_request(&mut request);
    stream.write_all(&request).await.map_err(unreachable)?;
    // Exactly one byte: whatever else came in clear must be part of the handshake, or fail it.
    let answer = stream.read_u8().await.map_err(unreachable)?;
    if answer != b'S' {
        return Err(Refusal::new(Code::TargetIdentity, "the target does not offer TLS"));
    }
    let host = address.rsplit_once(':').map_or(address, |(host, _port)| host);
    let stream = tls::connect(stream, settings, host, client_auth, &[b"postgresql"]).await;
    stream.map(|stream| Wire::Tls(Box::new(stream))).map_err(|refusal| refusal.refusal())
}

async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    mut login: Login,
    received: &mut BytesMut,
    mut out: BytesMut,
) -> Result<Greeting, Refusal> {
    let lost = |_| Refusal::new(Code::TargetLost, "the target closed the connection during login");
    loop {
        if !out.is_empty() {
            stream.write_all(&out).await.map_err(lost)?;
            stream.flush().await.map_err(lost)?;
            out.clear();
        }
        match login.step(received, &mut out).map_err(refusal)? {
            Step::Ready(greeting) => return Ok(greeting),
            Step::Derive { salt, rounds } => {
                let keys = keys::of(login.password(), salt, rounds).await;
                let keys = keys.ok_or_else(|| Refusal::new(Code::Internal, "the key derivation was stopped"))?;
                login.keys(&keys, &mut out).map_err(refusal)?;
            }
            Step::More if !out.is_empty() => {}
            Step::More => {
                if stream.read_buf(received).await.map_err(lost)? == 0 {
                    return Err(Refusal::new(Code::TargetLost, "the target closed the connection during login"));
                }
            }
        }
    }
}

/// What a failed login means to the client. SQLSTATE says enough; the target's text may carry names.
fn refusal(error: LoginError) -> Refusal {
    match error {
        LoginError::Refused(state) if state.starts_with("28") => Refusal::new(
            Code::TargetLogin,
            format!("the target did not accept the connection's credential (SQLSTATE {state})"),
        ),
        LoginError::Refused(state) => {
            Refusal::new(Code::TargetRefused, format!("the target refused the session (SQLSTATE {state})"))
        }
        LoginError::NoPassword => {
            Refusal::new(Code::TargetLogin, "the target asks for a password and the connection has none")
        }
        LoginError::Method(_) => {
            Refusal::new(Code::TargetLogin, "the target asks for a kind of authentication that is not supported")
        }
        LoginError::Scram(ScramError::Signature) => {
            Refusal::new(Code::TargetIdentity, "the target does not know the connection's credential itself")
        }
        LoginError::Scram(_) | LoginError::Malformed(_) => {
            Refusal::new(Code::TargetProtocol, "the target does not speak PostgreSQL")
        }
    }
}
