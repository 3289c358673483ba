//! One channel's streams on their way: masked where they are text for people or files, counted always.

use aws_lc_rs::digest::{Context as Digest, SHA256};
use masking::{Masker, Tally};
use proto::event::{Completed, Field, Masked, Stream};
use zeroize::Zeroize as _;

use super::scp::Scp;
use super::terminal::{Bytes, Terminal};
use super::unpack::Unpack;
use super::watch::Watch;
use crate::filter::masked::masked_lines;

/// What one channel shows of what passes.
pub struct Screen {
    masker: Masker,
    bytes_in: u64,
    bytes_out: u64,
    sight: Sight,
}

/// How closely a channel is looked at.
enum Sight {
    /// Text for people: masked, recorded.
    Inspected { out: Masking, err: Masking, keys: Option<Keys> },
    /// Bytes of another protocol: counted and hashed.
    Counted(Box<Counted>),
    /// Files that scp brings: masked, counted and hashed.
    Copied { scp: Box<Scp>, tally: Tally, err: Box<Masking>, counted: Box<Counted> },
    /// Bytes of another protocol that end where something that is masked stands in them: counted and hashed.
    Watched { watch: Box<Watch>, tally: Tally, err: Box<Masking>, counted: Box<Counted> },
}

struct Counted {
    reason: &'static str,
    hash_in: Digest,
    hash_out: Digest,
}

/// What the client typed lately on a terminal. It is kept to recognise its echo, and never recorded.
#[derive(Default)]
struct Keys {
    latest: Vec<u8>,
    /// Typed since output was last shown.
    fresh: bool,
}

/// Typed bytes that are kept.
const LATEST: usize = 64;

struct Masking {
    field: &'static str,
    eye: Eye,
    tally: Tally,
}

/// How a stream is read.
enum Eye {
    /// Nothing is looked for.
    Off,
    /// As bytes, and unpacked if they are packed.
    Bytes(Box<(Unpack, Bytes)>),
    /// As a terminal shows it.
    Terminal(Box<Terminal>),
}

impl Screen {
    /// For a shell or a command: everything it prints is masked.
    #[must_use]
    pub fn inspected(masker: &Masker) -> Self {
        let (out, err) = (Masking::new("stdout", masker), Masking::new("stderr", masker));
        let sight = Sight::Inspected { out, err, keys: None };
        Self { masker: masker.clone(), bytes_in: 0, bytes_out: 0, sight }
    }

    /// For a file transfer or a forwarded connection; `reason` says which.
    #[must_use]
    pub fn counted(reason: &'static str) -> Self {
        Self { masker: Masker::new(&[]), bytes_in: 0, bytes_out: 0, sight: Sight::Counted(Counted::new(reason)) }
    }

    /// For what `scp -f` sends: the content of its files is masked, or stopped if that cannot be.
    #[must_use]
    pub fn copied(masker: &Masker) -> Self {
        if masker.is_off() {
            return Self::counted("file transfer");
        }
        let sight = Sight::Copied {
            scp: Box::new(Scp::new(masker)),
            tally: Tally::default(),
            err: Box::new(Masking::new("stderr", masker)),
            counted: Counted::new("file transfer"),
        };
        Self { masker: masker.clone(), bytes_in: 0, bytes_out: 0, sight }
    }

    /// For what rsync sends: it ends where something that is masked stands in it.
    #[must_use]
    pub fn watched(masker: &Masker) -> Self {
        if masker.is_off() {
            return Self::counted("file transfer");
        }
        let sight = Sight::Watched {
            watch: Box::new(Watch::new(masker)),
            tally: Tally::default(),
            err: Box::new(Masking::new("stderr", masker)),
            counted: Counted::new("file transfer"),
        };
        Self { masker: masker.clone(), bytes_in: 0, bytes_out: 0, sight }
    }

    /// There is a terminal of this size: what shows is looked at, and what the client types comes back as an echo, which
    /// must not wait.
    pub fn has_terminal(&mut self, columns: u32, rows: u32) {
        if let Sight::Inspected { out, keys, .. } = &mut self.sight {
            *keys = Some(Keys::default());
            if !self.masker.is_off() {
                out.eye = Eye::Terminal(Box::new(Terminal::new(&self.masker, columns, rows)));
            }
        }
    }

