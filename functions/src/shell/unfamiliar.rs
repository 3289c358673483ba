//! Programs that are in no table: what a project or a person put on the machine. They may change what is the caller's own,
//! but what stands in their arguments is read: a command in them may be what they run (`chronic rm -r x`, `mywrap 'rm -r x'`).

use super::{call::Call, files, judge::named_paths, languages, paths, reading::Effect, walk::Walker};

/// Programs that run commands, scripts or plugins which their words or files name, and are no everyday tools.
const RUNS: &str = include_str!("table/runs.txt");

/// Names that, as an argument of an unfamiliar program, are more likely a command than a word.
const COMMANDS: [&str; 34] = [
    "rm", "dd", "shred", "mkfs", "wipefs", "sh", "bash", "dash", "zsh", "ksh", "python", "python3", "perl", "ruby",
    "node", "php", "nc", "ncat", "socat", "shutdown", "reboot", "poweroff", "chmod", "chown", "sudo", "su", "useradd",
    "usermod", "passwd", "iptables", "insmod", "modprobe", "visudo", "killall",
];

/// Judges a program of which nothing is known but its name.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) {
    walker.out.at_least(Effect::Write);
    if matches!(call.args, [word] if matches!(word.text.as_str(), "--version" | "-V" | "--help" | "-h")) {
        return;
    }
    let by_path = walker.scripts.iter().any(|script| paths::name(script) == call.name);
    if !by_path && RUNS.lines().any(|name| name == call.name) {
        return walker.out.doubt(format!("{} runs commands of its own", call.name));
    }
    if call.name == "dc" && call.args.iter().any(|word| word.text.contains('!')) {
        walker.out.doubt("dc runs what stands behind `!`");
    }
    if languages::wipes(call) {
        walker.out.danger(format!("{} is told to drop all data", call.name));
    }
    if tells_ruin(call.name) || tells_loss(call) {
        walker.out.danger(format!("{} says that it destroys something", call.name));
    }
    if languages::takes_code(call.name, call.args) {
        walker.out.doubt(format!("{} runs code that is not read here", call.name));
    }
    named_paths(walker, call, false);
    call.files('o', "output").iter().filter(|path| files::is_database(path)).for_each(|path| walker.writes_file(path));
    for word in call.args {
        if let Some((_, rest)) = word.text.split_once("://").filter(|_| !word.text.starts_with('-')) {
            walker.out.network = true;
            walker.out.hosts.extend(rest.split('/').next().map(str::to_owned));
        }
        for value in word.text.split('=').filter(|value| value.starts_with("/etc/") || value.starts_with("/dev/")) {
            if paths::is_system(&paths::tidy(value)) && value.starts_with("/dev/") && !paths::is_sink(value) {
                walker.out.danger("touches a device");
            }
        }
        if word.text.contains([' ', '\t', '\n']) && walker.tells_danger(&word.text) {
            walker.out.danger(format!("a text in the words of {} is a command that can hurt", call.name));
        }
    }
    let inner = call.args.iter().position(|word| COMMANDS.contains(&paths::name(&word.text)));
    if let Some(inner) = inner.and_then(|place| call.args.get(place..)) {
        walker.invoke(inner);
    }
}

/// Whether the first words say that something is lost: `borg delete`, `heroku pg:reset`, `argocd app delete`.
fn tells_loss(call: Call<'_>) -> bool {
    const LOSES: [&str; 21] = [
        "deleteall",
        "downgrade",
        "poweroff",
        "delete",
        "del",
        "destroy",
        "drop",
        "purge",
        "wipe",
        "terminate",
        "nuke",
        "uninstall",
        "erase",
        "shutdown",
        "truncate",
        "teardown",
        "obliterate",
        "flushall",
        "suspend",
        "drain",
        "revoke",
    ];
    let loses = |text: &str| {
        let (space, verb) = text.rsplit_once(':').unwrap_or(("", text));
        let parts = verb.split('-').any(|part| matches!(part, "destroy" | "drop" | "wipe" | "purge"));
        LOSES.contains(&verb) || parts || !space.is_empty() && matches!(verb, "reset" | "remove" | "kill" | "rm")
    };
    // `mongod --shutdown`, `kafka-consumer-groups.sh --delete --group x`
    let told = |text: &str| {
        matches!(text, "--shutdown" | "--delete" | "--purge" | "--destroy" | "--drop" | "--wipe" | "--delete-all")
    };
    let machine = |text: &str| matches!(text, "kill" | "remove" | "shutdown" | "poweroff" | "reboot");
    call.name == "esxcli" && call.operands().any(|word| machine(&word.text))
        || call.options().any(told)
        || call.operands().take(2).any(|word| loses(&word.text))
        || call.operands().next().is_some_and(|word| word.text == "rm")
}

/// Whether a task of a project says by its name that it destroys something, or that it changes what people use right now.
pub(super) fn tells_more(call: Call<'_>, task: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        let mut spaced = String::new();
        for c in text.chars() {
            // `deployToProduction`
            if c.is_ascii_uppercase() && !spaced.ends_with(|before: char| before.is_ascii_uppercase()) {
                spaced.push(' ');
            }
            spaced.push(c);
        }
        spaced.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase).collect()
    };
    let any = |list: &[String], of: &[&str]| list.iter().any(|word| of.contains(&word.as_str()));
    let own = words(task);
    let all: Vec<String> = call.args.iter().flat_map(|word| words(&word.text)).collect();
    any(&own, &["destroy", "wipe", "nuke", "purge", "teardown", "drop"])
        || any(&own, &["deploy", "release", "rollback", "migrate", "ship"])
            && any(&all, &["prod", "production", "live"])
}

/// Whether the name of a script says that it destroys something.
fn tells_ruin(name: &str) -> bool {
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    words.any(|word| {
        matches!(
            word,
            "destroy" | "wipe" | "nuke" | "purge" | "uninstall" | "exploit" | "backdoor" | "ransom" | "rootkit"
        )
    })
}
