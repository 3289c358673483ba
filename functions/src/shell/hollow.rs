//! Whether a command prints nothing, so that a file that its output replaces is only emptied: `: > f`, `{ true; } > f`,
//! `cat < /dev/null > f`, `head -c 0 g > f`. And whether it reads the file that its own redirection has emptied before: `sort f > f`.

use brush_parser::ast::{
    Command, CommandPrefixOrSuffixItem as Item, CompoundCommand, CompoundList, IoFileRedirectKind,
    IoFileRedirectTarget, IoRedirect,
};

use super::{
    paths::{self, name},
    word::Word,
};

/// Builtins and programs that print nothing, whatever they are given.
const SILENT: [&str; 15] = [
    ":", "true", "false", "cd", "wait", "let", "test", "[", "shift", "unset", "sleep", "read", "return", "break",
    "exit",
];
/// Those that print what they know if they are given nothing.
const SILENT_WITH: [&str; 6] = ["set", "export", "umask", "ulimit", "local", "readonly"];
/// Programs that only run another one, each with how many words of its own come first.
const AROUND: [&str; 9] = ["command", "builtin", "env", "nice", "ionice", "nohup", "sudo", "timeout", "stdbuf"];
/// Programs that print nothing where they are given nothing.
const FILTERS: [&str; 28] = [
    "cat", "tee", "sort", "uniq", "head", "tail", "grep", "egrep", "fgrep", "sed", "awk", "gawk", "mawk", "tr", "cut",
    "rev", "tac", "nl", "paste", "join", "comm", "fold", "fmt", "column", "jq", "xargs", "sponge", "pv",
];

/// Whether a command prints nothing. `from_nothing`: there is nothing for it to read.
pub(super) fn is_hollow(words: &[Word], from_nothing: bool) -> bool {
    let words = within(words);
    let args = words.get(1..).unwrap_or_default();
    let operands = || args.iter().filter(|word| !word.text.starts_with('-'));
    let blank = |text: &str| text.replace("\\n", "").trim().is_empty();
    let empty = |word: &Word| word.exact().is_some_and(blank);
    let named = name_of(words);
    match named {
        "" => true,
        "echo" => args.iter().all(|word| empty(word) || word.text == "-n"),
        "printf" => match args.split_first() {
            Some((format, rest)) => {
                format.exact().is_some_and(|text| blank(&text.replace("%s", ""))) && rest.iter().all(empty)
            }
            None => true,
        },
        "head" | "tail" if takes_none(args) => true,
        "sed" | "awk" | "gawk" | "mawk" if passes_none(named, args) => true,
        // All that it is given is nothing.
        filter if FILTERS.contains(&filter) => {
            let files: Vec<&Word> = operands().skip(usize::from(takes_pattern(filter))).collect();
            let nothing = !files.is_empty() && files.iter().all(|word| word.text == "/dev/null");
            let written = matches!(filter, "tee" | "sponge");
            nothing && !written
                || !files.is_empty() && files.iter().all(|word| word.fresh)
                || from_nothing && (files.is_empty() || filter == "tee")
        }
        "set" => !args.is_empty(),
        known if SILENT_WITH.contains(&known) => operands().next().is_some(),
        other => SILENT.contains(&other),
    }
}

/// Whether a command reads a file that its own redirection replaces.
pub(super) fn reads_what_it_replaces(words: &[Word], replaced: &[String]) -> bool {
    let own = |word: &Word| word.exact().is_some_and(|text| replaced.contains(&paths::tidy(text)));
    let args = words.get(1..).unwrap_or_default();
    (FILTERS.contains(&name_of(words)) || name_of(words) == "base64") && name_of(words) != "tee" && args.iter().any(own)
}

/// Whether nothing in a compound command prints.
pub(super) fn is_silent(compound: &CompoundCommand) -> bool {
    match compound {
        CompoundCommand::BraceGroup(group) => is_silent_list(&group.list),
        CompoundCommand::Subshell(shell) => is_silent_list(&shell.list),
        CompoundCommand::ForClause(clause) => is_silent_list(&clause.body.list),
        CompoundCommand::ArithmeticForClause(clause) => is_silent_list(&clause.body.list),
        CompoundCommand::WhileClause(clause) | CompoundCommand::UntilClause(clause) => {
            is_silent_list(&clause.0) && is_silent_list(&clause.1.list)
        }
        CompoundCommand::CaseClause(clause) => {
            clause.cases.iter().all(|case| case.cmd.as_ref().is_none_or(is_silent_list))
        }
        CompoundCommand::IfClause(clause) => {
            let others = clause.elses.iter().flatten();
            is_silent_list(&clause.condition)
                && is_silent_list(&clause.then)
                && others
                    .into_iter()
                    .all(|other| other.condition.as_ref().is_none_or(is_silent_list) && is_silent_list(&other.body))
        }
        CompoundCommand::Arithmetic(_) => true,
        CompoundCommand::Coprocess(_) => false,
    }
}

