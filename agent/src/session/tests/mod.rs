//! Whole sessions against targets that are really there, with faults on purpose.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod faults;
mod faults_ssh;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use proto::{Caller, Grant, Settings};

use super::Sessions;
use crate::{
    config::Record as Config,
    record::Spool,
    rights::{Rights, open_bundle},
    vault::{Allow, AllowList, Vault},
};

/// Sessions of an agent whose spool lies in this folder, and a grant for a target that it may reach.
fn site(
    folder: &Path,
    address: String,
    settings: Settings,
    credentials: BTreeMap<String, String>,
    has_policy: bool,
) -> (Sessions, Grant) {
    let spool = Spool::open(Config { min_free: 0, ..Config::new(folder.join("spool")) }).unwrap();
    let allow = Allow { address: address.clone(), credentials: credentials.values().cloned().collect() };
    let rights = match has_policy {
        true => Rights::fixed(open_bundle("target", settings.protocol().as_str())).unwrap(),
        false => Rights::default(),
    };
    let grant = Grant {
        connection: "target".into(),
        address,
        settings,
        credentials,
        caller: Caller { subject: "ann".into(), ..Caller::default() },
        not_after: SystemTime::now() + Duration::from_secs(600),
        detectors: vec!["card".into()],
        requested: BTreeMap::new(),
    };
    (Sessions::new(Arc::new(Vault::new(AllowList::new(vec![allow]))), spool, rights), grant)
}
