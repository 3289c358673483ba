//! One channel's way from the client to the target: data within the target's window, requests as far as the connection
//! allows them. A program is recorded before the target is asked to start it.

use functions::shell::{Direction, Tool};
use proto::{
    Code,
    event::{Refused, Resized},
};
use protocols::ssh::{Message, Pty, Request};
use russh::{ChannelWriteHalf, Pty as Mode, Sig, client::Msg};

use super::{
    channel::{Asked, Farewell, Open},
    output::{Outcome, not_sftp},
    records::Records,
    session::{Over, lock},
};
use crate::{
    filter::{
        guard::Guard as _,
        ssh::{Known, NotSftp, Program, Screen, Sftp, allows_env, packs, program_facts, program_record},
    },
    record::Exchange,
};

/// Environment variables that one channel may set.
const MOST_ENV: usize = 128;

/// What the client asked for before the program starts.
#[derive(Default)]
struct Setup {
    pty: Option<Pty>,
    env: Vec<(String, String)>,
}

/// Runs until the client closes the channel or the target no longer takes anything.
pub(super) async fn run(open: &Open, write: &ChannelWriteHalf<Msg>) -> Outcome {
    let mut setup = Setup::default();
    loop {
        let message = tokio::select! {
            message = open.lane.inlet.next() => message,
            () = open.ask.notified() => {
                if open.ask_target(write).await == Err(Over) {
                    return Outcome::Lost;
                }
                continue;
            }
        };
        let done = match message {
            Message::Data { data, .. } => open.pass_data(write, data).await,
            Message::ExtendedData { data, .. } => open.consumed(data.len()).await,
            Message::Eof(_) => target(write.eof().await),
            Message::Close(_) => return Outcome::ClientClosed,
            Message::Request { want_reply, request, .. } => open.request(write, &mut setup, want_reply, request).await,
            _ => Ok(()),
        };
        if done == Err(Over) {
            return if open.session.over.is_cancelled() { Outcome::Over } else { Outcome::Lost };
        }
    }
}

fn target(result: Result<(), russh::Error>) -> Result<(), Over> {
    result.map_err(|_| Over)
}

impl Open {
    async fn pass_data(&self, write: &ChannelWriteHalf<Msg>, data: bytes::Bytes) -> Result<(), Over> {
        let length = data.len();
        let (data, recorded) = self.judge_data(data);
        if recorded {
            self.session.commit().await?;
        }
        if !data.is_empty() {
            target(write.data_bytes(data).await)?;
        }
        self.consumed(length).await
    }

    /// Sends what a file session asks of the target by itself.
    async fn ask_target(&self, write: &ChannelWriteHalf<Msg>) -> Result<(), Over> {
        let asks = lock(&self.state).sftp.as_mut().map(Sftp::take_asks).unwrap_or_default();
        if asks.is_empty() { Ok(()) } else { target(write.data_bytes(asks).await) }
    }

    /// What of the data goes to the target, and whether something was recorded about it.
    fn judge_data(&self, data: bytes::Bytes) -> (bytes::Bytes, bool) {
        let context = self.session.context();
        let state = &mut *lock(&self.state);
        if state.farewell.is_some() {
            return (bytes::Bytes::new(), false);
        }
        state.screen.input(&data);
        let Some(sftp) = &mut state.sftp else { return (data, false) };
        let mut forward = Vec::with_capacity(data.len());
        match sftp.request(&data, context.rights.as_ref(), &Records(&context.record), &mut forward) {
            Ok(recorded) => {
                if sftp.has_own() {
                    self.wake.notify_one();
                }
                (forward.into(), recorded)
            }
            Err(NotSftp) => {
                state.farewell = Some(not_sftp());
                self.wake.notify_one();
                (bytes::Bytes::new(), false)
            }
        }
    }

    async fn consumed(&self, bytes: usize) -> Result<(), Over> {
        match self.lane.inlet.consumed(bytes) {
            Some(bytes) => self.session.send_message(Message::WindowAdjust { channel: self.channel, bytes }).await,
            None => Ok(()),
        }
    }

    async fn request(
        &self,
        write: &ChannelWriteHalf<Msg>,
        setup: &mut Setup,
        want_reply: bool,
        request: Request,
    ) -> Result<(), Over> {
        match request {
            Request::Pty(pty) => {
                lock(&self.state).asked.push_back(Asked::Pty);
                let modes = modes(&pty);
                let asked = write.request_pty(true, &pty.term, pty.columns, pty.rows, pty.width, pty.height, &modes);
                target(asked.await)?;
                setup.pty = Some(pty);
                Ok(())
            }
            Request::Env { name, value } => self.env(write, setup, want_reply, name, value).await,
            Request::Shell => self.start(write, setup, Program::Shell).await,
            Request::Exec(command) => self.start(write, setup, Program::Exec(command.to_vec())).await,
            Request::Subsystem(name) => self.start(write, setup, Program::Subsystem(name)).await,
            Request::WindowChange { columns, rows, width, height } => {
                let exchange = {
                    let mut state = lock(&self.state);
                    state.screen.resized(columns, rows);
                    state.exchange
                };
                self.session.context().record.resized(exchange, Resized { columns, rows });
                target(write.window_change(columns, rows, width, height).await)
            }
            Request::Signal(name) => target(write.signal(signal(name)).await),
            Request::Break(_) | Request::ExitStatus(_) | Request::ExitSignal { .. } | Request::XonXoff(_) => {
                if want_reply {
                    self.refuse().await
                } else {
                    Ok(())
                }
            }
        }
    }

