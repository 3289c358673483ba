//! What we take from a verified ID token: who, under which name, in which groups.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::core::{CoreIdToken, CoreIdTokenClaims};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use crate::store::SignedIn;

const NAME_LIMIT: usize = 128;
const GROUP_LIMIT: usize = 256;
const GROUPS_LIMIT: usize = 1000;

/// Which claims to read.
pub(super) struct Names {
    pub groups: String,
    pub name: String,
}

/// A claim is not usable.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ClaimError {
    #[error("it cannot be read")]
    Unreadable,
    #[error("claim `{0}` is missing or not usable as a name")]
    Name(String),
    #[error("its email is not verified")]
    Unverified,
    #[error("claim `{0}` is no list of groups")]
    Groups(String),
}

/// Reads the claims of `token`, of which `verified` was verified: the same bytes, without a fixed set of names.
pub(super) fn read(token: &CoreIdToken, verified: &CoreIdTokenClaims, names: &Names) -> Result<SignedIn, ClaimError> {
    let text = token.to_string();
    let payload = text.split('.').nth(1).ok_or(ClaimError::Unreadable)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).map_err(|_| ClaimError::Unreadable)?;
    let all: Map<String, Value> = serde_json::from_slice(&payload).map_err(|_| ClaimError::Unreadable)?;
    Ok(SignedIn {
        issuer: verified.issuer().to_string(),
        subject: verified.subject().to_string(),
        name: name(&all, &names.name)?,
        groups: groups(&all, &names.groups)?,
        authenticated: authenticated(&all),
        mfa: second_factor(&all),
    })
}

/// `auth_time`, if it is a time that has been.
fn authenticated(all: &Map<String, Value>) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::from_unix_timestamp(all.get("auth_time")?.as_i64()?).ok()?;
    (at <= OffsetDateTime::now_utc()).then_some(at)
}

/// Whether `amr` (RFC 8176) names several factors, or one that only is used as a second.
fn second_factor(all: &Map<String, Value>) -> bool {
    let methods = all.get("amr").and_then(Value::as_array);
    methods.into_iter().flatten().filter_map(Value::as_str).any(|method| {
        matches!(method, "mfa" | "otp" | "hwk" | "swk" | "sms" | "tel" | "sc" | "fpt" | "face" | "iris" | "pop")
    })
}

fn name(all: &Map<String, Value>, claim: &str) -> Result<String, ClaimError> {
    if claim == "email" && all.get("email_verified") != Some(&Value::Bool(true)) {
        return Err(ClaimError::Unverified);
    }
    match find(all, claim) {
        Some(Value::String(name)) if usable(name) => Ok(name.clone()),
        _ => Err(ClaimError::Name(claim.to_owned())),
    }
}

/// A name that looks like what it is: not empty, not long, nothing invisible.
fn usable(name: &str) -> bool {
    let invisible = |char: char| {
        char.is_control()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    !name.is_empty() && name.len() <= NAME_LIMIT && name.trim() == name && !name.chars().any(invisible)
}

/// A list of strings, one string, or nothing, which is no group at all.
fn groups(all: &Map<String, Value>, claim: &str) -> Result<Vec<String>, ClaimError> {
    let wrong = || ClaimError::Groups(claim.to_owned());
    let list = match find(all, claim) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(list)) if list.len() <= GROUPS_LIMIT => {
            list.iter().map(|group| group.as_str().map(str::to_owned)).collect::<Option<_>>().ok_or_else(wrong)?
        }
        Some(_) => return Err(wrong()),
    };
    if list.iter().any(|group| group.is_empty() || group.len() > GROUP_LIMIT) {
        return Err(wrong());
    }
    Ok(list)
}

/// The claim of that very name, or the one at that dotted path.
fn find<'a>(all: &'a Map<String, Value>, claim: &str) -> Option<&'a Value> {
    all.get(claim).or_else(|| {
        let (first, rest) = claim.split_once('.')?;
        find(all.get(first)?.as_object()?, rest)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn map(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn groups_are_a_list_a_word_or_a_path() {
        assert_eq!(groups(&map(json!({"groups": ["a", "b"]})), "groups").unwrap(), ["a", "b"]);
        assert_eq!(groups(&map(json!({"groups": "a"})), "groups").unwrap(), ["a"]);
        assert_eq!(groups(&map(json!({"r": {"roles": ["a"]}})), "r.roles").unwrap(), ["a"]);
        assert_eq!(groups(&map(json!({"https://x.y/g": ["a"]})), "https://x.y/g").unwrap(), ["a"]);
        assert!(groups(&map(json!({})), "groups").unwrap().is_empty());
    }

    #[test]
    fn groups_that_are_no_words_are_refused() {
        for wrong in [json!([1]), json!({"a": 1}), json!([""]), json!(true)] {
            assert!(groups(&map(json!({ "groups": wrong })), "groups").is_err());
        }
    }

    #[test]
    fn a_second_factor_is_what_rfc_8176_calls_one() {
        assert!(second_factor(&map(json!({"amr": ["pwd", "otp"]}))) && second_factor(&map(json!({"amr": ["mfa"]}))));
        for one in [json!({"amr": ["pwd"]}), json!({}), json!({"amr": "mfa"}), json!({"amr": [1]})] {
            assert!(!second_factor(&map(one)));
        }
    }

    #[test]
    fn a_time_of_proof_in_the_future_counts_as_none() {
        assert_eq!(authenticated(&map(json!({"auth_time": 4_000_000_000_i64}))), None);
        assert_eq!(authenticated(&map(json!({"auth_time": 1}))).unwrap().unix_timestamp(), 1);
    }

    #[test]
    fn names_with_invisible_characters_are_refused() {
        for wrong in ["", " a", "a\u{202e}b", "a\nb", "a\u{200b}"] {
            assert!(name(&map(json!({ "n": wrong })), "n").is_err(), "{wrong:?}");
        }
        assert_eq!(name(&map(json!({"n": "Zoë"})), "n").unwrap(), "Zoë");
    }

    #[test]
    fn an_unverified_email_is_no_name() {
        assert_eq!(name(&map(json!({"email": "a@b"})), "email"), Err(ClaimError::Unverified));
        assert_eq!(name(&map(json!({"email": "a@b", "email_verified": true})), "email").unwrap(), "a@b");
    }
}
