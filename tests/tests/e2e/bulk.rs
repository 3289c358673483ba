//! Bulk transfers, many in a row, in each protocol and both ways: none hangs and none loses a byte. A few rounds always; a hundred of
//! more megabytes, and a gigabyte at a bounded rate, by hand:
//!
//! `cargo test -p e2e --test e2e -- --ignored --nocapture bulk`
#![allow(clippy::print_stdout)]

use std::{
    fs,
    io::Read as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use e2e::{Run, World, world::Wishes};

/// How much is moved, and how often.
#[derive(Clone, Copy)]
struct Load {
    rounds: usize,
    bytes: usize,
}

const FEW: Load = Load { rounds: 6, bytes: 2_000_000 };
const MANY: Load = Load { rounds: 100, bytes: 4_000_000 };
/// No transfer of a load takes longer, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

/// A file of so many letters without any pattern that a detector would like.
fn sample(world: &World, name: &str, length: usize) -> PathBuf {
    let file = world.folder(name).join("sample");
    let letter = |place: usize| u8::try_from((place * 7 + place / 251) % 26).unwrap() + b'a';
    fs::write(&file, (0..length).map(letter).collect::<Vec<_>>()).unwrap();
    file
}

/// Repeats a transfer, which answers how many bytes arrived.
fn repeat(what: &str, load: Load, transfer: impl Fn() -> usize) {
    let began = Instant::now();
    let mut longest = Duration::ZERO;
    for round in 0..load.rounds {
        let start = Instant::now();
        assert_eq!(transfer(), load.bytes, "{what}, round {round}");
        longest = longest.max(start.elapsed());
    }
    let megabytes = load.rounds * load.bytes / 1_000_000;
    println!("{what}: {} times, {megabytes} MB in {:?}, the longest {longest:?}", load.rounds, began.elapsed());
}

fn postgres(world: &World, load: Load) {
    let rows = load.bytes / 100;
    let query = format!("SELECT repeat('z', 99) FROM generate_series(1, {rows})");
    repeat("psql COPY out", load, || {
        world.psql().args(["-c", &format!("COPY ({query}) TO STDOUT")]).patience(PATIENCE).ok().bytes.len()
    });
    repeat("psql SELECT", load, || world.psql().args(["-tA", "-c", &query]).patience(PATIENCE).ok().bytes.len());
    let lines = [&[b'z'; 99][..], b"\n"].concat().repeat(rows);
    let copy = "CREATE TEMP TABLE t (a text); COPY t FROM STDIN";
    repeat("psql COPY in", load, || {
        let said = world.psql().args(["-q", "-c", copy]).input(lines.clone()).patience(PATIENCE).ok();
        if said.err.is_empty() { lines.len() } else { 0 }
    });
}

fn ssh(world: &World, load: Load) {
    let command = format!("head -c {} /dev/zero", load.bytes);
    repeat("ssh exec output", load, || world.ssh(&[&command]).patience(PATIENCE).ok().bytes.len());
    let lines = vec![b'z'; load.bytes];
    repeat("ssh exec input", load, || {
        let said = world.ssh(&["wc -c"]).input(lines.clone()).patience(PATIENCE).ok().out;
        said.trim().parse().unwrap()
    });
}

fn sftp(world: &World, load: Load) {
    let here = sample(world, &format!("sftp-{}", load.bytes), load.bytes);
    let back = here.with_extension("back");
    let away = format!("bulk-{}", load.bytes);
    let batch = |line: String| {
        let sftp =
            Run::new("sftp").args(world.ssh_options(world.alice())).args(["-P", &world.site.ports.ssh.to_string()]);
        let _done = sftp.args(["-b", "-", "web-1@127.0.0.1"]).input(line).patience(PATIENCE).ok();
    };
    let content = fs::read(&here).unwrap();
    let arrived = |file: PathBuf| {
        let same = fs::read(&file).unwrap() == content;
        fs::remove_file(file).unwrap();
        if same { content.len() } else { 0 }
    };
    repeat("sftp up", load, || {
        batch(format!("put {} {away}\n", here.display()));
        arrived(world.site.sshd.home.join(&away))
    });
    batch(format!("put {} {away}\n", here.display()));
    repeat("sftp down", load, || {
        batch(format!("get {away} {}\n", back.display()));
        arrived(back.clone())
    });
    fs::remove_file(world.site.sshd.home.join(&away)).unwrap();
}

fn http(world: &World, load: Load) {
    let file = sample(world, &format!("http-{}", load.bytes), load.bytes);
    for version in ["--http1.1", "--http2"] {
        let path = format!("/shop-api/bytes/{}", load.bytes);
        repeat(&format!("curl {version} down"), load, || {
            world.curl(&path, &["--fail", version]).patience(PATIENCE).ok().bytes.len()
        });
        let options = ["--fail", version, "-X", "PUT", "-T", file.to_str().unwrap()];
        repeat(&format!("curl {version} up"), load, || {
            let said = world.curl("/shop-api/sink", &options).patience(PATIENCE).ok().json();
            usize::try_from(said["bytes"].as_u64().unwrap()).unwrap()
        });
    }
}

#[test]
fn bulk_transfers_of_postgres_in_a_row_do_not_hang() {
    postgres(World::shared(), FEW);
}

#[test]
fn bulk_transfers_of_ssh_in_a_row_do_not_hang() {
    ssh(World::shared(), FEW);
}

#[test]
fn bulk_transfers_of_sftp_in_a_row_do_not_hang() {
    sftp(World::shared(), FEW);
}

#[test]
fn bulk_transfers_of_http_in_a_row_do_not_hang() {
    http(World::shared(), FEW);
}

#[test]
#[ignore = "moves 4 GB, which takes minutes"]
fn a_hundred_bulk_transfers_in_each_protocol_do_not_hang() {
    let world = World::shared();
    postgres(world, MANY);
    ssh(world, MANY);
    sftp(world, MANY);
    http(world, MANY);
}

/// Resident megabytes of gateway and agent.
fn resident(world: &World) -> [u64; 2] {
    [world.site.gateway.pid(), world.site.agent.pid()].map(|pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
    })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "reads a gigabyte at 10 MB/s, which takes two minutes for each of three clients"]
