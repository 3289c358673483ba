//! A private PostgreSQL cluster that lives as long as the test.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// A running server. Stops when dropped.
pub(crate) struct Cluster {
    dir: tempfile::TempDir,
    port: u16,
}

impl Cluster {
    /// Starts one, or says that this machine has no PostgreSQL.
    pub(crate) fn start() -> Option<Self> {
        let bin = binaries()?;
        let dir = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let data = dir.path().join("data");
        if root() {
            let status = Command::new("chown").arg("postgres").arg(dir.path()).status().unwrap();
            assert!(status.success(), "the cluster's folder must belong to postgres");
        }
        run(&bin.join("initdb"), &["-U", "postgres", "--auth=trust", "-N", "-D"], &data);
        let options = format!("-p {port} -k {} -c listen_addresses=127.0.0.1 -c fsync=off", dir.path().display());
        run(&bin.join("pg_ctl"), &["-w", "-l", "/dev/null", "-o", &options, "start", "-D"], &data);
        Some(Self { dir, port })
    }

    /// Where to connect.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(bin) = binaries() {
            run(&bin.join("pg_ctl"), &["-m", "immediate", "stop", "-D"], &self.dir.path().join("data"));
        }
    }
}

fn run(program: &Path, arguments: &[&str], data: &Path) {
    let mut command = if root() {
        let mut command = Command::new("setpriv");
        command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
        command
    } else {
        Command::new(program)
    };
    let status = command.args(arguments).arg(data).current_dir("/").stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{} failed", program.display());
}

fn root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0)
}

fn binaries() -> Option<PathBuf> {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir("/usr/lib/postgresql").ok()?.flatten().map(|entry| entry.path().join("bin")).collect();
    found.sort();
    found.into_iter().rev().find(|bin| bin.join("initdb").exists())
}
