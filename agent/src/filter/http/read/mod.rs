//! Content as it is read for masking: codings undone, characters made UTF-8, then each class in its own way. What no rule
//! touches comes out byte for byte.
//!
//! ```text
//!  bytes ── Decoder ── Converter ── JSON: marked members, then detectors
//!                                   markup: text without tags        records: events, lines, tokens
//!                                   form, text                       binary: looked at, not changed
//!                                   gRPC: fields by their descriptor
//! ```

mod deltas;
mod grpc;
mod marked;
mod pairs;
mod parts;
mod records;

use std::sync::Arc;

use functions::http::{CodingError, Converter, Decoder, charset_of};
use masking::{Label, Masker, StreamMasker, Syntax, Tally};

pub use self::{
    grpc::{Fields, Format},
    marked::Markings,
    pairs::Names,
};
pub(super) use self::{
    grpc::{Frames, Pass, Unframed, is_grpc},
    marked::Lexer,
    pairs::{Marks, Notes, Pairs, decode, encode},
};
use self::{
    parts::Parts,
    records::{Framing, Records},
};
use super::kind::is_known;
use crate::filter::content::{Class, Markup, Scanner, classify, sniff};

/// How many bytes are looked at before content is judged.
pub(super) const PROBE: usize = 512;
/// Of what has come, so much says what it is.
const JUDGED: usize = 4096;

/// Reads the content of one message.
pub struct Reader {
    decoder: Decoder,
    content_type: String,
    /// What its messages are, if it is gRPC and that is known.
    format: Option<Format>,
    /// The very first bytes as they came, until it is known whether they begin a compressed file.
    opening: Option<Vec<u8>>,
    /// The first bytes, until the class is known.
    first: Vec<u8>,
    body: Option<Body>,
}

/// What is known once content is judged.
struct Body {
    converter: Converter,
    class: Reading,
}

enum Reading {
    Json(Box<Lexer>, Box<StreamMasker>),
    Text(Box<Parts>, Box<StreamMasker>),
    Form(Box<StreamMasker>, std::collections::VecDeque<u8>, Pairs),
    Markup(Box<Parts>, Box<Markup>),
    Records(Box<Records>),
    Grpc(Box<Frames>),
    Binary(Box<Scanner>, &'static str),
    /// Let through by a setting.
    Allowed(&'static str),
}

/// What applies to content on its way, and where it goes.
pub struct Passage<'a> {
    /// How it is read.
    pub rules: &'a Rules,
    /// Hides what stands in it.
    pub masker: &'a Masker,
    /// What may pass is appended here.
    pub out: &'a mut Vec<u8>,
    /// What was hidden.
    pub tally: &'a mut Tally,
}

/// Why content does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Codings.
    #[error("the target's answer cannot be decoded: {0}")]
    Coding(CodingError),
    /// Characters.
    #[error("the target's answer has a character set that cannot be read")]
    Charset,
    /// A record.
    #[error("the target's answer has a record that is too long to be read")]
    Record,
    /// gRPC.
    #[error(
        "the target's answer has a gRPC message that is broken or too long, or holds a masked value in a field that its descriptor does not know"
    )]
    Message,
    /// A file with something sensitive.
    #[error("the target's answer is a file with values that are masked here, which cannot be masked in it")]
    File,
    /// Binary content where none is let through.
    #[error("the target's answer is of a kind that cannot be read, and the connection lets none through")]
    Binary,
    /// Binary content that could hold what is marked.
    #[error(
        "the target's answer is binary and of no kind that is known here, so what is marked on this connection could stand in it; its media type in `mask.allow`, or `mask.binary: scan`, lets it through"
    )]
    Unknown,
}

impl From<CodingError> for Unreadable {
    fn from(error: CodingError) -> Self {
        Self::Coding(error)
    }
}

impl From<Unframed> for Unreadable {
    fn from(error: Unframed) -> Self {
        match error {
            Unframed::TooLong => Self::Record,
            Unframed::Broken => Self::Message,
        }
    }
}

