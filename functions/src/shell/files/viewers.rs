//! Programs that show files or search them and can run others while they do: pagers, `rg`, `fd`, `openssl`.

use crate::shell::{
    call::Call,
    judge::operands,
    paths,
    reading::Effect,
    walk::{Stdin, Walker},
};

pub(super) fn pager(walker: &mut Walker, call: Call<'_>) {
    if call.name != "man" {
        operands(walker, call, false);
    }
    walker.out.typed = true;
    let runs = match call.name {
        "man" => call.any_flag("PHC") || call.long("pager") || call.long("html") || call.long("config-file"),
        _ => {
            let moves = |text: &str| {
                text == "F" || text == "G" || text.starts_with('/') || text.chars().all(|c| c.is_ascii_digit())
            };
            call.args.iter().any(|word| word.text.strip_prefix('+').is_some_and(|rest| !moves(rest)))
                || call.any_flag("koOtT")
        }
    };
    if runs || call.may_hide_option() {
        walker.out.doubt(format!("{} with an option that can run commands", call.name));
    }
}

pub(super) fn search(walker: &mut Walker, call: Call<'_>) {
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

pub(super) fn openssl(walker: &mut Walker, call: Call<'_>) {
    let verb = call.args.first().map(|word| word.text.as_str()).unwrap_or_default();
    walker.out.network |= matches!(verb, "s_client" | "s_server" | "s_time" | "ocsp");
    if verb == "s_client" && walker.stdin == Stdin::Other && !walker.from_nothing && !walker.out.reads.is_empty() {
        walker.out.danger("openssl sends what it is given to another machine");
    }
    let shows = matches!(
        verb,
        "version" | "x509" | "verify" | "dgst" | "ciphers" | "s_client" | "crl" | "asn1parse" | "list" | "help"
    );
    let writes = call.args.iter().any(|word| {
        matches!(word.text.as_str(), "-out" | "--out" | "-writerand" | "-keyout" | "-engine" | "-provider")
    });
    let makes = matches!(verb, "rand" | "req" | "genrsa" | "genpkey" | "ecparam" | "dhparam");
    if makes && !call.has("-engine") && !call.has("-provider") {
        walker.out.at_least(Effect::Write);
        for word in
            call.args.iter().skip_while(|word| word.text != "-out" && word.text != "-keyout").skip(1).step_by(2).take(1)
        {
            walker.writes_file(&paths::tidy(&word.text));
        }
    } else if !shows || writes || call.may_hide_option() {
        walker.out.danger("openssl changes keys or files, or makes text unreadable");
    }
}
