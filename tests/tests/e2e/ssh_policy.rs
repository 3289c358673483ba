//! Policy on SSH: every request is decided before the target sees it, and a refusal is told where the client looks.

use std::{
    fs,
    io::Read as _,
    process::Child,
    time::{Duration, Instant},
};

use e2e::{Run, World, eventually, world::Wishes};

/// Who may connect may look, and change files through sftp but not remove them.
const LOOKING: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource)
  when { principal in resource.connection.access };
@id("only-looking") @reason("only commands that look are allowed here") @fix("Ask the owner of web-1.")
forbid (principal, action == Action::"Invoke", resource)
  when { resource.connection.protocol == "ssh" && resource.name == "exec" && (context.effect != "read" || context.dynamic) };
@id("no-shell") @reason("there is no shell here")
forbid (principal, action == Action::"Invoke", resource) when { resource.name == "shell" };
@id("files-stay") @reason("files are not removed here")
forbid (principal, action == Action::"Invoke", resource) when { resource.name == "sftp-remove" };
@id("no-way-on") @reason("this host leads nowhere")
forbid (principal, action == Action::"Invoke", resource) when { ["forward", "remote-forward"].contains(resource.name) };
@id("no-old-scp") @reason("scp goes by sftp here")
forbid (principal, action == Action::"Invoke", resource) when { ["scp-read", "scp-write", "rsync-write", "git-write"].contains(resource.name) };
"#;

/// The same, but nothing at all runs.
const NOTHING: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource)
  when { principal in resource.connection.access };
@id("closed") @reason("the host is closed for the night")
forbid (principal, action == Action::"Invoke", resource) when { resource.connection.protocol == "ssh" };
"#;

fn tool(world: &World, name: &str) -> Run {
    Run::new(name).args(world.ssh_options(world.alice())).args(["-P", &world.site.ports.ssh.to_string()])
}

fn ended(mut child: Child) -> (Option<i32>, String) {
    let status = eventually("the command ends", || child.try_wait().unwrap());
    let mut said = String::new();
    let streams: [Option<Box<dyn std::io::Read>>; 2] =
        [child.stdout.take().map(|out| Box::new(out) as _), child.stderr.take().map(|err| Box::new(err) as _)];
    for mut stream in streams.into_iter().flatten() {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        said.push_str(&String::from_utf8_lossy(&bytes));
    }
    (status.code(), said)
}

fn commands(world: &World) {
    assert!(world.ssh(&["uptime; df -h /"]).ok().out.contains('/'));
    let home = &world.site.sshd.home;
    fs::write(home.join("victim"), "precious").unwrap();
    for command in [
        "rm victim",
        "r''m victim",
        "$(echo rm) victim",
        "echo cm0gdmljdGlt | base64 -d | sh",
        ": > victim",
        "sh -c 'rm victim'",
        "python3 -c 1",
    ] {
        let output = world.ssh(&[command]).output();
        assert_eq!((output.status, output.out.as_str()), (77, ""), "{command}: {}", output.err);
        assert!(
            output.err.contains("only-looking") && output.err.contains("only commands that look are allowed here"),
            "{}",
            output.err
        );
        assert!(output.err.contains("Ask the owner of web-1."), "{}", output.err);
    }
    assert!(world.ssh(&["rm -r victim"]).output().err.contains("rm with -r removes a tree"));
    assert_eq!(fs::read_to_string(home.join("victim")).unwrap(), "precious");
    let shell = world.ssh(&["-tt"]).input("id\n").output();
    assert_eq!(shell.status, 77, "{}{}", shell.out, shell.err);
    assert!(shell.out.contains("no-shell") && !shell.out.contains("uid="), "{}", shell.out);
}

fn files(world: &World) {
    let folder = world.folder("policy-files");
    let here = folder.join("here.txt");
    fs::write(&here, "hello\n").unwrap();
    let batch = format!("put {} kept.txt\n-rm kept.txt\n-rmdir logs\nls -1 kept.txt\n", here.display());
    let session = tool(world, "sftp").args(["-b", "-", "web-1@127.0.0.1"]).input(batch).ok();
    assert!(session.err.contains("ermission denied") || session.err.contains("files-stay"), "{}", session.err);
    assert!(session.out.contains("kept.txt"), "{}", session.out);
    assert_eq!(fs::read_to_string(world.site.sshd.home.join("kept.txt")).unwrap(), "hello\n");
    let old = tool(world, "scp").args(["-O", here.to_str().unwrap(), "web-1@127.0.0.1:old.txt"]).refused();
    assert!(old.contains("no-old-scp") && !world.site.sshd.home.join("old.txt").exists(), "{old}");
    let _new = tool(world, "scp").args([here.to_str().unwrap(), "web-1@127.0.0.1:new.txt"]).ok();
    let rsync = Run::new("rsync")
        .args(["-a", "-e", &world.ssh_command_line(), here.to_str().unwrap(), "web-1@127.0.0.1:r.txt"])
        .refused();
    assert!(rsync.contains("no-old-scp"), "{rsync}");
}

fn other_channels_live_on(world: &World) {
    let folder = world.folder("policy-mux");
    let control = format!("ControlPath={}/%C", folder.display());
    let ssh = |command: &str| {
        Run::new("ssh")
            .args(world.ssh_options(world.alice()))
            .args(["-o", control.as_str(), "-o", "ControlMaster=auto", "-o", "ControlPersist=20"])
            .args(["-p", &world.site.ports.ssh.to_string(), "web-1@127.0.0.1", command])
    };
    assert_eq!(ssh("echo first").ok().out, "first\n");
    let running = ssh("sleep 2; echo still here").start();
    assert_eq!(ssh("rm victim").output().status, 77);
    assert_eq!(ssh("echo third").ok().out, "third\n");
    let (status, said) = ended(running);
    assert!(status == Some(0) && said.contains("still here"), "{said}");
}

fn a_change_ends_what_runs(world: &World) {
    let running = world.ssh(&["sleep 60; echo never"]).start();
    let terminal = world.ssh(&["-tt", "cat"]).start();
    eventually("both run", || {
        let seen = world.direct_ssh(&["pgrep -f 'sleep 60'"]).output();
        (seen.status == 0).then_some(())
    });
    world.policy("default", NOTHING);
    let changed = Instant::now();
    for child in [running, terminal] {
        let (status, said) = ended(child);
        assert!(status == Some(77) && said.contains("closed for the night"), "{status:?} {said}");
    }
    assert!(changed.elapsed() < Duration::from_secs(5), "{:?}", changed.elapsed());
    assert_eq!(world.ssh(&["uptime"]).output().status, 77);
    world.policy("default", LOOKING);
    eventually("the next request is allowed", || (world.ssh(&["uptime"]).output().status == 0).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_ssh_request_is_decided_before_the_target_sees_it() {
    let world = World::start_with(Wishes { policy: Some(LOOKING.into()), ..Wishes::default() }).await;
    commands(&world);
    files(&world);
    other_channels_live_on(&world);
    a_change_ends_what_runs(&world);
}
