//! Programs that pass on what they read and can write it to files: `tee`, `dd`, `sort -o`.

use crate::shell::{call::Call, judge::operands, looks, paths, reading::Effect, walk::Walker};

pub(super) fn tee(walker: &mut Walker, call: Call<'_>) {
    let files = call.operands().filter(|word| !paths::is_sink(&paths::tidy(&word.text)));
    let mut any = false;
    let adds = call.flag('a') || call.long("append");
    for word in files {
        any = true;
        match adds {
            true => walker.adds_to_file(&paths::tidy(&word.text)),
            false => walker.writes_file(&paths::tidy(&word.text)),
        }
    }
    if any {
        walker.out.at_least(Effect::Write);
    }
}

pub(super) fn disk_dump(walker: &mut Walker, call: Call<'_>) {
    for word in call.args {
        match word.text.split_once('=') {
            Some(("if", path)) => {
                let path = paths::tidy(path);
                if path.starts_with("/dev/")
                    && !crate::shell::endless::DEVICES.contains(&path.as_str())
                    && !paths::is_sink(&path)
                    && path != "/dev/stdin"
                {
                    walker.out.danger("dd reads a whole device");
                }
                walker.reads_file(&path);
            }
            Some(("of", path)) if paths::is_sink(&paths::tidy(path)) => {}
            Some(("of", path)) => {
                let path = paths::tidy(path);
                walker.writes_file(&path);
                let image =
                    [".img", ".bin", ".iso", ".dat"].iter().any(|end| path.ends_with(end)) || path.starts_with("/tmp/");
                let within =
                    call.args.iter().any(|word| word.text.starts_with("conv=") && word.text.contains("notrunc"));
                if !image || within || !call.args.iter().any(|word| word.text.starts_with("count=")) {
                    walker.out.danger("dd overwrites a file or a device");
                }
            }
            Some(_) => {}
            None if word.hole => walker.out.danger("dd with operands that are only known while it runs"),
            None => {}
        }
        if word.text.starts_with(crate::shell::word::HOLE) {
            walker.out.danger("dd with operands that are only known while it runs");
        }
    }
}

/// Filters that can write to a file they are given.
pub(super) fn output(walker: &mut Walker, call: Call<'_>) {
    let writes = match call.name {
        "sort" | "tree" | "shuf" | "iconv" => {
            call.flag('o') || call.long("output") && call.options().any(|text| text.starts_with("--o"))
        }
        "uniq" => files_of_uniq(call) > 1,
        "xxd" => call.any_flag("r") || call.operands().filter(|word| looks::bytes(&word.text).is_none()).count() > 1,
        "sdiff" => call.flag('o') || call.long("output"),
        "xmllint" => call.long("output") && call.options().any(|text| text.starts_with("--out")) || call.flag('o'),
        "yq" => call.flag('i') || call.long("inplace"),
        _ => true,
    };
    let runs = call.name == "sort" && call.options().any(|text| text.starts_with("--comp"));
    operands(walker, call, writes);
    if writes {
        from_nothing(walker, call);
        walker.out.at_least(Effect::Write);
    }
    if runs || call.may_hide_option() && call.name != "tree" {
        walker.out.doubt(format!("options of {} that can write or run commands", call.name));
    }
}

/// A file is made of nothing, which only empties it.
pub(super) fn from_nothing(walker: &mut Walker, call: Call<'_>) {
    if call.operands().any(|word| word.text == "/dev/null") {
        walker.out.danger("empties a file");
    }
}

/// How many files `uniq` is given; values of its options are numbers.
fn files_of_uniq(call: Call<'_>) -> usize {
    let numbers = call.args.windows(2).filter(|pair| {
        let [option, value] = pair else { return false };
        matches!(option.text.as_str(), "-f" | "-s" | "-w") && value.text.chars().all(|c| c.is_ascii_digit())
    });
    call.operands().count() - numbers.count()
}
