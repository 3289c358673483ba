//! Programs that keep a terminal: a shell in them is typed into and not judged, as any shell is; a command that they start is judged as if it
//! stood alone. What is typed into somebody else's terminal, by `stuff` or `send-keys`, runs there, and nobody can say what it does.

use super::{call::Call, reading::Effect, walk::Walker, word::Word};

pub(super) fn judge(walker: &mut Walker, call: Call<'_>) {
    let known = match call.name {
        "screen" => screen(walker, call.args),
        _ => tmux(walker, call.args),
    };
    if !known {
        walker.out.danger(format!("{} opens a terminal of its own, or types into one", call.name));
    }
}

/// `screen -dmS name [command]`, `-r`, `-ls`, `-S name -X quit`.
fn screen(walker: &mut Walker, args: &[Word]) -> bool {
    let mut rest = args;
    let mut sends = None;
    while let [word, after @ ..] = rest {
        let text = word.text.as_str();
        let Some(letters) = text.strip_prefix('-').filter(|letters| !letters.is_empty()) else { break };
        rest = after;
        match letters {
            "ls" | "list" | "v" | "q" | "L" | "U" | "a" | "d" | "D" | "m" | "dm" | "Dm" | "x" | "r" | "R" | "RR"
            | "dr" | "dR" | "dRR" | "Dr" => {}
            "S" | "dmS" | "DmS" | "dmLS" | "t" => rest = rest.get(1..).unwrap_or_default(),
            "X" => {
                sends = Some(rest);
                break;
            }
            _ => return false,
        }
    }
    walker.out.at_least(Effect::Write);
    match sends {
        Some(words) => matches!(words, [only] if matches!(only.text.as_str(), "quit" | "detach")),
        None => starts(walker, args, rest),
    }
}

/// What a new terminal runs: a shell, or what stands behind the options. One that is only gone back to has a name there.
fn starts(walker: &mut Walker, args: &[Word], rest: &[Word]) -> bool {
    let back = args
        .iter()
        .any(|word| matches!(word.text.as_str(), "-r" | "-R" | "-RR" | "-x" | "-dr" | "-dR" | "-dRR" | "-Dr"));
    let lists = args.iter().any(|word| matches!(word.text.as_str(), "-ls" | "-list" | "-v"));
    match rest {
        [] => walker.out.typed |= !lists,
        [_] if back => walker.out.typed = true,
        command if !back && !lists => walker.joined(command),
        _ => return false,
    }
    true
}

/// `tmux new -d -s name [command]`, `attach`, `ls`, `kill-session -t name`.
fn tmux(walker: &mut Walker, args: &[Word]) -> bool {
    let Some((verb, mut rest)) = args.split_first() else {
        walker.out.typed = true;
        return true;
    };
    walker.out.at_least(Effect::Write);
    match verb.text.as_str() {
        "ls" | "list-sessions" | "list-windows" | "list-panes" | "has-session" | "has" | "-V" => return true,
        "attach" | "attach-session" | "a" | "at" | "detach" => {
            walker.out.typed = true;
            return true;
        }
        "kill-session" => {
            return args.iter().any(|word| word.text == "-t") && !args.iter().any(|word| word.text == "-a");
        }
        "new" | "new-session" | "neww" | "new-window" => {}
        _ => return false,
    }
    while let [word, after @ ..] = rest {
        rest = match word.text.as_str() {
            "-s" | "-n" | "-t" | "-c" | "-x" | "-y" => after.get(1..).unwrap_or_default(),
            "-d" | "-A" | "-D" | "-P" | "-ds" => after,
            text if text.starts_with('-') => return false,
            _ => break,
        };
        if word.text == "-ds" {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    match rest {
        [] => walker.out.typed = true,
        command => walker.joined(command),
    }
    true
}
