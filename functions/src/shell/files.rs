//! Programs that work on files and whose options decide what happens to them.

use super::{call::Call, judge::operands, paths, reading::Effect, walk::Walker, word::Word};

/// Judges the program if it is one of these.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    match call.name {
        "rm" => remove(walker, call),
        "mv" => {
            operands(walker, call, true);
            walker.out.danger("mv takes files from their place");
        }
        "cp" | "ln" | "link" | "symlink" => copy(walker, call),
        "tee" => tee(walker, call),
        "dd" => disk_dump(walker, call),
        "chmod" | "chown" => rights(walker, call),
        "sort" | "uniq" | "tree" | "xmllint" | "yq" | "sdiff" | "iconv" | "shuf" | "xxd" | "strace-log-merge" => {
            output(walker, call)
        }
        "tar" | "bsdtar" | "gtar" | "unzip" => archive(walker, call),
        "gzip" | "gunzip" | "bzip2" | "bunzip2" | "xz" | "unxz" | "zstd" | "unzstd" | "lz4" => compress(walker, call),
        "less" | "more" | "most" | "man" => pager(walker, call),
        "rg" | "fd" | "fdfind" | "ag" => search(walker, call),
        "openssl" => openssl(walker, call),
        _ => return false,
    }
    true
}

fn remove(walker: &mut Walker, call: Call<'_>) {
    operands(walker, call, true);
    let tree = call.any_flag("rR") || call.long("recursive");
    walker.out.danger(if tree { "rm with -r removes a tree" } else { "rm removes files" });
}

fn copy(walker: &mut Walker, call: Call<'_>) {
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
    if sources
        .iter()
        .any(|word| matches!(word.text.as_str(), "/dev/null" | "/dev/zero" | "/dev/urandom" | "/dev/random"))
    {
        walker.out.danger("a copy of nothing empties a file");
    }
    if call.name == "cp" && (call.flag('l') || call.flag('s') || call.long("remove-destination")) || call.flag('f') {
        walker.out.danger(format!("{} replaces files", call.name));
    }
    if call.may_hide_option() {
        walker.out.danger(format!("options of {} that are only known while it runs", call.name));
    }
}

fn tee(walker: &mut Walker, call: Call<'_>) {
    let files = call.operands().filter(|word| !paths::is_sink(&paths::tidy(&word.text)));
    let mut any = false;
    for word in files {
        any = true;
        walker.writes_file(&paths::tidy(&word.text));
    }
    let appends = call.flag('a') || call.long("append");
    match (any, appends) {
        (false, _) => {}
        (true, true) => walker.out.at_least(Effect::Write),
        (true, false) => walker.out.danger("tee replaces a file"),
    }
}

fn disk_dump(walker: &mut Walker, call: Call<'_>) {
    for word in call.args {
        match word.text.split_once('=') {
            Some(("if", path)) => walker.reads_file(&paths::tidy(path)),
            Some(("of", path)) if paths::is_sink(&paths::tidy(path)) => {}
            Some(("of", path)) => {
                walker.writes_file(&paths::tidy(path));
                walker.out.danger("dd overwrites a file or a device");
            }
            Some(_) => {}
            None if word.hole => walker.out.danger("dd with operands that are only known while it runs"),
            None => {}
        }
        if word.text.starts_with(super::word::HOLE) {
            walker.out.danger("dd with operands that are only known while it runs");
        }
    }
}

fn rights(walker: &mut Walker, call: Call<'_>) {
    let mut words = call.args.iter().filter(|word| !is_option(&word.text, call.name));
    let mode = words.next().map(|word| word.text.clone()).unwrap_or_default();
    for word in words {
        walker.writes_file(&paths::tidy(&word.text));
    }
    let recursive = call.flag('R') || call.long("recursive");
    walker.out.at_least(Effect::Write);
    if recursive {
        walker.out.danger(format!("{} -R changes who may use a whole tree", call.name));
    } else if call.name == "chown" || !is_tame(&mode) || call.may_hide_option() {
        walker.out.danger(format!("{} changes who may use files", call.name));
    }
}

fn is_option(text: &str, program: &str) -> bool {
    let letters = |set: &str| text.chars().skip(1).all(|c| set.contains(c)) && text.len() > 1;
    text.starts_with("--")
        || text.starts_with('-') && if program == "chmod" { letters("cfvR") } else { letters("cfvRhHLP") }
}

