//! The header field by which the agent authenticates to the target.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderName, HeaderValue, header};
use proto::{Code, HttpAuth, Refusal};
use zeroize::Zeroizing;

use crate::{target::Context, vault::Secret};

/// Reads the credential now and makes the field of it; `None` if the target wants none.
pub(super) async fn field(context: &Context, auth: &HttpAuth) -> Result<Option<(HeaderName, HeaderValue)>, Refusal> {
    match auth {
        HttpAuth::None => Ok(None),
        HttpAuth::Bearer => {
            let token = required(context, "token").await?;
            Ok(Some((header::AUTHORIZATION, value(&[b"Bearer ", token.expose()])?)))
        }
        HttpAuth::Basic { user } => {
            let password = required(context, "password").await?;
            let pair = Zeroizing::new([user.as_bytes(), b":", password.expose()].concat());
            let encoded = Zeroizing::new(STANDARD.encode(&*pair));
            Ok(Some((header::AUTHORIZATION, value(&[b"Basic ", encoded.as_bytes()])?)))
        }
        HttpAuth::Header { name } => {
            let secret = required(context, "header").await?;
            let name = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| Refusal::new(Code::Credential, "the connection's credential header has no valid name"))?;
            Ok(Some((name, value(&[secret.expose()])?)))
        }
    }
}

async fn required(context: &Context, role: &str) -> Result<Secret, Refusal> {
    let missing = || Refusal::new(Code::Credential, "the connection names no credential of the kind its target needs");
    context.credential(role).await?.ok_or_else(missing)
}

fn value(parts: &[&[u8]]) -> Result<HeaderValue, Refusal> {
    let bytes = Zeroizing::new(parts.concat());
    let mut value = HeaderValue::from_bytes(&bytes)
        .map_err(|_| Refusal::new(Code::Credential, "the target's credential cannot stand in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}
