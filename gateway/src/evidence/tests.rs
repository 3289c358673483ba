#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
};

use object_store::{ObjectStoreExt as _, memory::InMemory, path::Path as ObjectPath};
use proptest::prelude::*;
use proto::event::{Event, Opened, Request, encode};
use uuid::Uuid;

use super::*;

/// Remembers what a session's row would show.
#[derive(Default)]
struct Row(Mutex<Told>);

#[derive(Default)]
struct Told {
    head: Head,
    closed: Vec<Closed>,
    refused: Vec<String>,
    halted: Vec<String>,
    incidents: Vec<u32>,
}

#[async_trait]
impl SessionProgress for Row {
    async fn stored(&self, _: SessionId, head: Head, closed: Option<&Closed>) -> Result<(), String> {
        let mut told = self.0.lock().unwrap();
        told.head = head;
        told.closed.extend(closed.cloned());
        Ok(())
    }

    async fn halted(&self, _: SessionId, refused: &Refused) -> Result<(), String> {
        self.0.lock().unwrap().halted.push(format!("{} {}", refused.code, refused.rule));
        Ok(())
    }

    async fn incident(&self, _: SessionId, refused: &Refused) -> Result<(), String> {
        let number = refused.incident.as_ref().map_or(0, |incident| incident.number);
        self.0.lock().unwrap().incidents.push(number);
        Ok(())
    }

    async fn refused(&self, _: SessionId, reason: &str) {
        self.0.lock().unwrap().refused.push(reason.to_owned());
    }
}

/// The records of a session with so many requests; the last one closes it.
fn recorded(requests: u64) -> Vec<Bytes> {
    let kinds = std::iter::once(Kind::Opened(Opened::default()))
        .chain((1..=requests).map(|n| Kind::Request(Request { text: n.to_string(), ..Request::default() })))
        .chain([Kind::Closed(Closed { code: "SP-DONE".into(), requests, ..Closed::default() })]);
    let mut head = Head::START;
    let mut records = Vec::new();
    for kind in kinds {
        let prev = Bytes::copy_from_slice(&head.link);
        let event = Event { seq: head.seq + 1, at_unix_ns: 1, prev, exchange: 0, kind: Some(kind) };
        let record = Bytes::from(encode(&event));
        head = Head { seq: event.seq, link: ledger::chain::link(&record) };
        records.push(record);
    }
    records
}

fn head(records: &[Bytes]) -> Head {
    Head { seq: records.len() as u64, link: ledger::chain::link(records.last().unwrap()) }
}

async fn stored(recordings: &Recordings, session: SessionId) -> Vec<Bytes> {
    let mut reader = recordings.reader(session, None).await.unwrap();
    let mut records = Vec::new();
    while let Some(next) = reader.next().await.unwrap() {
        records.extend(next.into_iter().map(|(record, _)| record));
    }
    records
}

fn memory() -> (Recordings, Arc<Row>, Arc<InMemory>) {
    let (row, objects) = (Arc::new(Row::default()), Arc::new(InMemory::new()));
    (Recordings::new(objects.clone(), row.clone()), row, objects)
}

#[tokio::test]
async fn records_are_stored_by_day_and_session_and_the_row_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let row = Arc::new(Row::default());
    let recordings = Recordings::open_dir(dir.path(), row.clone()).unwrap();
    let session = SessionId::from("0199b1a2-0000-7000-8000-000000000001".parse::<Uuid>().unwrap());
    let records = recorded(3);
    assert_eq!(recordings.accept(session, records[..2].to_vec()).await.unwrap(), 2);
    assert_eq!(recordings.accept(session, records[2..].to_vec()).await.unwrap(), 5);
    assert!(dir.path().join(format!("recordings/2025/10/04/{session}/000000000003-000000000005.seg")).exists());
    assert_eq!(stored(&recordings, session).await, records);
    let told = row.0.lock().unwrap();
    assert_eq!(told.head, head(&records));
    assert_eq!(told.closed.iter().map(|closed| closed.requests).collect::<Vec<_>>(), [3]);
}

