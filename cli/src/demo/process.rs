//! Child processes that end with their owner, also when the owner is killed.
//!
//! Each child is started through `setpriv` (util-linux): it asks the kernel to signal the child when the thread that
//! started it ends, and gives up root for servers that refuse to run as root. So start children from a thread that lives
//! as long as they should.

use std::{
    ffi::{OsStr, OsString},
    fs::{File, OpenOptions},
    io,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal};

/// How long a child may take to end before it is killed.
const PATIENCE: Duration = Duration::from_secs(10);
const GLANCE: Duration = Duration::from_millis(20);

/// A user account that a server runs as.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its user id.
    pub uid: u32,
    /// Its primary group.
    pub gid: u32,
}

impl Account {
    /// Whom a server that refuses root should run as: nobody else when we are not root, otherwise the first of `names`
    /// that exists.
    ///
    /// # Errors
    /// If we are root and none of the accounts exists.
    pub fn unprivileged(names: &[&str]) -> Result<Option<Self>> {
        if !is_root() {
            return Ok(None);
        }
        let passwd = std::fs::read_to_string("/etc/passwd").context("reading /etc/passwd")?;
        let found = names.iter().find_map(|name| Self::find(&passwd, name));
        found.map(Some).with_context(|| format!("running as root needs one of the accounts {names:?}"))
    }

    fn find(passwd: &str, name: &str) -> Option<Self> {
        let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Self { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    }
}

/// Whether this process runs as root.
#[must_use]
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// What to start, and how.
#[derive(Debug)]
pub struct Launch {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(OsString, OsString)>,
    account: Option<Account>,
    folder: Option<PathBuf>,
    log: Option<PathBuf>,
    stop: Signal,
}

impl Launch {
    /// Starts `program`.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: vec![],
            environment: vec![],
            account: None,
            folder: None,
            log: None,
            stop: Signal::TERM,
        }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// One environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.into(), value.as_ref().to_owned()));
        self
    }

    /// Runs as this account.
    #[must_use]
    pub fn account(mut self, account: Option<Account>) -> Self {
        self.account = account;
        self
    }

    /// The working folder.
    #[must_use]
    pub fn folder(mut self, folder: &Path) -> Self {
        self.folder = Some(folder.to_owned());
        self
    }

    /// Appends standard output and error to this file instead of inheriting ours.
    #[must_use]
    pub fn log(mut self, file: &Path) -> Self {
        self.log = Some(file.to_owned());
        self
    }

    /// The signal that asks it to stop; SIGTERM unless said otherwise.
    #[must_use]
    pub fn stop_with(mut self, signal: Signal) -> Self {
        self.stop = signal;
        self
    }

    fn command(&self) -> io::Result<Command> {
        let mut command = Command::new("setpriv");
        command.arg("--pdeathsig").arg(if self.stop == Signal::INT { "INT" } else { "TERM" });
        if let Some(account) = &self.account {
            command
                .arg(format!("--reuid={}", account.uid))
                .arg(format!("--regid={}", account.gid))
                .arg("--clear-groups");
        }
        command.arg("--").arg(&self.program).args(&self.arguments);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        if let Some(log) = &self.log {
            let file = OpenOptions::new().create(true).append(true).open(log)?;
            command.stderr(file.try_clone()?).stdout(file);
        }
        command.stdin(Stdio::null()).process_group(0);
        Ok(command)
    }

    /// Starts it and leaves it running.
    ///
    /// # Errors
    /// If it cannot be started.
    pub fn spawn(self) -> Result<Process> {
        let name = self.name();
        let child =
            self.command().and_then(|mut command| command.spawn()).with_context(|| format!("starting {name}"))?;
        Ok(Process { name, child, stop: self.stop, log: self.log })
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// If it cannot be started or fails; what it said is in the error.
    pub fn run(self) -> Result<()> {
        let name = self.name();
        let output = self
            .command()
            .and_then(|mut command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).output())
            .with_context(|| format!("starting {name}"))?;
        if !output.status.success() {
            bail!("{name} failed ({}): {}", output.status, String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(())
    }

    fn name(&self) -> String {
        self.program.file_name().unwrap_or(self.program.as_os_str()).to_string_lossy().into_owned()
    }
}

/// A running child. Dropping it stops it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stop: Signal,
    log: Option<PathBuf>,
}

impl Process {
    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal. A process that is already gone is no error.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _gone = rustix::process::kill_process(pid, signal);
        }
    }

    /// Its exit status, if it has ended.
    ///
    /// # Errors
    /// If the system cannot tell.
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Fails with the end of its log if it has ended.
    ///
    /// # Errors
    /// If it has ended.
    pub fn check_running(&mut self) -> Result<()> {
        if let Some(status) = self.ended()? {
            bail!("{} ended ({status}):\n{}", self.name, self.log_tail());
        }
        Ok(())
    }

    /// The last lines it logged.
    #[must_use]
    pub fn log_tail(&self) -> String {
        let text = self.log.as_ref().and_then(|log| std::fs::read(log).ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut lines: Vec<&str> = text.lines().rev().take(15).collect();
        lines.reverse();
        lines.join("\n")
    }

    /// Asks it to stop and waits; kills it when it does not within ten seconds.
    pub fn stop(&mut self) {
        if matches!(self.ended(), Ok(Some(_))) {
            return;
        }
        self.signal(self.stop);
        let deadline = Instant::now() + PATIENCE;
        while matches!(self.ended(), Ok(None)) {
            if Instant::now() > deadline {
                self.kill();
                return;
            }
            std::thread::sleep(GLANCE);
        }
    }

    /// Kills it, as `kill -9` does, and waits.
    pub fn kill(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Finds a program on PATH or in one of `places`.
///
/// # Errors
/// If it is nowhere; the error names the Debian package.
pub fn find_program(name: &str, places: &[PathBuf], package: &str) -> Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(places.iter().cloned())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .with_context(|| format!("{name} is not installed (Debian package {package})"))
}

/// Writes a file only its owner can read. Whoever sees it by its name sees all of it.
///
/// # Errors
/// If it cannot be written.
pub fn write_private(file: &Path, content: &[u8]) -> io::Result<()> {
    write_whole(file, content, 0o600)
}

/// Writes a file everyone may read. Whoever sees it by its name sees all of it.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write_public(file: &Path, content: &[u8]) -> io::Result<()> {
    write_whole(file, content, 0o644)
}

fn write_whole(file: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let fresh = Path::new(&name);
    let _absent = std::fs::remove_file(fresh);
    let mut open: File = OpenOptions::new().write(true).create_new(true).mode(mode).open(fresh)?;
    open.write_all(content)?;
    std::fs::rename(fresh, file)
}
