//! The far ends of file transfers, which a client's `scp`, `rsync`, `sftp` or `git` starts as a command.

use std::collections::BTreeSet;

use super::{
    invoke::PROGRAM_FOLDERS,
    paths,
    reading::{Effect, Reading},
    secrets,
    word::{Variables, expand},
};

/// Which program moves files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `scp -f` and `scp -t`.
    Scp,
    /// `rsync --server`.
    Rsync,
    /// `git-upload-pack`, `git-receive-pack`, `git-upload-archive`.
    Git,
    /// `sftp-server`.
    Sftp,
}

/// Which way files go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the target to the client.
    Read,
    /// From the client to the target.
    Write,
    /// Both: it is decided operation by operation.
    Both,
}

/// The far end of a file transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The program.
    pub tool: Tool,
    /// The way of the files.
    pub direction: Direction,
    /// The files or folders it is about.
    pub paths: Vec<String>,
    /// It also removes what the other side does not have.
    pub deletes: bool,
}

impl Transfer {
    /// What is known of a command line that is this transfer.
    pub(super) fn reading(self, commands: BTreeSet<String>) -> Reading {
        let mut reading = Reading { commands, ..Reading::default() };
        let files: BTreeSet<String> = self.paths.iter().cloned().collect();
        if self.direction != Direction::Write {
            reading.reads.clone_from(&files);
        }
        if self.direction != Direction::Read {
            reading.writes = files;
            reading.effect = Effect::Write;
        }
        if self.deletes {
            reading.danger("the transfer removes files");
        }
        if reading.reads.iter().any(|path| secrets::is_secret(path)) {
            reading.danger("reads a file that holds secrets");
        }
        if reading.writes.iter().any(|path| paths::is_system(path)) {
            reading.danger("changes a part of the system");
        }
        reading.transfer = Some(self);
        reading
    }
}

/// Programs of git's pack protocol, by what follows `git-` or `git `.
const GIT: [(&str, Direction); 3] =
    [("upload-pack", Direction::Read), ("upload-archive", Direction::Read), ("receive-pack", Direction::Write)];

/// Recognises a command line that is the far end of a transfer and nothing else.
pub(super) fn find(command: &str, reading: &Reading) -> Option<Transfer> {
    if reading.unknown.is_some() || reading.commands.len() != 1 {
        return None;
    }
    let words = words(command)?;
    let (program, arguments) = words.split_first()?;
    if program.rsplit_once('/').is_some_and(|(folder, _)| !PROGRAM_FOLDERS.contains(&folder)) {
        return None;
    }
    let texts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match program.rsplit('/').next().unwrap_or(program) {
        "scp" => scp(&texts),
        "rsync" => rsync(&texts),
        "git" => git(texts.first()?, texts.get(1..)?),
        "sftp-server" => {
            Some(Transfer { tool: Tool::Sftp, direction: Direction::Both, paths: Vec::new(), deletes: false })
        }
        other => git(other.strip_prefix("git-")?, &texts),
    }
}

/// The words of a line that is one plain command; `None` if a shell would do more with it than split, unquote and match names.
fn words(line: &str) -> Option<Vec<String>> {
    if line.trim().contains(['\n', '\r']) {
        return None;
    }
    let mut raw = Vec::new();
    let mut word = String::new();
    let mut quote: Option<char> = None;
    let mut chars = line.trim().chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), _) => {
                if open == '"' && matches!(c, '$' | '`' | '\\') {
                    return None;
                }
                word.push(c);
                if c == open {
                    quote = None;
                }
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                word.push(c);
            }
            (None, '\\') => {
                word.push(c);
                word.push(chars.next()?);
            }
            (None, ' ' | '\t') => {
                if !word.is_empty() {
                    raw.push(std::mem::take(&mut word));
                }
            }
            (None, ';' | '&' | '|' | '<' | '>' | '$' | '`' | '(' | ')' | '{' | '}' | '#' | '!' | '=')
                if word.is_empty() || c != '=' && c != '#' && c != '!' =>
            {
                return None;
            }
            (None, _) => word.push(c),
        }
    }
    if quote.is_some() {
        return None;
    }
    if !word.is_empty() {
        raw.push(word);
    }
    let none = Variables::new();
    let mut words = Vec::new();
    for raw in raw {
        words.extend(expand(&raw, &none).words.into_iter().map(|word| word.text));
    }
    Some(words)
}

fn scp(arguments: &[&str]) -> Option<Transfer> {
    let mut letters = String::new();
    let mut operands = Vec::new();
    let mut ended = false;
    for text in arguments {
        match text.strip_prefix('-') {
            Some("-") if !ended => ended = true,
            Some(flags) if !ended && operands.is_empty() => letters.push_str(flags),
            _ => operands.push(paths::tidy(text)),
        }
    }
    // No option of the far end names a program or a file.
    if !letters.chars().all(|c| "ftrpdvqC".contains(c)) {
        return None;
    }
    let direction = match (letters.contains('f'), letters.contains('t')) {
        (true, false) => Direction::Read,
        (false, true) => Direction::Write,
        _ => return None,
    };
    Some(Transfer { tool: Tool::Scp, direction, paths: operands, deletes: false })
}

fn rsync(arguments: &[&str]) -> Option<Transfer> {
    if arguments.first() != Some(&"--server") {
        return None;
    }
    let risky = [
        "--rsh",
        "--rsync-path",
        "--daemon",
        "--config",
        "--log-file",
        "--remote-option",
        "--files-from",
        "--password-file",
        "--write-batch",
        "--read-batch",
        "--only-write-batch",
        "--copy-as",
        "--super",
        "--early-input",
    ];
    if arguments.iter().any(|text| risky.iter().any(|start| text.starts_with(start))) {
        return None;
    }
    let sender = arguments.contains(&"--sender");
    let mut paths: Vec<String> = Vec::new();
    let mut dot = false;
    for text in arguments {
        // Folders besides the main ones: `--backup-dir=/x`, `--compare-dest=/y`.
        if let Some((_, value)) =
            text.split_once('=').filter(|(name, value)| name.starts_with("--") && value.contains('/'))
        {
            paths.push(paths::tidy(value));
        }
        // The first operand is a dot that stands for the other side.
        match (dot, *text) {
            (false, ".") => dot = true,
            (true, path) => paths.push(paths::tidy(path)),
            (false, _) => {}
        }
    }
    let deletes = arguments
        .iter()
        .any(|text| text.starts_with("--del") || text.starts_with("--remove") || text.starts_with("--inplace"));
    let direction = match (sender, arguments.iter().any(|text| text.starts_with("--remove"))) {
        (true, false) => Direction::Read,
        (true, true) => Direction::Both,
        (false, _) => Direction::Write,
    };
    Some(Transfer { tool: Tool::Rsync, direction, paths, deletes })
}

fn git(verb: &str, arguments: &[&str]) -> Option<Transfer> {
    let (_, direction) = GIT.iter().find(|(name, _)| *name == verb)?;
    let paths = arguments.iter().filter(|text| !text.starts_with('-')).map(|text| paths::tidy(text)).collect();
    Some(Transfer { tool: Tool::Git, direction: *direction, paths, deletes: false })
}
