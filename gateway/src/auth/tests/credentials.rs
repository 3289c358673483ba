//! Tickets, SCRAM proofs, SSH keys, permits and their end.

use std::time::Duration;

use proto::{Code, Refusal};
use time::OffsetDateTime;

use super::*;
use crate::store::{AuditFilter, NewSshKey, NewTicket};

fn mint(subject: &Subject) -> Mint<'_> {
    Mint {
        subject,
        connection: None,
        life: None,
        not_after: None,
        api: false,
        purpose: Purpose::default(),
        source: None,
    }
}

async fn shop() -> (Store, Auth, Subject) {
    let (store, auth) = fresh("http://localhost:1").await;
    let shops =
        vec![connection("shop-db", &["support"]), connection("other-db", &["support"]), connection("hr", &["hr"])];
    store.change_connections(shops, &[], vec![]).await.unwrap();
    let alice = person(&store, "alice", &["support", "dev"]).await;
    (store, auth, alice)
}

/// What a client proves: it knows the keys of this secret.
fn proof(auth: &Auth, secret: &str) -> impl Fn(&ScramKeys) -> bool + Send + Sync {
    let expected = scram::keys(secret, &auth.scram_parameters().0);
    move |keys| keys.stored_key == expected.stored_key
}

#[tokio::test]
async fn a_ticket_is_its_subject_until_it_is_revoked() {
    let (store, auth, alice) = shop().await;
    let minted = auth.mint(mint(&alice)).await.unwrap();
    assert_eq!(minted.secret.reveal().len(), 46);
    let identity = auth.ticket(minted.secret.reveal(), here()).await.unwrap();
    assert_eq!((identity.subject.as_str(), identity.method), ("alice", "ticket"));
    assert_eq!(identity.groups, ["support", "dev"]);
    assert!(auth.still_permits(&identity, "shop-db", here().ip()).await.is_ok());
    let mut changes = auth.changes();
    store.revoke_ticket(minted.id, Some(alice.id)).await.unwrap();
    changes.changed().await.unwrap();
    assert_eq!(auth.still_permits(&identity, "shop-db", here().ip()).await.unwrap_err().code, Code::Expired);
    assert_eq!(auth.ticket(minted.secret.reveal(), here()).await.unwrap_err().reason, "revoked");
}

#[tokio::test]
async fn what_is_no_ticket_is_refused() {
    let (_store, auth, alice) = shop().await;
    let minted = auth.mint(mint(&alice)).await.unwrap();
    let secret = minted.secret.reveal();
    let almost = format!("{}{}", &secret[..45], if secret.ends_with('A') { 'B' } else { 'A' });
    for wrong in ["", "sp_", "password", &almost, &secret[1..], &format!("{secret}x"), &"x".repeat(100_000)] {
        assert_eq!(auth.ticket(wrong, here()).await.unwrap_err().reason, "unknown");
    }
}

#[tokio::test]
async fn an_expired_ticket_is_refused_as_such() {
    let (store, auth, alice) = shop().await;
    let secret = Secret::generate(ticket::PREFIX).unwrap();
    let keys = scram::keys(secret.reveal(), &auth.scram_parameters().0);
    let new = NewTicket {
        secret_sha256: secret.digest(),
        stored_key: keys.stored_key,
        server_key: keys.server_key,
        subject_id: alice.id,
        groups: alice.groups.clone(),
        connection: None,
        api: false,
        purpose: Purpose::default(),
        expires: OffsetDateTime::now_utc() - Duration::from_secs(1),
    };
    store.create_ticket(new).await.unwrap();
    assert_eq!(auth.ticket(secret.reveal(), here()).await.unwrap_err().reason, "expired");
    let proves = proof(&auth, secret.reveal());
    for user in ["alice", "anybody"] {
        assert_eq!(auth.scram(user, here(), &proves).await.unwrap_err().reason, "expired");
    }
}

