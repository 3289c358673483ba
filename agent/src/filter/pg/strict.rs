//! Strict masking of one session (masking design 2.3): every text is judged against the database's catalog and the caller's
//! rights before it passes; what uses a masked column passes as the same statement over masks.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use masking::TokenKey;
use proto::{Code, Refusal, event};
use protocols::pg::{report, row};
use sql::{
    Catalog, Schemas, Tree,
    lineage::{Mode, Rules, Transform},
    rewrite::{Bound, Carried, Given, Judged, Lookup, Refused, Session, Tokens},
};

use super::{Age, Catalogs, Readings, carry, collision, judges::Judge, tokens, tries::Tries};
use crate::filter::guard::Decision;

/// Names of prepared statements and cursors of SQL's own that are remembered one by one.
const MOST_NAMES: usize = 1000;
/// Smaller object ids are the server's own (`FirstNormalObjectId`).
const FIRST_OF_USERS: u32 = 16_384;

/// Counts look-ups of one caller.
pub trait Lookups: Send + Sync {
    /// Whether a value of a label may be looked up now. Says what for and which one it is.
    ///
    /// # Errors
    /// Why not.
    fn look_up(&self, label: &str, value: &[u8]) -> Result<String, String>;

    /// Whether an error may tell once more that a value of a label is there.
    ///
    /// # Errors
    /// Why not.
    fn may_collide(&self, label: &str) -> Result<(), String>;

    /// Counts an error that tells so; `what` is what the error says. Says which one it is.
    ///
    /// # Errors
    /// That it was one too many.
    fn collide(&self, label: &str, what: &[u8]) -> Result<String, String>;

    /// Counts writes that would have told so by an error, and that were taken back.
    fn undone(&self, label: &str, tries: u32);
}

/// Names of statements and portals with raw columns that one session may use.
const MOST_RAW: usize = 64 * 1024;
const RAW: &str =
    "it runs or reads by SQL what was prepared by the protocol, with look-ups or tokens that are made here";

/// Strict masking of one session.
pub struct Strict {
    catalogs: Arc<dyn Catalogs>,
    rules: Arc<Rules>,
    session: Session,
    /// Counts look-ups.
    counter: Option<Arc<dyn Lookups>>,
    /// Writes that may be taken back.
    pub(super) tries: Tries,
    /// Makes tokens of what statements give.
    key: Option<TokenKey>,
    /// What judges now.
    now: Option<Now>,
    /// Labels that each statement or cursor of SQL's own may show.
    names: HashMap<String, BTreeSet<String>>,
    /// Labels that were shown to any text of this session.
    shown: BTreeSet<String>,
    /// Definitions may have changed since the catalog was read.
    old: bool,
    /// Tables that the target told of and the catalog did not have.
    unknown: HashSet<u32>,
    /// They have: only a reading with a higher number counts.
    redefined: Option<u64>,
    /// Statements and portals of the protocol whose rows are raw until they have been read here: SQL must not read them.
    raw: HashSet<Vec<u8>>,
    /// What statements and cursors of SQL's own that this session made may do, all together.
    recalled: Recalled,
    /// What an administrator should know, told and to be told.
    told: BTreeSet<String>,
    warnings: Vec<String>,
}

/// What is prepared may do.
#[derive(Default)]
struct Recalled {
    touches: bool,
    collides: BTreeSet<String>,
}

/// A judge and what it is for.
#[derive(Clone)]
struct Now {
    version: u64,
    revealed: Vec<String>,
    sends: Vec<String>,
    shown: Arc<BTreeSet<String>>,
    sent: Arc<BTreeSet<String>>,
    judge: Arc<Judge>,
}

/// Labels that a caller has rights on.
#[derive(Clone, Copy)]
pub(super) struct Rights<'a> {
    /// Those whose values may be seen.
    pub(super) revealed: &'a [String],
    /// Those whose values may be sent as they are.
    pub(super) sends: &'a [String],
}

/// What to do with a text.
pub(super) enum Judgement {
    /// Pass it, or what stands in its place.
    Pass(Rewrite),
    /// Show it again when the catalog has been read anew.
    Refresh,
    /// Refuse it.
    Refuse(Arc<Decision>),
    /// Refuse it: it runs what was prepared under other rules.
    Stale(Arc<Decision>),
    /// The target is to say in its own words what it does not know.
    Unknown(Arc<Decision>),
}

