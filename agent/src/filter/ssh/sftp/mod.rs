//! An SFTP session: every request is decided before the target sees it, and the content of text files is masked on the way
//! out. What is refused is answered here, with permission denied and the reason; the session lives on.
//!
//! ```text
//!  client -> packets -> operation -> guard -> target
//!     ^                      \--- refused --> status
//!     \--- packets <- data: text is masked <-----/      target
//! ```

mod operation;
mod packet;

use std::{collections::HashMap, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use masking::{Masker, Syntax, Tally};
use proto::event::{Completed, Masked, Refused, Request};

use self::{
    operation::Operation,
    packet::{Fields, Malformed, Packets, denied},
};
use crate::filter::{
    guard::{Guard, Judged},
    masked::masked_lines,
};

/// Requests that may wait for their answers.
const MOST_WAITING: usize = 4096;

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
    tally: Tally,
}

impl Sftp {
    /// With what masks the content of text files.
    #[must_use]
    pub fn new(masker: Arc<Masker>) -> Self {
        Self {
            requests: Packets::default(),
            answers: Packets::default(),
            waiting: HashMap::new(),
            own: Vec::new(),
            masker,
            tally: Tally::default(),
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
        let mut recorded = false;
        while let Some(packet) = self.requests.next()? {
            let operation = Operation::read(&packet)?;
            recorded |= operation.notable;
            if self.decide(&operation, guard, journal) {
                forward.extend_from_slice(&packet);
            } else {
                recorded = true;
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
        while let Some(mut packet) = self.answers.next()? {
            self.settle(&packet, journal)?;
            if packet.get(4) == Some(&103) {
                self.mask(packet.get_mut(13..).unwrap_or_default());
            }
            shown.extend_from_slice(&packet);
        }
        self.take_own(shown);
        Ok(())
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
        masked_lines("file", std::mem::take(&mut self.tally)).collect()
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

    /// Masks content if it is text; the length stays.
    fn mask(&mut self, content: &mut [u8]) {
        if is_text(content) {
            self.masker.mask(content, Syntax::Text, &mut self.tally);
        }
    }

    fn masked(&self, text: String) -> String {
        let mut text = text.into_bytes();
        self.masker.mask(&mut text, Syntax::Text, &mut Tally::default());
        String::from_utf8_lossy(&text).into_owned()
    }
}

/// Text: UTF-8 without NULs, but for a character that the end of the packet may have cut.
fn is_text(content: &[u8]) -> bool {
    if memchr::memchr(0, content).is_some() {
        return false;
    }
    match std::str::from_utf8(content) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() || error.valid_up_to() == 0 && content.len() < 4,
    }
}

#[cfg(test)]
mod tests;