    async fn env(
        &self,
        write: &ChannelWriteHalf<Msg>,
        setup: &mut Setup,
        want_reply: bool,
        name: String,
        value: String,
    ) -> Result<(), Over> {
        if setup.env.len() >= MOST_ENV || !allows_env(&self.session.settings().env, &name) {
            return if want_reply { self.refuse().await } else { Ok(()) };
        }
        if want_reply {
            lock(&self.state).asked.push_back(Asked::Env);
        }
        target(write.set_env(want_reply, name.clone(), value.clone()).await)?;
        setup.env.push((name, value));
        Ok(())
    }

    /// Starts the channel's program, of which there is one, if policy lets it.
    async fn start(&self, write: &ChannelWriteHalf<Msg>, setup: &Setup, program: Program) -> Result<(), Over> {
        let Some(allowed) = self.begin(setup, &program) else { return self.refuse().await };
        self.session.commit().await?;
        if !allowed {
            self.wake.notify_one();
            return Ok(());
        }
        target(match program {
            Program::Shell => write.request_shell(true).await,
            Program::Exec(command) => write.exec(true, command).await,
            Program::Subsystem(name) => write.request_subsystem(true, name).await,
        })
    }

    /// Decides about the program, puts it into the record and looks at the channel as it needs. `None` if one was started
    /// before.
    fn begin(&self, setup: &Setup, program: &Program) -> Option<bool> {
        let context = self.session.context();
        let state = &mut *lock(&self.state);
        if state.exchange != Exchange(0) {
            return None;
        }
        let known = program_facts(program, &setup.env);
        let decision = context.rights.decide(&known.judged);
        let mut record = program_record(program, setup.pty.as_ref(), &setup.env, &context.masker);
        decision.note(&mut record, &known.judged);
        state.exchange = context.record.begin(record);
        state.terminal = setup.pty.is_some();
        if !decision.forwards() {
            context.record.refused(state.exchange, decision.refused());
            let (text, code) = (known.refusal(&decision), decision.code.to_string());
            state.farewell = Some(Farewell { text, code, unanswered: true });
            return Some(false);
        }
        let masker = context.rights.masker(&decision);
        let reads = known.transfer.as_ref().is_some_and(|transfer| transfer.direction != Direction::Write);
        if !masker.is_off() && brings_unseen_by_rsync(program, &known) {
            let farewell = rsync_refused();
            let (code, reason) = (farewell.code.clone(), RSYNC.to_owned());
            context.record.refused(state.exchange, Refused { code, reason, ..Refused::default() });
            state.farewell = Some(farewell);
            return Some(false);
        }
        state.asked.push_back(Asked::Program);
        match known.transfer.as_ref().map(|transfer| transfer.tool) {
            Some(Tool::Sftp) => {
                state.screen = Screen::counted("file transfer");
                state.sftp = Some(Sftp::new(masker));
            }
            Some(Tool::Scp) if reads => state.screen = Screen::copied(&masker),
            Some(Tool::Rsync) if reads => state.screen = Screen::watched(&masker),
            Some(_) => state.screen = Screen::counted("file transfer"),
            None => {
                state.screen = Screen::inspected(&masker);
                if let Some(pty) = &setup.pty {
                    state.screen.has_terminal(pty.columns, pty.rows);
                }
            }
        }
        state.is_transfer = known.transfer.is_some();
        state.judged = Some(known.judged);
        Some(true)
    }

    async fn refuse(&self) -> Result<(), Over> {
        self.session.send_message(Message::Failure(self.channel)).await
    }
}

/// Why rsync does not bring files.
const RSYNC: &str = "what rsync packs cannot be looked into: leave -z out, or fetch it by sftp or scp";

/// Whether it is the end of rsync that sends files, and packs them or does whatever else.
fn brings_unseen_by_rsync(program: &Program, known: &Known) -> bool {
    match (&known.transfer, program) {
        (Some(transfer), Program::Exec(line)) => {
            transfer.tool == Tool::Rsync && transfer.direction != Direction::Write && packs(line)
        }
        (None, Program::Exec(line)) => {
            [&b"rsync"[..], b"--server", b"--sender"].iter().all(|word| memchr::memmem::find(line, word).is_some())
        }
        _ => false,
    }
}

fn rsync_refused() -> Farewell {
    let code = Code::Uninspectable.to_string();
    Farewell { text: format!("sallyport: {RSYNC} ({code})\r\n"), code, unanswered: true }
}

fn modes(pty: &Pty) -> Vec<(Mode, u32)> {
    let (pairs, _rest) = pty.modes.as_chunks::<5>();
    let known = |[code, a, b, c, d]: &[u8; 5]| Some((Mode::from_u8(*code)?, u32::from_be_bytes([*a, *b, *c, *d])));
    pairs.iter().filter_map(known).collect()
}

fn signal(name: String) -> Sig {
    match name.as_str() {
        "ABRT" => Sig::ABRT,
        "ALRM" => Sig::ALRM,
        "FPE" => Sig::FPE,
        "HUP" => Sig::HUP,
        "ILL" => Sig::ILL,
        "INT" => Sig::INT,
        "KILL" => Sig::KILL,
        "PIPE" => Sig::PIPE,
        "QUIT" => Sig::QUIT,
        "SEGV" => Sig::SEGV,
        "TERM" => Sig::TERM,
        "USR1" => Sig::USR1,
        _ => Sig::Custom(name),
    }
}
