//! Programs that pack and unpack files.

use super::filters::from_nothing;
use crate::shell::{call::Call, judge::operands, paths, reading::Effect, walk::Walker};

pub(super) fn archive(walker: &mut Walker, call: Call<'_>) {
    operands(walker, call, false);
    if call.name == "unzip" {
        if !call.any_flag("lvtpcz") {
            walker.out.at_least(Effect::Write);
            for word in call.values('d', "").into_iter().filter(|word| !word.text.starts_with('-')) {
                walker.writes_file(&paths::tidy(&word.text));
            }
        }
        return;
    }
    let runs = [
        "to-command",
        "use-compress-program",
        "checkpoint-action",
        "info-script",
        "new-volume-script",
        "rsh-command",
        "rmt-command",
    ];
    if runs.iter().any(|name| call.options().any(|text| text.len() > 4 && name.starts_with(long_name(text))))
        || call.any_flag("IF")
        || call.may_hide_option()
    {
        walker.out.doubt("tar with an option that can run commands");
    }
    // Names in the archive choose their places.
    let absolute = call.long("absolute-names") || call.any_flag("P");
    // The first word may be letters without a dash.
    let first = call.args.first().map(|word| word.text.as_str()).unwrap_or_default();
    let bare = if first.starts_with('-') { "" } else { first };
    let mode = |letter: char, name: &str| {
        bare.contains(letter)
            || call.flag(letter)
            || call.options().any(|text| text.len() > 3 && name.starts_with(long_name(text)))
    };
    if mode('x', "extract") || mode('x', "get") {
        match call.flag('O') || bare.contains('O') || call.options().any(|text| text == "--to-stdout") {
            true => {}
            false if absolute || bare.contains('P') => walker.out.danger("tar writes where the archive says"),
            false => extract(walker, call),
        }
    } else if mode('t', "list") && !mode('c', "create") {
        walker.out.at_least(Effect::Read);
    } else if call.options().any(|text| text.starts_with("--rem")) {
        walker.out.danger("tar removes what it packed");
    } else if mode('c', "create")
        && (!mode('f', "file") || call.has("-") || call.args.iter().any(|word| word.text.ends_with("f-")))
    {
        walker.out.at_least(Effect::Read);
    } else {
        from_nothing(walker, call);
        walker.out.at_least(Effect::Write);
        for word in call.values('f', "file").into_iter().filter(|word| !word.text.starts_with("-")) {
            walker.writes_file(&paths::tidy(&word.text));
        }
    }
}

/// Files come out of an archive: where it says, or here.
fn extract(walker: &mut Walker, call: Call<'_>) {
    walker.out.at_least(Effect::Write);
    for word in
        call.values('C', "directory").into_iter().filter(|word| !word.text.starts_with('-') || word.text.contains('/'))
    {
        let text = word.text.trim_start_matches("--directory=").trim_start_matches("-C");
        walker.writes_file(&paths::tidy(text));
    }
    if call.flag('P') || call.long("absolute-names") && call.options().any(|text| text.starts_with("--a")) {
        walker.out.danger("tar x writes wherever the archive says");
    }
}

/// The name of a long option; something that nothing begins with if it is none.
fn long_name(text: &str) -> &str {
    text.strip_prefix("--").and_then(|text| text.split('=').next()).filter(|text| !text.is_empty()).unwrap_or("\n")
}

pub(super) fn compress(walker: &mut Walker, call: Call<'_>) {
    let shows = call.any_flag("clt")
        || ["stdout", "to-stdout", "list", "test"].iter().any(|name| call.has(&format!("--{name}")));
    operands(walker, call, !shows);
    if !shows && (call.operands().next().is_some() || call.may_hide_option()) {
        walker.out.at_least(Effect::Write);
    }
}
