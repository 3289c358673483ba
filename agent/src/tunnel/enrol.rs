//! Becoming known to the gateway: a join token once, then renewal at half life.

use std::path::Path;

use proto::rpc::{self, tunnel_client::TunnelClient};
use tonic::transport::Channel;

use super::{
    dial::{self, DialError},
    identity::{Identity, IdentityError, Request},
};

/// What an administrator hands to the agent's operator: a one-time secret and the hash of the gateway's root.
pub struct JoinToken {
    secret: String,
    root_sha256: [u8; 32],
}

/// Enrolment or renewal failed.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// The token is not one.
    #[error("the join token is malformed")]
    Token,
    /// The gateway cannot be reached.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// The gateway refused.
    #[error("the gateway refused: {0}")]
    Refused(String),
    /// The identity cannot be kept.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl JoinToken {
    /// Reads `spj.<secret>.<hex SHA-256 of the gateway's root>`.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn parse(text: &str) -> Result<Self, EnrolError> {
        let mut parts = text.trim().split('.');
        let (Some("spj"), Some(secret), Some(root), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(EnrolError::Token);
        };
        let root = hex::decode(root).ok().and_then(|bytes| bytes.try_into().ok()).ok_or(EnrolError::Token)?;
        Ok(Self { secret: secret.to_owned(), root_sha256: root })
    }
}

/// Trades the token for a certificate.
///
/// # Errors
/// If the gateway is not the pinned one, or the token is used, expired or unknown.
pub async fn enrol(gateway: &str, token: &JoinToken) -> Result<Identity, EnrolError> {
    let request = Request::generate()?;
    let channel = dial::channel(gateway, dial::pinned(token.root_sha256)?)?;
    let message = rpc::EnrollRequest { join_secret: token.secret.clone(), csr_der: request.csr.clone().into() };
    let answer = TunnelClient::new(channel).enroll(message).await.map_err(refused)?;
    Ok(request.signed(answer.into_inner()))
}

/// Asks for the next certificate, with a new key.
///
/// # Errors
/// If the gateway is lost or has locked this agent.
pub async fn renew(
    client: &mut TunnelClient<Channel>,
    current: &Identity,
    state_dir: &Path,
) -> Result<Identity, EnrolError> {
    let request = Request::renewal(state_dir)?;
    let message = rpc::RenewRequest { csr_der: request.csr.clone().into(), generation: current.generation };
    let answer = client.renew(message).await.map_err(refused)?;
    Ok(request.signed(answer.into_inner()))
}

fn refused(status: tonic::Status) -> EnrolError {
    EnrolError::Refused(status.message().to_owned())
}
