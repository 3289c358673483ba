//! The SSH target against a real sshd, driven through the relay form without a tunnel.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

#[path = "ssh/bench.rs"]
mod bench;
#[path = "ssh/sshd.rs"]
mod sshd;

use bench::Bench;
use proto::Code;
use protocols::ssh::{Address, Channel, Message, OpenKind, Pty, Request, WINDOW};
use sshd::Sshd;

const FIRST: Channel = Channel(0);

#[tokio::test]
async fn a_command_gives_its_output_its_errors_and_its_status() {
    let sshd = Sshd::start();
    let mut bench = Bench::start(&sshd).await.unwrap();
    bench.exec(FIRST, "printf out; printf err >&2; exit 7").await;
    let end = bench.until_close(FIRST).await;
    assert_eq!((end.out.as_slice(), end.err.as_slice(), end.status), (&b"out"[..], &b"err"[..], Some(7)));
}

#[tokio::test]
async fn a_signal_ends_a_command_and_is_told() {
    let sshd = Sshd::start();
    let mut bench = Bench::start(&sshd).await.unwrap();
    bench.exec(FIRST, "kill -TERM $$").await;
    assert_eq!(bench.until_close(FIRST).await.signal.as_deref(), Some("TERM"));
}

#[tokio::test]
async fn a_shell_gets_its_terminal_its_size_and_its_input() {
    let sshd = Sshd::start();
    let mut bench = Bench::start(&sshd).await.unwrap();
    bench.open(FIRST).await;
    let pty = Pty { term: "xterm".into(), columns: 91, rows: 33, width: 0, height: 0, modes: Default::default() };
    bench.request(FIRST, Request::Pty(pty)).await;
    bench.request(FIRST, Request::Shell).await;
    bench.data(FIRST, b"stty size; echo $TERM; exit 3\n").await;
    let end = bench.until_close(FIRST).await;
    let text = String::from_utf8_lossy(&end.out).into_owned();
    assert!(text.contains("33 91") && text.contains("xterm"), "{text}");
    assert_eq!(end.status, Some(3));
}

#[tokio::test]
async fn only_listed_environment_variables_are_set() {
    let sshd = Sshd::start();
    let mut bench = Bench::start(&sshd).await.unwrap();
    bench.open(FIRST).await;
    for (name, value) in [("LC_TEST", "yes"), ("SECRET_TEST", "no")] {
        bench.request(FIRST, Request::Env { name: name.into(), value: value.into() }).await;
    }
    bench.request(FIRST, Request::Exec("echo [$LC_TEST] [$SECRET_TEST]".into())).await;
    assert_eq!(bench.until_close(FIRST).await.out, b"[yes] []\n");
}

#[tokio::test]
async fn bulk_input_and_output_pass_at_the_same_time() {
    let sshd = Sshd::start();
    let mut bench = Bench::start(&sshd).await.unwrap();
    bench.exec(FIRST, "cat").await;
    let sent: Vec<u8> = (0..24 * 1024 * 1024u32).map(|n| (n / 7) as u8).collect();
    let end = bench.echo(FIRST, &sent).await;
    assert_eq!(end.out.len(), sent.len());
    assert!(end.out == sent);
    assert_eq!(end.status, Some(0));
}

#[tokio::test]
async fn a_channel_whose_client_takes_nothing_holds_back_no_other() {
    let sshd = Sshd::start();
    let mut bench = Bench::start(&sshd).await.unwrap();
    bench.exec(FIRST, "cat /dev/zero").await;
    bench.until_stalled(FIRST).await;
    bench.exec(Channel(2), "echo hello").await;
    assert_eq!(bench.until_close(Channel(2)).await.out, b"hello\n");
    bench.send(Message::Close(FIRST)).await;
}

#[tokio::test]
async fn input_that_the_target_does_not_read_holds_back_no_other() {
    let sshd = Sshd::start();
    let mut bench = Bench::start(&sshd).await.unwrap();
    bench.exec(FIRST, "sleep 1000").await;
    bench.until_input_stalls(FIRST).await;
    bench.exec(Channel(2), "echo hello").await;
    assert_eq!(bench.until_close(Channel(2)).await.out, b"hello\n");
    bench.send(Message::Close(FIRST)).await;
}

