//! What it costs to lose a file: nothing but time, if a build or a run makes it again; little, if it is one of a few that are named
//! and its name does not say that it keeps data, a copy of data, or a key.

use crate::shell::{paths, secrets::is_secret, walk::Walker, word::Word};

/// Folders and ends of names of what a build or a run makes again.
const MADE_AGAIN: [&str; 34] = [
    "node_modules",
    "target",
    "build",
    "dist",
    "out",
    "obj",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".cache",
    ".next",
    ".nuxt",
    ".turbo",
    ".parcel-cache",
    "coverage",
    "htmlcov",
    ".tox",
    ".nox",
    ".venv",
    "venv",
    "tmp",
    "temp",
    ".gradle",
    ".eggs",
    ".coverage",
    ".nyc_output",
    ".sass-cache",
    ".DS_Store",
    "nohup.out",
    "core",
    "a.out",
    "package-lock.json",
    "yarn.lock",
];
const MADE_AGAIN_ENDS: [&str; 14] = [
    ".o",
    ".obj",
    ".pyc",
    ".pyo",
    ".class",
    ".tmp",
    ".temp",
    ".swp",
    ".swo",
    "~",
    ".egg-info",
    ".pid",
    ".lock",
    ".rej",
];

/// Whether losing a path costs nothing but time.
pub(super) fn is_made_again(word: &Word) -> bool {
    let path = paths::tidy(&word.text);
    let mut parts = path.split('/').collect::<Vec<_>>();
    if paths::is_wide(&path) || paths::is_system(&path) || word.hole && !paths::is_own(&path) {
        return false;
    }
    if path.contains("/.ansible/tmp/ansible-tmp-") && !word.glob {
        return true;
    }
    if matches!(parts.as_slice(), ["", "tmp" | "var", ..]) {
        return !word.glob;
    }
    if parts.last() == Some(&"*") {
        parts.pop();
    }
    let name = parts.last().copied().unwrap_or_default();
    // `target/debug`
    let within = !path.starts_with(['/', '~']) && parts.first().is_some_and(|first| MADE_AGAIN.contains(first));
    within && parts.len() > 1 && !word.glob
        || MADE_AGAIN.contains(&name)
        || MADE_AGAIN_ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a name, or the end of one, is that of something which is made again.
pub(in crate::shell) fn is_named_as_made_again(name: &str) -> bool {
    !name.contains(['*', '?', '[', '/'])
        && (MADE_AGAIN.contains(&name) || MADE_AGAIN_ENDS.iter().any(|end| name.len() > 1 && name.ends_with(end)))
}

/// Ends of names of files that keep data or keys.
const KEEPS: [&str; 24] = [
    ".db", ".db3", ".sqlite", ".sqlite3", ".sql", ".dump", ".rdb", ".aof", ".ibd", ".frm", ".mdf", ".ldf", ".bak",
    ".backup", ".bson", ".tar", ".tgz", ".zip", ".7z", ".pem", ".crt", ".img", ".qcow2", ".vmdk",
];
/// Ends of names of files that a database works with.
const DATABASES: [&str; 10] = [".db", ".db3", ".sqlite", ".sqlite3", ".rdb", ".aof", ".ibd", ".frm", ".mdf", ".ldf"];

/// Whether a file is a database by its name, and no copy of one.
pub(in crate::shell) fn is_database(path: &str) -> bool {
    let name = paths::name(path).to_ascii_lowercase();
    let copy = ["bak", "backup", "copy", "old", "tmp", "test", "dump", "snapshot", "export"];
    DATABASES.iter().any(|end| name.ends_with(end))
        && !path.starts_with("/tmp/")
        && !copy.iter().any(|word| path.contains(word))
}

/// How many files may be named for each to have been meant.
const MOST_NAMED: usize = 8;

/// Whether losing one file is an ordinary thing: it is not a part of the system, nor hidden, and its name does not say that it keeps
/// data, a copy of data, or a key.
#[must_use]
pub fn is_light(path: &str) -> bool {
    let path = paths::tidy(path);
    let name = paths::name(&path).to_ascii_lowercase();
    let plain = [".gz", ".bz2", ".xz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    let hidden = path.split('/').any(|part| part.starts_with('.') && !matches!(part, "." | ".."));
    !paths::is_wide(&path)
        && !paths::is_system(&path)
        && !is_secret(&path)
        && !hidden
        && !plain.contains("backup")
        && !KEEPS.iter().any(|end| plain.ends_with(end))
}

/// Whether the words are a few files, each by its name.
pub(super) fn are_light(walker: &Walker, words: &[&Word]) -> bool {
    let named = |word: &&Word| {
        word.exact().is_some_and(|text| {
            !text.ends_with('/') && walker.places_of(&paths::tidy(text)).iter().all(|path| is_light(path))
        })
    };
    words.len() <= MOST_NAMED && words.iter().all(named)
}

/// Whether a file by its name keeps data or keys.
pub(super) fn keeps(path: &str) -> bool {
    let name = paths::name(path).to_ascii_lowercase();
    KEEPS.iter().any(|end| name.ends_with(end))
}
