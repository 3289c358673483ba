//! A caller's own SSH public keys.

use axum::{
    Json,
    extract::{Path, State},
};
use http::StatusCode;
use russh::keys::{Algorithm, HashAlg, PublicKey};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

use super::{
    ApiState, Problem, ProblemCode,
    caller::Caller,
    guard::{Need, Part},
    input::{self, Body},
};
use crate::store::{NewSshKey, SshKey};

/// The least an RSA modulus may have, bits.
const RSA_BITS: u32 = 2048;
const NAME_LIMIT: usize = 100;

pub(super) fn routes() -> Vec<Part> {
    let routes = OpenApiRouter::new().routes(routes!(list, register)).routes(routes!(delete));
    vec![(Need::Caller, routes)]
}

/// A key to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RegisterRequest {
    /// One line of an OpenSSH `.pub` file.
    public_key: String,
    /// What to call it; the line's comment when absent.
    name: Option<String>,
}

/// A registered key.
#[derive(Serialize, ToSchema)]
struct ListedKey {
    id: Uuid,
    name: String,
    fingerprint: String,
    public_key: String,
    #[serde(with = "time::serde::rfc3339")]
    created: OffsetDateTime,
}

impl From<&SshKey> for ListedKey {
    fn from(key: &SshKey) -> Self {
        Self {
            id: key.id,
            name: key.name.clone(),
            fingerprint: key.fingerprint.clone(),
            public_key: key.public_key.clone(),
            created: key.created,
        }
    }
}

/// My SSH keys.
#[utoipa::path(get, path = "/api/v1/ssh-keys", responses((status = 200, body = Vec<ListedKey>)))]
async fn list(State(state): State<ApiState>, caller: Caller) -> Json<Vec<ListedKey>> {
    let keys = state.store.snapshot().ssh_keys_of(caller.subject.id);
    Json(keys.iter().map(|key| ListedKey::from(key.as_ref())).collect())
}

/// Registers a key of mine.
#[utoipa::path(
    post, path = "/api/v1/ssh-keys", request_body = RegisterRequest, responses((status = 201, body = ListedKey))
)]
async fn register(
    State(state): State<ApiState>,
    caller: Caller,
    Body(asked): Body<RegisterRequest>,
) -> Result<(StatusCode, Json<ListedKey>), Problem> {
    caller.must_have_signed_in()?;
    let (fingerprint, public_key, comment) = read(&asked.public_key)?;
    let name: String =
        asked.name.unwrap_or(comment).chars().filter(|char| !char.is_control()).take(NAME_LIMIT).collect();
    let new = NewSshKey { fingerprint, public_key, subject_id: caller.subject.id, name };
    let key = state.store.register_ssh_key(new).await?;
    let detail = serde_json::json!({ "key": key.id, "fingerprint": key.fingerprint });
    state.store.audit(caller.event("ssh-key.registered", detail)).await?;
    Ok((StatusCode::CREATED, Json(ListedKey::from(&key))))
}

/// Deletes a key of mine. Sessions that it opened end.
#[utoipa::path(delete, path = "/api/v1/ssh-keys/{id}", params(("id" = Uuid, Path)), responses((status = 204)))]
async fn delete(State(state): State<ApiState>, caller: Caller, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id: Uuid = input::id(&id)?;
    if !state.store.revoke_ssh_key(id, caller.subject.id).await? {
        return Err(Problem::not_found());
    }
    state.store.audit(caller.event("ssh-key.deleted", serde_json::json!({ "key": id }))).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Fingerprint, line without comment, and comment of a key of a current algorithm. Certificates are no keys.
fn read(line: &str) -> Result<(String, String, String), Problem> {
    let invalid = |text: &str| Problem::new(ProblemCode::Invalid, text);
    let mut key = PublicKey::from_openssh(line.trim()).map_err(|_| invalid("this is no OpenSSH public key"))?;
    let bits = key.key_data().rsa().and_then(|rsa| rsa.n().as_positive_bytes().map(|n| n.len() as u32 * 8));
    match key.algorithm() {
        Algorithm::Ed25519 | Algorithm::Ecdsa { .. } | Algorithm::SkEd25519 | Algorithm::SkEcdsaSha2NistP256 => {}
        Algorithm::Rsa { .. } if bits.is_some_and(|bits| bits >= RSA_BITS) => {}
        _ => return Err(invalid("use an Ed25519, ECDSA or RSA (2048 bits or more) key")),
    }
    let comment = key.comment().to_string();
    key.set_comment("");
    let public_key = key.to_openssh().map_err(|_| invalid("this key cannot be written"))?;
    Ok((key.fingerprint(HashAlg::Sha256).to_string(), public_key.trim().to_owned(), comment))
}
