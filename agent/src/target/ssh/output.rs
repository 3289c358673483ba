//! One channel's way from the target to the client: everything that one wake-up brought is masked, recorded, made durable
//! and sent as one payload.

use std::time::Duration;

use futures::FutureExt as _;
use proto::{Code, event::Stream};
use protocols::ssh::{MAX_DATA, MAX_PAYLOAD, Message, Request, STDERR, begin_data, end_data};
use russh::{ChannelMsg, ChannelReadHalf, Sig};

use crate::filter::ssh::{NotSftp, Sftp};

use super::{
    channel::{Asked, Farewell, Open, State},
    records::Records,
    session::{Over, lock},
};

/// Output that could yet become a hit is held; after so long without more, what may be shown of it is shown.
const QUIET: Duration = Duration::from_millis(30);

/// The exit status of a program that policy does not let run.
const DENIED_STATUS: u32 = 77;

/// How a channel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The target closed it: the usual end.
    TargetClosed,
    /// The target did not start the program.
    Refused,
    /// Policy did not let it start, or ended it.
    Denied,
    /// The client closed it first.
    ClientClosed,
    /// The connection to the target was lost.
    Lost,
    /// The whole session is over.
    Over,
}

/// Runs until the target closes the channel.
pub(super) async fn run(open: &Open, mut read: ChannelReadHalf) -> Outcome {
    let mut batch = Batch::default();
    loop {
        let mut outcome = match open.first(&mut read).await {
            First::Message(message) => open.handle(message, &mut batch),
            First::Quiet => open.quiet(&mut batch),
            First::Woken => None,
            First::End => return Outcome::Lost,
        };
        while outcome.is_none() && batch.frames.len() < MAX_PAYLOAD && !open.ends() {
            match read.wait().now_or_never() {
                Some(Some(message)) => outcome = open.handle(message, &mut batch),
                Some(None) => outcome = Some(Outcome::Lost),
                None => break,
            }
        }
        if outcome.is_none() {
            outcome = open.own(&mut batch);
        }
        if batch.send(open).await == Err(Over) {
            return Outcome::Over;
        }
        if let Some(outcome) = outcome {
            return outcome;
        }
    }
}

/// What ends a wait.
enum First {
    Message(ChannelMsg),
    /// Nothing came while output was held.
    Quiet,
    /// There is something of our own to send.
    Woken,
    End,
}

/// What one wake-up brought, on its way.
#[derive(Default)]
struct Batch {
    frames: Vec<u8>,
    /// Data in the frames: what counts against the window.
    data: usize,
    /// Messages and bytes that the gate counted.
    messages: usize,
    bytes: usize,
    recorded: bool,
}

impl Batch {
    async fn send(&mut self, open: &Open) -> Result<(), Over> {
        if std::mem::take(&mut self.recorded) {
            open.session.commit().await?;
        }
        if !self.frames.is_empty() {
            self.window(open).await?;
            let next = Vec::with_capacity(self.frames.len().min(MAX_PAYLOAD));
            open.session.send(std::mem::replace(&mut self.frames, next)).await?;
        }
        open.gate.leave(open.id, std::mem::take(&mut self.messages), std::mem::take(&mut self.bytes));
        Ok(())
    }

    /// Waits until the gateway granted enough for this batch's data.
    async fn window(&mut self, open: &Open) -> Result<(), Over> {
        let data = u32::try_from(std::mem::take(&mut self.data)).map_err(|_| Over)?;
        if data > 0 {
            open.lane.credit.acquire_many(data).await.map_err(|_| Over)?.forget();
        }
        Ok(())
    }
}

impl Open {
    /// Waits for what comes next. A timer runs only while output is held, so a keystroke's echo never waits for one.
    async fn first(&self, read: &mut ChannelReadHalf) -> First {
        let ready = read.wait().now_or_never();
        let message = match ready {
            Some(message) => message,
            None => tokio::select! {
                message = read.wait() => message,
                () = self.wake.notified() => return First::Woken,
                () = tokio::time::sleep(QUIET), if self.holds() => return First::Quiet,
            },
        };
        message.map_or(First::End, First::Message)
    }

    /// Whether the program is ended here, whatever else the target says.
    fn ends(&self) -> bool {
        let state = lock(&self.state);
        state.stopped || state.farewell.is_some()
    }

    fn holds(&self) -> bool {
        let state = lock(&self.state);
        !state.quiet && state.screen.held() > 0
    }

