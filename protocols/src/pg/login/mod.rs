//! The client side of a login, towards a target: trust, password, MD5, SCRAM with and without channel binding, then
//! parameters until the target is ready (sections "Start-up" and "SASL Authentication").

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Buf, Bytes, BytesMut};
use md5::{Digest, Md5};
use zeroize::Zeroizing;

use super::{
    Malformed, cstring, encode,
    frame::{HEADER, Side, back, peek},
    report,
    scram::{
        ClientKeys, PLAIN, PLUS, ScramError,
        client::{Challenged, Client, Proved},
    },
};

/// All that a target may say until it is ready.
const LONGEST_GREETING: usize = 64 * 1024;

/// Who logs in, and how.
pub struct Credentials {
    /// The role.
    pub user: String,
    /// Its password, if the connection has one.
    pub password: Option<Zeroizing<Vec<u8>>>,
    /// Binding data of the channel, if it is TLS and its certificate can be bound.
    pub binding: Option<Vec<u8>>,
    /// At least 18 random bytes.
    pub random: [u8; 18],
}

/// What the caller must do next. What stands in `out` is to be sent first.
pub enum Step {
    /// Read more.
    More,
    /// Derive the SCRAM keys, or remember them: [`Login::keys`].
    Derive {
        /// The target's salt.
        salt: Vec<u8>,
        /// The target's round count.
        rounds: u32,
    },
    /// The target is ready. What is left in the buffer comes after.
    Ready(Greeting),
}

/// What a target says once it has let us in.
pub struct Greeting {
    /// ParameterStatus and NoticeResponse frames as they came, then ReadyForQuery. Never the cancel key.
    pub frames: BytesMut,
    /// The target's process id and cancel key. A secret of the agent.
    pub cancel: Option<(u32, Bytes)>,
}

/// Why the login failed.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The target's bytes are not the protocol.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The target answered with an error.
    #[error("the target refused: {0}")]
    Refused(String),
    /// The target wants a password and the connection has none.
    #[error("the target asks for a password")]
    NoPassword,
    /// The target wants something that is not spoken here.
    #[error("authentication method {0} is not supported")]
    Method(u32),
    /// The SCRAM exchange failed.
    #[error(transparent)]
    Scram(#[from] ScramError),
}

enum Phase {
    Start,
    ScramFirst(Client),
    Deriving(Challenged),
    ScramLast(Proved),
    Proved,
    PasswordSent,
    In,
}

/// One login to a target.
pub struct Login {
    credentials: Credentials,
    phase: Phase,
    greeting: BytesMut,
    cancel: Option<(u32, Bytes)>,
}

impl Login {
    /// Starts a login: appends the StartupMessage to `out`. `parameters` is everything but the user.
    pub fn start(credentials: Credentials, parameters: &[(&str, &str)], out: &mut BytesMut) -> Self {
        let user = [("user", credentials.user.as_str())];
        encode::startup(out, user.into_iter().chain(parameters.iter().copied()));
        Self { credentials, phase: Phase::Start, greeting: BytesMut::new(), cancel: None }
    }

    /// Takes what `buffer` holds; appends replies to `out`.
    ///
    /// # Errors
    /// See [`LoginError`].
    pub fn step(&mut self, buffer: &mut BytesMut, out: &mut BytesMut) -> Result<Step, LoginError> {
        while let Some(header) = peek(buffer, Side::Back)? {
            if header.frame() > LONGEST_GREETING {
                return Err(Malformed("login message length").into());
            }
            if buffer.len() < header.frame() {
                return Ok(Step::More);
            }
            let mut frame = buffer.split_to(header.frame());
            match header.tag {
                back::AUTHENTICATION => {
                    frame.advance(HEADER);
                    if let Some(step) = self.authenticate(&frame, out)? {
                        return Ok(step);
                    }
                }
                back::ERROR => {
                    frame.advance(HEADER);
                    return Err(LoginError::Refused(report::sqlstate(&frame).unwrap_or("?????").to_owned()));
                }
                back::NEGOTIATE if matches!(self.phase, Phase::Start) => {}
                back::NOTICE => self.greet(&frame)?,
                back::PARAMETER_STATUS if self.is_in() => self.greet(&frame)?,
                back::BACKEND_KEY if self.is_in() && (8..=260).contains(&header.body) => {
                    frame.advance(HEADER);
                    self.cancel = Some((frame.get_u32(), frame.freeze()));
                }
                back::READY if self.is_in() => {
                    self.greet(&frame)?;
                    let frames = std::mem::take(&mut self.greeting);
                    return Ok(Step::Ready(Greeting { frames, cancel: self.cancel.take() }));
                }
                _ => return Err(Malformed("order of login messages").into()),
            }
        }
        Ok(Step::More)
    }

