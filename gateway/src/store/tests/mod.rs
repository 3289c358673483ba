//! The store's promises, each on SQLite and on PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod cluster;
mod incidents;

use std::{collections::BTreeMap, time::Duration};

use proto::{Caller, Code, PostgresSettings, Protocol, SessionId, Settings};
use time::OffsetDateTime;
use uuid::Uuid;

use self::incidents::{
    a_change_that_was_checked_with_an_older_bundle_is_not_made, incidents_stand_until_they_are_released,
};
use super::*;

fn soon() -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::from_secs(600)
}

fn past() -> OffsetDateTime {
    OffsetDateTime::now_utc() - Duration::from_secs(1)
}

fn shop() -> Connection {
    Connection {
        name: "shop-db".into(),
        address: "10.0.0.1:5432".into(),
        agent: "near".into(),
        settings: Settings::Postgres(PostgresSettings {
            login: "shop".into(),
            database: "shop".into(),
            any_database: false,
            tls: Default::default(),
            masking: proto::Masking::default(),
        }),
        credentials: BTreeMap::from([("password".into(), "env:SHOP".into())]),
        groups: vec!["support".into()],
        detectors: vec!["card".into()],
        labels: BTreeMap::new(),
    }
}

fn alice() -> SignedIn {
    SignedIn {
        issuer: "https://id".into(),
        subject: "1".into(),
        name: "alice".into(),
        groups: vec!["support".into()],
        authenticated: None,
        mfa: false,
    }
}

fn new_session() -> NewSession {
    NewSession {
        id: SessionId::generate(),
        connection: "shop-db".into(),
        protocol: Protocol::Postgres,
        caller: Caller { subject: "alice".into(), source: "127.0.0.1:1".into(), ..Caller::default() },
        agent: "near".into(),
        replica: "one".into(),
        permitted_by: "group support".into(),
        bundle: 1,
        shadow: String::new(),
    }
}

fn new_ticket(subject_id: Uuid, byte: u8, expires: OffsetDateTime) -> NewTicket {
    NewTicket {
        secret_sha256: [byte; 32],
        stored_key: [byte; 32],
        server_key: [byte; 32],
        subject_id,
        groups: vec!["support".into()],
        connection: None,
        api: false,
        purpose: Purpose::default(),
        expires,
    }
}

async fn connections_appear_and_go(store: &Store) {
    store.change_connections(vec![shop()], &[], vec![AuditEvent::new("connection.changed")]).await.unwrap();
    assert_eq!(*store.connection("shop-db").unwrap(), shop());
    let moved = Connection { address: "10.0.0.2:5432".into(), ..shop() };
    store.change_connections(vec![moved.clone()], &[], vec![]).await.unwrap();
    assert_eq!(*store.connection("shop-db").unwrap(), moved);
    store.change_connections(vec![], &["shop-db".into()], vec![]).await.unwrap();
    assert!(store.connection("shop-db").is_none());
}

async fn a_proof_whose_time_is_not_told_is_the_oldest_there_is(store: &Store) {
    let unknown = store.signed_in(alice()).await.unwrap();
    assert_eq!(unknown.authenticated, OffsetDateTime::UNIX_EPOCH);
    assert!(unknown.last_login > unknown.authenticated);
    let told = OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap();
    let known = store.signed_in(SignedIn { authenticated: Some(told), ..alice() }).await.unwrap();
    assert_eq!(known.authenticated, told);
    assert_eq!(store.snapshot().subject(known.id).unwrap().authenticated, told);
}

async fn a_name_cannot_be_taken_over(store: &Store) {
    let first = store.signed_in(alice()).await.unwrap();
    let again = store.signed_in(SignedIn { groups: vec![], ..alice() }).await.unwrap();
    assert_eq!(first.id, again.id);
    assert_eq!(store.snapshot().subject(first.id).unwrap().groups, Vec::<String>::new());
    let thief = SignedIn { subject: "2".into(), name: "ALICE".into(), ..alice() };
    assert!(matches!(store.signed_in(thief).await, Err(StoreError::Conflict(_))));
}

async fn tickets_live_until_revoked(store: &Store) {
    let alice = store.signed_in(alice()).await.unwrap();
    let id = store.create_ticket(new_ticket(alice.id, 1, soon())).await.unwrap();
    assert_eq!(store.snapshot().ticket(&[1; 32]).unwrap().id, id);
    store.ticket_used(id, "127.0.0.1:9".parse().unwrap());
    let listed = store.tickets_of(alice.id).await.unwrap();
    assert_eq!(listed[0].last_source.as_deref(), Some("127.0.0.1:9"));
    assert!(!store.revoke_ticket(id, Some(Uuid::now_v7())).await.unwrap(), "not theirs");
    assert!(store.revoke_ticket(id, Some(alice.id)).await.unwrap());
    assert!(!store.revoke_ticket(id, None).await.unwrap(), "only once");
    assert!(store.snapshot().ticket(&[1; 32]).unwrap().revoked.is_some());
    assert!(store.tickets_of(alice.id).await.unwrap().is_empty());
}

