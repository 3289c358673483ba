//! The walk over the syntax tree. A first walk collects what the text sets and defines, a second one reads it with the
//! variables that have one value in all of it.

use std::{
    collections::{BTreeSet, HashMap},
    panic::catch_unwind,
};

use brush_parser::{
    Parser, ParserOptions,
    ast::{
        AssignmentName, AssignmentValue, Command, CommandPrefixOrSuffixItem as Item, CompoundCommand, CompoundList,
        ExtendedTestExpr, IoRedirect, Pipeline, Program, SeparatorOperator, SimpleCommand, Word as RawWord,
    },
};

use super::{
    hollow,
    paths::{self, name},
    readable::readable,
    reading::Reading,
    shown, span, transfer,
    word::{Expanded, Known, Variables, Word, expand, expand_one},
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

    /// Whether a text, read as a command line, does something dangerous.
    pub(super) fn tells_danger(&self, text: &str) -> bool {
        let mut probe = Self { depth: self.depth + 1, straight: true, ..Self::default() };
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

    fn compound(&mut self, compound: &CompoundCommand) {
        if let CompoundCommand::BraceGroup(group) = compound {
            return self.list(&group.list);
        }
        let straight = std::mem::replace(&mut self.straight, false);
        match compound {
            CompoundCommand::BraceGroup(group) => self.list(&group.list),
            CompoundCommand::Subshell(shell) => self.list(&shell.list),
            CompoundCommand::Arithmetic(arithmetic) => {
                // A shell without this construct would see a subshell in a subshell.
                if !looks_numeric(&arithmetic.expr.value) {
                    self.out.doubt("arithmetic that some shells run as a command");
                }
                self.arithmetic(&arithmetic.expr.value);
            }
            CompoundCommand::ArithmeticForClause(clause) => {
                for part in [&clause.initializer, &clause.condition, &clause.updater].into_iter().flatten() {
                    self.arithmetic(&part.value);
                }
                self.list(&clause.body.list);
            }
            CompoundCommand::ForClause(clause) => {
                let words: Vec<Word> = clause.values.iter().flatten().flat_map(|raw| self.words(raw)).collect();
                self.environment(
                    &clause.variable_name,
                    &Word { text: [super::word::HOLE; 2].iter().collect(), ..Word::unknown() },
                );
                let solid = clause.values.is_some() && words.iter().all(is_solid);
                self.set(&clause.variable_name, solid.then_some(Known::Solid), true);
                self.list(&clause.body.list);
            }
            CompoundCommand::CaseClause(clause) => {
                self.words(&clause.value);
                for case in &clause.cases {
                    for pattern in &case.patterns {
                        self.words(pattern);
                    }
                    if let Some(list) = &case.cmd {
                        self.list(list);
                    }
                }
            }
            CompoundCommand::IfClause(clause) => {
                self.list(&clause.condition);
                self.list(&clause.then);
                for other in clause.elses.iter().flatten() {
                    if let Some(condition) = &other.condition {
                        self.list(condition);
                    }
                    self.list(&other.body);
                }
            }
            CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
                let until = matches!(compound, CompoundCommand::UntilClause(_));
                self.must_leave(&clause.0, &clause.1.list, until);
                self.list(&clause.0);
                self.list(&clause.1.list);
            }
            CompoundCommand::Coprocess(process) => {
                self.stdin = Stdin::Other;
                self.command(&process.body);
            }
        }
        self.straight = straight;
    }

    fn arithmetic(&mut self, text: &str) {
        let expanded = Expanded { code: span::substitutions(text), set: span::names(text), ..Expanded::default() };
        self.inner(expanded);
    }

    fn test(&mut self, test: &ExtendedTestExpr) {
        match test {
            ExtendedTestExpr::And(left, right) | ExtendedTestExpr::Or(left, right) => {
                self.test(left);
                self.test(right);
            }
            ExtendedTestExpr::Not(inner) | ExtendedTestExpr::Parenthesized(inner) => self.test(inner),
            ExtendedTestExpr::UnaryTest(_, word) => self.tested(word),
            ExtendedTestExpr::BinaryTest(_, left, right) => {
                self.tested(left);
                self.tested(right);
            }
        }
    }

    fn tested(&mut self, raw: &RawWord) {
        let words = self.words(raw);
        if words.iter().any(|word| evaluates(&word.text)) {
            self.out.doubt("text that a test evaluates");
        }
    }

    fn simple(&mut self, simple: &SimpleCommand) {
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
    fn empties(&mut self, words: &[Word]) {
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

    fn item(&mut self, item: &Item, words: &mut Vec<Word>) {
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
    fn around(&mut self, redirects: &[IoRedirect], silent: impl FnOnce() -> bool) {
        let before = std::mem::take(&mut self.replaced);
        self.redirects(redirects);
        let replaced = std::mem::replace(&mut self.replaced, before);
        if !replaced.is_empty() && silent() {
            self.out.danger("empties a file");
        }
    }

    fn redirects(&mut self, redirects: &[IoRedirect]) {
        for redirect in redirects {
            self.redirect(redirect);
        }
    }

    pub(super) fn sublist(&mut self, list: &CompoundList) {
        let straight = std::mem::replace(&mut self.straight, false);
        self.list(list);
        self.straight = straight;
    }

    fn assign(&mut self, assignment: &brush_parser::ast::Assignment, alone: bool) {
        let name = match &assignment.name {
            AssignmentName::VariableName(name) => name.clone(),
            AssignmentName::ArrayElementName(name, index) => {
                self.inner(Expanded { code: span::substitutions(index), ..Expanded::default() });
                name.clone()
            }
        };
        let value = match &assignment.value {
            AssignmentValue::Scalar(raw) => self.one(raw),
            AssignmentValue::Array(items) => {
                for (index, item) in items {
                    if let Some(index) = index {
                        self.words(index);
                    }
                    self.words(item);
                }
                Word::unknown()
            }
        };
        self.environment(&name, &value);
        let known = value.exact().map(|text| Known::Text(text.to_owned()));
        let known = known.or_else(|| is_solid(&value).then_some(Known::Solid));
        let keeps = alone && !assignment.append && self.straight;
        self.set(&name, known.filter(|_| keeps), false);
    }

    /// A variable is set; in the second walk its value counts if that happens once.
    pub(super) fn set(&mut self, name: &str, known: Option<Known>, in_loop: bool) {
        if !self.trusting {
            *self.sets.entry(name.to_owned()).or_default() += 1;
        } else if self.sets.get(name) == Some(&1)
            && (self.straight || in_loop)
            && let Some(known) = known
        {
            self.variables.insert(name.to_owned(), known);
        }
    }

    /// Expands a word and reads what its substitutions run.
    pub(super) fn words(&mut self, raw: &RawWord) -> Vec<Word> {
        let mut expanded = expand(&raw.value, &self.variables);
        let words = std::mem::take(&mut expanded.words);
        self.inner(expanded);
        words
    }

    /// Expands a word to one text.
    pub(super) fn one(&mut self, raw: &RawWord) -> Word {
        let (word, expanded) = expand_one(&raw.value, &self.variables);
        self.inner(expanded);
        word
    }

    /// Reads what an expansion runs and sets.
    pub(super) fn inner(&mut self, expanded: Expanded) {
        if let Some(doubt) = expanded.doubt {
            self.out.doubt(doubt);
        }
        for name in expanded.set {
            self.set(&name, None, false);
        }
        let straight = std::mem::replace(&mut self.straight, false);
        self.prints |= !expanded.code.is_empty();
        for code in expanded.code {
            if !span::is_plain(&code) {
                self.out.doubt("a substitution whose end is not plain");
            }
            self.deeper(|walker| walker.text(&code));
        }
        self.straight = straight;
    }
}

fn name_of(words: &[Word]) -> &str {
    words.first().map(|word| name(&word.text)).unwrap_or_default()
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

/// Whether a text holds a substitution that a builtin which evaluates its words would run.
pub(super) fn evaluates(text: &str) -> bool {
    text.contains("$(") || text.contains('`') || text.contains("<(") || text.contains(">(")
}

/// Whether `((..))` could not be meant as a command: it holds an operator, and no word follows another.
fn looks_numeric(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let is_word =
        |text: &str| text.chars().all(|c| c.is_alphanumeric() || "_./-".contains(c)) && !text.chars().all(|c| c == '-');
    let adjacent = words.windows(2).any(|pair| pair.iter().all(|word| is_word(word)));
    !adjacent && text.contains(|c: char| "=+*<>%?!&|~^,".contains(c) || c.is_ascii_digit())
}

/// Known to be one word that does not begin with a dash.
fn is_solid(word: &Word) -> bool {
    let first = word.text.chars().next();
    word.solid || first.is_some_and(|c| c != '-' && c != super::word::HOLE && !"*?[".contains(c))
}