/// What is known of a text that passes.
#[derive(Clone, Debug, Default)]
pub(super) struct Rewrite {
    judged: Arc<Judged>,
    /// The labels that its caller could see then, and send.
    shown: Arc<BTreeSet<String>>,
    sent: Arc<BTreeSet<String>>,
    /// What passes in its place.
    text: Option<Arc<str>>,
    /// The catalog that it was judged by.
    version: u64,
    /// The search path that its names were looked up in, if it matters.
    path: Option<(bool, Vec<Schemas>)>,
    /// It runs or reads what was prepared, and that may touch marked relations.
    recalls: bool,
}

impl Strict {
    /// Strict masking by these rules. `path_changed`: the client chose a search path at login.
    #[must_use]
    pub fn new(catalogs: Arc<dyn Catalogs>, rules: Rules, path_changed: bool) -> Self {
        let session = Session { path_changed, ..Session::default() };
        let (names, shown) = (HashMap::new(), BTreeSet::new());
        Self {
            catalogs,
            rules: Arc::new(rules),
            session,
            counter: None,
            tries: Tries::default(),
            key: None,
            now: None,
            names,
            shown,
            old: false,
            unknown: HashSet::new(),
            redefined: None,
            raw: HashSet::new(),
            recalled: Recalled::default(),
            told: BTreeSet::new(),
            warnings: Vec::new(),
        }
    }

    /// The same where these count and allow look-ups.
    #[must_use]
    pub fn counted_by(self, counter: Arc<dyn Lookups>) -> Self {
        Self { tries: Tries::counted_by(Arc::clone(&counter)), counter: Some(counter), ..self }
    }

    /// The same where this key makes tokens of what statements give.
    #[must_use]
    pub(super) fn keyed(self, key: Option<&TokenKey>) -> Self {
        Self { key: key.cloned(), ..self }
    }

    /// The key of tokens.
    pub(super) fn key(&self) -> Option<&TokenKey> {
        self.key.as_ref()
    }

    /// Whether the database does not get all that statements give.
    pub(super) fn carries(&self) -> bool {
        self.rules.markings.iter().any(|marking| marking.mode != Mode::Record)
    }

    /// Whether a value may be looked up now; says what is written down of it, or why not.
    pub(super) fn look_up(&self, lookup: &Lookup, value: Option<&[u8]>) -> Result<String, String> {
        let column = &lookup.column;
        let value = value.ok_or_else(|| format!("the value that {column} is compared with cannot be read"))?;
        let counter = self.counter.as_ref().ok_or("nobody counts look-ups")?;
        let said = counter.look_up(&lookup.mark.label, value)?;
        Ok(format!("{column}: {said}"))
    }

    /// Where names without a schema may be looked up, for each statement of the text that is judged next.
    pub(super) fn looks_in(&mut self, schemas: Vec<Schemas>) {
        self.session.schemas = schemas;
    }

    /// Where names without a schema are looked up.
    fn path(&self) -> (bool, Vec<Schemas>) {
        let changed = self.session.path_changed;
        (changed, if changed { self.session.schemas.clone() } else { Vec::new() })
    }