async fn keys_belong_to_one_subject(store: &Store) {
    let alice = store.signed_in(alice()).await.unwrap();
    let bob = SignedIn { subject: "3".into(), name: "bob".into(), ..self::alice() };
    let bob = store.signed_in(bob).await.unwrap();
    let key = NewSshKey {
        fingerprint: "SHA256:x".into(),
        public_key: "ssh-ed25519 AAAA".into(),
        subject_id: alice.id,
        name: "laptop".into(),
    };
    let registered = store.register_ssh_key(key.clone()).await.unwrap();
    assert!(store.register_ssh_key(NewSshKey { subject_id: bob.id, ..key.clone() }).await.is_err());
    assert!(!store.revoke_ssh_key(registered.id, bob.id).await.unwrap());
    assert!(store.revoke_ssh_key(registered.id, alice.id).await.unwrap());
    assert!(store.snapshot().ssh_key("SHA256:x").unwrap().revoked.is_some());
    assert_eq!(store.register_ssh_key(key).await.unwrap().id, registered.id);
    assert_eq!(store.snapshot().ssh_keys_of(alice.id).len(), 1);
}

async fn a_join_token_is_good_once(store: &Store) {
    store.create_join_token("near", [7; 32], soon()).await.unwrap();
    store.create_join_token("late", [8; 32], past()).await.unwrap();
    let attempts = (0..16).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.use_join_token([7; 32]).await.unwrap() })
    });
    let mut won = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        won.extend(attempt.await.unwrap());
    }
    assert_eq!(won, ["near"]);
    assert_eq!(store.use_join_token([8; 32]).await.unwrap(), None, "expired");
    assert_eq!(store.use_join_token([9; 32]).await.unwrap(), None, "unknown");
}

async fn a_generation_advances_once(store: &Store) {
    assert_eq!(store.enroll_agent("near", "01", soon()).await.unwrap(), 1);
    let next = Generation { number: 2, certificate_serial: "02".into(), expires: soon() };
    assert!(store.set_agent_generation("near", 1, next.clone()).await.unwrap());
    assert!(!store.set_agent_generation("near", 1, next.clone()).await.unwrap(), "a clone");
    assert!(store.lock_agent("near", "cloned").await.unwrap());
    assert!(!store.set_agent_generation("near", 2, next).await.unwrap(), "locked");
    assert_eq!(store.agent("near").await.unwrap().unwrap().locked.as_deref(), Some("cloned"));
    assert_eq!(store.enroll_agent("near", "03", soon()).await.unwrap(), 3);
    assert_eq!(store.agent("near").await.unwrap().unwrap().locked, None);
    store.agent_seen("near").await.unwrap();
    assert_eq!(store.agents().await.unwrap().len(), 1);
    assert!(store.remove_agent("near").await.unwrap());
    assert_eq!(store.agent("near").await.unwrap(), None);
}

async fn a_session_ends_once_with_its_audit_events(store: &Store) {
    let new = new_session();
    let id = new.id;
    store.open_session(new.clone()).await.unwrap();
    assert!(store.open_session(new).await.is_err(), "an id is used once");
    store.session_progress(id, 5, [5; 32]).await.unwrap();
    store.session_progress(id, 3, [3; 32]).await.unwrap();
    let counts = Counts { requests: 2, bytes_in: 10, bytes_out: 20 };
    assert!(store.close_session(id, Code::Done, "bye", counts).await.unwrap());
    assert!(!store.close_session(id, Code::Killed, "late", Counts::default()).await.unwrap());
    let row = store.session(id).await.unwrap().unwrap();
    assert_eq!((row.status, row.counts, row.last_seq), (SessionStatus::Closed, counts, 5));
    assert_eq!((row.code.as_deref(), row.chain_head), (Some("SP-DONE"), Some([5; 32])));
    let events = store.audit_events(AuditFilter { session: Some(id), limit: 9, ..Default::default() }).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["session.closed", "session.opened"]);
}

async fn sessions_left_open_are_lost(store: &Store) {
    let (gone, alive, elsewhere) =
        (new_session(), new_session(), NewSession { replica: "two".into(), ..new_session() });
    for session in [&gone, &alive, &elsewhere] {
        store.open_session(session.clone()).await.unwrap();
    }
    assert_eq!(store.lose_sessions("one", &[alive.id]).await.unwrap(), [gone.id]);
    let open = SessionFilter { status: Some(SessionStatus::Open), limit: 10, ..Default::default() };
    let open: Vec<_> = store.sessions(open).await.unwrap().into_iter().map(|row| row.id).collect();
    assert_eq!(open, [elsewhere.id, alive.id]);
}

