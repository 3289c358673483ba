//! Catalogs of targets' databases: read over a connection of their own, kept for all sessions of one database, and read
//! anew when a statement changed definitions, names what is not known, or a minute has passed. Except for strict masking,
//! a session never waits for it to begin.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::BytesMut;
use proto::{Code, PostgresSettings, Refusal};
use protocols::pg::{
    encode,
    frame::{HEADER, Side, back, front, peek},
    report, row,
};
use sql::{Catalog, catalog::LOAD};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{
    connect::{self, Opened, Wire},
    enforced::Proofs,
};
use crate::{
    filter::{
        self,
        pg::{Age, CatalogReadings},
    },
    target::{Context, context::Door},
};

/// How long reading a catalog may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// An older catalog is read anew.
const OLDEST: Duration = Duration::from_secs(60);
/// For an older one strict masking waits until it has been read anew.
const WAITED_FOR: Duration = Duration::from_secs(120);
/// By an older one nothing is masked strictly.
const USELESS: Duration = Duration::from_secs(600);
/// After that a newer one is not asked for again at once.
const SHORTEST_GAP: Duration = Duration::from_secs(1);
/// After a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// How long a statement waits for a newer catalog, where nothing is masked strictly.
const PATIENCE: Duration = Duration::from_secs(3);
/// A larger catalog is not read, in bytes.
const LARGEST: usize = 128 * 1024 * 1024;
/// Catalogs beyond these numbers, and bytes, are forgotten when nobody uses them.
const MOST: usize = 64;
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// The catalogs that this agent knows.
#[derive(Default)]
pub struct Catalogs(Mutex<HashMap<Place, Arc<Shared>>>, pub(super) Proofs);

/// Address, login and database.
pub(super) type Place = (String, String, String);

/// The catalog of one database, as one login sees it.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    reading: tokio::sync::Mutex<()>,
    background: Mutex<Background>,
}

#[derive(Default)]
struct State {
    newest: Option<Arc<Catalog>>,
    /// When reading the newest began.
    began: Option<Instant>,
    /// How long that took.
    took: Duration,
    /// How many readings have begun, and which of them was the newest.
    readings: u64,
    number: u64,
    /// When it could not be read.
    failed: Option<Instant>,
    /// Bytes of the answer it was made of.
    size: usize,
}

/// Reading that no session waits for.
#[derive(Default)]
struct Background {
    runs: bool,
    again: bool,
}

impl Catalogs {
    fn of(&self, place: Place) -> Arc<Shared> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(&place) {
            make_room(&mut known);
        }
        Arc::clone(known.entry(place).or_default())
    }
}

/// Forgets catalogs that no session uses, oldest first, until few and small enough are left.
fn make_room(known: &mut HashMap<Place, Arc<Shared>>) {
    let mut unused: Vec<(Option<Instant>, Place)> = known
        .iter()
        .filter(|(_, shared)| Arc::strong_count(shared) == 1)
        .map(|(place, shared)| (shared.lock().began, place.clone()))
        .collect();
    unused.sort();
    let mut unused = unused.into_iter();
    let mut bytes: usize = known.values().map(|shared| shared.lock().size).sum();
    while known.len() >= MOST || bytes > MOST_BYTES {
        let Some((_, place)) = unused.next() else { return };
        bytes -= known.remove(&place).map_or(0, |shared| shared.lock().size);
    }
}

impl filter::pg::Catalogs for Shared {
    fn newest(&self) -> Option<Arc<Catalog>> {
        self.lock().newest.clone()
    }

    fn may_get_newer(&self) -> bool {
        self.lock().may_get_newer()
    }

    fn readings(&self) -> CatalogReadings {
        let state = self.lock();
        CatalogReadings { begun: state.readings, newest: state.number }
    }

    fn age(&self) -> Age {
        match self.lock().began.map(|began| began.elapsed()) {
            Some(age) if age < WAITED_FOR => Age::Young,
            Some(age) if age < USELESS => Age::Old,
            _ => Age::TooOld,
        }
    }
}