    fn quiet(&self, batch: &mut Batch) -> Option<Outcome> {
        let state = &mut *lock(&self.state);
        state.quiet = true;
        for stream in [Stream::Out, Stream::Err] {
            let screen = &mut state.screen;
            let shown = batch.data_frame(self.channel, stream, |out| screen.quiet(stream, out));
            self.keep(state, stream, shown, &mut batch.recorded, &batch.frames);
        }
        None
    }

    fn handle(&self, message: ChannelMsg, batch: &mut Batch) -> Option<Outcome> {
        let channel = self.channel;
        let state = &mut *lock(&self.state);
        if state.stopped {
            if let ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, .. } = &message {
                batch.count(data.len());
            }
            return None;
        }
        match message {
            ChannelMsg::Data { data } => self.show(state, batch, Stream::Out, &data),
            ChannelMsg::ExtendedData { data, ext: STDERR } => self.show(state, batch, Stream::Err, &data),
            ChannelMsg::ExtendedData { data, .. } => batch.count(data.len()),
            ChannelMsg::Eof => {
                self.rest(state, batch);
                if state.screen.is_stopped() {
                    return None;
                }
                Message::Eof(channel).encode(&mut batch.frames);
            }
            ChannelMsg::Success => {
                state.asked.pop_front();
                Message::Success(channel).encode(&mut batch.frames);
            }
            ChannelMsg::Failure => {
                Message::Failure(channel).encode(&mut batch.frames);
                return self.failed(state, batch);
            }
            ChannelMsg::ExitStatus { exit_status } => {
                state.status = exit_status.to_string();
                self.rest(state, batch);
                if state.screen.is_stopped() {
                    return None;
                }
                self.report(batch, Request::ExitStatus(exit_status));
            }
            ChannelMsg::ExitSignal { signal_name, core_dumped, error_message, .. } => {
                let name = signal_text(&signal_name);
                state.status.clone_from(&name);
                self.rest(state, batch);
                if state.screen.is_stopped() {
                    return None;
                }
                self.report(batch, Request::ExitSignal { name, core_dumped, message: error_message });
            }
            ChannelMsg::XonXoff { client_can_do } => self.report(batch, Request::XonXoff(client_can_do)),
            ChannelMsg::Close => {
                self.rest(state, batch);
                return (!state.screen.is_stopped()).then_some(Outcome::TargetClosed);
            }
            _ => {}
        }
        None
    }

    /// The target did not grant the oldest request.
    fn failed(&self, state: &mut State, batch: &mut Batch) -> Option<Outcome> {
        let (text, outcome) = match state.asked.pop_front() {
            Some(Asked::Pty) => ("the target gave no terminal", None),
            Some(Asked::Program) => ("the target did not start what was asked for", Some(Outcome::Refused)),
            Some(Asked::Env) | None => return None,
        };
        let text = format!("sallyport: {text} ({})\r\n", Code::TargetRefused);
        batch.add_data(self.channel, Some(STDERR), text.as_bytes());
        if outcome.is_some() {
            self.report(batch, Request::ExitStatus(255));
        }
        outcome
    }

    fn report(&self, batch: &mut Batch, request: Request) {
        Message::Request { channel: self.channel, want_reply: false, request }.encode(&mut batch.frames);
    }

    /// What is to be told without the target: answers of a file session, and that a program may not run.
    fn own(&self, batch: &mut Batch) -> Option<Outcome> {
        let state = &mut *lock(&self.state);
        if let Some(sftp) = &mut state.sftp {
            let mut own = Vec::new();
            sftp.take_own(&mut own);
            self.send_packets(state, batch, &own);
        }
        if state.stopped && state.farewell.is_none() {
            return Some(Outcome::Denied);
        }
        let farewell = state.farewell.clone()?;
        if farewell.unanswered && !state.asked.is_empty() {
            // The answers to earlier requests come first.
            return None;
        }
        if farewell.unanswered {
            Message::Success(self.channel).encode(&mut batch.frames);
        }
        self.rest(state, batch);
        let stream = (!state.terminal).then_some(STDERR);
        batch.add_data(self.channel, stream, farewell.text.as_bytes());
        DENIED_STATUS.to_string().clone_into(&mut state.status);
        self.report(batch, Request::ExitStatus(DENIED_STATUS));
        Message::Eof(self.channel).encode(&mut batch.frames);
        Some(Outcome::Denied)
    }

    /// Bytes of a file session for the client.
    fn show_bytes(&self, state: &mut State, batch: &mut Batch, bytes: &[u8]) {
        for piece in bytes.chunks(MAX_DATA) {
            let screen = &mut state.screen;
            batch.data_frame(self.channel, Stream::Out, |out| screen.output(Stream::Out, piece, out));
        }
    }

    /// Output of a file session: whole packets. What is asked of the target besides is no output.
    fn show_packets(&self, state: &mut State, batch: &mut Batch, piece: &[u8]) {
        let mut shown = Vec::new();
        let journal = Records(&self.session.context().record);
        let read = state.sftp.as_mut().map(|sftp| sftp.answer(piece, &journal, &mut shown));
        if read == Some(Err(NotSftp)) {
            state.farewell.get_or_insert(not_sftp());
            return;
        }
        if state.sftp.as_ref().is_some_and(Sftp::has_asks) {
            self.ask.notify_one();
        }
        self.send_packets(state, batch, &shown);
    }

    /// Sends packets of a file session, if no limit is met.
    fn send_packets(&self, state: &mut State, batch: &mut Batch, packets: &[u8]) {
        if self.may_send(state, packets.len()) {
            self.show_bytes(state, batch, packets);
        } else {
            batch.recorded = true;
        }
    }

    /// Puts a piece of output into the batch, as the client may see it.
    fn show(&self, state: &mut State, batch: &mut Batch, stream: Stream, piece: &[u8]) {
        batch.count(piece.len());
        if state.sftp.is_some() && stream == Stream::Out {
            return self.show_packets(state, batch, piece);
        }
        if !self.may_send(state, piece.len()) {
            batch.recorded = true;
            return;
        }
        state.quiet = false;
        for piece in piece.chunks(MAX_DATA) {
            let screen = &mut state.screen;
            let shown = batch.data_frame(self.channel, stream, |out| screen.output(stream, piece, out));
            self.keep(state, stream, shown, &mut batch.recorded, &batch.frames);
        }
        stop(state);
    }

    /// Both streams are over: what was held goes out.
    fn rest(&self, state: &mut State, batch: &mut Batch) {
        for stream in [Stream::Out, Stream::Err] {
            let screen = &mut state.screen;
            let shown = batch.data_frame(self.channel, stream, |out| screen.finish(stream, out));
            self.keep(state, stream, shown, &mut batch.recorded, &batch.frames);
        }
        stop(state);
    }

    fn keep(&self, state: &State, stream: Stream, shown: usize, recorded: &mut bool, frames: &[u8]) {
        let from = frames.len().saturating_sub(shown);
        if shown > 0 && state.screen.is_inspected() {
            self.session.context().record.data(state.exchange, stream, frames.get(from..).unwrap_or_default());
            *recorded = true;
        }
    }
}