    /// The client's terminal has another size.
    pub fn resized(&mut self, columns: u32, rows: u32) {
        if let Sight::Inspected { out: Masking { eye: Eye::Terminal(terminal), .. }, .. } = &mut self.sight {
            terminal.resize(columns, rows);
        }
    }

    /// Whether output is recorded as the client sees it.
    #[must_use]
    pub fn is_inspected(&self) -> bool {
        matches!(self.sight, Sight::Inspected { .. })
    }

    /// Takes a piece of output; appends to `shown` what the client may see now. What could still become a hit is held.
    pub fn output(&mut self, stream: Stream, piece: &[u8], shown: &mut Vec<u8>) {
        #[cfg(test)]
        crate::filter::fault::look(piece);
        self.bytes_out += piece.len() as u64;
        match &mut self.sight {
            Sight::Inspected { out, err, keys } => {
                let masking = if stream == Stream::Err { err } else { out };
                masking.push(piece, shown);
                // A keystroke's echo is short; what is long is a program's output and can wait for the rest of a word.
                if let Some(keys) = keys.as_mut().filter(|keys| keys.fresh && piece.len() <= LATEST) {
                    masking.release(&keys.latest, shown);
                    keys.fresh = false;
                }
            }
            Sight::Counted(counted) => {
                counted.hash_out.update(piece);
                shown.extend_from_slice(piece);
            }
            Sight::Copied { err, .. } | Sight::Watched { err, .. } if stream == Stream::Err => err.push(piece, shown),
            Sight::Watched { watch, tally, counted, .. } => {
                if watch.push(piece, tally) {
                    counted.hash_out.update(piece);
                    shown.extend_from_slice(piece);
                }
            }
            Sight::Copied { scp, tally, counted, .. } => {
                let before = shown.len();
                scp.push(piece, shown, tally);
                counted.hash_out.update(shown.get(before..).unwrap_or_default());
            }
        }
    }

    /// Nothing came for a while: appends what of the held may be shown although it could yet become part of a hit.
    pub fn quiet(&mut self, stream: Stream, shown: &mut Vec<u8>) {
        if let Sight::Inspected { out, err, keys } = &mut self.sight {
            let masking = if stream == Stream::Err { err } else { out };
            masking.release(keys.as_ref().map_or(&[], |keys| &keys.latest), shown);
        }
    }

    /// A stream is over: appends what was still held.
    pub fn finish(&mut self, stream: Stream, shown: &mut Vec<u8>) {
        if let Sight::Inspected { out, err, .. } = &mut self.sight {
            let masking = if stream == Stream::Err { err } else { out };
            masking.finish(shown);
        }
        if let (Sight::Copied { err, .. } | Sight::Watched { err, .. }, Stream::Err) = (&mut self.sight, stream) {
            err.finish(shown);
        }
    }

    /// Why output ends here, if it does: it is packed or a file, and something that is masked stands in it.
    #[must_use]
    pub fn stopped_for(&self) -> Option<&'static str> {
        self.is_stopped().then_some(match &self.sight {
            Sight::Copied { .. } => {
                "the file holds values that are masked here and cannot be masked in it, or cannot be looked into"
            }
            Sight::Watched { .. } => {
                "what rsync sends holds values that are masked here, which they cannot be in it: fetch it by sftp or scp"
            }
            Sight::Inspected { .. } | Sight::Counted(_) => {
                "the output is packed, and holds values that are masked here or cannot be looked into: print it unpacked"
            }
        })
    }

    /// Whether output ends here.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        let stopped = |masking: &Masking| matches!(&masking.eye, Eye::Bytes(eye) if eye.0.is_stopped());
        match &self.sight {
            Sight::Inspected { out, err, .. } => stopped(out) || stopped(err),
            Sight::Copied { scp, err, .. } => scp.is_stopped() || stopped(err),
            Sight::Watched { watch, err, .. } => watch.is_stopped() || stopped(err),
            Sight::Counted(_) => false,
        }
    }

    /// How many bytes of output are held.
    #[must_use]
    pub fn held(&self) -> usize {
        match &self.sight {
            Sight::Inspected { out, err, .. } => out.held() + err.held(),
            Sight::Counted(_) | Sight::Copied { .. } | Sight::Watched { .. } => 0,
        }
    }

    /// Counts input on its way to the target.
    pub fn input(&mut self, piece: &[u8]) {
        self.bytes_in += piece.len() as u64;
        match &mut self.sight {
            Sight::Counted(counted) | Sight::Copied { counted, .. } | Sight::Watched { counted, .. } => {
                counted.hash_in.update(piece);
            }
            Sight::Inspected { keys: Some(keys), .. } => keys.typed(piece),
            Sight::Inspected { keys: None, .. } => {}
        }
    }

    /// What was masked, one entry per stream, label and detector.
    pub fn take_masked(&mut self) -> Vec<Masked> {
        match &mut self.sight {
            Sight::Inspected { out, err, .. } => [out, err].into_iter().flat_map(Masking::take).collect(),
            Sight::Copied { tally, err, .. } | Sight::Watched { tally, err, .. } => {
                masked_lines("file", std::mem::take(tally)).chain(err.take()).collect()
            }
            Sight::Counted(_) => Vec::new(),
        }
    }

    /// The end of the channel's request: how it ended, what passed.
    #[must_use]
    pub fn completed(&self, outcome: &str, status: &str) -> Completed {
        let fields = match &self.sight {
            Sight::Inspected { .. } => Vec::new(),
            Sight::Counted(counted) => {
                let mut fields = vec![field("inspected", "no"), field("reason", counted.reason)];
                fields.extend(counted.digests());
                fields
            }
            Sight::Copied { counted, .. } | Sight::Watched { counted, .. } => counted.digests().into(),
        };
        Completed {
            outcome: outcome.to_owned(),
            status: status.to_owned(),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
            fields,
            ..Completed::default()
        }
    }
}