    /// Judges a text for a caller with these rights. `fresh`: the catalog has just been read anew, or that
    /// failed, so what is unknown stays unknown.
    pub(super) fn judge(
        &mut self,
        readings: &Readings,
        (text, tree): (&[u8], Option<&Tree>),
        rights: Rights<'_>,
        fresh: bool,
    ) -> Judgement {
        let Ok(text) = std::str::from_utf8(text) else { return refuse("the statement is not UTF-8") };
        if let Some(judgement) = self.too_old(fresh) {
            return judgement;
        }
        let Some(catalog) = self.catalogs.newest() else { return refuse("the database's catalog is not known") };
        let now = self.now(readings, &catalog, rights);
        match now.judge.text(text, tree, &mut self.session) {
            Ok(judged) if self.reads_raw(&judged) => refuse(RAW),
            Ok(judged) if judged.pinned && !fresh && self.catalogs.may_get_newer() => Judgement::Refresh,
            Ok(judged) if judged.recalls.iter().any(|name| !self.may_show(name).is_subset(&now.shown)) => {
                Judgement::Stale(decision("what it runs was prepared when more could be seen: prepare it again"))
            }
            Ok(judged) => {
                if let Err(why) = self.may_collide(&judged) {
                    return refuse(&why);
                }
                self.old = judged.defines;
                self.remember(&judged, &now.shown);
                let (version, path) = (now.version, judged.by_path.then(|| self.path()));
                let recalls = self.recalled.touches && !judged.recalls.is_empty();
                match carry::text(&judged, self.key()) {
                    Ok(text) => {
                        let (shown, sent) = (now.shown, now.sent);
                        Judgement::Pass(Rewrite { judged, shown, sent, text, version, path, recalls })
                    }
                    Err(why) => refuse(&why),
                }
            }
            Err(Refused::Unknown { .. }) if !fresh => Judgement::Refresh,
            // What is not allowed may be so by now.
            Err(_) if !fresh && !self.rules.functions.is_empty() && self.catalogs.may_get_newer() => Judgement::Refresh,
            Err(refused @ Refused::Unknown { .. }) => Judgement::Unknown(decision(&refused.to_string())),
            Err(refused) => refuse(&refused.to_string()),
        }
    }

    /// Judges a prepared statement again that is to run now. Passes if what was prepared is what would be prepared now, or
    /// hides more.
    pub(super) fn judge_again(
        &mut self,
        readings: &Readings,
        rewrite: Option<&Rewrite>,
        text: &str,
        rights: Rights<'_>,
        fresh: bool,
    ) -> Judgement {
        let stale = || Judgement::Stale(decision("it was prepared when other rules were in force: prepare it again"));
        let Some(rewrite) = rewrite else { return stale() };
        if let Some(judgement) = self.too_old(fresh) {
            return judgement;
        }
        let Some(catalog) = self.catalogs.newest() else { return stale() };
        let now = self.now(readings, &catalog, rights);
        let same = now.version == rewrite.version && rewrite.path.as_ref().is_none_or(|path| *path == self.path());
        if self.reads_raw(&rewrite.judged) {
            return refuse(RAW);
        }
        if same && rewrite.judged.pinned && !fresh && self.catalogs.may_get_newer() {
            return Judgement::Refresh;
        }
        if let Err(why) = self.may_collide(&rewrite.judged) {
            return refuse(&why);
        }
        if same && rewrite.shown.is_subset(&now.shown) && rewrite.sent.is_subset(&now.sent) {
            return Judgement::Pass(rewrite.clone());
        }
        match self.judge(readings, (text.as_bytes(), None), rights, fresh) {
            Judgement::Pass(again) if again.is_the_same_as(rewrite) => Judgement::Pass(again),
            Judgement::Pass(_) | Judgement::Unknown(_) => stale(),
            other => other,
        }
    }

    /// A statement or portal of the protocol, by its name, may give raw columns or look something up. The unnamed ones can be read by nobody else.
    pub(super) fn is_raw(&mut self, name: &[u8], rewrite: Option<&Rewrite>) -> Result<(), Refusal> {
        let plain = |rewrite: &Rewrite| {
            rewrite.judged.tokens.is_none() && rewrite.judged.lookup.is_none() && rewrite.judged.carried.is_empty()
        };
        if name.is_empty() || rewrite.is_none_or(plain) {
            return Ok(());
        }
        self.raw.insert(tokens::kept_name(name));
        if self.raw.len() > MOST_RAW {
            return Err(Refusal::new(Code::TooLarge, "too many names of prepared statements and portals"));
        }
        Ok(())
    }

    /// Whether it runs or reads what has raw columns.
    fn reads_raw(&self, judged: &Judged) -> bool {
        judged.recalls.iter().any(|name| self.raw.contains(&tokens::kept_name(name.as_bytes())))
    }

