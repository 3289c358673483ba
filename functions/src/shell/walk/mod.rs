//! The walk over the syntax tree. A first walk collects what the text sets and defines, a second one reads it with the
//! variables that have one value in all of it.

mod compound;
mod setting;
mod simple;

use std::{
    collections::{BTreeSet, HashMap},
    panic::catch_unwind,
};

use brush_parser::{
    Parser, ParserOptions,
    ast::{Command, CommandPrefixOrSuffixItem as Item, CompoundList, Pipeline, Program, SeparatorOperator},
};

pub(super) use self::setting::evaluates;
use super::{
    hollow,
    paths::{self, name},
    readable::readable,
    reading::Reading,
    shown, transfer,
    word::{Known, Variables, expand, expand_one},
};

/// How deep code may lie in code.
pub(super) const DEEPEST: usize = 10;
/// Folders that are kept apart.
const MOST_PLACES: usize = 8;
/// Programs that one command line may run.
const MOST_CALLS: usize = 4096;

/// Reads a command line as a POSIX shell or bash would. Never fails: what cannot be read is `unknown`.
#[must_use]
pub fn read(command: &str) -> Reading {
    let mut first = Walker::new(None);
    first.text(command);
    let mut second = Walker::new(Some(&first));
    second.text(command);
    second.made_and_run();
    match transfer::find(command, &second.out) {
        Some(transfer) => transfer.reading(second.out.commands),
        None => second.out,
    }
}

/// What feeds a command's standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Stdin {
    /// The client.
    #[default]
    Client,
    /// Text that stands in the command line.
    Text(String),
    /// Names of files that another command found.
    Names,
    /// Another command, a file: not known.
    Other,
}

/// Reads code and gathers what it does.
#[derive(Default)]
pub(super) struct Walker {
    pub(super) out: Reading,
    pub(super) depth: usize,
    pub(super) stdin: Stdin,
    /// Functions that the text defines.
    pub(super) functions: BTreeSet<String>,
    /// How often each variable is set.
    pub(super) sets: HashMap<String, usize>,
    /// What is known of variables; only in the second walk.
    variables: Variables,
    /// The second walk.
    trusting: bool,
    /// Nothing decides whether the current command runs, and it runs once, in this shell.
    straight: bool,
    calls: usize,
    /// The function whose body is read.
    inside: Vec<String>,
    /// Folders that the text may have gone to.
    places: BTreeSet<String>,
    /// Files whose content it makes.
    pub(super) made: BTreeSet<String>,
    /// Files that it moves, and where to.
    pub(super) moved: BTreeSet<String>,
    /// What a command prints is put into words.
    pub(super) prints: bool,
    /// Files that it runs.
    pub(super) scripts: BTreeSet<String>,
    /// Files that redirections of the current command replace.
    pub(super) replaced: Vec<String>,
    /// A redirection of the current command gives it nothing to read.
    pub(super) from_nothing: bool,
    /// A redirection of the current command gives it more to read than there is an end to.
    pub(super) from_endless: bool,
    /// The next command of the pipeline.
    pub(super) followed: Vec<String>,
    /// Nobody takes only a part of what the current command gives.
    pub(super) runs_on: bool,
    /// It is ended after a time.
    pub(super) timed: bool,
    /// Only names of commands are looked for.
    pub(super) probing: bool,
}

impl Walker {
    fn new(first: Option<&Self>) -> Self {
        let mut walker = Self { straight: true, runs_on: true, ..Self::default() };
        if let Some(first) = first {
            (walker.trusting, walker.sets, walker.functions) = (true, first.sets.clone(), first.functions.clone());
            for name in ["HOME", "PWD", "OLDPWD", "USER", "LOGNAME", "HOSTNAME", "UID", "EUID", "PPID", "RANDOM"] {
                if !walker.sets.contains_key(name) {
                    walker.variables.insert(name.to_owned(), Known::Solid);
                }
            }
        }
        walker
    }

