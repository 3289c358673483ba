//! What authentication promises, against a store in memory and a small OpenID provider.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod credentials;
mod oidc;
pub(crate) mod provider;

use std::{collections::BTreeMap, net::SocketAddr};

use proto::{PostgresSettings, Settings, TargetTls};

use super::*;
use crate::store::{Connection, SignedIn, Subject};

pub(crate) fn here() -> SocketAddr {
    "127.0.0.1:4000".parse().unwrap()
}

/// A configuration with an OpenID provider at `issuer`.
pub(crate) fn config(mode: &str, issuer: &str) -> Config {
    Config::parse(&format!(
        r#"
        mode = "{mode}"
        state_dir = "/nonexistent"
        public_url = "https://gateway.test"
        [oidc]
        issuer = "{issuer}"
        client_id = "sallyport"
        name_claim = "preferred_username"
        [roles]
        admin_groups = ["admin"]
        auditor_groups = ["auditor"]
        "#
    ))
    .unwrap()
}

/// A store in memory and authentication over it.
pub(crate) async fn fresh(issuer: &str) -> (Store, Auth) {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let auth = Auth::open(store.clone(), &config("development", issuer)).await.unwrap();
    (store, auth)
}

/// Somebody who signed in.
pub(crate) async fn person(store: &Store, name: &str, groups: &[&str]) -> Subject {
    let groups = groups.iter().map(ToString::to_string).collect();
    let who = SignedIn {
        issuer: "https://id".into(),
        subject: format!("sub-{name}"),
        name: name.into(),
        groups,
        authenticated: None,
        mfa: false,
    };
    store.signed_in(who).await.unwrap()
}

/// A connection that is open to `groups`.
pub(crate) fn connection(name: &str, groups: &[&str]) -> Connection {
    Connection {
        name: name.into(),
        address: "10.0.0.1:5432".into(),
        agent: "near".into(),
        settings: Settings::Postgres(PostgresSettings {
            login: "shop".into(),
            database: "shop".into(),
            any_database: false,
            tls: TargetTls::default(),
            masking: proto::Masking::default(),
        }),
        credentials: BTreeMap::from([("password".into(), "env:SHOP".into())]),
        groups: groups.iter().map(ToString::to_string).collect(),
        detectors: vec!["card".into()],
        labels: BTreeMap::new(),
    }
}
