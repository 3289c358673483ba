//! Strict masking of one session (masking design 2.3): every text is judged against the database's catalog and the caller's
//! rights before it passes; what uses a masked column passes as the same statement over masks.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use policy::Verdict;
use proto::{Code, event};
use sql::{
    Catalog,
    lineage::{Marking, Marks, Transform},
    rewrite::{self, Judged, Masked, Refused},
};

use crate::filter::guard::Decision;

/// Where the newest catalog of the session's database is.
pub trait Catalogs: Send + Sync {
    /// The newest that is known.
    fn newest(&self) -> Option<Arc<Catalog>>;
}

/// Sets of markings that are kept ready.
const MOST_MARKS: usize = 16;

/// Strict masking of one session.
pub struct Strict {
    catalogs: Arc<dyn Catalogs>,
    markings: Vec<Marking>,
    session: rewrite::Session,
    ready: HashMap<(u64, BTreeSet<String>), Arc<Marks>>,
    /// Labels that were shown to any text of this session: cursors and statements of SQL's own may still show them.
    shown: BTreeSet<String>,
    /// Definitions may have changed since the catalog was read.
    old: bool,
    /// The catalog cannot be newer for the text that is looked at.
    fresh: bool,
}

/// What to do with a text.
pub(super) enum Judgement {
    /// Pass it, or what stands in its place.
    Pass(Rewrite),
    /// Show it again when the catalog has been read anew.
    Refresh,
    /// Refuse it.
    Refuse(Arc<Decision>),
    /// The target is to say in its own words what it does not know.
    Unknown(Arc<Decision>),
}

/// What is known of a text that passes.
#[derive(Clone, Debug, Default)]
pub(super) struct Rewrite {
    /// What passes in its place.
    pub(super) text: Option<Arc<str>>,
    /// The masked columns that it uses.
    pub(super) masked: Arc<BTreeSet<Masked>>,
    /// Errors of its may quote masked values.
    pub(super) touches: bool,
    /// The labels that its caller could see then.
    pub(super) shown: BTreeSet<String>,
    /// The search path had been changed by then.
    path_changed: bool,
}

impl Strict {
    /// Strict masking by these markings. `path_changed`: the client chose a search path at login.
    #[must_use]
    pub fn new(catalogs: Arc<dyn Catalogs>, markings: Vec<Marking>, path_changed: bool) -> Self {
        let session = rewrite::Session { path_changed, ..rewrite::Session::default() };
        let (ready, shown) = (HashMap::new(), BTreeSet::new());
        Self { catalogs, markings, session, ready, shown, old: false, fresh: false }
    }

    /// The catalog has been read anew, or that failed: what is unknown now stays unknown.
    pub fn refreshed(&mut self) {
        self.fresh = true;
    }

    /// Judges a text for a caller who may see the labels in `revealed`.
    pub(super) fn judge(&mut self, text: &[u8], revealed: &[String]) -> Judgement {
        let Ok(text) = std::str::from_utf8(text) else { return refuse("the statement is not UTF-8") };
        if self.old && !self.fresh {
            return Judgement::Refresh;
        }
        let Some(catalog) = self.catalogs.newest() else { return refuse("the database's catalog is not known") };
        let labels = self.markings.iter().map(|marking| &marking.label);
        let shown: BTreeSet<String> = labels.filter(|label| revealed.contains(label)).cloned().collect();
        let marks = self.marks(&catalog, &shown);
        let judged = rewrite::judge(text, &marks, &mut self.session);
        let fresh = std::mem::take(&mut self.fresh);
        match judged {
            Ok(judged) if judged.recalls && !self.shown.is_subset(&shown) => {
                refuse("the statement was prepared when more could be seen: prepare it again")
            }
            Ok(judged) => {
                self.old = judged.defines;
                self.shown.extend(shown.iter().cloned());
                Judgement::Pass(Rewrite::new(judged, shown, self.session.path_changed))
            }
            Err(Refused::Unknown { .. }) if !fresh => Judgement::Refresh,
            Err(refused @ Refused::Unknown { .. }) => Judgement::Unknown(decision(&refused.to_string())),
            Err(refused) => refuse(&refused.to_string()),
        }
    }

    /// Why a statement that was judged before must not run now, if so.
    pub(super) fn recall(&self, rewrite: &Rewrite, revealed: &[String]) -> Option<Arc<Decision>> {
        let still = rewrite.shown.iter().all(|label| revealed.contains(label));
        // The target finds names anew by the path that is in force.
        let moved = self.session.path_changed && !rewrite.path_changed;
        (!still || moved)
            .then(|| decision("the statement was prepared when other rules were in force: prepare it again"))
    }

    fn marks(&mut self, catalog: &Arc<Catalog>, shown: &BTreeSet<String>) -> Arc<Marks> {
        let key = (catalog.version, shown.clone());
        if let Some(marks) = self.ready.get(&key) {
            return Arc::clone(marks);
        }
        if self.ready.len() >= MOST_MARKS {
            self.ready.clear();
        }
        let hidden = self.markings.iter().filter(|marking| !shown.contains(&marking.label));
        let marks = Arc::new(Marks::new(Arc::clone(catalog), &hidden.cloned().collect::<Vec<_>>()));
        self.ready.insert(key, Arc::clone(&marks));
        marks
    }
}

impl Rewrite {
    fn new(judged: Judged, shown: BTreeSet<String>, path_changed: bool) -> Self {
        let text = judged.text.map(Arc::from);
        Self { text, masked: Arc::new(judged.masked), touches: judged.touches, shown, path_changed }
    }

    /// The events of its masks, for an answer of `rows` rows.
    pub(super) fn events(&self, rows: u64) -> impl Iterator<Item = event::Masked> + '_ {
        self.masked.iter().map(move |masked| event::Masked {
            field: masked.column.clone(),
            label: masked.mark.label.clone(),
            detector: format!("marking {}", masked.mark.source),
            transform: word(masked.mark.transform).into(),
            count: rows,
        })
    }
}

fn word(transform: Transform) -> &'static str {
    match transform {
        Transform::Full => "full",
        Transform::Partial => "partial",
        Transform::Null => "null",
        Transform::Year => "year",
    }
}

fn refuse(why: &str) -> Judgement {
    Judgement::Refuse(decision(why))
}

/// The refusal of a call that would get around the rewrite.
pub(super) fn decision(why: &str) -> Arc<Decision> {
    Arc::new(Decision { verdict: Verdict::refused(why), code: Code::Denied, link: String::new() })
}