    /// A file that the text itself makes or loads, and then runs, holds what nobody can judge.
    fn made_and_run(&mut self) {
        let made = |script: &String| self.made.iter().any(|path| name(path) == name(script));
        if self.scripts.iter().any(made) {
            self.out.doubt("it runs a file that it makes");
        }
    }

    /// It goes to a folder.
    pub(super) fn goes_to(&mut self, folder: &str) {
        let known = self.places_of(folder);
        if self.places.len() < MOST_PLACES {
            self.places.extend(known);
        }
    }

    /// Where a path may lead: as it is written, and from every folder that the text went to.
    pub(super) fn places_of(&self, path: &str) -> Vec<String> {
        let own = path.to_owned();
        if path.starts_with(['/', '~', super::word::HOLE]) {
            return vec![own];
        }
        let joined = self.places.iter().map(|place| paths::tidy(&format!("{place}/{path}")));
        std::iter::once(own).chain(joined).collect()
    }

    /// Reads a text of commands.
    pub(super) fn text(&mut self, code: &str) {
        if self.depth > DEEPEST {
            return self.out.not_known("code in code, too deep");
        }
        if let Err(why) = readable(code) {
            return self.out.not_known(why);
        }
        let parsed =
            catch_unwind(|| Parser::new(code.as_bytes(), &ParserOptions::default()).parse_program().map_err(|_| ()));
        match parsed {
            Ok(Ok(program)) => self.program(&program),
            _ => self.out.not_known("it is not a command line that can be parsed"),
        }
    }

    /// Reads code that another command runs: variables of this shell are not known there.
    pub(super) fn other_shell(&mut self, code: &str) {
        let variables = std::mem::take(&mut self.variables);
        let straight = std::mem::replace(&mut self.straight, false);
        self.deeper(|walker| walker.text(code));
        (self.variables, self.straight) = (variables, straight);
    }

    /// Another walk, for what is not read as a part of this one.
    pub(super) fn apart(&self) -> Self {
        Self { depth: self.depth + 1, straight: true, runs_on: true, ..Self::default() }
    }

