//! Listening on the target for the client (`ssh -R`). Requests are answered in order; the listening stands on a connection of
//! its own, so that the answers do not wait behind a slow channel.

use std::{sync::Arc, time::Duration};

use proto::{
    Code, Ending,
    event::{Completed, Refused},
};
use protocols::ssh::{Address, Message};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::task::TaskTracker;

use super::{
    connect::Connected,
    session::{Over, Session, lock},
};
use crate::filter::{
    guard::{Decision, Guard as _},
    ssh::{allows_forward, remote_forward_facts, remote_forward_record},
};

/// How long the target may take to answer.
const ANSWER: Duration = Duration::from_secs(10);

/// Requests that wait for their answer.
const QUEUE: usize = 64;

/// What the client asks for.
pub(super) enum Ask {
    Listen(Address),
    Stop(Address),
}

/// Starts the task that answers.
pub(super) fn start(session: Arc<Session>, tasks: &TaskTracker) -> mpsc::Sender<Ask> {
    let (asks, mut asked) = mpsc::channel(QUEUE);
    tasks.spawn(async move {
        let mut forwards = Forwards { session, connected: None };
        let over = forwards.session.over.clone();
        let serve = async {
            while let Some(ask) = asked.recv().await {
                let answer = forwards.answer(ask).await;
                if forwards.session.send_message(answer).await.is_err() {
                    break;
                }
            }
        };
        let _over = over.run_until_cancelled(serve).await;
    });
    asks
}

struct Forwards {
    session: Arc<Session>,
    connected: Option<Connected>,
}

impl Forwards {
    async fn answer(&mut self, ask: Ask) -> Message {
        let answer = match ask {
            Ask::Listen(at) => self.listen(at).await,
            Ask::Stop(at) => self.stop(&at).await,
        };
        match answer {
            Ok(port) => Message::ForwardSuccess { port },
            Err(refused) => Message::ForwardFailure { text: format!("{} ({})", refused.message, refused.code) },
        }
    }

    async fn listen(&mut self, at: Address) -> Result<u32, Ending> {
        let context = self.session.context();
        let record = context.record.clone();
        let judged = remote_forward_facts(&at);
        let decision = context.rights.decide(&judged);
        let mut told = remote_forward_record(&at, None, &context.masker);
        decision.note(&mut told, &judged);
        let exchange = record.begin(told);
        let answer = self.try_listen(&at, &decision).await;
        let (outcome, code) = match &answer {
            Ok(_) => ("ok", String::new()),
            Err(refused) => ("error", refused.code.to_string()),
        };
        if let Err(refused) = &answer {
            let (code, reason) = (refused.code.to_string(), refused.message.clone());
            let by_policy = !decision.forwards();
            let event = if by_policy { decision.refused() } else { Refused { code, reason, ..Refused::default() } };
            record.refused(exchange, event);
        }
        record.completed(exchange, Completed { outcome: outcome.to_owned(), code, ..Completed::default() });
        self.session.commit().await.map_err(|Over| self.session.ending())?;
        answer
    }

    async fn try_listen(&mut self, at: &Address, decision: &Decision) -> Result<u32, Ending> {
        if !decision.forwards() {
            return Err(Ending::new(decision.code, decision.message()));
        }
        if !allows_forward(&self.session.settings().remote_forwards, &at.host, at.port) {
            return Err(Ending::new(Code::ForwardDenied, "listening there is not allowed"));
        }
        self.session.commit().await.map_err(|Over| self.session.ending())?;
        let session = Arc::clone(&self.session);
        let connected = self.connected().await?;
        let asked = timeout(ANSWER, connected.handle.tcpip_forward(&at.host, at.port)).await;
        match asked {
            Ok(Ok(port)) => {
                let port = if at.port == 0 { port } else { at.port };
                lock(&session.listening).push(Address { host: at.host.clone(), port });
                Ok(port)
            }
            _ => Err(Ending::new(Code::TargetRefused, "the target does not listen there")),
        }
    }

    async fn stop(&mut self, at: &Address) -> Result<u32, Ending> {
        lock(&self.session.listening).retain(|known| known != at);
        let not_listening = || Ending::new(Code::TargetRefused, "the target does not listen there");
        let connected = self.connected.as_ref().ok_or_else(not_listening)?;
        match timeout(ANSWER, connected.handle.cancel_tcpip_forward(&at.host, at.port)).await {
            Ok(Ok(())) => Ok(at.port),
            _ => Err(not_listening()),
        }
    }

    async fn connected(&mut self) -> Result<&Connected, Ending> {
        if self.connected.as_ref().is_none_or(|connected| connected.lost.is_cancelled()) {
            lock(&self.session.listening).clear();
            self.connected = Some(self.session.dialler.connect().await?);
        }
        self.connected.as_ref().ok_or_else(|| Ending::new(Code::Internal, "no connection"))
    }
}
