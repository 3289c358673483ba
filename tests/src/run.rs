//! Running a real client and looking at what it said.

use std::{
    ffi::OsStr,
    io::Write,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A client program about to run.
#[derive(Debug)]
pub struct Run {
    command: Command,
    input: Vec<u8>,
    patience: Duration,
}

/// What a client said and how it ended.
#[derive(Clone, Debug)]
pub struct Output {
    /// Standard output as bytes.
    pub bytes: Vec<u8>,
    /// Standard output as text.
    pub out: String,
    /// Standard error as text.
    pub err: String,
    /// Its exit status; -1 after a signal.
    pub status: i32,
    /// How long it took.
    pub took: Duration,
}

impl Run {
    /// Runs `program`.
    #[must_use]
    pub fn new(program: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(program);
        command.env_remove("SSH_AUTH_SOCK").env("LC_ALL", "C.UTF-8");
        Self { command, input: vec![], patience: PATIENCE }
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.command.arg(argument);
        self
    }

    /// More arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// One environment variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The working folder.
    #[must_use]
    pub fn folder(mut self, folder: impl AsRef<std::path::Path>) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// What it reads on standard input.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// How long it may take before the test fails; a minute unless said otherwise.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Runs it to its end, however that is.
    #[must_use]
    pub fn output(mut self) -> Output {
        let began = Instant::now();
        let mut child = self
            .command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?} cannot be started: {error}", self.command.get_program()));
        let mut stdin = child.stdin.take().unwrap();
        let input = std::mem::take(&mut self.input);
        let writer = thread::spawn(move || {
            let _closed = stdin.write_all(&input);
        });
        let watched = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
        let (done, finished) = std::sync::mpsc::channel::<()>();
        let patience = self.patience;
        let watcher = thread::spawn(move || {
            let late =
                finished.recv_timeout(patience).is_err_and(|end| end == std::sync::mpsc::RecvTimeoutError::Timeout);
            if late {
                let _gone = rustix::process::kill_process(watched, rustix::process::Signal::KILL);
            }
            late
        });
        let output = child.wait_with_output().unwrap();
        drop(done);
        let late = watcher.join().unwrap();
        writer.join().unwrap();
        assert!(!late, "{:?} did not end within {patience:?}", self.command);
        Output {
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            bytes: output.stdout,
            status: output.status.code().unwrap_or(-1),
            took: began.elapsed(),
        }
    }

    /// Runs it and insists that it succeeds.
    #[must_use]
    pub fn ok(self) -> Output {
        let what = format!("{:?}", self.command);
        let output = self.output();
        assert_eq!(output.status, 0, "{what}\n{}\n{}", output.out, output.err);
        output
    }

    /// Runs it and insists that it fails; what it said on standard error and output.
    #[must_use]
    pub fn refused(self) -> String {
        let what = format!("{:?}", self.command);
        let output = self.output();
        assert_ne!(output.status, 0, "{what} should have failed\n{}\n{}", output.out, output.err);
        output.err + &output.out
    }

    /// Starts it and leaves it running with its standard input open.
    #[must_use]
    pub fn start(mut self) -> std::process::Child {
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.command
            .spawn()
            .unwrap_or_else(|error| panic!("{:?} cannot be started: {error}", self.command.get_program()))
    }
}

impl Output {
    /// Standard output as JSON.
    #[must_use]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.out))
    }

    /// Asserts that none of `clear` is anywhere in what was said.
    pub fn hides(&self, clear: &[&str]) {
        for secret in clear {
            assert!(!self.out.contains(secret) && !self.err.contains(secret), "{secret} is readable in: {}", self.out);
        }
    }
}