    fn now(&mut self, readings: &Readings, catalog: &Arc<Catalog>, rights: Rights<'_>) -> Now {
        let Rights { revealed, sends } = rights;
        let is_now = |now: &&Now| now.version == catalog.version && now.revealed == revealed && now.sends == sends;
        if let Some(now) = self.now.as_ref().filter(is_now) {
            return now.clone();
        }
        let labels = || self.rules.markings.iter().map(|marking| &marking.label);
        let shown: BTreeSet<String> = labels().filter(|label| revealed.contains(label)).cloned().collect();
        let sent: BTreeSet<String> = labels().filter(|label| sends.contains(label)).cloned().collect();
        let judge = readings.judges.of(catalog, &self.rules, (&shown, &sent));
        let warnings = judge.warnings(&self.rules);
        self.warnings.extend(warnings.iter().filter(|one| self.told.insert((*one).clone())).cloned());
        let (version, shown, sent) = (catalog.version, Arc::new(shown), Arc::new(sent));
        let now = Now { version, revealed: revealed.to_vec(), sends: sends.to_vec(), shown, sent, judge };
        self.now.insert(now).clone()
    }

    /// Labels that what has this name may show.
    fn may_show(&self, name: &str) -> &BTreeSet<String> {
        self.names.get(name).unwrap_or(&self.shown)
    }

    fn remember(&mut self, judged: &Judged, shown: &BTreeSet<String>) {
        self.shown.extend(shown.iter().filter(|label| !self.shown.contains(*label)).cloned().collect::<Vec<_>>());
        if !judged.prepares.is_empty() {
            self.recalled.touches |= judged.touches;
            self.recalled.collides.extend(judged.collides.iter().cloned());
        }
        for name in &judged.prepares {
            if self.names.len() < MOST_NAMES || self.names.contains_key(name) {
                // Until it has run, what had this name before may still have it.
                self.names.entry(name.clone()).or_default().extend(shown.iter().cloned());
            }
        }
    }

    /// Definitions may have changed: the next text waits for the catalog.
    pub(super) fn redefined(&mut self) {
        self.redefined = Some(self.catalogs.readings().begun);
    }

    /// The target describes columns: one of a table that the catalog does not have makes it old, once for each such table.
    pub(super) fn told_of(&mut self, columns: &[row::Column]) {
        let Some(now) = &self.now else { return };
        let unknown = |oid: &u32| *oid >= FIRST_OF_USERS && !now.judge.marks.has_relation(*oid);
        for oid in columns.iter().map(|column| column.table_oid).filter(unknown) {
            self.old |= self.unknown.len() < MOST_NAMES && self.unknown.insert(oid);
        }
    }

    /// What becomes of a text if the catalog is too old for it.
    fn too_old(&mut self, fresh: bool) -> Option<Judgement> {
        match self.age() {
            Age::Young => None,
            _ if !fresh => Some(Judgement::Refresh),
            // Whoever changes definitions in a transaction keeps them from being read: what was known before counts.
            Age::Old => None,
            Age::TooOld => Some(refuse("the database's catalog cannot be read, and it may have changed")),
        }
    }

    /// How old the catalog is for this session.
    fn age(&mut self) -> Age {
        let newest = self.catalogs.readings().newest;
        self.redefined = self.redefined.filter(|begun| newest <= *begun);
        match self.catalogs.age() {
            _ if self.redefined.is_some() => Age::TooOld,
            Age::Young if self.old => Age::Old,
            Age::Old if !self.catalogs.may_get_newer() => Age::Young,
            age => age,
        }
    }

    /// What an administrator should know and has not been told.
    pub(super) fn warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// Whether an error of a text may tell once more that a value is there.
    fn may_collide(&self, judged: &Judged) -> Result<(), String> {
        let Some(counter) = &self.counter else { return Ok(()) };
        collides(&self.recalled, judged).try_for_each(|label| counter.may_collide(label))
    }

    /// A text has run, or part of it.
    pub(super) fn ran(&mut self, rewrite: &Rewrite, well: bool) {
        self.tries.ran(collides(&self.recalled, &rewrite.judged), well);
    }

