//! The spool's one background thread: syncs what was written in the last tick, watches the free space, and closes the files and
//! returns the buffers of sessions that have become idle, so that a thousand of those cost next to nothing.

use std::{
    sync::{
        Arc, Weak,
        mpsc::{Receiver, TryRecvError},
    },
    time::{Duration, Instant},
};

use super::{budget::Budget, reel::Reel};

/// How long written bytes wait for their `fdatasync` (durability `process`) while that costs little.
const TICK: Duration = Duration::from_millis(50);
/// How long they wait at most between two rounds, however long a round takes.
const LONGEST: Duration = Duration::from_millis(250);
/// A round's time is at most so much of all, short of the longest wait: each session has a file of its own to sync.
const SHARE: u32 = 10;
/// Ticks without a write after which a session is idle.
const IDLE_TICKS: u32 = 20;

/// Tends to the sessions that come in until nobody can send any more.
pub(super) fn run(written: &Receiver<Weak<Reel>>, budget: &Arc<Budget>) {
    let mut busy: Vec<(Weak<Reel>, u32)> = Vec::new();
    let mut wait = TICK;
    loop {
        if busy.is_empty() {
            match written.recv() {
                Ok(reel) => busy.push((reel, 0)),
                Err(_) => return,
            }
        }
        std::thread::sleep(wait);
        loop {
            match written.try_recv() {
                Ok(reel) => busy.push((reel, 0)),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return,
            }
        }
        let begun = Instant::now();
        budget.look();
        busy.retain_mut(|(reel, idle)| reel.upgrade().is_some_and(|reel| keep(&reel, idle)));
        wait = (begun.elapsed() * SHARE).clamp(TICK, LONGEST);
    }
}

fn keep(reel: &Reel, idle: &mut u32) -> bool {
    *idle = if reel.is_unsynced() { 0 } else { *idle + 1 };
    !reel.tend(*idle >= IDLE_TICKS)
}
