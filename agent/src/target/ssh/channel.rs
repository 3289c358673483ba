//! One channel from its opening to its close: opens it on the target (or takes what came to a forwarded port), runs both
//! directions, and writes its end into the record.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use proto::{
    Code, Ending,
    event::{Completed, Refused},
};
use protocols::ssh::{Address, Channel, Message, OpenKind, WINDOW};
use russh::{Channel as SshChannel, ChannelId, ChannelOpenFailure, ChannelWriteHalf, Sig, client::Msg};
use tokio::{
    sync::Notify,
    time::{sleep, timeout},
};

use super::{
    gate::Gate,
    handler::Forwarded,
    inlet::Lane,
    input,
    output::{self, Outcome},
    pool::{Lease, Pool},
    session::{Over, Session, lock},
};
use crate::{
    filter::{
        guard::{Decision, Guard as _, Judged},
        ssh::{
            Screen, Sftp, allows_forward, forward_facts, forward_record, remote_forward_facts, remote_forward_record,
        },
    },
    record::Exchange,
    target::context::LOOK_AGAIN,
};

/// How long the target may take to open a session channel.
const OPEN_SESSION: Duration = Duration::from_secs(30);

/// How long it may take to reach where a forwarded connection goes.
const OPEN_FORWARD: Duration = Duration::from_secs(130);

/// `SSH_OPEN_ADMINISTRATIVELY_PROHIBITED`.
const PROHIBITED: u32 = 1;

/// `SSH_OPEN_CONNECT_FAILED`.
const CONNECT_FAILED: u32 = 2;

/// A channel that is open on both sides.
pub(super) struct Open {
    pub(super) session: Arc<Session>,
    pub(super) channel: Channel,
    pub(super) lane: Lane,
    pub(super) gate: Arc<Gate>,
    /// The target's number for it.
    pub(super) id: ChannelId,
    pub(super) state: Mutex<State>,
    /// Something of our own waits to be sent to the client.
    pub(super) wake: Notify,
    /// Something of our own waits to be sent to the target.
    pub(super) ask: Notify,
}

/// What both directions of a channel know.
pub(super) struct State {
    pub(super) screen: Screen,
    /// The request that runs; 0 before there is one.
    pub(super) exchange: Exchange,
    /// Requests the target has not answered, oldest first.
    pub(super) asked: VecDeque<Asked>,
    /// What is held was looked at since output last came.
    pub(super) quiet: bool,
    /// The exit status or signal.
    pub(super) status: String,
    /// What policy decided about, while it runs.
    pub(super) judged: Option<Arc<Judged>>,
    /// Bytes that the client was sent.
    pub(super) sent: u64,
    /// A limit was met in mid-stream: nothing more is shown.
    pub(super) stopped: bool,
    /// The operations of a file session.
    pub(super) sftp: Option<Sftp>,
    /// A program of another protocol runs: files are transferred.
    pub(super) is_transfer: bool,
    /// There is a terminal, so that messages go where the client looks.
    pub(super) terminal: bool,
    /// Policy ended the program, or never let it start.
    pub(super) farewell: Option<Farewell>,
}

/// How the client is told that its program may not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Farewell {
    /// Lines of text.
    pub(super) text: String,
    /// The code for the record.
    pub(super) code: String,
    /// The program never started, so its request has no answer yet.
    pub(super) unanswered: bool,
}

/// A request that the target answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Pty,
    Env,
    Program,
}

