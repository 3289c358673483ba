//! A session that is running ends when the right to it ends: killed, its ticket revoked or expired, its group withdrawn. Each
//! client learns why in its own protocol.

use std::{
    io::{BufRead, BufReader},
    process::{Child, ChildStdout},
};

use e2e::{Run, World, eventually};
use sallyport::demo::site::Caller;
use serde_json::json;

/// psql, ssh and curl in the middle of something.
pub(crate) struct Running {
    clients: Vec<(&'static str, Child, BufReader<ChildStdout>)>,
}

/// How psql, ssh and curl ended: what each said.
pub(crate) struct Ended {
    psql: String,
    ssh: String,
    curl: String,
}

/// Connections of the scenario's own (`NAME-db`, `NAME-host`, `NAME-api`), like those of the demo.
pub(crate) fn connections(world: &World, name: &str) -> [String; 3] {
    [("shop-db", "db"), ("web-1", "host"), ("shop-api", "api")].map(|(model, kind)| {
        let name = format!("{name}-{kind}");
        world.like(model, &name, |_| {});
        name
    })
}

impl Running {
    /// Starts one of each and waits until each has seen something from its target.
    pub(crate) fn start(world: &World, [db, host, api]: &[String; 3], callers: &[Caller; 3]) -> Self {
        let psql = Run::new("psql").args(["-X", "-At", "-c", "SELECT 'begun'", "-c", "SELECT pg_sleep(100)"]);
        let psql = psql.arg(world.dsn(&callers[0], db));
        let ssh = world.ssh_with_ticket(host, &callers[1].ticket, &["echo begun; sleep 100"]);
        let curl = world.curl_as(&callers[2].ticket, &format!("/{api}/events?count=1000&every_ms=100"), &["-N"]);
        let clients = [("psql", psql, "begun"), ("ssh", ssh, "begun"), ("curl", curl, "event: customer")];
        let clients = clients.map(|(name, client, word)| {
            let mut child = client.start();
            let mut said = BufReader::new(child.stdout.take().unwrap());
            let mut line = String::new();
            while !line.contains(word) {
                line.clear();
                assert_ne!(said.read_line(&mut line).unwrap(), 0, "{name} ended before it began: {}", rest(child));
            }
            (name, child, said)
        });
        Self { clients: clients.into() }
    }

    /// Waits for their end, which is a failure for each.
    pub(crate) fn ended(self) -> Ended {
        let mut said = self.clients.into_iter().map(|(name, mut child, mut out)| {
            // What curl still gets has to be read, or it would not notice the end.
            let reader = std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
            let status = eventually(&format!("{name} ends"), || child.try_wait().unwrap());
            let _read = reader.join().unwrap();
            assert!(!status.success(), "{name} thinks that all is well");
            rest(child)
        });
        Ended { psql: said.next().unwrap(), ssh: said.next().unwrap(), curl: said.next().unwrap() }
    }
}

impl Ended {
    pub(crate) fn says(&self, code: &str, reason: &str) {
        assert!(self.psql.contains("FATAL") && self.psql.contains(reason), "{}", self.psql);
        assert!(self.psql.contains(code), "{}", self.psql);
        assert!(self.ssh.contains(code) && self.ssh.contains(reason), "{}", self.ssh);
        // A body that has begun can only break off: curl must not take it for the whole.
        assert!(self.curl.contains("curl: ("), "{}", self.curl);
    }
}

fn rest(child: Child) -> String {
    String::from_utf8_lossy(&child.wait_with_output().unwrap().stderr).into_owned()
}

/// What the store says about how the newest session on each connection ended.
fn stored(world: &World, names: &[String; 3], code: &str) {
    for name in names {
        eventually(&format!("{name} ended with {code}"), || {
            let rows = world.api(world.carol(), &format!("sessions?connection={name}&limit=1"));
            (rows[0]["status"] == "closed" && rows[0]["code"] == code).then_some(())
        });
    }
}

fn with_tickets(world: &World, names: &[String; 3], life: &str) -> [(Caller, String); 3] {
    std::array::from_fn(|index| world.with_ticket(world.alice(), &names[index], life))
}

fn callers(tickets: &[(Caller, String); 3]) -> [Caller; 3] {
    std::array::from_fn(|index| tickets[index].0.clone())
}

#[test]
fn an_administrator_ends_sessions_and_the_reason_is_told() {
    let world = World::shared();
    let names = connections(world, "killed");
    let running = Running::start(world, &names, &[(); 3].map(|()| world.alice().clone()));
    for name in &names {
        let id = world.session_ids(name).remove(0);
        let path = format!("sessions/{id}/kill");
        let others = world.post(world.alice(), &path, &json!({ "reason": "mine" })).output();
        assert_ne!(others.status, 0, "only an administrator may: {}", others.out);
        let _told = world.post(world.carol(), &path, &json!({ "reason": "maintenance at noon" })).ok();
    }
    running.ended().says("SP-KILLED", "maintenance at noon");
    stored(world, &names, "SP-KILLED");
    let log = world.api(world.carol(), "audit?kind=session.killed&limit=100").to_string();
    assert!(log.contains("maintenance at noon") && log.contains("carol"), "{log}");
}

#[test]
fn a_revoked_ticket_ends_the_sessions_that_it_opened() {
    let world = World::shared();
    let names = connections(world, "revoked");
    let tickets = with_tickets(world, &names, "1h");
    let running = Running::start(world, &names, &callers(&tickets));
    for (_, id) in &tickets {
        let _revoked = world.sallyport(world.alice(), &["tickets", "revoke", id]).ok();
    }
    running.ended().says("SP-EXPIRED", "no longer valid");
    stored(world, &names, "SP-EXPIRED");
    let again = Run::new("psql").args(["-X", "-c", "SELECT 1", &world.dsn(&tickets[0].0, &names[0])]).refused();
    assert!(again.contains("SP-LOGIN"), "{again}");
}

#[test]
fn a_withdrawn_group_ends_the_sessions_that_rest_on_it() {
    let world = World::shared();
    let names = connections(world, "withdrawn");
    let running = Running::start(world, &names, &[(); 3].map(|()| world.alice().clone()));
    for name in &names {
        world.like(name, name, |connection| connection["access"]["groups"] = json!(["nobody-is-in-it"]));
    }
    running.ended().says("SP-NO-ACCESS", "withdrawn");
    stored(world, &names, "SP-NO-ACCESS");
    let again = world.curl(&format!("/{}/customers/1", names[2]), &[]).ok().out;
    assert!(again.contains("SP-NO-ACCESS"), "{again}");
}

#[test]
fn a_session_ends_when_its_ticket_expires() {
    let world = World::shared();
    let names = connections(world, "expired");
    let tickets = with_tickets(world, &names, "8s");
    let running = Running::start(world, &names, &callers(&tickets));
    running.ended().says("SP-EXPIRED", "");
    stored(world, &names, "SP-EXPIRED");
    let again = world.curl_as(&tickets[2].0.ticket, &format!("/{}/customers/1", names[2]), &["-i"]).ok().out;
    assert!(again.contains(" 401") && again.contains("SP-LOGIN"), "{again}");
}
