//! What one program does with these arguments: the programs whose options matter first, then the table.

use super::{
    call::Call,
    files, network, paths, system,
    table::{self, Entry},
    verbs,
    walk::Walker,
};

/// Judges a program that wraps nothing and interprets nothing.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) {
    walker.out.disguises |= table::disguises(call.name);
    let special = files::judge(walker, call)
        || system::judge(walker, call)
        || network::judge(walker, call)
        || verbs::judge(walker, call);
    if special {
        return;
    }
    match table::look_up(call.name) {
        Some(entry) => from_table(walker, call, entry),
        None if walker.functions.contains(call.name) => {}
        None => {
            named_paths(walker, call, false);
            walker.out.danger(format!("{} is not a program that is known here", call.name));
        }
    }
}

fn from_table(walker: &mut Walker, call: Call<'_>, entry: Entry) {
    walker.out.at_least(entry.effect());
    match entry {
        Entry::Read { files: true } => operands(walker, call, false),
        Entry::Read { files: false } => named_paths(walker, call, false),
        Entry::Write => operands(walker, call, true),
        Entry::Admin(reason) => {
            walker.out.danger(reason);
            operands(walker, call, true);
        }
    }
}

/// All operands are files.
pub(super) fn operands(walker: &mut Walker, call: Call<'_>, written: bool) {
    for word in call.operands() {
        let path = paths::tidy(&word.text);
        match written {
            true => walker.writes_file(&path),
            false => walker.reads_file(&path),
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
