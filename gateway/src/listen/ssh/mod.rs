//! The SSH endpoint: ends the client's connection (RFC 4251 to 4254), finds out who it is, opens the session, and relays
//! channels in the form of `protocols::ssh`.
//!
//! ```text
//! client -> handler -> outbox (window per channel) -> feeder -> agent
//! client <- writer of a channel <- inlet <- router <- agent
//! ```
//!
//! Rules: the login succeeds as soon as the caller is known; whatever is refused after that is told on the first channel,
//! in words and with its code. Nothing in the connection's own loop waits for the agent or for another channel: a full outbox
//! narrows the client's windows instead.

mod config;
mod entry;
mod farewell;
mod handler;
mod host_key;
mod lane;
mod link;
mod login;
mod relay;
mod socket;

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
};

use proto::{Code, Protocol, Refusal};
use russh::{Disconnect, server::Handle};
use tokio::{net::TcpStream, time::timeout};
use tokio_util::sync::CancellationToken;

pub use self::host_key::{HostKeyError, load_or_generate};
use self::{handler::ClientHandler, link::Link, socket::Socket};
use super::Edge;

/// Serves one accepted connection until its end. The accept loop, the connection budget and the span are the caller's.
pub async fn serve(edge: Edge, stream: TcpStream, source: SocketAddr) {
    let Some(host_key) = edge.ssh_host_key.clone() else {
        tracing::error!("the SSH endpoint has no host key");
        return;
    };
    let cut = CancellationToken::new();
    let _cut_at_the_end = cut.clone().drop_guard();
    let link = Arc::new(Link::new(cut.clone()));
    let deadline = edge.login_deadline;
    let handler = ClientHandler::new(edge.clone(), source, Arc::clone(&link));
    let socket = Socket::new(stream, Arc::clone(&link));
    let login = async {
        let running = russh::server::run_stream(config::server(&host_key), socket, handler).await.ok()?;
        tokio::select! {
            () = link.logged_in.cancelled() => {}
            () = link.insecure.cancelled() => insecure(&running.handle(), &link).await,
        }
        Some(running)
    };
    tokio::pin!(login);
    let running = tokio::select! {
        login = timeout(deadline, &mut login) => login,
        () = link.gone.cancelled() => Ok(None),
    };
    if link.no_ssh.load(Ordering::Relaxed) {
        return malformed(&edge, source, &entry::NoSsh.to_string()).await;
    }
    if link.insecure.is_cancelled() {
        return malformed(&edge, source, NO_STRICT_KEX).await;
    }
    match running {
        Ok(Some(running)) => {
            let handle = running.handle();
            let login = link.state().login.take();
            if let Some(login) = login {
                relay::run(&edge, source, &link, handle, login).await;
            }
            let _ended = running.await;
        }
        Ok(None) => denied(&edge, source, &link).await,
        Err(_) => edge.too_late(Protocol::Ssh, source).await,
    }
}

/// What a client hears that wants to log in without strict key exchange.
const NO_STRICT_KEX: &str = "strict key exchange is required (CVE-2023-48795); use a newer client";
/// How long it may take to hang up then.
const LAST_WORD: std::time::Duration = std::time::Duration::from_secs(2);

async fn insecure(handle: &Handle, link: &Link) {
    let text = format!("sallyport: {NO_STRICT_KEX} ({})", Code::Malformed);
    let _gone = handle.disconnect(Disconnect::KeyExchangeFailed, text, "en".to_owned()).await;
    let _patience = timeout(LAST_WORD, link.gone.cancelled()).await;
}

/// What the client said first is not SSH as it is spoken here; it was told so.
async fn malformed(edge: &Edge, source: SocketAddr, what: &str) {
    let refusal = Refusal::new(Code::Malformed, what);
    edge.auth.record_failure(Protocol::Ssh, source, "", "", &refusal, "malformed").await;
}

/// The client left without having proved who it is. Keys are recorded once: clients offer all they have.
async fn denied(edge: &Edge, source: SocketAddr, link: &Link) {
    let Some((user, reason)) = link.state().denied.take() else { return };
    let refusal = Refusal::new(Code::Login, "the login was not accepted");
    let connection = login::Wanted::parse(&user).connection;
    edge.auth.record_failure(Protocol::Ssh, source, "", &connection, &refusal, reason).await;
}
