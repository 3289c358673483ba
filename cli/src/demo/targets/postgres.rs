//! A private PostgreSQL cluster with the shop database, one role that owns it and TLS for those who ask. A folder that
//! already holds the cluster is started as it is, which takes well under a second.

use std::{
    os::unix::fs::{DirBuilderExt, chown},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use rustix::process::Signal;
use tokio_postgres::{Client, NoTls};

use super::seed;
use crate::demo::{
    process::{Account, Launch, Process, find_program, write_private},
    token,
};

/// The role that owns the shop; what the agent logs in as.
pub const ROLE: &str = "shop_app";
/// The database with customers and orders.
pub const DATABASE: &str = "shop";
const PATIENCE: Duration = Duration::from_secs(30);
const GLANCE: Duration = Duration::from_millis(30);

/// A running private cluster. Stops when dropped.
#[derive(Debug)]
pub struct Postgres {
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// The password of [`ROLE`].
    pub password: String,
    /// The certificate it shows to clients that want TLS.
    pub certificate_pem: String,
    cluster: Cluster,
    process: Option<Process>,
}

#[derive(Debug)]
struct Cluster {
    home: PathBuf,
    data: PathBuf,
    bin: PathBuf,
    account: Option<Account>,
}

impl Postgres {
    /// Starts the cluster in `folder`, creating and seeding it first if it is new.
    ///
    /// # Errors
    /// If PostgreSQL is not installed or does not start.
    pub async fn start(folder: &Path, port: u16) -> Result<Self> {
        let cluster = Cluster::locate(folder)?;
        let fresh = !cluster.data.join("PG_VERSION").exists() || !cluster.home.join("seeded").exists();
        if fresh {
            cluster.create()?;
        }
        let mut this = Self {
            port,
            password: read_line(&cluster.home.join("app.password"))?,
            certificate_pem: std::fs::read_to_string(cluster.home.join("server.crt"))?,
            cluster,
            process: None,
        };
        this.resume().await?;
        if fresh {
            this.fill().await?;
        }
        Ok(this)
    }

    /// Starts the stopped server again.
    ///
    /// # Errors
    /// If it does not start.
    pub async fn resume(&mut self) -> Result<()> {
        let mut process = self.cluster.launch(self.port)?;
        let deadline = std::time::Instant::now() + PATIENCE;
        while self.superuser("postgres").await.is_err() {
            process.check_running()?;
            if std::time::Instant::now() > deadline {
                bail!("PostgreSQL did not answer within {} s", PATIENCE.as_secs());
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

    /// A connection as superuser, straight to the server.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn superuser(&self, database: &str) -> Result<Client> {
        let password = read_line(&self.cluster.home.join("superuser.password"))?;
        connect(self.port, "postgres", &password, database).await
    }

    /// A connection as [`ROLE`], straight to the server.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn client(&self) -> Result<Client> {
        connect(self.port, ROLE, &self.password, DATABASE).await
    }

    /// Gives [`ROLE`] another password, as a rotation would, and returns it.
    ///
    /// # Errors
    /// If the server refuses.
    pub async fn rotate_password(&mut self) -> Result<String> {
        let password = token();
        self.superuser("postgres").await?.batch_execute(&format!("ALTER ROLE {ROLE} PASSWORD '{password}'")).await?;
        write_private(&self.cluster.home.join("app.password"), password.as_bytes())?;
        self.password.clone_from(&password);
        Ok(password)
    }

    async fn fill(&self) -> Result<()> {
        let server = self.superuser("postgres").await?;
        server.batch_execute(&format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{}'", self.password)).await?;
        for database in [DATABASE, "scratch"] {
            server.batch_execute(&format!("CREATE DATABASE {database} OWNER {ROLE}")).await?;
        }
        self.client().await?.batch_execute(&seed::sql()).await.context("seeding the shop database")?;
        std::fs::write(self.cluster.home.join("seeded"), "")?;
        Ok(())
    }
}

impl Cluster {
    fn locate(folder: &Path) -> Result<Self> {
        let mut places: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
            .unwrap_or_default();
        places.sort();
        places.reverse();
        let initdb = find_program("initdb", &places, "postgresql")?;
        // A packaged `initdb` on PATH is often a link into the folder that holds the rest.
        let bin = initdb.canonicalize()?.parent().context("initdb has no folder")?.to_owned();
        let account = Account::unprivileged(&["postgres", "nobody"])?;
        let home = reachable_home(folder, account.as_ref())?;
        Ok(Self { data: home.join("data"), home, bin, account })
    }

    fn create(&self) -> Result<()> {
        if self.data.exists() {
            std::fs::remove_dir_all(&self.data).context("removing a half-made cluster")?;
        }
        for name in ["superuser.password", "app.password"] {
            write_private(&self.home.join(name), token().as_bytes())?;
        }
        let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
        write_private(&self.home.join("server.crt"), pair.cert.pem().as_bytes())?;
        write_private(&self.home.join("server.key"), pair.signing_key.serialize_pem().as_bytes())?;
        for name in ["superuser.password", "server.crt", "server.key"] {
            give(&self.home.join(name), self.account.as_ref())?;
        }
        Launch::new(self.bin.join("initdb"))
            .arg("-D")
            .arg(&self.data)
            .args(["-U", "postgres", "--auth=scram-sha-256", "-N", "--locale=C", "--encoding=UTF8"])
            .arg(format!("--pwfile={}", self.home.join("superuser.password").display()))
            .account(self.account.clone())
            .folder(&self.home)
            .run()
    }

    fn launch(&self, port: u16) -> Result<Process> {
        let log = self.home.join("postgres.log");
        let setting = |name: &str, value: &str| format!("{name}={value}");
        let file = |name: &str| self.home.join(name).display().to_string();
        let _stale = std::fs::remove_file(self.data.join("postmaster.pid"));
        Launch::new(self.bin.join("postgres"))
            .arg("-D")
            .arg(&self.data)
            .args(["-p", &port.to_string(), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="])
            .args(["-c", "ssl=on", "-c", &setting("ssl_cert_file", &file("server.crt"))])
            .args(["-c", &setting("ssl_key_file", &file("server.key"))])
            // A demo may lose its last second in a power cut; it may not be slow.
            .args(["-c", "fsync=off", "-c", "max_connections=200", "-c", "max_prepared_transactions=10"])
            .account(self.account.clone())
            .folder(&self.home)
            .log(&log)
            .stop_with(Signal::INT)
            .spawn()
    }
}

/// The folder for the cluster: `folder` itself, or, when the server's account cannot get there (a checkout under
/// /root, say), one in /var/tmp that is named after it.
fn reachable_home(folder: &Path, account: Option<&Account>) -> Result<PathBuf> {
    make_home(folder, account)?;
    let folder = folder.canonicalize()?;
    let reachable = |home: &Path| {
        Launch::new("/bin/sh").args(["-c", "test -w \"$0\""]).arg(home).account(account.cloned()).run().is_ok()
    };
    if reachable(&folder) {
        return Ok(folder);
    }
    let name = hex::encode(sha2::Sha256::digest(folder.as_os_str().as_encoded_bytes()));
    let elsewhere = Path::new("/var/tmp").join(format!("sallyport-{}", name.get(..12).unwrap_or(&name)));
    make_home(&elsewhere, account)?;
    if !reachable(&elsewhere) {
        bail!("the account that runs PostgreSQL can write neither {} nor {}", folder.display(), elsewhere.display());
    }
    Ok(elsewhere)
}

fn make_home(folder: &Path, account: Option<&Account>) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("creating {}", folder.display()))?;
    give(folder, account)
}

fn give(path: &Path, account: Option<&Account>) -> Result<()> {
    if let Some(account) = account {
        chown(path, Some(account.uid), Some(account.gid)).with_context(|| format!("giving away {}", path.display()))?;
    }
    Ok(())
}

fn read_line(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    Ok(text.trim_end().to_owned())
}

async fn connect(port: u16, user: &str, password: &str, database: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::Config::new()
        .host("127.0.0.1")
        .port(port)
        .user(user)
        .password(password)
        .dbname(database)
        .connect(NoTls)
        .await?;
    tokio::spawn(connection);
    Ok(client)
}

use sha2::Digest as _;
