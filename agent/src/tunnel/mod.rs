//! The way to the gateways: enrol once, renew at half life, keep a Control stream to every replica, serve what they ask
//! for. The agent only dials out; it has no listener.

mod control;
mod deliver;
mod dial;
mod enrol;
mod identity;

use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use proto::rpc::tunnel_client::TunnelClient;
use tokio::task::JoinSet;

use self::{
    control::{ControlEnd, Replica},
    dial::DialError,
};
pub use self::{
    enrol::{EnrolError, JoinToken},
    identity::{Identity, IdentityError},
};
use crate::session::Sessions;

const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);
/// How often leftovers are looked for while a gateway is there.
const DELIVER_EVERY: Duration = Duration::from_secs(5);

/// The tunnel cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TunnelError {
    /// Not enrolled, and no token to enrol with.
    #[error("the agent is not enrolled: set join_token (an administrator makes one with `sallyport agents join NAME`)")]
    NotEnrolled,
    /// Enrolment failed.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// The identity on disk is not usable.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

/// Everything the agent needs to keep its tunnels up.
#[derive(Clone)]
pub struct Tunnel {
    gateways: Vec<String>,
    connections: usize,
    state_dir: PathBuf,
    identity: Arc<ArcSwap<Identity>>,
    sessions: Sessions,
}

impl Tunnel {
    /// Loads the identity, or enrols with the join token.
    ///
    /// # Errors
    /// If there is neither, or no gateway accepts the token.
    pub async fn open(config: &crate::config::Config, sessions: Sessions) -> Result<Self, TunnelError> {
        let identity = match Identity::load(&config.state_dir)? {
            Some(identity) => identity,
            None => {
                let token = config.join_token.as_deref().ok_or(TunnelError::NotEnrolled)?;
                let token = JoinToken::parse(&crate::config::reference(token).ok_or(TunnelError::NotEnrolled)?)?;
                let identity = first_enrolment(&config.gateways, &token).await?;
                identity.save(&config.state_dir)?;
                tracing::info!("enrolled");
                identity
            }
        };
        Ok(Self {
            gateways: config.gateways.clone(),
            connections: config.connections_per_gateway,
            state_dir: config.state_dir.clone(),
            identity: Arc::new(ArcSwap::from_pointee(identity)),
            sessions,
        })
    }

    /// Keeps a Control stream to every gateway until dropped.
    pub async fn run(&self) {
        let mut replicas = JoinSet::new();
        for gateway in self.gateways.clone() {
            let tunnel = self.clone();
            replicas.spawn(async move { tunnel.keep(&gateway).await });
        }
        while replicas.join_next().await.is_some() {}
    }

    async fn keep(&self, gateway: &str) {
        let mut backoff = FIRST_BACKOFF;
        loop {
            let end = match self.replica(gateway) {
                Ok(replica) => self.attend(gateway, &replica, &mut backoff).await,
                Err(error) => ControlEnd::Lost(error.to_string()),
            };
            match end {
                ControlEnd::Lost(reason) => tracing::warn!(gateway, reason, "gateway lost"),
                ControlEnd::Refused(reason) => tracing::error!(gateway, reason, "the gateway refuses this agent"),
                ControlEnd::Drain => tracing::info!(gateway, "gateway is draining"),
            }
            // Jitter keeps many agents from coming back in step.
            tokio::time::sleep(backoff.mul_f64(0.5 + rand::random::<f64>() / 2.0)).await;
            backoff = (backoff * 2).min(LONGEST_BACKOFF);
        }
    }

    async fn attend(&self, gateway: &str, replica: &Replica, backoff: &mut Duration) -> ControlEnd {
        let delivering = async {
            loop {
                if let Some(client) = replica.client() {
                    deliver::leftovers(self.sessions.spool(), &client).await;
                }
                tokio::time::sleep(DELIVER_EVERY).await;
            }
        };
        let (welcome, welcomed) = tokio::sync::oneshot::channel();
        let beside = async {
            if welcomed.await.is_ok() {
                tokio::select! {
                    () = delivering => {}
                    () = self.renewing(replica) => {}
                }
            }
            std::future::pending().await
        };
        let mut up = false;
        let end = tokio::select! {
            end = replica.control(|| {
                up = true;
                tracing::info!(gateway, "connected");
                let _gone = welcome.send(());
            }) => end,
            () = beside => ControlEnd::Lost(String::new()),
        };
        if up {
            *backoff = FIRST_BACKOFF;
        }
        end
    }

    /// Renews the certificate at half life, for as long as the replica is there.
    async fn renewing(&self, replica: &Replica) {
        loop {
            let current = self.identity.load_full();
            let wait = current.renew_at().duration_since(SystemTime::now()).unwrap_or_default();
            tokio::time::sleep(wait).await;
            if self.identity.load().generation != current.generation {
                continue;
            }
            let Some(mut client) = replica.client() else { return };
            match enrol::renew(&mut client, &current, &self.state_dir).await {
                Ok(next) => match next.save(&self.state_dir) {
                    Ok(()) => {
                        tracing::info!(generation = next.generation, "certificate renewed");
                        self.identity.store(Arc::new(next));
                    }
                    Err(error) => tracing::error!(%error, "the renewed certificate cannot be kept"),
                },
                Err(error) => {
                    tracing::warn!(%error, "certificate not renewed");
                    tokio::time::sleep(Duration::from_secs(60)).await;
                }
            }
        }
    }

    fn replica(&self, gateway: &str) -> Result<Replica, DialError> {
        let tls = dial::mutual(&self.identity.load())?;
        let clients = (0..self.connections)
            .map(|_| dial::channel(gateway, Arc::clone(&tls)).map(TunnelClient::new))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Replica::new(clients, self.sessions.clone()))
    }
}

async fn first_enrolment(gateways: &[String], token: &JoinToken) -> Result<Identity, EnrolError> {
    let mut last = EnrolError::Token;
    for gateway in gateways {
        match enrol::enrol(gateway, token).await {
            Ok(identity) => return Ok(identity),
            Err(error) => last = error,
        }
    }
    Err(last)
}
