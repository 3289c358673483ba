//! What is written down of a request, from its begin to its end.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use masking::{Masker, Tally};
use proto::event::{Completed, Field, Masked, Refused, Request, Stream};

use super::{
    columns::Plan,
    names::{Portal, Statement},
    refuse,
};
use crate::filter::{
    guard::{Decision, Judged, Sent},
    masked::masked_lines,
};

/// Where events go. The numbers are the exchange's, from 1.
pub trait Journal {
    /// A request begins.
    fn begin(&self, request: Request) -> u64;
    /// Bytes as the client saw or sent them.
    fn data(&self, exchange: u64, stream: Stream, bytes: &[u8]);
    /// A request is over.
    fn completed(&self, exchange: u64, completed: Completed);
    /// Something was masked.
    fn masked(&self, exchange: u64, masked: Masked);
    /// Policy does not let the request pass.
    fn refused(&self, exchange: u64, refused: Refused);
}

/// A request's number, once it has one.
#[derive(Debug, Default)]
pub(super) struct Number(AtomicU64);

impl Number {
    pub(super) fn get(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|number| *number != 0)
    }

    pub(super) fn set(&self, number: u64) {
        self.0.store(number, Ordering::Relaxed);
    }
}

/// What stands behind a request in the queue of due replies.
#[expect(clippy::large_enum_variant, reason = "most requests run something")]
pub(super) enum Mark {
    /// Query, Execute, FunctionCall: something runs.
    Run(Run),
    Parse(Arc<Statement>),
    Bind(Arc<Portal>),
    DescribeStatement(Option<Arc<Statement>>),
    DescribePortal(Option<Arc<Portal>>),
    CloseStatement(Vec<u8>),
    ClosePortal(Vec<u8>),
}

impl Mark {
    /// The number under which this request was written down, if it was by itself.
    pub(super) fn number(&self) -> Option<u64> {
        match self {
            Self::Run(run) => Some(run.exchange),
            Self::Parse(statement) => statement.own.get(),
            Self::Bind(portal) => portal.own.get(),
            _ => None,
        }
    }

    /// Why it was refused, if it was.
    pub(super) fn refused(&self) -> Option<&Arc<Decision>> {
        match self {
            Self::Run(run) => run.refused.as_ref(),
            Self::Parse(statement) => statement.refused.as_ref(),
            _ => None,
        }
    }

    /// What the client gets in place of the target's error, and its SQLSTATE.
    pub(super) fn refusal(&self) -> Option<(Bytes, &'static str)> {
        let decision = self.refused()?;
        Some(match self {
            Self::Run(run) if run.stale => (refuse::stale(decision), refuse::STALE),
            _ => (refuse::error(decision), refuse::SQLSTATE),
        })
    }

    /// Whether it reads or writes a marked relation, so that errors of its may quote values.
    pub(super) fn touches(&self) -> bool {
        let rewrite = match self {
            Self::Run(run) => run.rewrite.as_ref(),
            Self::Parse(statement) => statement.rewrite.as_ref(),
            Self::Bind(portal) => portal.statement.as_ref().and_then(|statement| statement.rewrite.as_ref()),
            _ => None,
        };
        rewrite.is_some_and(super::strict::Rewrite::touches)
    }

    /// Whether errors of its may be those of statements before it in the transaction.
    pub(super) fn settles(&self) -> bool {
        matches!(self, Self::Run(run) if run.rewrite.as_ref().is_some_and(super::strict::Rewrite::settles))
    }

    /// What runs, if something does.
    pub(super) fn run(&mut self) -> Option<&mut Run> {
        match self {
            Self::Run(run) => Some(run),
            _ => None,
        }
    }

    /// It is over without an answer.
    pub(super) fn abort(&self, journal: &dyn Journal) {
        self.end(journal, "aborted", "", "");
    }

    /// It is over with an error.
    pub(super) fn fail(&self, journal: &dyn Journal, sqlstate: &str) {
        self.end(journal, if sqlstate == "57014" { "cancelled" } else { "error" }, "", sqlstate);
    }

    /// It is over. What was masked on the way is told first.
    pub(super) fn end(&self, journal: &dyn Journal, outcome: &str, status: &str, code: &str) {
        let Some(exchange) = self.number() else { return };
        let mut completed =
            Completed { outcome: outcome.into(), status: status.into(), code: code.into(), ..Completed::default() };
        if let Self::Run(run) = self {
            run.tell_masked(journal);
            let marked = run.rewrite.iter().filter(|_| run.refused.is_none());
            marked.flat_map(|rewrite| rewrite.events(run.rows)).for_each(|event| journal.masked(run.exchange, event));
            completed.rows = run.rows;
            completed.fields.clone_from(&run.fields);
        }
        journal.completed(exchange, completed);
    }
}

