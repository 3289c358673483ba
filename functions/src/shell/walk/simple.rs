//! A simple command: its words, assignments before it, and where its input and output go.

use brush_parser::ast::{CommandPrefixOrSuffixItem as Item, IoRedirect, SimpleCommand};

use super::{MOST_CALLS, Stdin, Walker};
use crate::shell::{hollow, paths::name, word::Word};

impl Walker {
    pub(super) fn simple(&mut self, simple: &SimpleCommand) {
        self.calls += 1;
        if self.calls > MOST_CALLS {
            return self.out.not_known("more commands than are read");
        }
        let stdin = self.stdin.clone();
        let opened = (
            std::mem::take(&mut self.replaced),
            std::mem::take(&mut self.from_nothing),
            std::mem::take(&mut self.from_endless),
        );
        let mut words: Vec<Word> = Vec::new();
        let prefix = simple.prefix.as_ref().map(|prefix| prefix.0.as_slice()).unwrap_or_default();
        let suffix = simple.suffix.as_ref().map(|suffix| suffix.0.as_slice()).unwrap_or_default();
        let alone = simple.word_or_name.is_none();
        for item in prefix {
            match item {
                Item::AssignmentWord(assignment, _) => self.assign(assignment, alone),
                other => self.item(other, &mut words),
            }
        }
        if let Some(raw) = &simple.word_or_name {
            words.extend(self.words(raw));
        }
        for item in suffix {
            self.item(item, &mut words);
        }
        let name = words.first().map(|word| word.text.clone());
        if name.is_some_and(|name| self.inside.contains(&name)) {
            self.out.danger("a function that calls itself can take the machine down");
        }
        self.empties(&words);
        self.invoke(&words);
        (self.stdin, (self.replaced, self.from_nothing, self.from_endless)) = (stdin, opened);
    }

    /// A file that the command's output goes to is only emptied.
    pub(super) fn empties(&mut self, words: &[Word]) {
        let nothing = self.from_nothing || matches!(&self.stdin, Stdin::Text(text) if text.trim().is_empty());
        let given = matches!(name_of(words), "tee" | "sponge") && nothing;
        let moved = matches!(words, [only] if only.text == "exec");
        if given || !self.replaced.is_empty() && (moved || hollow::is_hollow(words, nothing)) {
            self.out.danger("empties a file");
        }
        if hollow::reads_what_it_replaces(words, &self.replaced) {
            self.out.danger("empties the file that it reads");
        }
    }

    pub(super) fn item(&mut self, item: &Item, words: &mut Vec<Word>) {
        match item {
            Item::Word(raw) if name_of(words) == "kill" && self.is_process(&raw.value) => {
                self.words(raw);
                words.push(Word::plain("4242"));
            }
            Item::Word(raw) => {
                if matches!(name_of(words), "echo" | "printf") && self.runs_on && self.shows_secret(&raw.value) {
                    self.out.danger("shows a secret of the environment");
                }
                words.extend(self.words(raw));
            }
            Item::AssignmentWord(assignment, raw) => {
                // `export a=b`, `dd of=x`: a word of the command, and for some builtins an assignment.
                self.set(&assignment.name.to_string(), None, false);
                words.extend(self.words(raw));
            }
            Item::IoRedirect(redirect) => self.redirects(std::slice::from_ref(redirect)),
            Item::ProcessSubstitution(_, shell) => {
                self.list(&shell.list);
                let fresh = hollow::is_silent_list(&shell.list);
                words.push(Word { solid: true, fresh, ..Word::unknown() });
            }
        }
    }

    /// Redirections of several commands together; `silent` tells whether none of them prints.
    pub(super) fn around(&mut self, redirects: &[IoRedirect], silent: impl FnOnce() -> bool) {
        let before = std::mem::take(&mut self.replaced);
        self.redirects(redirects);
        let replaced = std::mem::replace(&mut self.replaced, before);
        if !replaced.is_empty() && silent() {
            self.out.danger("empties a file");
        }
    }

    pub(super) fn redirects(&mut self, redirects: &[IoRedirect]) {
        for redirect in redirects {
            self.redirect(redirect);
        }
    }
}

fn name_of(words: &[Word]) -> &str {
    words.first().map(|word| name(&word.text)).unwrap_or_default()
}
