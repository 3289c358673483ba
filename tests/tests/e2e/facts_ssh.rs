//! Facts about what comes over ssh, each through ssh and sftp: every operation on a file and its path, where a forward leads,
//! programs behind other words, and what is typed where nobody can judge it.

use std::{fmt::Write as _, fs, net::TcpStream};

use e2e::{Run, World, eventually, world::Wishes};
use sallyport::demo::ports::Ports;
use serde_json::json;

const BASE: &str = r#"
@id("connect") permit (principal, action == Action::"Connect", resource) when { principal in resource.access };
@id("all") permit (principal, action in [Action::"Invoke", Action::"RunUnapproved"], resource);
"#;

/// Verbs of sftp, each with what must not happen to `box/no-VERB` while it happens to `box/may`.
const OPERATIONS: [(&str, &str); 9] = [
    ("mkdir", "mkdir box/FILE.new"),
    ("rmdir", "rmdir box/FILE.folder"),
    ("remove", "rm box/FILE"),
    ("rename", "rename box/FILE box/FILE.renamed"),
    ("symlink", "ln -s box/FILE box/FILE.link"),
    ("setstat", "chmod 600 box/FILE"),
    ("write", "put HERE box/FILE"),
    ("read", "get box/FILE HERE.back"),
    ("list", "ls box/FILE.folder"),
];

