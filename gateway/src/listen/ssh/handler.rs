//! What the SSH library calls while a client's connection lives: logins, and what the client sends. Nothing here waits for
//! the target, except for the answer to a forwarding request, which the protocol wants in order.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use proto::{Code, Protocol, Refusal};
use protocols::ssh::{Address, MAX_COMMAND, MAX_TEXT, OpenKind, Pty, Request, WINDOW};
use russh::{
    Channel, ChannelId, ChannelOpenFailure, Pty as Mode, Sig,
    keys::HashAlg,
    server::{Auth, ChannelOpenHandle, Handler, Msg, PublicKeyOffer, Response, Session, VerifiedPublicKey},
};
use tokio_util::sync::DropGuard;

use super::{
    super::Edge,
    lane::{Inlet, Lane, Opening, Writer, writing_half},
    link::Link,
    login::{Login, Wanted},
};
use crate::auth::{Denial, Identity};

/// Login messages that one connection may send, answered or not.
const MOST_LOGIN_MESSAGES: usize = 40;

/// Bytes that may wait for the agent before the client's windows are narrowed.
const HIGH: usize = 1024 * 1024;

/// A window that lets nothing through but shows when there is room again: the library widens windows only when data comes, so
/// a client that waits must be able to send a little.
const NARROW: u32 = 2;

/// How long a client that waits may take between two such pieces.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(20));

/// How long the agent may take to answer a forwarding request. Longer than the session may take to open.
const FORWARD_ANSWER: Duration = Duration::from_secs(30);

/// The handler of one client connection.
pub(super) struct ClientHandler {
    edge: Edge,
    source: SocketAddr,
    link: Arc<Link>,
    login_messages: usize,
    /// The user name that keyboard-interactive asked a ticket of.
    prompted: Option<String>,
    narrow: bool,
    pause: Duration,
    /// The library drops the handler when the connection is over.
    _gone: DropGuard,
}

impl ClientHandler {
    pub(super) fn new(edge: Edge, source: SocketAddr, link: Arc<Link>) -> Self {
        let _gone = link.gone.clone().drop_guard();
        Self { edge, source, link, login_messages: 0, prompted: None, narrow: false, pause: PAUSES.0, _gone }
    }

    /// Whether a login is looked at. Bounds what a connection may ask before it is logged in; without strict key exchange nobody can
    /// log in, because nobody knows what was cut from the connection's start.
    fn looks_at(&mut self) -> Result<bool, russh::Error> {
        self.login_messages += 1;
        if self.login_messages > MOST_LOGIN_MESSAGES {
            return Err(russh::Error::Disconnect);
        }
        let lax = self.link.lax.load(Ordering::Relaxed);
        if lax {
            self.link.insecure.cancel();
        }
        Ok(!lax)
    }

    fn accept(&mut self, user: &str, identity: Identity) -> Auth {
        self.link.state().login = Some(Login { identity, wanted: Wanted::parse(user) });
        Auth::Accept
    }

    async fn ticket(&mut self, user: &str, secret: &str) -> Auth {
        match self.edge.auth.ticket(secret, self.source).await {
            Ok(identity) => self.accept(user, identity),
            Err(Denial { reason }) => {
                let refusal = Refusal::new(Code::Login, "the login was not accepted");
                let connection = Wanted::parse(user).connection;
                self.edge.auth.record_failure(Protocol::Ssh, self.source, "", &connection, &refusal, reason).await;
                again()
            }
        }
    }

    async fn key(&mut self, user: &str, key: &russh::keys::PublicKey) -> Option<Identity> {
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        match self.edge.auth.ssh_key(&fingerprint, self.source).await {
            Ok(identity) => Some(identity),
            Err(Denial { reason }) => {
                self.link.state().denied = Some((user.to_owned(), reason));
                None
            }
        }
    }

    /// Takes data, and slows a client down whose windows are narrow.
    async fn take(&mut self, channel: ChannelId, data: &[u8]) -> Result<(), russh::Error> {
        let (waiting, channels) = self.link.data(channel, data);
        if waiting > HIGH + (channels + 2) * WINDOW as usize {
            // More than all windows together: the client ignores them.
            return Err(russh::Error::Pending);
        }
        if self.narrow && data.len() <= NARROW as usize && waiting > HIGH {
            let _room = tokio::time::timeout(self.pause, self.link.room.notified()).await;
            self.pause = (self.pause * 2).min(PAUSES.1);
        } else {
            self.pause = PAUSES.0;
        }
        Ok(())
    }

    async fn forward(&self, at: Address, stop: bool) -> Option<u32> {
        match tokio::time::timeout(FORWARD_ANSWER, self.link.forward(at, stop)).await {
            Ok(Ok(Ok(port))) => Some(port),
            Ok(Ok(Err(text))) => {
                self.link.notice(None, format!("port forwarding: {text}"));
                None
            }
            _ => None,
        }
    }

