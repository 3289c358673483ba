//! ssh through the gateway.

use std::{io::Write, time::Duration};

use e2e::{Run, World, eventually};

#[test]
fn a_command_keeps_its_streams_apart_and_its_exit_status() {
    let world = World::shared();
    let output = world.ssh(&["echo to out; echo to err >&2; exit 7"]).output();
    assert_eq!((output.out.as_str(), output.err.as_str(), output.status), ("to out\n", "to err\n", 7));
    let echoed = world.ssh(&["cat | tr a-z A-Z"]).input("from here\n").ok();
    assert_eq!(echoed.out, "FROM HERE\n");
}

#[test]
fn a_command_that_closes_its_output_first_keeps_its_exit_status() {
    let world = World::shared();
    // `ssh` closes the channel as soon as both directions have ended, and asks for no status after that.
    let output = world.ssh(&["exec >&- 2>&-; sleep 0.5; exit 7"]).output();
    assert_eq!(output.status, 7, "{}", output.err);
}

#[test]
fn a_signal_at_the_target_is_told() {
    let world = World::shared();
    let through = world.ssh(&["kill -TERM $$"]).output();
    let direct = world.direct_ssh(&["kill -TERM $$"]).output();
    assert_eq!(through.status, direct.status);
}

#[test]
fn what_a_command_prints_is_masked() {
    let world = World::shared();
    let (one, two) = (world.customer(1), world.customer(2));
    let log = world.ssh(&["cat logs/support.log"]).ok();
    log.hides(&[&one.ssn, &two.card]);
    assert!(log.out.contains("#1843 printer on fire"), "{}", log.out);
    let slow = format!("printf {}; sleep 0.2; echo {}", &two.card[..9], &two.card[9..]);
    world.ssh(&[&slow]).ok().hides(&[&two.card]);
    world.ssh(&["cat shop.conf"]).ok().hides(&["AKIAQ3EXAMPLEKEY7ABC"]);
}

#[test]
fn a_shell_has_a_terminal_of_the_right_size() {
    let world = World::shared();
    let script = "stty size; tty; echo $TERM; exit\n";
    let shell = world.ssh(&["-tt"]).env("TERM", "xterm-256color").input(script).ok();
    assert!(shell.out.contains("/dev/pts/") && shell.out.contains("xterm-256color"), "{}", shell.out);
    assert!(shell.out.contains("web-1:~"), "{}", shell.out);
}

#[test]
fn the_login_can_be_named_only_if_the_connection_allows_it() {
    let world = World::shared();
    let login = &world.site.sshd.login;
    let who = world.ssh_to(&format!("{login}@web-1"), world.alice(), &["id -un"]).ok();
    assert_eq!(who.out.trim(), login);
    let refused = world.ssh_to("daemon@web-1", world.alice(), &["id"]).refused();
    assert!(refused.contains("SP-"), "{refused}");
}

#[test]
fn a_ticket_is_a_password_when_there_is_no_key() {
    let world = World::shared();
    let folder = world.folder("askpass");
    let askpass = folder.join("askpass");
    std::fs::write(&askpass, format!("#!/bin/sh\necho {}\n", world.alice().ticket)).unwrap();
    std::fs::set_permissions(&askpass, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let ssh = |askpass: &str| {
        Run::new("ssh")
            .env("SSH_ASKPASS", askpass)
            .env("SSH_ASKPASS_REQUIRE", "force")
            .args(["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"])
            .args(["-o", "PreferredAuthentications=keyboard-interactive", "-o", "NumberOfPasswordPrompts=1"])
            .args(["-p", &world.site.ports.ssh.to_string(), "web-1@127.0.0.1", "echo in"])
    };
    assert_eq!(ssh(askpass.to_str().unwrap()).ok().out, "in\n");
    let refused = ssh("/bin/true").refused();
    assert!(refused.contains("ermission denied") || refused.contains("SP-LOGIN"), "{refused}");
}

#[test]
fn many_commands_share_one_connection() {
    let world = World::shared();
    let folder = world.folder("mux");
    let control = format!("ControlPath={}/%C", folder.display());
    let master = ["-o", control.as_str(), "-o", "ControlMaster=auto", "-o", "ControlPersist=20"];
    let ssh = |command: &str| {
        Run::new("ssh").args(world.ssh_options(world.alice())).args(master).args([
            "-p",
            &world.site.ports.ssh.to_string(),
            "web-1@127.0.0.1",
            command,
        ])
    };
    assert_eq!(ssh("echo first").ok().out, "first\n");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let run = ssh(&format!("sleep 0.1; echo {number}"));
            scope.spawn(move || assert_eq!(run.ok().out, format!("{number}\n")));
        }
    });
}

#[test]
fn forwarding_leads_nowhere_unless_the_connection_says_so() {
    let world = World::shared();
    let port = sallyport::demo::ports::Ports::free().unwrap().api;
    let to = format!("127.0.0.1:{port}:127.0.0.1:{}", world.site.api.direct_port);
    let mut ssh = Run::new("ssh")
        .args(["-o", "LogLevel=INFO"])
        .args(world.ssh_options(world.alice()))
        .args(["-N", "-L", &to, "-p", &world.site.ports.ssh.to_string(), "web-1@127.0.0.1"])
        .start();
    eventually("ssh listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    let answer = Run::new("curl").args(["-sS", "-m", "10", &format!("http://127.0.0.1:{port}/customers/1")]).output();
    ssh.kill().unwrap();
    let said = ssh.wait_with_output().unwrap();
    assert_ne!(answer.status, 0);
    let said = String::from_utf8_lossy(&said.stderr);
    assert!(said.contains("SP-FORWARD-DENIED") || said.contains("prohibited"), "{said}");
}

#[test]
fn a_long_quiet_session_stays_and_large_output_is_whole() {
    let world = World::shared();
    let quiet = world.ssh(&["sleep 3; echo awake"]).ok();
    assert!(quiet.out.contains("awake"));
    let large = world.ssh(&["head -c 50000000 /dev/zero | tr '\\0' x"]).patience(Duration::from_secs(120)).ok();
    assert_eq!(large.bytes.len(), 50_000_000);
    assert!(large.bytes.iter().all(|byte| *byte == b'x'));
}

#[test]
fn environment_variables_pass_only_from_the_list() {
    let world = World::shared();
    let output = world
        .ssh_to("web-1", world.alice(), &[])
        .args(["-o", "SendEnv=LC_PROBE SECRET_PROBE", "echo $LC_PROBE/$SECRET_PROBE"])
        .env("LC_PROBE", "passes")
        .env("SECRET_PROBE", "stays")
        .ok();
    assert_eq!(output.out.trim(), "passes/");
}

#[test]
fn typing_comes_back_at_once() {
    let world = World::shared();
    let mut shell = world.ssh(&["-tt", "cat"]).start();
    let mut typed = shell.stdin.take().unwrap();
    let mut shown = shell.stdout.take().unwrap();
    for letter in b"hello" {
        typed.write_all(&[*letter]).unwrap();
        let mut echo = [0];
        std::io::Read::read_exact(&mut shown, &mut echo).unwrap();
        assert_eq!(echo[0], *letter);
    }
    drop(typed);
    shell.kill().unwrap();
    shell.wait().unwrap();
}
