//! I1: a target secret never leaves the agent. I2: nothing unmasked is stored anywhere.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

use e2e::{
    Run, World,
    api::Guarded,
    cable::Cable,
    eventually,
    host::{Asks, Host},
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_targets_secret_is_nowhere_but_at_the_agent() {
    let world = World::start().await;
    use_everything(&world);
    let secrets = target_secrets(&world);
    let gateway = world.site.folder.join("gateway");
    for file in
        files(&gateway).into_iter().chain([world.site.folder.join("gateway.log"), world.site.folder.join("agent.log")])
    {
        absent(&file.display().to_string(), &fs::read(&file).unwrap(), &secrets);
    }
    for spool in files(&world.site.folder.join("agent/spool")) {
        absent(&spool.display().to_string(), &fs::read(&spool).unwrap_or_default(), &secrets);
    }
    for (place, memory) in memory(world.site.gateway.pid()) {
        absent(&format!("the gateway's memory at {place}"), &memory, &secrets);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_masked_is_stored_nowhere_in_clear() {
    let world = World::start().await;
    use_everything(&world);
    let clear: Vec<Vec<u8>> = [1, 2, 3]
        .map(|id| world.customer(id))
        .iter()
        .flat_map(|one| [one.card.clone().into_bytes(), one.ssn.clone().into_bytes(), one.email.clone().into_bytes()])
        .collect();
    let folders = [world.site.folder.join("gateway"), world.site.folder.join("agent")];
    for file in folders.iter().flat_map(|folder| files(folder)) {
        absent(&file.display().to_string(), &fs::read(&file).unwrap_or_default(), &clear);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_password_is_used_without_a_restart() {
    let mut world = World::start().await;
    let password = world.site.postgres.rotate_password().await.unwrap();
    let refused = world.psql().args(["-c", "SELECT 1"]).refused();
    assert!(refused.contains("SP-TARGET-LOGIN"), "{refused}");
    fs::write(world.site.folder.join("credentials/shop-db.password"), password).unwrap();
    let _in = world.psql().args(["-c", "SELECT 1"]).ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_and_a_rotated_token_are_used_without_a_restart() {
    let world = World::shared();
    let change = |reference: &str, content: &str| {
        fs::write(reference.strip_prefix("file:").unwrap(), content).unwrap();
    };
    let host = Host::start(Asks::Password, "spring").await;
    let password = world.secret("winter");
    let settings = json!({ "protocol": "ssh", "login": "svc", "host_keys": [host.fingerprint] });
    world.target("rotated-host", host.port, &settings, &json!({ "password": password }));
    let refused = world.ssh_to("rotated-host", world.alice(), &["true"]).refused();
    assert!(refused.contains("SP-TARGET-LOGIN"), "{refused}");
    change(&password, "spring");
    assert_eq!(world.ssh_to("rotated-host", world.alice(), &["true"]).ok().out, "in\n");

    let target = Guarded::start(None, Some(("authorization", "Bearer spring".into()))).await;
    let token = world.secret("winter");
    let settings = json!({ "protocol": "http", "auth": "bearer" });
    world.target("rotated-api", target.port, &settings, &json!({ "token": token }));
    let ask = || world.curl("/rotated-api/", &["-i"]).ok().out;
    assert!(ask().contains(" 401"));
    change(&token, "spring");
    eventually("the new token is used", || ask().contains(" 200").then_some(()));
}

/// What passes between the agent and its targets has nothing of the caller's credential (R21).
#[tokio::test(flavor = "multi_thread")]
async fn a_callers_ticket_never_reaches_a_target() {
    let world = World::shared();
    let cables =
        [Cable::start(world.site.ports.target_postgres).await, Cable::start(world.site.ports.target_api).await];
    let address = |one: &mut Value, cable: &Cable| one["address"] = json!(format!("127.0.0.1:{}", cable.port));
    let plain = json!({ "mode": "disable" });
    let password = world.secret(world.site.postgres.password.as_bytes());
    let token = world.secret(world.site.api.token.as_bytes());
    world.like("shop-db", "tapped-db", |one| {
        address(one, &cables[0]);
        one["settings"]["tls"] = plain.clone();
        one["credentials"] = json!({ "password": password });
    });
    world.like("shop-api", "tapped-api", |one| {
        address(one, &cables[1]);
        one["credentials"] = json!({ "token": token });
    });
    let dsn = world.dsn(world.alice(), "tapped-db");
    let _rows = Run::new("psql").args(["-X", "-c", "SELECT 'tapped'", &dsn]).ok();
    let _answer = world.curl("/tapped-api/echo", &["--fail", "-H", "Cookie: a=b", "-H", "Proxy-Authorization: c"]).ok();
    let seen = cables.map(|cable| cable.seen());
    for (text, mark) in seen.iter().zip(["SELECT 'tapped'", "GET /echo"]) {
        assert!(memchr::memmem::find(text, mark.as_bytes()).is_some(), "the cable sees {mark}");
        absent("what reached the target", text, &[world.alice().ticket.clone().into_bytes()]);
    }
}

/// Every protocol once, so that whatever could leak has had its chance.
pub(crate) fn use_everything(world: &World) {
    let _rows = world.psql().args(["-c", "SELECT * FROM customers WHERE id < 4"]).ok();
    let _log = world.ssh(&["cat export.csv logs/support.log"]).ok();
    let _json = world.curl("/shop-api/customers?limit=3", &["--fail"]).ok();
    let _list = world.sallyport(world.carol(), &["sessions", "list"]).ok();
}

/// The secrets as bytes, each in every form that it has on disk.
pub(crate) fn target_secrets(world: &World) -> Vec<Vec<u8>> {
    let key = fs::read_to_string(&world.site.sshd.key).unwrap();
    let body: Vec<&str> = key.lines().filter(|line| !line.starts_with("-----")).collect();
    vec![
        world.site.postgres.password.clone().into_bytes(),
        world.site.api.token.clone().into_bytes(),
        body[2].as_bytes().to_vec(),
    ]
}

pub(crate) fn absent(place: &str, bytes: &[u8], secrets: &[Vec<u8>]) {
    for secret in secrets {
        let found = memchr::memmem::find(bytes, secret);
        assert!(found.is_none(), "{} is in {place}", String::from_utf8_lossy(secret));
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    let entries = entries.flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Every readable and writable piece of a process's memory.
fn memory(pid: u32) -> Vec<(String, Vec<u8>)> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let Ok(mut memory) = File::open(format!("/proc/{pid}/mem")) else {
        // Only the owner's tracer may look; CI runs as root and always looks.
        assert_ne!(Run::new("id").arg("-u").ok().out.trim(), "0");
        return vec![];
    };
    let mut pieces = vec![];
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let range = line.split(' ').next().unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let (start, end) = (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap().min(256 << 20)];
        if memory.seek(SeekFrom::Start(start)).is_ok() && memory.read_exact(&mut bytes).is_ok() {
            pieces.push((range.to_owned(), bytes));
        }
    }
    assert!(!pieces.is_empty(), "the gateway's memory could be read");
    pieces
}
