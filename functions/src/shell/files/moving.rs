//! Programs that remove, move, copy and link files.

use super::{
    losing::{are_light, is_made_again, keeps},
    rights::is_tame,
};
use crate::shell::{call::Call, judge::operands, paths, reading::Effect, secrets::is_secret, walk::Walker, word::Word};

pub(super) fn remove(walker: &mut Walker, call: Call<'_>) {
    let tree = call.any_flag("rR") || call.long("recursive");
    let words: Vec<&Word> = call.operands().collect();
    for word in &words {
        walker.changes_file(&paths::tidy(&word.text));
    }
    walker.out.at_least(Effect::Write);
    let moved = words.iter().any(|word| walker.moved.contains(&paths::tidy(&word.text)));
    let light = !moved && words.iter().all(|word| is_made_again(word)) || !tree && are_light(walker, &words);
    if words.is_empty() || call.may_hide_option() || !light {
        walker.out.danger(if tree { "rm with -r removes a tree" } else { "rm removes files" });
    }
}

pub(super) fn install(walker: &mut Walker, call: Call<'_>) {
    operands(walker, call, true);
    if call.operands().any(|word| word.fresh || word.text == "/dev/null") {
        walker.out.danger("a copy of nothing empties a file");
    }
    let mode = |word: &&Word| is_tame(word.text.trim_start_matches("--mode=").trim_start_matches("-m"));
    let modes = call.values('m', "mode").into_iter().filter(|word| word.text != "-m").all(|word| mode(&word));
    if !modes || call.any_flag("og") || call.long("owner") || call.long("group") {
        walker.out.danger("install gives a file rights or an owner");
    }
}

pub(super) fn move_files(walker: &mut Walker, call: Call<'_>) {
    operands(walker, call, true);
    walker.moved.extend(call.operands().map(|word| paths::tidy(&word.text)));
    walker.out.at_least(Effect::Write);
    if call.operands().any(|word| word.fresh) {
        walker.out.danger("a file of nothing takes the place of another");
    }
    let words: Vec<String> = call.operands().map(|word| paths::tidy(&word.text)).collect();
    if let Some((target, sources)) = words.split_last() {
        let whole =
            |path: &str| paths::is_wide(path) && path != "." && path != "*" && !path.contains(crate::shell::word::HOLE);
        if sources.iter().any(|path| whole(path)) {
            walker.out.danger("mv takes a whole folder of the system or a home from its place");
        }
        if paths::is_sink(target) {
            walker.out.danger("mv loses files");
        }
        let keys =
            |path: &String| is_secret(path) && (paths::is_staging(target) || !paths::name(path).contains(".env"));
        if sources.iter().any(keys) {
            walker.out.danger("mv takes secrets from their place");
        }
    }
    for word in call.values('t', "target-directory") {
        walker.writes_file(&paths::tidy(word.text.trim_start_matches("--target-directory=")));
    }
}

pub(super) fn copy(walker: &mut Walker, call: Call<'_>) {
    let words: Vec<&Word> = call.operands().collect();
    let (target, sources) = match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => (Some(*last), rest),
        _ => (None, words.as_slice()),
    };
    for word in sources {
        walker.reads_file(&paths::tidy(&word.text));
    }
    for word in target.into_iter().chain(call.values('t', "target-directory")) {
        walker.writes_file(&paths::tidy(word.text.trim_start_matches("--target-directory=")));
    }
    walker.out.at_least(Effect::Write);
    let nothing = |word: &&&Word| {
        word.fresh || matches!(word.text.as_str(), "/dev/null" | "/dev/zero" | "/dev/urandom" | "/dev/random")
    };
    if sources.iter().any(|word| nothing(&word)) || gives_nothing(walker, sources) {
        walker.out.danger("a copy of nothing empties a file");
    }
    if matches!(call.name, "ln" | "link" | "symlink") || call.flag('s') || call.has("--symbolic-link") {
        link(walker, call, sources, target);
    }
}

/// Input from which nothing comes, by its name among files.
fn gives_nothing(walker: &Walker, sources: &[&Word]) -> bool {
    let input = |word: &&&Word| matches!(word.text.as_str(), "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0");
    walker.from_nothing && sources.iter().any(|word| input(&word))
}

/// A link that leads out of what is the caller's own, or takes the place of data.
fn link(walker: &mut Walker, call: Call<'_>, sources: &[&Word], target: Option<&Word>) {
    let leads = |word: &&&Word| {
        let path = paths::tidy(&word.text);
        let wide = path.starts_with('/') && paths::is_wide(&path) && path.matches('/').count() == 1;
        wide || ["/etc", "/root", "/proc", "/dev", "/sys", "/boot"]
            .iter()
            .any(|place| path.starts_with(&format!("{place}/")))
    };
    let climbs = |word: &&&Word| {
        let path = paths::tidy(&word.text);
        path.starts_with("../")
            && ["etc/", "root/", "proc/"].iter().any(|place| path.trim_start_matches("../").starts_with(place))
    };
    if sources.iter().any(|word| leads(&word) || climbs(&word)) {
        walker.out.danger("a link that leads into the system");
    }
    let replaces = call.flag('f') || call.long("force");
    if replaces && target.is_some_and(|word| word.hole || keeps(&word.text)) {
        walker.out.danger("a link takes the place of data");
    }
}