/// What is done with content that cannot be masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binary {
    /// It is looked at, and stopped if something sensitive stands in it.
    Scan,
    /// The same, but only if it is a file of a kind that is known: others, such as CBOR, may hold members that are marked.
    Known,
    /// It does not pass.
    Refuse,
}

/// What applies to the content of a connection.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Members of JSON that are masked whole.
    pub markings: Markings,
    /// Fields of gRPC messages that are masked whole.
    pub grpc: Fields,
    /// Header fields that are masked whole, in lower case, with their labels.
    pub headers: Vec<(String, Option<Label>)>,
    /// What happens to binary content.
    pub binary: Binary,
    /// Media types that pass unseen, in lower case; `image/*` for a family.
    pub allow: Vec<String>,
    /// Fields of forms that are masked whole.
    pub form: Names,
    /// Whether the content is a request's: servers take JSON out of it wherever it stands.
    pub request: bool,
}

impl Default for Rules {
    fn default() -> Self {
        let (headers, allow, form) = (Vec::new(), Vec::new(), Names::default());
        let (markings, grpc) = (Markings::default(), Fields::default());
        Self { markings, grpc, headers, binary: Binary::Scan, allow, form, request: false }
    }
}

impl Rules {
    /// The rules for a caller who may see some labels.
    #[must_use]
    pub fn revealing(self: &Arc<Self>, revealed: &[String]) -> Arc<Self> {
        match revealed {
            [] => Arc::clone(self),
            revealed => {
                let (markings, grpc) = (self.markings.without(revealed), self.grpc.without(revealed));
                Arc::new(Self { markings, grpc, ..Self::clone(self) })
            }
        }
    }

    /// Whether nothing is masked by these rules and this masker.
    #[must_use]
    pub fn is_off(&self, masker: &Masker) -> bool {
        masker.is_off() && self.markings.is_empty() && self.grpc.is_empty() && self.headers.is_empty()
    }

    /// What is marked in forms, and what stands in its place.
    fn marks<'a>(&'a self, masker: &'a Masker) -> Marks<'a> {
        Marks { names: &self.form, json: &self.markings, masker }
    }

    /// Whether content with this label passes unseen.
    pub(super) fn allows(&self, content_type: &str) -> bool {
        let media = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let family = media.split_once('/').map(|(family, _)| format!("{family}/*")).unwrap_or_default();
        !media.is_empty() && self.allow.iter().any(|allowed| *allowed == media || *allowed == family)
    }
}

