//! Which programs move files. Their bytes are a protocol of their own: a mask would break it.

use functions::shell;

/// What a session channel runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Program {
    /// The login shell.
    Shell,
    /// A command line, as the client sent it.
    Exec(Vec<u8>),
    /// A subsystem.
    Subsystem(String),
}

/// Whether the program is a file transfer: the sftp subsystem, scp's or rsync's far end, git's far ends. A command line
/// that does anything besides (a pipe, a list, an expansion) is a command like any other.
#[must_use]
pub fn is_transfer(program: &Program) -> bool {
    match program {
        Program::Shell => false,
        Program::Subsystem(name) => name == "sftp",
        Program::Exec(command) => std::str::from_utf8(command).is_ok_and(|line| shell::read(line).transfer.is_some()),
    }
}
