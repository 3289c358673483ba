//! From the client: frames are cut, what they ask for is written down, and only then may they pass. Nothing is changed.
//! A frame larger than a buffer is written down from its head and passes in pieces.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use masking::{StreamMasker, Syntax, Tally};
use proto::{
    Code, Refusal,
    event::{Completed, Field, Request, Stream},
};
use protocols::pg::{
    Malformed, ask,
    exchange::Ask,
    frame::{HEADER, Header, Side, front, peek},
};
use sha2::{Digest, Sha256};

use super::{
    Filter, client_fault,
    decide::{Checked, because},
    edit::Edits,
    journal::{Journal, Mark, Number, Run},
    names::{Portal, Statement},
    reading, refuse,
    strict::{self, Rewrite},
    values,
};
use policy::Outcome;

/// Larger frames pass in pieces.
const WHOLE: usize = 128 * 1024;
/// Statements up to this size are read whole; longer ones cannot be judged.
const LONGEST_STATEMENT: usize = 16 * 1024 * 1024 + 1024;
/// That much of a large frame is read.
const HEAD: usize = 64 * 1024;
/// That much of a statement is written down.
pub(super) const LONGEST_TEXT: usize = 64 * 1024;
/// That much of a parameter is written down.
pub(super) const LONGEST_PARAMETER: usize = 8 * 1024;

/// The operation of what is told to an administrator.
pub const WARNING: &str = "warning";

/// What may pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// That many bytes at the front may pass once everything is durable. The rest must be shown again, with more behind it.
    pub bytes: usize,
    /// What of these bytes goes to the target differently.
    pub edits: Edits,
    /// Whether something was written down.
    pub recorded: bool,
    /// The client said goodbye: nothing behind these bytes counts.
    pub over: bool,
    /// The catalog must be read anew before the rest is shown again.
    pub refresh: bool,
    /// The target must answer what was asked before the rest is shown again ([`Filter::must_wait`]).
    pub wait: bool,
}

/// How far the client's stream is.
#[derive(Default)]
pub(super) struct Requests {
    /// Bytes still to come of a frame that passes in pieces.
    left: usize,
    pub(super) tail: Tail,
    /// Syncs seen.
    pub(super) syncs: u64,
    /// Sent in this piece, and not told by an Execute yet.
    pub(super) statements: Vec<Arc<Statement>>,
    pub(super) portals: Vec<Arc<Portal>>,
    /// What goes to the target in place of the frame that is looked at.
    pub(super) instead: Option<Bytes>,
    /// The frame that is looked at waits for a newer catalog.
    pub(super) refresh: bool,
    /// It waits for the target to answer what was asked before.
    pub(super) wait: bool,
    over: bool,
}

/// What a frame that passes in pieces is.
#[derive(Default)]
pub(super) enum Tail {
    #[default]
    Nothing,
    /// It was refused: nothing of it reaches the target.
    Swallowed,
    Copy,
    Query(Sha256),
    Statement(Sha256, Arc<Statement>),
    Portal(Sha256, Arc<Portal>),
}

/// COPY data on its way into the recording.
pub(super) struct CopyIn {
    exchange: u64,
    masker: StreamMasker,
    out: Vec<u8>,
    tally: Tally,
}

/// One frame, or the head of one.
pub(super) struct Frame<'a> {
    pub(super) header: Header,
    bytes: &'a [u8],
    pub(super) body: &'a [u8],
    pub(super) whole: bool,
}

