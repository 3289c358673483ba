use std::{
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

use super::*;

const DIR: &str = "SALLYPORT_TEST_CRASH_DIR";
const DURABILITY: &str = "SALLYPORT_TEST_CRASH_DISK";

/// The process that is killed: commits requests for ever, and tells after each commit which one it was.
#[tokio::test]
async fn commits_until_killed() {
    let Some(dir) = std::env::var_os(DIR) else { return };
    let durability = if std::env::var_os(DURABILITY).is_some() { Durability::Disk } else { Durability::Process };
    let spool = Spool::open(Config { durability, ..config(Path::new(&dir)) }).unwrap();
    let recorder = spool.session(SessionId::generate(), Opened::default()).await.unwrap();
    for n in 0.. {
        let exchange = recorder.begin(request(n.to_string()));
        recorder.data(exchange, Stream::In, &vec![b'x'; n % 7 * 5000]);
        recorder.commit().await.unwrap();
        // Told with a bare write: what the parent reads was committed before.
        rustix::io::write(std::io::stdout(), format!("committed {n}\n").as_bytes()).unwrap();
    }
}

/// Kills a recording process after it told of `commits` commits; returns the last commit it told of.
fn kill_after(dir: &Path, commits: usize, disk: bool) -> usize {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "record::tests::crash::commits_until_killed", "--nocapture"]).env(DIR, dir);
    if disk {
        child.env(DURABILITY, "1");
    }
    let mut child = child.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let told = |line: String| line.rsplit_once("committed ").and_then(|(_, n)| n.parse().ok());
    let mut last = lines.by_ref().filter_map(told).nth(commits).unwrap();
    child.kill().unwrap();
    if let Some(later) = lines.filter_map(told).last() {
        last = later;
    }
    child.wait().unwrap();
    last
}

fn nothing_committed_is_lost(disk: bool) {
    let dir = tempfile::tempdir().unwrap();
    for commits in [0, 3, 50, 400] {
        let last: usize = kill_after(dir.path(), commits, disk);
        let gateway = Gateway::default();
        let spool = open(&config(dir.path()));
        assert!(gateway.deliver(leftover(&spool)));
        let expected: Vec<_> = (0..gateway.texts().len()).map(|n| n.to_string()).collect();
        assert_eq!(gateway.texts(), expected, "each once and in order");
        assert!(expected.len() > last, "{} of {last} are there", expected.len());
        let Some(Kind::Closed(closed)) = gateway.kinds().pop() else { panic!("not sealed") };
        assert_eq!((closed.code.as_str(), closed.requests), ("SP-AGENT-LOST", expected.len() as u64));
        assert_eq!((spool.used(), files(dir.path()).len()), (0, 0));
    }
}

#[test]
fn a_killed_process_loses_nothing_it_committed() {
    nothing_committed_is_lost(false);
}

#[test]
fn a_killed_process_loses_nothing_it_committed_to_disk() {
    nothing_committed_is_lost(true);
}

#[tokio::test]
async fn a_file_torn_at_any_byte_gives_every_whole_record_and_a_seal() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    let session = SessionId::generate();
    let recorder = spool.session(session, Opened::default()).await.unwrap();
    let path = dir.path().join(file::name(session));
    let size = || std::fs::metadata(&path).unwrap().len() as usize;
    let mut ends = vec![size()];
    for n in 0..4 {
        recorder.begin(request(n.to_string()));
        recorder.commit().await.unwrap();
        ends.push(size());
    }
    let whole = std::fs::read(&path).unwrap();
    drop(recorder);
    for length in 0..=whole.len() {
        std::fs::write(&path, &whole[..length]).unwrap();
        let records = ends.iter().filter(|end| **end <= length).count();
        let left = eventually(|| {
            let left = spool.leftovers().pop();
            (left.is_some() || !path.exists()).then_some(left)
        });
        assert_eq!(left.is_some(), records > 0, "torn at {length}");
        let Some(left) = left else { continue };
        let gateway = Gateway::default();
        assert!(gateway.deliver(left));
        assert_eq!(gateway.kinds().len(), records + 1, "torn at {length}");
        let Some(Kind::Closed(closed)) = gateway.kinds().pop() else { panic!("not sealed") };
        assert_eq!(closed.message.contains("cut"), !ends.contains(&length), "torn at {length}");
    }
}

#[tokio::test]
async fn a_seal_that_was_interrupted_is_written_once() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    drop(spool.session(SessionId::generate(), Opened::default()).await.unwrap());
    for _ in 0..3 {
        drop(leftover(&spool));
    }
    let gateway = Gateway::default();
    assert!(gateway.deliver(leftover(&spool)));
    assert_eq!(gateway.kinds().len(), 2);
}

#[tokio::test]
async fn a_flipped_bit_ends_the_records_that_are_believed() {
    let dir = tempfile::tempdir().unwrap();
    let spool = open(&config(dir.path()));
    let session = SessionId::generate();
    let recorder = spool.session(session, Opened::default()).await.unwrap();
    let path = dir.path().join(file::name(session));
    recorder.begin(request("a"));
    recorder.commit().await.unwrap();
    let before = std::fs::metadata(&path).unwrap().len() as usize;
    recorder.begin(request("b"));
    recorder.commit().await.unwrap();
    drop(recorder);
    let whole = std::fs::read(&path).unwrap();
    for bit in before * 8..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, damaged).unwrap();
        let gateway = Gateway::default();
        assert!(gateway.deliver(leftover(&spool)));
        assert_eq!(gateway.texts(), ["a"], "bit {bit}");
    }
}
