//! Holds of sessions, and changes that were checked too early.

use proto::event::{Incident as Told, Refused};

use super::*;

fn refused(number: u32) -> Refused {
    let incident = Told { number, rules: vec!["odd".into()], reason: "it is odd".into(), facts: "{}".into() };
    Refused { code: "SP-NEEDS-APPROVAL".into(), rule: "odd".into(), incident: Some(incident), ..Refused::default() }
}

pub(super) async fn incidents_stand_until_they_are_released(store: &Store) {
    let new = NewSession { connection: "odd-db".into(), ..new_session() };
    let (id, caller) = (new.id, new.caller.clone());
    store.open_session(new).await.unwrap();
    for number in [1, 1, 2] {
        store.raise_incident(id, &refused(number)).await.unwrap();
    }
    store.raise_incident(id, &Refused::default()).await.unwrap();
    let log = AuditFilter { session: Some(id), kind: Some("incident".into()), limit: 9, ..Default::default() };
    assert_eq!(store.audit_events(log).await.unwrap().len(), 2, "each is told once");
    assert_eq!(store.incidents_of(&[id]).await.unwrap()[&id].number, 2);
    let held = SessionFilter { held: true, connection: Some("odd-db".into()), limit: 9, ..Default::default() };
    assert_eq!(store.sessions(held.clone()).await.unwrap().len(), 1);
    assert_eq!(store.incident_of("odd-db", &caller).await.unwrap().unwrap().session, id);
    assert!(store.incident_of("shop-db", &caller).await.unwrap().is_none());
    assert!(store.incident_of("odd-db", &Caller { subject: "bob".into(), ..caller.clone() }).await.unwrap().is_none());
    // It outlives its session.
    assert!(store.close_session(id, Code::Done, "", Counts::default()).await.unwrap());
    assert!(store.incident_of("odd-db", &caller).await.unwrap().is_some());
    let event = || AuditEvent { session: Some(id), ..AuditEvent::new("session.released") };
    assert!(store.release_incidents(id, 1, event()).await.unwrap());
    assert!(store.incident_of("odd-db", &caller).await.unwrap().is_some(), "the second stands");
    assert!(store.release_incidents(id, 2, event()).await.unwrap());
    assert!(!store.release_incidents(id, 2, event()).await.unwrap());
    assert!(store.incident_of("odd-db", &caller).await.unwrap().is_none());
    assert!(store.sessions(held).await.unwrap().is_empty());
    assert_eq!(store.last_incident(id).await.unwrap().unwrap().number, 2);
}

pub(super) async fn a_change_that_was_checked_with_an_older_bundle_is_not_made(store: &Store) {
    let version = || store.snapshot().engine().unwrap().version();
    let document = |text: &str| policy::Document { name: "moved".into(), text: text.into() };
    let change = |text: &str, expected| Change { documents: vec![document(text)], expected, ..Change::default() };
    let before = version();
    let one = r#"@id("one") forbid (principal == Person::"eve", action, resource);"#;
    store.change(change(one, Some(before)), vec![]).await.unwrap();
    assert_eq!(version(), before + 1);
    let late = store.change(change("", Some(before)), vec![AuditEvent::new("late")]).await;
    assert!(matches!(late, Err(StoreError::Moved)));
    assert_eq!(version(), before + 1);
    let log = AuditFilter { kind: Some("late".into()), limit: 9, ..Default::default() };
    assert!(store.audit_events(log).await.unwrap().is_empty());
    let gone = Change { remove_documents: vec!["moved".into()], expected: Some(version()), ..Change::default() };
    store.change(gone, vec![]).await.unwrap();
}
