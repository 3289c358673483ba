//! Programs that run code which is read here: shells, awk and sed.

use super::{
    call::Call,
    languages, paths,
    reading::Effect,
    scripts, secrets,
    walk::{Stdin, Walker},
    word::Word,
};

const SHELLS: [&str; 13] =
    ["sh", "bash", "dash", "ash", "ksh", "ksh93", "mksh", "zsh", "rbash", "yash", "hush", "csh", "tcsh"];

/// Judges an interpreter; false if it is none.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    match call.name {
        name if SHELLS.contains(&name) => shell(walker, call),
        "eval" => walker.joined(call.args),
        "source" | "." => sourced(walker, call),
        "fc" | "bind" | "enable" | "complete" | "hash" | "mapfile" | "readarray" => builtin(walker, call),
        "awk" | "gawk" | "mawk" | "nawk" => awk(walker, call),
        "sed" | "gsed" => sed(walker, call),
        "at" | "batch" => match call.flag('l') || call.flag('c') {
            true => {}
            false => walker.out.doubt("commands for later that come from its input"),
        },
        "ansible" | "ansible-playbook" if asks_hosts(call) => {
            walker.out.network = true;
            walker.out.at_least(Effect::Write);
        }
        "ansible" | "ansible-playbook" | "salt" | "puppet" | "chef-client" => {
            walker.out.doubt(format!("{} runs commands on other machines", call.name));
        }
        _ => return languages::judge(walker, call),
    }
    true
}

/// Whether other machines are only asked how they are, or told nothing yet.
fn asks_hosts(call: Call<'_>) -> bool {
    const ASKS: [&str; 7] = ["ping", "setup", "stat", "service_facts", "package_facts", "gather_facts", "debug"];
    if call.may_hide_option() {
        return false;
    }
    if call.has("--version") || call.has("--help") || call.has("--list-hosts") {
        return true;
    }
    if call.name == "ansible-playbook" {
        return ["--check", "-C", "--syntax-check", "--list-tasks", "--list-tags"]
            .iter()
            .any(|option| call.has(option));
    }
    let mut modules = call.values('m', "module-name").into_iter().filter(|word| !word.text.starts_with('-')).peekable();
    modules.peek().is_some()
        && modules.all(|word| ASKS.contains(&word.text.trim_start_matches("ansible.builtin.")))
        && !call.args.iter().any(|word| word.text.contains("{{"))
}

fn shell(walker: &mut Walker, call: Call<'_>) {
    if matches!(call.args, [word] if word.text == "--version") {
        return;
    }
    let mut args = call.args.iter();
    let mut wants_code = false;
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if word.may_be_option() {
            return walker.out.doubt("a shell whose arguments are only known while it runs");
        }
        match text {
            "--" | "-" => break,
            "-o" | "+o" | "-O" | "+O" => {
                args.next();
            }
            "--rcfile" | "--init-file" => {
                walker.out.doubt("a shell that reads a file first");
                args.next();
            }
            "--norc" | "--noprofile" | "--posix" | "--login" | "--verbose" | "--restricted" | "--noediting" => {}
            _ if text.starts_with("--") => return walker.out.doubt("an option of a shell that is not known here"),
            _ if text.starts_with(['-', '+']) && text.len() > 1 => {
                if text.contains('i') || text.contains('s') {
                    walker.code_from_input(true);
                }
                wants_code |= text.contains('c');
                if text.contains(['o', 'O']) {
                    args.next();
                }
                if wants_code && !text.trim_start_matches(['-', '+']).chars().all(|c| c.is_ascii_alphabetic()) {
                    return walker.out.doubt("an option of a shell that is not known here");
                }
            }
            _ => return operand(walker, word, args.as_slice(), wants_code),
        }
    }
    match args.as_slice().split_first() {
        Some((word, rest)) => operand(walker, word, rest, wants_code),
        None => walker.code_from_input(true),
    }
}

/// The first operand of a shell: its code, or the script it runs. What follows fills `$1` and so on.
fn operand(walker: &mut Walker, word: &Word, _arguments: &[Word], is_code: bool) {
    if is_code {
        return walker.joined(std::slice::from_ref(word));
    }
    walker.script(word);
}

fn sourced(walker: &mut Walker, call: Call<'_>) {
    match call.args.first() {
        Some(word) if !word.text.starts_with('-') => walker.script(word),
        _ => walker.out.doubt("commands that come from a file"),
    }
}

fn builtin(walker: &mut Walker, call: Call<'_>) {
    let risky = match call.name {
        "enable" => call.any_flag("fd"),
        "mapfile" | "readarray" => call.flag('C'),
        "bind" => call.any_flag("xf"),
        "complete" => call.any_flag("CF"),
        "hash" => call.flag('p'),
        "fc" => !call.flag('l'),
        _ => true,
    };
    if risky || call.may_hide_option() {
        walker.out.doubt(format!("{} changes what commands do", call.name));
    }
}

