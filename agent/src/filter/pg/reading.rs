//! What a statement does, as policy takes it. Readings are shared by all sessions of an agent where they do not depend on one.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use policy::{Argument, Effect, Facts, Function};
use sql::{Catalog, Depends};

use super::judges::Judges;
use crate::filter::guard::Judged;

/// Readings that are kept.
const MOST: usize = 2048;
/// Bytes of text that are kept.
const MOST_TEXT: usize = 8 * 1024 * 1024;
/// Longer texts are read each time.
const LONGEST_KEPT: usize = 64 * 1024;

/// A text and what it does.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) reading: Arc<sql::Reading>,
    pub(super) judged: Arc<Judged>,
}

/// Readings by session key, catalog and text. One for all sessions of an agent.
#[derive(Default)]
pub struct Readings {
    read: Mutex<Shelf>,
    /// What strict masking says of texts.
    pub(super) judges: Judges,
}

/// How the session reads names, the catalog's version, and whether trees are kept.
type Key = (Arc<str>, u64, bool);

#[derive(Default)]
struct Shelf {
    read: HashMap<Key, HashMap<Box<str>, Read>>,
    /// Texts that differ in their literals only do the same: they share what is judged.
    judged: HashMap<[u8; 32], Arc<Judged>>,
    count: usize,
    bytes: usize,
}

impl Readings {
    /// What `text` does in `session`; with its tree if that is of use.
    pub(super) fn read(&self, session: &sql::Session, catalog: Option<&Catalog>, text: &str, tree: bool) -> Read {
        let key = (Arc::clone(session.key()), catalog.map_or(0, |catalog| catalog.version), tree);
        if let Some(known) = self.lock().read.get(&key).and_then(|texts| texts.get(text)) {
            return known.clone();
        }
        let mut reading = session.read(text, catalog);
        if !tree {
            reading = reading.without_tree();
        }
        let read = Read { judged: Judged::new(facts(&reading.facts)), reading };
        if read.reading.depends != Depends::Session && text.len() <= LONGEST_KEPT {
            self.keep(key, text, &read);
        }
        read
    }

    /// What `text` does in a session of a database whose catalog is not known: read once, and remembered.
    #[must_use]
    pub fn judged(&self, session: &sql::Session, text: &str) -> Arc<Judged> {
        self.read(session, None, text, false).judged
    }