pub(super) fn is_silent_list(list: &CompoundList) -> bool {
    list.0.iter().all(|item| {
        std::iter::once(&item.0.first)
            .chain(item.0.iter().skip(1).map(|(_, pipeline)| pipeline))
            .all(|pipeline| pipeline.seq.last().is_some_and(is_silent_command))
    })
}

/// Whether a command prints nothing, told by its words as they are written.
pub(super) fn is_silent_command(command: &Command) -> bool {
    match command {
        Command::Simple(simple) => {
            let items = simple.suffix.as_ref().map(|suffix| suffix.0.as_slice()).unwrap_or_default();
            let rest = items.iter().filter_map(|item| match item {
                Item::Word(word) => Some(word),
                _ => None,
            });
            let words: Vec<Word> = simple
                .word_or_name
                .iter()
                .chain(rest)
                .map(|raw| Word::plain(raw.value.trim_matches(['\'', '"'])))
                .collect();
            let nothing = |item: &Item| {
                matches!(item, Item::IoRedirect(IoRedirect::File(fd, IoFileRedirectKind::Read, IoFileRedirectTarget::Filename(word)))
                    if fd.is_none_or(|fd| fd == 0) && word.value == "/dev/null")
            };
            is_hollow(&words, items.iter().any(nothing))
        }
        Command::Compound(compound, _) => is_silent(compound),
        Command::Function(_) | Command::ExtendedTest(..) => true,
    }
}

/// Whether a command writes what it is given into files that it names.
pub(super) fn writes_away(command: &Command) -> bool {
    match command {
        Command::Simple(simple) => {
            simple.word_or_name.as_ref().is_some_and(|word| matches!(word.value.as_str(), "tee" | "sponge"))
        }
        _ => false,
    }
}

/// The command that programs which only run another one are given.
fn within(mut words: &[Word]) -> &[Word] {
    while let [first, rest @ ..] = words {
        if rest.is_empty() || !AROUND.contains(&name(&first.text)) {
            break;
        }
        let own = |word: &&Word| {
            word.text.starts_with('-') || word.text.contains('=') || word.text.starts_with(|c: char| c.is_ascii_digit())
        };
        words = rest.get(rest.iter().take_while(own).count()..).unwrap_or_default();
    }
    words
}

/// `head -c 0`, `tail -n0`, `head -0`
fn takes_none(args: &[Word]) -> bool {
    let zero = |text: &str| text.trim_start_matches('+') == "0";
    args.iter().enumerate().any(|(place, word)| match word.text.as_str() {
        "-c" | "-n" | "--bytes" | "--lines" => args.get(place + 1).is_some_and(|next| zero(&next.text)),
        "-0" | "-c0" | "-n0" | "--bytes=0" | "--lines=0" => true,
        _ => false,
    })
}

/// A program of sed or awk that shows nothing.
fn passes_none(program: &str, args: &[Word]) -> bool {
    let mut words = args.iter().filter(|word| !word.text.starts_with('-'));
    let quiet =
        args.iter().any(|word| word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains('n'));
    let code = words.next().map(|word| word.text.trim()).unwrap_or_default();
    match program {
        "sed" => matches!(code, "d" | "1,$d" | "/./d;/^$/d") || quiet && code.is_empty(),
        _ => matches!(code, "" | "0" | "END{}" | "END {}" | "{}" | "BEGIN{}" | "BEGIN{exit}"),
    }
}

/// Whether the first operand is a pattern or a program, not a file.
fn takes_pattern(filter: &str) -> bool {
    matches!(filter, "grep" | "egrep" | "fgrep" | "sed" | "awk" | "gawk" | "mawk" | "jq" | "tr" | "xargs")
}

fn name_of(words: &[Word]) -> &str {
    words.first().map(|word| name(&word.text)).unwrap_or_default()
}
