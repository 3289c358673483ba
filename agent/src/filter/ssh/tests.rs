#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use masking::Masker;
use proto::event::Stream;
use protocols::ssh::Address;

use super::*;

fn exec(line: &str) -> Program {
    Program::Exec(line.as_bytes().to_vec())
}

#[test]
fn the_far_ends_of_file_transfers_are_recognised() {
    for line in [
        "scp -f /etc/hosts",
        "scp -r -p -t .",
        "scp -qt '/tmp/a b'",
        "rsync --server --sender -logDtpre.iLsfxCIvu . /data",
        "/usr/bin/rsync --server -vlogDtprze.iLsfxC . .",
        "git-upload-pack '/srv/repo.git'",
        "git receive-pack 'repo'",
        "git-upload-archive 'x'",
        "/usr/lib/openssh/sftp-server -l INFO",
    ] {
        assert!(is_transfer(&exec(line)), "{line}");
    }
    assert!(is_transfer(&Program::Subsystem("sftp".into())));
}

#[test]
fn anything_a_shell_would_do_more_with_is_a_command() {
    for line in [
        "cat customers.txt",
        "scp -f x; cat customers.txt",
        "scp -f $(cat customers.txt)",
        "rsync --server `id`",
        "git-upload-pack x | cat customers.txt",
        "git log",
        "rsync a b",
        "scp a b:",
        "git-upload-pack \"$(id)\"",
        "true && scp -f x",
        "git-upload-pack 'x",
        "cat x # scp -f",
        "",
    ] {
        assert!(!is_transfer(&exec(line)), "{line}");
    }
    assert!(!is_transfer(&Program::Shell));
    assert!(!is_transfer(&Program::Subsystem("netconf".into())));
}

#[test]
fn environment_lists_match_names_and_prefixes() {
    let list = ["LANG".to_owned(), "LC_*".to_owned()];
    assert!(allows_env(&list, "LANG") && allows_env(&list, "LC_ALL"));
    assert!(!allows_env(&list, "LANGUAGE") && !allows_env(&list, "LD_PRELOAD") && !allows_env(&[], "LANG"));
}

#[test]
fn forwarding_lists_match_host_and_port_as_written() {
    let list = ["db:5432".to_owned(), "*:80".to_owned(), "[::1]:*".to_owned()];
    assert!(allows_forward(&list, "db", 5432) && allows_forward(&list, "DB.", 5432));
    assert!(allows_forward(&list, "anything", 80) && allows_forward(&list, "::1", 9));
    assert!(!allows_forward(&list, "db", 5433) && !allows_forward(&list, "10.0.0.1", 5432));
    assert!(!allows_forward(&[], "db", 5432));
}

#[test]
fn a_counted_channel_keeps_its_bytes_and_tells_their_digest() {
    let mut screen = Screen::counted("file transfer");
    let mut shown = Vec::new();
    screen.output(Stream::Out, b"card 4111111111111111", &mut shown);
    screen.input(b"abc");
    assert_eq!(shown, b"card 4111111111111111");
    let completed = screen.completed("ok", "0");
    assert_eq!((completed.bytes_in, completed.bytes_out), (3, 21));
    assert_eq!(completed.fields[0].value, "no");
    assert_eq!(completed.fields[2].value, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn records_name_the_operation_and_carry_the_digest_of_the_exact_command() {
    let masker = Masker::new(&[]);
    let record = program_record(&exec("uptime"), None, &[("LANG".into(), "C".into())], &masker);
    assert_eq!((record.operation.as_str(), record.text.as_str(), record.bytes), ("exec", "uptime", 6));
    assert_eq!(record.digest.len(), 32);
    assert_eq!((record.fields[0].name.as_str(), record.fields[0].value.as_str()), ("env.LANG", "C"));
    let at = Address { host: "::1".into(), port: 80 };
    let from = Address { host: "127.0.0.1".into(), port: 5 };
    assert_eq!(forward_record(&at, &from, &masker).text, "[::1]:80");
    assert_eq!(remote_forward_record(&at, None, &masker).operation, "remote-forward");
}
