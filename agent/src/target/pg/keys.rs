//! SCRAM keys of targets' passwords, kept so that the rounds (about a millisecond) run once per password, salt and round
//! count. The index is a hash of all three, so a rotated password finds nothing; no password is kept.

use std::{
    collections::HashMap,
    sync::{Mutex, OnceLock, PoisonError},
};

use protocols::pg::scram::ClientKeys;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// More are not kept.
const KEPT: usize = 1024;

/// The keys of `password`; derived away from the runtime's threads if they are not kept.
pub(super) async fn of(password: &[u8], salt: Vec<u8>, rounds: u32) -> Option<ClientKeys> {
    static KEYS: OnceLock<Mutex<HashMap<[u8; 32], ClientKeys>>> = OnceLock::new();
    let keys = KEYS.get_or_init(Mutex::default);
    let index = index(password, &salt, rounds);
    if let Some(found) = keys.lock().unwrap_or_else(PoisonError::into_inner).get(&index) {
        return Some(found.clone());
    }
    let password = Zeroizing::new(password.to_vec());
    let derived = tokio::task::spawn_blocking(move || ClientKeys::derive(&password, &salt, rounds)).await.ok()?;
    let mut kept = keys.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= KEPT {
        kept.clear();
    }
    kept.insert(index, derived.clone());
    Some(derived)
}

fn index(password: &[u8], salt: &[u8], rounds: u32) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [password, salt] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.update(rounds.to_be_bytes());
    hash.finalize().into()
}
