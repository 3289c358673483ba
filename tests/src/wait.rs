//! Waiting for something to become true.

use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(45);
const GLANCE: Duration = Duration::from_millis(50);

/// Waits until `attempt` gives something; panics with `what` after twenty seconds.
pub fn eventually<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = attempt() {
            return found;
        }
        assert!(Instant::now() < deadline, "did not happen within {PATIENCE:?}: {what}");
        std::thread::sleep(GLANCE);
    }
}

/// The same for an attempt that awaits.
pub async fn eventually_async<T, F: Future<Output = Option<T>>>(what: &str, mut attempt: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(Instant::now() < deadline, "did not happen within {PATIENCE:?}: {what}");
        tokio::time::sleep(GLANCE).await;
    }
}