impl Counted {
    fn new(reason: &'static str) -> Box<Self> {
        Box::new(Self { reason, hash_in: Digest::new(&SHA256), hash_out: Digest::new(&SHA256) })
    }

    fn digests(&self) -> [Field; 2] {
        [("sha256_in", &self.hash_in), ("sha256_out", &self.hash_out)]
            .map(|(name, hash)| field(name, hex::encode(hash.clone().finish())))
    }
}

impl Keys {
    fn typed(&mut self, piece: &[u8]) {
        let newest = piece.get(piece.len().saturating_sub(LATEST)..).unwrap_or_default();
        self.latest.extend_from_slice(newest);
        self.latest.drain(..self.latest.len().saturating_sub(LATEST));
        self.fresh = true;
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        self.latest.zeroize();
    }
}

impl Masking {
    fn new(field: &'static str, masker: &Masker) -> Self {
        let eye =
            if masker.is_off() { Eye::Off } else { Eye::Bytes(Box::new((Unpack::new(masker), Bytes::new(masker)))) };
        Self { field, eye, tally: Tally::default() }
    }

    fn push(&mut self, piece: &[u8], shown: &mut Vec<u8>) {
        match &mut self.eye {
            Eye::Off => shown.extend_from_slice(piece),
            Eye::Bytes(eye) => {
                let (unpack, bytes) = &mut **eye;
                let passed = unpack.push(piece, &mut self.tally);
                bytes.push(&passed, shown, &mut self.tally);
            }
            Eye::Terminal(terminal) => terminal.push(piece, shown, &mut self.tally),
        }
    }

    fn release(&mut self, typed: &[u8], shown: &mut Vec<u8>) {
        match &mut self.eye {
            Eye::Off => {}
            Eye::Bytes(eye) => eye.1.release(typed, shown),
            Eye::Terminal(terminal) => terminal.release(typed, shown, &mut self.tally),
        }
    }

    fn finish(&mut self, shown: &mut Vec<u8>) {
        match &mut self.eye {
            Eye::Off => {}
            Eye::Bytes(eye) => {
                let (unpack, bytes) = &mut **eye;
                let passed = unpack.finish(&mut self.tally);
                bytes.push(&passed, shown, &mut self.tally);
                bytes.finish(shown, &mut self.tally);
            }
            Eye::Terminal(terminal) => terminal.finish(shown, &mut self.tally),
        }
    }

    fn held(&self) -> usize {
        match &self.eye {
            Eye::Off => 0,
            Eye::Bytes(eye) => eye.1.held(),
            Eye::Terminal(terminal) => terminal.held(),
        }
    }

    fn take(&mut self) -> Vec<Masked> {
        masked_lines(self.field, std::mem::take(&mut self.tally)).collect()
    }
}

pub(super) fn field(name: &str, value: impl Into<String>) -> Field {
    Field { name: name.to_owned(), value: value.into() }
}
