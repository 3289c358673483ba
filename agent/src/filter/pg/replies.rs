//! From the target: frames are cut, matched with what waits for an answer, masked in place and written down. Rows are the
//! hot path: a run of them is walked without leaving the loop.

use std::sync::Arc;

use masking::{Syntax, Tally};
use proto::{Code, Refusal, event};
use protocols::pg::{
    Malformed, ask,
    exchange::{Answer, Ask},
    frame::{HEADER, Header, Side, back, peek},
    report, row,
    walk::Layout,
};

use super::{
    Filter,
    columns::{Plan, Rule},
    copy,
    edit::Edits,
    journal::{self, Journal, Mark, Run},
    refuse,
    stream::Stream,
    target_fault, texts, tokens, value,
};

/// Larger rows and COPY data pass in pieces.
const WHOLE: usize = 128 * 1024;
/// Larger frames of other kinds cannot be inspected.
const LARGEST: usize = 1024 * 1024;

/// Larger rows that can only be read as a whole are none.
const LARGEST_ROW: usize = 64 * 1024 * 1024;

/// What may go to the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answered {
    /// That many bytes at the front may pass once everything is durable. The rest must be shown again, with more behind it.
    pub bytes: usize,
    /// What of these bytes the client gets differently.
    pub edits: Edits,
    /// What runs must be cancelled.
    pub cancel: bool,
    /// Definitions have changed: the catalog is to be read anew.
    pub defined: bool,
}

/// How far the target's stream is.
#[derive(Default)]
pub(super) struct Replies {
    /// A frame that passes in pieces.
    pub(super) stream: Option<Stream>,
    /// Bytes of whole COPY frames at the front that wait for the end of their line.
    pub(super) waiting: usize,
    /// Bytes of a large row that are still to come and that the client does not get.
    pub(super) dropping: usize,
    binary_copy: bool,
    /// Part of the last piece up to where it is written down.
    pub(super) told: usize,
    pub(super) edits: Edits,
    pub(super) cancel: bool,
    pub(super) defined: bool,
    /// A run was stopped while its pipeline went on: the client skips to its Sync, so it gets nothing until then.
    pub(super) muted: bool,
    /// What runs in the transaction that is under way has touched marked relations.
    pub(super) touched: bool,
    pub(super) fatal: bool,
}

impl Filter {
    /// Looks at what the target sent and masks it.
    ///
    /// # Errors
    /// [`Code::TargetProtocol`], [`Code::Uninspectable`]; the session must end.
    pub fn replies(&mut self, buffer: &mut [u8], journal: &dyn Journal) -> Result<Answered, Refusal> {
        self.replies.told = 0;
        let passed = self.run(buffer, journal)?;
        if self.replies.told < passed {
            let exchange = self.exchange.first().and_then(|(_, mark)| mark.number()).unwrap_or(0);
            self.tell_up_to(buffer, passed, exchange, journal);
        }
        let edits = std::mem::take(&mut self.replies.edits);
        let (cancel, defined) = (std::mem::take(&mut self.replies.cancel), std::mem::take(&mut self.replies.defined));
        Ok(Answered { bytes: passed, edits, cancel, defined })
    }

    /// Masks what a target says before it is ready: parameters and notices, whole frames.
    ///
    /// # Errors
    /// [`Code::TargetProtocol`] if a frame is not what its tag says.
    pub fn greet(&mut self, mut frames: &mut [u8]) -> Result<(), Refusal> {
        const BROKEN: Malformed = Malformed("greeting");
        while let Some(header) = peek(frames, Side::Back).map_err(target_fault)? {
            let (frame, rest) = frames.split_at_mut_checked(header.frame()).ok_or(target_fault(BROKEN))?;
            let body = frame.get_mut(HEADER..).unwrap_or_default();
            self.parameter(header.tag, body);
            self.begins_with(header.tag, body);
            if !self.masker.is_off() {
                texts::mask(&self.masker, header.tag, body, &mut Tally::default()).map_err(target_fault)?;
            }
            frames = rest;
        }
        Ok(())
    }