impl Filter {
    /// Looks at what the client sent.
    ///
    /// # Errors
    /// [`Code::Malformed`], [`Code::TooLarge`]; the session must end.
    pub fn requests(&mut self, input: &[u8], journal: &dyn Journal) -> Result<Passed, Refusal> {
        let mut passed = Passed::default();
        while !self.requests.over {
            let Some(rest) = input.get(passed.bytes..).filter(|rest| !rest.is_empty()) else { break };
            if self.requests.left > 0 {
                let piece = rest.get(..self.requests.left).unwrap_or(rest);
                if matches!(self.requests.tail, Tail::Swallowed) {
                    passed.edits.replace(passed.bytes, passed.bytes + piece.len(), Bytes::new());
                }
                passed.recorded |= self.tail(piece, journal);
                passed.bytes += piece.len();
                continue;
            }
            let Some(header) = peek(rest, Side::Front).map_err(client_fault)? else { break };
            if header.tag == front::COPY_DATA {
                self.requests.left = header.body;
                self.requests.tail = Tail::Copy;
                passed.bytes += HEADER;
                continue;
            }
            let statement = matches!(header.tag, front::QUERY | front::PARSE)
                || (header.tag == front::BIND && self.strict.as_ref().is_some_and(strict::Strict::carries));
            let whole = header.frame() <= if statement { LONGEST_STATEMENT } else { WHOLE };
            let Some(bytes) = rest.get(..if whole { header.frame() } else { HEAD }) else { break };
            let body = bytes.get(HEADER..).unwrap_or_default();
            passed.recorded |= self.ask(&Frame { header, bytes, body, whole }, journal)?;
            passed.recorded |= self.warn(journal);
            passed.refresh = std::mem::take(&mut self.requests.refresh);
            passed.wait = std::mem::take(&mut self.requests.wait);
            if passed.refresh || passed.wait {
                break;
            }
            self.fresh = false;
            let instead = self.requests.instead.take();
            if whole {
                if let Some(instead) = instead {
                    passed.edits.replace(passed.bytes, passed.bytes + header.frame(), instead);
                }
                passed.bytes += header.frame();
            } else {
                if let Some(instead) = instead {
                    passed.edits.replace(passed.bytes, passed.bytes, instead);
                    self.requests.tail = Tail::Swallowed;
                }
                self.requests.left = header.frame();
            }
        }
        passed.recorded |= self.tell_untold(journal);
        passed.over = self.requests.over;
        Ok(passed)
    }

    /// Whether what has passed ends between two frames.
    #[must_use]
    pub fn is_between_requests(&self) -> bool {
        self.requests.left == 0
    }

    /// Writes down what an administrator should know about the connection's marks.
    fn warn(&mut self, journal: &dyn Journal) -> bool {
        let warnings = self.strict.as_mut().map(strict::Strict::warnings).unwrap_or_default();
        for text in &warnings {
            let exchange =
                journal.begin(Request { operation: WARNING.into(), text: text.clone(), ..Request::default() });
            journal.completed(exchange, Completed { outcome: "ok".into(), ..Completed::default() });
        }
        !warnings.is_empty()
    }

    fn ask(&mut self, frame: &Frame<'_>, journal: &dyn Journal) -> Result<bool, Refusal> {
        let mut recorded = false;
        if matches!(frame.header.tag, front::QUERY | front::FUNCTION_CALL | front::SYNC) {
            recorded = self.tell_untold(journal);
        }
        self.take(frame, journal).map(|told| told || recorded)
    }

    fn take(&mut self, frame: &Frame<'_>, journal: &dyn Journal) -> Result<bool, Refusal> {
        match frame.header.tag {
            front::QUERY => self.query(frame, journal).map_err(client_fault),
            front::PARSE => self.parse(frame, journal),
            front::BIND => self.bind(frame),
            front::EXECUTE => self.execute(frame, journal).map_err(client_fault),
            front::DESCRIBE | front::CLOSE => self.named(frame).map_err(client_fault),
            front::FUNCTION_CALL => Ok(self.call(frame, journal)),
            front::SYNC => {
                self.requests.syncs += 1;
                self.exchange.synced();
                Ok(false)
            }
            front::COPY_DONE | front::COPY_FAIL => {
                self.exchange.copy_ended();
                Ok(self.copy_over(journal))
            }
            front::TERMINATE => {
                self.requests.over = true;
                Ok(false)
            }
            front::FLUSH => Ok(false),
            _ => Err(client_fault(Malformed("message type"))),
        }
    }

    fn query(&mut self, frame: &Frame<'_>, journal: &dyn Journal) -> Result<bool, Malformed> {
        let raw = ask::query(frame.body, frame.whole)?;
        let short = self.condense(raw, frame.whole);
        let Some(read) = self.read(&short, frame.whole) else { return Ok(false) };
        let mut decision = self.guard.decide(&read.judged);
        let bundle = decision.verdict.bundle;
        let Some(checked) = self.check(&short, &read, &mut decision) else { return Ok(false) };
        let Checked { rewrite, probe, stale, hidden } = checked.whole(matches!(short, Cow::Owned(_)), &mut decision);
        strict::under(bundle, &mut decision);
        let text = self.shown(raw, &short, rewrite.as_ref());
        let mut told = request("query", text, self.rewritten(&short, rewrite.as_ref()), frame);
        decision.note(&mut told, &read.judged);
        if rewrite.as_ref().is_some_and(|rewrite| !rewrite.bound().is_empty()) {
            told.digest = Bytes::new();
        }
        let exchange = journal.begin(told);
        values::literals(rewrite.as_ref(), exchange, journal);
        if !frame.whole {
            self.requests.tail = Tail::Query(Sha256::new());
        }
        let mut run = Run::new(exchange, None);
        run.stale = stale;
        self.decided(&mut run, &read, &decision, journal);
        if run.refused.is_some() {
            run.probe = (probe || read.reading.is_syntax_error()) && !hidden;
            self.requests.instead = Some(if run.probe { refuse::probe(raw) } else { refuse::query() });
        } else if let Some(text) = rewrite.as_ref().and_then(Rewrite::text) {
            self.requests.instead = Some(refuse::text(text));
        }
        run.rewrite = rewrite;
        self.queue(Ask::Query, Mark::Run(run), journal);
        Ok(true)
    }

