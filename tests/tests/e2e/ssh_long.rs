//! Busy SSH connections: many channels, clients that ask whether we live, clients that are gone.

use std::time::Duration;

use e2e::{Run, World, eventually};

#[test]
fn forty_channels_share_one_connection_at_once() {
    let world = World::shared();
    let control = format!("ControlPath={}/%C", world.folder("forty").display());
    let ssh = |more: &[&str]| {
        let place = ["-p", &world.site.ports.ssh.to_string(), "web-1@127.0.0.1"].map(str::to_owned);
        Run::new("ssh").args(world.ssh_options(world.alice())).args(["-o", &control]).args(place).args(more)
    };
    let _master = ssh(&["-o", "ControlMaster=yes", "-o", "ControlPersist=60", "-f", "-N"]).ok();
    let _alone = ssh(&["true"]).ok();
    std::thread::scope(|scope| {
        for number in 0..40 {
            let run = ssh(&[&format!("read line; head -c 200000 /dev/zero | tr '\\0' x; echo {number}-$line")]);
            scope.spawn(move || {
                let output = run.input("typed\n").patience(Duration::from_secs(120)).ok();
                assert_eq!(output.bytes.len(), 200_000 + format!("{number}-typed\n").len());
                assert!(output.out.ends_with(&format!("x{number}-typed\n")));
            });
        }
    });
    let _over = ssh(&["-O", "exit"]).output();
}

#[test]
fn a_client_that_asks_whether_we_live_is_answered() {
    let world = World::shared();
    let alive = ["-o", "ServerAliveInterval=1", "-o", "ServerAliveCountMax=2"];
    let output = world.ssh_to("web-1", world.alice(), &alive).arg("sleep 5; echo awake").ok();
    assert_eq!(output.out, "awake\n");
}

#[test]
fn a_client_that_is_gone_ends_its_command() {
    let world = World::shared();
    let mark = "sleep 7654.321";
    let mut ssh = world.ssh(&["-tt", mark]).start();
    let runs = || Run::new("pgrep").args(["-f", "^sleep 7654.321"]).output().status == 0;
    eventually("the command runs", || runs().then_some(()));
    ssh.kill().unwrap();
    ssh.wait().unwrap();
    eventually("the command ended", || (!runs()).then_some(()));
}

#[test]
fn x11_forwarding_is_refused_in_words() {
    let world = World::shared();
    let ssh = world.ssh_to("web-1", world.alice(), &["-o", "LogLevel=INFO", "-Y", "echo ${DISPLAY:-none}"]);
    let output = ssh.env("DISPLAY", ":77").ok();
    assert_eq!(output.out, "none\n");
    assert!(output.err.contains("X11 forwarding is not allowed here (SP-UNSUPPORTED)"), "{}", output.err);
}

#[test]
fn agent_forwarding_is_refused_in_words() {
    let world = World::shared();
    let options = ["-o", "LogLevel=INFO", "-A", "echo ${SSH_AUTH_SOCK:-none}"];
    // Without an agent of its own ssh asks for nothing.
    let ssh = Run::new("ssh-agent").arg("ssh").args(world.ssh_options(world.alice()));
    let place = ["-p", &world.site.ports.ssh.to_string(), "web-1@127.0.0.1"].map(str::to_owned);
    let output = ssh.args(place).args(options).ok();
    assert_eq!(output.out, "none\n");
    assert!(output.err.contains("agent forwarding is not allowed here (SP-UNSUPPORTED)"), "{}", output.err);
}