    fn run(&mut self, buffer: &mut [u8], journal: &dyn Journal) -> Result<usize, Refusal> {
        let mut at = 0;
        loop {
            if self.replies.stream.is_some() {
                at += self.pass(buffer.get_mut(at..).unwrap_or_default())?;
                if self.replies.stream.is_some() {
                    return Ok(at);
                }
            }
            if self.replies.dropping > 0 {
                at = self.drop_more(buffer, at, journal);
                if self.replies.dropping > 0 {
                    return Ok(at);
                }
            }
            let from = at + self.replies.waiting;
            let rest = buffer.get(from..).unwrap_or_default();
            let Some(header) = peek(rest, Side::Back).map_err(target_fault)? else { return Ok(at) };
            let end = from + header.frame();
            if end > buffer.len() && header.frame() > WHOLE {
                if matches!(header.tag, back::DATA_ROW | back::COPY_DATA) {
                    if self.is_stopped() {
                        self.part(header.tag)?;
                        self.replies.dropping = header.frame();
                        continue;
                    }
                    if self.replies.waiting == 0 && !self.may_send_row(buffer, from, journal) {
                        continue;
                    }
                }
                if !self.large(header)? {
                    return Ok(at);
                }
                self.release(buffer, at, from)?;
                at = from + HEADER;
                continue;
            }
            if end > buffer.len() {
                return Ok(at);
            }
            match header.tag {
                back::DATA_ROW if self.is_stopped() => at = self.skip_row(buffer, from, end, journal)?,
                back::COPY_DATA if self.is_stopped() => at = self.skip_row(buffer, from, end, journal)?,
                back::DATA_ROW => at = self.rows(buffer, from, journal)?,
                back::COPY_DATA => at = self.copy_data(buffer, at, end, journal)?,
                _ => {
                    self.release(buffer, at, from)?;
                    self.single(buffer, from, header, journal)?;
                    at = end;
                }
            }
        }
    }

    /// The next piece of a large frame.
    fn pass(&mut self, rest: &mut [u8]) -> Result<usize, Refusal> {
        let Some(stream) = &mut self.replies.stream else { return Ok(0) };
        let mut aside = Vec::new();
        let mut masker = Arc::clone(&self.masker);
        let tallies = match self.exchange.first() {
            Some((_, Mark::Run(run))) => {
                if let Some(own) = &run.masker {
                    masker = Arc::clone(own);
                }
                &mut run.tallies
            }
            _ => &mut aside,
        };
        let passed = stream.pass(&masker, rest, tallies).map_err(target_fault)?;
        if stream.is_over() {
            self.replies.stream = None;
        }
        Ok(passed)
    }

    /// A frame that is too large to wait for: `false` if it must be waited for nevertheless.
    fn large(&mut self, header: Header) -> Result<bool, Refusal> {
        let stream = match header.tag {
            back::DATA_ROW if self.raw_columns().is_some() => {
                // It is taken apart as a whole.
                return if header.frame() > tokens::LARGEST_ROW { Err(tokens::unplanned()) } else { Ok(false) };
            }
            back::DATA_ROW if self.needs_whole() => return whole(header),
            back::COPY_DATA if self.replies.binary_copy && !self.masker.is_off() => return whole(header),
            back::DATA_ROW => {
                self.part(back::DATA_ROW)?;
                let plan = self.runs().and_then(|run| {
                    run.plan_rows();
                    run.counted += 1;
                    run.bytes += header.frame() as u64;
                    run.plan.clone()
                });
                Stream::new(Layout::Row, header.body, plan)
            }
            back::COPY_DATA => {
                self.part(back::COPY_DATA)?;
                if let Some(run) = self.runs() {
                    run.counted += 1;
                    run.bytes += header.frame() as u64;
                }
                Stream::new(Layout::One, header.body, None)
            }
            back::FUNCTION_RESULT => {
                self.part(back::FUNCTION_RESULT)?;
                Stream::behind(4, header.body)
            }
            _ if header.frame() > LARGEST => {
                return Err(Refusal::new(
                    Code::Uninspectable,
                    "the target sent a message that is too large to inspect",
                ));
            }
            _ => return Ok(false),
        };
        self.replies.stream = Some(stream);
        Ok(true)
    }

    /// Whether the next row holds what can only be read as a whole.
    fn needs_whole(&mut self) -> bool {
        let Some(run) = self.runs() else { return false };
        run.plan_rows();
        run.plan.as_ref().is_some_and(|plan| plan.needs_whole())
    }

