//! An SFTP session: every request is decided before the target sees it, and the content of files is masked on the way out. What is
//! refused is answered here, with permission denied and the reason; the session lives on.
//!
//! ```text
//!  client -> packets -> operation -> guard -> reads -> target
//!     ^                      \--- refused --> status    |
//!     \--- packets <- data: masked, or refused <--------/
//! ```

mod operation;
mod packet;
mod reads;
mod tape;

use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use bytes::BytesMut;
use masking::{Masker, Syntax, Tally};
use proto::{
    Code,
    event::{Completed, Masked, Refused, Request},
};

use self::{
    operation::Operation,
    packet::{Fields, Malformed, Packets, denied},
    reads::{REASON, Reads, Way},
};
use crate::filter::{
    guard::{Guard, Judged},
    masked::masked_lines,
};

/// Requests that may wait for their answers.
const MOST_WAITING: usize = 4096;
/// The version of SFTP that is read here. Later ones have other packets.
const VERSION: u32 = 3;
/// How much of a request is read here: of a handle, a place and a length.
const HEAD: usize = 4 + 1 + 4 + 4 + 256 + 8 + 4;

/// Where an SFTP session writes what happens.
pub trait Journal {
    /// A request begins; gives its number.
    fn begin(&self, request: Request) -> u64;
    /// It is refused.
    fn refused(&self, exchange: u64, refused: Refused);
    /// It is over.
    fn completed(&self, exchange: u64, completed: Completed);
}

/// The stream is not SFTP as it should be: the channel must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the channel does not speak SFTP")]
pub struct NotSftp;

impl From<Malformed> for NotSftp {
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// One SFTP session.
pub struct Sftp {
    requests: Packets,
    answers: Packets,
    /// Requests on the record whose answers are to come.
    waiting: HashMap<u32, u64>,
    /// Answers of our own that wait to be sent.
    own: Vec<u8>,
    masker: Arc<Masker>,
    /// What is read of files; `None` if nothing is masked.
    reads: Option<Reads>,
    /// Files that are being opened, by the number of the request.
    opening: HashMap<u32, String>,
    /// Questions of our own to the target.
    asks: Vec<u8>,
}

impl Sftp {
    /// With what masks the content of files.
    #[must_use]
    pub fn new(masker: Arc<Masker>) -> Self {
        Self {
            requests: Packets::default(),
            answers: Packets::default(),
            waiting: HashMap::new(),
            own: Vec::new(),
            reads: (!masker.is_off()).then(|| Reads::new(Arc::clone(&masker))),
            masker,
            opening: HashMap::new(),
            asks: Vec::new(),
        }
    }

    /// Takes bytes from the client; appends to `forward` what goes to the target. Tells whether something was recorded.
    ///
    /// # Errors
    /// [`NotSftp`] if they cannot be read.
    pub fn request(
        &mut self,
        bytes: &[u8],
        guard: &dyn Guard,
        journal: &dyn Journal,
        forward: &mut Vec<u8>,
    ) -> Result<bool, NotSftp> {
        self.requests.feed(bytes);
        // What was asked about a file goes before what may close it.
        forward.append(&mut self.asks);
        let mut recorded = false;
        while let Some(mut packet) = self.requests.next()? {
            let operation = Operation::read(&packet)?;
            recorded |= operation.notable;
            if !self.decide(&operation, guard, journal) {
                recorded = true;
            } else if !self.serve(&operation, &mut packet, forward)? {
                forward.extend_from_slice(&packet);
            }
        }
        Ok(recorded)
    }

    /// Takes bytes from the target; appends to `shown` what goes to the client: whole packets only.
    ///
    /// # Errors
    /// [`NotSftp`] if they cannot be read.
    pub fn answer(&mut self, bytes: &[u8], journal: &dyn Journal, shown: &mut Vec<u8>) -> Result<(), NotSftp> {
        self.answers.feed(bytes);
        while let Some(packet) = self.answers.next()? {
            self.settle(&packet, journal)?;
            self.show(packet, shown)?;
            self.tell_refused(journal);
        }
        self.take_own(shown);
        Ok(())
    }

    /// Questions of our own to the target.
    pub fn take_asks(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.asks)
    }

    /// Whether there are questions of our own to the target.
    #[must_use]
    pub fn has_asks(&self) -> bool {
        !self.asks.is_empty()
    }

    /// Appends answers of our own; they stand between packets wherever they come.
    pub fn take_own(&mut self, shown: &mut Vec<u8>) {
        shown.append(&mut self.own);
    }

    /// Whether answers of our own wait.
    #[must_use]
    pub fn has_own(&self) -> bool {
        !self.own.is_empty()
    }

    /// What was masked in files since it was last asked, one entry per label and detector.
    pub fn take_masked(&mut self) -> Vec<Masked> {
        let tally = self.reads.as_mut().map(Reads::take_tally).unwrap_or_default();
        masked_lines("file", tally).collect()
    }

