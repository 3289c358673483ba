//! `sallyport demo` as a person meets it: its printed lines work, Ctrl-C leaves nothing behind, the second start is quick; as root
//! and as nobody special.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Child,
    time::{Duration, Instant},
};

use e2e::{Run, eventually, world};
use rustix::process::{Pid, Signal, kill_process};
use sallyport::demo::{ports::Ports, process::Account};
use serde_json::Value;

/// A demo that was started with the command itself.
struct Demo {
    child: Child,
    /// What it printed until it was ready.
    said: Vec<String>,
    took: Duration,
    _rest: std::thread::JoinHandle<usize>,
}

/// Who starts it, and where.
struct Place {
    folder: PathBuf,
    program: PathBuf,
    base: u16,
    account: Option<Account>,
}

impl Place {
    /// A folder that belongs to the account, with a program that it may run.
    fn new(folder: &Path, account: Option<Account>) -> Self {
        world::everyone_may_enter(folder);
        let program = folder.join("sallyport");
        if fs::hard_link(world::program(), &program).is_err() {
            fs::copy(world::program(), &program).unwrap();
        }
        let home = folder.join("demo");
        fs::create_dir(&home).unwrap();
        if let Some(account) = &account {
            chown(&home, Some(account.uid), Some(account.gid)).unwrap();
        }
        Self { folder: home, program, base: Ports::free().unwrap().api, account }
    }

    /// A program run as the account.
    fn run(&self, program: impl AsRef<std::ffi::OsStr>) -> Run {
        let Some(Account { uid, gid }) = &self.account else { return Run::new(program) };
        let who = [format!("--reuid={uid}"), format!("--regid={gid}"), "--clear-groups".to_owned()];
        Run::new("setpriv").args(who).arg("--").arg(program).env("HOME", &self.folder)
    }

    fn start(&self) -> Demo {
        let began = Instant::now();
        let run = self.run(&self.program).args(["demo", "--dir"]).arg(&self.folder);
        let mut child = run.args(["--port-base", &self.base.to_string()]).folder(&self.folder).start();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut said = vec![];
        while !said.iter().any(|line: &String| line.contains("Ctrl-C stops everything")) {
            match lines.next() {
                Some(line) => said.push(line),
                None => panic!("{said:?} {:?}", child.wait_with_output().map(|out| String::from_utf8(out.stderr))),
            }
        }
        Demo { child, said, took: began.elapsed(), _rest: std::thread::spawn(move || lines.count()) }
    }

    /// Processes that belong to this demo: its folder stands in their arguments.
    fn processes(&self) -> Vec<String> {
        let entries = fs::read_dir("/proc").unwrap().flatten();
        let commands = entries.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
        let commands = commands.map(|command| String::from_utf8_lossy(&command).replace('\0', " "));
        commands.filter(|command| command.contains(&self.folder.display().to_string())).collect()
    }
}

impl Demo {
    /// The line to paste that begins with this program.
    fn line(&self, program: &str) -> String {
        let found = self.said.iter().map(|line| line.trim()).find(|line| line.starts_with(program));
        found.unwrap_or_else(|| panic!("no {program} line in {:?}", self.said)).to_owned()
    }

