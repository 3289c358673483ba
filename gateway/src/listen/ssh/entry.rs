//! The first bytes a client sends, read along before the SSH library sees them: without strict key exchange an attacker can cut the
//! start of a connection (CVE-2023-48795), and the library does not tell whether the client offered it.

use proto::Code;

/// The name a client offers in its first key exchange message.
const STRICT: &[u8] = b"kex-strict-c-v00@openssh.com";

/// Longest text before the key exchange, and longest key exchange message.
const MOST: usize = 16 * 1024;

/// What an identification begins with, and its greatest length with the line's end.
const PREFIX: &[u8] = b"SSH-";
const LINE: usize = 255;

/// SSH_MSG_DISCONNECT and its reason SSH_DISCONNECT_KEY_EXCHANGE_FAILED.
const DISCONNECT: u8 = 1;
const KEY_EXCHANGE_FAILED: u32 = 3;

/// What was seen so far.
#[derive(Debug)]
pub(super) enum Entry {
    /// Not yet the whole key exchange message.
    Reading(Vec<u8>),
    /// Strict key exchange was offered; the rest is encrypted or the library's.
    Strict,
    /// It was not. Such a client may learn the host key, as `ssh-keyscan` does, and may not log in.
    Lax,
}

/// What the client sent is no SSH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("what came is no SSH")]
pub(super) struct NoSsh;

impl NoSsh {
    /// The disconnect message that says so (RFC 4253 sections 6 and 11.1), as it travels before keys are exchanged.
    pub(super) fn farewell(self) -> Vec<u8> {
        let text = format!("sallyport: {self} ({})", Code::Malformed);
        let mut payload = vec![DISCONNECT];
        payload.extend_from_slice(&KEY_EXCHANGE_FAILED.to_be_bytes());
        for text in [text.as_bytes(), b"en"] {
            payload.extend_from_slice(&u32::try_from(text.len()).unwrap_or_default().to_be_bytes());
            payload.extend_from_slice(text);
        }
        // Length, padding length, payload and padding fill blocks of eight; at least four bytes of padding.
        let padding = 4 + (8 - (4 + 1 + payload.len() + 4) % 8) % 8;
        let length = u32::try_from(1 + payload.len() + padding).unwrap_or_default();
        let mut packet = length.to_be_bytes().to_vec();
        packet.push(u8::try_from(padding).unwrap_or_default());
        packet.append(&mut payload);
        packet.resize(packet.len() + padding, 0);
        packet
    }
}

impl Default for Entry {
    fn default() -> Self {
        Self::Reading(Vec::new())
    }
}

impl Entry {
    /// Takes what was read next.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), NoSsh> {
        let Self::Reading(seen) = self else { return Ok(()) };
        seen.extend_from_slice(bytes);
        if !begins_well(seen) {
            return Err(NoSsh);
        }
        match kex_names(seen) {
            Some(names) if names.split(|byte| *byte == b',').any(|name| name == STRICT) => {
                *self = Self::Strict;
                Ok(())
            }
            Some(_) => {
                *self = Self::Lax;
                Ok(())
            }
            None if seen.len() > MOST => Err(NoSsh),
            None => Ok(()),
        }
    }
}

/// Whether this is, or may become, a client's identification: one line that starts with `SSH-` and has at most 255 bytes (RFC 4253
/// section 4.2; only servers may say something before).
fn begins_well(seen: &[u8]) -> bool {
    let start = seen.get(..PREFIX.len()).unwrap_or(seen);
    PREFIX.starts_with(start) && find(seen, b"\n").unwrap_or(seen.len()) < LINE
}

/// The key exchange algorithms of the first packet (RFC 4253 section 7.1), once they are there: after the identification,
/// length u32, padding u8, message u8, cookie of 16 bytes, name list.
fn kex_names(seen: &[u8]) -> Option<&[u8]> {
    let packet = seen.get(find(seen, b"\n")? + 1..)?;
    let list = packet.get(4 + 1 + 1 + 16..)?;
    let length = u32::from_be_bytes(*list.first_chunk::<4>()?) as usize;
    list.get(4..4usize.checked_add(length)?)
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn hello(names: &str) -> Vec<u8> {
        let mut bytes = b"SSH-2.0-x\r\n".to_vec();
        bytes.extend_from_slice(&[0, 0, 1, 0, 4, 20]);
        bytes.extend_from_slice(&[7; 16]);
        bytes.extend_from_slice(&(names.len() as u32).to_be_bytes());
        bytes.extend_from_slice(names.as_bytes());
        bytes
    }

    /// Whether strict key exchange is offered; `None` while nothing is known.
    fn in_pieces(bytes: &[u8], size: usize) -> Result<Option<bool>, NoSsh> {
        let mut entry = Entry::default();
        for piece in bytes.chunks(size) {
            entry.read(piece)?;
        }
        Ok(match entry {
            Entry::Reading(_) => None,
            Entry::Strict => Some(true),
            Entry::Lax => Some(false),
        })
    }

    #[test]
    fn strict_key_exchange_is_seen_however_the_bytes_are_split() {
        let bytes = hello("curve25519-sha256,kex-strict-c-v00@openssh.com");
        for size in 1..=bytes.len() {
            assert_eq!(in_pieces(&bytes, size), Ok(Some(true)));
        }
    }

    #[test]
    fn a_client_without_it_is_known_as_such() {
        assert_eq!(in_pieces(&hello("curve25519-sha256"), 3), Ok(Some(false)));
        assert_eq!(in_pieces(&hello("x-kex-strict-c-v00@openssh.com"), 3), Ok(Some(false)));
        assert_eq!(in_pieces(&hello(""), 3), Ok(Some(false)));
    }

    #[test]
    fn who_is_turned_away_is_told_in_one_whole_packet() {
        let packet = NoSsh.farewell();
        assert_eq!(packet.len() % 8, 0);
        assert_eq!(u32::from_be_bytes(packet[..4].try_into().unwrap()) as usize, packet.len() - 4);
        assert!(packet[4] >= 4 && packet[5] == DISCONNECT);
        assert!(String::from_utf8_lossy(&packet).contains("SP-MALFORMED"));
    }

    #[test]
    fn an_endless_banner_is_turned_away() {
        assert_eq!(in_pieces(&vec![b'x'; MOST + 1], 1000), Err(NoSsh));
        assert_eq!(in_pieces(b"GET / HTTP/1.1\r\n", 1), Err(NoSsh));
        assert_eq!(in_pieces(&[&b"SSH-2.0-"[..], &[b'x'; LINE]].concat(), 100), Err(NoSsh));
        let endless = [&b"SSH-2.0-x\r\n\0\0\xff\xff\x04\x14"[..], &[b'x'; MOST]].concat();
        assert_eq!(in_pieces(&endless, 1000), Err(NoSsh));
    }
}
