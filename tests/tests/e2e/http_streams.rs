//! WebSocket and gRPC through the gateway.

use std::io::BufRead;

use e2e::World;
use sallyport::demo::ports::Ports;

struct Targets {
    process: std::process::Child,
    ports: Ports,
}

impl Drop for Targets {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}

/// Starts both targets and makes the connections `NAME-ws` and `NAME-grpc`.
fn start(world: &World, name: &str) -> Targets {
    let ports = Ports::free().unwrap();
    let (websocket, grpc) = (ports.api, ports.http);
    let mut process = world.python("stream_targets.py", &[&websocket.to_string(), &grpc.to_string()]).start();
    let said = std::io::BufReader::new(process.stdout.take().unwrap()).lines().next();
    assert_eq!(said.unwrap().unwrap(), "READY");
    world.connect(&format!("{name}-ws"), websocket, "protocol: http");
    world.connect(&format!("{name}-grpc"), grpc, "protocol: http\n      http2_prior_knowledge: true");
    Targets { process, ports }
}

#[test]
fn websockets_carry_messages_both_ways() {
    let world = World::shared();
    let _targets = start(world, "one");
    let url = format!("wss://127.0.0.1:{}/one-ws/", world.site.ports.http);
    let ca = world.site.ca_file().display().to_string();
    assert_eq!(world.python("websocket_tour.py", &[&url, &world.alice().ticket, &ca]).ok().out, "fine\n");
}

#[test]
fn what_a_websocket_will_say_is_neither_read_nor_inspected_beforehand() {
    let world = World::shared();
    let targets = start(world, "told");
    let ca = world.site.ca_file().display().to_string();
    let settings = [("reading", ""), ("seen", ""), ("whole", "\n      require_inspection: true")];
    for (name, more) in settings {
        world.connect(&format!("ws-{name}"), targets.ports.api, &format!("protocol: http{more}"));
    }
    world.policy(
        "websockets",
        r#"@id("only-reading") @reason("only reading") forbid (principal, action == Action::"Invoke", resource in Connection::"ws-reading") when { context.effect != "read" };
@id("only-seen") @reason("only seen") forbid (principal, action == Action::"Invoke", resource in Connection::"ws-seen") when { context.inspected != "yes" };"#,
    );
    for (name, _) in settings {
        let url = format!("wss://127.0.0.1:{}/ws-{name}/", world.site.ports.http);
        let tour = world.python("websocket_tour.py", &[&url, &world.alice().ticket, &ca]).output();
        assert!(!tour.out.contains("fine") && tour.err.contains("HTTP 403"), "{name}: {} {}", tour.out, tour.err);
        // What is no websocket goes on.
        let plain = world.curl(&format!("/ws-{name}/"), &["-o", "/dev/null", "-w", "%{http_code}"]).output();
        assert_ne!(plain.out, "403", "{name}");
    }
}

#[test]
fn grpc_works_in_all_its_kinds() {
    let world = World::shared();
    let targets = start(world, "two");
    assert_ne!(targets.ports.http, world.site.ports.http);
    let ca = world.site.ca_file().display().to_string();
    let port = world.site.ports.http.to_string();
    let tour = world.python("grpc_tour.py", &[&port, "two-grpc.sallyport.localhost", &world.alice().ticket, &ca]);
    assert_eq!(tour.ok().out, "fine\n");
}

#[test]
fn a_grpc_method_is_a_function_that_policy_can_refuse() {
    let world = World::shared();
    let targets = start(world, "three");
    let settings = "protocol: http\n      kind: grpc\n      http2_prior_knowledge: true";
    world.connect("judged-grpc", targets.ports.http, settings);
    let reason = "one at a time is for the batch";
    let rule = format!(
        "@id(\"no-unary\") @reason(\"{reason}\") forbid (principal, action == Action::\"Invoke\", resource in Connection::\"judged-grpc\") when {{ context.functions.contains(\"shop.Streams/Unary\") }};"
    );
    world.policy("grpc", &rule);
    let ca = world.site.ca_file().display().to_string();
    let port = world.site.ports.http.to_string();
    let name = "judged-grpc.sallyport.localhost";
    let asked = world.python("grpc_refused.py", &[&port, name, &world.alice().ticket, &ca, reason]);
    assert_eq!(asked.ok().out, "fine\n");
}
