//! What the client gets in place of what the target says: of a refused request our error, and of a run that policy stopped
//! while it ran nothing more.

use std::sync::Arc;

use bytes::Bytes;
use proto::{Refusal, event::Stream};
use protocols::pg::{
    exchange::Ask,
    frame::{HEADER, Side, back, peek},
};

use super::{
    Filter,
    journal::{Journal, Mark},
    refuse, texts,
};
use crate::filter::guard::Sent;

impl Filter {
    /// A setting that the target reports.
    pub(super) fn parameter(&mut self, tag: u8, body: &[u8]) {
        if let Some((name, value)) = parameter(tag, body) {
            self.session.parameter(name, value);
            self.path_known |= name == "search_path";
        }
    }

    /// The same while the session begins: what is reset later becomes this again.
    pub(super) fn begins_with(&mut self, tag: u8, body: &[u8]) {
        if let Some(("search_path", value)) = parameter(tag, body) {
            self.session.begin_with_path(value);
        }
    }

    /// Whether what runs was stopped.
    pub(super) fn is_stopped(&mut self) -> bool {
        self.replies.muted || matches!(self.exchange.first(), Some((_, Mark::Run(run))) if run.told)
    }

    /// A row that the client does not get any more.
    ///
    /// # Errors
    /// If no row is due.
    pub(super) fn skip_row(
        &mut self,
        buffer: &[u8],
        from: usize,
        end: usize,
        journal: &dyn Journal,
    ) -> Result<usize, Refusal> {
        let tag = buffer.get(from).copied().unwrap_or_default();
        self.part(tag)?;
        self.drop_bytes(buffer, from, end, journal);
        Ok(end)
    }

    /// The next piece of a large row that the client does not get any more; gives where it ends.
    pub(super) fn drop_more(&mut self, buffer: &[u8], at: usize, journal: &dyn Journal) -> usize {
        let end = buffer.len().min(at.saturating_add(self.replies.dropping));
        self.drop_bytes(buffer, at, end, journal);
        self.replies.dropping -= end - at;
        end
    }

    /// Whether the next row may go; asks policy where a limit is met. If not, the client is told, and what runs is to be
    /// cancelled.
    pub(super) fn may_send_row(&mut self, buffer: &[u8], at: usize, journal: &dyn Journal) -> bool {
        let guard = Arc::clone(&self.guard);
        let Some((_, Mark::Run(run))) = self.exchange.first() else { return true };
        let earlier = *run.earlier.get_or_insert_with(|| {
            let portal = run.portal.as_ref().map(|portal| portal.pieces.sent());
            let cursors = run.fetches.iter().map(|name| self.cursors.sent(name));
            let earlier = portal.into_iter().chain(cursors).fold(Sent::default(), Sent::at_least);
            run.ask_at = guard.next_row(0, earlier.rows);
            run.ask_at_byte = guard.next_byte(0, earlier.bytes);
            earlier
        });
        let next = run.rows + run.counted + 1;
        let row =
            buffer.get(at..).and_then(|rest| peek(rest, Side::Back).ok().flatten()).map_or(0, |header| header.frame());
        let bytes = run.bytes + row as u64;
        let is_due = |mark: Option<u64>, sent| mark.is_some_and(|mark| sent >= mark);
        if !is_due(run.ask_at, next) && !is_due(run.ask_at_byte, bytes) {
            return true;
        }
        let Some(judged) = run.judged.clone() else { return true };
        let decision = guard.decide_again(&judged, Sent { rows: next, bytes }, earlier);
        (run.ask_at, run.ask_at_byte) = (guard.next_row(next, earlier.rows), guard.next_byte(bytes, earlier.bytes));
        if decision.forwards() {
            return true;
        }
        let exchange = run.exchange;
        run.refused = Some(Arc::clone(&decision));
        run.told = true;
        journal.refused(exchange, decision.refused());
        let error = refuse::error(&decision);
        self.insert(buffer, at, at, error, exchange, journal);
        self.replies.cancel = true;
        false
    }

