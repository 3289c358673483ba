//! Port forwarding: where the connection names the place, and nowhere else. Each forwarded connection is an event.

use std::{net::TcpStream, process::Child};

use e2e::{Run, World, eventually};
use sallyport::demo::ports::Ports;
use serde_json::{Value, json};

fn ssh(world: &World, name: &str, options: &[&str]) -> Run {
    Run::new("ssh").args(["-o", "LogLevel=INFO", "-N"]).args(options).args(world.ssh_options(world.alice())).args([
        "-p",
        &world.site.ports.ssh.to_string(),
        &format!("{name}@127.0.0.1"),
    ])
}

fn customer(port: u16) -> Run {
    Run::new("curl").args(["-sS", "-m", "20", &format!("http://127.0.0.1:{port}/customers/1")])
}

fn stop(mut ssh: Child) -> String {
    ssh.kill().unwrap();
    String::from_utf8_lossy(&ssh.wait_with_output().unwrap().stderr).into_owned()
}

/// The events of the newest session on a connection, once it has one of this operation that is completed.
fn events(world: &World, name: &str, operation: &str) -> Vec<Value> {
    eventually(&format!("a completed {operation}"), || {
        let id = world.session_ids(name).into_iter().next()?;
        let out = world.sallyport(world.carol(), &["sessions", "replay", "--format", "json", &id]).output().out;
        let events: Vec<Value> = out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        completed(&events, operation).map(|_| events)
    })
}

/// What is said at the end of the last exchange of this operation that carried something.
fn completed(events: &[Value], operation: &str) -> Option<Value> {
    let asked = events.iter().filter(|event| event.to_string().contains(&format!("\"operation\":\"{operation}\"")));
    let exchanges: Vec<&Value> = asked.map(|event| &event["exchange"]).collect();
    let mut ends = events.iter().filter(|event| exchanges.contains(&&event["exchange"]));
    ends.rfind(|event| event.to_string().contains("\"bytes_out\"")).cloned()
}

/// The numbers of that name anywhere in a value.
fn number(value: &Value, name: &str) -> u64 {
    match value {
        Value::Object(fields) => {
            fields.get(name).and_then(Value::as_u64).unwrap_or_else(|| fields.values().map(|v| number(v, name)).sum())
        }
        _ => 0,
    }
}

#[test]
fn a_local_forward_reaches_the_named_place_and_is_counted() {
    let world = World::shared();
    let api = world.site.api.direct_port;
    world.like("web-1", "fwd-local", |one| one["settings"]["forwards"] = json!([format!("127.0.0.1:{api}")]));
    let ports = Ports::free().unwrap();
    let (good, bad) = (ports.api, ports.http);
    let running = ssh(
        world,
        "fwd-local",
        &["-L", &format!("127.0.0.1:{good}:127.0.0.1:{api}"), "-L", &format!("127.0.0.1:{bad}:127.0.0.1:{}", api - 1)],
    )
    .start();
    eventually("ssh listens", || TcpStream::connect(("127.0.0.1", bad)).ok());
    let answer = customer(good).ok();
    assert_eq!(answer.json()["id"], 1);
    assert_ne!(customer(bad).output().status, 0, "another port is another place");
    let said = stop(running);
    assert!(said.contains("SP-FORWARD-DENIED") || said.contains("prohibited"), "{said}");
    let events = events(world, "fwd-local", "forward");
    let text = Value::from(events.clone()).to_string();
    assert!(text.contains(&format!("127.0.0.1:{api}")) && text.contains("SP-FORWARD-DENIED"), "{text}");
    let counts: u64 = events.iter().map(|event| number(event, "bytes_out")).max().unwrap();
    assert!(counts as usize > answer.bytes.len(), "the head and the body of the answer were counted: {counts}");
    assert!(events.iter().map(|event| number(event, "bytes_in")).max().unwrap() > 0);
}

#[test]
fn a_remote_forward_listens_where_allowed_and_is_counted() {
    let world = World::shared();
    let api = world.site.api.direct_port;
    let listen = Ports::free().unwrap().api;
    world
        .like("web-1", "fwd-remote", |one| one["settings"]["remote_forwards"] = json!([format!("127.0.0.1:{listen}")]));
    let to = format!("127.0.0.1:{listen}:127.0.0.1:{api}");
    let running = ssh(world, "fwd-remote", &["-o", "ExitOnForwardFailure=yes", "-R", &to]).start();
    let answer = eventually("the target listens for us", || {
        let answer = customer(listen).output();
        (answer.status == 0).then_some(answer)
    });
    assert_eq!(answer.json()["id"], 1);
    let _said = stop(running);
    let events = events(world, "fwd-remote", "remote-forward");
    let text = Value::from(events.clone()).to_string();
    assert!(text.contains(&format!("127.0.0.1:{listen}")), "{text}");
    let most = |name: &str| events.iter().map(|event| number(event, name)).max().unwrap();
    assert!(most("bytes_in").max(most("bytes_out")) as usize > answer.bytes.len(), "{text}");
    assert!(most("bytes_in").min(most("bytes_out")) > 50, "the question was counted, too: {text}");
    eventually("the target stopped listening", || TcpStream::connect(("127.0.0.1", listen)).is_err().then_some(()));
}

#[test]
fn a_remote_forward_elsewhere_is_refused() {
    let world = World::shared();
    let listen = Ports::free().unwrap().api;
    let to = format!("127.0.0.1:{listen}:127.0.0.1:{}", world.site.api.direct_port);
    let said = ssh(world, "web-1", &["-o", "ExitOnForwardFailure=yes", "-R", &to]).refused();
    assert!(said.contains("remote port forwarding failed"), "{said}");
    assert!(TcpStream::connect(("127.0.0.1", listen)).is_err());
}