    fn start(&self, channel: ChannelId, request: Request, session: &mut Session) -> Result<(), russh::Error> {
        self.link.request(channel, true, request);
        session.channel_success(channel)
    }

    fn refuse(&self, channel: ChannelId, text: &str, session: &mut Session) -> Result<(), russh::Error> {
        self.link.notice(Some(channel), format!("{text} ({})", Code::Unsupported));
        session.channel_failure(channel)
    }
}

/// A refusal after which every method may be tried again, within the attempts that are left.
fn again() -> Auth {
    Auth::reject()
}

fn printable(bytes: &[u8]) -> String {
    bytes.iter().take(128).map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '?' }).collect()
}

impl Handler for ClientHandler {
    type Error = russh::Error;

    async fn auth_none(&mut self, _user: &str) -> Result<Auth, Self::Error> {
        let _counted = self.looks_at()?;
        Ok(Auth::reject())
    }

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, Self::Error> {
        if !self.looks_at()? {
            return Ok(Auth::reject());
        }
        Ok(self.ticket(user, password).await)
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, Self::Error> {
        if !self.looks_at()? {
            return Ok(Auth::reject());
        }
        let Some(mut response) = response else {
            self.prompted = Some(user.to_owned());
            return Ok(Auth::Partial {
                name: "Sallyport".into(),
                instructions: "".into(),
                prompts: vec![("Ticket: ".into(), false)].into(),
            });
        };
        let answer = response.next();
        // An answer counts only for the user name that was asked.
        if self.prompted.take().as_deref() != Some(user) {
            return Ok(again());
        }
        match answer.as_deref().map(std::str::from_utf8) {
            Some(Ok(secret)) => Ok(self.ticket(user, secret).await),
            _ => Ok(again()),
        }
    }

    async fn auth_publickey_offered(&mut self, user: &str, offer: PublicKeyOffer<'_>) -> Result<Auth, Self::Error> {
        if !self.looks_at()? {
            return Ok(Auth::reject());
        }
        Ok(if self.key(user, offer.public_key).await.is_some() { Auth::Accept } else { again() })
    }

    async fn auth_publickey(&mut self, user: &str, key: VerifiedPublicKey<'_>) -> Result<Auth, Self::Error> {
        if !self.looks_at()? {
            return Ok(Auth::reject());
        }
        Ok(match self.key(user, key.public_key).await {
            Some(identity) => {
                self.edge.auth.ssh_key_proven(&identity, self.source).await;
                self.accept(user, identity)
            }
            None => again(),
        })
    }

    async fn auth_succeeded(&mut self, session: &mut Session) -> Result<(), Self::Error> {
        self.link.state().client = printable(session.remote_sshid());
        self.link.logged_in.cancel();
        Ok(())
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let lane = Lane::new(Arc::default());
        let Some(number) = self.link.open(OpenKind::Session, &channel, lane.clone()) else {
            reply.reject(ChannelOpenFailure::ResourceShortage).await;
            return Ok(());
        };
        for notice in std::mem::take(&mut self.link.state().notices) {
            lane.inlet.notice(notice);
        }
        reply.accept().await;
        let write = writing_half(channel);
        let (link, handle) = (Arc::clone(&self.link), session.handle());
        self.link.writers.spawn(
            Writer { link, channel: number, lane, write, handle, speaks: true, ended: AtomicBool::default() }.run(),
        );
        Ok(())
    }

    async fn channel_open_direct_tcpip(
        &mut self,
        channel: Channel<Msg>,
        host_to_connect: &str,
        port_to_connect: u32,
        originator_address: &str,
        originator_port: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        if let Some(ending) = self.link.ending() {
            let reason = format!("sallyport: {}", super::farewell::words(&ending));
            reply.reject(ChannelOpenFailure::Other { code: 1, reason }).await;
            return Ok(());
        }
        let to = Address { host: host_to_connect.to_owned(), port: port_to_connect };
        let from = Address { host: originator_address.to_owned(), port: originator_port.min(65535) };
        if to.port > 65535 || to.host.len() > MAX_TEXT || from.host.len() > MAX_TEXT || to.host.contains('\0') {
            reply.reject(ChannelOpenFailure::ConnectFailed).await;
            return Ok(());
        }
        let lane = Lane::new(Arc::new(Inlet::default()));
        let opening = Arc::clone(&lane.opening);
        let mut waiting = opening.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let number = self.link.open(OpenKind::DirectTcpip { to, from }, &channel, lane);
        if number.is_some() {
            let write = writing_half(channel);
            *waiting = Some(Opening { reply, write });
        }
        Ok(())
    }

    async fn channel_open_confirmation(
        &mut self,
        id: ChannelId,
        _: u32,
        _: u32,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.link.state().early.entry(id).or_default();
        Ok(())
    }

    async fn data(&mut self, channel: ChannelId, data: &[u8], _: &mut Session) -> Result<(), Self::Error> {
        self.take(channel, data).await
    }

    async fn channel_eof(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), Self::Error> {
        self.link.eof(channel);
        Ok(())
    }

    async fn channel_close(&mut self, channel: ChannelId, _: &mut Session) -> Result<(), Self::Error> {
        self.link.close(channel);
        Ok(())
    }

    fn adjust_window(&mut self, _channel: ChannelId, _current: u32) -> u32 {
        self.narrow = self.link.state().outbox.len() > HIGH;
        if self.narrow { NARROW } else { WINDOW }
    }

    async fn pty_request(
        &mut self,
        channel: ChannelId,
        term: &str,
        columns: u32,
        rows: u32,
        width: u32,
        height: u32,
        modes: &[(Mode, u32)],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if term.len() > MAX_TEXT || term.contains('\0') {
            return session.channel_failure(channel);
        }
        let modes = modes.iter().filter(|(mode, _)| *mode != Mode::TTY_OP_END);
        let modes = modes.flat_map(|(mode, value)| std::iter::once(*mode as u8).chain(value.to_be_bytes())).collect();
        let pty = Pty { term: term.to_owned(), columns, rows, width, height, modes };
        self.start(channel, Request::Pty(pty), session)
    }

    async fn env_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        value: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        let fits = |text: &str| text.len() <= MAX_TEXT && !text.contains('\0');
        if !fits(name) || !fits(value) {
            return session.channel_failure(channel);
        }
        // Whether it is on the list, the agent knows; one that is not is left out there, as sshd does.
        self.link.request(channel, false, Request::Env { name: name.to_owned(), value: value.to_owned() });
        session.channel_success(channel)
    }

