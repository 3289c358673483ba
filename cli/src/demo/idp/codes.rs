//! Authorization codes: good for one minute, once, for the redirect they were made for, with the right PKCE verifier.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use crate::demo::{people::Person, token};

const LIFETIME: Duration = Duration::from_secs(60);

/// What a code stands for.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) person: Person,
    pub(super) redirect_uri: String,
    pub(super) nonce: String,
    pub(super) challenge: String,
    /// As if the person had used a second factor.
    pub(super) second_factor: bool,
}

/// The codes that were issued and not yet redeemed.
#[derive(Debug, Default)]
pub(super) struct Codes(Mutex<HashMap<String, (Instant, Code)>>);

impl Codes {
    /// A new code.
    pub(super) fn issue(&self, code: Code) -> String {
        let name = token();
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, (made, _)| made.elapsed() < LIFETIME);
        open.insert(name.clone(), (Instant::now(), code));
        name
    }

    /// Uses a code up, whether or not the rest fits.
    pub(super) fn redeem(&self, name: &str, redirect_uri: &str, verifier: &str) -> Option<Code> {
        let (made, code) = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name)?;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let fits = made.elapsed() < LIFETIME && code.redirect_uri == redirect_uri && code.challenge == challenge;
        fits.then_some(code)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::demo::people::PEOPLE;

    fn issue(codes: &Codes) -> String {
        codes.issue(Code {
            person: PEOPLE[0],
            redirect_uri: "http://127.0.0.1:1/".into(),
            nonce: String::new(),
            challenge: BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest("verifier")),
            second_factor: false,
        })
    }

    #[test]
    fn a_code_works_once() {
        let codes = Codes::default();
        let code = issue(&codes);
        assert!(codes.redeem(&code, "http://127.0.0.1:1/", "verifier").is_some());
        assert!(codes.redeem(&code, "http://127.0.0.1:1/", "verifier").is_none());
    }

    #[test]
    fn a_wrong_verifier_uses_the_code_up() {
        let codes = Codes::default();
        let code = issue(&codes);
        assert!(codes.redeem(&code, "http://127.0.0.1:1/", "guess").is_none());
        assert!(codes.redeem(&code, "http://127.0.0.1:1/", "verifier").is_none());
    }
}