impl State {
    fn may_get_newer(&self) -> bool {
        let failed = self.failed.is_some_and(|failed| failed.elapsed() < AFTER_FAILURE);
        // A large catalog is not read all the time for names that nobody has.
        let gap = (self.took * 20).clamp(SHORTEST_GAP, OLDEST);
        !failed && self.began.is_none_or(|began| began.elapsed() > gap)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the newest one is too old to begin with.
    fn is_old(&self) -> bool {
        self.lock().began.is_none_or(|began| began.elapsed() > OLDEST)
    }

    /// Whether it is old, and was not tried in vain just now.
    fn is_due(&self) -> bool {
        let state = self.lock();
        state.began.is_none_or(|began| began.elapsed() > OLDEST) && state.may_get_newer()
    }

    /// Reads the catalog anew, unless somebody else did after this was asked for. If that fails the older one stays.
    async fn refresh(&self, reader: &Reader) -> Result<(), Refusal> {
        let asked = Instant::now();
        let _turn = self.reading.lock().await;
        if self.lock().began.is_some_and(|began| began > asked) {
            return Ok(());
        }
        let began = Instant::now();
        let number = {
            let mut state = self.lock();
            state.readings += 1;
            state.readings
        };
        let loaded = tokio::time::timeout(DEADLINE, Box::pin(load(reader))).await;
        match loaded.map_err(|_| unreadable()).flatten() {
            Ok((catalog, size)) => {
                let mut state = self.lock();
                let same = state.newest.as_ref().filter(|known| known.says_the_same(&catalog)).cloned();
                // What is known about texts is kept by version, so the old one stays where nothing has changed.
                state.newest = Some(same.unwrap_or_else(|| Arc::new(catalog)));
                state.number = number;
                (state.began, state.took, state.size, state.failed) = (Some(began), began.elapsed(), size, None);
                Ok(())
            }
            Err(refusal) => {
                self.lock().failed = Some(Instant::now());
                Err(refusal)
            }
        }
    }
}

/// Reads the catalog of one session's database.
pub(super) struct Reader {
    shared: Arc<Shared>,
    door: Door,
    settings: PostgresSettings,
    database: String,
    /// Statements wait for as long as it takes: without a catalog nothing can be masked strictly.
    strict: bool,
}

impl Reader {
    /// For one session.
    ///
    /// # Errors
    /// The refusal for the client if it wants a database that is not open to it.
    pub(super) fn new(context: &Context, settings: &PostgresSettings) -> Result<Arc<Self>, Refusal> {
        let database = connect::database(context, settings)?.to_owned();
        let place = (context.grant.address.clone(), settings.login.clone(), database.clone());
        let (shared, strict) = (context.catalogs.of(place), settings.masking.is_strict());
        Ok(Arc::new(Self { shared, door: context.door(), settings: settings.clone(), database, strict }))
    }

    /// What is known so far.
    pub(super) fn catalogs(&self) -> Arc<dyn filter::pg::Catalogs> {
        self.shared.clone()
    }

    /// A catalog that is not too old, however long that takes.
    ///
    /// # Errors
    /// The refusal for the client if there is none.
    pub(super) async fn must_know(&self) -> Result<(), Refusal> {
        if self.shared.is_old() { self.shared.refresh(self).await } else { Ok(()) }
    }

    /// Reads it anew for a statement that waits. If that fails, or takes too long, the one before stays in force.
    pub(super) async fn wait(self: &Arc<Self>) {
        let reader = Arc::clone(self);
        let reading = tokio::spawn(async move { reader.refresh().await });
        let patience = if self.strict { DEADLINE } else { PATIENCE };
        let _late = tokio::time::timeout(patience, reading).await;
    }

    /// Reads it in the background if there is none yet, or an old one.
    pub(super) fn tend(self: &Arc<Self>) {
        if self.shared.is_due() {
            self.reread();
        }
    }

    /// Reads it anew in the background, because it has changed. However often it changes, it is read once at a time.
    pub(super) fn reread(self: &Arc<Self>) {
        let mut background = self.background();
        background.again = true;
        if std::mem::replace(&mut background.runs, true) {
            return;
        }
        let reader = Arc::clone(self);
        tokio::spawn(async move {
            while reader.is_wanted_again() {
                reader.refresh().await;
                tokio::time::sleep(SHORTEST_GAP).await;
            }
        });
    }

    fn is_wanted_again(&self) -> bool {
        let mut background = self.background();
        background.runs = std::mem::take(&mut background.again);
        background.runs
    }