    fn keep(&self, key: Key, text: &str, read: &Read) {
        let mut shelf = self.lock();
        if shelf.count >= MOST || shelf.bytes + text.len() > MOST_TEXT {
            *shelf = Shelf::default();
        }
        shelf.count += 1;
        shelf.bytes += text.len();
        let judged = Arc::clone(shelf.judged.entry(read.judged.key).or_insert_with(|| Arc::clone(&read.judged)));
        shelf.read.entry(key).or_default().insert(text.into(), Read { judged, ..read.clone() });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the text does, in policy's words. Each verb is a function of the connection.
fn facts(read: &sql::Facts) -> Facts {
    let effect = match read.effect() {
        sql::Effect::Session | sql::Effect::Read => Effect::Read,
        sql::Effect::Write => Effect::Write,
        sql::Effect::Admin | sql::Effect::Unknown => Effect::Admin,
    };
    let word = |value: &dyn Fn() -> Option<String>| value().unwrap_or_else(|| "unknown".into());
    let verbs: BTreeSet<String> = read.verbs.iter().map(|verb| word(&|| spelled(verb))).collect();
    let mut functions: BTreeSet<Function> = verbs.iter().map(|verb| Function { name: verb.clone(), effect }).collect();
    if functions.is_empty() {
        // An empty text, or only comments: the server answers it without doing anything.
        functions.insert(Function { name: "show".into(), effect });
    }
    let names = |names: &BTreeSet<sql::Name>| names.iter().map(ToString::to_string).collect();
    Facts {
        functions,
        verbs,
        reads: names(&read.reads),
        writes: names(&read.writes),
        columns: read.columns.clone(),
        calls: read.functions.clone(),
        opaque: read.opaque.clone(),
        ddl: read.ddl.clone(),
        cascade: read.cascade,
        external: read.external.iter().filter_map(spelled).collect(),
        settings: read.settings.clone(),
        filtered: read.filtered,
        bounded: read.bounded,
        packed: read.packed,
        temporary: read.is_temporary(),
        dynamic: read.dynamic,
        unknown: read.unknown.clone(),
        statements: read.statements,
        arguments: certain(read).filter_map(|(name, value)| Some((name.clone(), value?))).collect(),
        ..Facts::default()
    }
}

/// The same once the values are known that decide whether it is limited; `written` is what it does with them, if that can be read.
pub(super) fn with_values(read: &Read, written: Option<&sql::Facts>) -> Read {
    let facts = facts(&read.reading.facts.with_values(written));
    let unknown = read.judged.facts.unknown.clone().or_else(|| facts.unknown.clone());
    let facts = Facts { unknown, ..facts };
    Read { judged: Judged::new(facts), reading: Arc::clone(&read.reading) }
}

/// What EXECUTE gives, as arguments. Beside other statements it says nothing about those.
fn certain(read: &sql::Facts) -> impl Iterator<Item = (&String, Option<Argument>)> {
    let alone = read.statements == 1;
    read.parameters.iter().map(move |(name, value)| (name, value.clone().filter(|_| alone).map(Argument::Text)))
}

/// The first parameter of an EXECUTE that policy looks at and that is not certain.
pub(super) fn uncertain(read: &sql::Facts, wanted: impl Fn(&str) -> bool) -> Option<String> {
    certain(read).find(|(name, value)| value.is_none() && wanted(name)).map(|(name, _)| name.clone())
}

/// The word that serialisation uses.
fn spelled(value: &impl serde::Serialize) -> Option<String> {
    serde_json::to_value(value).ok()?.as_str().map(str::to_owned)
}

/// What cannot be read at all.
pub(super) fn unreadable(reason: &str) -> Arc<Judged> {
    Judged::new(facts(&sql::Facts::unknown(reason)))
}

/// What was read, but cannot be judged for this reason.
pub(super) fn unreadable_in(reading: &sql::Reading, reason: &str) -> Arc<Judged> {
    Judged::new(Facts { unknown: Some(reason.to_owned()), ..facts(&reading.facts) })
}

/// FunctionCall names a function by its number. Those of large objects are the server's own and never change; drivers
/// call no others.
pub(super) fn function_call(oid: u32) -> Arc<Judged> {
    let known = match oid {
        952 => Some(("lo_open", Effect::Write)),
        953 => Some(("lo_close", Effect::Read)),
        954 => Some(("loread", Effect::Read)),
        955 => Some(("lowrite", Effect::Write)),
        956 | 3170 => Some(("lo_lseek", Effect::Read)),
        957 | 715 => Some(("lo_creat", Effect::Write)),
        958 | 3171 => Some(("lo_tell", Effect::Read)),
        964 => Some(("lo_unlink", Effect::Write)),
        1004 | 3172 => Some(("lo_truncate", Effect::Write)),
        _ => None,
    };
    let Some((name, effect)) = known else { return unreadable("a function called by its number") };
    Judged::new(Facts {
        functions: BTreeSet::from([Function { name: "call".into(), effect }]),
        verbs: BTreeSet::from(["call".into()]),
        calls: BTreeSet::from([format!("pg_catalog.{name}")]),
        filtered: true,
        bounded: true,
        statements: 1,
        ..Facts::default()
    })
}

/// What a text does in a session that has not changed anything yet, without a catalog.
#[must_use]
pub fn facts_of(text: &str) -> Facts {
    facts(&sql::Session::new("").read(text, None).facts)
}