/// Something that runs on the target.
#[derive(Default)]
pub(super) struct Run {
    pub(super) exchange: u64,
    /// What an Execute runs.
    pub(super) portal: Option<Arc<Portal>>,
    /// What to mask in its rows; `None` until a description is seen: everything is text then.
    pub(super) plan: Option<Arc<Plan>>,
    /// What was masked, by column; the last one is for everything outside of rows.
    pub(super) tallies: Vec<Tally>,
    pub(super) texts: Tally,
    pub(super) rows: u64,
    /// Rows since the last command tag.
    pub(super) counted: u64,
    /// The last command tag.
    pub(super) tag: String,
    /// SQLSTATE, once it failed.
    pub(super) error: Option<String>,
    /// What it does, and what policy said about it.
    pub(super) judged: Option<Arc<Judged>>,
    /// It was refused, before or while it ran: what the target says is replaced.
    pub(super) refused: Option<Arc<Decision>>,
    /// It was refused because it was prepared under other rules: its driver can prepare it again.
    pub(super) stale: bool,
    /// The target only parses it, to say what is wrong with it.
    pub(super) probe: bool,
    /// It was stopped while it ran, and the client has been told.
    pub(super) told: bool,
    /// The number of rows at which policy is asked again.
    pub(super) ask_at: Option<u64>,
    /// The number of bytes at which it is.
    pub(super) ask_at_byte: Option<u64>,
    /// Bytes of rows that were sent.
    pub(super) bytes: u64,
    /// Cursors of SQL's own that it fetches from.
    pub(super) fetches: Vec<Box<str>>,
    /// What its statement sent before it, once its first row is there.
    pub(super) earlier: Option<Sent>,
    /// What masks its rows, if that is not what masks the session.
    pub(super) masker: Option<Arc<Masker>>,
    /// It may change definitions.
    pub(super) defines: bool,
    /// What it changes in the session when it succeeds.
    pub(super) changes: Option<Arc<sql::Reading>>,
    pub(super) fields: Vec<Field>,
    /// What passed in its place, if columns are masked strictly.
    pub(super) rewrite: Option<super::strict::Rewrite>,
}

impl Run {
    pub(super) fn new(exchange: u64, portal: Option<Arc<Portal>>) -> Self {
        Self { exchange, portal, ..Self::default() }
    }

    /// What it has sent so far.
    pub(super) fn sent(&self) -> Sent {
        Sent { rows: self.rows + self.counted, bytes: self.bytes }
    }

    /// Rows come: what was learned about the portal since it was sent counts now.
    pub(super) fn plan_rows(&mut self) {
        if self.plan.is_none() {
            self.plan = self.portal.as_ref().and_then(|portal| portal.plan());
        }
    }

    /// A command tag came: `SELECT 5`, `INSERT 0 5`, `CREATE TABLE`.
    pub(super) fn tagged(&mut self, tag: &[u8]) {
        self.tag = String::from_utf8_lossy(tag.strip_suffix(&[0]).unwrap_or(tag)).into_owned();
        let said = self.tag.rsplit(' ').next().and_then(|word| word.parse().ok());
        self.rows += said.unwrap_or(self.counted);
        self.counted = 0;
    }

    /// Tells what was masked so far, by column.
    pub(super) fn tell_masked(&self, journal: &dyn Journal) {
        for (column, tally) in self.tallies.iter().enumerate() {
            let name = self.plan.as_ref().and_then(|plan| plan.name(column));
            tell(journal, self.exchange, name.unwrap_or("row"), tally);
        }
        tell(journal, self.exchange, "message", &self.texts);
    }

    /// The next statement of the same query has columns of its own.
    pub(super) fn described(&mut self, plan: Option<Arc<Plan>>, journal: &dyn Journal) {
        self.tell_masked(journal);
        self.tallies.clear();
        self.texts = Tally::default();
        self.plan = plan;
    }
}

/// One event per label, detector and transform.
pub(super) fn tell(journal: &dyn Journal, exchange: u64, field: &str, tally: &Tally) {
    masked_lines(field, tally.clone()).for_each(|line| journal.masked(exchange, line));
}
