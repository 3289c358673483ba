//! Memory stays flat, however much passes and however slow a client reads: measured from outside, in /proc.

use std::{
    fs,
    io::Read,
    process::{Child, ChildStdout},
    time::{Duration, Instant},
};

use e2e::{
    Run, World,
    frames::{Frames, query},
    raw,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const GIGABYTE: u64 = 1_000_000_000;
/// What gateway and agent together may hold on top of what they held before: buffers of the streams, not their content.
const MOST_MORE: u64 = 120 << 20;
const LONG: Duration = Duration::from_secs(240);

/// Resident bytes of gateway and agent together.
fn resident(world: &World) -> u64 {
    read_status(world, "VmRSS:")
}

/// The most that they held since [`forget_peak`].
fn peak(world: &World) -> u64 {
    read_status(world, "VmHWM:")
}

fn read_status(world: &World, name: &str) -> u64 {
    [world.site.gateway.pid(), world.site.agent.pid()].iter().map(|pid| status(*pid, name)).sum()
}

fn status(pid: u32, name: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() << 10
}

fn forget_peak(world: &World) {
    for pid in [world.site.gateway.pid(), world.site.agent.pid()] {
        fs::write(format!("/proc/{pid}/clear_refs"), "5").unwrap();
    }
}

/// What the act added to the peak, at most.
fn grows_by(world: &World, act: impl FnOnce()) -> u64 {
    forget_peak(world);
    let before = resident(world);
    act();
    peak(world).saturating_sub(before)
}

fn download(world: &World, options: &[&str]) -> Run {
    world.curl(&format!("/shop-api/bytes/{GIGABYTE}"), &[&["--fail"], options].concat()).patience(LONG)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_down_and_up_over_http_leaves_memory_flat() {
    let world = World::start().await;
    let _warm = world.curl("/shop-api/bytes/50000000", &["--fail", "-o", "/dev/null"]).ok();
    for version in ["--http1.1", "--http2"] {
        let more = grows_by(&world, || {
            let got = download(&world, &[version, "-o", "/dev/null", "-w", "%{size_download}"]).ok();
            assert_eq!(got.out, GIGABYTE.to_string());
        });
        assert!(more < MOST_MORE, "{version} down: {} MB more", more >> 20);
    }
    // A sparse file costs no disk.
    let file = world.folder("gigabyte").join("zeros");
    fs::File::create(&file).unwrap().set_len(GIGABYTE).unwrap();
    let more = grows_by(&world, || {
        let options = ["--fail", "-T", file.to_str().unwrap(), "-X", "PUT"];
        let sent = world.curl("/shop-api/sink", &options).patience(LONG).ok();
        assert_eq!(sent.json()["bytes"], GIGABYTE);
    });
    assert!(more < MOST_MORE, "up: {} MB more", more >> 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_result_and_a_large_output_leave_memory_flat() {
    let world = World::start().await;
    let _warm = world.psql().args(["-c", "COPY (SELECT repeat('z', 90000000)) TO STDOUT", "-o", "/dev/null"]).ok();
    let more = grows_by(&world, || {
        let rows = "\\copy (SELECT generate_series(1, 1500000), repeat('z', 190)) TO PROGRAM 'wc -c'";
        let said = world.psql().args(["-q", "-c", rows]).patience(LONG).ok().out;
        let count: u64 = said.split_whitespace().next().unwrap().parse().unwrap();
        assert!(count > 290_000_000, "{count}");
    });
    assert!(more < MOST_MORE, "a result: {} MB more", more >> 20);
    let more = grows_by(&world, || {
        let ssh = world.ssh(&["head -c 300000000 /dev/zero"]).patience(LONG).ok();
        assert_eq!(ssh.bytes.len(), 300_000_000);
    });
    assert!(more < MOST_MORE, "an output: {} MB more", more >> 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_idle_sessions_hold_little() {
    let world = World::start().await;
    let warm = idle(&world, 100).await;
    let before = resident(&world);
    let more = idle(&world, 1000).await;
    let each = resident(&world).saturating_sub(before) / 1000;
    // `make bench` holds a release build to 64 KiB for a PostgreSQL session; here tasks are larger, and there is TLS.
    assert!(each < 160 << 10, "{} KiB for each idle session", each >> 10);
    drop((warm, more));
}

/// So many callers that asked for something once and now say nothing; each has a session of its own.
async fn idle(world: &World, count: usize) -> Vec<impl Sized + use<>> {
    let request = format!(
        "GET /shop-api/customers/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n",
        world.alice().ticket
    );
    let mut callers = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = raw::tls(world, world.site.ports.http, &["http/1.1"]).await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = [0; 2048];
        assert_ne!(stream.read(&mut answer).await.unwrap(), 0);
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
        callers.push(stream);
    }
    let mut files = std::fs::read_dir(format!("/proc/{}/fd", world.site.agent.pid())).unwrap().count();
    e2e::eventually("the agent has closed what it wrote last", || {
        let now = std::fs::read_dir(format!("/proc/{}/fd", world.site.agent.pid())).unwrap().count();
        let settled = now < 200 && now == files;
        files = now;
        settled.then_some(())
    });
    callers
}

/// A client that reads about a megabyte a second.
struct Slow {
    child: Child,
    out: ChildStdout,
    read: u64,
}

impl Slow {
    fn start(run: Run) -> Self {
        let mut child = run.start();
        let out = child.stdout.take().unwrap();
        Self { child, out, read: 0 }
    }

    fn sip(&mut self) {
        let mut piece = vec![0; 100_000];
        self.out.read_exact(&mut piece).unwrap();
        self.read += 100_000;
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_that_read_a_megabyte_a_second_or_nothing_hold_nothing_here() {
    let world = World::start().await;
    let before = resident(&world);
    let endless = "head -c 1000000000 /dev/zero";
    let rows = "SELECT generate_series(1, 100000000), repeat('z', 190)";
    let mut slow = [
        Slow::start(download(&world, &["--http1.1", "-N"])),
        Slow::start(download(&world, &["--http2", "-N"])),
        Slow::start(world.ssh(&[endless])),
        Slow::start(world.psql().args(["-c", &format!("COPY ({rows}) TO STDOUT")])),
    ];
    // These never read at all.
    let _stuck = [Slow::start(download(&world, &["-N"])), Slow::start(world.ssh(&[endless]))];
    let mut silent = Frames::through(&world, "shop-db").await;
    silent.send(&query(rows)).await;

    let (began, mut most) = (Instant::now(), 0);
    let got_on = |slow: &[Slow]| slow.iter().all(|client| client.read > 1_000_000);
    while began.elapsed() < Duration::from_secs(8) || !got_on(&slow) {
        assert!(began.elapsed() < LONG, "not all of them got on");
        slow.iter_mut().for_each(Slow::sip);
        most = most.max(resident(&world));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let more = most.saturating_sub(before);
    assert!(more < MOST_MORE, "seven slow readers: {} MB more", more >> 20);
}
