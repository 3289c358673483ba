//! Where facts meet policy: a text is read in the session as it is now, the guard decides, and what follows is kept with the
//! request until it is answered.

use std::{borrow::Cow, sync::Arc};

use super::{
    Filter,
    arguments::Arguments,
    catalogs,
    journal::{Journal, Mark, Run},
    names::{Meaning, Portal, Statement},
    reading::{self, Read},
    strict::{Judgement, Rewrite, Rights, Strict},
};
use crate::filter::guard::Decision;

/// What strict masking says of a text.
#[derive(Default)]
pub(super) struct Checked {
    /// What stands in its place.
    pub(super) rewrite: Option<Rewrite>,
    /// The target only parses it, to say what it does not know.
    pub(super) probe: bool,
    /// It was refused because it runs what was prepared under other rules.
    pub(super) stale: bool,
    /// It may give values that the database does not get, and nobody can say where: not even its parser sees it.
    pub(super) hidden: bool,
}

/// Why a statement that is not whole is not judged.
const TOO_LONG: &str = "the statement is longer than 16 MiB: use COPY, or send fewer rows at once";

impl Checked {
    /// Whether another statement that it may be has other raw columns or look-ups.
    fn differs(&self, other: &Rewrite) -> bool {
        let same = |rewrite: &Rewrite| rewrite.tokens() == other.tokens() && rewrite.lookup() == other.lookup();
        self.rewrite.as_ref().is_some_and(|rewrite| !same(rewrite))
    }

    /// The same for a text that was shortened to be judged: it can pass as it is, but not be rewritten.
    pub(super) fn whole(self, shortened: bool, decision: &mut Arc<Decision>) -> Self {
        let plain = |rewrite: &Rewrite| rewrite.text().is_none() && rewrite.carried().is_empty();
        if !shortened || self.rewrite.as_ref().is_none_or(plain) {
            return self;
        }
        *decision = super::strict::decision(
            "what it gives or returns cannot be masked in a statement this long: insert fewer rows at once",
        );
        Self::default()
    }
}

