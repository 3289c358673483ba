//! Failures per source: bounds the work and the log lines that one source can cause. It never refuses a good
//! credential, so nobody can lock out others behind the same address.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

const WINDOW: Duration = Duration::from_secs(60);
/// Failures in a window after which a source's SCRAM logins are tried only against few tickets.
const SCANS: u32 = 60;
/// Failures in a window that are written one by one.
const LINES: u32 = 200;
/// Sources that are told apart.
const SOURCES: usize = 10_000;

/// Failures of the current window, per source.
#[derive(Default)]
pub(super) struct Attempts(Mutex<HashMap<IpAddr, Failures>>);

struct Failures {
    since: Instant,
    credentials: u32,
    lines: u32,
    suppressed: u32,
}

impl Attempts {
    /// Counts a credential that was not accepted.
    pub(super) fn failed(&self, source: IpAddr) {
        self.with(source, |failures| failures.credentials = failures.credentials.saturating_add(1));
    }

    /// Whether a login from here may be tried against every ticket there is.
    pub(super) fn may_scan(&self, source: IpAddr) -> bool {
        self.with(source, |failures| failures.credentials < SCANS)
    }

    /// Counts a log line. `None`: do not write it. Otherwise how many were not written before.
    pub(super) fn record(&self, source: IpAddr) -> Option<u32> {
        self.with(source, |failures| {
            if failures.lines >= LINES {
                failures.suppressed = failures.suppressed.saturating_add(1);
                return None;
            }
            failures.lines += 1;
            Some(std::mem::take(&mut failures.suppressed))
        })
    }

    fn with<T>(&self, source: IpAddr, act: impl FnOnce(&mut Failures) -> T) -> T {
        let now = Instant::now();
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut key = network(source);
        if sources.len() >= SOURCES && !sources.contains_key(&key) {
            sources.retain(|_, failures| now.duration_since(failures.since) < WINDOW);
            if sources.len() >= SOURCES {
                // A flood from everywhere: what is new shares one place.
                key = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        let fresh = |suppressed| Failures { since: now, credentials: 0, lines: 0, suppressed };
        let failures = sources.entry(key).or_insert_with(|| fresh(0));
        if now.duration_since(failures.since) >= WINDOW {
            *failures = fresh(failures.suppressed);
        }
        act(failures)
    }
}

/// What stands for an address: IPv6 sources have a whole /64 to choose from.
pub(super) fn network(source: IpAddr) -> IpAddr {
    match source.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_counted_instead_of_written_and_hits_nobody_else() {
        let attempts = Attempts::default();
        let (flood, other) = ("2001:db8::1".parse().unwrap(), "192.0.2.1".parse().unwrap());
        let written = (0..1000).filter(|_| attempts.record(flood).is_some()).count();
        assert_eq!(written, LINES as usize);
        assert_eq!(attempts.record(other), Some(0));
        (0..SCANS).for_each(|_| attempts.failed("2001:db8::ffff".parse().unwrap()));
        assert!(!attempts.may_scan(flood), "the same /64");
        assert!(attempts.may_scan(other));
    }

    #[test]
    fn memory_is_bounded() {
        let attempts = Attempts::default();
        (0..30_000_u32).for_each(|n| attempts.failed(IpAddr::V4(n.into())));
        assert!(attempts.0.lock().unwrap().len() <= SOURCES + 1);
    }
}