/// Serves a channel that the client opened.
pub(super) async fn serve(session: Arc<Session>, pool: Arc<Pool>, channel: Channel, kind: OpenKind, lane: Lane) {
    let over = session.over.clone();
    let opening = async {
        match &kind {
            OpenKind::DirectTcpip { to, from } => open_direct(&session, &pool, to, from).await,
            _ => open_session(&session, &pool).await,
        }
    };
    let opened = tokio::select! {
        opened = opening => opened,
        () = over.cancelled() => return,
    };
    match opened {
        Ok((ssh, lease, screen, exchange, judged)) => {
            let gate = Arc::clone(&lease.peer.gate);
            let open = Open::new(Arc::clone(&session), channel, lane, gate, &ssh, screen, exchange);
            lock(&open.state).judged = judged;
            if session.send_message(Message::OpenConfirm { channel, window: WINDOW }).await.is_ok() {
                tokio::select! {
                    () = open.run(ssh) => {}
                    Over = lease.lost() => open.close(Outcome::Lost).await,
                }
            }
        }
        Err((reason, refused)) => {
            let text = format!("sallyport: {} ({})", refused.message, refused.code);
            let _gone = session.send_message(Message::OpenFailure { channel, reason, text }).await;
        }
    }
    lock(&session.lanes).remove(&channel);
}

/// Serves a connection that came to a forwarded port.
pub(super) async fn serve_forwarded(session: Arc<Session>, channel: Channel, forwarded: Forwarded, lane: Lane) {
    let Forwarded { channel: ssh, to, from, gate, reply } = forwarded;
    let context = session.context();
    let judged = remote_forward_facts(&to);
    let decision = context.rights.decide(&judged);
    let mut record = remote_forward_record(&to, Some(&from), &context.masker);
    decision.note(&mut record, &judged);
    let exchange = context.record.begin(record);
    let screen = Screen::counted("forwarded connection");
    let open = Open::new(Arc::clone(&session), channel, lane, gate, &ssh, screen, exchange);
    lock(&open.state).judged = Some(judged);
    let over = session.over.clone();
    let asked = if decision.forwards() {
        over.run_until_cancelled(open.ask_client(to, from)).await
    } else {
        context.record.refused(exchange, decision.refused());
        Some(Err(Over))
    };
    if asked == Some(Ok(())) {
        reply.accept().await;
        open.run(ssh).await;
    } else {
        reply.reject(ChannelOpenFailure::ConnectFailed).await;
        open.finish("error", Code::ForwardDenied.as_str()).await;
    }
    lock(&session.lanes).remove(&channel);
}

type Opened = (SshChannel<Msg>, Lease, Screen, Exchange, Option<Arc<Judged>>);

async fn open_session(session: &Arc<Session>, pool: &Arc<Pool>) -> Result<Opened, (u32, Ending)> {
    let lease = pool.lease().await.map_err(|refused| (CONNECT_FAILED, refused))?;
    match timeout(OPEN_SESSION, lease.peer.handle.channel_open_session()).await {
        Ok(Ok(ssh)) => Ok((ssh, lease, Screen::inspected(&session.context().masker), Exchange(0), None)),
        Ok(Err(error)) => Err(refused_by_target(&error)),
        Err(_) => {
            Err((CONNECT_FAILED, Ending::new(Code::TargetRefused, "the target did not open the channel in time")))
        }
    }
}

async fn open_direct(
    session: &Arc<Session>,
    pool: &Arc<Pool>,
    to: &Address,
    from: &Address,
) -> Result<Opened, (u32, Ending)> {
    let context = session.context();
    let judged = forward_facts(to);
    let decision = context.rights.decide(&judged);
    let mut record = forward_record(to, from, &context.masker);
    decision.note(&mut record, &judged);
    let exchange = context.record.begin(record);
    let opened = try_direct(session, pool, to, from, &decision).await;
    match opened {
        Ok((ssh, lease)) => Ok((ssh, lease, Screen::counted("forwarded connection"), exchange, Some(judged))),
        Err((reason, refused)) => {
            let code = refused.code.to_string();
            let event = if decision.forwards() {
                Refused { code: code.clone(), reason: refused.message.clone(), ..Refused::default() }
            } else {
                decision.refused()
            };
            context.record.refused(exchange, event);
            context.record.completed(exchange, Completed { outcome: "error".to_owned(), code, ..Completed::default() });
            let _over = session.commit().await;
            Err((reason, refused))
        }
    }
}

