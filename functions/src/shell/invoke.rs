//! One simple command: which program it is, what it wraps, and what that does.

use super::{
    call::Call,
    interpreters, judge, paths,
    reading::Effect,
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

/// Builtins that set the variables their words name.
const SETTING: [&str; 11] =
    ["let", "declare", "typeset", "local", "export", "readonly", "unset", "read", "printf", "mapfile", "readarray"];

/// Whether a builtin evaluates subscripts in its words.
fn is_evaluating(name: &str) -> bool {
    matches!(name, "test" | "[" | "getopts") || SETTING.contains(&name)
}

/// Whether a builtin sets the variables that its words name.
fn is_setting(name: &str) -> bool {
    matches!(name, "wait" | "getopts") || SETTING.contains(&name)
}

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
        if first.made && !(first.solid && paths::is_own(&first.text)) {
            self.out.doubt("the name of a command is only known while it runs");
        }
        let written: String = first.text.chars().filter(|c| *c != super::word::HOLE).collect();
        let name = written.rsplit('/').next().unwrap_or_default().to_owned();
        if name.is_empty() {
            return self.out.doubt("a command without a known name");
        }
        self.out.commands.insert(name.clone());
        if let Some((folder, _)) = first.text.rsplit_once('/')
            && (!PROGRAM_FOLDERS.contains(&paths::tidy(folder).as_str()) || !folder.starts_with('/'))
        {
            self.script(&Word { text: first.text.clone(), ..first.clone() });
            if paths::tidy(folder).ends_with("/init.d") && args.first().is_none_or(|word| word.text != "status") {
                return self.out.danger("changes services");
            }
        }
        let call = Call { name: &name, args };
        self.must_end(call);
        if is_evaluating(call.name) && args.iter().any(|word| evaluates(&word.text)) {
            self.out.doubt("text that a builtin evaluates");
        }
        let forgets = name == "unset" && args.iter().any(|word| word.text.starts_with("HIST"))
            || name == "set" && args.iter().any(|word| word.text == "+o") && call.has("history");
        if forgets {
            self.out.danger("the record of what was done is switched off");
        }
        if name == "umask" && call.operands().any(|word| word.text.trim_matches('0').is_empty()) {
            self.out.danger("what is made from here on is open to everyone");
        }
        // What it reads is not known.
        let names = match call.name {
            "read" | "mapfile" | "readarray" | "getopts" => call.operands().collect(),
            "printf" => call.values('v', "").into_iter().filter(|word| !word.text.starts_with('-')).collect(),
            _ => Vec::new(),
        };
        let given = Word { text: [super::word::HOLE; 2].iter().collect(), ..Word::unknown() };
        names.into_iter().for_each(|word| self.environment(&word.text, &given));
        if is_setting(call.name) {
            for word in args {
                let name: String = word.text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                self.set(&name, None, false);
                if let Some((name, value)) = word.text.split_once('=') {
                    self.environment(name, &Word { text: value.to_owned(), ..word.clone() });
                }
            }
        }
        if matches!(call.name, "cd" | "pushd") {
            return call.operands().for_each(|word| self.goes_to(&paths::tidy(&word.text)));
        }
        if !wrap::unwrap(self, call) && !interpreters::judge(self, call) {
            judge::judge(self, call);
        }
    }

    /// A file is run: what it does is the business of who put it there, unless anyone may have.
    pub(super) fn script(&mut self, word: &Word) {
        let path = paths::tidy(&word.text);
        // Loading a project's settings shows nothing of them.
        match paths::name(&path).starts_with(".env") {
            true => self.names_file(&path),
            false => self.reads_file(&path),
        }
        self.scripts.insert(path.clone());
        self.out.at_least(Effect::Write);
        if word.hole && !paths::is_own(&path) || word.glob || path == "-" {
            self.out.doubt("it runs a file that is only known then");
        } else if self.places_of(&path).iter().any(|path| paths::is_staging(path)) {
            self.out.danger("runs a file from where anyone may put one");
        } else if path.contains("://") {
            self.out.danger("runs a file that comes from another machine");
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