fn awk(walker: &mut Walker, call: Call<'_>) {
    let mut args = call.args.iter();
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if word.may_be_option() {
            return walker.out.doubt("a program for awk that is only known while it runs");
        }
        match text {
            "-F" | "-v" | "--assign" | "--field-separator" => {
                args.next();
            }
            "--version" | "-V" | "--help" => return,
            "--" => {}
            _ if text.starts_with("-F")
                || text.starts_with("-v")
                || text.starts_with("--assign=")
                || text.starts_with("--field-separator=") => {}
            _ if text.starts_with('-') && text.len() > 1 => {
                return walker.out.doubt("a program for awk that is not in the command line");
            }
            _ => {
                // The whole environment, one after the other.
                if text.contains(" in ENVIRON") {
                    walker.shows_environment();
                }
                match (word.hole, scripts::awk(text)) {
                    (false, scripts::Script::Harmless) => {}
                    (false, scripts::Script::Writes { files, appends }) => writes(walker, &files, appends),
                    _ => walker.out.doubt("a program for awk that can run commands"),
                }
                break;
            }
        }
    }
    for word in args {
        if !word.text.contains('=') {
            walker.reads_file(&paths::tidy(&word.text));
        }
    }
}

fn sed(walker: &mut Walker, call: Call<'_>) {
    let in_place = call.flag('i') && call.options().any(|text| text.starts_with("-i") || is_in_place(text))
        || call.long("in-place");
    if call.may_hide_option() {
        walker.out.doubt("a script for sed that is only known while it runs");
    }
    if call.any_flag("f") && call.options().any(|text| text.starts_with("-f") || text == "-nf") || call.long("file") {
        walker.out.doubt("a script for sed that comes from a file");
    }
    let mut script: Vec<&Word> = Vec::new();
    let mut files: Vec<&Word> = Vec::new();
    let mut args = call.args.iter();
    let given = call.options().any(|text| {
        text.starts_with("--exp") || !text.starts_with("--") && text.contains('e') && !text.starts_with("-i")
    });
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        match text {
            "--expression" => script.extend(args.next()),
            "-l" | "--line-length" => {
                args.next();
            }
            _ if text.starts_with("--expression=") => script.push(word),
            _ if text.starts_with("--") && text.len() > 2 => {}
            _ if text.starts_with("-i") => {}
            _ if text.starts_with('-') && text.len() > 1 && text.ends_with('e') => script.extend(args.next()),
            _ if text.starts_with('-') && text.contains('e') => script.push(word),
            _ if text.starts_with('-') && text.len() > 1 => {}
            _ if script.is_empty() && !given => script.push(word),
            _ => files.push(word),
        }
    }
    let empties = script.iter().any(|word| {
        matches!(
            word.text.as_str(),
            "d" | "1,$d" | "$!d" | "/./d" | "s/.*//" | "s/.*//g" | "1~1d" | "/^/d" | "//d" | "/.*/d" | "0~1d"
        )
    });
    let quiet = call
        .options()
        .any(|text| text == "--quiet" || text == "--silent" || !text.starts_with("--") && text.contains('n'));
    let empties = empties || quiet && script.iter().all(|word| matches!(word.text.trim(), "" | "d" | "-e" | "-n"));
    for word in script {
        let text = word.text.trim_start_matches("--expression=");
        // What `r` puts in between.
        text.split([' ', ';', '\n']).filter(|part| secrets::is_secret(part)).for_each(|part| walker.reads_file(part));
        let text = if text.starts_with('-') { text.split_once('e').map_or(text, |(_, rest)| rest) } else { text };
        match (word.hole, scripts::sed(text)) {
            (false, scripts::Script::Harmless) => {}
            (false, scripts::Script::Writes { files, appends }) => writes(walker, &files, appends),
            (true, scripts::Script::Harmless) if !text.ends_with(super::word::HOLE) && is_printing(text) => {}
            _ => walker.out.doubt("a script for sed that can run commands"),
        }
    }
    for word in files {
        let path = paths::tidy(&word.text);
        match in_place {
            true => walker.writes_file(&path),
            false => walker.reads_file(&path),
        }
    }
    if in_place && empties {
        walker.out.danger("sed empties a file");
    } else if in_place {
        walker.out.at_least(Effect::Write);
    }
    if walker.stdin == Stdin::Client {
        walker.out.at_least(Effect::Read);
    }
}

/// A small script writes to files that its text names, and empties them before: the command line does not show it.
fn writes(walker: &mut Walker, files: &[Option<String>], appends: bool) {
    walker.out.at_least(Effect::Write);
    for file in files {
        let path = file.as_deref().map(paths::tidy).unwrap_or_default();
        if paths::is_sink(&path) {
            continue;
        }
        walker.writes_file(&path);
        if !appends && !path.starts_with("/tmp/") {
            walker.out.danger("a script that empties the file that it writes to");
        }
    }
}

/// `-ni`, `-Ei.bak`: in place among other letters.
fn is_in_place(text: &str) -> bool {
    let letters: String = text.chars().skip(1).take_while(|c| "nErsuzi".contains(*c)).collect();
    letters.contains('i')
}

/// A script that only selects lines, with numbers that are not known (`"${from},${to}p"`).
fn is_printing(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit() || ",p$q ".contains(c) || c == super::word::HOLE)
        && text.ends_with(['p', 'q'])
}
