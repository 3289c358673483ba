//! The table of common programs: what each does at most, whatever its options say. Programs whose options matter are in
//! `files`, `system`, `network` and `verbs`; what is in no table is `unfamiliar`. The names stand in text files beside this one.

use std::{collections::HashMap, sync::LazyLock};

use super::Effect;

/// They only show something. Their operands are files, which they read.
const READ_FILES: &str = include_str!("table/read_files.txt");

/// They show names, sizes, times or rights of the files that are their operands.
const NAMES: &str = include_str!("table/names.txt");

/// They only show something, and take no files.
const READ: &str = include_str!("table/read.txt");

/// They make or change the files they are given.
const WRITE: &str = include_str!("table/write.txt");

/// They lose much, replace a part of the system, stop or open something, whatever their options are. A line is a name and a reason.
const ADMIN: &str = include_str!("table/admin.txt");

/// Programs that give text another form.
const DISGUISING: &[&str] = &[
    "rev", "tr", "base64", "base32", "basenc", "xxd", "od", "hexdump", "hd", "gzip", "bzip2", "xz", "zstd", "lz4",
    "openssl", "gpg", "cut", "fold", "sed", "awk", "gawk", "mawk", "perl", "python", "python3", "ruby", "iconv",
    "uuencode", "tac", "split", "zip", "tar", "cpio", "paste", "fmt", "column", "expand", "numfmt", "printf", "xargs",
    "head", "dd", "strings",
];

/// What the table says of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// It shows names and the like of its operands.
    Names,
    /// It only shows; whether its operands are files.
    Read { files: bool },
    /// It makes or changes files.
    Write,
    /// It loses, replaces, stops or opens.
    Admin(&'static str),
}

static TABLE: LazyLock<HashMap<&'static str, Entry>> = LazyLock::new(|| {
    let plain = [
        (READ_FILES, Entry::Read { files: true }),
        (NAMES, Entry::Names),
        (READ, Entry::Read { files: false }),
        (WRITE, Entry::Write),
    ];
    let listed = plain.into_iter().flat_map(|(names, entry)| names.lines().map(move |name| (name, entry)));
    let admin = ADMIN.lines().filter_map(|line| line.split_once(": "));
    listed.chain(admin.map(|(name, reason)| (name, Entry::Admin(reason)))).collect()
});

/// Looks a program up.
pub(super) fn look_up(name: &str) -> Option<Entry> {
    if name.starts_with("mkfs.") {
        return Some(Entry::Admin("mkfs destroys what a device holds"));
    }
    TABLE.get(name).copied()
}

impl Entry {
    /// The effect of the entry.
    pub(super) fn effect(self) -> Effect {
        match self {
            Self::Names | Self::Read { .. } => Effect::Read,
            Self::Write => Effect::Write,
            Self::Admin(_) => Effect::Admin,
        }
    }
}

/// Whether a program can give text a form that masking may not recognise.
pub(super) fn disguises(name: &str) -> bool {
    DISGUISING.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_lists_is_an_entry_of_its_own() {
        let lines = [READ_FILES, NAMES, READ, WRITE, ADMIN].into_iter().flat_map(str::lines).count();
        assert_eq!(TABLE.len(), lines);
    }
}