    fn background(&self) -> MutexGuard<'_, Background> {
        self.shared.background.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn refresh(&self) {
        if let Err(refusal) = self.shared.refresh(self).await {
            tracing::warn!(code = %refusal.code, "a catalog could not be read");
        }
    }
}

/// Versions are told apart over all databases, as what is known about texts is kept by them.
static VERSIONS: AtomicU64 = AtomicU64::new(0);

async fn load(reader: &Reader) -> Result<(Catalog, usize), Refusal> {
    let rows = rows(&reader.door, &reader.settings, &reader.database, LOAD).await.map_err(|_| unreadable())?;
    let size = rows.iter().map(String::len).sum();
    let version = VERSIONS.fetch_add(1, Ordering::Relaxed) + 1;
    let read = tokio::task::spawn_blocking(move || Catalog::read(version, rows.iter().map(String::as_str)));
    Ok((read.await.map_err(|_| unreadable())?.map_err(|_| unreadable())?, size))
}

/// Opens a connection of its own, sends a text, and gives the rows of its answers, which have one column.
///
/// # Errors
/// If the target cannot be reached, does not answer every statement well, or takes longer than half a minute.
pub(super) async fn rows(
    door: &Door,
    settings: &PostgresSettings,
    database: &str,
    text: &str,
) -> Result<Vec<String>, Unanswered> {
    let answered = tokio::time::timeout(DEADLINE, Box::pin(answer(door, settings, database, text))).await;
    answered.unwrap_or(Err(Unanswered::Late))
}

async fn answer(
    door: &Door,
    settings: &PostgresSettings,
    database: &str,
    text: &str,
) -> Result<Vec<String>, Unanswered> {
    let opened = connect::open(door, settings, &[("database", database)]).await;
    let Opened { wire, mut received, .. } = opened.map_err(Unanswered::Unreachable)?;
    match wire {
        Wire::Plain(mut stream) => ask(&mut stream, &mut received, text).await,
        Wire::Tls(mut stream) => ask(&mut stream, &mut received, text).await,
    }
}

async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    received: &mut BytesMut,
    text: &str,
) -> Result<Vec<String>, Unanswered> {
    let mut out = BytesMut::new();
    encode::frame(&mut out, front::QUERY, |out| encode::string(out, text));
    stream.write_all(&out).await.map_err(|_| Unanswered::Broken)?;
    stream.flush().await.map_err(|_| Unanswered::Broken)?;
    let (mut rows, mut size) = (Vec::new(), 0);
    loop {
        while let Some(header) = peek(received, Side::Back).map_err(|_| Unanswered::Broken)? {
            if header.frame() > LARGEST {
                return Err(Unanswered::Broken);
            }
            if received.len() < header.frame() {
                break;
            }
            let mut frame = received.split_to(header.frame());
            match header.tag {
                back::DATA_ROW => {
                    size += frame.len();
                    let body = frame.get_mut(HEADER..).unwrap_or_default();
                    let read = row::values(body, |_, value| rows.push(String::from_utf8_lossy(value).into_owned()));
                    read.map_err(|_| Unanswered::Broken)?;
                }
                back::ERROR => return Err(refused(frame.get(HEADER..).unwrap_or_default())),
                back::READY => return Ok(rows),
                _ => {}
            }
        }
        if size > LARGEST || stream.read_buf(received).await.map_err(|_| Unanswered::Broken)? == 0 {
            return Err(Unanswered::Broken);
        }
    }
}

/// Why a text of ours has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// The target let nobody in.
    #[error("{}", .0.message)]
    Unreachable(Refusal),
    /// It did not answer in time.
    #[error("the target did not answer in time")]
    Late,
    /// It does not answer as it should, or not whole.
    #[error("the target does not answer as it should")]
    Broken,
    /// It refused a statement; its own words.
    #[error("the target says: {0}")]
    Refused(String),
}

fn refused(body: &[u8]) -> Unanswered {
    match report::field(body, b'M') {
        Ok(Some(message)) => Unanswered::Refused(String::from_utf8_lossy(message).into_owned()),
        _ => Unanswered::Broken,
    }
}

fn unreadable() -> Refusal {
    Refusal::new(
        Code::TargetProtocol,
        "the catalog of the target's database cannot be read, and its columns are masked",
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use filter::pg::Catalogs as _;

    fn read_before(seconds: u64) -> Shared {
        let began = Instant::now().checked_sub(Duration::from_secs(seconds));
        let state = State { newest: Some(Arc::default()), began, ..State::default() };
        Shared { state: Mutex::new(state), ..Shared::default() }
    }

    #[test]
    fn a_catalog_is_read_anew_after_a_minute_waited_for_after_two_and_useless_after_ten() {
        for (seconds, is_due, age) in
            [(5, false, Age::Young), (61, true, Age::Young), (121, true, Age::Old), (601, true, Age::TooOld)]
        {
            let shared = read_before(seconds);
            assert_eq!((shared.is_due(), shared.is_old(), shared.age()), (is_due, is_due, age), "{seconds}");
        }
        assert_eq!(Shared::default().age(), Age::TooOld, "there is none");
    }

    #[test]
    fn what_could_not_be_read_just_now_is_not_tried_all_the_time() {
        let shared = read_before(700);
        shared.lock().failed = Some(Instant::now());
        assert!(!shared.is_due() && !shared.may_get_newer());
        assert_eq!(shared.age(), Age::TooOld, "and it is not good for anything");
    }
}
