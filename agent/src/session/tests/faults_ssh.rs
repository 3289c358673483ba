//! Faults on purpose where the target is a real sshd: a detector that panics, no policy.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{Child, Command, Stdio},
    time::Duration,
};

use bytes::Bytes;
use proto::{Code, Down, Ending, Grant, Settings, Up};
use protocols::ssh::{Channel, Decoder, Message, OpenKind, Pty, Request};

use super::site;
use crate::{filter::fault::TRIGGER, session::Sessions, target::pair};

/// An sshd of the test's own that lets one key in.
struct Sshd {
    process: Child,
    port: u16,
    host_key: String,
    login: String,
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _waited = self.process.wait();
    }
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

impl Sshd {
    async fn start(folder: &Path) -> Self {
        let name = |file: &str| folder.join(file).to_str().unwrap().to_owned();
        for key in ["host", "key"] {
            run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &name(key)]);
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\nStrictModes no\n",
            name("host"),
            name("key.pub"),
        );
        std::fs::write(name("config"), config).unwrap();
        if run("id", &["-u"]).trim() == "0" {
            // sshd started by root insists on its privilege separation folder.
            std::fs::create_dir_all("/run/sshd").unwrap();
        }
        let mut sshd = Command::new("/usr/sbin/sshd");
        let process = sshd.args(["-D", "-e", "-f", &name("config")]).stderr(Stdio::null()).spawn().unwrap();
        let public = std::fs::read_to_string(name("host.pub")).unwrap();
        let host_key = public.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let this = Self { process, port, host_key, login: run("id", &["-un"]).trim().to_owned() };
        let answers = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), answers).await.expect("sshd answers");
        this
    }
}

struct World {
    sessions: Sessions,
    grant: Grant,
    folder: tempfile::TempDir,
    _sshd: Sshd,
}

/// What a client got of one command.
struct Got {
    /// Output, words of refusals.
    bytes: Vec<u8>,
    status: Option<u32>,
    ending: Ending,
}

impl World {
    async fn new(has_policy: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), TRIGGER).unwrap();
        let sshd = Sshd::start(folder.path()).await;
        let address = format!("127.0.0.1:{}", sshd.port);
        let key = format!("file:{}", folder.path().join("key").display());
        let settings: Settings = serde_json::from_value(
            serde_json::json!({ "protocol": "ssh", "login": sshd.login, "host_keys": [sshd.host_key] }),
        )
        .unwrap();
        let credentials = BTreeMap::from([("key".to_owned(), key)]);
        let (sessions, grant) = site(folder.path(), address, settings, credentials, has_policy);
        Self { sessions, grant, folder, _sshd: sshd }
    }

    /// One session in which the client runs one command, with a terminal or without.
    async fn command(&self, command: &str, terminal: bool) -> Got {
        let (link, down, mut up) = pair(64);
        let (sessions, grant) = (self.sessions.clone(), self.grant.clone());
        let id = proto::SessionId::generate();
        let served = tokio::spawn(async move { sessions.serve(id, grant, link).await });
        let (mut got, mut status, mut ending, mut decoder) = (Vec::new(), None, None, Decoder::new());
        while let Ok(Some(said)) = tokio::time::timeout(Duration::from_secs(20), up.recv()).await {
            match said {
                Up::Ready(_) => down.send(Down::Payload(ask(command, terminal))).await.unwrap(),
                Up::Payload(bytes) => {
                    got.extend_from_slice(&bytes);
                    decoder.feed(bytes);
                    while let Some(message) = decoder.next_message().unwrap() {
                        if let Message::Request { request: Request::ExitStatus(number), .. } = message {
                            status = Some(number);
                        }
                        if matches!(message, Message::Close(_) | Message::OpenFailure { .. }) {
                            let _over = down.send(Down::Close(Ending::new(Code::Done, "enough"))).await;
                        }
                    }
                }
                Up::Events(records) => {
                    assert!(!records.iter().any(|record| holds(record)));
                    let _later = down.send(Down::Ack { seq: u64::MAX }).await;
                }
                Up::Closed(said) | Up::Refused(said) => {
                    ending = Some(said);
                    break;
                }
                Up::Open(_) => {}
            }
        }
        drop(down);
        served.await.expect("the task of a session never panics");
        Got { bytes: got, status, ending: ending.expect("a session has an end") }
    }

    fn path(&self, file: &str) -> String {
        self.folder.path().join(file).display().to_string()
    }
}

/// Any eight bytes of the value that must not get out.
fn holds(bytes: &[u8]) -> bool {
    TRIGGER[..16].windows(8).any(|part| bytes.windows(8).any(|run| run == part))
}

fn ask(command: &str, terminal: bool) -> Bytes {
    let channel = Channel(0);
    let request = |request| Message::Request { channel, want_reply: true, request };
    let pty = Pty { term: "xterm".into(), columns: 80, rows: 24, width: 0, height: 0, modes: Bytes::new() };
    let mut messages = vec![Message::Open { channel, kind: OpenKind::Session, window: 1 << 20 }];
    messages.extend(terminal.then_some(request(Request::Pty(pty))));
    messages.push(request(Request::Exec(Bytes::copy_from_slice(command.as_bytes()))));
    let mut out = Vec::new();
    messages.iter().for_each(|message| message.encode(&mut out));
    out.into()
}

#[tokio::test]
async fn a_detector_that_panics_lets_nothing_of_a_command_out_and_the_next_session_is_served() {
    let world = World::new(true).await;
    for terminal in [false, true] {
        let got = world.command(&format!("cat {}", world.path("secret")), terminal).await;
        assert_eq!(got.ending.code, Code::Internal, "{:?}", got.ending);
        assert!(!holds(&got.bytes), "{}", String::from_utf8_lossy(&got.bytes));
        let got = world.command("echo good", terminal).await;
        assert_eq!(got.status, Some(0), "{:?}", got.ending);
        assert!(got.bytes.windows(4).any(|part| part == b"good"));
    }
    assert_eq!(world.sessions.count(), 0);
}

#[tokio::test]
async fn without_a_policy_no_command_runs_and_the_client_is_told_why() {
    let world = World::new(false).await;
    for terminal in [false, true] {
        let got = world.command(&format!("touch {}", world.path("ran")), terminal).await;
        let words = String::from_utf8_lossy(&got.bytes).into_owned() + &got.ending.message;
        assert!(words.contains("SP-NO-POLICY") || got.ending.code == Code::NoPolicy, "{words:?}");
        assert_ne!(got.status, Some(0));
    }
    assert!(!world.folder.path().join("ran").exists());
}