    /// A run of whole rows, from `at`; gives where it ends, or where policy must be asked.
    fn rows(&mut self, buffer: &mut [u8], mut at: usize, journal: &dyn Journal) -> Result<usize, Refusal> {
        self.part(back::DATA_ROW)?;
        if !self.may_send_row(buffer, at, journal) {
            return Ok(at);
        }
        let raw = self.raw_columns();
        let Some((_, Mark::Run(run))) = self.exchange.first() else {
            return Err(target_fault(Malformed("order of replies")));
        };
        run.plan_rows();
        if let Some(tokens) = raw {
            return self.token_row(buffer, at, &tokens, journal);
        }
        let (ask_at, ask_at_byte) = (run.ask_at.unwrap_or(u64::MAX), run.ask_at_byte.unwrap_or(u64::MAX));
        let before = run.rows;
        let Run { plan, tallies, counted, masker, bytes, .. } = run;
        let masker = masker.as_ref().unwrap_or(&self.masker);
        let plan = plan.as_deref();
        let touches = !masker.is_off() && plan.is_none_or(Plan::touches);
        let first = *counted;
        loop {
            let rest = buffer.get_mut(at..).unwrap_or_default();
            let header = match peek(rest, Side::Back).map_err(target_fault)? {
                Some(header) if header.tag == back::DATA_ROW => header,
                _ => return Ok(at),
            };
            let Some(body) = rest.get_mut(HEADER..header.frame()) else { return Ok(at) };
            let is_due = before + *counted + 1 >= ask_at || *bytes + header.frame() as u64 >= ask_at_byte;
            if is_due && *counted > first {
                return Ok(at);
            }
            *bytes += header.frame() as u64;
            if touches {
                let walked = row::values(body, |column, bytes| {
                    let rule = plan.map_or(Rule::Text, |plan| plan.rule(column));
                    if rule == Rule::Skip {
                        return;
                    }
                    if tallies.len() <= column {
                        tallies.resize_with(column + 1, Tally::default);
                    }
                    if let Some(tally) = tallies.get_mut(column) {
                        value::mask(masker, rule, bytes, tally);
                    }
                });
                walked.map_err(target_fault)?;
            }
            *counted += 1;
            at += header.frame();
        }
    }

    /// A whole COPY frame up to `end`; everything from `at` waits for the end of its line. Gives what is decided.
    fn copy_data(&mut self, buffer: &mut [u8], at: usize, end: usize, journal: &dyn Journal) -> Result<usize, Refusal> {
        self.part(back::COPY_DATA)?;
        let from = at + self.replies.waiting;
        if self.replies.waiting == 0 && !self.may_send_row(buffer, from, journal) {
            return Ok(at);
        }
        if let Some(run) = self.runs() {
            run.counted += 1;
            run.bytes += (end - from) as u64;
        }
        let binary = self.replies.binary_copy;
        let Some(body) = buffer.get_mut(from + HEADER..end) else { return Ok(at) };
        if self.masker.is_off() {
            return Ok(end);
        }
        let ends = copy::ends_row(binary, body);
        if ends && self.replies.waiting == 0 {
            let masker = self.masker.clone();
            let mut tally = Tally::default();
            let tally = self.exchange.first().and_then(|(_, mark)| mark.run()).map_or(&mut tally, |run| &mut run.texts);
            copy::mask_row(&masker, binary, body, tally);
            return Ok(end);
        }
        self.replies.waiting = end - at;
        if ends {
            self.release(buffer, at, end)?;
            return Ok(end);
        }
        if self.replies.waiting > copy::LONGEST_LINE {
            return Err(Refusal::new(Code::Uninspectable, "the target sent a line that is too long to inspect"));
        }
        Ok(at)
    }

    /// Masks the COPY frames between `from` and `to` that waited.
    fn release(&mut self, buffer: &mut [u8], from: usize, to: usize) -> Result<(), Refusal> {
        if std::mem::take(&mut self.replies.waiting) == 0 {
            return Ok(());
        }
        let mut tally = Tally::default();
        let tally = self.exchange.first().and_then(|(_, mark)| mark.run()).map_or(&mut tally, |run| &mut run.texts);
        copy::mask_split(&self.masker, buffer.get_mut(from..to).unwrap_or_default(), tally).map_err(target_fault)
    }