    /// What an error of the target tells of masked values, counted: an event, or why it must not be told.
    pub(super) fn collided(
        &mut self,
        body: &[u8],
        touches: bool,
        rewrite: Option<&Rewrite>,
    ) -> Result<Option<event::Masked>, String> {
        let Some(now) = &self.now else { return Ok(None) };
        let Some((label, column)) = collision::told(&now.judge.marks, body, touches) else { return Ok(None) };
        // A check is never put off, and of a row that is all the caller's own it tells nothing.
        let own = |rewrite: &Rewrite| !collides(&self.recalled, &rewrite.judged).any(|one| *one == label);
        if report::sqlstate(body) == Some(collision::CHECK) && rewrite.is_some_and(own) {
            return Ok(None);
        }
        let counter = self.counter.as_ref().ok_or("nobody counts what errors tell")?;
        let transform = counter.collide(&label, &collision::what(body))?;
        self.tries.collided();
        Ok(Some(event::Masked { field: column, label, detector: "constraint".into(), transform, count: 1 }))
    }

    /// A text went well: the names that it gave were free.
    pub(super) fn went_well(&mut self, rewrite: &Rewrite) {
        for name in &rewrite.judged.prepares {
            if let Some(known) = self.names.get_mut(name) {
                known.clone_from(&rewrite.shown);
            }
        }
    }
}

impl Rewrite {
    /// What passes in its place; `None` if it passes as it is.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Whether both send and mask the same.
    fn is_the_same_as(&self, other: &Self) -> bool {
        self.text == other.text && self.judged.carried == other.judged.carried
    }

    /// Whether there are values that the database does not get.
    pub(super) fn carries(&self) -> bool {
        !self.judged.carried.is_empty()
    }

    /// Whether the value of this parameter is one, counted from 1.
    pub(super) fn carries_parameter(&self, number: usize) -> bool {
        self.judged.carried.iter().any(|carried| carried.given == Given::Parameter(number))
    }

    /// Whether it may still send what it was prepared to send as it is.
    pub(super) fn may_send(&self, sends: &[String]) -> bool {
        self.sent.iter().all(|label| sends.contains(label))
    }

    /// Values that the database does not get.
    pub(super) fn carried(&self) -> &[Carried] {
        &self.judged.carried
    }

    /// Values of marked columns in it.
    pub(super) fn bound(&self) -> &Bound {
        &self.judged.bound
    }

    /// What it looks up.
    pub(super) fn lookup(&self) -> Option<&Lookup> {
        self.judged.lookup.as_ref()
    }

    /// What its rows have raw.
    pub(super) fn tokens(&self) -> Option<Arc<Tokens>> {
        self.judged.tokens.clone()
    }

    /// Whether errors of its may quote masked values.
    pub(super) fn touches(&self) -> bool {
        self.judged.touches || self.recalls
    }

    /// Whether errors of its may be those of statements before it.
    pub(super) fn settles(&self) -> bool {
        self.judged.settles
    }

    /// The events of its masks, for an answer of `rows` rows.
    pub(super) fn events(&self, rows: u64) -> impl Iterator<Item = event::Masked> + '_ {
        self.judged.masked.iter().map(move |masked| event::Masked {
            field: masked.column.clone(),
            label: masked.mark.label.clone(),
            detector: format!("marking {}", masked.mark.source),
            transform: word(masked.mark.transform).into(),
            count: rows,
        })
    }
}

/// Labels of which errors of a text may tell whether a value is there.
fn collides<'a>(recalled: &'a Recalled, judged: &'a Judged) -> impl Iterator<Item = &'a String> {
    let recalled = recalled.collides.iter().filter(|_| !judged.recalls.is_empty());
    judged.collides.iter().chain(recalled)
}

fn word(transform: Transform) -> &'static str {
    match transform {
        Transform::Full => "full",
        Transform::Partial => "partial",
        Transform::Constant => "constant",
        Transform::Token => "token",
        Transform::Null => "null",
        Transform::Year => "year",
    }
}

fn refuse(why: &str) -> Judgement {
    Judgement::Refuse(decision(why))
}

/// The refusal of a call that would get around the rewrite.
pub(super) fn decision(why: &str) -> Arc<Decision> {
    Arc::new(Decision::unmaskable(why, 0))
}

/// The bundle that is in force stands with what masking refuses, too.
pub(super) fn under(bundle: u64, decision: &mut Arc<Decision>) {
    if decision.by_masking && decision.verdict.bundle != bundle {
        Arc::make_mut(decision).verdict.bundle = bundle;
    }
}