#[tokio::test]
async fn a_gap_a_fork_a_forged_link_and_a_late_record_are_refused_and_audited() {
    let (recordings, row, _) = memory();
    let session = SessionId::generate();
    let records = recorded(3);
    recordings.accept(session, records[..2].to_vec()).await.unwrap();
    let mut forged = proto::event::decode(&records[2]).unwrap();
    forged.prev = Bytes::from_static(&[1; 32]);
    let mut other = proto::event::decode(&records[1]).unwrap();
    other.at_unix_ns = 2;
    for wrong in [
        records[3..].to_vec(),
        vec![encode(&forged).into()],
        vec![encode(&other).into()],
        vec![Bytes::from_static(b"nonsense")],
        vec![records[2].clone(), records[2].clone()],
    ] {
        assert!(matches!(recordings.accept(session, wrong).await, Err(SinkError::Broken(_))));
    }
    assert_eq!(row.0.lock().unwrap().refused.len(), 5);
    assert_eq!(recordings.accept(session, records[2..].to_vec()).await.unwrap(), 5, "the right ones still go on");
    let mut late = proto::event::decode(&records[4]).unwrap();
    (late.seq, late.prev) = (6, Bytes::copy_from_slice(&head(&records).link));
    assert!(matches!(recordings.accept(session, vec![encode(&late).into()]).await, Err(SinkError::Broken(_))));
    assert_eq!(stored(&recordings, session).await, records);
}

#[tokio::test]
async fn two_gateways_that_store_the_same_records_differ_in_nothing_that_is_read() {
    let (one, row, objects) = memory();
    let other = Recordings::new(objects, row);
    let session = SessionId::generate();
    let records = recorded(6);
    one.accept(session, records[..2].to_vec()).await.unwrap();
    other.accept(session, records[..4].to_vec()).await.unwrap();
    // The first one does not know what the second stored: it stores an overlapping object.
    one.accept(session, records[2..5].to_vec()).await.unwrap();
    other.accept(session, records[4..].to_vec()).await.unwrap();
    assert_eq!(stored(&one, session).await, records);
}

#[tokio::test]
async fn a_store_that_fails_for_a_while_is_no_damage() {
    let (recordings, row, objects) = memory();
    let session = SessionId::generate();
    let records = recorded(4);
    recordings.accept(session, records[..1].to_vec()).await.unwrap();
    // Somebody else's object in the way makes the next put fail.
    let blocked = segment::path(session, 2, 3).unwrap();
    objects.put(&blocked, segment::encode(&records[1..3]).into()).await.unwrap();
    assert!(matches!(recordings.accept(session, records[1..3].to_vec()).await, Err(SinkError::Unavailable(_))));
    objects.delete(&blocked).await.unwrap();
    assert!(matches!(recordings.accept(session, records[3..4].to_vec()).await, Err(SinkError::Unavailable(_))));
    assert!(row.0.lock().unwrap().refused.is_empty());
    assert_eq!(recordings.accept(session, records).await.unwrap(), 6);
}

#[tokio::test]
async fn damage_to_what_is_stored_is_named_when_it_is_read() {
    let (recordings, _, objects) = memory();
    let session = SessionId::generate();
    let records = recorded(4);
    for record in &records {
        recordings.accept(session, vec![record.clone()]).await.unwrap();
    }
    let object = |seq| segment::path(session, seq, seq).unwrap();
    let read = async || {
        let reader = recordings.reader(session, Some(head(&records))).await?;
        reader.events().await
    };
    read().await.unwrap();
    objects.delete(&object(6)).await.unwrap();
    assert!(matches!(read().await, Err(ReadError::Damaged(Break::Truncated { found: 5, expected: 6 }))));
    objects.delete(&object(3)).await.unwrap();
    assert!(matches!(read().await, Err(ReadError::Damaged(Break::Missing { from: 3, to: 3 }))));
    objects.put(&object(3), b"SPSEGv1\n\xff\xff\xff\xff".to_vec().into()).await.unwrap();
    assert!(matches!(read().await, Err(ReadError::Unreadable(_))));
    let mut edited = proto::event::decode(&records[2]).unwrap();
    edited.at_unix_ns = 7;
    objects.put(&object(3), segment::encode(&[encode(&edited).into()]).into()).await.unwrap();
    assert!(matches!(read().await, Err(ReadError::Damaged(Break::Edited { seq: 3 }))));
    assert!(matches!(recordings.reader(SessionId::generate(), None).await, Err(ReadError::Absent)));
}

