#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::print_stderr)]

mod crash;
mod delivery;
mod failure;
mod ship;

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use ledger::chain::{Head, Record};
use proto::{
    SessionId,
    event::{Closed, Completed, Event, Kind, Opened, Request, Stream, decode},
};

use super::*;
use crate::config::{Durability, Record as Config};

/// What a gateway does with records: keeps each once, and refuses what does not continue the chain.
#[derive(Clone, Default)]
struct Gateway(Arc<Mutex<Stored>>);

#[derive(Default)]
struct Stored {
    head: Head,
    records: Vec<Bytes>,
}

impl Gateway {
    fn accept(&self, records: &[Bytes]) -> u64 {
        let mut stored = self.0.lock().unwrap();
        for record in records {
            let event = decode(record).unwrap();
            if event.seq > stored.head.seq {
                stored.head = stored.head.extend(&Record { seq: event.seq, prev: &event.prev, bytes: record }).unwrap();
                stored.records.push(record.clone());
            }
        }
        stored.head.seq
    }

    fn events(&self) -> Vec<Event> {
        self.0.lock().unwrap().records.iter().map(|record| decode(record).unwrap()).collect()
    }

    fn kinds(&self) -> Vec<Kind> {
        self.events().into_iter().map(|event| event.kind.unwrap()).collect()
    }

    fn texts(&self) -> Vec<String> {
        let text = |kind| if let Kind::Request(request) = kind { Some(request.text) } else { None };
        self.kinds().into_iter().filter_map(text).collect()
    }

    fn deliver(&self, mut leftover: Leftover) -> bool {
        for batch in leftover.batches().unwrap() {
            let batch = batch.unwrap();
            assert!(self.accept(&batch.records) >= batch.last_seq);
            leftover.acked(batch.last_seq);
        }
        leftover.acked(self.0.lock().unwrap().head.seq)
    }
}

fn config(dir: &Path) -> Config {
    Config { min_free: 0, ..Config::new(dir) }
}

/// Opens a spool that another one of this process may just be letting go of.
fn open(config: &Config) -> Spool {
    eventually(|| Spool::open(config.clone()).ok())
}

fn leftover(spool: &Spool) -> Leftover {
    eventually(|| spool.leftovers().pop())
}

fn eventually<T>(mut attempt: impl FnMut() -> Option<T>) -> T {
    for _ in 0..2000 {
        if let Some(value) = attempt() {
            return value;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("it does not happen")
}

fn request(text: impl Into<String>) -> Request {
    Request { operation: "query".into(), text: text.into(), ..Default::default() }
}

fn done() -> Closed {
    Closed { code: "SP-DONE".into(), ..Default::default() }
}

fn files(dir: &Path) -> Vec<String> {
    let names = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "lock").collect()
}
