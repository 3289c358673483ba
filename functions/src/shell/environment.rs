//! Variables that are put into the environment of commands, and which of them make other code run.

use super::{
    invoke::PROGRAM_FOLDERS,
    paths,
    walk::Walker,
    word::{HOLE, Word},
};

/// Their value is a command line.
const CODE: [&str; 14] = [
    "PAGER",
    "PSQL_PAGER",
    "MANPAGER",
    "GIT_PAGER",
    "EDITOR",
    "VISUAL",
    "GIT_EDITOR",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH_COMMAND",
    "GIT_SSH",
    "RSYNC_RSH",
    "LESSOPEN",
    "LESSCLOSE",
    "BROWSER",
];

/// They decide which code is loaded.
const LOADS: [&str; 29] = [
    "PSQLRC",
    "PATH",
    "BASH_ENV",
    "ENV",
    "SHELLOPTS",
    "BASHOPTS",
    "PROMPT_COMMAND",
    "PS4",
    "PERL5OPT",
    "PERL5LIB",
    "PERLLIB",
    "PERL5DB",
    "RUBYOPT",
    "RUBYLIB",
    "NODE_OPTIONS",
    "NODE_PATH",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "TAR_OPTIONS",
    "GCONV_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_PROXY_COMMAND",
    "SHELL",
    "CLASSPATH",
    "SUDO_ASKPASS",
    "RUSTC_WRAPPER",
    "MAKEFLAGS",
    "AWKPATH",
];

/// Python's variables that load nothing.
const PYTHON: [&str; 7] = [
    "PYTHONUNBUFFERED",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONIOENCODING",
    "PYTHONUTF8",
    "PYTHONHASHSEED",
    "PYTHONFAULTHANDLER",
    "PYTHONOPTIMIZE",
];

/// Folders at the end of a path that are usual places of a person's or a project's own programs.
const OWN_FOLDERS: [&str; 7] =
    ["/.local/bin", "/.cargo/bin", "/bin", "/go/bin", "/node_modules/.bin", "/.npm-global/bin", "/.poetry/bin"];

impl Walker {
    /// Whether a word is nothing but a variable that by its name holds a secret, and that the text itself does not set.
    pub(super) fn shows_secret(&self, raw: &str) -> bool {
        let bare = raw.trim_matches('"');
        let name = bare.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).or_else(|| bare.strip_prefix('$'));
        name.is_some_and(|name| super::secrets::is_secret_variable(name) && !self.sets.contains_key(name))
    }

    /// A variable is put into the environment of commands.
    pub(super) fn environment(&mut self, name: &str, value: &Word) {
        if CODE.contains(&name) {
            match value.exact() {
                Some(code) => self.other_shell(code),
                None => self.out.doubt("a variable that names a command"),
            }
        }
        let orders = matches!(name, "LESS" | "MANOPT" | "MORE")
            && value.exact().is_none_or(|text| text.contains(['+', '!', '|', 'P', 'k']));
        if orders {
            self.out.doubt(format!("{name} tells a program to run commands"));
        }
        let loads = LOADS.contains(&name)
            || ["LD_", "DYLD_", "PYTHON", "GIT_CONFIG", "BASH_FUNC_"].iter().any(|start| name.starts_with(start));
        if loads && !is_usual(name, &value.text) {
            self.out.doubt(format!("{name} changes which code runs"));
        }
        if name == "IFS" && !matches!(value.exact(), Some("" | " " | "\n" | "," | ":" | ";" | "|" | "\t" | " \t\n")) {
            self.out.doubt("IFS is set to something unusual");
        }
        let forgets = matches!(name, "HISTFILE" | "HISTSIZE" | "HISTFILESIZE" | "HISTIGNORE")
            && (value.text.is_empty() || matches!(value.text.as_str(), "0" | "/dev/null" | "*"));
        if forgets {
            self.out.danger("the record of what was done is switched off");
        }
    }
}

/// Whether a value is an everyday one that loads nothing from a place that others may write to.
fn is_usual(name: &str, value: &str) -> bool {
    match name {
        "PATH" => value.split(':').all(is_usual_folder),
        "NODE_OPTIONS" => value.split_whitespace().all(|option| {
            [
                "--max-old-space-size=",
                "--max_old_space_size=",
                "--no-warnings",
                "--trace-warnings",
                "--openssl-legacy-provider",
                "--enable-source-maps",
            ]
            .iter()
            .any(|start| option.starts_with(start))
        }),
        "PYTHONPATH" | "NODE_PATH" | "CLASSPATH" | "RUBYLIB" => {
            value.split(':').all(|part| !part.contains(HOLE) && !paths::is_staging(&paths::tidy(part)))
        }
        "MAKEFLAGS" => value.starts_with("-j") && !value.contains(' '),
        _ => PYTHON.contains(&name),
    }
}

fn is_usual_folder(folder: &str) -> bool {
    let unknown = folder.chars().filter(|c| *c == HOLE).count();
    let own = folder.strip_prefix(HOLE).or_else(|| folder.strip_prefix('~'));
    PROGRAM_FOLDERS.contains(&folder)
        || unknown == 1 && folder.chars().count() == 1
        || own.is_some_and(|rest| OWN_FOLDERS.contains(&rest))
}
