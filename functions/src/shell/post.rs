//! Messages to people, and looks at the network: harmless as long as no file goes out with them and nobody else's content comes in.

use super::{call::Call, paths, reading::Effect, walk::Walker, word::HOLE};

/// Judges the program if it is one of these and does nothing more.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    if call.may_hide_option() {
        return false;
    }
    let harmless = match call.name {
        "mail" | "mailx" => writes_letter(walker, call),
        "wall" => call.operands().all(|word| !paths::looks_like_path(&word.text)) && !sends_files(walker),
        "tcpdump" => watches_heads(call),
        "nmap" => looks_at_one(call),
        _ => return false,
    };
    if harmless {
        walker.out.network |= call.name != "wall";
        let writes = matches!(call.name, "wall" | "mail" | "mailx");
        walker.out.at_least(if writes { Effect::Write } else { Effect::Read });
        if call.name == "nmap" {
            walker.out.hosts.extend(call.operands().last().map(|word| word.text.clone()));
        }
    }
    harmless
}

/// A letter with a subject and recipients, whose text is what commands say or notes about it.
fn writes_letter(walker: &Walker, call: Call<'_>) -> bool {
    let tame = call.options().all(|text| {
        let letters = text.get(1..).unwrap_or_default();
        matches!(letters.chars().next(), Some('s' | 'c' | 'b' | 'r' | 'n' | 'E' | 'e' | 'v')) && !text.starts_with("--")
    });
    let header = call.args.windows(2).all(|pair| match pair {
        [option, value] if option.text == "-a" => value.text.contains(": "),
        _ => true,
    });
    (tame || header && call.options().all(|text| matches!(text, "-a" | "-s"))) && !sends_files(walker)
}

/// Whether files were read whose content may be in what is sent.
fn sends_files(walker: &Walker) -> bool {
    let notes = |path: &String| {
        let report = [".txt", ".log", ".md", ".html"].iter().any(|end| path.ends_with(end));
        (report || path.starts_with("/proc/")) && !path.contains(HOLE)
    };
    !walker.out.reads.iter().all(notes)
}

/// Packets are shown by who sends them to whom; what is in them is neither shown nor kept.
fn watches_heads(call: Call<'_>) -> bool {
    let tame = |text: &str| {
        !text.starts_with("--")
            && text.chars().skip(1).take_while(|c| !"icsyBQ".contains(*c)).all(|c| "nqtveplSKLDhU#fN".contains(c))
    };
    call.options().all(|text| tame(text) || matches!(text, "--version" | "--help" | "--list-interfaces"))
}

/// One host, or its ports, are looked at, without scripts, disguise or force.
fn looks_at_one(call: Call<'_>) -> bool {
    let mut targets = Vec::new();
    let mut args = call.args.iter().map(|word| word.text.as_str());
    while let Some(text) = args.next() {
        match text {
            "-p" | "--top-ports" => drop(args.next()),
            "-Pn" | "-sT" | "-sV" | "-sn" | "-F" | "-v" | "-vv" | "-n" | "-T3" | "-T4" | "--open" | "--reason"
            | "-4" | "-6" => {}
            text if text.starts_with("-p") && !text.starts_with("--") => {}
            text if text.starts_with('-') => return false,
            target => targets.push(target),
        }
    }
    let range = |target: &str| {
        let numeric = target.chars().all(|c| c.is_ascii_digit() || ".-,*/".contains(c));
        target.contains(['/', '*', ',', HOLE]) || numeric && target.contains('-')
    };
    matches!(targets.as_slice(), [one] if !range(one))
}
