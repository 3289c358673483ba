//! Errors of constraints that compare masked values: each tells whether a value is there. They are told, counted like look-ups,
//! and one too many ends the session before it is told.

use proto::{Code, Refusal};
use protocols::pg::report;
use sql::lineage::{Marks, Told};

use super::{
    Filter,
    journal::{Journal, Mark},
};

/// `unique_violation`, `foreign_key_violation`, `exclusion_violation`.
const COMPARES: [&str; 3] = ["23505", "23503", "23P01"];
/// `check_violation`.
pub(super) const CHECK: &str = "23514";

/// The label and column of which an error tells whether a value is there.
pub(super) fn told(marks: &Marks, body: &[u8], touches: bool) -> Option<(String, String)> {
    let state = report::sqlstate(body)?;
    if state != CHECK && !COMPARES.contains(&state) {
        return None;
    }
    match marks.told_by(&name(body, b's'), &name(body, b't'), &name(body, b'n')) {
        Told::Nothing => None,
        Told::Of(watch) => Some((watch.label.clone(), watch.column.clone())),
        // A check without a name is one of a type or partition: it looks at the new value alone.
        Told::Unknown => (touches && state != CHECK).then(|| ("unknown".into(), "unknown".into())),
    }
}

/// What the error says, as far as that tells it from others.
pub(super) fn what(body: &[u8]) -> Vec<u8> {
    [b's', b't', b'n', b'D'].iter().flat_map(|kind| [field(body, *kind), b"\0"].concat()).collect()
}

fn field(body: &[u8], kind: u8) -> &[u8] {
    report::field(body, kind).ok().flatten().unwrap_or_default()
}

fn name(body: &[u8], kind: u8) -> String {
    String::from_utf8_lossy(field(body, kind)).into_owned()
}

impl Filter {
    /// Counts what an error of the target tells of masked values.
    ///
    /// # Errors
    /// If it was one too many: the session ends, and the client is not told.
    pub(super) fn collided(&mut self, body: &[u8], journal: &dyn Journal) -> Result<(), Refusal> {
        if self.strict.is_none() {
            return Ok(());
        }
        let first = self.exchange.first();
        if first.as_ref().is_some_and(|(_, mark)| mark.refused().is_some()) {
            return Ok(());
        }
        let first = first.map(|(_, mark)| (mark.touches(), mark.settles(), mark.number()));
        // Behind the last request of a pipeline, what was put off is checked.
        let (touches, settles, number) = first.unwrap_or((false, true, None));
        let touches = touches || (settles && self.replies.touched);
        let exchange = number.unwrap_or(0);
        let rewrite = match self.exchange.first() {
            Some((_, Mark::Run(run))) => run.rewrite.as_ref(),
            _ => None,
        };
        let Some(strict) = &mut self.strict else { return Ok(()) };
        match strict.collided(body, touches, rewrite) {
            Ok(None) => Ok(()),
            Ok(Some(event)) => {
                journal.masked(exchange, event);
                Ok(())
            }
            Err(why) => Err(Refusal::new(Code::Denied, why)),
        }
    }
}
