//! Targets in a network of their own, where only their agent is: what goes through the gateway arrives, and nothing else does.
#![allow(clippy::print_stderr)]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

use e2e::{Run, Told, World, world};
use sallyport::demo::ports::Ports;

/// A process that ends with the scenario.
struct Part(Child);

impl Drop for Part {
    fn drop(&mut self) {
        let _gone = rustix::process::Pid::from_raw(i32::try_from(self.0.id()).unwrap_or_default())
            .map(|pid| rustix::process::kill_process(pid, rustix::process::Signal::TERM));
        let _gone = self.0.wait();
    }
}

impl Part {
    /// Starts a program and waits for its first line.
    fn ready(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let first = BufReader::new(child.stdout.take().unwrap()).lines().next();
        let part = Self(child);
        assert_eq!(first.and_then(Result::ok).as_deref(), Some("READY"), "{command:?}");
        part
    }
}

/// A network without a way in or out, as a process that is in it.
struct Network(Part);

impl Network {
    /// `None` where nobody may make networks.
    fn new() -> Option<Self> {
        let may = Command::new("unshare").args(["-n", "true"]).stderr(Stdio::null()).status();
        if !may.is_ok_and(|status| status.success()) {
            return None;
        }
        let mut holder = Command::new("unshare");
        holder.args(["-n", "bash", "-c", "ip link set lo up && echo READY && exec sleep infinity"]);
        Some(Self(Part::ready(holder)))
    }

    fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{}/ns/net", self.0.0.id())).arg(program.as_ref());
        command
    }
}

/// One end of the only cable between the networks.
fn bridge(mut command: Command, side: &str, socket: &Path, port: u16) -> Part {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/bridge.py");
    command.args([script, side]).arg(socket).arg(port.to_string());
    Part::ready(command)
}

fn part(mut command: Command, folder: &Path, base: u16, part: &str) -> Part {
    let log = fs::File::create(folder.join(format!("{part}.out"))).unwrap();
    command.args(["demo", "--dir"]).arg(folder).args(["--port-base", &base.to_string(), "--part", part]);
    Part(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().unwrap())
}

#[test]
fn targets_that_only_their_agent_can_reach_are_reached_through_the_gateway_and_in_no_other_way() {
    let _world = World::shared();
    let Some(network) = Network::new() else {
        eprintln!("skipped: nobody may make a network here");
        return;
    };
    let folder = tempfile::Builder::new().prefix("sallyport-e2e-apart-").tempdir().unwrap();
    world::everyone_may_enter(folder.path());
    let base = Ports::free().unwrap().api;
    let ports = Ports::at(base).unwrap();
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/python/.venv/bin/python");
    let cable = |name: &str| folder.path().join(name);
    // The agent dials out to the gateway, and so does the part that sets the demo up. The identity provider is beside the targets only
    // because it is the demo's. Nothing else goes between the networks.
    let _cables = [("tunnel", ports.tunnel), ("api", ports.api)].map(|(name, port)| {
        let outside = bridge(Command::new(python), "outside", &cable(name), port);
        (outside, bridge(network.command(python), "inside", &cable(name), port))
    });
    let _idp_there = bridge(network.command(python), "outside", &cable("idp"), ports.idp);
    let _idp_here = bridge(Command::new(python), "inside", &cable("idp"), ports.idp);
    let program = world::program();
    let _gateway = part(Command::new(&program), folder.path(), base, "gateway");
    let _apart =
        ["postgres", "sshd", "api", "agent"].map(|name| part(network.command(&program), folder.path(), base, name));
    let mut client = network.command(&program);
    client.args(["demo", "--dir"]).arg(folder.path()).args(["--port-base", &base.to_string(), "--part", "client"]);
    let mut client = Part(client.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap());
    let said = Told::read(client.0.stdout.take().unwrap());
    let run = |line: String| Run::new("bash").args(["-c", &line]).ok().out;
    assert!(run(said.paste("psql ")).contains("***-**-****"));
    assert_eq!(run(format!("{} -o BatchMode=yes 'echo in'", said.paste("ssh "))), "in\n");
    assert!(run(said.paste("curl ")).contains("\"card\":\"***"));

    for target in [ports.target_postgres, ports.target_ssh, ports.target_api, ports.target_api_direct] {
        let direct = TcpStream::connect(("127.0.0.1", target));
        assert_eq!(direct.unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused, "port {target}");
    }
    // All that the database ever saw came from where the agent is.
    let query =
        "SELECT string_agg(DISTINCT host(client_addr), ',') FROM pg_stat_activity WHERE client_addr IS NOT NULL";
    let psql = said.paste("psql ");
    let connect = psql.split(" -c ").next().unwrap_or(&psql);
    assert_eq!(run(format!("{connect} -Atc \"{query}\"")), "127.0.0.1\n");
}