    /// Any other frame, at `from`.
    fn single(&mut self, buffer: &mut [u8], from: usize, header: Header, journal: &dyn Journal) -> Result<(), Refusal> {
        let end = from + header.frame();
        let body = buffer.get_mut(from + HEADER..end).unwrap_or_default();
        self.parameter(header.tag, body);
        if let Some(strict) = &mut self.strict {
            strict.tries.saw(header.tag, body);
        }
        if header.tag == back::ERROR {
            self.collided(body, journal)?;
        }
        self.mask_single(header.tag, body, journal).map_err(target_fault)?;
        let body = buffer.get(from + HEADER..end).unwrap_or_default();
        let tag = self.replace(header.tag, buffer, from, end, journal);
        self.scrub(tag, buffer, from, end, journal);
        let header = Header { tag, ..header };
        let answer = self.exchange.received(header.tag).map_err(target_fault)?;
        match answer {
            Answer::Aside => self.replies.fatal |= header.tag == back::ERROR && texts::is_fatal(body),
            Answer::Part => self.partly(header.tag, body, journal)?,
            Answer::Done(mut mark) => {
                if let Mark::Run(run) = &mut mark {
                    self.tried(run, true);
                    self.settled(run, run.refused.is_none());
                    self.guard.sent(run.rows + run.counted, run.bytes);
                    match header.tag {
                        back::COMMAND_COMPLETE => run.tagged(body),
                        _ => run.rows += run.counted,
                    }
                    self.tell_up_to(buffer, end, run.exchange, journal);
                    let tag = std::mem::take(&mut run.tag);
                    let status = if header.tag == back::SUSPENDED { "suspended" } else { &tag };
                    if run.refused.is_some() {
                        mark.fail(journal, refuse::SQLSTATE);
                    } else {
                        mark.end(journal, "ok", status, "");
                    }
                } else {
                    self.learn(&mark, header.tag, body)?;
                    mark.end(journal, "ok", "", "");
                }
            }
            Answer::Failed { first, skipped } => {
                let refused = first.refusal().map(|(_, state)| state);
                let state = refused.unwrap_or_else(|| report::sqlstate(body).unwrap_or_default());
                let state = state.to_owned();
                self.replies.fatal |= texts::is_fatal(body);
                if let Mark::Run(run) = &first {
                    self.tried(run, false);
                }
                for mark in std::iter::once(&first).chain(&skipped) {
                    if let Mark::Run(run) = mark {
                        self.settled(run, false);
                    }
                }
                self.failed(&first, &skipped, &state, buffer, end, journal);
            }
            Answer::Ready(mark) => {
                self.replies.muted = false;
                let status = body.first().copied().unwrap_or_default();
                let is_idle = status == b'I';
                if is_idle {
                    self.portals.forget();
                    self.replies.touched = false;
                }
                match mark {
                    Some(Mark::Run(run)) => {
                        self.tried(&run, run.error.is_none());
                        self.settled(&run, run.error.is_none() && run.refused.is_none());
                        self.guard.sent(run.rows, run.bytes);
                        self.tell_up_to(buffer, end, run.exchange, journal);
                        self.copy_over(journal);
                        let stopped = run.told.then(|| refuse::SQLSTATE.to_owned());
                        let (tag, error) = (run.tag.clone(), run.error.clone().or(stopped));
                        let mark = Mark::Run(run);
                        match error {
                            Some(state) => mark.fail(journal, &state),
                            None => mark.end(journal, "ok", &tag, ""),
                        }
                    }
                    _ => self.replies.told = end,
                }
                // After what ran: it says how the transaction ended.
                self.session.ready(match status {
                    b'T' => sql::session::Status::Open,
                    b'E' => sql::session::Status::Failed,
                    _ => sql::session::Status::Idle,
                });
                if let Some(strict) = &mut self.strict {
                    strict.tries.ready(is_idle);
                }
                if self.is_redefined(is_idle) {
                    self.replies.defined = true;
                    if let Some(strict) = &mut self.strict {
                        strict.redefined();
                    }
                }
            }
        }
        Ok(())
    }

    /// A part of an answer that goes on.
    fn partly(&mut self, tag: u8, body: &[u8], journal: &dyn Journal) -> Result<(), Refusal> {
        if matches!(tag, back::COPY_OUT | back::COPY_IN) {
            self.replies.binary_copy = body.first() == Some(&1);
        }
        if tag == back::ERROR {
            self.replies.fatal |= texts::is_fatal(body);
        }
        if let (back::PARAMETERS, Some((_, Mark::DescribeStatement(Some(statement))))) = (tag, self.exchange.first()) {
            let _known = statement.described.set(ask::described_types(body).unwrap_or_default());
        }
        if let (back::ROW_DESCRIPTION, Some(strict)) = (tag, &mut self.strict) {
            strict.told_of(&row::description(body).map_err(target_fault)?);
        }
        let raw = self.raw_columns();
        let Some(run) = self.runs() else { return Ok(()) };
        match tag {
            back::ROW_DESCRIPTION => {
                let columns = row::description(body).map_err(target_fault)?;
                if raw.is_some_and(|raw| raw.width != columns.len()) {
                    return Err(tokens::unplanned());
                }
                run.described(Some(Plan::new(&columns, None)), journal);
            }
            back::COMMAND_COMPLETE => run.tagged(body),
            back::ERROR if run.refused.is_some() && (!run.probe || body.is_empty()) => {
                run.error = Some(if run.stale { refuse::STALE } else { refuse::SQLSTATE }.to_owned());
            }
            back::ERROR => run.error = Some(report::sqlstate(body).unwrap_or_default().to_owned()),
            _ => {}
        }
        Ok(())
    }