#[tokio::test]
async fn a_ticket_for_one_connection_opens_no_other() {
    let (_store, auth, alice) = shop().await;
    let minted = auth.mint(Mint { connection: Some("shop-db"), ..mint(&alice) }).await.unwrap();
    let identity = auth.ticket(minted.secret.reveal(), here()).await.unwrap();
    assert_eq!(
        auth.permit(&identity, "shop-db", proto::Protocol::Postgres, here().ip()).await.unwrap().connection(),
        "shop-db"
    );
    let refusals = [
        auth.permit(&identity, "other-db", proto::Protocol::Postgres, here().ip()).await.unwrap_err(),
        auth.permit(&identity, "hr", proto::Protocol::Postgres, here().ip()).await.unwrap_err(),
        auth.permit(&identity, "no-such", proto::Protocol::Postgres, here().ip()).await.unwrap_err(),
    ];
    assert!(refusals.windows(2).all(|pair| pair[0] == pair[1]), "alike to the client: {refusals:?}");
    assert_eq!(auth.why_refused(&identity, "other-db"), "foreign");
}

#[tokio::test]
async fn policy_sees_from_where_how_and_how_long_ago_somebody_signed_in() {
    let (store, auth, alice) = shop().await;
    let minted = auth.mint(mint(&alice)).await.unwrap();
    let identity = auth.ticket(minted.secret.reveal(), here()).await.unwrap();
    let rule = |condition: &str| {
        let text = format!(
            "@id(\"where\") forbid (principal, action == Action::\"Connect\", resource) unless {{ {condition} }};"
        );
        let documents = vec![policy::Document { name: "where".into(), text }];
        crate::store::Change { documents, ..crate::store::Change::default() }
    };
    for (condition, open) in [
        ("context has source && context.source.isInRange(ip(\"127.0.0.0/8\"))", true),
        ("context has source && context.source.isInRange(ip(\"10.0.0.0/8\"))", false),
        ("context.auth_method == \"ticket\" && context.auth_age >= 0", true),
        ("context.auth_method == \"ssh-key\"", false),
        ("context.now > datetime(\"2020-01-01\")", true),
        ("context.mfa", false),
    ] {
        store.change(rule(condition), vec![]).await.unwrap();
        let permitted = auth.permit(&identity, "shop-db", proto::Protocol::Postgres, here().ip()).await;
        assert_eq!(permitted.is_ok(), open, "{condition}");
        assert_eq!(auth.still_permits(&identity, "shop-db", here().ip()).await.is_ok(), open, "{condition}");
    }
}

#[tokio::test]
async fn nobody_mints_a_ticket_for_what_is_not_open_to_them() {
    let (_store, auth, alice) = shop().await;
    for connection in ["hr", "no-such"] {
        let refused = auth.mint(Mint { connection: Some(connection), ..mint(&alice) }).await.unwrap_err();
        assert!(matches!(refused, MintError::NoAccess));
    }
    let both = Mint { connection: Some("shop-db"), api: true, ..mint(&alice) };
    assert!(matches!(auth.mint(both).await, Err(MintError::Scope)));
}

#[tokio::test]
async fn a_ticket_never_outlives_the_limits() {
    let (_store, auth, alice) = shop().await;
    let long = auth.mint(Mint { life: Some(Duration::MAX / 4), ..mint(&alice) }).await.unwrap();
    assert!(long.expires <= OffsetDateTime::now_utc() + Duration::from_secs(24 * 3600));
    let limit = OffsetDateTime::now_utc() + Duration::from_secs(60);
    assert_eq!(auth.mint(Mint { not_after: Some(limit), ..mint(&alice) }).await.unwrap().expires, limit);
}

#[tokio::test]
async fn losing_a_group_counts_at_once_and_winning_one_does_not() {
    let (store, auth, alice) = shop().await;
    let minted = auth.mint(mint(&alice)).await.unwrap();
    let before = auth.ticket(minted.secret.reveal(), here()).await.unwrap();
    person(&store, "alice", &["dev", "hr"]).await;
    let after = auth.ticket(minted.secret.reveal(), here()).await.unwrap();
    assert_eq!(after.groups, ["dev"]);
    assert_eq!(auth.still_permits(&before, "shop-db", here().ip()).await.unwrap_err().code, Code::NoAccess);
    assert!(auth.permit(&after, "hr", proto::Protocol::Postgres, here().ip()).await.is_err());
}