async fn try_direct(
    session: &Arc<Session>,
    pool: &Arc<Pool>,
    to: &Address,
    from: &Address,
    decision: &Decision,
) -> Result<(SshChannel<Msg>, Lease), (u32, Ending)> {
    if !decision.forwards() {
        let message = format!("{} [{}]", decision.message(), decision.detail());
        return Err((PROHIBITED, Ending::new(decision.code, message)));
    }
    if !allows_forward(&session.settings().forwards, &to.host, to.port) {
        return Err((PROHIBITED, Ending::new(Code::ForwardDenied, "forwarding to that place is not allowed")));
    }
    session.commit().await.map_err(|Over| (PROHIBITED, session.ending()))?;
    let lease = pool.lease().await.map_err(|refused| (CONNECT_FAILED, refused))?;
    let asked = lease.peer.handle.channel_open_direct_tcpip(&to.host, to.port, &from.host, from.port);
    match timeout(OPEN_FORWARD, asked).await {
        Ok(Ok(ssh)) => Ok((ssh, lease)),
        Ok(Err(error)) => Err(refused_by_target(&error)),
        Err(_) => Err((CONNECT_FAILED, Ending::new(Code::TargetRefused, "the connection was not opened in time"))),
    }
}

fn refused_by_target(error: &russh::Error) -> (u32, Ending) {
    match error {
        russh::Error::ChannelOpenFailure(reason) => {
            let text = match reason {
                ChannelOpenFailure::AdministrativelyProhibited => "the target does not allow it",
                ChannelOpenFailure::ConnectFailed => "the target could not connect there",
                ChannelOpenFailure::ResourceShortage => "the target is short of resources",
                _ => "the target refused the channel",
            };
            (reason.code(), Ending::new(Code::TargetRefused, text))
        }
        _ => (CONNECT_FAILED, Ending::new(Code::TargetLost, "the target closed the connection")),
    }
}

impl Open {
    fn new(
        session: Arc<Session>,
        channel: Channel,
        lane: Lane,
        gate: Arc<Gate>,
        ssh: &SshChannel<Msg>,
        screen: Screen,
        exchange: Exchange,
    ) -> Self {
        let id = ssh.id();
        gate.register(id);
        let state = State {
            screen,
            exchange,
            asked: VecDeque::new(),
            quiet: false,
            status: String::new(),
            judged: None,
            sent: 0,
            stopped: false,
            sftp: None,
            is_transfer: false,
            terminal: false,
            farewell: None,
        };
        Self { session, channel, lane, gate, id, state: Mutex::new(state), wake: Notify::new(), ask: Notify::new() }
    }

    /// Runs both directions; whichever ends first ends the channel.
    async fn run(&self, ssh: SshChannel<Msg>) {
        let (read, write) = ssh.split();
        let outcome = tokio::select! {
            outcome = output::run(self, read) => outcome,
            outcome = input::run(self, &write) => outcome,
            outcome = self.follow_policy(&write) => outcome,
            () = self.session.over.cancelled() => Outcome::Over,
        };
        if outcome != Outcome::TargetClosed {
            let _gone = write.close().await;
        }
        self.close(outcome).await;
    }

    /// Looks whether policy still allows what runs; ends it if not.
    async fn follow_policy(&self, write: &ChannelWriteHalf<Msg>) -> Outcome {
        let context = self.session.context();
        loop {
            sleep(LOOK_AGAIN).await;
            let (judged, exchange) = {
                let state = lock(&self.state);
                (state.judged.clone().filter(|_| state.farewell.is_none() && !state.stopped), state.exchange)
            };
            let Some(judged) = judged else { continue };
            let Some(decision) = context.stops(&judged) else { continue };
            context.record.refused(exchange, decision.refused());
            let is_program = lock(&self.state).asked_program();
            if !is_program {
                return Outcome::Denied;
            }
            let _gone = write.signal(Sig::HUP).await;
            let _gone = write.signal(Sig::TERM).await;
            let text = format!("sallyport: ended: {} ({})\r\n", decision.message(), decision.detail());
            self.say_farewell(Farewell { text, code: decision.code.to_string(), unanswered: false });
            return std::future::pending().await;
        }
    }

