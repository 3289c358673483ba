//! A private sshd on a free port, with keys of several kinds. Stops with the test.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

pub struct Sshd {
    pub folder: tempfile::TempDir,
    pub port: u16,
    pub host_key: String,
    pub fingerprint: String,
    child: Child,
}

impl Sshd {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let _root_only = std::fs::create_dir_all("/run/sshd");
        keygen(path, "host_key", &["-t", "ed25519", "-N", ""]);
        for key in ["key", "other_key", "ca", "certified_key"] {
            keygen(path, key, &["-t", "ed25519", "-N", ""]);
        }
        keygen(path, "rsa_key", &["-t", "rsa", "-b", "2048", "-N", ""]);
        keygen(path, "locked_key", &["-t", "ed25519", "-N", "open sesame", "-Z", "aes256-ctr"]);
        std::fs::write(path.join("passphrase"), "open sesame\n").unwrap();
        let user = user();
        run(Command::new("ssh-keygen").current_dir(path).args([
            "-q",
            "-s",
            "ca",
            "-I",
            "test",
            "-n",
            &user,
            "certified_key.pub",
        ]));
        let known: String = ["key", "rsa_key", "locked_key"].map(|key| read(path, &format!("{key}.pub"))).concat();
        std::fs::write(path.join("authorized"), known).unwrap();
        let (port, child) = (0..5).find_map(|_| launch(path)).expect("sshd");
        let host_key = read(path, "host_key.pub").trim().to_owned();
        let listed = Command::new("ssh-keygen").arg("-lf").arg(path.join("host_key.pub")).output().unwrap().stdout;
        let fingerprint = String::from_utf8(listed).unwrap().split(' ').nth(1).unwrap().to_owned();
        Self { folder, port, host_key, fingerprint, child }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

pub fn user() -> String {
    String::from_utf8(Command::new("id").arg("-un").output().unwrap().stdout).unwrap().trim().to_owned()
}

fn launch(path: &Path) -> Option<(u16, Child)> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = path.display();
    let config = format!(
        "ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized\n\
         TrustedUserCAKeys {folder}/ca.pub\nPidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\n\
         PermitRootLogin yes\nPrintMotd no\nPrintLastLog no\nAcceptEnv *\nSubsystem sftp internal-sftp\n\
         AllowTcpForwarding yes\nMaxStartups 200\n"
    );
    std::fs::write(path.join("config"), config).unwrap();
    let mut child = Command::new("/usr/sbin/sshd")
        .args(["-D", "-e", "-f"])
        .arg(path.join("config"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while log.read_line(&mut line).unwrap() > 0 {
        if line.contains("listening on") {
            // Read on, or sshd would stop when the pipe is full.
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return Some((port, child));
        }
    }
    let _gone = child.kill();
    child.wait().unwrap();
    None
}

fn keygen(path: &Path, name: &str, arguments: &[&str]) {
    run(Command::new("ssh-keygen").arg("-q").args(arguments).arg("-f").arg(path.join(name)));
}

fn run(command: &mut Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

fn read(path: &Path, name: &str) -> String {
    std::fs::read_to_string(path.join(name)).unwrap()
}