#[test]
fn an_object_of_another_name_is_not_ours() {
    for name in ["a/1-2.tmp", "a/x-2.seg", "a/12.seg"] {
        assert_eq!(segment::range(&ObjectPath::from(name)), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(64), ..ProptestConfig::default() })]

    #[test]
    fn any_repetition_and_restart_stores_each_record_once(
        steps in prop::collection::vec((0..20_usize, 1..8_usize, any::<bool>()), 0..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut recordings, row, objects) = memory();
            let session = SessionId::generate();
            let records = recorded(18);
            let mut acked = 0;
            for (back, count, restart) in steps {
                if restart {
                    recordings = Recordings::new(objects.clone(), row.clone());
                }
                let from = acked - back.min(acked);
                let to = (from + count).min(records.len());
                acked = recordings.accept(session, records[from..to].to_vec()).await.unwrap() as usize;
            }
            recordings.accept(session, records.clone()).await.unwrap();
            assert_eq!(stored(&recordings, session).await, records);
            assert!(row.0.lock().unwrap().refused.is_empty());
        });
    }
}

const DIR: &str = "SALLYPORT_TEST_KILL_DIR";
const SESSION: &str = "0199b1a2-0000-7000-8000-000000000002";

/// The gateway that is killed: stores one record after another, and tells of each that it acknowledged it.
#[tokio::test]
async fn stores_until_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let recordings = Recordings::open_dir(Path::new(&dir), Arc::new(Row::default())).unwrap();
    let session = SESSION.parse().unwrap();
    for record in recorded(5000) {
        let acked = recordings.accept(session, vec![record]).await.unwrap();
        std::io::stdout().lock().write_all(format!("acked {acked}\n").as_bytes()).unwrap();
    }
}

#[tokio::test]
async fn a_killed_gateway_forgets_nothing_it_acknowledged_and_repeats_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let session: SessionId = SESSION.parse().unwrap();
    let records = recorded(5000);
    for kills in 1..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "evidence::tests::stores_until_killed", "--nocapture"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut acks = lines.filter_map(|line| line.rsplit_once("acked ")?.1.parse::<u64>().ok());
        acks.by_ref().find(|acked| *acked > kills * 40).unwrap();
        child.kill().unwrap();
        let acked = acks.last().unwrap_or(kills * 40);
        child.wait().unwrap();
        let recordings = Recordings::open_dir(dir.path(), Arc::new(Row::default())).unwrap();
        let found = stored(&recordings, session).await;
        assert!(found.len() as u64 >= acked);
        assert_eq!(found, records[..found.len()]);
    }
}

#[tokio::test]
async fn each_rule_that_stops_calls_is_told_once_in_a_session() {
    let (recordings, row, _objects) = memory();
    let refused = |rule: &str| {
        let refused = Refused { code: "SP-NEEDS-APPROVAL".into(), rule: rule.into(), ..Refused::default() };
        Kind::Refused(refused)
    };
    let kinds = [Kind::Opened(Opened::default()), refused("a"), refused("a"), refused("b"), refused("a")];
    let records = chained(kinds);
    let session = SessionId::generate();
    for piece in [&records[..2], &records[..4], &records[2..]] {
        let _stored = recordings.accept(session, piece.to_vec()).await.unwrap();
    }
    assert_eq!(row.0.lock().unwrap().halted, ["SP-NEEDS-APPROVAL a", "SP-NEEDS-APPROVAL b"]);
}

#[tokio::test]
async fn each_incident_is_told_once_also_when_its_rule_has_stopped_calls_before() {
    let (recordings, row, _objects) = memory();
    let refused = |number: u32| {
        let incident = (number > 0).then(|| proto::event::Incident { number, ..Default::default() });
        Kind::Refused(Refused { code: "SP-DENIED".into(), rule: "a".into(), incident, ..Refused::default() })
    };
    let kinds = [Kind::Opened(Opened::default()), refused(0), refused(1), refused(1), refused(2)];
    let records = chained(kinds);
    let session = SessionId::generate();
    for piece in [&records[..2], &records[..4], &records[2..]] {
        let _stored = recordings.accept(session, piece.to_vec()).await.unwrap();
    }
    assert_eq!(row.0.lock().unwrap().incidents, [1, 2]);
}

/// Records of these events.
fn chained(kinds: impl IntoIterator<Item = Kind>) -> Vec<Bytes> {
    let (mut head, mut records) = (Head::START, Vec::new());
    for kind in kinds {
        let prev = Bytes::copy_from_slice(&head.link);
        let record =
            Bytes::from(encode(&Event { seq: head.seq + 1, at_unix_ns: 1, prev, exchange: 1, kind: Some(kind) }));
        head = Head { seq: head.seq + 1, link: ledger::chain::link(&record) };
        records.push(record);
    }
    records
}