#[tokio::test]
async fn a_connection_that_closes_to_a_group_ends_its_sessions() {
    let (store, auth, alice) = shop().await;
    let minted = auth.mint(mint(&alice)).await.unwrap();
    let identity = auth.ticket(minted.secret.reveal(), here()).await.unwrap();
    store.change_connections(vec![connection("shop-db", &["hr"])], &[], vec![]).await.unwrap();
    assert!(auth.still_permits(&identity, "shop-db", here().ip()).await.is_err());
}

#[tokio::test]
async fn a_scram_proof_finds_its_ticket_whatever_the_user_name_says() {
    let (store, auth, alice) = shop().await;
    let bob = person(&store, "bob", &["support"]).await;
    let minted = auth.mint(mint(&alice)).await.unwrap();
    auth.mint(mint(&bob)).await.unwrap();
    let proves = proof(&auth, minted.secret.reveal());
    for user in ["alice", "ALICE", "bob", "shop", ""] {
        let (identity, _keys) = auth.scram(user, here(), &proves).await.unwrap();
        assert_eq!(identity.subject, "alice", "as {user:?}");
    }
    assert_eq!(auth.scram("alice", here(), &|_| false).await.unwrap_err().reason, "unknown");
    store.revoke_ticket(minted.id, None).await.unwrap();
    assert_eq!(auth.scram("alice", here(), &proves).await.unwrap_err().reason, "revoked");
}

#[tokio::test]
async fn failures_do_not_lock_anybody_out() {
    let (_store, auth, alice) = shop().await;
    let minted = auth.mint(mint(&alice)).await.unwrap();
    for _ in 0..500 {
        assert!(auth.ticket("sp_wrong", here()).await.is_err());
    }
    let proves = proof(&auth, minted.secret.reveal());
    assert!(auth.scram("alice", here(), &proves).await.is_ok());
    assert!(auth.ticket(minted.secret.reveal(), here()).await.is_ok());
}

#[tokio::test]
async fn an_ssh_key_is_its_owner_until_it_is_deleted() {
    let (store, auth, alice) = shop().await;
    let new = NewSshKey {
        fingerprint: "SHA256:abc".into(),
        public_key: "ssh-ed25519 AAAA".into(),
        subject_id: alice.id,
        name: "laptop".into(),
    };
    let key = store.register_ssh_key(new).await.unwrap();
    let identity = auth.ssh_key("SHA256:abc", here()).await.unwrap();
    assert_eq!((identity.subject.as_str(), identity.method), ("alice", "ssh-key"));
    assert!(auth.still_permits(&identity, "shop-db", here().ip()).await.is_ok());
    assert_eq!(auth.ssh_key("SHA256:xyz", here()).await.unwrap_err().reason, "unknown");
    store.revoke_ssh_key(key.id, alice.id).await.unwrap();
    assert_eq!(auth.ssh_key("SHA256:abc", here()).await.unwrap_err().reason, "revoked");
    assert!(auth.still_permits(&identity, "shop-db", here().ip()).await.is_err());
}

#[tokio::test]
async fn ten_bad_logins_leave_ten_records_without_a_secret() {
    let (store, auth, alice) = shop().await;
    let minted = auth.mint(mint(&alice)).await.unwrap();
    let refusal = Refusal::new(Code::Login, "login failed");
    for _ in 0..10 {
        auth.record_failure(proto::Protocol::Postgres, here(), minted.secret.reveal(), "x\ny", &refusal, "unknown")
            .await;
    }
    let filter = AuditFilter { kind: Some("login.failed".into()), limit: 100, ..AuditFilter::default() };
    let events = store.audit_events(filter).await.unwrap();
    assert_eq!(events.len(), 10);
    for event in events {
        assert!(!format!("{event:?}").contains(minted.secret.reveal()));
        assert_eq!((event.code.as_deref(), event.reason.as_deref()), (Some("SP-LOGIN"), Some("unknown")));
        assert_eq!((event.source.as_deref(), event.connection.as_deref()), (Some("127.0.0.1:4000"), Some("xy")));
    }
}