    /// Whether a text, read as a command line, does something dangerous.
    pub(super) fn tells_danger(&self, text: &str) -> bool {
        let mut probe = Self { runs_on: false, ..self.apart() };
        probe.text(text);
        !probe.out.dangers.is_empty()
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self)) {
        self.depth += 1;
        read(self);
        self.depth -= 1;
    }

    fn program(&mut self, program: &Program) {
        for list in &program.complete_commands {
            self.list(list);
        }
    }

    pub(super) fn list(&mut self, list: &CompoundList) {
        for item in &list.0 {
            let straight = self.straight;
            self.straight &= matches!(item.1, SeparatorOperator::Sequence);
            self.pipeline(&item.0.first);
            self.straight = false;
            for (_, pipeline) in item.0.iter().skip(1) {
                self.pipeline(pipeline);
            }
            self.straight = straight;
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        let (stdin, straight, runs_on) = (self.stdin.clone(), self.straight, self.runs_on);
        self.straight &= pipeline.seq.len() == 1;
        let mut previous: Option<&Command> = None;
        for (place, command) in pipeline.seq.iter().enumerate() {
            self.runs_on = runs_on && self.runs_on(pipeline, place);
            if let Some(previous) = previous {
                self.stdin = match self.printed(previous) {
                    Some(text) => Stdin::Text(text),
                    // Only for what writes it away: nobody else relies on there being nothing.
                    None if hollow::writes_away(command) && hollow::is_silent_command(previous) => {
                        Stdin::Text(String::new())
                    }
                    None if gives_names(previous, &self.stdin) => Stdin::Names,
                    None => Stdin::Other,
                };
            }
            let followed = std::mem::replace(&mut self.followed, shown::words_of(pipeline.seq.get(place + 1)));
            self.command(command);
            self.followed = followed;
            previous = Some(command);
        }
        (self.stdin, self.straight, self.runs_on) = (stdin, straight, runs_on);
    }

    /// What a command prints, if that stands in the command line.
    fn printed(&self, command: &Command) -> Option<String> {
        let Command::Simple(simple) = command else { return None };
        let mut words = Vec::new();
        let items = simple.suffix.as_ref().map(|suffix| suffix.0.as_slice()).unwrap_or_default();
        for raw in simple.word_or_name.iter().chain(items.iter().filter_map(|item| match item {
            Item::Word(word) | Item::AssignmentWord(_, word) => Some(word),
            _ => None,
        })) {
            let expanded = expand(&raw.value, &self.variables);
            for word in expanded.words {
                words.push(word.exact()?.to_owned());
            }
        }
        let plain = items.iter().all(|item| matches!(item, Item::Word(_) | Item::AssignmentWord(..)));
        match words.split_first() {
            Some((name, args)) if plain && name == "echo" && !args.iter().any(|arg| arg.contains('\\')) => {
                let skip = args.iter().take_while(|arg| arg.as_str() == "-n").count();
                Some(args.get(skip..)?.join(" "))
            }
            Some((name, [format])) if plain && name == "printf" && !format.contains(['%', '\\']) => {
                Some(format.clone())
            }
            Some((name, [format, text])) if plain && name == "printf" && matches!(format.as_str(), "%s" | "%s\\n") => {
                Some(text.clone())
            }
            _ => None,
        }
    }

    fn command(&mut self, command: &Command) {
        match command {
            Command::Simple(simple) => self.simple(simple),
            Command::Compound(compound, redirects) => {
                let stdin = self.stdin.clone();
                self.around(redirects.as_ref().map(|list| list.0.as_slice()).unwrap_or_default(), || {
                    hollow::is_silent(compound)
                });
                self.compound(compound);
                self.stdin = stdin;
            }
            Command::Function(function) => {
                let name = expand_one(&function.fname.value, &self.variables).0.text;
                self.functions.insert(name.clone());
                let straight = std::mem::replace(&mut self.straight, false);
                self.inside.push(name);
                self.around(function.body.1.as_ref().map(|list| list.0.as_slice()).unwrap_or_default(), || {
                    hollow::is_silent(&function.body.0)
                });
                self.compound(&function.body.0);
                self.inside.pop();
                self.straight = straight;
            }
            Command::ExtendedTest(test, redirects) => {
                self.around(redirects.as_ref().map(|list| list.0.as_slice()).unwrap_or_default(), || true);
                self.test(&test.expr);
            }
        }
    }

    pub(super) fn sublist(&mut self, list: &CompoundList) {
        let straight = std::mem::replace(&mut self.straight, false);
        self.list(list);
        self.straight = straight;
    }
}

/// Whether a command prints names of files: it looks for them, or picks from such a list.
fn gives_names(command: &Command, stdin: &Stdin) -> bool {
    let Command::Simple(simple) = command else { return false };
    let Some(name) = simple.word_or_name.as_ref().map(|word| word.value.as_str()) else { return false };
    let words = simple.suffix.as_ref().map(|suffix| suffix.0.as_slice()).unwrap_or_default();
    let texts: Vec<&str> = words
        .iter()
        .filter_map(|item| match item {
            Item::Word(word) => Some(word.value.as_str()),
            _ => None,
        })
        .collect();
    let lists = |text: &&str| text.starts_with("--files") || text.starts_with('-') && text.contains(['l', 'L']);
    match name {
        "find" | "fd" | "fdfind" => {
            !texts.iter().any(|text| text.contains("print") && *text != "-print" && *text != "-print0")
        }
        "grep" | "rg" | "egrep" | "fgrep" if texts.iter().any(lists) => true,
        "git" => matches!(texts.first(), Some(&"ls-files")),
        "grep" | "egrep" | "sort" | "head" | "tail" | "uniq" => *stdin == Stdin::Names,
        _ => false,
    }
}
