use tokio::sync::mpsc;

use super::{super::reel::Step, *};

/// A stream to the gateway: the far end is the receiver.
struct Stream1(mpsc::Sender<Vec<Bytes>>);

impl Sink for Stream1 {
    async fn send(&mut self, records: Vec<Bytes>) -> Result<(), LinkLost> {
        self.0.send(records).await.map_err(|_| LinkLost)
    }
}

fn stream() -> (Stream1, mpsc::Receiver<Vec<Bytes>>) {
    let (sender, receiver) = mpsc::channel(1);
    (Stream1(sender), receiver)
}

async fn recorder(spool: &Spool) -> Recorder {
    spool.session(SessionId::generate(), Opened::default()).await.unwrap()
}

#[tokio::test]
async fn a_sealed_and_acknowledged_session_leaves_no_file_and_no_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    let recorder = recorder(&spool).await;
    let gateway = Gateway::default();
    let (sink, mut far) = stream();
    let shipper = tokio::spawn({
        let recorder = recorder.clone();
        async move { recorder.ship(sink).await }
    });
    for n in 0..1000 {
        let exchange = recorder.begin(request(format!("select {n}")));
        recorder.commit().await.unwrap();
        recorder.data(exchange, Stream::Out, &[b'x'; 3000]);
        recorder.completed(exchange, Completed { outcome: "ok".into(), ..Default::default() });
        recorder.commit().await.unwrap();
        while let Ok(records) = far.try_recv() {
            recorder.acked(gateway.accept(&records));
        }
    }
    recorder.seal(done()).await.unwrap();
    while let Some(records) = far.recv().await {
        assert!(records.iter().map(Bytes::len).sum::<usize>() <= 256 << 10);
        recorder.acked(gateway.accept(&records));
    }
    shipper.await.unwrap().unwrap();
    assert_eq!(gateway.texts().len(), 1000);
    assert!(matches!(gateway.kinds().last(), Some(Kind::Closed(closed)) if closed.requests == 1000));
    assert_eq!(files(dir.path()), Vec::<String>::new());
    assert_eq!(spool.used(), 0);
}

#[tokio::test]
async fn a_lone_commit_waits_for_company_and_a_seal_for_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    let recorder = recorder(&spool).await;
    let Kept::Spool(reel) = &recorder.0 else { panic!("a spool records") };
    assert!(matches!(reel.step(), Step::Linger(_)));
    recorder.seal(done()).await.unwrap();
    assert!(matches!(reel.step(), Step::Send(_)));
}

#[tokio::test]
async fn a_lone_commit_is_shipped_before_the_session_ends() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    let recorder = recorder(&spool).await;
    let (sink, mut far) = stream();
    let watching = async {
        assert_eq!(far.recv().await.unwrap().len(), 1);
        recorder.acked(1);
        recorder.seal(done()).await.unwrap();
        assert_eq!(far.recv().await.unwrap().len(), 1);
        recorder.acked(2);
    };
    let (shipped, ()) = tokio::join!(recorder.ship(sink), watching);
    shipped.unwrap();
}

#[tokio::test]
async fn a_gateway_that_never_acknowledges_gets_a_bounded_lead() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    let recorder = recorder(&spool).await;
    let exchange = recorder.begin(request("copy"));
    for _ in 0..40 {
        recorder.data(exchange, Stream::Out, &[0; 100 << 10]);
    }
    recorder.commit().await.unwrap();
    recorder.seal(done()).await.unwrap();
    let (sink, mut far) = stream();
    let shipping = recorder.ship(sink);
    let counting = async {
        let mut bytes = 0;
        // A pause is the end of the lead only once the lead is used up.
        let quiet = |bytes| Duration::from_millis(if bytes < 2 << 20 { 60_000 } else { 300 });
        while let Ok(Some(records)) = tokio::time::timeout(quiet(bytes), far.recv()).await {
            bytes += records.iter().map(Bytes::len).sum::<usize>();
        }
        drop(far);
        recorder.acked(12);
        bytes
    };
    let (shipped, bytes) = tokio::join!(shipping, counting);
    assert_eq!(shipped, Err(LinkLost));
    assert!((2 << 20..3 << 20).contains(&bytes), "{bytes}");
}

#[tokio::test]
async fn a_lost_link_makes_a_leftover_that_goes_on_where_the_gateway_is() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    let gateway = Gateway::default();
    let recorder = recorder(&spool).await;
    let (sink, mut far) = stream();
    recorder.begin(request("select 1"));
    recorder.commit().await.unwrap();
    let (shipped, ()) = tokio::join!(recorder.ship(sink), async {
        gateway.accept(&far.recv().await.unwrap());
        drop(far);
        recorder.begin(request("select 2"));
        recorder.commit().await.unwrap();
    });
    assert_eq!(shipped, Err(LinkLost));
    recorder.seal(Closed { code: "SP-GATEWAY-LOST".into(), ..Default::default() }).await.unwrap();
    assert!(spool.leftovers().is_empty(), "the recorder still has it in hand");
    drop(recorder);
    assert!(gateway.deliver(leftover(&spool)));
    assert_eq!(gateway.texts(), ["select 1", "select 2"]);
    assert!(matches!(gateway.kinds().last(), Some(Kind::Closed(closed)) if closed.code == "SP-GATEWAY-LOST"));
    assert_eq!(files(dir.path()), Vec::<String>::new());
    assert_eq!(spool.used(), 0);
}

#[tokio::test]
async fn an_everlasting_session_gives_acknowledged_bytes_back() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&Config { trim_at: 64 << 10, ..config(dir.path()) });
    let gateway = Gateway::default();
    let recorder = recorder(&spool).await;
    let (sink, mut far) = stream();
    let shipping = recorder.ship(sink);
    let working = async {
        for n in 0..100 {
            recorder.begin(request(format!("{n} {}", "x".repeat(20_000))));
            recorder.commit().await.unwrap();
            while let Ok(records) = far.try_recv() {
                recorder.acked(gateway.accept(&records));
            }
            assert!(spool.used() < 1 << 20);
            tokio::task::yield_now().await;
        }
        // The rest arrives as a leftover, from the trimmed file.
        drop(far);
    };
    let (shipped, ()) = tokio::join!(shipping, working);
    assert_eq!(shipped, Err(LinkLost));
    drop(recorder);
    assert!(spool.used() < 1 << 20);
    assert!(gateway.deliver(leftover(&spool)));
    assert_eq!(gateway.texts().len(), 100);
    assert!(matches!(gateway.kinds().last(), Some(Kind::Closed(closed)) if closed.code == "SP-AGENT-LOST"));
}

#[tokio::test]
async fn idle_sessions_hold_no_open_file() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    let mut recorders = Vec::new();
    for _ in 0..300 {
        recorders.push(recorder(&spool).await);
    }
    let inside = dir.path().canonicalize().unwrap();
    let open_files = || {
        let links =
            std::fs::read_dir("/proc/self/fd").unwrap().filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
        links.filter(|link| link.starts_with(&inside)).count()
    };
    assert!(open_files() > 300);
    eventually(|| (open_files() == 1).then_some(()));
    recorders[7].begin(request("select 1"));
    recorders[7].commit().await.unwrap();
    assert_eq!(open_files(), 2);
}