async fn bulk_a_gigabyte_at_a_bounded_rate_leaves_both_processes_flat() {
    const GIGABYTE: usize = 1_000_000_000;
    const RATE: usize = 10_000_000;
    let world = World::start_with(Wishes::default()).await;
    let rows = format!("COPY (SELECT repeat('z', 99) FROM generate_series(1, {})) TO STDOUT", GIGABYTE / 100);
    let runs = [
        ("psql", world.psql().args(["-c", &rows])),
        ("ssh", world.ssh(&[&format!("head -c {GIGABYTE} /dev/zero")])),
        ("curl", world.curl(&format!("/shop-api/bytes/{GIGABYTE}"), &["--fail", "-N"])),
    ];
    for (name, run) in runs {
        let before = resident(&world);
        let mut child = run.start();
        let mut out = child.stdout.take().unwrap();
        let (began, mut read, mut most, mut piece) = (Instant::now(), 0, before, vec![0; RATE / 20]);
        while let Ok(count @ 1..) = out.read(&mut piece) {
            read += count;
            let due = Duration::from_secs_f64(read as f64 / RATE as f64);
            tokio::time::sleep(due.saturating_sub(began.elapsed())).await;
            let now = resident(&world);
            most = [most[0].max(now[0]), most[1].max(now[1])];
        }
        let _ended = child.wait();
        println!(
            "{name}: {read} bytes in {:?}; gateway and agent held {before:?} MB before, {most:?} MB at most",
            began.elapsed()
        );
        assert!(read >= GIGABYTE && most.iter().zip(before).all(|(most, before)| *most < before + 60), "{name}");
    }
}