#[tokio::test]
async fn forwarding_goes_only_where_the_connection_allows() {
    let sshd = Sshd::start();
    let port = sshd.port;
    let mut bench = Bench::with(&sshd, |settings| settings.forwards = vec![format!("localhost:{port}")]).await.unwrap();
    let from = Address { host: "127.0.0.1".into(), port: 1 };
    let to =
        |host: &str| OpenKind::DirectTcpip { to: Address { host: host.into(), port: port.into() }, from: from.clone() };
    bench.send(Message::Open { channel: FIRST, kind: to("127.0.0.2"), window: WINDOW }).await;
    let refused = bench.next(FIRST).await;
    assert!(matches!(&refused, Message::OpenFailure { reason: 1, text, .. } if text.contains("SP-FORWARD-DENIED")));
    bench.send(Message::Open { channel: Channel(2), kind: to("localhost"), window: WINDOW }).await;
    assert!(matches!(bench.next(Channel(2)).await, Message::OpenConfirm { .. }));
    assert!(matches!(bench.next(Channel(2)).await, Message::Data { data, .. } if data.starts_with(b"SSH-2.0-OpenSSH")));
}

#[tokio::test]
async fn listening_is_allowed_only_where_the_connection_says_so() {
    let sshd = Sshd::start();
    let mut bench = Bench::with(&sshd, |settings| settings.remote_forwards = vec!["localhost:*".into()]).await.unwrap();
    bench.send(Message::Forward(Address { host: "0.0.0.0".into(), port: 0 })).await;
    assert!(
        matches!(bench.next_global().await, Message::ForwardFailure { text } if text.contains("SP-FORWARD-DENIED"))
    );
    bench.send(Message::Forward(Address { host: "localhost".into(), port: 0 })).await;
    let Message::ForwardSuccess { port } = bench.next_global().await else { panic!("no port") };
    let mut socket = tokio::net::TcpStream::connect(("127.0.0.1", port as u16)).await.unwrap();
    let opened = bench.next(Channel(1)).await;
    assert!(matches!(opened, Message::Open { kind: OpenKind::ForwardedTcpip { .. }, .. }));
    bench.send(Message::OpenConfirm { channel: Channel(1), window: WINDOW }).await;
    bench.data(Channel(1), b"hello").await;
    let mut read = [0; 5];
    tokio::io::AsyncReadExt::read_exact(&mut socket, &mut read).await.unwrap();
    assert_eq!(&read, b"hello");
}

#[tokio::test]
async fn another_host_key_than_the_pinned_one_is_refused() {
    let (sshd, other) = (Sshd::start(), Sshd::start());
    let wrong = Bench::with(&sshd, |settings| settings.host_keys = vec![other.host_key.clone()]).await;
    assert_eq!(wrong.err().unwrap().code, Code::TargetIdentity);
    let none = Bench::with(&sshd, |settings| settings.host_keys.clear()).await;
    assert_eq!(none.err().unwrap().code, Code::TargetIdentity);
    Bench::with(&sshd, |settings| settings.host_keys = vec![sshd.fingerprint.clone()]).await.unwrap();
}

#[tokio::test]
async fn a_login_that_is_not_listed_and_a_key_that_is_not_known_are_refused() {
    let sshd = Sshd::start();
    let login = Bench::asking(&sshd, |_| {}, Some("somebody-else"), "key").await;
    assert_eq!(login.err().unwrap().code, Code::NoAccess);
    let key = Bench::asking(&sshd, |_| {}, None, "other_key").await;
    assert_eq!(key.err().unwrap().code, Code::TargetLogin);
}

#[tokio::test]
async fn rsa_keys_keys_with_passphrase_and_certificates_log_in() {
    let sshd = Sshd::start();
    for key in ["rsa_key", "locked_key", "certified_key"] {
        let mut bench =
            Bench::asking(&sshd, |_| {}, None, key).await.unwrap_or_else(|refused| panic!("{key}: {refused}"));
        bench.exec(FIRST, "echo in").await;
        assert_eq!(bench.until_close(FIRST).await.out, b"in\n", "{key}");
    }
}

#[tokio::test]
async fn a_target_that_is_down_or_speaks_nonsense_is_told_apart() {
    let mut sshd = Sshd::start();
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    sshd.port = closed.local_addr().unwrap().port();
    drop(closed);
    assert_eq!(Bench::start(&sshd).await.err().unwrap().code, Code::TargetUnreachable);
    let nonsense = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    sshd.port = nonsense.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut socket, _) = nonsense.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut socket, b"SSH-2.0-x\r\n\xff\xff\xff\xff nonsense").await.unwrap();
        std::future::pending::<()>().await;
    });
    let refused = Bench::start(&sshd).await.err().unwrap();
    assert!(matches!(refused.code, Code::TargetProtocol | Code::TargetRefused), "{refused}");
}

#[tokio::test]
async fn a_target_that_goes_away_ends_the_session() {
    let sshd = Sshd::start();
    let mut bench = Bench::start(&sshd).await.unwrap();
    bench.exec(FIRST, "kill -9 $PPID").await;
    assert_eq!(bench.ending().await.code, Code::TargetLost);
}