impl Filter {
    /// The text to be judged in place of a long one, if it can be shortened.
    pub(super) fn condense<'t>(&mut self, text: &'t [u8], whole: bool) -> Cow<'t, [u8]> {
        self.reckon();
        match std::str::from_utf8(text).map(|text| self.session.condense(text)) {
            Ok(Cow::Owned(short)) if whole => Cow::Owned(short.into_bytes()),
            _ => Cow::Borrowed(text),
        }
    }

    /// What a text does. What is not UTF-8 or not whole cannot be judged. `None`: the catalog must be read first.
    pub(super) fn read(&mut self, text: &[u8], whole: bool) -> Option<Read> {
        if self.must_wait() {
            self.requests.wait = true;
            return None;
        }
        self.reckon();
        match std::str::from_utf8(text) {
            Ok(text) if whole => {
                let catalog = self.catalog();
                let mut read = self.readings.read(&self.session, catalog.as_deref(), text, self.strict.is_some());
                if let Some(name) = reading::uncertain(&read.reading.facts, |name| self.guard.wants_argument(name)) {
                    read.judged = read.judged.unreadable(format!("its parameter {name} cannot be read"));
                }
                self.in_its_light(read, catalog.is_some())
            }
            Ok(_) => Some(unknown(TOO_LONG)),
            Err(_) => Some(unknown("the statement is not UTF-8")),
        }
    }

    /// What fetching from a cursor of SQL's own does: an Execute may name one.
    pub(super) fn read_cursor(&mut self, name: &[u8]) -> Option<Read> {
        match std::str::from_utf8(name) {
            Ok(name) => self.read(format!("FETCH ALL FROM \"{}\"", name.replace('"', "\"\"")).as_bytes(), true),
            Err(_) => Some(unknown("the cursor's name is not UTF-8")),
        }
    }

    /// Decides about an Execute. Where it is open which of two meanings its name has, the stricter decision counts. `None`:
    /// the catalog must be read first.
    pub(super) fn decide_portal(&mut self, meaning: &Meaning<Portal>) -> Option<(Read, Arc<Decision>)> {
        let newest = self.decide_one(&meaning.newest)?;
        let Some(otherwise) = &meaning.otherwise else { return Some(newest) };
        let other = self.decide_one(otherwise)?;
        Some(if other.1.verdict.outcome > newest.1.verdict.outcome { other } else { newest })
    }

    fn decide_one(&mut self, portal: &Portal) -> Option<(Read, Arc<Decision>)> {
        let read = match &portal.statement {
            Some(statement) => self.read_again(statement)?,
            // Prepared with SQL, or by a name that is not known.
            None => unknown("the prepared statement is not known"),
        };
        let read = self.read_known(portal, read);
        let judged = match &portal.arguments {
            Arguments { unreadable: Some(name), .. } => {
                read.judged.unreadable(format!("its parameter {name} cannot be read"))
            }
            Arguments { values, .. } if values.is_empty() => read.judged,
            Arguments { values, .. } => read.judged.with_arguments(values.clone()),
        };
        let decision = self.guard.decide(&judged);
        Some((Read { judged, ..read }, decision))
    }

    /// The session may resolve names differently than when the statement was parsed, and then so does the target.
    fn read_again(&mut self, statement: &Statement) -> Option<Read> {
        match &statement.read {
            Some(read) if statement.raw.is_empty() => Some(read.clone()),
            _ => self.read(statement.raw.as_bytes(), true),
        }
    }

    /// Judges a text that policy lets pass where columns are masked strictly; a refusal becomes the decision. `None`: the
    /// catalog must be read anew first.
    pub(super) fn check(&mut self, text: &[u8], read: &Read, decision: &mut Arc<Decision>) -> Option<Checked> {
        let mut checked = Checked::default();
        let sends = self.sends(read);
        let Some(strict) = &mut self.strict else { return Some(checked) };
        strict.looks_in(read.reading.statements.iter().map(|one| one.schemas().clone()).collect());
        // A syntax error is never run, and what policy refuses neither, unless arguments that are still to come decide.
        let open = self.guard.wants_arguments() || !read.reading.facts.doubts.is_empty();
        let refused = decision.verdict.outcome == policy::Outcome::Refuse && !open;
        let gives = strict.carries() && text.iter().any(|byte| *byte == b'\'' || byte.is_ascii_digit());
        if gives && read.reading.is_syntax_error() {
            *decision =
                super::strict::decision("it cannot be read, and values may be in it that the database does not get");
            return Some(Checked { hidden: true, ..checked });
        }
        if refused || read.reading.is_syntax_error() {
            return Some(checked);
        }
        // Our grammar and the session's must be the same one.
        let plain = self.session.dialect() == sql::Dialect::default();
        if !plain && text.contains(&b'\\') {
            *decision = super::strict::decision(
                "backslashes may be escapes in this session: turn standard_conforming_strings on",
            );
            return Some(checked);
        }
        let tree = read.reading.tree.as_ref().ok().filter(|_| plain);
        let rights = Rights { revealed: &decision.verdict.revealed, sends: &sends };
        match strict.judge(&self.readings, (text, tree.map(Arc::as_ref)), rights, self.fresh) {
            Judgement::Pass(rewrite) => checked.rewrite = Some(rewrite),
            Judgement::Refresh => {
                self.requests.refresh = true;
                return None;
            }
            Judgement::Refuse(refused) => *decision = refused,
            Judgement::Stale(refused) => {
                *decision = refused;
                checked.stale = true;
            }
            Judgement::Unknown(refused) => {
                *decision = refused;
                (checked.probe, checked.hidden) = (!gives, gives);
            }
        }
        Some(checked)
    }

    /// The labels whose values may go to the database as they are.
    pub(super) fn sends(&self, read: &Read) -> Vec<String> {
        let carries = self.strict.as_ref().is_some_and(Strict::carries);
        if carries && self.guard.may_send_raw() { self.guard.sends_raw(&read.judged) } else { Vec::new() }
    }

    /// Whether a prepared statement may run now that policy lets it: it may have been parsed when its caller could see more, or
    /// when names meant something else. If not, the decision becomes a refusal. `None`: the catalog must be read anew first.
    pub(super) fn recall(
        &mut self,
        meaning: &Meaning<Portal>,
        read: &Read,
        decision: &mut Arc<Decision>,
    ) -> Option<Checked> {
        let mut checked = Checked::default();
        let sends = self.sends(read);
        for portal in std::iter::once(&meaning.newest).chain(&meaning.otherwise) {
            let Some(strict) = &mut self.strict else { break };
            strict.looks_in(vec![self.session.schemas().clone()]);
            let statement = portal.statement.as_deref();
            let (rewrite, raw) = statement.map_or((None, ""), |known| (known.rewrite.as_ref(), known.raw.as_ref()));
            let rights = Rights { revealed: &decision.verdict.revealed, sends: &sends };
            match strict.judge_again(&self.readings, rewrite, raw, rights, self.fresh) {
                Judgement::Pass(rewrite) if checked.differs(&rewrite) => {
                    *decision = super::strict::decision("it is open which of two statements it is: wait for the first");
                    return Some(Checked::default());
                }
                Judgement::Pass(rewrite) => checked.rewrite = checked.rewrite.or(Some(rewrite)),
                Judgement::Refresh => {
                    self.requests.refresh = true;
                    return None;
                }
                Judgement::Refuse(refused) | Judgement::Unknown(refused) => {
                    *decision = refused;
                    return Some(Checked::default());
                }
                Judgement::Stale(refused) => {
                    *decision = refused;
                    return Some(Checked { stale: true, ..Checked::default() });
                }
            }
        }
        Some(checked)
    }

    /// Keeps with the run what was decided.
    pub(super) fn decided(&mut self, run: &mut Run, read: &Read, decision: &Arc<Decision>, journal: &dyn Journal) {
        run.judged = Some(Arc::clone(&read.judged));
        if !decision.forwards() {
            let decision = because(decision, read);
            journal.refused(run.exchange, decision.refused());
            run.refused = Some(decision);
            return;
        }
        run.defines = catalogs::defines(&read.reading);
        run.fetches = read.reading.statements.iter().filter_map(|one| one.fetches().map(Box::from)).collect();
        if !decision.verdict.revealed.is_empty() {
            run.masker = Some(self.guard.masker(decision));
        }
        if read.reading.statements.iter().any(sql::reading::Statement::changes_session) {
            run.changes = Some(Arc::clone(&read.reading));
            self.changing.push(Arc::clone(&read.reading));
        }
    }

    /// What is under way may have changed the session already, or not yet: both must be reckoned with.
    fn reckon(&mut self) {
        if self.must_wait() {
            return;
        }
        for reading in self.changing.drain(..) {
            self.session.may_have_run(&reading);
        }
    }

    /// Whether the target is about to say what names mean: where columns are masked strictly, that is waited for.
    #[must_use]
    pub fn must_wait(&self) -> bool {
        let changes = |mark: &Mark| match mark {
            Mark::Run(run) => run.changes.as_ref().is_some_and(|reading| reading.changes_names()),
            _ => false,
        };
        self.strict.is_some() && !self.changing.is_empty() && self.exchange.will_answer(changes)
    }

    /// A run that passed is over, or a part of it: what it wrote may be taken back.
    pub(super) fn tried(&mut self, run: &Run, well: bool) {
        let rewrite = run.rewrite.as_ref().filter(|_| run.refused.is_none());
        if let (Some(strict), Some(rewrite)) = (&mut self.strict, rewrite) {
            strict.ran(rewrite, well);
        }
    }

    /// A run is over, or a part of it: what it sent of a portal's or a cursor's rows adds up.
    fn pieces(&mut self, run: &Run, well: bool) {
        let declared = run.changes.iter().flat_map(|reading| &reading.statements).filter_map(|one| one.declares());
        if well {
            declared.for_each(|name| self.cursors.declared(name));
        }
        let sent = run.sent();
        if let Some(portal) = &run.portal {
            portal.pieces.add(sent);
        }
        for name in &run.fetches {
            self.cursors.add(name, sent, |name| self.session.has_cursor(name));
        }
    }

    /// A run is over: whether it went well is known now.
    pub(super) fn settled(&mut self, run: &Run, well: bool) {
        self.pieces(run, well);
        self.defined |= run.defines;
        if !well {
            self.session.failed();
        }
        if let (Some(strict), Some(rewrite)) = (&mut self.strict, run.rewrite.as_ref().filter(|_| well)) {
            strict.went_well(rewrite);
        }
        let Some(reading) = &run.changes else { return };
        self.changing.retain(|other| !Arc::ptr_eq(other, reading));
        if well {
            self.session.ran(reading);
        } else if reading.statements.len() > 1 {
            self.session.may_have_run(reading);
        }
    }
}

fn unknown(reason: &str) -> Read {
    Read { reading: sql::Reading::unknown(reason), judged: reading::unreadable(reason) }
}

/// The refusal, with why what was asked could not be judged, if that is so.
pub(super) fn because(decision: &Arc<Decision>, read: &Read) -> Arc<Decision> {
    let Some(why) = &read.judged.facts.unknown else { return Arc::clone(decision) };
    let mut decision = Decision::clone(decision);
    decision.verdict.reason = format!("{} ({why})", decision.verdict.reason);
    Arc::new(decision)
}
