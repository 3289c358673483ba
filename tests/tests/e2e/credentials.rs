//! Tickets that are no good, in every protocol, and good ones that are in two places: each is written down with its reason.

use std::net::SocketAddr;

use e2e::{
    Run, World, eventually,
    frames::{self, Frames, query},
    raw,
};
use sallyport::demo::site::Caller;
use serde_json::Value;
use tokio::net::TcpSocket;

use crate::ending::connections;

/// What psql, ssh and curl say to this ticket on these connections; none of them may get in.
fn refused(world: &World, ticket: &str, [db, host, api]: &[String; 3]) -> [String; 3] {
    let caller = Caller { ticket: ticket.to_owned(), ..world.alice().clone() };
    [
        Run::new("psql").args(["-X", "-c", "SELECT 1", &world.dsn(&caller, db)]).refused(),
        world.ssh_with_ticket(host, ticket, &["-o", "LogLevel=INFO", "true"]).refused(),
        world.curl_as(ticket, &format!("/{api}/customers/1"), &["--fail-with-body"]).refused(),
    ]
}

/// Each connection's log has a failed login with this code and reason, and not the ticket.
fn written_down(world: &World, names: &[String; 3], code: &str, reason: &str, ticket: &str) {
    for name in names {
        let event = eventually(&format!("{code} ({reason}) on {name}"), || {
            let log = world.api(world.carol(), &format!("audit?kind=login.failed&connection={name}"));
            log.as_array().unwrap().iter().find(|event| event["code"] == code && event["reason"] == reason).cloned()
        });
        assert!(!event.to_string().contains(ticket), "{event}");
        assert!(event["source"].as_str().unwrap().starts_with("127.0.0.1:"), "{event}");
    }
}

#[test]
fn an_unknown_a_revoked_an_expired_and_a_foreign_ticket_are_refused_in_every_protocol() {
    let world = World::shared();
    let names = connections(world, "stale");
    let elsewhere = connections(world, "foreign");

    let unknown = format!("sp_{}", "B".repeat(43));
    let said = refused(world, &unknown, &names);
    written_down(world, &names, "SP-LOGIN", "unknown", &unknown);

    let (revoked, id) = world.with_ticket(world.alice(), &names[0], "1h");
    let _revoked = world.sallyport(world.alice(), &["tickets", "revoke", &id]).ok();
    assert_eq!(refused(world, &revoked.ticket, &names), said, "nobody learns that it was one");
    written_down(world, &names, "SP-LOGIN", "revoked", &revoked.ticket);

    let (expired, _) = world.with_ticket(world.alice(), &names[0], "1s");
    eventually("it expires", || {
        let api = world.curl_as(&expired.ticket, &format!("/{}/x", names[2]), &[]).ok().out;
        api.contains("SP-LOGIN").then_some(())
    });
    assert_eq!(refused(world, &expired.ticket, &names), said);
    written_down(world, &names, "SP-LOGIN", "expired", &expired.ticket);

    let (foreign, _) = world.with_ticket(world.alice(), &names[0], "1h");
    let [db, host, api] = refused(world, &foreign.ticket, &elsewhere);
    assert!(db.contains("SP-NO-ACCESS") && host.contains("SP-NO-ACCESS") && api.contains("SP-NO-ACCESS"));
    written_down(world, &elsewhere, "SP-NO-ACCESS", "foreign", &foreign.ticket);
}

#[test]
fn a_call_without_any_credential_is_refused_and_written_down() {
    let world = World::shared();
    let url = format!("https://127.0.0.1:{}/nobody-api/x", world.site.ports.http);
    let said = Run::new("curl").args(["-sS", "-i", "--cacert"]).arg(world.site.ca_file()).arg(url).ok().out;
    assert!(said.contains(" 401") && said.contains("SP-LOGIN"), "{said}");
    eventually("an audit event", || {
        let log = world.api(world.carol(), "audit?kind=login.failed&connection=nobody-api");
        (log[0]["code"] == "SP-LOGIN" && log[0]["reason"] == "none").then_some(())
    });
}

/// The events that say that this ticket is in two places.
fn flagged(world: &World, ticket: &str) -> Vec<Value> {
    let log = world.api(world.carol(), "audit?kind=credential.shared&limit=1000");
    let name = format!("ticket:{ticket}");
    log.as_array().unwrap().iter().filter(|event| event["detail"]["credential"] == name.as_str()).cloned().collect()
}

fn flagged_once(world: &World, ticket: &str) {
    let events = eventually("it is flagged", || Some(flagged(world, ticket)).filter(|events| !events.is_empty()));
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["subject"], "alice");
    assert!(events[0]["source"].as_str().unwrap().starts_with("127.0.0.2:"), "{}", events[0]);
    assert_eq!(events[0]["detail"]["also_used_from"], serde_json::json!(["127.0.0.1"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_used_from_two_places_is_flagged_and_goes_on_working() {
    let world = World::shared();
    let names = connections(world, "shared");

    let (caller, id) = world.with_ticket(world.alice(), &names[2], "1h");
    let curl = |more: &[&str]| {
        let _ok =
            world.curl_as(&caller.ticket, &format!("/{}/customers/1", names[2]), &[&["--fail"], more].concat()).ok();
    };
    curl(&[]);
    curl(&[]);
    assert_eq!(flagged(world, &id), Vec::<Value>::new(), "one place");
    curl(&["--interface", "127.0.0.2"]);
    curl(&["--interface", "127.0.0.2"]);
    curl(&[]);
    flagged_once(world, &id);

    let (caller, id) = world.with_ticket(world.alice(), &names[1], "1h");
    let _here = world.ssh_with_ticket(&names[1], &caller.ticket, &["true"]).ok();
    let _there = world.ssh_with_ticket(&names[1], &caller.ticket, &["-b", "127.0.0.2", "true"]).ok();
    flagged_once(world, &id);

    let (caller, id) = world.with_ticket(world.alice(), &names[0], "1h");
    let parameters = [("user", "alice"), ("database", names[0].as_str())];
    for from in ["127.0.0.1:0", "127.0.0.2:0"] {
        let stream = postgres_from(world, from.parse().unwrap()).await;
        let login = Frames::log_in(Box::new(stream), &caller.ticket, frames::VERSION_3_0, &parameters);
        assert_eq!(login.await.ask(&query("SELECT 1"), 1).await.len(), 4);
    }
    flagged_once(world, &id);
}

/// TLS on the PostgreSQL port, from an address of one's own choice: libpq cannot choose.
async fn postgres_from(world: &World, from: SocketAddr) -> impl frames::Stream + use<> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(from).unwrap();
    let to: SocketAddr = ([127, 0, 0, 1], world.site.ports.postgres).into();
    raw::secure(world, socket.connect(to).await.unwrap(), &["postgresql"]).await
}
