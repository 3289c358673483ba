//! Who may use files: `chmod`, `chown`, and modes that other programs give what they make.

use super::losing::is_light;
use crate::shell::{call::Call, paths, reading::Effect, walk::Walker, word::Word};

pub(super) fn rights(walker: &mut Walker, call: Call<'_>) {
    let mut words = call.args.iter().filter(|word| !is_option(&word.text, call.name));
    let mode = words.next().map(|word| word.text.clone()).unwrap_or_default();
    let recursive = call.flag('R') || call.long("recursive");
    let mut wide = false;
    for word in words {
        let path = paths::tidy(&word.text);
        wide |= recursive && paths::is_wide(&path) && !matches!(path.as_str(), "." | "*");
        walker.touches_file(&path);
    }
    walker.out.at_least(Effect::Write);
    if wide {
        walker.out.danger(format!("{} -R changes who may use a whole tree", call.name));
    } else if call.name == "chown" && hands_over(call, &mode) {
        // Its own files go to the service that works with them.
    } else if call.name == "chown" || !is_tame(&mode) || call.args.first().is_some_and(Word::may_be_option) {
        walker.out.danger(format!("{} changes who may use files", call.name));
    }
}

/// Whether files below this folder are given to an ordinary account, none of them hidden or a key.
fn hands_over(call: Call<'_>, owner: &str) -> bool {
    const MIGHTY: [&str; 9] = ["root", "0", "wheel", "sudo", "admin", "docker", "adm", "shadow", "disk"];
    let mut names = owner.split(':').filter(|name| !name.is_empty());
    let plain =
        |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) && !MIGHTY.contains(&name);
    let below = |word: &Word| {
        word.exact().is_some_and(|text| {
            let path = paths::tidy(text);
            !path.starts_with(['/', '~', '.']) && !paths::is_wide(&path) && is_light(&path)
        })
    };
    let mut words = call.args.iter().filter(|word| !is_option(&word.text, call.name)).skip(1).peekable();
    names.all(plain) && !owner.is_empty() && words.peek().is_some() && words.all(below) && !call.long("reference")
}

fn is_option(text: &str, program: &str) -> bool {
    let letters = |set: &str| text.chars().skip(1).all(|c| set.contains(c)) && text.len() > 1;
    text.starts_with("--")
        || text.starts_with('-') && if program == "chmod" { letters("cfvR") } else { letters("cfvRhHLP") }
}

/// Whether what is made is given a mode that opens it to everyone, or one that is not known.
pub(in crate::shell) fn opens(call: Call<'_>) -> bool {
    let mut modes = call.values('m', "mode").into_iter().peekable();
    let mode = |word: &Word| match word.text.strip_prefix("--") {
        Some(long) => long.split_once('=').is_none_or(|(_, mode)| is_tame(mode)),
        None => match word.text.strip_prefix('-').and_then(|text| text.split_once('m')) {
            Some((_, mode)) => mode.is_empty() || is_tame(mode),
            None => is_tame(&word.text),
        },
    };
    modes.peek().is_some() && !modes.all(mode)
}

/// A mode that leaves the owner able to read and opens nothing to everyone but reading and running.
pub(super) fn is_tame(mode: &str) -> bool {
    let digits = mode.trim_start_matches('0').as_bytes();
    if let [owner, group, other] = digits
        && digits.iter().all(u8::is_ascii_digit)
    {
        return matches!(owner, b'4'..=b'7')
            && matches!(group, b'0'..=b'7')
            && matches!(other, b'0' | b'1' | b'4' | b'5');
    }
    !mode.is_empty() && mode.split(',').all(is_tame_part)
}

/// `u+x`, `go-w`, `u=rwX`.
fn is_tame_part(part: &str) -> bool {
    let Some(place) = part.find(['+', '-', '=']) else { return false };
    let (who, what) = part.split_at(place);
    let (takes, what) = (what.starts_with('-'), what.get(1..).unwrap_or_default());
    let known = who.chars().all(|c| "ugoa".contains(c)) && what.chars().all(|c| "rwxX".contains(c));
    let owner = who.is_empty() || who.contains(['u', 'a']);
    let others = who.contains(['o', 'a']);
    known
        && match takes {
            true => !owner || !what.contains('r'),
            false => !what.contains('w') || !others && !who.is_empty(),
        }
}
