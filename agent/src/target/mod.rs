//! Target-side I/O: log in to the target, then read and write. One driver per protocol; each serves a lane from login
//! to end and tells how it ended. Drivers drive machines of `protocols` and ask `filter` about every message.

mod contained;
mod context;
pub mod http;
mod link;
pub mod pg;
pub mod ssh;
pub mod tls;

pub(crate) use self::{contained::contained, context::resolve};
pub use self::{
    context::{Context, Door},
    link::{DownStream, FromGateway, GatewayLost, Link, ToGateway, pair},
};
