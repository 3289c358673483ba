//! To be written.

use proto::{Code, Ending, PostgresSettings};

use crate::session::{Context, Link};

/// Serves one lane: logs in, sends the greeting, pumps. Never panics; every end is told.
/// Before `to_gateway.ready(..)` the returned ending reaches the client as a refused login.
pub async fn serve(_context: Context, _settings: PostgresSettings, _link: Link) -> Ending {
    Ending::new(Code::Internal, "not written")
}
