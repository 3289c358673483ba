//! Faults of the agent itself. A panic while a message is looked at must not let it pass, must tell the client something, and must
//! not take other sessions with it.

use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;
use proto::{Code, Ending};

/// Runs what serves a session or a part of one. What it had in its hands is dropped with it.
///
/// # Errors
/// The ending of the session if it panics.
pub(crate) async fn contained<F: Future>(work: F) -> Result<F::Output, Ending> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|_| {
        tracing::error!("a fault in the agent ends a session");
        Ending::new(Code::Internal, "a fault in the agent ended the session")
    })
}
