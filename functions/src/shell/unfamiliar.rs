//! Programs that are in no table: what a project or a person put on the machine. They may change what is the caller's own,
//! but what stands in their arguments is read: a command in them may be what they run (`chronic rm -r x`, `mywrap 'rm -r x'`).

use super::{call::Call, judge::named_paths, languages, paths, reading::Effect, walk::Walker};

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
    if languages::wipes(call) {
        walker.out.danger(format!("{} is told to drop all data", call.name));
    }
    if tells_ruin(call.name) {
        walker.out.danger(format!("{} says that it destroys something", call.name));
    }
    named_paths(walker, call, false);
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