    /// Whether the request goes on to the target.
    fn decide(&mut self, operation: &Operation, guard: &dyn Guard, journal: &dyn Journal) -> bool {
        let (Some(facts), Some(id)) = (operation.facts(), operation.id) else { return true };
        let judged = Judged::new(facts);
        let decision = guard.decide(&judged);
        let text = operation.paths.join(" -> ");
        if decision.forwards() && !operation.notable {
            return true;
        }
        let mut told = Request {
            operation: operation.name().to_owned(),
            text: self.masked(format!("{} {text}", operation.verb)),
            bytes: text.len() as u64,
            digest: digest(&SHA256, text.as_bytes()).as_ref().to_vec().into(),
            ..Request::default()
        };
        decision.note(&mut told, &judged);
        let exchange = journal.begin(told);
        if decision.forwards() {
            if self.waiting.len() < MOST_WAITING {
                self.waiting.insert(id, exchange);
            }
            return true;
        }
        journal.refused(exchange, decision.refused());
        let completed =
            Completed { outcome: "error".to_owned(), code: decision.code.to_string(), ..Completed::default() };
        journal.completed(exchange, completed);
        let hint = decision.hint();
        let reason = format!(
            "sallyport: {} ({}){}{hint}",
            decision.message(),
            decision.detail(),
            if hint.is_empty() { "" } else { " " }
        );
        denied(id, &reason, &mut self.own);
        false
    }

    /// Writes the end of a request whose answer this is.
    fn settle(&mut self, packet: &[u8], journal: &dyn Journal) -> Result<(), Malformed> {
        let mut fields = Fields::of(packet);
        let tag = fields.byte()?;
        if !(101..=105).contains(&tag) && tag != 201 {
            return Ok(());
        }
        let Some(exchange) = self.waiting.remove(&fields.number()?) else { return Ok(()) };
        let status = if tag == 101 { fields.number()? } else { 0 };
        let outcome = if matches!(status, 0 | 1) { "ok" } else { "error" };
        journal.completed(
            exchange,
            Completed { outcome: outcome.to_owned(), status: status.to_string(), ..Completed::default() },
        );
        Ok(())
    }

    /// Follows which files are open and what is read of them. Gives whether the packet was taken, and goes no further.
    fn serve(&mut self, operation: &Operation, packet: &mut BytesMut, forward: &mut Vec<u8>) -> Result<bool, NotSftp> {
        let Some(reads) = &mut self.reads else { return Ok(false) };
        let mut fields = Fields::of(packet.get(..packet.len().min(HEAD)).unwrap_or_default());
        let tag = fields.byte()?;
        let number = fields.number()?;
        match (tag, operation.id) {
            (1, _) if number > VERSION => {
                if let Some(version) = packet.get_mut(5..9) {
                    version.copy_from_slice(&VERSION.to_be_bytes());
                }
            }
            (3, Some(id)) => {
                if self.opening.len() >= MOST_WAITING {
                    return Err(NotSftp);
                }
                self.opening.insert(id, operation.paths.join(" "));
            }
            (4, _) => reads.closed(&fields.bytes()?),
            (5, Some(id)) => {
                let (handle, from, length) = (fields.bytes()?, fields.place()?, fields.number()?);
                let mut way = Way { target: forward, client: &mut self.own };
                reads.read(id, &handle, from, length, &mut way)?;
                return Ok(true);
            }
            (6 | 9 | 10 | 200, _) => reads.changed(),
            _ => {}
        }
        Ok(false)
    }

    /// Appends what the client may see of an answer.
    fn show(&mut self, packet: BytesMut, shown: &mut Vec<u8>) -> Result<(), NotSftp> {
        let Some(reads) = &mut self.reads else {
            shown.extend_from_slice(&packet);
            return Ok(());
        };
        let tag = packet.get(4).copied();
        if !matches!(tag, Some(2 | 101..=103)) {
            shown.extend_from_slice(&packet);
            return Ok(());
        }
        let whole = packet.clone();
        let mut fields = Fields::in_packet(packet);
        let (_tag, id) = (fields.byte()?, fields.number()?);
        let mut way = Way { target: &mut self.asks, client: shown };
        match tag {
            Some(2) if id > VERSION => return Err(NotSftp),
            Some(103) => return reads.data(id, fields.bytes()?, &mut way),
            Some(101) if reads.knows(id) => return reads.status(id, fields.rest(), &mut way),
            Some(101) => {
                self.opening.remove(&id);
            }
            Some(102) => {
                if let Some(path) = self.opening.remove(&id) {
                    reads.opened(fields.bytes()?, path)?;
                }
            }
            _ => {}
        }
        shown.extend_from_slice(&whole);
        Ok(())
    }

    /// Writes down which files were found not to pass.
    fn tell_refused(&mut self, journal: &dyn Journal) {
        let refused = self.reads.as_mut().map(Reads::take_refused).unwrap_or_default();
        for path in refused {
            let told = Request {
                operation: "sftp-read".to_owned(),
                text: self.masked(format!("read {path}")),
                bytes: path.len() as u64,
                digest: digest(&SHA256, path.as_bytes()).as_ref().to_vec().into(),
                ..Request::default()
            };
            let exchange = journal.begin(told);
            let code = Code::Uninspectable.to_string();
            journal.refused(exchange, Refused { code: code.clone(), reason: REASON.to_owned(), ..Refused::default() });
            journal.completed(exchange, Completed { outcome: "error".to_owned(), code, ..Completed::default() });
        }
    }

    fn masked(&self, text: String) -> String {
        let mut text = text.into_bytes();
        self.masker.mask(&mut text, Syntax::Text, &mut Tally::default());
        String::from_utf8_lossy(&text).into_owned()
    }
}

#[cfg(test)]
mod tests;
