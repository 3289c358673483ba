//! The policy in force: the newest bundle the gateway has sent, and the decisions made by it. An agent that has not heard from
//! its gateway for [`LEASE`] decides nothing: it refuses.

mod hold;
mod rate;
mod session;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use policy::{Bundle, Engine};

pub use self::session::SessionRights;

/// How long a bundle counts after the gateway last said that it is the newest.
pub const LEASE: Duration = Duration::from_secs(15);

/// The policy of this agent. Cheap to clone.
#[derive(Clone, Default)]
pub struct Rights(Arc<Inner>);

#[derive(Default)]
struct Inner {
    engine: ArcSwapOption<Engine>,
    heard: Mutex<Option<Instant>>,
    /// Not from a gateway: no lease.
    fixed: bool,
    /// How often callers call.
    rate: rate::Rate,
}

/// A bundle that was sent cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is not what its hash says, or cannot be read.
    #[error("the bundle is damaged")]
    Damaged,
    /// It cannot be compiled.
    #[error(transparent)]
    Compile(#[from] policy::CompileError),
}

impl Rights {
    /// Always this bundle, for driving a target without a gateway.
    ///
    /// # Errors
    /// If it cannot be compiled.
    pub fn fixed(bundle: Bundle) -> Result<Self, BundleError> {
        let engine = ArcSwapOption::from_pointee(Engine::load(bundle)?);
        Ok(Self(Arc::new(Inner { engine, fixed: true, ..Inner::default() })))
    }

    /// Takes over a bundle that the gateway sent. An older one than is in force is left alone: another replica is behind.
    ///
    /// # Errors
    /// If it cannot be used; what was in force stays, until its lease ends.
    pub fn install(&self, hash: &str, body: &str) -> Result<(), BundleError> {
        let bundle: Bundle = serde_json::from_str(body).map_err(|_| BundleError::Damaged)?;
        if bundle.hash() != hash {
            return Err(BundleError::Damaged);
        }
        let version = bundle.version;
        // The same version with another hash: only the address of its help has changed.
        let newer =
            |engine: &Arc<Engine>| engine.version() < version || engine.version() == version && engine.hash() != hash;
        if self.0.engine.load().as_ref().is_none_or(newer) {
            let engine = Arc::new(Engine::load(bundle)?);
            tracing::info!(version, hash, "policy bundle in force");
            self.0.engine.store(Some(engine));
        }
        self.current(version);
        Ok(())
    }

    /// The gateway says that this version is the newest.
    pub fn current(&self, version: u64) {
        if self.0.engine.load().as_ref().is_some_and(|engine| engine.version() == version) {
            *self.0.heard.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
    }

    /// What decides now; `None` if nothing may.
    #[must_use]
    pub fn engine(&self) -> Option<Arc<Engine>> {
        let heard = *self.0.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.0.fixed && heard.is_none_or(|heard| heard.elapsed() > LEASE) {
            return None;
        }
        self.0.engine.load_full()
    }
}

/// A bundle in which every caller may do everything on `connection`, for driving a target without a gateway.
#[must_use]
pub fn open_bundle(connection: &str, protocol: &str) -> Bundle {
    let text = r#"@id("all") permit (principal, action in [Action::"Connect", Action::"Invoke", Action::"RunUnapproved"], resource);"#.to_owned();
    let known = policy::Connection { protocol: protocol.to_owned(), ..policy::Connection::default() };
    Bundle {
        version: 1,
        documents: vec![policy::Document { name: "open".into(), text }],
        connections: [(connection.to_owned(), known)].into(),
        help: String::new(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn bundle(version: u64) -> Bundle {
        Bundle { version, ..open_bundle("db", "postgres") }
    }

    fn install(rights: &Rights, bundle: &Bundle) -> Result<(), BundleError> {
        rights.install(&bundle.hash(), &serde_json::to_string(bundle).unwrap())
    }

    #[test]
    fn without_a_bundle_nothing_decides() {
        assert!(Rights::default().engine().is_none());
    }

    #[test]
    fn a_gateway_that_is_silent_for_longer_than_the_lease_decides_nothing() {
        let rights = Rights::default();
        install(&rights, &bundle(3)).unwrap();
        assert_eq!(rights.engine().unwrap().version(), 3);
        let long_ago = Instant::now().checked_sub(LEASE + Duration::from_secs(1)).unwrap();
        *rights.0.heard.lock().unwrap() = Some(long_ago);
        assert!(rights.engine().is_none());
        rights.current(2);
        assert!(rights.engine().is_none(), "another version says nothing about this one");
        rights.current(3);
        assert!(rights.engine().is_some());
    }

    #[test]
    fn an_older_bundle_and_a_damaged_one_change_nothing() {
        let rights = Rights::default();
        install(&rights, &bundle(3)).unwrap();
        install(&rights, &bundle(2)).unwrap();
        assert_eq!(rights.engine().unwrap().version(), 3);
        let next = bundle(4);
        assert!(rights.install("0", &serde_json::to_string(&next).unwrap()).is_err());
        assert!(rights.install(&next.hash(), "{}").is_err());
        assert_eq!(rights.engine().unwrap().version(), 3);
    }
}
