//! The edge: accept, limit, authenticate, hand over. One file (or folder) per protocol; each drives a machine of
//! `protocols`, asks `auth` and `session`, and renders refusals in its protocol. Skeleton.

pub mod http;
pub mod pg;
pub mod ssh;

use std::sync::Arc;

use crate::{auth::Auth, session::Sessions};

/// What every listener needs.
#[derive(Clone)]
pub struct Edge {
    /// Who is calling.
    pub auth: Auth,
    /// Opens sessions.
    pub sessions: Sessions,
    /// The gateway's certificate, if this listener speaks TLS.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// The DER of the gateway's leaf certificate (channel binding `tls-server-end-point`).
    pub certificate: Option<Arc<[u8]>>,
    /// How long a client may take to log in.
    pub login_deadline: std::time::Duration,
    /// Cancel keys of PostgreSQL sessions; one for all listeners of the process.
    pub cancels: pg::Cancels,
}
