//! Redirections: files opened by the shell itself, here-documents, and bash's network devices.

use brush_parser::ast::{IoFileRedirectKind as Kind, IoFileRedirectTarget as Target, IoRedirect};

use super::{
    files, hollow, paths,
    reading::Effect,
    secrets, span,
    walk::{Stdin, Walker},
    word::{Expanded, Word},
};

impl Walker {
    pub(super) fn redirect(&mut self, redirect: &IoRedirect) {
        match redirect {
            IoRedirect::File(fd, kind, target) => self.file(*fd, kind, target),
            IoRedirect::OutputAndError(raw, append) => {
                let word = self.one(raw);
                self.opened(&word, if *append { &Kind::Append } else { &Kind::Write });
            }
            IoRedirect::HereString(fd, raw) => {
                let word = self.one(raw);
                if fd.is_none_or(|fd| fd == 0) {
                    self.stdin = word.exact().map_or(Stdin::Other, |text| Stdin::Text(text.to_owned()));
                }
            }
            IoRedirect::HereDocument(fd, document) => {
                let text = &document.doc.value;
                let expands = document.requires_expansion;
                if expands {
                    self.inner(Expanded { code: span::substitutions(text), ..Expanded::default() });
                }
                if fd.is_none_or(|fd| fd == 0) {
                    let known = !expands || !text.contains(['$', '`', '\\']);
                    self.stdin = if known { Stdin::Text(text.clone()) } else { Stdin::Other };
                }
            }
        }
    }

    fn file(&mut self, fd: Option<i32>, kind: &Kind, target: &Target) {
        match target {
            Target::Filename(raw) => {
                let word = self.one(raw);
                if matches!(kind, Kind::Read | Kind::ReadAndWrite) && fd.is_none_or(|fd| fd == 0) {
                    self.stdin = Stdin::Other;
                }
                self.opened(&word, kind);
            }
            Target::ProcessSubstitution(_, shell) => {
                self.sublist(&shell.list);
                if matches!(kind, Kind::Read) {
                    self.stdin = Stdin::Other;
                    self.from_nothing |= hollow::is_silent_list(&shell.list);
                }
            }
            Target::Fd(_) => {
                if matches!(kind, Kind::DuplicateInput) && fd.is_none_or(|fd| fd == 0) {
                    self.stdin = Stdin::Other;
                }
            }
            Target::Duplicate(raw) => {
                let word = self.one(raw);
                let number = word.exact().is_some_and(|text| text.chars().all(|c| c.is_ascii_digit() || c == '-'));
                match (number, kind) {
                    (true, Kind::DuplicateInput) => self.stdin = Stdin::Other,
                    (true, _) => {}
                    (false, Kind::DuplicateInput) => self.opened(&word, &Kind::Read),
                    (false, _) => self.opened(&word, &Kind::Write),
                }
            }
        }
    }

    fn opened(&mut self, word: &Word, kind: &Kind) {
        let path = paths::tidy(&word.text);
        if path.starts_with("/dev/tcp/") || path.starts_with("/dev/udp/") {
            let mut parts = path.split('/').skip(3);
            let (host, port) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            self.out.hosts.insert(format!("{host}:{port}"));
            self.out.network = true;
            return self.out.danger("a connection to another machine made by the shell");
        }
        self.from_endless |= super::endless::DEVICES.contains(&path.as_str()) && matches!(kind, Kind::Read);
        if paths::is_sink(&path) {
            self.from_nothing |= path == "/dev/null" && matches!(kind, Kind::Read);
            return;
        }
        match kind {
            Kind::Read | Kind::DuplicateInput => self.reads_file(&path),
            Kind::Append => {
                self.adds_to_file(&path);
                self.out.at_least(Effect::Write);
            }
            Kind::ReadAndWrite => {
                self.adds_to_file(&path);
                self.out.at_least(Effect::Write);
                self.replaced.push(path);
            }
            Kind::Write | Kind::Clobber | Kind::DuplicateOutput => {
                self.writes_file(&path);
                self.out.at_least(Effect::Write);
                self.replaced.push(path);
            }
        }
        if word.exact().is_none() && !matches!(kind, Kind::Read) {
            self.out.at_least(Effect::Write);
        }
    }

    /// The content of a file is read.
    pub(super) fn reads_file(&mut self, path: &str) {
        if self.places_of(path).iter().any(|path| secrets::is_secret(path)) {
            self.out.danger("reads a file that holds secrets");
        }
        self.names_file(path);
    }

    /// A file is looked for, or its size, times and rights are shown.
    pub(super) fn names_file(&mut self, path: &str) {
        if path != "-" {
            self.out.reads.insert(path.to_owned());
        }
    }

    /// The content of a file is made or changed.
    pub(super) fn writes_file(&mut self, path: &str) {
        if files::is_database(path) {
            self.out.danger("puts something in place of a database");
        }
        self.adds_to_file(path);
    }

    /// A file is made, or something is added to it.
    pub(super) fn adds_to_file(&mut self, path: &str) {
        self.made.insert(path.to_owned());
        self.changes_file(path);
    }

    /// A file is removed, moved, or used otherwise by others.
    pub(super) fn changes_file(&mut self, path: &str) {
        self.touches_file(path);
        let places = self.places_of(path);
        if places.iter().any(|path| is_hook(path)) {
            self.out.danger("changes what runs later or who may come in");
        }
        if is_history(path) {
            self.out.danger("changes the record of what was done");
        }
    }

    /// Who may use a file is changed.
    pub(super) fn touches_file(&mut self, path: &str) {
        if self.places_of(path).iter().any(|path| paths::is_system(path)) {
            self.out.danger("changes a part of the system");
        }
        self.out.at_least(Effect::Write);
        self.out.writes.insert(path.to_owned());
    }
}

/// Files in which shells and the system keep what was done.
fn is_history(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.starts_with('.') && name.contains("history")
        || matches!(name, "wtmp" | "btmp" | "lastlog" | "auth.log" | "audit.log")
}

/// Files that make something run later, or let someone in.
fn is_hook(path: &str) -> bool {
    const NAMES: [&str; 13] = [
        "authorized_keys",
        "authorized_keys2",
        ".bashrc",
        ".bash_profile",
        ".bash_login",
        ".bash_logout",
        ".profile",
        ".zshrc",
        ".zshenv",
        ".zprofile",
        "crontab",
        ".gitconfig",
        ".rhosts",
    ];
    let name = path.rsplit('/').next().unwrap_or_default();
    let places = ["/.ssh/", "/cron", "/systemd/", "/.git/hooks/", "/.config/autostart/"];
    NAMES.contains(&name) || places.iter().any(|place| format!("/{path}").contains(place))
}