    fn interrupt(mut self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
        let status = eventually("the demo ends", || self.child.try_wait().unwrap());
        assert!(status.success(), "{status}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn tried(account: Option<Account>) {
    let folder = tempfile::Builder::new().prefix("sallyport-e2e-demo-").tempdir().unwrap();
    let place = Place::new(folder.path(), account);
    let demo = place.start();
    the_lines_work(&place, &demo);
    the_manifest_is_true(&place);
    demo.interrupt();
    eventually("no process is left", || place.processes().is_empty().then_some(()));

    let again = place.start();
    assert!(again.took < Duration::from_secs(10), "the second start took {:?}", again.took);
    the_lines_work(&place, &again);
    again.interrupt();
    eventually("no process is left", || place.processes().is_empty().then_some(()));
}

fn the_lines_work(place: &Place, demo: &Demo) {
    let paste = |line: &str| place.run("bash").args(["-c", line]).ok();
    let rows = paste(&demo.line("psql "));
    assert!(rows.out.contains("(5 rows)") && rows.out.contains("***-**-****"), "{}", rows.out);
    let shell = paste(&format!("{} -o BatchMode=yes 'cat README.txt'", demo.line("ssh ")));
    assert_eq!(shell.out, "web-1: the shop's web server (demo).\n");
    let customer = paste(&demo.line("curl ")).json();
    assert_eq!(customer["id"], 1);
    assert!(customer["card"].as_str().unwrap().contains('*'), "{customer}");
    let list = eventually("three sessions are listed", || {
        let list = paste(&demo.line("env SALLYPORT_URL=")).out;
        ["shop-db", "web-1", "shop-api"].iter().all(|name| list.contains(name)).then_some(list)
    });
    assert!(list.contains("alice"), "{list}");
}

/// `demo.json` names what runs.
fn the_manifest_is_true(place: &Place) {
    let manifest: Value = serde_json::from_slice(&fs::read(place.folder.join("demo.json")).unwrap()).unwrap();
    assert_eq!(manifest["version"], 1);
    for (place, keys) in [
        ("", "api_url ca_file connections console_url people pids targets version"),
        ("/pids", "agent gateway"),
        ("/people", "alice bob carol"),
        ("/people/alice", "groups ssh_key subject ticket"),
        ("/connections", "shop-api shop-db web-1"),
        ("/connections/shop-db", "database host port protocol sslmode user"),
        ("/connections/web-1", "host port protocol user"),
        ("/connections/shop-api", "base_url protocol"),
        ("/targets", "shop-api shop-db web-1"),
        ("/targets/shop-db", "database host password port user"),
        ("/targets/web-1", "host key port user"),
        ("/targets/shop-api", "base_url"),
    ] {
        let mut found: Vec<&str> =
            manifest.pointer(place).unwrap().as_object().unwrap().keys().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found.join(" "), keys, "{place}");
    }
    every_connection_is_open_to_everybody(place, &manifest);
    for role in ["gateway", "agent"] {
        let command = fs::read(format!("/proc/{}/cmdline", manifest["pids"][role])).unwrap();
        assert!(String::from_utf8_lossy(&command).contains(role));
    }
    assert!(Path::new(manifest["ca_file"].as_str().unwrap()).exists());
    for (person, group) in [("alice", "support"), ("bob", "approver"), ("carol", "auditor")] {
        let person = &manifest["people"][person];
        assert!(person["groups"].to_string().contains(group), "{person}");
        let key = fs::metadata(person["ssh_key"].as_str().unwrap()).unwrap();
        assert_eq!(key.permissions().mode() & 0o77, 0);
    }
    let base = manifest["targets"]["shop-api"]["base_url"].as_str().unwrap();
    assert_eq!(Run::new("curl").args(["-sS", &format!("{base}/customers/1")]).ok().json()["id"], 1);
    let ca = manifest["ca_file"].as_str().unwrap();
    let through = manifest["connections"]["shop-api"]["base_url"].as_str().unwrap();
    for person in ["alice", "bob", "carol"] {
        let bearer = format!("Authorization: Bearer {}", manifest["people"][person]["ticket"].as_str().unwrap());
        let curl = Run::new("curl").args(["-sS", "--fail", "--cacert", ca, "-H", &bearer]);
        assert_eq!(curl.arg(format!("{through}/customers/1")).ok().json()["id"], 1);
    }
}

/// With nothing but what the manifest says: each person's ticket and key on each connection, and each target's own coordinates.
fn every_connection_is_open_to_everybody(place: &Place, manifest: &Value) {
    let text = |pointer: &str| {
        let value = manifest.pointer(pointer).unwrap_or_else(|| panic!("{pointer}"));
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    let psql = |dsn: &str| assert_eq!(place.run("psql").args(["-X", "-At", "-c", "SELECT 'in'", dsn]).ok().out, "in\n");
    let ssh = |key: &str, port: &str, who: &str| {
        let options = [
            "-F",
            "none",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "BatchMode=yes",
        ];
        let options =
            options.into_iter().chain(["-o", "LogLevel=ERROR", "-o", "IdentitiesOnly=yes", "-i", key, "-p", port, who]);
        assert_eq!(place.run("ssh").args(options).arg("echo in").ok().out, "in\n");
    };
    let [db, host] = ["shop-db", "web-1"].map(|name| format!("/connections/{name}"));
    let at = |base: &str, name: &str| text(&format!("{base}/{name}"));
    for person in ["alice", "bob", "carol"] {
        let [ticket, key] = ["ticket", "ssh_key"].map(|what| text(&format!("/people/{person}/{what}")));
        let [server, port, database, mode] = ["host", "port", "database", "sslmode"].map(|name| at(&db, name));
        let ca = text("/ca_file");
        psql(&format!(
            "host={server} port={port} dbname={database} user={person} password={ticket} sslmode={mode} sslrootcert={ca}"
        ));
        ssh(&key, &at(&host, "port"), &format!("{}@{}", at(&host, "user"), at(&host, "host")));
    }
    let [db, host] = ["shop-db", "web-1"].map(|name| format!("/targets/{name}"));
    let [server, port, database, user, password] =
        ["host", "port", "database", "user", "password"].map(|name| at(&db, name));
    psql(&format!("host={server} port={port} dbname={database} user={user} password={password}"));
    ssh(&at(&host, "key"), &at(&host, "port"), &format!("{}@{}", at(&host, "user"), at(&host, "host")));
}

#[test]
fn the_printed_lines_work_and_ctrl_c_leaves_nothing() {
    tried(None);
}

#[test]
fn an_unprivileged_account_can_run_it_too() {
    // As who we are when we are not root, the other scenario has shown it.
    if let Some(account) = Account::unprivileged(&["postgres"]).unwrap() {
        tried(Some(account));
    }
}
