use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;

use super::*;

/// What can happen to a session.
#[derive(Clone, Debug)]
enum Act {
    /// So many requests of so many bytes are appended.
    Append(usize, usize),
    Commit,
    /// So many batches are shipped, and the gateway stores them.
    Ship(usize),
    /// The last acknowledgement arrives.
    Ack,
    Seal,
    /// The process dies and starts again; what is left is delivered, but only so many batches get through.
    Restart(usize),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (1..5_usize, prop_oneof![0..200_usize, 60_000..300_000_usize]).prop_map(|(n, bytes)| Act::Append(n, bytes)),
        4 => Just(Act::Commit),
        3 => (1..4_usize).prop_map(Act::Ship),
        3 => Just(Act::Ack),
        1 => Just(Act::Seal),
        1 => (0..4_usize).prop_map(Act::Restart),
    ];
    prop::collection::vec(act, 1..25)
}

/// Lets some batches through to the gateway, then waits for ever.
struct Doorkeeper {
    gateway: Gateway,
    left: usize,
    shut: Arc<AtomicBool>,
}

impl Sink for Doorkeeper {
    async fn send(&mut self, records: Vec<Bytes>) -> Result<(), LinkLost> {
        if self.left == 0 {
            self.shut.store(true, Ordering::Relaxed);
            return Err(LinkLost);
        }
        self.left -= 1;
        self.gateway.accept(&records);
        Ok(())
    }
}

#[derive(Default)]
struct Expected {
    appended: usize,
    committed: usize,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.max(48), ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_events_delivers_each_record_once_and_in_order(acts in acts()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(acts))?;
    }
}

async fn play(acts: Vec<Act>) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir().unwrap();
    let config = Config { trim_at: 200_000, ..config(dir.path()) };
    let mut spool = open(&config);
    let gateway = Gateway::default();
    let mut recorder = Some(spool.session(SessionId::generate(), Opened::default()).await.unwrap());
    let mut expected = Expected::default();
    for act in acts {
        match (act, &recorder) {
            (Act::Append(count, bytes), Some(recorder)) => {
                for _ in 0..count {
                    recorder.begin(request(format!("{} {}", expected.appended, "x".repeat(bytes))));
                    expected.appended += 1;
                }
            }
            (Act::Commit, Some(recorder)) => {
                recorder.commit().await.unwrap();
                expected.committed = expected.appended;
            }
            (Act::Ship(batches), Some(recorder)) => ship(recorder, &gateway, batches).await,
            (Act::Ack, Some(recorder)) => recorder.acked(gateway.0.lock().unwrap().head.seq),
            (Act::Seal, Some(live)) => {
                live.seal(done()).await.unwrap();
                expected.committed = expected.appended;
                recorder = None;
            }
            (Act::Restart(batches), _) => {
                recorder = None;
                drop(spool);
                spool = open(&config);
                deliver_some(&spool, &gateway, batches);
            }
            (_, None) => {}
        }
    }
    drop((recorder, spool));
    let spool = open(&config);
    for left in spool.leftovers() {
        prop_assert!(gateway.deliver(left));
    }
    check(&gateway, &expected)?;
    prop_assert_eq!((spool.used(), files(dir.path()).len()), (0, 0));
    Ok(())
}

/// Ships on one stream until the doorkeeper shuts it, or nothing is there to ship.
async fn ship(recorder: &Recorder, gateway: &Gateway, batches: usize) {
    let shut = Arc::new(AtomicBool::new(false));
    let sink = Doorkeeper { gateway: gateway.clone(), left: batches, shut };
    let _lost_or_idle = tokio::time::timeout(Duration::from_millis(20), recorder.ship(sink)).await;
}

fn deliver_some(spool: &Spool, gateway: &Gateway, batches: usize) {
    for mut left in spool.leftovers() {
        for batch in left.batches().unwrap().take(batches) {
            gateway.accept(&batch.unwrap().records);
        }
        left.acked(gateway.0.lock().unwrap().head.seq);
    }
}

fn check(gateway: &Gateway, expected: &Expected) -> Result<(), TestCaseError> {
    let numbers: Vec<usize> =
        gateway.texts().iter().map(|text| text.split_once(' ').unwrap().0.parse().unwrap()).collect();
    prop_assert_eq!(&numbers, &(0..numbers.len()).collect::<Vec<_>>());
    prop_assert!((expected.committed..=expected.appended).contains(&numbers.len()));
    prop_assert!(matches!(gateway.kinds().last(), Some(Kind::Closed(_))));
    prop_assert_eq!(gateway.kinds().iter().filter(|kind| matches!(kind, Kind::Closed(_))).count(), 1);
    Ok(())
}