    fn call(&mut self, frame: &Frame<'_>, journal: &dyn Journal) -> bool {
        let oid = frame.body.first_chunk::<4>().map_or(0, |oid| u32::from_be_bytes(*oid));
        let judged = reading::function_call(oid);
        let mut decision = self.guard.decide(&judged);
        if self.strict.is_some() && decision.forwards() {
            let bundle = decision.verdict.bundle;
            decision = strict::decision("a function called by its number cannot be judged where columns are masked");
            strict::under(bundle, &mut decision);
        }
        let mut told = request("function-call", format!("function {oid}"), Vec::new(), frame);
        decision.note(&mut told, &judged);
        let exchange = journal.begin(told);
        if !frame.whole {
            self.requests.tail = Tail::Query(Sha256::new());
        }
        let mut run = Run::new(exchange, None);
        if !decision.forwards() {
            journal.refused(exchange, decision.refused());
            run.refused = Some(decision);
            self.requests.instead = Some(refuse::call());
        }
        self.queue(Ask::FunctionCall, Mark::Run(run), journal);
        true
    }

    fn parse(&mut self, frame: &Frame<'_>, journal: &dyn Journal) -> Result<bool, Refusal> {
        let parse = ask::parse(frame.body, frame.whole).map_err(client_fault)?;
        let short = self.condense(parse.text, frame.whole);
        let Some(read) = self.read(&short, frame.whole) else { return Ok(false) };
        let mut decision = self.guard.consider(&read.judged);
        let bundle = decision.verdict.bundle;
        let Some(checked) = self.check(&short, &read, &mut decision) else { return Ok(false) };
        let Checked { rewrite, probe, hidden, .. } = checked.whole(matches!(short, Cow::Owned(_)), &mut decision);
        strict::under(bundle, &mut decision);
        let text = self.shown(parse.text, &short, rewrite.as_ref());
        let masked = rewrite.is_none() && self.strict.is_some() && !read.reading.is_syntax_error() && !probe;
        let doubtful = !read.reading.facts.doubts.is_empty();
        // What is held waits at its Execute, and what depends on arguments is decided there.
        // A syntax error is the target's to tell.
        let refused = decision.verdict.outcome == Outcome::Refuse
            && (!(self.guard.wants_arguments() || doubtful) || masked || hidden)
            && (!read.reading.is_syntax_error() || hidden)
            && !probe;
        let raw = if frame.whole { std::str::from_utf8(&short).unwrap_or_default() } else { "" };
        let statement = Arc::new(Statement {
            name: parse.statement.to_vec(),
            text: text.into(),
            raw: raw.into(),
            shortened: matches!(short, Cow::Owned(_)),
            read: Some(read.clone()),
            rewrite: rewrite.clone(),
            refused: refused.then(|| because(&decision, &read)),
            digest: frame.digest(),
            bytes: frame.header.frame() as u64,
            columns: std::sync::OnceLock::new(),
            declared: ask::parameter_types(frame.body).filter(|_| frame.whole).unwrap_or_default(),
            described: std::sync::OnceLock::new(),
            own: Number::default(),
            told: Number::default(),
        });
        if !self.statements.fits(statement.text.len() + statement.raw.len()) {
            return Err(Refusal::new(Code::TooLarge, "the texts of all prepared statements together are too large"));
        }
        if !frame.whole {
            self.requests.tail = Tail::Statement(Sha256::new(), statement.clone());
        }
        if refused {
            if decision.verdict.incident.is_some() {
                // It is stopped here, with what follows from that.
                decision = self.guard.decide(&read.judged);
            }
            let mut told =
                Request { operation: "parse".into(), text: statement.text.to_string(), ..parse_request(frame) };
            decision.note(&mut told, &read.judged);
            let exchange = journal.begin(told);
            statement.own.set(exchange);
            statement.told.set(exchange);
            journal.refused(exchange, decision.refused());
            self.requests.instead = Some(refuse::parse());
        } else if let Some(rewrite) = rewrite.as_ref().filter(|rewrite| rewrite.text().is_some() || rewrite.carries()) {
            let instead = refuse::parse_text(frame.body, rewrite.text(), |number| rewrite.carries_parameter(number));
            self.requests.instead = Some(instead.ok_or_else(|| client_fault(Malformed("parse")))?);
        }
        match self.exchange.sent(Ask::Parse, Mark::Parse(statement.clone())) {
            Ok(()) => {
                if let Some(strict) = &mut self.strict {
                    strict.is_raw(&statement.name, statement.rewrite.as_ref())?;
                }
                self.statements.define(self.requests.syncs, statement.clone())?;
                self.requests.statements.push(statement);
            }
            Err(skipped) => skipped.abort(journal),
        }
        Ok(refused)
    }

