//! One channel's way from the client to the target: data within the target's window, requests as far as the connection
//! allows them. A program is recorded before the target is asked to start it.

use proto::event::Resized;
use protocols::ssh::{Message, Pty, Request};
use russh::{ChannelWriteHalf, Pty as Mode, Sig, client::Msg};

use super::{
    channel::{Asked, Open},
    output::Outcome,
    session::{Over, lock},
};
use crate::{
    filter::ssh::{Program, Screen, allows_env, is_transfer, program_record},
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
        let done = match open.lane.inlet.next().await {
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
        lock(&self.state).screen.input(&data);
        let length = data.len();
        target(write.data_bytes(data).await)?;
        self.consumed(length).await
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

    /// Starts the channel's program, of which there is one.
    async fn start(&self, write: &ChannelWriteHalf<Msg>, setup: &Setup, program: Program) -> Result<(), Over> {
        if !self.begin(setup, &program) {
            return self.refuse().await;
        }
        self.session.commit().await?;
        target(match program {
            Program::Shell => write.request_shell(true).await,
            Program::Exec(command) => write.exec(true, command).await,
            Program::Subsystem(name) => write.request_subsystem(true, name).await,
        })
    }

    /// Puts the program into the record and looks at the channel as it needs; not if one was started before.
    fn begin(&self, setup: &Setup, program: &Program) -> bool {
        let context = self.session.context();
        let mut state = lock(&self.state);
        if state.exchange != Exchange(0) {
            return false;
        }
        let record = program_record(program, setup.pty.as_ref(), &setup.env, &context.masker);
        state.exchange = context.record.begin(record);
        state.asked.push_back(Asked::Program);
        if is_transfer(program) {
            state.screen = Screen::counted("file transfer");
        } else if let Some(pty) = &setup.pty {
            state.screen.has_terminal(pty.columns, pty.rows);
        }
        true
    }

    async fn refuse(&self) -> Result<(), Over> {
        self.session.send_message(Message::Failure(self.channel)).await
    }
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
