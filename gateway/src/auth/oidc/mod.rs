//! The OpenID provider (OpenID Connect Core 1.0; authorization code flow with PKCE, RFC 7636). Issuer, audience, nonce,
//! signature, algorithm and expiry are checked by `openidconnect`; what it leaves open is checked in [`claims`].

mod claims;
mod http;

use std::time::{Duration, Instant};

use openidconnect::{
    AdditionalProviderMetadata, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    IdTokenVerifier, IssuerUrl, Nonce, PkceCodeChallenge, PkceCodeVerifier, ProviderMetadata, RedirectUrl, Scope,
    TokenResponse as _,
    core::{
        CoreAuthDisplay, CoreAuthenticationFlow, CoreClaimName, CoreClaimType, CoreClient, CoreClientAuthMethod,
        CoreGrantType, CoreIdToken, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
        CoreJwsSigningAlgorithm, CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
    },
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use super::AuthError;
use crate::{
    config::{Config, Mode, Oidc, resolve},
    store::SignedIn,
};

/// How long discovery and keys are believed.
const FRESH: Duration = Duration::from_secs(300);
/// How old keys must be before an unknown one makes us ask again.
const ASK_AGAIN: Duration = Duration::from_secs(10);

type Metadata = ProviderMetadata<
    Mark,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What a development provider says about itself.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
struct Mark {
    #[serde(default)]
    sallyport_development: bool,
}

impl AdditionalProviderMetadata for Mark {}

/// A sign-in failed at or because of the provider.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The provider did not answer as it should.
    #[error("the identity provider does not answer: {0}")]
    Provider(String),
    /// It is a development provider, and this is production.
    #[error("the identity provider is for development only")]
    Development,
    /// The provider refused the code.
    #[error("the identity provider refused the code")]
    Code,
    /// The ID token is not acceptable.
    #[error("the ID token is not acceptable: {0}")]
    Token(String),
}

/// Where to send the browser, and what must come back.
pub(super) struct Authorize {
    pub url: url::Url,
    pub state: String,
    pub nonce: String,
    pub pkce_verifier: String,
}

/// The configured provider.
pub(super) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    scopes: Vec<Scope>,
    names: claims::Names,
    mode: Mode,
    http: http::Http,
    known: Mutex<Option<Known>>,
}

#[derive(Clone)]
struct Known {
    metadata: Metadata,
    at: Instant,
}

impl Provider {
    pub(super) fn new(oidc: &Oidc, config: &Config) -> Result<Self, AuthError> {
        let wrong = |error: &dyn std::fmt::Display| AuthError::Oidc(error.to_string());
        let secret = oidc.client_secret.as_deref().map(resolve).transpose().map_err(|error| wrong(&error))?;
        let issuer = IssuerUrl::new(oidc.issuer.clone()).map_err(|error| wrong(&error))?;
        if config.mode == Mode::Production && issuer.url().scheme() != "https" {
            return Err(AuthError::Oidc("the issuer must be an https:// URL".into()));
        }
        let redirect =
            RedirectUrl::new(format!("{}/auth/callback", config.public_url)).map_err(|error| wrong(&error))?;
        Ok(Self {
            issuer,
            client_id: ClientId::new(oidc.client_id.clone()),
            client_secret: secret.map(ClientSecret::new),
            redirect,
            scopes: oidc.scopes.iter().cloned().map(Scope::new).collect(),
            names: claims::Names { groups: oidc.groups_claim.clone(), name: oidc.name_claim.clone() },
            mode: config.mode,
            http: http::Http::new(oidc.ca_file.as_deref()).map_err(AuthError::Oidc)?,
            known: Mutex::new(None),
        })
    }

    /// Begins a sign-in.
    pub(super) async fn authorize(&self) -> Result<Authorize, OidcError> {
        let metadata = self.metadata(FRESH).await?;
        let client = CoreClient::from_provider_metadata(metadata, self.client_id.clone(), self.client_secret.clone())
            .set_redirect_uri(self.redirect.clone());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (url, state, nonce) = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(self.scopes.iter().cloned())
            .set_pkce_challenge(challenge)
            .url();
        Ok(Authorize {
            url,
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            pkce_verifier: verifier.secret().clone(),
        })
    }

    /// Ends a sign-in: exchanges the code and checks the ID token.
    pub(super) async fn exchange(&self, code: String, verifier: String, nonce: String) -> Result<SignedIn, OidcError> {
        let metadata = self.metadata(FRESH).await?;
        let client = CoreClient::from_provider_metadata(metadata, self.client_id.clone(), self.client_secret.clone())
            .set_redirect_uri(self.redirect.clone());
        let tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| OidcError::Provider(error.to_string()))?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(&self.http)
            .await
            .map_err(|_| OidcError::Code)?;
        let token = tokens.id_token().ok_or_else(|| OidcError::Token("there is none".into()))?;
        self.check(token, &Nonce::new(nonce)).await
    }

    async fn check(&self, token: &CoreIdToken, nonce: &Nonce) -> Result<SignedIn, OidcError> {
        let wrong = |error: ClaimsVerificationError| OidcError::Token(error.to_string());
        let metadata = self.metadata(FRESH).await?;
        let checked = match token.claims(&self.verifier(&metadata), nonce) {
            // The provider may have changed its keys since we asked.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let metadata = self.metadata(ASK_AGAIN).await?;
                token.claims(&self.verifier(&metadata), nonce).map_err(wrong)?
            }
            checked => checked.map_err(wrong)?,
        };
        if checked.authorized_party().is_some_and(|party| **party != *self.client_id) {
            return Err(OidcError::Token("it was issued to another client".into()));
        }
        claims::read(token, checked, &self.names).map_err(|error| OidcError::Token(error.to_string()))
    }

    fn verifier(&self, metadata: &Metadata) -> IdTokenVerifier<'static, CoreJsonWebKey> {
        let keys = metadata.jwks().clone();
        let (client, issuer) = (self.client_id.clone(), self.issuer.clone());
        IdTokenVerifier::new_public_client(client, issuer, keys)
            .set_allowed_algs([
                CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
                CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                CoreJwsSigningAlgorithm::EdDsa,
            ])
            .set_issue_time_verifier_fn(|issued| {
                let early =
                    std::time::SystemTime::from(issued) > std::time::SystemTime::now() + Duration::from_secs(60);
                if early { Err("issued in the future".to_owned()) } else { Ok(()) }
            })
    }

    /// What the provider says about itself, not older than `age`.
    async fn metadata(&self, age: Duration) -> Result<Metadata, OidcError> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref().filter(|known| known.at.elapsed() < age) {
            return Ok(known.metadata.clone());
        }
        let metadata = Metadata::discover_async(self.issuer.clone(), &self.http)
            .await
            .map_err(|error| OidcError::Provider(error.to_string()))?;
        if metadata.additional_metadata().sallyport_development && self.mode == Mode::Production {
            return Err(OidcError::Development);
        }
        *known = Some(Known { metadata: metadata.clone(), at: Instant::now() });
        Ok(metadata)
    }
}

#[cfg(test)]
impl Provider {
    /// As if discovery had been done that much earlier.
    pub(super) async fn age(&self, by: Duration) {
        if let Some(known) = self.known.lock().await.as_mut() {
            known.at = known.at.checked_sub(by).unwrap_or(known.at);
        }
    }

    /// As if it had been configured in that mode.
    pub(super) fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }
}
