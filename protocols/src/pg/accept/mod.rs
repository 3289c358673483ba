//! The server side of a login, towards a client: encryption requests, one startup, SCRAM (sections "Start-up" and
//! "SASL Authentication"). The machine pauses where somebody else must act: to upgrade to TLS, to choose the challenge, to
//! find the keys that fit a proof. Nothing of a login can be repeated.

use bytes::{Buf, BytesMut};

use super::{
    Malformed, cstring, encode,
    frame::{Side, front, peek},
    scram::{
        PLAIN, PLUS, ScramError,
        server::{Challenge, Proof, Server},
    },
    startup::{self, Cancel, First, Startup},
};

/// A login message longer than this is no SCRAM message.
const LONGEST_LOGIN_MESSAGE: usize = 4096;

/// What the client's bytes travel in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// Plain text, and no TLS to be had.
    Plain,
    /// Plain text; nothing but encryption requests and cancels is taken before TLS.
    UntilTls,
    /// TLS.
    Tls,
}

/// What the caller must do next. What stands in `out` is to be sent first.
pub enum Step {
    /// Read more.
    More,
    /// Send, then make TLS of the stream, then [`Accept::upgraded`].
    Upgrade,
    /// Cancel something, say nothing, close.
    Cancel(Cancel),
    /// Choose a challenge: [`Accept::challenge`].
    Login(Startup),
    /// Find the keys that fit: [`Accept::proved`], or refuse.
    Verify(Proof),
}

/// A login that is over.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The bytes are not the protocol.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// A startup before TLS.
    #[error("TLS is required")]
    TlsRequired,
    /// Bytes that came in clear behind an SSLRequest; someone may have put them there.
    #[error("bytes before TLS")]
    EarlyBytes,
    /// A replication connection.
    #[error("replication is not supported")]
    Replication,
    /// The SCRAM exchange cannot go on.
    #[error(transparent)]
    Scram(#[from] ScramError),
}

enum Phase {
    First,
    Named,
    ScramFirst { nonce: String, salt: Vec<u8>, rounds: u32 },
    ScramLast(Server),
    Over,
}

/// One client's login.
pub struct Accept {
    transport: Transport,
    phase: Phase,
    binding: Option<Vec<u8>>,
    asked_tls: bool,
    asked_gss: bool,
}

impl Accept {
    /// A login over `transport`; `binding` is the channel's binding data if it is TLS already.
    #[must_use]
    pub fn new(transport: Transport, binding: Option<Vec<u8>>) -> Self {
        Self { transport, phase: Phase::First, binding, asked_tls: false, asked_gss: false }
    }

    /// The stream is TLS now.
    pub fn upgraded(&mut self, binding: Option<Vec<u8>>) {
        self.transport = Transport::Tls;
        self.binding = binding;
    }

    /// Takes what `buffer` holds; appends replies to `out`.
    ///
    /// # Errors
    /// See [`AcceptError`]; nothing may follow one.
    pub fn step(&mut self, buffer: &mut BytesMut, out: &mut BytesMut) -> Result<Step, AcceptError> {
        match std::mem::replace(&mut self.phase, Phase::Over) {
            Phase::First => {
                self.phase = Phase::First;
                self.first(buffer, out)
            }
            Phase::ScramFirst { nonce, salt, rounds } => match login_message(buffer)? {
                None => {
                    self.phase = Phase::ScramFirst { nonce, salt, rounds };
                    Ok(Step::More)
                }
                Some(message) => {
                    let binding = self.binding.as_deref();
                    let challenge = Challenge { nonce: &nonce, salt: &salt, rounds, binding };
                    let (mechanism, data) = initial(&message)?;
                    let (server, reply) = Server::start(mechanism, data, &challenge)?;
                    encode::authentication(out, 11, reply.as_bytes());
                    self.phase = Phase::ScramLast(server);
                    Ok(Step::More)
                }
            },
            Phase::ScramLast(server) => match login_message(buffer)? {
                None => {
                    self.phase = Phase::ScramLast(server);
                    Ok(Step::More)
                }
                Some(message) => Ok(Step::Verify(server.finish(text(&message)?)?)),
            },
            Phase::Named | Phase::Over => Err(Malformed("order of login messages").into()),
        }
    }

