//! What one program does with these arguments: the programs whose options matter first, then the table.

use super::{
    builders,
    call::Call,
    databases, files, looks, network, paths, post, secrets, shown, system,
    table::{self, Entry},
    unfamiliar, verbs,
    walk::Walker,
};

/// Judges a program that wraps nothing and interprets nothing.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) {
    walker.out.disguises |= table::disguises(call.name);
    shown::judge(walker, call);
    let special = post::judge(walker, call)
        || files::judge(walker, call)
        || system::judge(walker, call)
        || network::judge(walker, call)
        || builders::judge(walker, call)
        || databases::judge(walker, call)
        || verbs::judge(walker, call);
    if special {
        return;
    }
    match table::look_up(call.name) {
        Some(entry) => from_table(walker, call, entry),
        None if walker.functions.contains(call.name) => {}
        None => unfamiliar::judge(walker, call),
    }
}

fn from_table(walker: &mut Walker, call: Call<'_>, entry: Entry) {
    if matches!(entry, Entry::Admin(_)) && looks::judge(walker, call) {
        return named_paths(walker, call, false);
    }
    if secrets::seeks_keys(call) {
        walker.out.danger("looks for keys all over the system");
    }
    walker.out.at_least(entry.effect());
    match entry {
        Entry::Names => call.operands().for_each(|word| walker.names_file(&paths::tidy(&word.text))),
        Entry::Read { files: true } => operands(walker, call, false),
        Entry::Read { files: false } => named_paths(walker, call, false),
        Entry::Write => {
            hides_writes(walker, call);
            if matches!(call.name, "mkdir" | "mkfifo") && files::opens(call) {
                walker.out.danger(format!("{} opens what it makes to everyone", call.name));
            }
            if matches!(call.name, "zip" | "7z" | "7za" | "rar") {
                operands(walker, call, false);
            }
            match call.name {
                "touch" | "mkdir" => call.operands().for_each(|word| walker.adds_to_file(&paths::tidy(&word.text))),
                _ => operands(walker, call, true),
            }
        }
        Entry::Admin(reason) => {
            walker.out.danger(reason);
            operands(walker, call, true);
        }
    }
}

/// An option of a program that writes could name a place that is not seen.
fn hides_writes(walker: &mut Walker, call: Call<'_>) {
    for word in call.args.iter().filter(|word| word.text.starts_with('-')) {
        let value = word.text.split_once('=').map_or(word.text.get(2..).unwrap_or_default(), |(_, value)| value);
        if value.starts_with(['/', '~']) {
            walker.writes_file(&paths::tidy(value));
        }
    }
    if matches!(call.name, "split" | "zip")
        && call.options().any(|text| text.starts_with("--fi") || text.starts_with("-T"))
    {
        walker.out.doubt(format!("{} with an option that runs commands", call.name));
    }
    let removes = match call.name {
        "zip" => call.flag('m') || call.long("move") && call.options().any(|text| text.starts_with("--mo")),
        "7z" | "7za" => call.has("-sdel"),
        "rar" => call.has("-df") || call.has("-dw") || call.args.first().is_some_and(|word| word.text == "m"),
        _ => false,
    };
    if removes {
        walker.out.danger(format!("{} removes what it packed", call.name));
    }
}

/// All operands are files.
pub(super) fn operands(walker: &mut Walker, call: Call<'_>, written: bool) {
    for word in call.operands() {
        let path = paths::tidy(&word.text);
        match written {
            true => walker.writes_file(&path),
            false => {
                if paths::is_disk(&path) {
                    walker.out.danger("reads a whole device");
                }
                walker.reads_file(&path);
            }
        }
    }
}

/// Words that look like files are.
pub(super) fn named_paths(walker: &mut Walker, call: Call<'_>, written: bool) {
    for word in call.args {
        let text = word.text.split_once('=').map_or(word.text.as_str(), |(_, value)| value);
        if paths::looks_like_path(text) {
            let path = paths::tidy(text);
            match written {
                true => walker.writes_file(&path),
                false => walker.reads_file(&path),
            }
        }
    }
}