impl Reader {
    /// For content with these labels.
    ///
    /// # Errors
    /// If its codings cannot be read.
    pub fn new<'a>(content_type: &str, codings: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Unreadable> {
        let (content_type, first, format) = (content_type.to_owned(), Vec::new(), None);
        Ok(Self { decoder: Decoder::new(codings)?, content_type, format, opening: Some(Vec::new()), first, body: None })
    }

    /// The same, but if it is gRPC, its messages are of this format.
    #[must_use]
    pub fn of_messages(self, format: Option<Format>) -> Self {
        Self { format: format.filter(|_| is_grpc(&self.content_type)), ..self }
    }

    /// Whether the labels alone tell that it is a stream of events: those may be slow to begin.
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.content_type.trim_start().to_ascii_lowercase().starts_with("text/event-stream")
    }

    /// Whether the content's kind is known.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.body.is_some()
    }

    /// Whether as many bytes come out as went in, each in its place.
    #[must_use]
    pub fn keeps_length(&self) -> bool {
        let fixed =
            |body: &Body| !body.converter.converts() && !matches!(body.class, Reading::Records(_) | Reading::Grpc(_));
        !self.decoder.is_coded() && self.body.as_ref().is_some_and(fixed)
    }

    /// Whether content is decoded or converted, so that its labels must change.
    #[must_use]
    pub fn changes_form(&self) -> bool {
        self.decoder.is_coded() || self.body.as_ref().is_some_and(|body| body.converter.converts())
    }

    /// Whether content is changed where something is found.
    #[must_use]
    pub fn masks(&self) -> bool {
        !self.body.as_ref().is_some_and(|body| matches!(body.class, Reading::Binary(..) | Reading::Allowed(_)))
    }

    /// Why the content is not read for masking, if so.
    #[must_use]
    pub fn opaque(&self) -> Option<&'static str> {
        match &self.body.as_ref()?.class {
            Reading::Binary(_, reason) | Reading::Allowed(reason) => Some(reason),
            _ => None,
        }
    }

    /// Takes the next content; gives on what may pass.
    ///
    /// # Errors
    /// Why it must not pass.
    pub fn push(&mut self, content: &[u8], to: &mut Passage<'_>) -> Result<(), Unreadable> {
        let Some(mut opening) = self.opening.take() else {
            return self.pass(content, to);
        };
        opening.extend_from_slice(content);
        if opening.len() < 4 {
            self.opening = Some(opening);
            return Ok(());
        }
        self.open(&opening, to)
    }

    /// The beginning is there: a compressed file is looked at, coded content is decoded.
    fn open(&mut self, opening: &[u8], to: &mut Passage<'_>) -> Result<(), Unreadable> {
        if !self.decoder.is_coded() && self.is_archive(opening) {
            self.judge_archive(to.rules, to.masker, opening)?;
        }
        self.pass(opening, to)
    }

    fn pass(&mut self, content: &[u8], to: &mut Passage<'_>) -> Result<(), Unreadable> {
        // What cannot be masked is given on as it came; so its coding stays as well.
        if self.body.as_ref().is_some_and(|body| matches!(body.class, Reading::Binary(..) | Reading::Allowed(_)))
            && !self.decoder.is_coded()
        {
            self.read(content, to)?;
            to.out.extend_from_slice(content);
            return Ok(());
        }
        let mut plain = Vec::new();
        self.decoder.push(content, &mut plain)?;
        self.first.extend_from_slice(&plain);
        // Streams of messages wait for no more than they need.
        let enough = match classify(&self.content_type) {
            Class::Events => 4,
            Class::Binary("protobuf") => 5,
            Class::Binary(_) => 16,
            _ => PROBE,
        };
        if self.body.is_none() && self.first.len() < enough {
            return Ok(());
        }
        self.deliver(to)
    }

    fn deliver(&mut self, to: &mut Passage<'_>) -> Result<(), Unreadable> {
        let plain = std::mem::take(&mut self.first);
        if self.body.is_none() {
            self.judge(to.rules, to.masker, &plain)?;
        }
        let before = to.out.len();
        self.read(&plain, to)?;
        if to.out.len() == before && !self.masks() {
            to.out.extend_from_slice(&plain);
        }
        Ok(())
    }

    /// The first bytes are here, or no more come for now: judges by what there is.
    ///
    /// # Errors
    /// Why it must not pass.
    pub fn settle(&mut self, to: &mut Passage<'_>) -> Result<(), Unreadable> {
        if self.body.is_none() && !self.first.is_empty() { self.deliver(to) } else { Ok(()) }
    }

    /// The content is over: gives on the rest.
    ///
    /// # Errors
    /// Why it must not pass.
    pub fn finish(&mut self, to: &mut Passage<'_>) -> Result<(), Unreadable> {
        if let Some(opening) = self.opening.take().filter(|opening| !opening.is_empty()) {
            self.open(&opening, to)?;
        }
        let mut plain = Vec::new();
        self.decoder.finish(&mut plain)?;
        self.first.extend_from_slice(&plain);
        self.deliver(to)?;
        let Some(body) = &mut self.body else { return Ok(()) };
        let mut text = Vec::new();
        body.converter.push(&[], true, &mut text).map_err(|_| Unreadable::Charset)?;
        self.text(&text, to)?;
        let Some(body) = &mut self.body else { return Ok(()) };
        let Passage { rules, masker, out, tally } = to;
        match &mut body.class {
            Reading::Json(lexer, stream) => {
                let mut rest = Vec::new();
                lexer.finish(&rules.markings, masker, &mut rest, tally);
                stream.push(&rest, out, tally);
                stream.finish(out, tally);
            }
            Reading::Text(parts, stream) => {
                let mut rest = Vec::new();
                parts.finish((&rules.markings, *masker), &mut rest, tally);
                stream.push(&rest, out, tally);
                stream.finish(out, tally);
            }
            Reading::Form(stream, shown, pairs) => {
                let mut rest = Vec::new();
                let mut text = Vec::new();
                if rules.request {
                    pairs.finish(&rules.marks(masker), &mut text, &mut **tally);
                }
                spaced(&text, stream, shown, &mut rest, tally);
                stream.finish(&mut rest, tally);
                unform(&rest, shown, out);
            }
            Reading::Markup(parts, markup) => {
                let mut rest = Vec::new();
                parts.finish((&rules.markings, *masker), &mut rest, tally);
                markup.push(masker, &rest, out, tally);
                markup.finish(masker, out, tally);
            }
            Reading::Records(records) => records.finish((&rules.markings, *masker), out, tally),
            Reading::Grpc(frames) => frames.finish()?,
            Reading::Binary(scanner, _) => scanner.finish().map_err(|_| Unreadable::File)?,
            Reading::Allowed(_) => {}
        }
        Ok(())
    }

    /// Whether something waits that a pause of the sender should let go.
    #[must_use]
    pub fn holds(&self) -> bool {
        match self.body.as_ref().map(|body| &body.class) {
            Some(Reading::Records(records)) => records.holds(),
            _ => !self.first.is_empty(),
        }
    }

    /// The sender paused: gives on what waits.
    ///
    /// # Errors
    /// Why it must not pass.
    pub fn pause(&mut self, to: &mut Passage<'_>) -> Result<(), Unreadable> {
        self.settle(to)?;
        if let Some(Body { class: Reading::Records(records), .. }) = &mut self.body {
            records.pause((&to.rules.markings, to.masker), to.out, to.tally);
        }
        Ok(())
    }

    /// Whether content is a compressed file rather than coded content: its label says so.
    fn is_archive(&self, first: &[u8]) -> bool {
        matches!(first, [0x1f, 0x8b, ..] | [0x28, 0xb5, 0x2f, 0xfd, ..])
            && matches!(classify(&self.content_type), Class::Binary(_) | Class::Unknown)
            && !self.content_type.is_empty()
    }

    fn judge_archive(&mut self, rules: &Rules, masker: &Masker, first: &[u8]) -> Result<(), Unreadable> {
        let class = self.binary(rules, masker, first, "archive")?;
        let converter = Converter::new(None, &[]).map_err(|_| Unreadable::Charset)?;
        self.body = Some(Body { converter, class });
        Ok(())
    }

    fn binary(
        &self,
        rules: &Rules,
        masker: &Masker,
        first: &[u8],
        reason: &'static str,
    ) -> Result<Reading, Unreadable> {
        if rules.allows(&self.content_type) {
            return Ok(Reading::Allowed(reason));
        }
        match rules.binary {
            Binary::Refuse => Err(Unreadable::Binary),
            Binary::Known if !is_known(first, &self.content_type) => Err(Unreadable::Unknown),
            Binary::Known | Binary::Scan => Ok(Reading::Binary(Box::new(Scanner::new(masker, first)), reason)),
        }
    }

    fn judge(&mut self, rules: &Rules, masker: &Masker, first: &[u8]) -> Result<(), Unreadable> {
        if let Some(format) = self.format.take() {
            let converter = Converter::new(None, &[]).map_err(|_| Unreadable::Charset)?;
            self.body = Some(Body { converter, class: Reading::Grpc(Box::new(Frames::new(format))) });
            return Ok(());
        }
        let label = charset_of(&self.content_type);
        // The kind does not depend on how much the target sent at once.
        let kind = match sniff(first.get(..JUDGED).unwrap_or(first), &self.content_type) {
            Class::Form if rules.request && looks_like_json(first) => Class::Json,
            kind => kind,
        };
        let converter = match kind {
            // Its label is no matter: bytes are bytes.
            Class::Binary(_) => Converter::new(None, &[]),
            Class::Unreadable => return Err(Unreadable::Charset),
            _ => Converter::new(label, first.get(..4.min(first.len())).unwrap_or_default()),
        }
        .map_err(|_| Unreadable::Charset)?;
        let text = Box::new(masker.stream(Syntax::Text));
        let parts = || Box::new(Parts::new(&rules.markings, &self.content_type));
        let class = match kind {
            Class::Json => Reading::Json(Box::new(Lexer::new(&rules.markings)), Box::new(masker.stream(Syntax::Json))),
            Class::Lines => Reading::Records(Box::new(Records::new(Framing::Lines))),
            Class::Events => Reading::Records(Box::new(Records::new(Framing::Events))),
            Class::Markup => Reading::Markup(parts(), Box::new(Markup::new(masker))),
            Class::Form => Reading::Form(text, std::collections::VecDeque::new(), Pairs::new()),
            Class::Binary(reason) => self.binary(rules, masker, first, reason)?,
            Class::Text | Class::Unknown | Class::Unreadable => Reading::Text(parts(), text),
        };
        self.body = Some(Body { converter, class });
        Ok(())
    }

    fn read(&mut self, plain: &[u8], to: &mut Passage<'_>) -> Result<(), Unreadable> {
        let Some(body) = &mut self.body else { return Ok(()) };
        match &mut body.class {
            Reading::Binary(scanner, _) => return scanner.push(plain).map_err(|_| Unreadable::File),
            Reading::Allowed(_) => return Ok(()),
            _ => {}
        }
        if !body.converter.converts() {
            return self.text(plain, to);
        }
        let mut text = Vec::with_capacity(plain.len());
        body.converter.push(plain, false, &mut text).map_err(|_| Unreadable::Charset)?;
        self.text(&text, to)
    }

    fn text(&mut self, text: &[u8], to: &mut Passage<'_>) -> Result<(), Unreadable> {
        let Some(body) = &mut self.body else { return Ok(()) };
        let Passage { rules, masker, out, tally } = to;
        match &mut body.class {
            Reading::Json(lexer, stream) => {
                let mut marked = Vec::with_capacity(text.len());
                lexer.push(&rules.markings, masker, text, &mut marked, tally);
                stream.push(&marked, out, tally);
            }
            Reading::Text(parts, stream) => {
                let mut marked = Vec::with_capacity(text.len());
                parts.push((&rules.markings, *masker), text, &mut marked, tally);
                stream.push(&marked, out, tally);
            }
            Reading::Form(stream, shown, pairs) => {
                let mut marked = Vec::new();
                if rules.request {
                    pairs.push(&rules.marks(masker), text, &mut marked, &mut **tally);
                }
                let mut masked = Vec::with_capacity(text.len());
                spaced(if rules.request { &marked } else { text }, stream, shown, &mut masked, tally);
                unform(&masked, shown, out);
            }
            Reading::Markup(parts, markup) => {
                let mut marked = Vec::with_capacity(text.len());
                parts.push((&rules.markings, *masker), text, &mut marked, tally);
                markup.push(masker, &marked, out, tally);
            }
            Reading::Records(records) => {
                records.push((&rules.markings, *masker), text, out, tally).map_err(|_| Unreadable::Record)?;
            }
            Reading::Grpc(frames) => {
                let pass = &mut Pass { fields: &rules.grpc, masker, notes: &mut **tally };
                frames.push(pass, text, out)?;
            }
            Reading::Binary(..) | Reading::Allowed(_) => {}
        }
        Ok(())
    }
}

/// Masks text in which plus signs stand for blanks.
fn spaced(
    text: &[u8],
    stream: &mut StreamMasker,
    shown: &mut std::collections::VecDeque<u8>,
    out: &mut Vec<u8>,
    tally: &mut Tally,
) {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    shown.extend(text);
    stream.push(&spaced, out, tally);
}

/// Whether text begins like an object or a list. Many servers read that as JSON whatever its label says.
pub(super) fn looks_like_json(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    text.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| b"{[".contains(byte))
}

/// Puts back the plus signs that were read as blanks.
fn unform(masked: &[u8], shown: &mut std::collections::VecDeque<u8>, out: &mut Vec<u8>) {
    for byte in masked {
        out.push(match (byte, shown.pop_front()) {
            (b' ', Some(b'+')) => b'+',
            (byte, _) => *byte,
        });
    }
}

#[cfg(test)]
mod tests;
