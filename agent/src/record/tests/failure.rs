use proto::Code;

use super::*;

async fn start(spool: &Spool) -> Recorder {
    spool.session(SessionId::generate(), Opened::default()).await.unwrap()
}

/// Begins requests until the spool refuses; returns how many were committed.
async fn fill(recorder: &Recorder) -> usize {
    for n in 0..100_000 {
        recorder.begin(request(format!("{n} {}", "x".repeat(1000))));
        if let Err(refusal) = recorder.commit().await {
            assert_eq!(refusal.code, Code::Spool);
            return n;
        }
    }
    panic!("never full")
}

async fn a_full_spool_ends_the_session(spool: &Spool, dir: &Path) {
    let recorder = start(spool).await;
    let committed = fill(&recorder).await;
    assert!(recorder.commit().await.is_err(), "even with nothing to write");
    recorder.begin(request("small"));
    assert!(recorder.commit().await.is_err(), "nothing may pass after the first failure");
    recorder.seal(Closed { code: Code::Spool.to_string(), ..Default::default() }).await.unwrap();
    drop(recorder);
    let gateway = Gateway::default();
    assert!(gateway.deliver(leftover(spool)));
    assert_eq!(gateway.texts().len(), committed, "all that was committed, and nothing else");
    assert!(matches!(gateway.kinds().last(), Some(Kind::Closed(closed)) if closed.code == "SP-SPOOL"));
    assert_eq!((spool.used(), files(dir).len()), (0, 0));
    start(spool).await;
}

#[tokio::test]
async fn a_spool_over_its_quota_refuses_everything_that_follows_and_still_seals() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&Config { quota: 100_000, ..config(dir.path()) });
    a_full_spool_ends_the_session(&spool, dir.path()).await;
}

#[tokio::test]
async fn the_quota_is_for_all_sessions_together_and_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Config { quota: 100_000, ..config(dir.path()) };
    let spool = open(&limits);
    let first = start(&spool).await;
    let second = start(&spool).await;
    fill(&first).await;
    second.begin(request("x".repeat(1000)));
    assert!(second.commit().await.is_err());
    drop((first, second, spool));
    let spool = open(&limits);
    assert!(spool.used() > 98_000);
    assert_eq!(
        spool
            .session(SessionId::generate(), Opened { client: "x".repeat(4000), ..Default::default() })
            .await
            .err()
            .unwrap()
            .code,
        Code::Spool
    );
}

#[tokio::test]
async fn a_full_file_system_ends_the_session() {
    let Some(disk) = Tmpfs::mount() else {
        eprintln!("skipped: mounting a small file system needs root");
        return;
    };
    let spool = open(&config(&disk.0));
    let recorder = start(&spool).await;
    let committed = fill(&recorder).await;
    recorder.begin(request("small"));
    assert!(recorder.commit().await.is_err(), "nothing may pass after the first failure");
    // With no byte free the seal may fail, or fit into the rest of the last page; the session is recovered either way.
    let _sealed = recorder.seal(done()).await;
    drop((recorder, spool));
    disk.grow();
    let spool = open(&config(&disk.0));
    let gateway = Gateway::default();
    assert!(gateway.deliver(leftover(&spool)));
    assert_eq!(gateway.texts().len(), committed);
    assert!(matches!(gateway.kinds().last(), Some(Kind::Closed(_))));
    drop(spool);
}

#[tokio::test]
async fn too_little_free_space_refuses_before_the_disk_is_full() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&Config { min_free: u64::MAX, ..config(dir.path()) });
    let refused = spool.session(SessionId::generate(), Opened::default()).await;
    assert_eq!(refused.err().unwrap().code, Code::Spool);
}

#[tokio::test]
async fn a_directory_that_is_gone_ends_the_session() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    let recorder = start(&spool).await;
    std::fs::remove_dir_all(dir.path()).unwrap();
    assert!(spool.session(SessionId::generate(), Opened::default()).await.is_err());
    drop(recorder);
}

#[tokio::test]
async fn what_is_appended_after_the_seal_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    let recorder = start(&spool).await;
    recorder.seal(done()).await.unwrap();
    recorder.seal(done()).await.unwrap();
    recorder.begin(request("late"));
    assert_eq!(recorder.commit().await.unwrap_err().code, Code::Spool);
    drop(recorder);
    let gateway = Gateway::default();
    assert!(gateway.deliver(leftover(&spool)));
    assert_eq!(gateway.kinds().len(), 2);
}

#[tokio::test]
async fn a_spool_has_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let _first = open(&config(dir.path()));
    assert!(matches!(Spool::open(config(dir.path())), Err(SpoolError::Locked)));
}

#[tokio::test]
async fn a_session_is_recorded_once() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    let session = SessionId::generate();
    let _recorder = spool.session(session, Opened::default()).await.unwrap();
    assert_eq!(spool.session(session, Opened::default()).await.err().unwrap().code, Code::Spool);
}

#[tokio::test]
async fn refused_records_are_set_aside_for_people() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    drop(start(&spool).await);
    leftover(&spool).set_aside();
    assert!(spool.leftovers().is_empty());
    assert!(files(dir.path())[0].ends_with(".refused"));
}

/// A file system of 256 KiB, gone with the test.
struct Tmpfs(std::path::PathBuf);

impl Tmpfs {
    fn mount() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap().keep();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "none"])
            .arg(&dir)
            .stderr(std::process::Stdio::null())
            .status();
        if mounted.is_ok_and(|status| status.success()) {
            return Some(Self(dir));
        }
        std::fs::remove_dir(&dir).unwrap();
        None
    }

    fn grow(&self) {
        let grown = std::process::Command::new("mount").args(["-o", "remount,size=8m"]).arg(&self.0).status();
        assert!(grown.unwrap().success());
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _gone = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
        let _empty = std::fs::remove_dir(&self.0);
    }
}
