//! git: what it shows, what it does to the working tree, and what cannot be had back.

use super::{call::Call, paths, reading::Effect, walk::Walker, word::Word};

/// Settings that run nothing and send nothing elsewhere.
const SETTINGS: [&str; 13] = [
    "user.",
    "color.",
    "pull.",
    "push.default",
    "push.autosetupremote",
    "init.defaultbranch",
    "fetch.prune",
    "core.autocrlf",
    "core.quotepath",
    "merge.conflictstyle",
    "rerere.",
    "advice.",
    "log.",
];

/// Verbs that change the working tree or its branches, and can be undone.
const WRITES: [&str; 31] = [
    "fetch",
    "add",
    "commit",
    "clone",
    "init",
    "stage",
    "bundle",
    "archive",
    "format-patch",
    "switch",
    "merge",
    "pull",
    "cherry-pick",
    "revert",
    "mv",
    "apply",
    "am",
    "stash",
    "tag",
    "branch",
    "remote",
    "worktree",
    "notes",
    "rebase",
    "bisect",
    "submodule",
    "sparse-checkout",
    "lfs",
    "gc",
    "maintenance",
    "rm",
];

/// Judges git by its verb and the words behind it.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>, verb: &str, words: &[&Word], shows: bool) {
    let second = words.get(1).map(|word| word.text.as_str()).unwrap_or_default();
    if matches!(verb, "fetch" | "pull" | "push" | "clone" | "ls-remote") {
        walker.out.network = true;
    }
    if runs_program(call, verb) {
        return walker.out.doubt(format!("git {verb} with words that run commands"));
    }
    if verb == "submodule" && second == "foreach" {
        let code: Vec<Word> = words.iter().skip(2).map(|word| (*word).clone()).collect();
        return walker.joined(&code);
    }
    if matches!(
        verb,
        "difftool" | "mergetool" | "filter-branch" | "filter-repo" | "daemon" | "instaweb" | "hook" | "credential"
    ) || verb == "bisect" && second == "run"
    {
        return walker.out.doubt(format!("git {verb} runs commands"));
    }
    if matches!(verb, "archive" | "format-patch" | "diff" | "log" | "show" | "bundle") {
        let files = call.files('o', "output").into_iter().chain(call.files('o', "output-directory"));
        files
            .filter(|path| !matches!(verb, "log" | "show" | "diff") || path.contains(['/', '.']))
            .for_each(|path| walker.writes_file(&path));
    }
    if verb != "bundle"
        && verb != "archive"
        && verb != "format-patch"
        && call.options().any(|text| text.starts_with("--output"))
    {
        return walker.out.at_least(Effect::Write);
    }
    if lists(call, verb, words, shows) || verb.is_empty() {
        return;
    }
    match loses(call, verb, words) {
        Some(how) => walker.out.danger(how),
        None => walker.out.at_least(Effect::Write),
    }
}

/// Whether a setting in the command line (`-c name=value`) is harmless.
pub(super) fn is_harmless_setting(text: &str) -> bool {
    let name = text.split('=').next().unwrap_or_default().to_ascii_lowercase();
    SETTINGS.iter().any(|start| name.starts_with(start)) || text == "core.pager=cat" || text == "core.pager="
}

fn runs_program(call: Call<'_>, verb: &str) -> bool {
    const OPTIONS: [&str; 9] = [
        "--upload-pack",
        "--receive-pack",
        "--exec",
        "--ext-diff",
        "--textconv",
        "--open-files-in-pager",
        "--template",
        "--extcmd",
        "--config",
    ];
    call.options().any(|text| {
        OPTIONS.iter().any(|start| text.starts_with(start))
            || verb == "grep" && text.starts_with("-O")
            || verb == "rebase" && (text.starts_with("-x") || text == "-i" || text == "--interactive")
            || matches!(verb, "clone" | "fetch")
                && (text.starts_with("-u") && text.len() > 1 && verb == "clone" || text == "-c")
    }) || call.args.iter().any(|word| word.text.starts_with("ext::") || word.text.contains("=ext::"))
        || call.may_hide_option()
            && !matches!(
                verb,
                "add"
                    | "commit"
                    | "log"
                    | "show"
                    | "diff"
                    | "tag"
                    | "push"
                    | "checkout"
                    | "merge"
                    | "blame"
                    | "rev-parse"
            )
}