    /// A step of an extended query went well.
    fn learn(&mut self, mark: &Mark, tag: u8, body: &[u8]) -> Result<(), Refusal> {
        let columns = |body: &[u8]| match tag {
            back::ROW_DESCRIPTION => row::description(body).map_err(target_fault),
            _ => Ok(Vec::new()),
        };
        match mark {
            Mark::Parse(statement) => self.statements.confirm(statement),
            Mark::Bind(portal) => self.portals.confirm(portal),
            Mark::CloseStatement(name) => self.statements.close(name),
            Mark::ClosePortal(name) => self.portals.close(name),
            Mark::DescribeStatement(Some(statement)) => {
                let _known = statement.columns.set(columns(body)?);
            }
            Mark::DescribePortal(Some(portal)) => {
                let _known = portal.plan.set(Some(Plan::new(&columns(body)?, None)));
            }
            Mark::DescribeStatement(None) | Mark::DescribePortal(None) | Mark::Run(_) => {}
        }
        Ok(())
    }

    /// The error belongs to the first of those concerned that was written down by itself.
    fn failed(
        &mut self,
        first: &Mark,
        skipped: &[Mark],
        sqlstate: &str,
        buffer: &[u8],
        end: usize,
        journal: &dyn Journal,
    ) {
        self.copy_over(journal);
        let mut blamed = false;
        for mark in std::iter::once(first).chain(skipped) {
            match mark {
                Mark::Parse(statement) => self.statements.reject(statement),
                Mark::Bind(portal) => self.portals.reject(portal),
                _ => {}
            }
            let Some(number) = mark.number() else { continue };
            if std::mem::replace(&mut blamed, true) {
                mark.abort(journal);
            } else {
                self.tell_up_to(buffer, end, number, journal);
                mark.fail(journal, sqlstate);
            }
        }
    }

    /// Masks what is text in a frame that is no row.
    fn mask_single(&mut self, tag: u8, body: &mut [u8], journal: &dyn Journal) -> Result<(), Malformed> {
        if self.masker.is_off() {
            return Ok(());
        }
        let masker: Arc<_> = self.masker.clone();
        let mut aside = Tally::default();
        let tally = match self.exchange.first() {
            Some((_, Mark::Run(run))) => &mut run.texts,
            _ => &mut aside,
        };
        match tag {
            back::ROW_DESCRIPTION => row::names(body, |name| {
                masker.mask(name, Syntax::Text, tally);
            })?,
            _ => texts::mask(&masker, tag, body, tally)?,
        }
        journal::tell(journal, 0, "message", &aside);
        Ok(())
    }

    /// Writes down what the client sees up to `end`.
    pub(super) fn tell_up_to(&mut self, buffer: &[u8], end: usize, exchange: u64, journal: &dyn Journal) {
        if let Some(bytes) = buffer.get(self.replies.told..end).filter(|bytes| !bytes.is_empty()) {
            journal.data(exchange, event::Stream::Out, bytes);
        }
        self.replies.told = end.max(self.replies.told);
    }

    /// A frame that can only be a part of an answer.
    pub(super) fn part(&mut self, tag: u8) -> Result<(), Refusal> {
        match self.exchange.received(tag).map_err(target_fault)? {
            Answer::Part => Ok(()),
            _ => Err(target_fault(Malformed("order of replies"))),
        }
    }

    /// What runs now.
    fn runs(&mut self) -> Option<&mut Run> {
        match self.exchange.first() {
            Some((Ask::Query | Ask::Execute | Ask::FunctionCall, mark)) => mark.run(),
            _ => None,
        }
    }
}

/// A row that is waited for.
fn whole(header: Header) -> Result<bool, Refusal> {
    if header.frame() <= LARGEST_ROW {
        return Ok(false);
    }
    Err(Refusal::new(Code::Uninspectable, "the target sent a row that is too large to inspect"))
}