async fn sign_ins_are_good_once(store: &Store) {
    let sign_in = SignIn { nonce: "n".into(), pkce_verifier: "v".into(), next: "/".into() };
    store.begin_sign_in([1; 32], sign_in.clone(), soon()).await.unwrap();
    store.begin_sign_in([2; 32], sign_in, past()).await.unwrap();
    assert_eq!(store.take_sign_in([1; 32]).await.unwrap().unwrap().nonce, "n");
    assert!(store.take_sign_in([1; 32]).await.unwrap().is_none());
    assert!(store.take_sign_in([2; 32]).await.unwrap().is_none(), "expired");
}

async fn a_cookie_is_no_token(store: &Store) {
    let alice = store.signed_in(alice()).await.unwrap();
    let new = NewBrowserSession {
        secret_sha256: [4; 32],
        subject_id: alice.id,
        kind: BrowserSessionKind::Cookie,
        csrf: "c".into(),
        expires: soon(),
    };
    let id = store.create_browser_session(new).await.unwrap();
    assert!(store.browser_session([4; 32], BrowserSessionKind::Token).await.unwrap().is_none());
    assert_eq!(store.browser_session([4; 32], BrowserSessionKind::Cookie).await.unwrap().unwrap().id, id);
    store.end_browser_session(id).await.unwrap();
    assert!(store.browser_session([4; 32], BrowserSessionKind::Cookie).await.unwrap().is_none());
}

async fn a_command_line_login_is_approved_and_taken_once(store: &Store) {
    let alice = store.signed_in(alice()).await.unwrap();
    let new = NewCliLogin { poll_sha256: [6; 32], user_code: "ABCD".into(), source: "::1".into(), expires: soon() };
    store.create_cli_login(new).await.unwrap();
    assert!(store.poll_cli_login([6; 32]).await.unwrap().unwrap().subject_id.is_none());
    let waiting = store.cli_login_with_code("ABCD").await.unwrap().unwrap();
    assert!(store.approve_cli_login(waiting.id, alice.id).await.unwrap());
    assert!(!store.approve_cli_login(waiting.id, alice.id).await.unwrap());
    assert_eq!(store.poll_cli_login([6; 32]).await.unwrap().unwrap().subject_id, Some(alice.id));
    assert!(store.poll_cli_login([6; 32]).await.unwrap().is_none());
}

async fn settings_are_kept(store: &Store) {
    assert_eq!(store.setting("salt").await.unwrap(), None);
    assert_eq!(store.setting_or("salt", b"one").await.unwrap(), b"one");
    assert_eq!(store.setting_or("salt", b"two").await.unwrap(), b"one");
    store.set_setting("salt", b"three").await.unwrap();
    assert_eq!(store.setting("salt").await.unwrap().unwrap(), b"three");
}

async fn another_replica_sees_changes(store: &Store, other: &Store) {
    let mut changed = other.changed();
    store.change_connections(vec![shop()], &[], vec![]).await.unwrap();
    let seen = async {
        while other.connection("shop-db").is_none() {
            changed.changed().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(60), seen).await.unwrap();
}

async fn everything(url: &str) {
    let store = Store::open(url).await.unwrap();
    connections_appear_and_go(&store).await;
    a_proof_whose_time_is_not_told_is_the_oldest_there_is(&store).await;
    a_name_cannot_be_taken_over(&store).await;
    tickets_live_until_revoked(&store).await;
    keys_belong_to_one_subject(&store).await;
    a_join_token_is_good_once(&store).await;
    a_generation_advances_once(&store).await;
    a_session_ends_once_with_its_audit_events(&store).await;
    sessions_left_open_are_lost(&store).await;
    sign_ins_are_good_once(&store).await;
    a_cookie_is_no_token(&store).await;
    a_command_line_login_is_approved_and_taken_once(&store).await;
    settings_are_kept(&store).await;
    incidents_stand_until_they_are_released(&store).await;
    a_change_that_was_checked_with_an_older_bundle_is_not_made(&store).await;
    let (second, third) = tokio::join!(Store::open(url), Store::open(url));
    another_replica_sees_changes(&store, &second.unwrap()).await;
    third.unwrap().ping().await.unwrap();
}

#[tokio::test]
async fn the_store_keeps_its_promises_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    everything(&format!("sqlite:{}", dir.path().join("store.db").display())).await;
}

#[tokio::test]
async fn the_store_keeps_its_promises_on_postgresql() {
    let Some(cluster) = cluster::Cluster::start() else { return };
    everything(&cluster.url()).await;
}

#[tokio::test]
async fn replicas_that_start_together_migrate_once() {
    let Some(cluster) = cluster::Cluster::start() else { return };
    let url = cluster.url();
    let opened = futures::future::join_all((0..4).map(|_| Store::open(&url))).await;
    assert!(opened.iter().all(Result::is_ok), "{:?}", opened.iter().find(|one| one.is_err()));
}
