//! Archives in the form of ZIP (PKWARE's APPNOTE; also docx, xlsx, odt, jar): their members are read as they come, whatever the directory
//! at the end says. Nothing passes that cannot be read: other methods, encryption, gaps between members.

use flate2::{Decompress, FlushDecompress, Status};

/// How a member begins, how the directory and the end of one do.
const LOCAL: &[u8] = b"PK\x03\x04";
const AFTER: [&[u8]; 4] = [b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x08"];
/// The fixed part of a member's header, in bytes.
const HEADER: usize = 30;
/// The most that stands between members: a sum and lengths, with a mark.
const DESCRIPTOR: usize = 24;
/// How much is unpacked at once, in bytes.
const STEP: usize = 16 << 10;
/// How much is unpacked of one archive, in bytes.
const MOST: u64 = 4 << 30;

/// A length that stands elsewhere.
const LONGER: usize = 0xFFFF_FFFF;

/// A part of an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZipPart<'a> {
    /// A member with this name begins.
    Begins(&'a [u8]),
    /// Content of the member, unpacked.
    Content(&'a [u8]),
    /// The member is over.
    Ends,
}

/// The archive cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadZip;

/// Reads an archive that arrives in pieces.
#[derive(Debug, Default)]
pub struct Unzip {
    held: Vec<u8>,
    state: State,
    unpacked: u64,
}

#[derive(Debug, Default)]
enum State {
    /// A member's header, or what comes behind the last.
    #[default]
    Header,
    Stored(u64),
    Deflated(Box<Decompress>),
    /// Behind a member.
    Between,
    /// Behind the last.
    Directory,
}

impl Unzip {
    /// Whether content that begins so is an archive.
    #[must_use]
    pub fn begins(first: &[u8]) -> bool {
        first.starts_with(LOCAL)
    }

    /// Takes the next bytes; shows each part to `take`.
    ///
    /// # Errors
    /// If it cannot be read: then nobody knows what is in it.
    pub fn push(&mut self, bytes: &[u8], take: &mut impl FnMut(ZipPart<'_>)) -> Result<(), UnreadZip> {
        self.held.extend_from_slice(bytes);
        let mut held = std::mem::take(&mut self.held);
        let mut at = 0;
        while let Some(used) = self.step(held.get(at..).unwrap_or_default(), take)? {
            at += used;
        }
        held.drain(..at.min(held.len()));
        self.held = held;
        Ok(())
    }

    /// Whether it ended behind its last member.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        matches!(self.state, State::Directory)
    }

    /// Goes one step on; how many bytes were used, `None` if more are needed.
    fn step(&mut self, rest: &[u8], take: &mut impl FnMut(ZipPart<'_>)) -> Result<Option<usize>, UnreadZip> {
        match &mut self.state {
            State::Header => self.header(rest, take),
            State::Stored(0) => {
                take(ZipPart::Ends);
                self.state = State::Between;
                Ok(Some(0))
            }
            State::Stored(left) => {
                let length = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= length as u64;
                take(ZipPart::Content(rest.get(..length).unwrap_or_default()));
                Ok((length > 0).then_some(length))
            }
            State::Deflated(_) => self.inflate(rest, take),
            State::Between => self.between(rest),
            // A member behind the directory is one that this archive hides.
            State::Directory if memchr::memmem::find(rest, LOCAL).is_some() => Err(UnreadZip),
            State::Directory => Ok(rest.len().checked_sub(LOCAL.len() - 1).filter(|used| *used > 0)),
        }
    }

    fn header(&mut self, rest: &[u8], take: &mut impl FnMut(ZipPart<'_>)) -> Result<Option<usize>, UnreadZip> {
        let Some((header, behind)) = rest.split_first_chunk::<HEADER>() else { return Ok(None) };
        if !header.starts_with(LOCAL) {
            return Err(UnreadZip);
        }
        let two = |at: usize| match header.get(at..at + 2) {
            Some([low, high]) => usize::from(u16::from_le_bytes([*low, *high])),
            _ => 0,
        };
        let (flags, method, packed) = (two(6), two(8), two(18) | two(20) << 16);
        let (name_length, extra) = (two(26), two(28));
        let Some(name) = behind.get(..name_length).filter(|_| behind.len() >= name_length + extra) else {
            return Ok(None);
        };
        let (is_encrypted, is_streamed) = (flags & 1 != 0, flags & 8 != 0);
        self.state = match method {
            _ if is_encrypted || packed == LONGER && method == 0 => return Err(UnreadZip),
            0 if is_streamed && !name.ends_with(b"/") => return Err(UnreadZip),
            0 => State::Stored(packed as u64),
            8 => State::Deflated(Box::new(Decompress::new(false))),
            _ => return Err(UnreadZip),
        };
        take(ZipPart::Begins(name));
        Ok(Some(HEADER + name_length + extra))
    }

    fn inflate(&mut self, rest: &[u8], take: &mut impl FnMut(ZipPart<'_>)) -> Result<Option<usize>, UnreadZip> {
        let State::Deflated(state) = &mut self.state else { return Err(UnreadZip) };
        let (before, mut out) = (state.total_in(), Vec::with_capacity(STEP));
        let status = state.decompress_vec(rest, &mut out, FlushDecompress::None).map_err(|_| UnreadZip)?;
        let used = usize::try_from(state.total_in() - before).map_err(|_| UnreadZip)?;
        self.unpacked += out.len() as u64;
        if self.unpacked > MOST {
            return Err(UnreadZip);
        }
        take(ZipPart::Content(&out));
        if status == Status::StreamEnd {
            take(ZipPart::Ends);
            self.state = State::Between;
            return Ok(Some(used));
        }
        Ok((used > 0 || !out.is_empty()).then_some(used))
    }

    /// Finds the next member, or the directory, behind what tells of the last member.
    fn between(&mut self, rest: &[u8]) -> Result<Option<usize>, UnreadZip> {
        for at in 0..=DESCRIPTOR {
            let Some(mark) = rest.get(at..at + LOCAL.len()) else { return Ok(None) };
            if mark == LOCAL {
                self.state = State::Header;
                return Ok(Some(at));
            }
            if AFTER.contains(&mark) {
                self.state = State::Directory;
                return Ok(Some(at + LOCAL.len()));
            }
        }
        Err(UnreadZip)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use std::io::Write as _;

    use proptest::prelude::*;

    use super::*;

    /// An archive of members: name, content, whether it is deflated, whether its lengths stand behind it.
    fn zip(members: &[(&str, &[u8], bool, bool)]) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, content, deflated, streamed) in members {
            let packed = if *deflated {
                let mut packer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
                packer.write_all(content).unwrap();
                packer.finish().unwrap()
            } else {
                content.to_vec()
            };
            let size = |bytes: &[u8]| u32::try_from(if *streamed { 0 } else { bytes.len() }).unwrap().to_le_bytes();
            out.extend_from_slice(LOCAL);
            out.extend_from_slice(&[
                20,
                0,
                u8::from(*streamed) * 8,
                0,
                u8::from(*deflated) * 8,
                0,
                0,
                0,
                0,
                0,
                1,
                2,
                3,
                4,
            ]);
            out.extend_from_slice(&size(&packed));
            out.extend_from_slice(&size(content));
            out.extend_from_slice(&[u8::try_from(name.len()).unwrap(), 0, 0, 0]);
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(&packed);
            if *streamed {
                out.extend_from_slice(b"PK\x07\x08\x01\x02\x03\x04");
                out.extend_from_slice(&u32::try_from(packed.len()).unwrap().to_le_bytes());
                out.extend_from_slice(&u32::try_from(content.len()).unwrap().to_le_bytes());
            }
        }
        out.extend_from_slice(b"PK\x01\x02 a directory PK\x05\x06 an end");
        out
    }

    /// Names and contents.
    type Contents = Vec<(String, Vec<u8>)>;

    fn read(bytes: &[u8], piece: usize) -> Result<(Contents, bool), UnreadZip> {
        let (mut unzip, mut members) = (Unzip::default(), Contents::new());
        for piece in bytes.chunks(piece) {
            unzip.push(piece, &mut |part| match part {
                ZipPart::Begins(name) => members.push((String::from_utf8_lossy(name).into_owned(), Vec::new())),
                ZipPart::Content(content) => members.last_mut().unwrap().1.extend_from_slice(content),
                ZipPart::Ends => {}
            })?;
        }
        Ok((members, unzip.is_whole()))
    }

    #[test]
    fn each_member_is_read_however_it_is_stored_and_wherever_pieces_end() {
        let long = b"some text that is long enough to be packed, ".repeat(2000);
        let archive = zip(&[
            ("a.txt", b"card 4111 1111 1111 1111", false, false),
            ("word/document.xml", &long, true, true),
            ("dir/", b"", false, true),
            ("b.csv", &long, true, false),
            ("empty", b"", false, false),
        ]);
        for piece in [1, 2, 7, 1000, usize::MAX] {
            let (members, whole) = read(&archive, piece).unwrap();
            assert!(whole);
            let names: Vec<&str> = members.iter().map(|member| member.0.as_str()).collect();
            assert_eq!(names, ["a.txt", "word/document.xml", "dir/", "b.csv", "empty"]);
            assert_eq!(members[0].1, b"card 4111 1111 1111 1111");
            assert!(members[1].1 == long && members[3].1 == long && members[2].1.is_empty());
        }
    }

    #[test]
    fn an_archive_that_cannot_be_read_is_told_apart() {
        let good = zip(&[("a", b"text", false, false)]);
        let with = |at: usize, byte: u8| {
            let mut bad = good.clone();
            bad[at] = byte;
            bad
        };
        for bad in [with(6, 1), with(8, 9), with(8, 12), with(6, 8), with(18, 90), [&good[..], &good[..]].concat()] {
            let read = read(&bad, 5);
            assert!(read.is_err() || read.is_ok_and(|(_, whole)| !whole), "{bad:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_bytes_do_harm(tail in proptest::collection::vec(any::<u8>(), 0..300), cut in 0_usize..200, piece in 1_usize..50) {
            let good = zip(&[("a", b"text and more text", true, true), ("b", b"x", false, false)]);
            let _ = read(&[LOCAL, &tail].concat(), piece);
            let _ = read(&[good.get(..cut).unwrap_or(&good), &tail].concat(), piece);
        }
    }
}