fn lists(call: Call<'_>, verb: &str, words: &[&Word], shows: bool) -> bool {
    let second = words.get(1).map(|word| word.text.as_str()).unwrap_or_default();
    match verb {
        "branch" => {
            words.len() == 1 && !call.any_flag("dDmMcCfu") && !call.has("--delete") && !call.has("--unset-upstream")
                || call.has("--list")
                || call.has("--show-current")
                || call.has("--contains")
        }
        "tag" => words.len() == 1 || call.has("-l") || call.has("--list"),
        "remote" => words.len() == 1 || matches!(second, "show" | "get-url"),
        "stash" => matches!(second, "list" | "show"),
        "config" => {
            ["--list", "-l", "--get", "--get-all", "--get-regexp"].iter().any(|option| call.has(option))
                || matches!(second, "list" | "get")
                || words.len() == 2
                    && !call.options().any(|text| {
                        text.starts_with("--uns") || text.starts_with("--rem") || text == "-e" || text == "--edit"
                    })
        }
        "worktree" => second == "list",
        "submodule" => matches!(second, "status" | "summary"),
        "notes" => matches!(second, "list" | "show") || words.len() == 1,
        "reflog" => !matches!(second, "expire" | "delete"),
        "bisect" => matches!(second, "log" | "view"),
        "fsck" => !call.has("--lost-found"),
        "clean" => call.flag('n') || call.has("--dry-run"),
        "push" => call.has("--dry-run") || call.has("-n"),
        _ => shows,
    }
}

/// Whether the words are a few files, each by its name.
fn are_named(words: &[&Word]) -> bool {
    let named = |word: &&Word| {
        word.exact().is_some_and(|text| {
            !text.starts_with([':', '-']) && !text.ends_with('/') && !paths::is_wide(&paths::tidy(text))
        })
    };
    (1..=8).contains(&words.len()) && words.iter().all(named)
}

/// What git loses for good, or gives others to run; `None` if nothing.
fn loses(call: Call<'_>, verb: &str, words: &[&Word]) -> Option<String> {
    let second = words.get(1).map(|word| word.text.as_str()).unwrap_or_default();
    let force = call.flag('f') || call.options().any(|text| text.starts_with("--for"));
    let open = words.iter().skip(1).any(|word| word.hole && !word.solid);
    let loses = match verb {
        "push" => {
            let deletes = call.flag('d')
                || call.options().any(|text| ["--del", "--mir", "--pru"].iter().any(|start| text.starts_with(start)));
            let replaces = words.iter().skip(1).any(|word| word.text.starts_with(['+', ':']));
            if force || deletes || replaces || open && call.may_hide_option() {
                return Some("git push --force or --delete replaces history of others".to_owned());
            }
            false
        }
        "reset" => call.options().any(|text| ["--har", "--mer", "--kee"].iter().any(|start| text.starts_with(start))),
        "checkout" => {
            let files = call.args.iter().skip_while(|word| word.text != "--").skip(1).collect::<Vec<_>>();
            let behind = call.has("--") && !are_named(&files);
            force || behind || call.has(".") || call.flag('B') || call.has("--ours") || call.has("--theirs")
        }
        "switch" => force || call.has("--discard-changes") || call.flag('C'),
        "restore" => {
            let staged = call.has("--staged") || call.flag('S');
            !staged && !are_named(words.get(1..).unwrap_or_default())
        }
        "branch" => call.any_flag("DMCf") || call.long("force") || call.has("--delete") && force,
        "tag" => call.any_flag("df") || call.has("--delete") || force,
        "stash" => matches!(second, "drop" | "clear"),
        "worktree" => matches!(second, "remove" | "prune") && force,
        "remote" => matches!(second, "remove" | "rm" | "set-url" | "prune"),
        // Without force only what history has is removed.
        "rm" => force && !call.has("--cached"),
        "gc" => call.options().any(|text| text.starts_with("--prune") || text.starts_with("--agg")),
        "config" => {
            let key = words.iter().skip(1).find(|word| !matches!(word.text.as_str(), "set" | "--global" | "--local"));
            !key.is_some_and(|word| is_harmless_setting(&word.text))
        }
        "apply" => call.options().any(|text| text.starts_with("--unsafe")),
        "am" => call.options().any(|text| text.starts_with("--directory=/")),
        "lfs" => matches!(second, "migrate" | "prune" | "install"),
        verb => !WRITES.contains(&verb),
    };
    loses.then(|| format!("git {verb} loses work or changes what git runs"))
}
