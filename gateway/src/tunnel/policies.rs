//! Keeps an agent's policy current: the whole bundle at first and with every change, a word every two seconds.

use std::time::Duration;

use policy::Bundle;
use proto::rpc::{self, to_agent::Kind};
use tokio::{sync::mpsc, time::MissedTickBehavior};

use crate::store::Store;

/// An agent that hears nothing for several of these refuses.
const EVERY: Duration = Duration::from_secs(2);

/// Runs until the agent is gone.
pub(super) async fn inform(store: Store, help: String, to_agent: mpsc::Sender<rpc::ToAgent>) {
    let mut changed = store.changed();
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut told = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            change = changed.changed() => if change.is_err() { return },
            () = to_agent.closed() => return,
        }
        // A store that does not answer keeps its last snapshot; whether that is current nobody can say.
        if store.age() > 2 * EVERY {
            continue;
        }
        let Some(kind) = message(&store, &help, &mut told) else { continue };
        if to_agent.send(rpc::ToAgent { kind: Some(kind) }).await.is_err() {
            return;
        }
    }
}

fn message(store: &Store, help: &str, told: &mut Option<u64>) -> Option<Kind> {
    let snapshot = store.snapshot();
    let engine = snapshot.engine()?;
    let version = engine.version();
    if *told == Some(version) {
        return Some(Kind::Current(rpc::Current { version }));
    }
    // The address of the pages is this gateway's own setting, so it is no part of what is stored.
    let bundle = Bundle { help: help.to_owned(), ..engine.bundle().clone() };
    let body = serde_json::to_string(&bundle).ok()?;
    *told = Some(version);
    Some(Kind::Bundle(rpc::Bundle { version, hash: bundle.hash(), body }))
}