fn sftp(world: &World, batch: String) -> e2e::Output {
    let options = world.ssh_options(world.alice());
    let port = world.site.ports.ssh.to_string();
    let sftp = Run::new("sftp").args(options).args(["-P", &port, "-b", "-", "web-1@127.0.0.1"]);
    sftp.input(batch).output()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_of_sftp_and_its_path_decide() {
    let world = World::start_with(Wishes { policy: Some(BASE.into()), ..Wishes::default() }).await;
    let home = world.site.sshd.home.clone();
    let mut rules = BASE.to_owned();
    for (verb, _) in OPERATIONS {
        let paths: Vec<String> = ["", ".new", ".folder", ".link"]
            .iter()
            .flat_map(|end| [format!("box/no-{verb}{end}"), format!("{}/box/no-{verb}{end}", home.display())])
            .map(|path| format!("context.paths.contains(\"{path}\")"))
            .collect();
        let _ = writeln!(
            rules,
            "@id(\"no-{verb}\") forbid (principal, action == Action::\"Invoke\", resource in Connection::\"web-1\") when {{ context.verbs.contains(\"{verb}\") && ({}) }};",
            paths.join(" || ")
        );
    }
    world.policy("default", &rules);
    let folder = home.join("box");
    fs::create_dir(&folder).unwrap();
    let here = world.folder("facts-ssh").join("here");
    fs::write(&here, "from here\n").unwrap();
    for name in OPERATIONS.iter().map(|(verb, _)| format!("no-{verb}")).chain(["may".to_owned()]) {
        fs::write(folder.join(&name), "there\n").unwrap();
        fs::create_dir(folder.join(format!("{name}.folder"))).unwrap();
    }
    e2e::world::everyone_may_enter(&folder);
    let run = |line: &str, file: &str| {
        let line = line.replace("FILE", file).replace("HERE", here.to_str().unwrap());
        sftp(&world, format!("{line}\n"))
    };
    let stopped = |verb: &str, line: &str| {
        let said = run(line, &format!("no-{verb}"));
        said.status != 0 && format!("{}{}", said.out, said.err).contains("ermission denied")
    };
    eventually("the rules", || stopped("remove", "rm box/FILE").then_some(()));
    for (verb, line) in OPERATIONS {
        assert!(stopped(verb, line), "{verb}: {:?}", run(line, &format!("no-{verb}")).err);
    }
    let there = |name: &str| folder.join(name).exists();
    assert!(!there("no-mkdir.new") && there("no-rmdir.folder") && there("no-rename") && !there("no-rename.renamed"));
    assert!(fs::symlink_metadata(folder.join("no-symlink.link")).is_err());
    assert_eq!(fs::read_to_string(folder.join("no-write")).unwrap(), "there\n");
    assert!(!here.with_extension("back").exists());
    // The same on another file.
    for verb in ["list", "mkdir", "symlink", "setstat", "read", "write", "rename"] {
        let (_, line) = OPERATIONS.iter().find(|(known, _)| *known == verb).unwrap();
        let said = run(line, "may");
        assert_eq!(said.status, 0, "{line}: {}", said.err);
    }
    assert!(there("may.new") && there("may.renamed") && here.with_extension("back").exists());
}

#[test]
fn where_a_forward_leads_decides() {
    let world = World::shared();
    let api = world.site.api.direct_port;
    let other = world.site.ports.target_postgres;
    let places = json!([format!("127.0.0.1:{api}"), format!("127.0.0.1:{other}")]);
    world.like("web-1", "fwd-facts", |one| one["settings"]["forwards"] = places);
    let rule = format!(
        "@id(\"no-way-there\") @reason(\"that way is closed\") forbid (principal, action == Action::\"Invoke\", resource in Connection::\"fwd-facts\") when {{ context.functions.contains(\"forward\") && context.hosts.contains(\"127.0.0.1:{other}\") }};"
    );
    world.policy("fwd-facts", &rule);
    let ports = Ports::free().unwrap();
    let (good, bad) = (ports.api, ports.http);
    let running = Run::new("ssh")
        .args(["-o", "LogLevel=INFO", "-N"])
        .args(["-L", &format!("127.0.0.1:{good}:127.0.0.1:{api}"), "-L", &format!("127.0.0.1:{bad}:127.0.0.1:{other}")])
        .args(world.ssh_options(world.alice()))
        .args(["-p", &world.site.ports.ssh.to_string(), "fwd-facts@127.0.0.1"]);
    let mut running = running.start();
    eventually("ssh listens", || TcpStream::connect(("127.0.0.1", bad)).ok());
    let answer = Run::new("curl").args(["-sS", "-m", "20", &format!("http://127.0.0.1:{good}/customers/1")]).ok();
    assert_eq!(answer.json()["id"], 1);
    let dsn = format!("host=127.0.0.1 port={bad} user=x dbname=shop connect_timeout=10");
    let said = Run::new("psql").args(["-X", "-c", "SELECT 1", &dsn]).refused();
    assert!(!said.contains("password") && !said.contains("role"), "no server answered: {said}");
    running.kill().unwrap();
    let said = String::from_utf8_lossy(&running.wait_with_output().unwrap().stderr).into_owned();
    assert!(said.contains("that way is closed") || said.contains("prohibited"), "{said}");
    eventually("the record", || {
        let all = world
            .session_ids("fwd-facts")
            .into_iter()
            .map(|id| world.sallyport(world.carol(), &["sessions", "replay", "--format", "json", &id]).output().out);
        all.collect::<String>().contains("no-way-there").then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_behind_other_words_and_what_is_typed_unseen_decide() {
    let rules = [
        ("env", r#"context.commands.contains("uptime")"#),
        ("typed", r#"context.inspected == "partial""#),
        ("shell", r#"context.inspected == "no""#),
        ("risk", r#"context.risk >= 40 && context.risk_reasons.contains("runs text made while it runs")"#),
    ];
    let rules: String = rules
        .iter()
        .map(|(id, condition)| format!("@id(\"by-{id}\") @reason(\"stopped by {id}.\") forbid (principal, action == Action::\"Invoke\", resource in Connection::\"web-1\") when {{ {condition} }};\n"))
        .collect();
    let world = World::start_with(Wishes { policy: Some(format!("{BASE}{rules}")), ..Wishes::default() }).await;
    for (id, line) in [
        ("env", "LC_ALL=C uptime"),
        ("env", "env LC_ALL=C TZ=UTC uptime"),
        ("env", "echo $(uptime)"),
        ("env", "echo a | xargs uptime"),
        ("env", "true && (nice -n 5 /usr/bin/uptime)"),
        ("env", "for i in 1; do u\\ptime; done"),
        ("env", "sudo -n -u nobody uptime"),
        ("env", "cat < <(uptime)"),
        ("env", "bash -c \"sh -c 'uptime'\""),
        ("env", "eval uptime"),
        ("typed", "vi notes.txt"),
        ("typed", "less /etc/hostname"),
        ("risk", "eval \"$X\""),
    ] {
        let said = world.ssh(&[line]).output();
        assert!(
            said.status == 77 && said.err.contains(&format!("stopped by {id}.")),
            "{line}: {}{}",
            said.out,
            said.err
        );
    }
    let shell = world.ssh(&["-tt"]).input("exit\n").output();
    assert!(shell.status == 77 && shell.out.contains("stopped by shell."), "{}{}", shell.out, shell.err);
    for line in ["echo uptime", "LC_ALL=uptime true", "cat /etc/hostname", "X=1; test $X = 1"] {
        assert_eq!(world.ssh(&[line]).output().status, 0, "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_empties_a_file_or_hides_behind_settings_waits_on_a_fresh_install() {
    let world = World::start_with(Wishes { policy: Some(policy::DEFAULT.into()), ..Wishes::default() }).await;
    let victim = world.site.sshd.home.join("victim");
    fs::write(&victim, "precious").unwrap();
    for line in [
        "exec > victim",
        "cat < /dev/null > victim",
        "tee victim <<< ''",
        "true | tee victim",
        "{ :; } > victim",
        "head -c 0 /etc/hostname > victim",
        "sort victim > victim",
        "X=1 Y=2 rm -r victim",
        "LC_ALL=C env A=b rm -rf victim",
        "PATH=/tmp:$PATH ls",
        "LD_PRELOAD=/tmp/x.so ls",
        "BASH_ENV=/tmp/x bash -c ls",
        "GIT_SSH_COMMAND='rm -rf victim' git fetch",
    ] {
        let output = world.ssh(&[line]).output();
        assert_eq!((output.status, output.out.as_str()), (77, ""), "{line}: {}", output.err);
        assert!(output.err.contains("hold-"), "{line}: {}", output.err);
    }
    assert_eq!(fs::read_to_string(&victim).unwrap(), "precious");
    for (line, told) in [
        ("FOO=bar LC_ALL=C sh -c 'echo $FOO'", "bar"),
        ("python3 -c \"print(open('victim').read())\"", "precious"),
        ("cat victim > copy && cat copy", "precious"),
    ] {
        assert!(world.ssh(&[line]).ok().out.contains(told), "{line}");
    }
}
