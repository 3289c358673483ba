//! From the client: frames are cut, what they ask for is written down, and only then may they pass. Nothing is changed.
//! A frame larger than a buffer is written down from its head and passes in pieces.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use masking::{StreamMasker, Syntax, Tally};
use proto::{
    Code, Refusal,
    event::{Field, Request, Stream},
};
use protocols::pg::{
    Malformed, ask,
    exchange::Ask,
    frame::{HEADER, Header, Side, front, peek},
};
use sha2::{Digest, Sha256};

use super::{
    Filter, client_fault,
    decide::{Checked, arguments},
    edit::Edits,
    journal::{Journal, Mark, Number, Run},
    names::{Portal, Statement},
    reading, refuse, strict,
};
use policy::Outcome;

/// Larger frames pass in pieces.
const WHOLE: usize = 128 * 1024;
/// Statements up to this size are read whole; longer ones cannot be judged.
const LONGEST_STATEMENT: usize = 1024 * 1024;
/// That much of a large frame is read.
const HEAD: usize = 64 * 1024;
/// That much of a statement is written down.
const LONGEST_TEXT: usize = 64 * 1024;
/// That much of a parameter is written down.
const LONGEST_PARAMETER: usize = 8 * 1024;

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
}

/// How far the client's stream is.
#[derive(Default)]
pub(super) struct Requests {
    /// Bytes still to come of a frame that passes in pieces.
    left: usize,
    tail: Tail,
    /// Syncs seen.
    syncs: u64,
    /// Sent in this piece, and not told by an Execute yet.
    statements: Vec<Arc<Statement>>,
    portals: Vec<Arc<Portal>>,
    /// What goes to the target in place of the frame that is looked at.
    instead: Option<Bytes>,
    /// The frame that is looked at waits for a newer catalog.
    pub(super) refresh: bool,
    over: bool,
}