    /// The client is told that its program may not run, and the channel ends.
    pub(super) fn say_farewell(&self, farewell: Farewell) {
        lock(&self.state).farewell = Some(farewell);
        self.wake.notify_one();
    }

    /// Counts output that the client is about to be sent. Gives whether it may be; if not, that is recorded, and a program's client
    /// is told.
    pub(super) fn may_send(&self, state: &mut State, bytes: usize) -> bool {
        let Some(judged) = &state.judged else { return true };
        let (context, bytes) = (self.session.context(), bytes as u64);
        let stopped = context.rights.sending(judged, state.sent, bytes);
        state.sent = state.sent.saturating_add(bytes);
        let Some(decision) = stopped else { return true };
        context.record.refused(state.exchange, decision.refused());
        state.stopped = true;
        if state.asked_program() {
            let text = format!("sallyport: ended: {} ({})\r\n", decision.message(), decision.detail());
            state.farewell = Some(Farewell { text, code: decision.code.to_string(), unanswered: false });
        }
        false
    }

    /// Asks the client to take a connection that came to its forwarded port.
    async fn ask_client(&self, to: Address, from: Address) -> Result<(), Over> {
        self.session.commit().await?;
        let kind = OpenKind::ForwardedTcpip { to, from };
        self.session.send_message(Message::Open { channel: self.channel, kind, window: WINDOW }).await?;
        match self.lane.inlet.next().await {
            Message::OpenConfirm { window, .. } => {
                self.lane.grant(window);
                Ok(())
            }
            _ => Err(Over),
        }
    }

    /// Writes the end into the record and tells the gateway.
    async fn close(&self, outcome: Outcome) {
        let (status, code) = {
            let state = lock(&self.state);
            let code = state.farewell.as_ref().map(|farewell| farewell.code.clone());
            (state.status.clone(), code.unwrap_or_else(|| Code::Denied.to_string()))
        };
        match outcome {
            Outcome::Denied => self.finish("error", &code).await,
            Outcome::TargetClosed if status.is_empty() || status == "0" => self.finish("ok", "").await,
            Outcome::TargetClosed => self.finish("error", "").await,
            Outcome::Refused => self.finish("error", Code::TargetRefused.as_str()).await,
            Outcome::ClientClosed => self.finish("aborted", "").await,
            Outcome::Lost => self.finish("aborted", Code::TargetLost.as_str()).await,
            Outcome::Over => self.finish("aborted", self.session.ending().code.as_str()).await,
        }
        if outcome != Outcome::ClientClosed && outcome != Outcome::Over {
            let _gone = self.session.send_message(Message::Close(self.channel)).await;
        }
    }

    async fn finish(&self, outcome: &str, code: &str) {
        let record = &self.session.context().record;
        {
            let mut state = lock(&self.state);
            if state.exchange == Exchange(0) {
                return;
            }
            let in_files = state.sftp.as_mut().map(Sftp::take_masked).unwrap_or_default();
            for masked in state.screen.take_masked().into_iter().chain(in_files) {
                record.masked(state.exchange, masked);
            }
            let completed = state.screen.completed(outcome, &state.status);
            record.completed(state.exchange, Completed { code: code.to_owned(), ..completed });
        }
        let _over = self.session.commit().await;
    }
}

impl State {
    /// A program was asked for; otherwise it is a forwarded connection.
    pub(super) fn asked_program(&self) -> bool {
        self.screen.is_inspected() || self.sftp.is_some() || self.is_transfer
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.gate.forget(self.id);
    }
}
