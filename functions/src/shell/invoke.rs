//! One simple command: which program it is, what it wraps, and what that does.

use super::{
    call::Call,
    interpreters, judge, paths,
    walk::{Stdin, Walker, evaluates},
    word::Word,
    wrap,
};

/// Folders whose programs are the system's own.
pub(super) const PROGRAM_FOLDERS: [&str; 10] = [
    "/bin",
    "/sbin",
    "/usr/bin",
    "/usr/sbin",
    "/usr/local/bin",
    "/usr/local/sbin",
    "/usr/lib/openssh",
    "/usr/lib/git-core",
    "/usr/libexec",
    "/opt/homebrew/bin",
];

/// Builtins that evaluate subscripts in their words.
const EVALUATING: [&str; 14] = [
    "test",
    "[",
    "let",
    "declare",
    "typeset",
    "local",
    "export",
    "readonly",
    "unset",
    "read",
    "printf",
    "mapfile",
    "readarray",
    "getopts",
];

/// Builtins that set the variables their words name.
const SETTING: [&str; 13] = [
    "let",
    "declare",
    "typeset",
    "local",
    "export",
    "readonly",
    "unset",
    "read",
    "printf",
    "mapfile",
    "readarray",
    "getopts",
    "wait",
];

impl Walker {
    /// A command with its arguments, expanded.
    pub(super) fn invoke(&mut self, words: &[Word]) {
        let Some((first, args)) = words.split_first() else { return };
        self.depth += 1;
        if self.depth > super::walk::DEEPEST + 8 {
            self.out.not_known("commands in commands, too deep");
        } else {
            self.called(first, args);
        }
        self.depth -= 1;
    }

    fn called(&mut self, first: &Word, args: &[Word]) {
        if first.made {
            self.out.doubt("the name of a command is only known while it runs");
        }
        let written: String = first.text.chars().filter(|c| *c != super::word::HOLE).collect();
        let name = written.rsplit('/').next().unwrap_or_default().to_owned();
        if name.is_empty() {
            return self.out.doubt("a command without a known name");
        }
        self.out.commands.insert(name.clone());
        if let Some((folder, _)) = written.rsplit_once('/')
            && (!PROGRAM_FOLDERS.contains(&paths::tidy(folder).as_str()) || !folder.starts_with('/'))
        {
            self.reads_file(&paths::tidy(&written));
            return self.out.danger("runs a program that is not the system's own");
        }
        let call = Call { name: &name, args };
        if EVALUATING.contains(&call.name) && args.iter().any(|word| evaluates(&word.text)) {
            self.out.doubt("text that a builtin evaluates");
        }
        if SETTING.contains(&call.name) {
            for word in args {
                let name: String = word.text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                self.set(&name, None, false);
                if let Some((name, value)) = word.text.split_once('=') {
                    self.environment(name, &Word { text: value.to_owned(), ..word.clone() });
                }
            }
        }
        if !wrap::unwrap(self, call) && !interpreters::judge(self, call) {
            judge::judge(self, call);
        }
    }

    /// A variable is put into the environment of commands.
    pub(super) fn environment(&mut self, name: &str, value: &Word) {
        const CODE: [&str; 12] = [
            "PAGER",
            "MANPAGER",
            "GIT_PAGER",
            "EDITOR",
            "VISUAL",
            "GIT_EDITOR",
            "GIT_SSH_COMMAND",
            "GIT_SSH",
            "RSYNC_RSH",
            "LESSOPEN",
            "LESSCLOSE",
            "BROWSER",
        ];
        const LOADS: [&str; 24] = [
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
            "TAR_OPTIONS",
            "GCONV_PATH",
            "GIT_EXTERNAL_DIFF",
            "GIT_PROXY_COMMAND",
            "SHELL",
            "CLASSPATH",
            "SUDO_ASKPASS",
        ];
        if CODE.contains(&name) {
            match value.exact() {
                Some(code) => self.other_shell(code),
                None => self.out.doubt("a variable that names a command"),
            }
        }
        let loads = LOADS.contains(&name)
            || ["LD_", "DYLD_", "PYTHON", "GIT_CONFIG", "BASH_FUNC_"].iter().any(|start| name.starts_with(start));
        let usual = name == "PATH"
            && value.text.split(':').all(|part| {
                PROGRAM_FOLDERS.contains(&part) || part.chars().all(|c| c == super::word::HOLE) && !part.is_empty()
            });
        if loads && !usual {
            self.out.doubt(format!("{name} changes which code runs"));
        }
        if name == "IFS" && !matches!(value.exact(), Some("" | " " | "\n" | "," | ":" | ";" | "|" | "\t" | " \t\n")) {
            self.out.doubt("IFS is set to something unusual");
        }
    }

    /// Reads the words of a shell that is given code as one text made of several.
    pub(super) fn joined(&mut self, words: &[Word]) {
        if words.is_empty() {
            return;
        }
        let texts: Option<Vec<&str>> = words.iter().map(|word| (!word.hole).then_some(word.text.as_str())).collect();
        match texts {
            Some(texts) => self.other_shell(&texts.join(" ")),
            None => {
                self.out.doubt("code that is only known while it runs");
                let texts: Vec<String> = words.iter().map(|word| word.text.replace(super::word::HOLE, " ")).collect();
                self.other_shell(&texts.join(" "));
            }
        }
    }

    /// A shell reads its commands from its input.
    pub(super) fn code_from_input(&mut self, is_shell: bool) {
        match self.stdin.clone() {
            Stdin::Text(code) if is_shell => {
                let stdin = std::mem::replace(&mut self.stdin, Stdin::Other);
                self.other_shell(&code);
                self.stdin = stdin;
            }
            _ => self.out.doubt("commands that come from its input"),
        }
    }
}
