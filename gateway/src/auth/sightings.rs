//! From where each credential was used. One that is used from a second place may be in two hands: it goes on working, because
//! people move between networks, and the audit log says so.

use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{Auth, Credential, attempts::network};
use crate::store::AuditEvent;

/// A place that was not used for so long is forgotten: longer than most tickets live.
const FORGET: Duration = Duration::from_secs(12 * 3600);
/// Places told apart for one credential; what has more was flagged often enough.
const PLACES: usize = 16;
/// Credentials remembered at once.
const CREDENTIALS: usize = 20_000;

/// The networks that credentials were used from lately.
#[derive(Default)]
pub(super) struct Sightings(Mutex<HashMap<String, Vec<(IpAddr, Instant)>>>);

impl Sightings {
    /// Notes a use. If it is the first from this network and there were others before, gives those. `last` is where the store
    /// says that the credential was used last, before this process knew of it.
    fn note(&self, credential: &str, from: IpAddr, last: Option<IpAddr>) -> Option<Vec<IpAddr>> {
        let (from, now) = (network(from), Instant::now());
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = |(_, seen): &(IpAddr, Instant)| now.duration_since(*seen) < FORGET;
        if all.len() >= CREDENTIALS && !all.contains_key(credential) {
            all.retain(|_, places| places.iter().any(fresh));
            if all.len() >= CREDENTIALS {
                all.clear();
            }
        }
        let places = all
            .entry(credential.to_owned())
            .or_insert_with(|| last.map(|last| (network(last), now)).into_iter().collect());
        places.retain(fresh);
        if let Some((_, seen)) = places.iter_mut().find(|(place, _)| *place == from) {
            *seen = now;
            return None;
        }
        if places.len() >= PLACES {
            return None;
        }
        let others = places.iter().map(|(place, _)| *place).collect::<Vec<_>>();
        places.push((from, now));
        (!others.is_empty()).then_some(others)
    }
}

impl Auth {
    /// Notes that a credential was proven from `source`, and writes it down (`credential.shared`) when it had been used from
    /// another network before.
    pub(super) async fn seen(&self, credential: Credential, subject: &str, source: SocketAddr, last: Option<&str>) {
        let last = last.and_then(|last| last.parse::<SocketAddr>().ok()).map(|last| last.ip());
        let credential = credential.to_string();
        let Some(others) = self.0.sightings.note(&credential, source.ip(), last) else { return };
        tracing::warn!(subject, credential, %source, "a credential is used from two places");
        let event = AuditEvent {
            subject: Some(subject.to_owned()),
            source: Some(source.to_string()),
            reason: Some("two sources".into()),
            detail: serde_json::json!({ "credential": credential, "also_used_from": others }),
            ..AuditEvent::new("credential.shared")
        };
        if let Err(error) = self.0.store.audit(event).await {
            tracing::error!(%error, "a shared credential could not be recorded");
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_second_place_is_told_once_and_the_first_never() {
        let sightings = Sightings::default();
        let (home, away) = (at("192.0.2.1"), at("198.51.100.7"));
        assert_eq!(sightings.note("a", home, None), None);
        assert_eq!(sightings.note("a", home, None), None);
        assert_eq!(sightings.note("a", away, None), Some(vec![home]));
        assert_eq!(sightings.note("a", away, None), None);
        assert_eq!(sightings.note("a", home, None), None);
        assert_eq!(sightings.note("b", away, None), None, "another credential");
    }

    #[test]
    fn what_the_store_remembers_counts_and_addresses_of_one_network_are_one_place() {
        let sightings = Sightings::default();
        assert_eq!(sightings.note("a", at("192.0.2.2"), Some(at("192.0.2.1"))), Some(vec![at("192.0.2.1")]));
        assert_eq!(sightings.note("b", at("2001:db8::1"), None), None);
        assert_eq!(sightings.note("b", at("2001:db8::2"), None), None);
        assert_eq!(sightings.note("c", at("::ffff:192.0.2.1"), Some(at("192.0.2.1"))), None);
    }

    #[test]
    fn memory_is_bounded() {
        let sightings = Sightings::default();
        for number in 0..CREDENTIALS + 10 {
            sightings.note(&number.to_string(), at("192.0.2.1"), None);
        }
        for number in 0..200 {
            sightings.note("wanderer", at(&format!("192.0.2.{number}")), None);
        }
        let all = sightings.0.lock().unwrap();
        assert!(all.len() <= CREDENTIALS && all.values().all(|places| places.len() <= PLACES));
    }
}
