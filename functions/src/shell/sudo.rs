//! Programs that act as another user.

use super::{
    call::Call,
    reading::Effect,
    walk::Walker,
    word::Word,
    wrap::{Options, options},
};

pub(super) fn sudo(walker: &mut Walker, call: Call<'_>) {
    const SUDO: Options = options("sudo", "ABbEHKknPSNis", "CDgGhpRrtTUu").long(
        &[
            "askpass",
            "background",
            "preserve-env",
            "set-home",
            "login",
            "shell",
            "non-interactive",
            "stdin",
            "reset-timestamp",
        ],
        &["user", "group", "host", "prompt", "chdir", "chroot", "close-from", "command-timeout", "role", "type"],
    );
    walker.out.privileged = true;
    if call.args.first().is_some_and(|word| word.text == "-l" || word.text == "-v" || word.text == "--list") {
        return;
    }
    if leading(call).any(|text| text == "-e" || text == "--edit") {
        return walker.out.danger("edits files as another user");
    }
    let shell = leading(call).any(|text| {
        text == "--login" || text == "--shell" || !text.starts_with("--") && (text.contains('i') || text.contains('s'))
    });
    let Some(inner) = SUDO.step(walker, call) else { return };
    as_another(walker, |walker| match (inner.is_empty(), shell) {
        (true, true) => walker.code_from_input(true),
        (true, false) => {}
        (false, true) => walker.joined(inner),
        (false, false) => walker.invoke(inner),
    });
}

/// What another user does must change nothing: it is not limited to what is the caller's own.
fn as_another(walker: &mut Walker, run: impl FnOnce(&mut Walker)) {
    let before = std::mem::replace(&mut walker.out.effect, Effect::Read);
    run(walker);
    if walker.out.effect == Effect::Write {
        walker.out.danger("changes something as another user");
    }
    walker.out.at_least(before);
}

pub(super) fn doas(walker: &mut Walker, call: Call<'_>) {
    const DOAS: Options = options("doas", "nLs", "aCu").operands(0);
    walker.out.privileged = true;
    let shell = leading(call).any(|text| text.contains('s'));
    let Some(inner) = DOAS.step(walker, call) else { return };
    if shell && inner.is_empty() {
        return walker.code_from_input(true);
    }
    as_another(walker, |walker| walker.invoke(inner));
}

/// `su` and `runuser`: the code of `-c`, or a shell. Options may stand behind the user's name.
pub(super) fn su(walker: &mut Walker, call: Call<'_>) {
    walker.out.privileged = true;
    walker.out.danger(format!("{} becomes another user", call.name));
    let mut args = call.args.iter();
    let (mut found, mut rest) = (false, Vec::new());
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if word.may_be_option() {
            walker.out.doubt("options of su that are only known while it runs");
        } else if text == "--command" || text == "--session-command" || is_cluster_ending_in_c(text) {
            found = true;
            walker.joined(args.as_slice().get(..1).unwrap_or_default());
            args.next();
        } else if let Some(code) = text.strip_prefix("--command=").or_else(|| text.strip_prefix("-c")) {
            found = true;
            walker.joined(&[Word { text: code.to_owned(), ..word.clone() }]);
        } else if call.name == "runuser" && (text == "-u" || text == "--user") {
            args.next();
            rest = args.as_slice().to_vec();
            break;
        } else if matches!(text, "-s" | "--shell" | "-g" | "-G" | "--group") {
            walker.out.doubt("su with a shell of choice");
        } else if !text.starts_with('-') {
            rest.push(word.clone());
        }
    }
    if call.name == "runuser" && !rest.is_empty() && !found {
        if rest.first().is_some_and(|word| word.text == "--") {
            rest.remove(0);
        }
        return walker.invoke(&rest);
    }
    if !found {
        walker.code_from_input(true);
    }
    if rest.len() > 1 {
        walker.out.doubt("arguments for a login shell");
    }
}

fn is_cluster_ending_in_c(text: &str) -> bool {
    text.starts_with('-') && !text.starts_with("--") && text.ends_with('c')
}

/// Options before the command.
fn leading(call: Call<'_>) -> impl Iterator<Item = &str> {
    call.args.iter().map(|word| word.text.as_str()).take_while(|text| text.starts_with('-') && *text != "--")
}