    /// Offers SCRAM. `nonce` must be printable, without a comma, and fresh.
    pub fn challenge(&mut self, nonce: String, salt: Vec<u8>, rounds: u32, out: &mut BytesMut) {
        let mut mechanisms = Vec::new();
        for mechanism in self.binding.iter().map(|_| PLUS).chain([PLAIN]) {
            mechanisms.extend_from_slice(mechanism.as_bytes());
            mechanisms.push(0);
        }
        mechanisms.push(0);
        encode::authentication(out, 10, &mechanisms);
        self.phase = Phase::ScramFirst { nonce, salt, rounds };
    }

    /// The proof fits keys with this server key: proves to the client that we know them, too. AuthenticationOk is sent
    /// apart, when the session is open.
    pub fn proved(&mut self, proof: &Proof, server_key: &[u8; 32], out: &mut BytesMut) {
        encode::authentication(out, 12, proof.answer(server_key).as_bytes());
        self.phase = Phase::Over;
    }

    fn first(&mut self, buffer: &mut BytesMut, out: &mut BytesMut) -> Result<Step, AcceptError> {
        // Each turn takes a packet off, and each request is taken once, so this ends after three turns.
        loop {
            match startup::take(buffer)? {
                None => return Ok(Step::More),
                Some(First::Ssl) => {
                    if std::mem::replace(&mut self.asked_tls, true) || self.transport == Transport::Tls {
                        return Err(Malformed("repeated encryption request").into());
                    }
                    if self.transport == Transport::UntilTls {
                        out.extend_from_slice(b"S");
                        return if buffer.is_empty() { Ok(Step::Upgrade) } else { Err(AcceptError::EarlyBytes) };
                    }
                    out.extend_from_slice(b"N");
                }
                Some(First::Gss) => {
                    if std::mem::replace(&mut self.asked_gss, true) {
                        return Err(Malformed("repeated encryption request").into());
                    }
                    out.extend_from_slice(b"N");
                }
                Some(First::Cancel(cancel)) => {
                    self.phase = Phase::Over;
                    return Ok(Step::Cancel(cancel));
                }
                Some(First::Startup(startup)) => return self.named(startup, out),
            }
        }
    }

    fn named(&mut self, startup: Startup, out: &mut BytesMut) -> Result<Step, AcceptError> {
        self.phase = Phase::Named;
        if self.transport == Transport::UntilTls {
            return Err(AcceptError::TlsRequired);
        }
        if startup.replication {
            return Err(AcceptError::Replication);
        }
        if startup.negotiates() {
            encode::negotiate(out, startup.spoken(), &startup.unknown_options);
        }
        Ok(Step::Login(startup))
    }
}

fn login_message(buffer: &mut BytesMut) -> Result<Option<BytesMut>, Malformed> {
    let Some(header) = peek(buffer, Side::Front)? else { return Ok(None) };
    if header.tag != front::PASSWORD {
        return Err(Malformed("order of login messages"));
    }
    if header.body > LONGEST_LOGIN_MESSAGE {
        return Err(Malformed("login message length"));
    }
    if buffer.len() < header.frame() {
        return Ok(None);
    }
    let mut message = buffer.split_to(header.frame());
    message.advance(super::frame::HEADER);
    Ok(Some(message))
}

/// Mechanism and data of a SASLInitialResponse.
fn initial(message: &[u8]) -> Result<(&str, &str), Malformed> {
    let (mechanism, rest) = cstring(message).ok_or(Malformed("SASL mechanism"))?;
    let (length, data) = rest.split_first_chunk::<4>().ok_or(Malformed("SASL response"))?;
    if usize::try_from(i32::from_be_bytes(*length)) != Ok(data.len()) {
        return Err(Malformed("SASL response"));
    }
    Ok((text(mechanism)?, text(data)?))
}

fn text(bytes: &[u8]) -> Result<&str, Malformed> {
    std::str::from_utf8(bytes).map_err(|_| Malformed("SASL encoding"))
}

#[cfg(test)]
mod tests;