    /// The keys asked for by [`Step::Derive`].
    ///
    /// # Errors
    /// If none were asked for.
    pub fn keys(&mut self, keys: &ClientKeys, out: &mut BytesMut) -> Result<(), LoginError> {
        match std::mem::replace(&mut self.phase, Phase::Start) {
            Phase::Deriving(challenged) => {
                let (proved, message) = challenged.prove(keys);
                encode::password(out, message.as_bytes());
                self.phase = Phase::ScramLast(proved);
                Ok(())
            }
            _ => Err(Malformed("order of login messages").into()),
        }
    }

    /// The password, for the derivation.
    #[must_use]
    pub fn password(&self) -> &[u8] {
        self.credentials.password.as_deref().map_or(&[], Vec::as_slice)
    }

    fn is_in(&self) -> bool {
        matches!(self.phase, Phase::In)
    }

    fn greet(&mut self, frame: &[u8]) -> Result<(), LoginError> {
        if self.greeting.len() + frame.len() > LONGEST_GREETING {
            return Err(Malformed("greeting length").into());
        }
        self.greeting.extend_from_slice(frame);
        Ok(())
    }

    fn authenticate(&mut self, body: &[u8], out: &mut BytesMut) -> Result<Option<Step>, LoginError> {
        let (kind, data) = body.split_first_chunk::<4>().ok_or(Malformed("authentication request"))?;
        let phase = std::mem::replace(&mut self.phase, Phase::Start);
        self.phase = match (u32::from_be_bytes(*kind), phase) {
            (0, Phase::Start | Phase::PasswordSent | Phase::Proved) => Phase::In,
            (3, Phase::Start) => {
                let password = self.required()?;
                let message = Zeroizing::new([password, &[0]].concat());
                encode::password(out, &message);
                Phase::PasswordSent
            }
            (5, Phase::Start) => {
                let salt = data.try_into().map_err(|_| Malformed("MD5 salt"))?;
                encode::password(out, md5_answer(self.credentials.user.as_bytes(), self.required()?, salt).as_bytes());
                Phase::PasswordSent
            }
            (10, Phase::Start) => self.sasl(data, out)?,
            (11, Phase::ScramFirst(client)) => {
                let challenged = client.challenged(text(data)?)?;
                let step = Step::Derive { salt: challenged.salt.clone(), rounds: challenged.rounds };
                self.phase = Phase::Deriving(challenged);
                return Ok(Some(step));
            }
            (12, Phase::ScramLast(proved)) => {
                proved.finish(text(data)?)?;
                Phase::Proved
            }
            (method @ (2 | 4 | 6..=9), Phase::Start) => return Err(LoginError::Method(method)),
            _ => return Err(Malformed("authentication request").into()),
        };
        Ok(None)
    }

    fn required(&self) -> Result<&[u8], LoginError> {
        self.credentials.password.as_deref().map(Vec::as_slice).ok_or(LoginError::NoPassword)
    }

    fn sasl(&mut self, mut offered: &[u8], out: &mut BytesMut) -> Result<Phase, LoginError> {
        self.required()?;
        let (mut plain, mut plus) = (false, false);
        while let Some((mechanism, rest)) = cstring(offered).filter(|(mechanism, _)| !mechanism.is_empty()) {
            plain |= mechanism == PLAIN.as_bytes();
            plus |= mechanism == PLUS.as_bytes();
            offered = rest;
        }
        let could_bind = self.credentials.binding.is_some();
        let binding = self.credentials.binding.take().filter(|_| plus);
        if !plain && binding.is_none() {
            return Err(LoginError::Method(10));
        }
        let mechanism = if binding.is_some() { PLUS } else { PLAIN };
        let (client, first) = Client::start(STANDARD.encode(self.credentials.random), binding, could_bind);
        let mut message = mechanism.as_bytes().to_vec();
        message.push(0);
        message.extend_from_slice(&u32::try_from(first.len()).unwrap_or(0).to_be_bytes());
        message.extend_from_slice(first.as_bytes());
        encode::password(out, &message);
        Ok(Phase::ScramFirst(client))
    }
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed("SASL encoding"))
}

/// `md5` and the hex digest of the hex digest of password and user, and the salt; with its NUL.
fn md5_answer(user: &[u8], password: &[u8], salt: [u8; 4]) -> String {
    let inner = Md5::new().chain_update(password).chain_update(user).finalize();
    let outer = Md5::new().chain_update(format!("{inner:x}")).chain_update(salt).finalize();
    format!("md5{outer:x}\0")
}

#[cfg(test)]
mod tests;
