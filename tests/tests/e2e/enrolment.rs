//! The agent's certificate and its place on the network: made for a day, renewed at half life, of no use to a copy; and an agent
//! that nobody can dial.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Child,
};

use e2e::{Run, World, eventually};
use serde_json::{Value, json};

const DAY: u64 = 24 * 3600;

fn identity(state: &Path) -> Value {
    serde_json::from_slice(&fs::read(state.join("identity.json")).unwrap()).unwrap()
}

fn state(world: &World) -> PathBuf {
    world.site.folder.join("agent")
}

/// Makes the certificate look older than it is, as it will be when half of its day is over.
fn grow_old(state: &Path) {
    let mut stored = identity(state);
    stored["issued_unix"] = json!(stored["issued_unix"].as_u64().unwrap() - 2 * DAY);
    fs::write(state.join("identity.json"), stored.to_string()).unwrap();
}

fn agent_as_listed(world: &World) -> Value {
    let agents = world.sallyport(world.carol(), &["agents", "list", "--format", "json"]).ok().json();
    agents.as_array().unwrap().iter().find(|one| one["name"] == sallyport::demo::site::AGENT).unwrap().clone()
}

/// Lets half a life pass; the agent comes back with a new key.
fn renew(world: &mut World) {
    let state = state(world);
    world.site.agent.stop();
    let before = identity(&state);
    grow_old(&state);
    world.site.restart_agent().unwrap();
    let after = eventually("a renewed certificate", || {
        let after = identity(&state);
        (after["generation"].as_u64() > before["generation"].as_u64()).then_some(after)
    });
    assert_ne!(after["key"], before["key"], "a new key each time");
    assert_ne!(after["chain"], before["chain"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_lives_for_a_day_and_is_renewed_at_half_of_it() {
    let mut world = World::start().await;
    let stored = identity(&state(&world));
    let der = hex::decode(stored["chain"][0].as_str().unwrap()).unwrap();
    let file = world.scratch.join("agent.der");
    fs::write(&file, der).unwrap();
    let openssl = |check: &str| {
        let seconds = (DAY as i64 + if check == "before" { -300 } else { 300 }).to_string();
        Run::new("openssl")
            .args(["x509", "-inform", "DER", "-noout", "-checkend", &seconds, "-in"])
            .arg(&file)
            .output()
            .status
    };
    assert_eq!((openssl("before"), openssl("after")), (0, 1), "it ends in a day, give or take five minutes");

    renew(&mut world);
    eventually("the agent works with it", || {
        (world.psql().args(["-c", "SELECT 1"]).output().status == 0).then_some(())
    });
    assert_eq!(agent_as_listed(&world)["locked"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_key_is_found_out_locked_and_written_down() {
    let mut world = World::start().await;
    let copy = world.folder("copied-agent");
    fs::copy(state(&world).join("identity.json"), copy.join("identity.json")).unwrap();
    renew(&mut world);
    renew(&mut world);
    eventually("the agent works", || (world.psql().args(["-c", "SELECT 1"]).output().status == 0).then_some(()));

    let config = fs::read_to_string(world.site.folder.join("agent.toml")).unwrap();
    let config = config.replace(&state(&world).display().to_string(), &copy.display().to_string());
    fs::write(copy.join("agent.toml"), config).unwrap();
    let thief = Thief(Run::new(world.program()).arg("agent").arg("--config").arg(copy.join("agent.toml")).start());
    eventually("the name is locked", || (!agent_as_listed(&world)["locked"].is_null()).then_some(()));
    let log = world.api(world.carol(), "audit?kind=agent.locked").to_string();
    assert!(log.contains("key seen twice"), "{log}");
    drop(thief);

    // Who has the key is out from the next connection on, whoever they are, until an administrator lets them join anew.
    world.site.restart_agent().unwrap();
    eventually("nobody serves", || {
        world.psql().args(["-c", "SELECT 1"]).output().err.contains("SP-AGENT-OFFLINE").then_some(())
    });
    world.site.agent.stop();
    fs::remove_file(state(&world).join("identity.json")).unwrap();
    let token = world.sallyport(world.carol(), &["agents", "join", sallyport::demo::site::AGENT]).ok().out;
    let token = token.split_whitespace().find(|word| word.starts_with("spj.")).unwrap().to_owned();
    fs::write(world.site.folder.join("credentials/join.token"), token).unwrap();
    world.site.restart_agent().unwrap();
    eventually("it serves again", || (world.psql().args(["-c", "SELECT 1"]).output().status == 0).then_some(()));
}

struct Thief(Child);

impl Drop for Thief {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

#[test]
fn the_agent_listens_nowhere() {
    let world = World::shared();
    crate::secrets::use_everything(world);
    let sockets = sockets(world.site.agent.pid());
    assert!(!sockets.is_empty(), "it has dialled the gateway");
    assert!(listening(&sockets).is_empty(), "{:?}", listening(&sockets));
    // That the search finds listeners where there are some.
    assert!(listening(&self::sockets(world.site.gateway.pid())).len() >= 5);
}

/// The inodes of a process's sockets.
fn sockets(pid: u32) -> Vec<String> {
    let links = fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let links = links.filter_map(|entry| fs::read_link(entry.path()).ok());
    links.filter_map(|link| Some(link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned())).collect()
}

/// Those of them that listen for TCP, or wait for whatever UDP brings.
fn listening(sockets: &[String]) -> Vec<String> {
    let mut found = vec![];
    for (table, state) in [("tcp", "0A"), ("tcp6", "0A"), ("udp", "07"), ("udp6", "07")] {
        let text = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
        found.extend(text.lines().skip(1).filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let ours =
                fields.get(3) == Some(&state) && sockets.iter().any(|inode| fields.get(9) == Some(&inode.as_str()));
            ours.then(|| format!("{table} {}", fields[1]))
        }));
    }
    found
}