    /// The request waits for its answer, or is over at once if the target skips it.
    pub(super) fn queue(&mut self, ask: Ask, mark: Mark, journal: &dyn Journal) {
        if let Err(skipped) = self.exchange.sent(ask, mark) {
            skipped.abort(journal);
        }
    }

    /// A piece of a frame that passes in pieces.
    fn tail(&mut self, piece: &[u8], journal: &dyn Journal) -> bool {
        self.requests.left -= piece.len();
        let over = self.requests.left == 0;
        match &mut self.requests.tail {
            Tail::Nothing | Tail::Swallowed => {}
            Tail::Copy => return self.copy_piece(piece, journal),
            Tail::Query(hash) | Tail::Statement(hash, _) | Tail::Portal(hash, _) => hash.update(piece),
        }
        if !over {
            return false;
        }
        match std::mem::take(&mut self.requests.tail) {
            Tail::Nothing | Tail::Swallowed | Tail::Copy => {}
            Tail::Query(hash) => {
                if let Some(Mark::Run(run)) = self.exchange.last() {
                    run.fields.push(Field { name: "sha256".into(), value: hex::encode(hash.finalize()) });
                }
            }
            Tail::Statement(hash, statement) => drop(statement.digest.set(hash.finalize().into())),
            Tail::Portal(hash, portal) => drop(portal.digest.set(hash.finalize().into())),
        }
        false
    }

    fn copy_piece(&mut self, piece: &[u8], journal: &dyn Journal) -> bool {
        if self.copy_in.is_none() {
            let Some((Ask::Query | Ask::Execute, Mark::Run(run))) = self.exchange.first() else { return false };
            let masker = self.masker.stream(Syntax::Text);
            self.copy_in = Some(CopyIn { exchange: run.exchange, masker, out: Vec::new(), tally: Tally::default() });
        }
        let Some(copy) = &mut self.copy_in else { return false };
        if self.masker.is_off() {
            journal.data(copy.exchange, Stream::In, piece);
            return true;
        }
        copy.out.clear();
        copy.masker.push(piece, &mut copy.out, &mut copy.tally);
        journal.data(copy.exchange, Stream::In, &copy.out);
        true
    }

    /// The COPY is over, one way or another.
    pub(super) fn copy_over(&mut self, journal: &dyn Journal) -> bool {
        let Some(mut copy) = self.copy_in.take() else { return false };
        copy.out.clear();
        copy.masker.finish(&mut copy.out, &mut copy.tally);
        journal.data(copy.exchange, Stream::In, &copy.out);
        super::journal::tell(journal, copy.exchange, "copy-in", &copy.tally);
        true
    }

    /// The first `most` bytes of a text as it may be written down.
    pub(super) fn masked(&self, text: &[u8], most: usize) -> String {
        let kept = text.get(..most).unwrap_or(text);
        let mut kept = kept.to_vec();
        if !self.masker.is_off() {
            self.masker.mask(&mut kept, Syntax::Text, &mut Tally::default());
        }
        let mut kept = match String::from_utf8(kept) {
            Ok(kept) => kept,
            Err(broken) => String::from_utf8_lossy(broken.as_bytes()).into_owned(),
        };
        if text.len() > most {
            kept.push_str(" [cut]");
        }
        kept
    }
}

impl Frame<'_> {
    /// SHA-256 of the frame, if all of it is here.
    pub(super) fn digest(&self) -> std::sync::OnceLock<[u8; 32]> {
        let digest = std::sync::OnceLock::new();
        if self.whole {
            let _set = digest.set(Sha256::digest(self.bytes).into());
        }
        digest
    }
}

/// The request of a Parse, without its text.
fn parse_request(frame: &Frame<'_>) -> Request {
    request("parse", String::new(), Vec::new(), frame)
}

pub(super) fn request(operation: &str, text: String, fields: Vec<Field>, frame: &Frame<'_>) -> Request {
    let digest = if frame.whole { Sha256::digest(frame.bytes).to_vec() } else { Vec::new() };
    Request {
        operation: operation.into(),
        text,
        fields,
        bytes: frame.header.frame() as u64,
        digest: digest.into(),
        ..Request::default()
    }
}