    /// Replaces a frame that answers a refused or stopped request, or drops it. Gives the tag that counts.
    pub(super) fn replace(&mut self, tag: u8, buffer: &[u8], from: usize, end: usize, journal: &dyn Journal) -> u8 {
        if matches!(tag, back::NOTICE | back::NOTIFICATION | back::PARAMETER_STATUS | back::READY) {
            return tag;
        }
        if self.replies.muted {
            self.drop_bytes(buffer, from, end, journal);
            return tag;
        }
        let Some((ask, mark)) = self.exchange.first() else { return tag };
        let Some((refusal, _)) = mark.refusal() else { return tag };
        let exchange = mark.number().unwrap_or(0);
        let stopped = matches!(mark, Mark::Run(run) if run.told);
        if stopped {
            // An extended query that ended well after all: what follows in its pipeline is answered, but the client skips.
            self.replies.muted = ask == Ask::Execute && matches!(tag, back::COMMAND_COMPLETE | back::SUSPENDED);
            self.drop_bytes(buffer, from, end, journal);
            return tag;
        }
        let probe = matches!(mark, Mark::Run(run) if run.probe);
        match tag {
            // The target knows what is wrong with it.
            back::ERROR if probe => tag,
            // It would have run it.
            back::PARSE_COMPLETE if probe => {
                self.insert(buffer, from, end, refusal, exchange, journal);
                back::ERROR
            }
            back::ERROR => {
                self.insert(buffer, from, end, refusal, exchange, journal);
                tag
            }
            _ => tag,
        }
    }

    /// Takes from an error or notice what may quote masked values.
    pub(super) fn scrub(&mut self, tag: u8, buffer: &[u8], from: usize, end: usize, journal: &dyn Journal) {
        if self.strict.is_some() && self.exchange.first().is_some_and(|(_, mark)| mark.touches()) {
            self.replies.touched = true;
        }
        if self.strict.is_none() || !matches!(tag, back::ERROR | back::NOTICE) || self.replies.told >= end {
            return;
        }
        let first = self.exchange.first().map(|(_, mark)| (mark.touches(), mark.settles(), mark.number()));
        // Behind the last request of a pipeline, and at the end of a transaction, what was put off is checked.
        let (touches, settles, number) = first.unwrap_or((false, true, None));
        if !(touches || settles && self.replies.touched) {
            return;
        }
        let exchange = number.unwrap_or(0);
        let body = buffer.get(from + HEADER..end).unwrap_or_default();
        if let Some(with) = texts::scrubbed(tag, body) {
            self.insert(buffer, from, end, with, exchange, journal);
        }
    }

    /// The client gets `with` in place of `from..end`.
    pub(super) fn insert(
        &mut self,
        buffer: &[u8],
        from: usize,
        end: usize,
        with: Bytes,
        exchange: u64,
        journal: &dyn Journal,
    ) {
        self.tell_up_to(buffer, from, exchange, journal);
        journal.data(exchange, Stream::Out, &with);
        self.replies.told = end;
        self.replies.edits.replace(from, end, with);
    }

    fn drop_bytes(&mut self, buffer: &[u8], from: usize, end: usize, journal: &dyn Journal) {
        let exchange = self.exchange.first().and_then(|(_, mark)| mark.number()).unwrap_or(0);
        self.tell_up_to(buffer, from, exchange, journal);
        self.replies.told = end.max(self.replies.told);
        self.replies.edits.replace(from, end, Bytes::new());
    }
}

/// Name and value of a ParameterStatus.
fn parameter(tag: u8, body: &[u8]) -> Option<(&str, &str)> {
    let mut words = body.split(|byte| *byte == 0).map(|word| std::str::from_utf8(word).ok());
    (tag == back::PARAMETER_STATUS).then_some(())?;
    Some((words.next()??, words.next()??))
}
