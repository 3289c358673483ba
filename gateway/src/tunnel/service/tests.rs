//! What one agent cannot do to another's sessions: its certificate says who it is, and nothing it sends says otherwise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Mutex;

use bytes::Bytes;
use proto::{Caller, LaneOpen, Protocol};

use super::*;
use crate::store::{NewSession, Store};

fn peer(name: &str) -> AgentPeer {
    AgentPeer { name: name.into(), generation: 1 }
}

/// Counts what it is given to store.
#[derive(Default)]
struct Counting(Mutex<usize>);

#[async_trait::async_trait]
impl EventSink for Counting {
    async fn accept(&self, _: SessionId, records: Vec<Bytes>) -> Result<u64, SinkError> {
        *self.0.lock().unwrap() += records.len();
        Ok(1)
    }
}

#[tokio::test]
async fn records_of_a_session_are_taken_from_its_own_agent_only() {
    let store = Store::open("sqlite::memory:").await.unwrap();
    let session = NewSession {
        id: SessionId::generate(),
        connection: "shop-db".into(),
        protocol: Protocol::Postgres,
        caller: Caller { subject: "alice".into(), ..Caller::default() },
        agent: "near".into(),
        replica: "one".into(),
        permitted_by: "connect".into(),
        bundle: 1,
        shadow: String::new(),
    };
    let id = session.id;
    store.open_session(session).await.unwrap();
    let (roster, sink) = (Roster(store), Counting::default());
    let events = |session: String| rpc::SpooledEvents { session, records: vec![Bytes::from_static(b"a record")] };
    for session in [id.to_string(), SessionId::generate().to_string()] {
        let refused = super::store(&roster, &sink, &peer("far"), events(session)).await.unwrap_err();
        assert_eq!(refused.code(), tonic::Code::FailedPrecondition);
    }
    let refused = super::store(&roster, &sink, &peer("near"), events("no session".into())).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    assert_eq!(*sink.0.lock().unwrap(), 0, "nothing was stored");
    assert!(super::store(&roster, &sink, &peer("near"), events(id.to_string())).await.is_ok());
    assert_eq!(*sink.0.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_stream_is_taken_from_the_agent_that_was_asked_once_and_for_its_own_session() {
    let directory = Directory::default();
    let (to_agent, mut asked) = mpsc::channel(8);
    let (to_other, _unasked) = mpsc::channel(8);
    let _presences = [directory.enter("near", to_agent), directory.enter("far", to_other)];
    let session = SessionId::generate();
    let waiting = tokio::spawn({
        let directory = directory.clone();
        async move { directory.open("near", session, 0, None).await.map(drop) }
    });
    let Some(rpc::ToAgent { kind: Some(to_agent::Kind::Open(open)) }) = asked.recv().await else {
        panic!("the agent is asked")
    };
    let answer = |session, nonce: &Bytes, lane| LaneOpen { session, nonce: nonce.clone(), lane };
    let nonce = open.nonce;
    let forged: Bytes = nonce.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>().into();
    for (agent, claimed) in [
        ("far", answer(session, &nonce, 0)),
        ("near", answer(SessionId::generate(), &nonce, 0)),
        ("near", answer(session, &nonce, 1)),
        ("near", answer(session, &forged, 0)),
        ("near", answer(session, &Bytes::new(), 0)),
    ] {
        assert!(directory.arrived(agent, &claimed).is_none(), "{agent} {claimed:?}");
    }
    let right = answer(session, &nonce, 0);
    let arrival = directory.arrived("near", &right);
    assert!(arrival.is_some());
    assert!(directory.arrived("near", &right).is_none(), "once");
    drop(arrival);
    assert!(waiting.await.unwrap().is_err(), "the stream was dropped");
}

#[test]
fn without_a_certificate_a_call_is_nobodys() {
    let mut request = Request::new(());
    assert_eq!(agent(&request).unwrap_err().code(), tonic::Code::Unauthenticated);
    request.extensions_mut().insert(PeerInfo { agent: None });
    assert_eq!(agent(&request).unwrap_err().code(), tonic::Code::Unauthenticated);
    request.extensions_mut().insert(PeerInfo { agent: Some(peer("near")) });
    assert_eq!(agent(&request).unwrap(), peer("near"));
}
