//! The SSH target: logs in as the connection's settings say, opens a channel there for each one the client opens, and
//! relays (RFC 4254). The relay form is `protocols::ssh`; what may pass and what is masked is `filter::ssh`.
//!
//! ```text
//! from gateway -> router -> inlet of a channel -> input  -> target
//!   to gateway <- (window) <- commit <- screen <- output <- target       one task per channel, both directions in it
//! ```
//!
//! Rules: the router never waits for a channel, so that a slow one holds back no other. Output waits for the window
//! that the gateway granted; what the target sends meanwhile is bounded by the gate of its connection. A request is in
//! the spool before the target sees it, output before the gateway does.

mod channel;
mod connect;
mod forward;
mod gate;
mod handler;
mod host_key;
mod inlet;
mod input;
mod output;
mod pool;
mod records;
mod router;
mod session;

use std::sync::Arc;

use bytes::Bytes;
use proto::{Code, Ending, SshSettings};
use tokio::sync::mpsc;

use self::{connect::Dialler, pool::Pool, session::Session};
use crate::target::{Context, Link};

/// Connections that came to forwarded ports and wait to be taken.
const FORWARDED_QUEUE: usize = 32;

/// Serves one lane: logs in, sends the greeting, pumps. Never panics; every end is told.
/// Before `to_gateway.ready(..)` the returned ending reaches the client as a refused login.
pub async fn serve(context: Context, settings: SshSettings, link: Link) -> Ending {
    let (forwarded, incoming) = mpsc::channel(FORWARDED_QUEUE);
    let login = match choose_login(&settings, context.grant.requested.get("login")) {
        Ok(login) => login,
        Err(refused) => return refused,
    };
    let dialler = Arc::new(Dialler { context, settings, login, forwarded });
    let first = match dialler.connect().await {
        Ok(first) => first,
        Err(refused) => return refused,
    };
    let session = Session::new(dialler, link.to_gateway);
    let pool = Pool::new(Arc::clone(&session), first);
    if session.to_gateway.ready(Bytes::new()).await.is_err() {
        return session::gateway_lost();
    }
    router::run(session, pool, link.from_gateway, incoming).await
}

/// The login on the target: the one asked for, if the connection allows it.
fn choose_login(settings: &SshSettings, asked: Option<&String>) -> Result<String, Ending> {
    match asked.map(String::as_str) {
        None | Some("") => Ok(settings.login.clone()),
        Some(asked) if asked == settings.login || settings.logins.iter().any(|login| login == asked) => {
            Ok(asked.to_owned())
        }
        Some(_) => Err(Ending::new(Code::NoAccess, "that login on the target is not open to you")),
    }
}
