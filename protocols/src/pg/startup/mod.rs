//! The first packets of a connection: SSLRequest, GSSENCRequest, CancelRequest, StartupMessage (section "Start-up"). They
//! have no tag; the length is bounded as PostgreSQL bounds it.

use std::collections::BTreeMap;

use bytes::{Buf, Bytes, BytesMut};

use super::{
    Malformed, cstring,
    encode::{CANCEL_REQUEST, GSSENC_REQUEST, SSL_REQUEST, VERSION_3_0, VERSION_3_2},
};

/// The longest first packet (`MAX_STARTUP_PACKET_LENGTH`).
pub const LONGEST: usize = 10_000;
/// The longest cancel key that protocol 3.2 allows.
pub const LONGEST_KEY: usize = 256;

/// A first packet.
#[derive(Clone)]
pub enum First {
    /// The client asks for TLS.
    Ssl,
    /// The client asks for GSSAPI encryption.
    Gss,
    /// The client wants what another connection runs to be cancelled.
    Cancel(Cancel),
    /// The client starts a session.
    Startup(Startup),
}

/// A cancel request. The key is a secret.
#[derive(Clone)]
pub struct Cancel {
    /// The process id we gave to the client.
    pub pid: u32,
    /// The key we gave with it.
    pub key: Bytes,
}

/// A session's start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Startup {
    /// The version asked for.
    pub version: u32,
    /// Who the client says it is: a hint, never an identity.
    pub user: String,
    /// The database; the user name where the client names none.
    pub database: String,
    /// Everything else for the target, by name.
    pub parameters: BTreeMap<String, String>,
    /// Options of the protocol (`_pq_.`...) that are not spoken here.
    pub unknown_options: Vec<String>,
    /// The client asked for a replication connection.
    pub replication: bool,
}

impl Startup {
    /// The version that is spoken: 3.2 if it was asked for, otherwise 3.0.
    #[must_use]
    pub fn spoken(&self) -> u32 {
        if self.version >= VERSION_3_2 { VERSION_3_2 } else { VERSION_3_0 }
    }

    /// Whether the client must be told what is spoken instead of what it asked for.
    #[must_use]
    pub fn negotiates(&self) -> bool {
        self.version != self.spoken() || !self.unknown_options.is_empty()
    }
}

/// Takes the first packet off `buffer`; `None` while it is incomplete.
///
/// # Errors
/// If it is none, or longer than allowed. The length is refused as soon as it is known.
pub fn take(buffer: &mut BytesMut) -> Result<Option<First>, Malformed> {
    let Some(word) = buffer.first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_be_bytes(*word) as usize;
    if !(8..=LONGEST).contains(&length) {
        return Err(Malformed("startup packet length"));
    }
    if buffer.len() < length {
        return Ok(None);
    }
    let mut packet = buffer.split_to(length).freeze();
    packet.advance(4);
    let code = packet.get_u32();
    match code {
        SSL_REQUEST if packet.is_empty() => Ok(Some(First::Ssl)),
        GSSENC_REQUEST if packet.is_empty() => Ok(Some(First::Gss)),
        CANCEL_REQUEST => cancel(packet).map(First::Cancel).map(Some),
        _ if code >> 16 == 3 => startup(code, &packet).map(First::Startup).map(Some),
        _ => Err(Malformed("protocol version")),
    }
}

fn cancel(mut packet: Bytes) -> Result<Cancel, Malformed> {
    if !(8..=4 + LONGEST_KEY).contains(&packet.len()) {
        return Err(Malformed("cancel request"));
    }
    Ok(Cancel { pid: packet.get_u32(), key: packet })
}

fn startup(version: u32, mut packet: &[u8]) -> Result<Startup, Malformed> {
    let mut startup = Startup { version, ..Startup::default() };
    loop {
        let (name, rest) = cstring(packet).ok_or(Malformed("startup parameters"))?;
        if name.is_empty() {
            if !rest.is_empty() {
                return Err(Malformed("startup parameters"));
            }
            break;
        }
        let (value, rest) = cstring(rest).ok_or(Malformed("startup parameters"))?;
        packet = rest;
        let text =
            |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Malformed("startup encoding"));
        startup.set(text(name)?, text(value)?)?;
    }
    if startup.user.is_empty() {
        return Err(Malformed("startup without a user"));
    }
    if startup.database.is_empty() {
        startup.database.clone_from(&startup.user);
    }
    Ok(startup)
}

impl Startup {
    fn set(&mut self, name: String, value: String) -> Result<(), Malformed> {
        let once = |place: &mut String, value: String| {
            let first = place.is_empty();
            *place = value;
            if first { Ok(()) } else { Err(Malformed("startup parameter given twice")) }
        };
        match name.as_str() {
            "user" => once(&mut self.user, value),
            "database" => once(&mut self.database, value),
            "replication" => {
                self.replication |= !matches!(value.as_str(), "" | "0" | "f" | "false" | "n" | "no" | "off");
                Ok(())
            }
            option if option.starts_with("_pq_.") => {
                self.unknown_options.push(name);
                Ok(())
            }
            _ => match self.parameters.insert(name, value) {
                None => Ok(()),
                Some(_) => Err(Malformed("startup parameter given twice")),
            },
        }
    }
}

#[cfg(test)]
mod tests;
