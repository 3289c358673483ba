//! The first bytes a client sends, read along before the SSH library sees them: without strict key exchange an attacker can cut the
//! start of a connection (CVE-2023-48795), and the library does not tell whether the client offered it.

/// The name a client offers in its first key exchange message.
const STRICT: &[u8] = b"kex-strict-c-v00@openssh.com";

/// Longest text before the key exchange, and longest key exchange message.
const MOST: usize = 16 * 1024;

/// What was seen so far.
#[derive(Debug)]
pub(super) enum Entry {
    /// Not yet the whole key exchange message.
    Reading(Vec<u8>),
    /// Strict key exchange was offered; the rest is encrypted or the library's.
    Strict,
}

/// The client did not offer strict key exchange, or what it sent is no SSH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no strict key exchange")]
pub(super) struct NotStrict;

impl Default for Entry {
    fn default() -> Self {
        Self::Reading(Vec::new())
    }
}

impl Entry {
    /// Takes what was read next.
    pub(super) fn read(&mut self, bytes: &[u8]) -> Result<(), NotStrict> {
        let Self::Reading(seen) = self else { return Ok(()) };
        seen.extend_from_slice(bytes);
        match kex_names(seen) {
            Some(names) if names.split(|byte| *byte == b',').any(|name| name == STRICT) => {
                *self = Self::Strict;
                Ok(())
            }
            Some(_) => Err(NotStrict),
            None if seen.len() > MOST => Err(NotStrict),
            None => Ok(()),
        }
    }
}

/// The key exchange algorithms of the first packet (RFC 4253 section 7.1), once they are there: after the line that starts with
/// `SSH-`, length u32, padding u8, message u8, cookie of 16 bytes, name list.
fn kex_names(seen: &[u8]) -> Option<&[u8]> {
    let start = if seen.starts_with(b"SSH-") { 0 } else { find(seen, b"\nSSH-")? + 1 };
    let line = seen.get(start..)?;
    let packet = line.get(find(line, b"\n")? + 1..)?;
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

    fn in_pieces(bytes: &[u8], size: usize) -> Result<bool, NotStrict> {
        let mut entry = Entry::default();
        for piece in bytes.chunks(size) {
            entry.read(piece)?;
        }
        Ok(matches!(entry, Entry::Strict))
    }

    #[test]
    fn strict_key_exchange_is_seen_however_the_bytes_are_split() {
        let bytes = hello("curve25519-sha256,kex-strict-c-v00@openssh.com");
        for size in 1..=bytes.len() {
            assert_eq!(in_pieces(&bytes, size), Ok(true));
        }
    }

    #[test]
    fn a_client_without_it_is_turned_away() {
        assert_eq!(in_pieces(&hello("curve25519-sha256"), 3), Err(NotStrict));
        assert_eq!(in_pieces(&hello("x-kex-strict-c-v00@openssh.com"), 3), Err(NotStrict));
        assert_eq!(in_pieces(&hello(""), 3), Err(NotStrict));
    }

    #[test]
    fn an_endless_banner_is_turned_away() {
        assert_eq!(in_pieces(&vec![b'x'; MOST + 1], 1000), Err(NotStrict));
    }
}