    async fn shell_request(&mut self, channel: ChannelId, session: &mut Session) -> Result<(), Self::Error> {
        self.start(channel, Request::Shell, session)
    }

    async fn exec_request(
        &mut self,
        channel: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if command.len() > MAX_COMMAND {
            return self.refuse(channel, "the command is too long", session);
        }
        self.start(channel, Request::Exec(Bytes::copy_from_slice(command)), session)
    }

    async fn subsystem_request(
        &mut self,
        channel: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        if name.len() > MAX_TEXT || name.contains('\0') {
            return session.channel_failure(channel);
        }
        self.start(channel, Request::Subsystem(name.to_owned()), session)
    }

    async fn window_change_request(
        &mut self,
        channel: ChannelId,
        columns: u32,
        rows: u32,
        width: u32,
        height: u32,
        _: &mut Session,
    ) -> Result<(), Self::Error> {
        self.link.request(channel, false, Request::WindowChange { columns, rows, width, height });
        Ok(())
    }

    async fn signal(&mut self, channel: ChannelId, signal: Sig, _: &mut Session) -> Result<(), Self::Error> {
        let name = match signal {
            Sig::Custom(name) => name,
            known => format!("{known:?}"),
        };
        if name.len() <= MAX_TEXT && !name.contains('\0') {
            self.link.request(channel, false, Request::Signal(name));
        }
        Ok(())
    }

    async fn agent_request(&mut self, channel: ChannelId, _: &mut Session) -> Result<bool, Self::Error> {
        self.link.notice(Some(channel), format!("agent forwarding is not allowed here ({})", Code::Unsupported));
        Ok(false)
    }

    async fn x11_request(
        &mut self,
        channel: ChannelId,
        _: bool,
        _: &str,
        _: &str,
        _: u32,
        session: &mut Session,
    ) -> Result<(), Self::Error> {
        self.refuse(channel, "X11 forwarding is not allowed here", session)
    }

    async fn tcpip_forward(&mut self, host: &str, port: &mut u32, _: &mut Session) -> Result<bool, Self::Error> {
        if *port > 65535 || host.len() > MAX_TEXT || host.contains('\0') {
            return Ok(false);
        }
        match self.forward(Address { host: host.to_owned(), port: *port }, false).await {
            Some(chosen) => {
                *port = chosen;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    async fn cancel_tcpip_forward(&mut self, host: &str, port: u32, _: &mut Session) -> Result<bool, Self::Error> {
        if port > 65535 || host.len() > MAX_TEXT || host.contains('\0') {
            return Ok(false);
        }
        Ok(self.forward(Address { host: host.to_owned(), port }, true).await.is_some())
    }
}
