//! Catalogs of targets' databases: read over a connection of their own, kept for all sessions of one database, and read
//! anew when a statement changed definitions, names what is not known, or a minute has passed.

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
    row,
};
use sql::{Catalog, catalog::LOAD};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::connect::{self, Opened, Wire};
use crate::{filter, target::Context};

/// How long reading a catalog may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// A session that begins takes no older catalog.
const OLDEST: Duration = Duration::from_secs(60);
/// A larger catalog is not read, in bytes.
const LARGEST: usize = 256 * 1024 * 1024;

/// The catalogs that this agent knows.
#[derive(Default)]
pub struct Catalogs(Mutex<HashMap<(String, String, String), Arc<Shared>>>);

/// The catalog of one database.
#[derive(Default)]
pub(super) struct Shared {
    newest: Mutex<Option<(Instant, Arc<Catalog>)>>,
    versions: AtomicU64,
    reading: tokio::sync::Mutex<()>,
}

impl Catalogs {
    /// That of the database which `login` reaches at `address`.
    pub(super) fn of(&self, address: &str, login: &str, database: &str) -> Arc<Shared> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (address.to_owned(), login.to_owned(), database.to_owned());
        Arc::clone(known.entry(key).or_default())
    }
}

impl filter::pg::Catalogs for Shared {
    fn newest(&self) -> Option<Arc<Catalog>> {
        self.lock().as_ref().map(|(_, catalog)| Arc::clone(catalog))
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Arc<Catalog>)>> {
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the newest one is too old to begin with.
    pub(super) fn is_old(&self) -> bool {
        self.lock().as_ref().is_none_or(|(read, _)| read.elapsed() > OLDEST)
    }

    /// Reads the catalog anew, unless somebody else did after this was asked for. If that fails the older one stays.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) async fn refresh(
        &self,
        context: &Context,
        settings: &PostgresSettings,
        database: &str,
    ) -> Result<(), Refusal> {
        let asked = Instant::now();
        let _turn = self.reading.lock().await;
        if self.lock().as_ref().is_some_and(|(read, _)| *read > asked) {
            return Ok(());
        }
        let began = Instant::now();
        let version = self.versions.fetch_add(1, Ordering::Relaxed) + 1;
        let loaded = tokio::time::timeout(DEADLINE, Box::pin(load(context, settings, database, version))).await;
        let catalog = loaded.map_err(|_| unreadable())??;
        *self.lock() = Some((began, Arc::new(catalog)));
        Ok(())
    }
}

async fn load(
    context: &Context,
    settings: &PostgresSettings,
    database: &str,
    version: u64,
) -> Result<Catalog, Refusal> {
    let Opened { wire, mut received, .. } = connect::open(context, settings, &[("database", database)]).await?;
    let rows = match wire {
        Wire::Plain(mut stream) => ask(&mut stream, &mut received).await,
        Wire::Tls(mut stream) => ask(&mut stream, &mut received).await,
    }?;
    let read = tokio::task::spawn_blocking(move || Catalog::read(version, rows.iter().map(String::as_str)));
    read.await.map_err(|_| unreadable())?.map_err(|_| unreadable())
}

/// Sends the query and gives the rows of its answers.
async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    received: &mut BytesMut,
) -> Result<Vec<String>, Refusal> {
    let mut out = BytesMut::new();
    encode::frame(&mut out, front::QUERY, |out| encode::string(out, LOAD));
    stream.write_all(&out).await.map_err(|_| unreadable())?;
    stream.flush().await.map_err(|_| unreadable())?;
    let (mut rows, mut size) = (Vec::new(), 0);
    loop {
        while let Some(header) = peek(received, Side::Back).map_err(|_| unreadable())? {
            if header.frame() > LARGEST {
                return Err(unreadable());
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
                    read.map_err(|_| unreadable())?;
                }
                back::ERROR => return Err(unreadable()),
                back::READY => return Ok(rows),
                _ => {}
            }
        }
        if size > LARGEST || stream.read_buf(received).await.map_err(|_| unreadable())? == 0 {
            return Err(unreadable());
        }
    }
}

fn unreadable() -> Refusal {
    Refusal::new(
        Code::TargetProtocol,
        "the catalog of the target's database cannot be read, and its columns are masked",
    )
}