impl Batch {
    fn count(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes;
    }

    /// Adds a data frame with what `write` appends, if anything; returns how many bytes that was.
    fn data_frame(
        &mut self,
        channel: protocols::ssh::Channel,
        stream: Stream,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> usize {
        let before = self.frames.len();
        let start = begin_data(&mut self.frames, channel, (stream == Stream::Err).then_some(STDERR));
        let head = self.frames.len();
        write(&mut self.frames);
        let shown = self.frames.len() - head;
        if shown == 0 {
            self.frames.truncate(before);
        } else {
            end_data(&mut self.frames, start);
            self.data += shown;
        }
        shown
    }

    /// Adds data of our own.
    fn add_data(&mut self, channel: protocols::ssh::Channel, stream: Option<u32>, data: &[u8]) {
        let start = begin_data(&mut self.frames, channel, stream);
        self.frames.extend_from_slice(data);
        end_data(&mut self.frames, start);
        self.data += data.len();
    }
}

/// The farewell to a channel whose bytes cannot be read.
pub(super) fn not_sftp() -> Farewell {
    let code = Code::Internal.to_string();
    Farewell { text: format!("sallyport: the channel does not speak SFTP ({code})\r\n"), code, unanswered: false }
}

/// Packed output or a file with something in it that is masked ends its program.
fn stop(state: &mut State) {
    if let Some(what) = state.screen.stopped_for() {
        let code = Code::Uninspectable.to_string();
        let text = format!("sallyport: {what} ({code})\r\n");
        state.farewell.get_or_insert(Farewell { text, code, unanswered: false });
    }
}

fn signal_text(signal: &Sig) -> String {
    match signal {
        Sig::Custom(name) => name.clone(),
        known => format!("{known:?}"),
    }
}
