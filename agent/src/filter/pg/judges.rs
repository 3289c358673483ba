//! What strict masking says of texts, kept for all sessions of an agent: spreading markings over a catalog and rewriting a
//! statement cost more than everything else that happens to it. What is kept belongs to one version of a catalog, one set of
//! markings and one set of labels that may be seen; a text that depends on its session besides is judged each time.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use sql::{
    Catalog, Schemas, Tree,
    lineage::{Marking, Marks, Mode, Rules},
    rewrite::{self, Judged, Refused, Session},
};

/// Sets of marks that are kept.
const MOST: usize = 32;
/// Texts that are kept for each.
const MOST_TEXTS: usize = 4096;
/// Bytes of text that are kept for each.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Longer texts are judged each time.
const LONGEST: usize = 64 * 1024;

/// Judges by what they judge by.
#[derive(Default)]
pub(super) struct Judges(Mutex<HashMap<Key, Arc<Judge>>>);

/// The catalog's version, the connection's rules, and the labels that may be seen, and that may be sent.
type Key = (u64, Arc<Rules>, BTreeSet<String>, BTreeSet<String>);

/// Judges texts for callers who may see the same.
pub(super) struct Judge {
    pub(super) marks: Marks,
    known: Mutex<Known>,
    warnings: OnceLock<Vec<String>>,
}

/// What was said of texts.
type Texts = HashMap<Box<str>, Result<Arc<Judged>, Refused>>;

#[derive(Default)]
struct Known {
    /// By text, for sessions whose search path is what the catalog says.
    plain: Texts,
    /// What the search path does not matter to, for sessions that changed it.
    any: Texts,
    /// The rest, by the search path.
    by_path: HashMap<Vec<Schemas>, Texts>,
    count: usize,
    bytes: usize,
}

impl Known {
    fn get(&self, session: &Session, text: &str) -> Option<&Result<Arc<Judged>, Refused>> {
        match session.path_changed {
            false => self.plain.get(text),
            true => self.any.get(text).or_else(|| self.by_path.get(&session.schemas)?.get(text)),
        }
    }

    fn of(&mut self, session: &Session, judged: &Result<Arc<Judged>, Refused>) -> &mut Texts {
        match judged {
            _ if !session.path_changed => &mut self.plain,
            Ok(judged) if !judged.by_path => &mut self.any,
            _ => self.by_path.entry(session.schemas.clone()).or_default(),
        }
    }
}

impl Judges {
    /// The judge for callers who may see the labels in `shown`, and send those in `sent` as they are.
    pub(super) fn of(
        &self,
        catalog: &Arc<Catalog>,
        rules: &Arc<Rules>,
        (shown, sent): (&BTreeSet<String>, &BTreeSet<String>),
    ) -> Arc<Judge> {
        let key = (catalog.version, Arc::clone(rules), shown.clone(), sent.clone());
        if let Some(judge) = self.lock().get(&key) {
            return Arc::clone(judge);
        }
        let hidden = |marking: &&Marking| !shown.contains(&marking.label) && !marking.holds_tokens;
        let carried = |marking: &&Marking| marking.mode != Mode::Record && !sent.contains(&marking.label);
        let hidden: Vec<Marking> = rules.markings.iter().filter(hidden).cloned().collect();
        let carried: Vec<Marking> = rules.markings.iter().filter(carried).cloned().collect();
        let marks = Marks::new(Arc::clone(catalog), &hidden).allowing(&rules.functions);
        let marks = marks.looking_up(&rules.lookups).carrying(&carried);
        let judge = Arc::new(Judge { marks, known: Mutex::default(), warnings: OnceLock::new() });
        let mut judges = self.lock();
        if judges.len() >= MOST {
            judges.clear();
        }
        judges.insert(key, Arc::clone(&judge));
        judge
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Arc<Judge>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Judge {
    /// What an administrator should know about the connection's rules in this database.
    pub(super) fn warnings(&self, rules: &Rules) -> &[String] {
        self.warnings.get_or_init(|| self.marks.warnings(&rules.markings))
    }

    /// Judges a text in a session.
    pub(super) fn text(&self, text: &str, tree: Option<&Tree>, session: &mut Session) -> Result<Arc<Judged>, Refused> {
        // What the session made itself is known to nobody else.
        let alone = !session.made.is_empty() || !session.made_functions.is_empty();
        if !alone && let Some(known) = self.lock().get(session, text) {
            return known.clone();
        }
        let before = (!alone && text.len() <= LONGEST).then(|| session.clone());
        let judged = match tree {
            Some(tree) => rewrite::judge_tree(text, tree, &self.marks, session),
            None => rewrite::judge(text, &self.marks, session),
        };
        let judged = judged.map(Arc::new);
        if before.is_some_and(|before| before == *session) {
            self.keep(session, text, &judged);
        }
        judged
    }

    fn keep(&self, session: &Session, text: &str, judged: &Result<Arc<Judged>, Refused>) {
        let mut known = self.lock();
        if known.count >= MOST_TEXTS || known.bytes + text.len() > MOST_BYTES {
            *known = Known::default();
        }
        known.count += 1;
        known.bytes += text.len();
        known.of(session, judged).insert(text.into(), judged.clone());
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
