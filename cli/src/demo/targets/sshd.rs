//! A private sshd with its own host key and a small home folder. It logs in as whoever runs it, with one key: the
//! agent's. Commands run in the small home folder rather than in the real one.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::demo::{
    process::{Launch, Process, find_program, is_root},
    shop,
};

const PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(20);

/// A running private sshd. Stops when dropped.
#[derive(Debug)]
pub struct Sshd {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// The login name.
    pub login: String,
    /// The private key that may log in.
    pub key: PathBuf,
    /// The host key's public line (`ssh-ed25519 AAAA...`).
    pub host_key: String,
    /// The folder that sessions start in.
    pub home: PathBuf,
    folder: PathBuf,
    process: Option<Process>,
}

impl Sshd {
    /// Starts sshd in `folder`, making keys and files first if they are missing.
    ///
    /// # Errors
    /// If OpenSSH is not installed or does not start.
    pub async fn start(folder: &Path, port: u16) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let folder = folder.canonicalize()?;
        for name in ["host_key", "agent_key"] {
            make_key(&folder.join(name), name)?;
        }
        let home = folder.join("home");
        if !home.exists() {
            furnish(&home)?;
        }
        std::fs::copy(folder.join("agent_key.pub"), folder.join("authorized_keys"))?;
        let host_key = std::fs::read_to_string(folder.join("host_key.pub"))?;
        let host_key = host_key.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let login = current_user()?;
        let mut this = Self { port, login, key: folder.join("agent_key"), host_key, home, folder, process: None };
        this.resume().await?;
        Ok(this)
    }

    /// Starts the stopped server again.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn resume(&mut self) -> Result<()> {
        let program = find_program("sshd", &["/usr/sbin".into(), "/usr/local/sbin".into()], "openssh-server")?;
        let config = self.write_config()?;
        if is_root() {
            // sshd started by root insists on its privilege separation folder.
            std::fs::create_dir_all("/run/sshd").context("creating /run/sshd")?;
        }
        let log = self.folder.join("sshd.log");
        let mut process = Launch::new(program).args(["-D", "-e", "-f"]).arg(&config).log(&log).spawn()?;
        let deadline = std::time::Instant::now() + PATIENCE;
        while tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            process.check_running()?;
            if std::time::Instant::now() > deadline {
                bail!("sshd did not answer within {} s", PATIENCE.as_secs());
            }
            tokio::time::sleep(GLANCE).await;
        }
        self.process = Some(process);
        Ok(())
    }

    /// Stops the server; [`Self::resume`] starts it again.
    pub fn pause(&mut self) {
        self.process = None;
    }

    /// Replaces the host key, as an impostor would; takes effect at the next [`Self::resume`].
    ///
    /// # Errors
    /// If the key cannot be made.
    pub fn replace_host_key(&mut self) -> Result<()> {
        std::fs::remove_file(self.folder.join("host_key"))?;
        make_key(&self.folder.join("host_key"), "host_key")
    }

    /// SHLVL keeps bash from reading the real home's .bashrc before it runs `enter`.
    fn write_config(&self) -> Result<PathBuf> {
        let folder = self.folder.display();
        let enter = self.folder.join("enter");
        std::fs::write(&enter, ENTER.replace("HOME_FOLDER", &self.home.display().to_string()))?;
        std::fs::set_permissions(&enter, Permissions::from_mode(0o755))?;
        let config = format!(
            "ListenAddress 127.0.0.1:{port}\nHostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized_keys\n\
             PidFile none\nUsePAM no\nStrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\nPrintMotd no\nPrintLastLog no\nUseDNS no\nLogLevel INFO\n\
             AcceptEnv LANG LC_* TERM GIT_PROTOCOL\nSetEnv SHLVL=2\nAllowTcpForwarding yes\nMaxSessions 100\nMaxStartups 200\n\
             Subsystem sftp {sftp}\nForceCommand {enter}\n",
            port = self.port,
            sftp = sftp_server()?.display(),
            enter = enter.display(),
        );
        let file = self.folder.join("sshd_config");
        std::fs::write(&file, config)?;
        Ok(file)
    }
}

/// Runs what was asked for in the small home folder. `sftp` comes as the name of its server.
const ENTER: &str = r#"#!/bin/bash
export HOME='HOME_FOLDER'
cd "$HOME" || exit 1
if [ -z "$SSH_ORIGINAL_COMMAND" ]; then exec bash --login; fi
exec bash -c "$SSH_ORIGINAL_COMMAND"
"#;

fn sftp_server() -> Result<PathBuf> {
    let places = ["/usr/lib/openssh", "/usr/lib/ssh", "/usr/libexec/openssh", "/usr/libexec"].map(PathBuf::from);
    find_program("sftp-server", &places, "openssh-sftp-server")
}

fn make_key(file: &Path, comment: &str) -> Result<()> {
    if file.exists() {
        return Ok(());
    }
    let _old = std::fs::remove_file(file.with_extension("pub"));
    Launch::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"]).arg(file).run()
}

fn current_user() -> Result<String> {
    let output = std::process::Command::new("id").arg("-un").output().context("asking who we are")?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// A few files worth reading, some of which should not be readable in clear.
fn furnish(home: &Path) -> Result<()> {
    let one = shop::customer(1);
    let two = shop::customer(2);
    std::fs::create_dir_all(home.join("logs"))?;
    let tickets = format!(
        "#1841 {} cannot log in, ssn {} checked\n#1842 {} asks for a refund to card {}\n#1843 printer on fire\n",
        one.name, one.ssn, two.name, two.card
    );
    let config = format!("region=eu-north-1\nAWS_ACCESS_KEY_ID=AKIA{}\nretries=3\n", "Q3EXAMPLEKEY7ABC");
    let export: String = shop::customers()
        .iter()
        .take(20)
        .map(|customer| format!("{},{},{},{}\n", customer.id, customer.name, customer.email, customer.card))
        .collect();
    std::fs::write(home.join("README.txt"), "web-1: the shop's web server (demo).\n")?;
    std::fs::write(home.join("logs/support.log"), tickets)?;
    std::fs::write(home.join("shop.conf"), config)?;
    std::fs::write(home.join("export.csv"), format!("id,name,email,card\n{export}"))?;
    std::fs::write(home.join(".bash_profile"), "PS1='web-1:\\w\\$ '\n")?;
    Ok(())
}
