//! Where facts meet policy: a text is read in the session as it is now, the guard decides, and what follows is kept with the
//! request until it is answered.

use std::{collections::BTreeMap, sync::Arc};

use policy::Argument;
use proto::event::Field;
use protocols::pg::ask::Bind;

use super::{
    Filter,
    journal::{Journal, Run},
    names::{Meaning, Portal, Statement},
    reading::{self, Read},
    strict::{Judgement, Rewrite},
};
use crate::filter::guard::Decision;

/// What strict masking says of a text.
#[derive(Default)]
pub(super) struct Checked {
    /// What stands in its place.
    pub(super) rewrite: Option<Rewrite>,
    /// The target only parses it, to say what it does not know.
    pub(super) probe: bool,
}

/// Longer text parameters are no arguments.
const LONGEST_ARGUMENT: usize = 1024;

impl Filter {
    /// What a text does. What is not UTF-8 or not whole cannot be judged.
    pub(super) fn read(&mut self, text: &[u8], whole: bool) -> Read {
        self.reckon();
        match std::str::from_utf8(text) {
            Ok(text) if whole => self.readings.read(&self.session, self.catalog.as_deref(), text),
            Ok(_) => unknown("the statement is too long to be judged"),
            Err(_) => unknown("the statement is not UTF-8"),
        }
    }

    /// What fetching from a cursor of SQL's own does: an Execute may name one.
    pub(super) fn read_cursor(&mut self, name: &[u8]) -> Read {
        match std::str::from_utf8(name) {
            Ok(name) => self.read(format!("FETCH ALL FROM \"{}\"", name.replace('"', "\"\"")).as_bytes(), true),
            Err(_) => unknown("the cursor's name is not UTF-8"),
        }
    }

    /// Decides about an Execute. Where it is open which of two meanings its name has, the stricter decision counts.
    pub(super) fn decide_portal(&mut self, meaning: &Meaning<Portal>) -> (Read, Arc<Decision>) {
        let newest = self.decide_one(&meaning.newest);
        match &meaning.otherwise {
            Some(otherwise) => self.strictest(newest, &Arc::clone(otherwise)),
            None => newest,
        }
    }

    fn strictest(&mut self, newest: (Read, Arc<Decision>), otherwise: &Portal) -> (Read, Arc<Decision>) {
        let other = self.decide_one(otherwise);
        if other.1.verdict.outcome > newest.1.verdict.outcome { other } else { newest }
    }

    fn decide_one(&mut self, portal: &Portal) -> (Read, Arc<Decision>) {
        let read = match &portal.statement {
            Some(statement) => self.read_again(statement),
            // Prepared with SQL, or by a name that is not known.
            None => unknown("the prepared statement is not known"),
        };
        let decision = if portal.arguments.is_empty() {
            self.guard.decide(&read.judged)
        } else {
            self.guard.decide(&read.judged.with_arguments(portal.arguments.clone()))
        };
        (read, decision)
    }

    /// The session may resolve names differently than when the statement was parsed, and then so does the target.
    fn read_again(&mut self, statement: &Statement) -> Read {
        match &statement.read {
            Some(read) if statement.raw.is_empty() => read.clone(),
            _ => self.read(statement.raw.as_bytes(), true),
        }
    }

    /// Judges a text that policy lets pass where columns are masked strictly; a refusal becomes the decision. `None`: the
    /// catalog must be read anew first.
    pub(super) fn check(&mut self, text: &[u8], read: &Read, decision: &mut Arc<Decision>) -> Option<Checked> {
        let mut checked = Checked::default();
        let Some(strict) = &mut self.strict else { return Some(checked) };
        // A syntax error is never run, and what policy refuses neither, unless arguments that are still to come decide.
        let refused = decision.verdict.outcome == policy::Outcome::Refuse && !self.guard.wants_arguments();
        if refused || read.reading.is_syntax_error() {
            return Some(checked);
        }
        match strict.judge(text, &decision.verdict.revealed) {
            Judgement::Pass(rewrite) => checked.rewrite = Some(rewrite),
            Judgement::Refresh => {
                self.requests.refresh = true;
                return None;
            }
            Judgement::Refuse(refused) => *decision = refused,
            Judgement::Unknown(refused) => {
                *decision = refused;
                checked.probe = true;
            }
        }
        Some(checked)
    }

    /// Why a prepared statement must not run now although policy lets it: it was parsed when its caller could see more, or
    /// was never judged.
    pub(super) fn recall(&self, meaning: &Meaning<Portal>, decision: &Decision) -> Option<Arc<Decision>> {
        let strict = self.strict.as_ref()?;
        std::iter::once(&meaning.newest).chain(&meaning.otherwise).find_map(|portal| {
            match portal.statement.as_ref().and_then(|statement| statement.rewrite.as_ref()) {
                Some(rewrite) => strict.recall(rewrite, &decision.verdict.revealed),
                None => Some(super::strict::decision("the prepared statement was never judged: prepare it again")),
            }
        })
    }

    /// What is written down of a rewrite.
    pub(super) fn rewritten(&self, rewrite: Option<&Rewrite>) -> Vec<Field> {
        let text = rewrite.and_then(|rewrite| rewrite.text.as_ref());
        text.map(|text| Field { name: "rewritten".into(), value: text.to_string() }).into_iter().collect()
    }

    /// Keeps with the run what was decided.
    pub(super) fn decided(&mut self, run: &mut Run, read: &Read, decision: &Arc<Decision>, journal: &dyn Journal) {
        run.judged = Some(Arc::clone(&read.judged));
        if !decision.forwards() {
            journal.refused(run.exchange, decision.refused());
            run.refused = Some(Arc::clone(decision));
            return;
        }
        run.ask_at = self.guard.next_row(0);
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
        for reading in self.changing.drain(..) {
            self.session.may_have_run(&reading);
        }
    }

    /// A run is over: whether it went well is known now.
    pub(super) fn settled(&mut self, run: &Run, well: bool) {
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

/// Text parameters as policy sees them: `$1` ...; what is binary or long is left out.
pub(super) fn arguments(bind: &Bind<'_>) -> BTreeMap<String, Argument> {
    let mut arguments = BTreeMap::new();
    for (number, parameter) in bind.parameters.iter().enumerate() {
        let Some(value) = parameter.value.filter(|value| !parameter.binary && value.len() <= LONGEST_ARGUMENT) else {
            continue;
        };
        let Ok(text) = std::str::from_utf8(value) else { continue };
        arguments.insert(format!("${}", number + 1), Argument::Text(text.to_owned()));
    }
    arguments
}