/// A mode that takes nothing from the owner and opens nothing to everyone.
fn is_tame(mode: &str) -> bool {
    let digits = mode.trim_start_matches('0').as_bytes();
    if let [owner, group, other] = digits {
        return matches!(owner, b'6' | b'7')
            && matches!(group, b'0'..=b'7')
            && matches!(other, b'0' | b'1' | b'4' | b'5');
    }
    mode.split(',').all(|part| {
        part.split_once('+').is_some_and(|(who, what)| {
            who.chars().all(|c| "ugoa".contains(c))
                && what.chars().all(|c| "rwxX".contains(c))
                && (!what.contains('w') || !who.is_empty() && !who.contains(['o', 'a']))
        })
    })
}

/// Filters that can write to a file they are given.
fn output(walker: &mut Walker, call: Call<'_>) {
    let writes = match call.name {
        "sort" | "tree" | "shuf" | "iconv" => {
            call.flag('o') || call.long("output") && call.options().any(|text| text.starts_with("--o"))
        }
        "uniq" => files_of_uniq(call) > 1,
        "xxd" => call.any_flag("r") || call.operands().count() > 1,
        "sdiff" => call.flag('o') || call.long("output"),
        "xmllint" => call.long("output") && call.options().any(|text| text.starts_with("--out")) || call.flag('o'),
        "yq" => call.flag('i') || call.long("inplace"),
        _ => true,
    };
    let runs = call.name == "sort" && call.options().any(|text| text.starts_with("--comp"));
    operands(walker, call, writes);
    if writes {
        walker.out.danger(format!("{} writes to a file", call.name));
    }
    if runs || call.may_hide_option() && call.name != "tree" {
        walker.out.doubt(format!("options of {} that can write or run commands", call.name));
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

fn archive(walker: &mut Walker, call: Call<'_>) {
    operands(walker, call, false);
    if call.name == "unzip" {
        if !call.any_flag("lvtpcz") {
            walker.out.danger("unzip writes files");
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
            false => walker.out.danger("tar x writes files over others"),
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
        walker.out.danger("tar writes an archive");
    }
}

/// The name of a long option; something that nothing begins with if it is none.
fn long_name(text: &str) -> &str {
    text.strip_prefix("--").and_then(|text| text.split('=').next()).filter(|text| !text.is_empty()).unwrap_or("\n")
}

fn compress(walker: &mut Walker, call: Call<'_>) {
    let shows = call.any_flag("clt")
        || ["stdout", "to-stdout", "list", "test"].iter().any(|name| call.has(&format!("--{name}")));
    operands(walker, call, !shows);
    if !shows && (call.operands().next().is_some() || call.may_hide_option()) {
        walker.out.danger(format!("{} replaces files", call.name));
    }
}

fn pager(walker: &mut Walker, call: Call<'_>) {
    if call.name != "man" {
        operands(walker, call, false);
    }
    let runs = match call.name {
        "man" => call.any_flag("PHC") || call.long("pager") || call.long("html") || call.long("config-file"),
        _ => call.args.iter().any(|word| word.text.starts_with('+')) || call.any_flag("koOtT"),
    };
    if runs || call.may_hide_option() {
        walker.out.doubt(format!("{} with an option that can run commands", call.name));
    }
}

fn search(walker: &mut Walker, call: Call<'_>) {
    operands(walker, call, false);
    let runs = match call.name {
        "rg" => {
            call.options().any(|text| text.starts_with("--pre") || text.starts_with("--hostname-bin")) || call.flag('z')
        }
        "ag" => call.long("pager"),
        _ => call.any_flag("xX") || call.options().any(|text| text.starts_with("--exec")),
    };
    if runs || call.may_hide_option() && call.name != "ag" {
        walker.out.doubt(format!("{} with an option that runs commands", call.name));
    }
}

fn openssl(walker: &mut Walker, call: Call<'_>) {
    let verb = call.args.first().map(|word| word.text.as_str()).unwrap_or_default();
    walker.out.network |= matches!(verb, "s_client" | "s_server" | "s_time" | "ocsp");
    let shows = matches!(
        verb,
        "version" | "x509" | "verify" | "dgst" | "ciphers" | "s_client" | "crl" | "asn1parse" | "list" | "help"
    );
    let writes = call.args.iter().any(|word| {
        matches!(word.text.as_str(), "-out" | "--out" | "-writerand" | "-keyout" | "-engine" | "-provider")
    });
    if !shows || writes || call.may_hide_option() {
        walker.out.danger("openssl changes keys or files, or makes text unreadable");
    }
}