/// What a frame that passes in pieces is.
#[derive(Default)]
enum Tail {
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
struct Frame<'a> {
    header: Header,
    bytes: &'a [u8],
    body: &'a [u8],
    whole: bool,
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
            let statement = matches!(header.tag, front::QUERY | front::PARSE);
            let whole = header.frame() <= if statement { LONGEST_STATEMENT } else { WHOLE };
            let Some(bytes) = rest.get(..if whole { header.frame() } else { HEAD }) else { break };
            let body = bytes.get(HEADER..).unwrap_or_default();
            passed.recorded |= self.ask(&Frame { header, bytes, body, whole }, journal)?;
            if std::mem::take(&mut self.requests.refresh) {
                passed.refresh = true;
                break;
            }
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
        let text = self.masked(raw, LONGEST_TEXT);
        let read = self.read(raw, frame.whole);
        let mut decision = self.guard.decide(&read.judged);
        let Some(Checked { rewrite, probe }) = self.check(raw, &read, &mut decision) else { return Ok(false) };
        let mut told = request("query", text, self.rewritten(rewrite.as_ref()), frame);
        decision.note(&mut told, &read.judged);
        let exchange = journal.begin(told);
        if !frame.whole {
            self.requests.tail = Tail::Query(Sha256::new());
        }
        let mut run = Run::new(exchange, None);
        self.decided(&mut run, &read, &decision, journal);
        if run.refused.is_some() {
            run.probe = probe || read.reading.is_syntax_error();
            self.requests.instead = Some(if run.probe { refuse::probe(raw) } else { refuse::query() });
        } else if let Some(text) = rewrite.as_ref().and_then(|rewrite| rewrite.text.as_ref()) {
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
            decision = strict::decision("a function called by its number cannot be judged where columns are masked");
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
        let text = self.masked(parse.text, LONGEST_TEXT);
        let read = self.read(parse.text, frame.whole);
        let mut decision = self.guard.decide(&read.judged);
        let Some(Checked { rewrite, probe }) = self.check(parse.text, &read, &mut decision) else { return Ok(false) };
        let masked = rewrite.is_none() && self.strict.is_some() && !read.reading.is_syntax_error() && !probe;
        // What is held waits at its Execute, and what depends on arguments is decided there.
        // A syntax error is the target's to tell.
        let refused = decision.verdict.outcome == Outcome::Refuse
            && (!self.guard.wants_arguments() || masked)
            && !read.reading.is_syntax_error()
            && !probe;
        let raw = if frame.whole { std::str::from_utf8(parse.text).unwrap_or_default() } else { "" };
        let statement = Arc::new(Statement {
            name: parse.statement.to_vec(),
            text: text.into(),
            raw: raw.into(),
            read: Some(read.clone()),
            rewrite: rewrite.clone(),
            refused: refused.then(|| Arc::clone(&decision)),
            digest: frame.digest(),
            bytes: frame.header.frame() as u64,
            columns: std::sync::OnceLock::new(),
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
            let mut told =
                Request { operation: "parse".into(), text: statement.text.to_string(), ..parse_request(frame) };
            decision.note(&mut told, &read.judged);
            let exchange = journal.begin(told);
            statement.own.set(exchange);
            statement.told.set(exchange);
            journal.refused(exchange, decision.refused());
            self.requests.instead = Some(refuse::parse());
        } else if let Some(text) = rewrite.as_ref().and_then(|rewrite| rewrite.text.as_ref()) {
            self.requests.instead =
                Some(refuse::parse_text(frame.body, text).ok_or_else(|| client_fault(Malformed("parse")))?);
        }
        match self.exchange.sent(Ask::Parse, Mark::Parse(statement.clone())) {
            Ok(()) => {
                self.statements.define(self.requests.syncs, statement.clone())?;
                self.requests.statements.push(statement);
            }
            Err(skipped) => skipped.abort(journal),
        }
        Ok(refused)
    }

    fn bind(&mut self, frame: &Frame<'_>) -> Result<bool, Refusal> {
        let bind = ask::bind(frame.body, frame.whole).map_err(client_fault)?;
        let meaning = self.statements.find(self.requests.syncs, bind.statement);
        let mut fields: Vec<Field> = Vec::with_capacity(bind.parameters.len());
        for (number, parameter) in bind.parameters.iter().enumerate() {
            let value = match (parameter.value, parameter.binary) {
                (None, _) => "<null>".to_owned(),
                (Some(_), true) => format!("<binary {} bytes>", parameter.length),
                (Some(value), false) => self.masked(value, LONGEST_PARAMETER),
            };
            fields.push(Field { name: format!("${}", number + 1), value });
        }
        let (statement, otherwise) = meaning.map_or((None, None), |meaning| (Some(meaning.newest), meaning.otherwise));
        if let Some(otherwise) = otherwise {
            fields.push(Field {
                name: "statement, if the newer one was not accepted".into(),
                value: otherwise.text.to_string(),
            });
        }
        let text = match &statement {
            Some(statement) => statement.text.clone(),
            None => format!("<prepared statement {}>", self.masked(bind.statement, 256)).into(),
        };
        if bind.portal == refuse::PORTAL.as_bytes() {
            return Err(client_fault(Malformed("portal name")));
        }
        let arguments = if self.guard.wants_arguments() { arguments(&bind) } else { BTreeMap::new() };
        let portal = Arc::new(Portal {
            name: bind.portal.to_vec(),
            arguments,
            statement,
            text,
            fields,
            digest: frame.digest(),
            bytes: frame.header.frame() as u64,
            formats: bind.result_formats,
            plan: std::sync::OnceLock::new(),
            own: Number::default(),
            told: Number::default(),
        });
        if !frame.whole {
            self.requests.tail = Tail::Portal(Sha256::new(), portal.clone());
        }
        if self.exchange.sent(Ask::Bind, Mark::Bind(portal.clone())).is_ok() {
            self.portals.define(self.requests.syncs, portal.clone())?;
            self.requests.portals.push(portal);
        }
        Ok(false)
    }

    fn execute(&mut self, frame: &Frame<'_>, journal: &dyn Journal) -> Result<bool, Malformed> {
        let name = ask::execute(frame.body)?;
        let meaning = self.portals.find(self.requests.syncs, name);
        let Some(meaning) = meaning else {
            let text = format!("<cursor {}>", self.masked(name, 256));
            let read = self.read_cursor(name);
            let mut decision = self.guard.decide(&read.judged);
            if decision.forwards() && self.strict.is_some() {
                let name = String::from_utf8_lossy(name).replace('"', "\"\"");
                let fetch = format!("FETCH ALL FROM \"{name}\"");
                if self.check(fetch.as_bytes(), &read, &mut decision).is_none() {
                    return Ok(false);
                }
            }
            let mut told = request("execute", text, Vec::new(), frame);
            decision.note(&mut told, &read.judged);
            let exchange = journal.begin(told);
            let mut run = Run::new(exchange, None);
            self.decided(&mut run, &read, &decision, journal);
            if run.refused.is_some() {
                self.requests.instead = Some(refuse::execute());
            }
            self.queue(Ask::Execute, Mark::Run(run), journal);
            return Ok(true);
        };
        let (read, mut decision) = self.decide_portal(&meaning);
        if decision.forwards()
            && let Some(refused) = self.recall(&meaning, &decision)
        {
            decision = refused;
        }
        let portal = meaning.newest;
        let mut told = request("execute", portal.text.to_string(), portal.fields.clone(), frame);
        told.bytes += portal.bytes;
        let mut digest = Sha256::new();
        if let Some(statement) = &portal.statement {
            digest.update(statement.digest.get().unwrap_or(&[0; 32]));
        }
        digest.update(portal.digest.get().unwrap_or(&[0; 32]));
        told.digest = digest.finalize().to_vec().into();
        if let Some(otherwise) = meaning.otherwise {
            told.fields.push(Field {
                name: "portal, if the newer one was not accepted".into(),
                value: otherwise.text.to_string(),
            });
        }
        decision.note(&mut told, &read.judged);
        let exchange = journal.begin(told);
        portal.told.set(exchange);
        if let Some(statement) = &portal.statement {
            statement.told.set(exchange);
        }
        let mut run = Run::new(exchange, Some(portal));
        run.rewrite = run.portal.as_ref().and_then(|portal| portal.statement.as_ref()?.rewrite.clone());
        self.decided(&mut run, &read, &decision, journal);
        if run.refused.is_some() {
            self.requests.instead = Some(refuse::execute());
        }
        self.queue(Ask::Execute, Mark::Run(run), journal);
        Ok(true)
    }

    fn named(&mut self, frame: &Frame<'_>) -> Result<bool, Malformed> {
        let syncs = self.requests.syncs;
        let (ask, mark) = match (frame.header.tag, ask::named(frame.body)?) {
            (front::DESCRIBE, ask::Named::Statement(name)) => {
                let statement = self.statements.find(syncs, name).map(|meaning| meaning.newest);
                (Ask::DescribeStatement, Mark::DescribeStatement(statement))
            }
            (front::DESCRIBE, ask::Named::Portal(name)) => {
                let portal = self.portals.find(syncs, name).map(|meaning| meaning.newest);
                (Ask::DescribePortal, Mark::DescribePortal(portal))
            }
            (_, ask::Named::Statement(name)) => (Ask::Close, Mark::CloseStatement(name.to_vec())),
            (_, ask::Named::Portal(name)) => (Ask::Close, Mark::ClosePortal(name.to_vec())),
        };
        let _skipped = self.exchange.sent(ask, mark);
        Ok(false)
    }

    /// The request waits for its answer, or is over at once if the target skips it.
    fn queue(&mut self, ask: Ask, mark: Mark, journal: &dyn Journal) {
        if let Err(skipped) = self.exchange.sent(ask, mark) {
            skipped.abort(journal);
        }
    }

    /// What was parsed or bound and not executed in the same piece is an event of its own: it reaches the target, too.
    fn tell_untold(&mut self, journal: &dyn Journal) -> bool {
        let mut recorded = false;
        for statement in self.requests.statements.drain(..).filter(|statement| statement.told.get().is_none()) {
            let digest = statement.digest.get().map(|digest| digest.to_vec()).unwrap_or_default();
            let (text, bytes) = (statement.text.to_string(), statement.bytes);
            let fields =
                vec![Field { name: "statement".into(), value: String::from_utf8_lossy(&statement.name).into() }];
            let number = journal.begin(Request {
                operation: "parse".into(),
                text,
                fields,
                bytes,
                digest: digest.into(),
                ..Request::default()
            });
            statement.own.set(number);
            statement.told.set(number);
            recorded = true;
        }
        for portal in self.requests.portals.drain(..).filter(|portal| portal.told.get().is_none()) {
            let digest = portal.digest.get().map(|digest| digest.to_vec()).unwrap_or_default();
            let (text, fields, bytes) = (portal.text.to_string(), portal.fields.clone(), portal.bytes);
            let number = journal.begin(Request {
                operation: "bind".into(),
                text,
                fields,
                bytes,
                digest: digest.into(),
                ..Request::default()
            });
            portal.own.set(number);
            portal.told.set(number);
            recorded = true;
        }
        recorded
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
    fn masked(&self, text: &[u8], most: usize) -> String {
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
    fn digest(&self) -> std::sync::OnceLock<[u8; 32]> {
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

fn request(operation: &str, text: String, fields: Vec<Field>, frame: &Frame<'_>) -> Request {
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
