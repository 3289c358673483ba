//! What happens to each PostgreSQL message (masking design 2.5): requests are written down before they pass, replies are
//! masked in place and written down as the client sees them. A mask never changes a length, so frames stay as they
//! are, and what no detector hits is byte-identical. Both directions share one queue of due replies.

mod arguments;
mod bytea;
mod carry;
mod catalogs;
mod collision;
mod columns;
mod copy;
mod decide;
mod doubts;
mod edit;
mod journal;
mod judges;
mod names;
mod number;
mod pieces;
mod portals;
mod reading;
mod refuse;
mod replies;
mod requests;
mod stop;
mod stream;
mod strict;
mod texts;
mod tokens;
mod tries;
mod value;
mod values;

use std::sync::Arc;

use masking::Masker;
use proto::{Code, Refusal};
use protocols::pg::{Malformed, exchange::Exchange};

pub use self::{
    catalogs::{Age, Catalogs, Readings as CatalogReadings},
    edit::Edits,
    journal::Journal,
    reading::{Readings, facts_of},
    replies::Answered,
    requests::{Passed, WARNING},
    strict::{Lookups, Strict},
};
use self::{
    journal::Mark,
    names::{Names, Portal, Statement},
    pieces::Cursors,
    replies::Replies,
    requests::{CopyIn, Requests},
};
use crate::filter::guard::Guard;

/// More requests than this wait for no target: the client is read no further until it has answered some.
pub const MOST_WAITING: usize = 16 * 1024;

/// One connection's filter.
pub struct Filter {
    masker: Arc<Masker>,
    guard: Arc<dyn Guard>,
    readings: Arc<Readings>,
    /// What the client's statements have changed so far.
    session: sql::Session,
    /// Where the database's catalog is; without one, names stay what they are.
    catalogs: Option<Arc<dyn Catalogs>>,
    /// The frame that is looked at has waited for a newer catalog already.
    fresh: bool,
    /// What has run since the target was last idle may have changed definitions.
    defined: bool,
    /// The target said which search path is in force.
    path_known: bool,
    /// Statements under way that may change the session.
    changing: Vec<Arc<sql::Reading>>,
    exchange: Exchange<Mark>,
    statements: Names<Statement>,
    portals: Names<Portal>,
    cursors: Cursors,
    requests: Requests,
    replies: Replies,
    /// COPY data that comes from the client now.
    copy_in: Option<CopyIn>,
    /// Strict masking, where columns are marked.
    strict: Option<Strict>,
}

impl Filter {
    /// A filter that masks with `masker`, for a session that is logged in to the target as `login`.
    #[must_use]
    pub fn new(masker: Arc<Masker>, guard: Arc<dyn Guard>, readings: Arc<Readings>, login: &str) -> Self {
        Self {
            masker,
            guard,
            readings,
            session: sql::Session::new(login),
            catalogs: None,
            fresh: false,
            defined: false,
            path_known: false,
            changing: Vec::new(),
            exchange: Exchange::default(),
            statements: Names::default(),
            portals: Names::default(),
            cursors: Cursors::default(),
            requests: Requests::default(),
            replies: Replies::default(),
            copy_in: None,
            strict: None,
        }
    }

    /// Reads statements in the light of the database's catalog.
    #[must_use]
    pub fn with_catalogs(mut self, catalogs: Arc<dyn Catalogs>) -> Self {
        self.catalogs = Some(catalogs);
        self
    }

    /// Masks marked columns strictly from now on.
    #[must_use]
    pub fn strictly(mut self, strict: Option<Strict>) -> Self {
        self.strict = strict.map(|strict| strict.keyed(self.masker.transforms().key()));
        self
    }

    /// The catalog that was asked for has been read, as far as it can be.
    pub fn refreshed(&mut self) {
        self.fresh = true;
    }

    /// Whether the target said by itself which search path is in force.
    #[must_use]
    pub fn knows_path(&self) -> bool {
        self.path_known
    }

    /// What names without a schema mean when the session begins: its search path as `SHOW` prints it, and its role. `None`:
    /// that cannot be told, so they may mean anything of that name.
    pub fn begin(&mut self, path_and_role: Option<(&str, &str)>) {
        match path_and_role {
            Some((path, role)) => self.session.begin_with(path, role),
            None => self.session.begin_without_path(),
        }
    }

    /// How many requests wait for the target's answer.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.exchange.waiting()
    }

    /// Whether the target said by itself why it closes the connection.
    #[must_use]
    pub fn said_goodbye(&self) -> bool {
        self.replies.fatal
    }

    /// The session is over: what waits is never answered.
    pub fn abandon(&mut self, journal: &dyn Journal) {
        let waiting: Vec<Mark> = self.exchange.drain().collect();
        waiting.iter().for_each(|mark| mark.abort(journal));
    }
}

fn client_fault(malformed: Malformed) -> Refusal {
    Refusal::new(Code::Malformed, malformed.to_string())
}

fn target_fault(malformed: Malformed) -> Refusal {
    Refusal::new(Code::TargetProtocol, format!("the target sent what is no PostgreSQL: {malformed}"))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_carry;
#[cfg(test)]
mod tests_collision;
#[cfg(test)]
mod tests_copy;
#[cfg(test)]
mod tests_pieces;
#[cfg(test)]
mod tests_policy;
#[cfg(test)]
mod tests_strict;
