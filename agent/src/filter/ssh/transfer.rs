//! Which programs move files. Their bytes are a protocol of their own: a mask would break it.

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

/// The programs that speak git's pack protocol over their standard streams.
const GIT: [&str; 3] = ["upload-pack", "receive-pack", "upload-archive"];

/// Whether the program is a file transfer: the sftp subsystem, scp's or rsync's far end, git's far ends. A command line
/// that does anything besides (a pipe, a list, an expansion) is a command like any other.
#[must_use]
pub fn is_transfer(program: &Program) -> bool {
    match program {
        Program::Shell => false,
        Program::Subsystem(name) => name == "sftp",
        Program::Exec(command) => std::str::from_utf8(command).is_ok_and(is_transfer_command),
    }
}

fn is_transfer_command(line: &str) -> bool {
    let Some(words) = simple_words(line) else { return false };
    let mut words = words.iter().map(String::as_str);
    let Some(program) = words.next() else { return false };
    let arguments: Vec<&str> = words.collect();
    let flag = |wanted: char| {
        arguments
            .iter()
            .any(|word| word.strip_prefix('-').is_some_and(|flags| !flags.starts_with('-') && flags.contains(wanted)))
    };
    match program.rsplit('/').next().unwrap_or(program) {
        "scp" => flag('t') || flag('f'),
        "rsync" => arguments.first() == Some(&"--server"),
        "git" => arguments.first().is_some_and(|first| GIT.contains(first)),
        "sftp-server" => true,
        other => other.strip_prefix("git-").is_some_and(|rest| GIT.contains(&rest)),
    }
}

/// The words of a command line that is one plain command; `None` if a shell would do more with it than split and unquote it.
fn simple_words(line: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.trim().chars();
    while let Some(c) = characters.next() {
        match c {
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match characters.next()? {
                        '\'' => break,
                        quoted => word.push(quoted),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(characters.next()?),
            ' ' | '\t' => words.extend(word.take()),
            ';' | '&' | '|' | '<' | '>' | '$' | '`' | '(' | ')' | '\n' | '\r' | '\0' | '"' | '#' => return None,
            plain => word.get_or_insert_default().push(plain),
        }
    }
    words.extend(word);
    Some(words)
}
