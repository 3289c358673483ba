//! Programs that talk to other machines.

use super::{
    call::Call,
    metadata, paths,
    reading::Effect,
    terminals,
    walk::{Stdin, Walker},
    word::Word,
    wrap::{Options, options},
};

/// Judges the program if it is one of these.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    match call.name {
        "curl" => curl(walker, call),
        "wget" | "wget2" | "aria2c" | "axel" => {
            if call.name == "aria2c" {
                call.values('d', "dir").into_iter().for_each(|word| walker.writes_file(&paths::tidy(&word.text)));
            }
            wget(walker, call);
        }
        "http" | "https" | "xh" => fetches(walker, call),
        "ssh" | "slogin" | "autossh" => ssh(walker, call),
        "scp" | "rsync" | "sftp" | "rclone" => copies(walker, call),
        "ping" | "ping6" | "traceroute" | "traceroute6" | "tracepath" | "mtr" | "dig" | "nslookup" | "host"
        | "whois" | "drill" | "kdig" | "arping" => {
            walker.out.network = true;
            let carries = |word: &Word| word.hole && word.text.chars().count() > 1 && walker.prints;
            if call.operands().any(carries) {
                walker.out.danger(format!("{} sends what another command prints", call.name));
            }
            if call.flag('f') && call.name.starts_with("ping") {
                walker.out.danger("ping -f floods another machine");
            }
        }
        "nc" | "ncat" | "netcat" | "socat" | "telnet" | "ftp" | "lftp" | "tftp" | "nmap" | "mosh" | "rsh" => {
            connects(walker, call);
        }
        "tmux" | "screen" => terminals::judge(walker, call),
        "ssh-keygen" | "ssh-add" | "gpg" | "gpg2" => keys(walker, call),
        _ => return false,
    }
    true
}

fn connects(walker: &mut Walker, call: Call<'_>) {
    walker.out.network = true;
    walker.out.hosts.extend(call.operands().take(1).map(|word| word.text.clone()));
    let asks = matches!(call.args, [word] if matches!(word.text.as_str(), "-h" | "--help" | "--version"));
    let probes = matches!(call.name, "nc" | "ncat" | "netcat") && call.flag('z') && !call.any_flag("lecUx");
    // Somebody looks whether a port answers.
    let knocks = call.name == "telnet" && walker.stdin == Stdin::Client && call.operands().count() == 2;
    if asks || (probes || knocks) && !call.may_hide_option() {
        return;
    }
    if call.any_flag("ec")
        || call.name == "socat"
        || call.name == "lftp"
        || call.options().any(|text| text.contains("script"))
    {
        walker.out.doubt(format!("{} can run commands for others", call.name));
    }
    walker.out.danger(format!("{} connects to other machines", call.name));
}

/// Programs whose options tell whether they only show keys.
fn keys(walker: &mut Walker, call: Call<'_>) {
    let first = call.args.first().map(|word| word.text.as_str()).unwrap_or_default();
    let shows = match call.name {
        "ssh-add" => matches!(first, "-l" | "-L"),
        "ssh-keygen" => call.flag('l') && !call.any_flag("pyceiR"),
        _ => matches!(first, "--verify" | "--list-keys" | "-k" | "--version" | "--fingerprint"),
    };
    if !shows {
        walker.out.danger(format!("{} changes keys", call.name));
    }
}

/// Whether a host is this machine.
fn is_here(host: &str) -> bool {
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.chars().all(|c| c.is_ascii_digit()) { name } else { host });
    matches!(name, "localhost" | "127.0.0.1" | "[::1]" | "0.0.0.0")
}

/// An address that gives secrets, or that carries away what a command printed.
fn leaks(walker: &mut Walker, call: Call<'_>) {
    for word in call.args {
        if metadata::is_asked(&word.text) || host(&word.text).is_some_and(|host| metadata::is_host(&host)) {
            walker.out.danger("asks the cloud for the machine's credentials");
        }
        let away = host(&word.text).is_none_or(|host| !is_here(&host));
        if word.hole && walker.prints && away && !word.text.starts_with(super::word::HOLE) {
            walker.out.danger(format!("{} sends what another command prints", call.name));
        }
    }
}

/// The host of an address as curl takes it.
fn host(address: &str) -> Option<String> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    (!host.is_empty()).then(|| host.to_owned())
}

fn curl(walker: &mut Walker, call: Call<'_>) {
    walker.out.network = true;
    if call.args.iter().any(|word| ["docker.sock", "containerd", "podman.sock"].iter().any(|by| word.text.contains(by)))
        && call.options().any(|text| text.starts_with("--unix-s") || text.starts_with("--abs"))
    {
        walker.out.danger("curl tells what runs the containers what to do");
    }
    walker.out.hosts.extend(call.operands().filter_map(|word| host(&word.text)));
    for word in call.operands().filter(|word| word.text.starts_with("file:")) {
        walker.reads_file(&paths::tidy(word.text.trim_start_matches("file:")));
    }
    let written: Vec<&Word> =
        call.values('o', "output").into_iter().filter(|word| !word.text.starts_with('-')).collect();
    let mut writes = call.any_flag("OJDc")
        || [
            "--remote-name",
            "--remote-header-name",
            "--dump-header",
            "--cookie-jar",
            "--trace",
            "--trace-ascii",
            "--hsts",
            "--alt-svc",
            "--libcurl",
            "--stderr",
            "--create-dirs",
            "--etag-save",
            "--output-dir",
            "--remote-name-all",
            "--keepalive-cnt",
            "--xattr",
        ]
        .iter()
        .any(|name| call.options().any(|text| starts(text, name)));
    for word in &written {
        let path = paths::tidy(&word.text);
        if !paths::is_sink(&path) {
            writes = true;
            walker.writes_file(&path);
        }
    }
    for (letter, long) in [('c', "cookie-jar"), ('D', "dump-header")] {
        call.files(letter, long).iter().filter(|path| *path != "-").for_each(|path| walker.writes_file(path));
    }
    for long in ["trace", "trace-ascii", "etag-save", "libcurl", "stderr", "hsts", "alt-svc", "output-dir"] {
        let named = call.options().any(|text| starts(text, &format!("--{long}")));
        call.files('\0', long).iter().filter(|path| named && *path != "-").for_each(|path| walker.writes_file(path));
    }
    writes |= written.is_empty() && (call.flag('o') || call.options().any(|text| text.starts_with("--out")));
    for word in call.operands().filter(|_| {
        call.flag('O') || call.long("remote-name") && call.options().any(|text| starts(text, "--remote-name"))
    }) {
        walker.writes_file(paths::name(&word.text));
    }
    if writes {
        walker.out.at_least(Effect::Write);
    }
    leaks(walker, call);
    for word in call.values('H', "header") {
        if let Some(file) = word.text.trim_start_matches("-H").strip_prefix('@') {
            walker.reads_file(&paths::tidy(file));
        }
    }
    let flags = |letters: &[char]| {
        let mut short = call.options().filter(|text| !text.starts_with("--") && !text.starts_with("-X"));
        short.any(|text| text.contains(letters))
    };
    let sends = flags(&['d', 'F', 'T', 'Q'])
        || call.options().any(|text| {
            ["--dat", "--for", "--upl", "--jso", "--quo", "--url-q", "--mail"]
                .iter()
                .any(|start| text.starts_with(start))
        });
    let method = call
        .values('X', "request")
        .into_iter()
        .find(|word| !word.text.starts_with('-') || word.text.len() > 2 && word.text.starts_with("-X"));
    let changes = method.is_some_and(|word| !matches!(word.text.trim_start_matches("-X"), "GET" | "HEAD" | "OPTIONS"));
    let here: Vec<bool> =
        addresses(call).iter().map(|word| host(&word.text).is_some_and(|host| is_here(&host))).collect();
    let literal = !flags(&['F', 'T', 'Q']) && !call.args.iter().any(|word| word.text.contains('@') || word.hole);
    let removes = method.is_some_and(|word| word.text.contains("DELETE"));
    let destroys = addresses(call).iter().any(|word| runs_service(&word.text) || removes && !names_one(&word.text));
    if (sends || changes) && literal && !destroys && !here.is_empty() && here.into_iter().all(|here| here) {
        walker.out.at_least(Effect::Write);
    } else if sends || changes {
        walker.out.danger("curl sends data or changes something elsewhere");
    }
    if call.flag('K')
        || call.options().any(|text| {
            starts(text, "--config") || starts(text, "--engine") || starts(text, "--netrc-file") && text.len() > 8
        })
        || call.may_hide_option()
    {
        walker.out.doubt("curl with options that are not known here");
    }
}

/// Whether the path of an address names what stops, empties or opens a service rather than what it serves.
fn runs_service(address: &str) -> bool {
    const SAYS: [&str; 30] = [
        "shutdown",
        "_shutdown",
        "restart",
        "stop",
        "kill",
        "pause",
        "quit",
        "quitquitquit",
        "exit",
        "exec",
        "containers",
        "images",
        "volumes",
        "drop",
        "flush",
        "purge",
        "reset",
        "wipe",
        "destroy",
        "delete",
        "_delete_by_query",
        "_cluster",
        "_update_by_query",
        "_close",
        "seal",
        "rekey",
        "leave",
        "drain",
        "script",
        "abort",
    ];
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    path.split('/').skip(1).any(|part| SAYS.contains(&part.to_ascii_lowercase().as_str()))
}

/// Whether an address names one thing of many, by a number or the like: `/items/42`.
fn names_one(address: &str) -> bool {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let path = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let Some((before, last)) = path.rsplit_once('/') else { return false };
    let Some((_, holder)) = before.rsplit_once('/') else { return false };
    holder.chars().all(|c| c.is_ascii_alphabetic() || "-_".contains(c))
        && crate::http::is_id(last)
        && !rest.contains(['*', ','])
}

/// What curl calls: its arguments without options and their values.
fn addresses<'a>(call: Call<'a>) -> Vec<&'a Word> {
    let valued = |text: &str| {
        let short = text.len() == 2
            && text.ends_with([
                'd', 'H', 'X', 'w', 'o', 'u', 'A', 'e', 'b', 'm', 'x', 'F', 'T', 'C', 'r', 'E', 'K', 'c', 'D',
            ]);
        let long = text.starts_with("--")
            && !text.contains('=')
            && ["--data", "--header", "--request", "--json", "--user", "--max-time", "--output", "--form"]
                .iter()
                .any(|name| text.starts_with(name));
        short || long
    };
    let mut found = Vec::new();
    let mut args = call.args.iter();
    while let Some(word) = args.next() {
        if !word.text.starts_with('-') {
            found.push(word);
        } else if valued(&word.text)
            || word.text.starts_with('-') && !word.text.starts_with("--") && word.text.ends_with(['d', 'H', 'X', 'o'])
        {
            args.next();
        }
    }
    found
}

/// Whether a long option is `name` or an unambiguous beginning of it.
fn starts(text: &str, name: &str) -> bool {
    let given = text.split('=').next().unwrap_or_default();
    given.len() > 4 && name.starts_with(given)
}

fn wget(walker: &mut Walker, call: Call<'_>) {
    walker.out.network = true;
    walker.out.hosts.extend(call.operands().filter_map(|word| host(&word.text)));
    let to_output = call.name.starts_with("wget")
        && (call.values('O', "output-document").iter().any(|word| {
            matches!(word.text.as_str(), "-" | "/dev/null" | "--output-document=-" | "-O-" | "-qO-" | "-O/dev/null")
        }) || call.options().any(|text| text.ends_with("O-"))
            || call.long("spider") && call.options().any(|text| text.starts_with("--sp")));
    let sends = call.options().any(|text| ["--post", "--body", "--method"].iter().any(|start| text.starts_with(start)));
    let runs = call.options().any(|text| {
        text == "-e" || text.starts_with("--exe") || text.starts_with("--use-a") || text.starts_with("--conf")
    });
    leaks(walker, call);
    if !to_output || call.any_flag("oaPi") {
        walker.out.at_least(Effect::Write);
        for word in call.operands().filter(|word| word.text.contains('/')) {
            walker.writes_file(paths::name(&word.text));
        }
        for (letter, long) in [('o', "output-file"), ('a', "append-output"), ('O', "output-document")] {
            let files = call.files(letter, long);
            files
                .iter()
                .filter(|path| *path != "-" && !path.starts_with('-'))
                .for_each(|path| walker.writes_file(path));
        }
        let named = call.values('O', "output-document").into_iter().chain(call.values('P', "directory-prefix"));
        for word in named.filter(|word| !word.text.starts_with('-') || word.text.contains('/')) {
            let text =
                word.text.trim_start_matches("-O").trim_start_matches("-P").trim_start_matches("--output-document=");
            walker.writes_file(&paths::tidy(text.trim_start_matches("--directory-prefix=")));
        }
    }
    if sends {
        walker.out.danger("wget sends data elsewhere");
    }
    if runs || call.may_hide_option() {
        walker.out.doubt("wget with an option that can run commands");
    }
}

fn fetches(walker: &mut Walker, call: Call<'_>) {
    walker.out.network = true;
    walker.out.hosts.extend(call.operands().take(2).filter_map(|word| host(&word.text)));
    let gets =
        call.operands().next().is_none_or(|word| word.text == "GET" || word.text == "HEAD" || word.text.contains('.'));
    if !gets || call.any_flag("od") || call.operands().any(|word| word.text.contains('=') || word.text.contains('@')) {
        walker.out.danger(format!("{} sends data or writes to a file", call.name));
    }
}

fn ssh(walker: &mut Walker, call: Call<'_>) {
    const SSH: Options = options("ssh", "46AaCfGgKkMNnqsTtVvXxYy", "BbcDEeFIiJLlmOopQRSWwP").operands(0);
    walker.out.network = true;
    let risky = call.options().any(|text| {
        let lower = text.to_ascii_lowercase();
        lower.contains("proxycommand")
            || lower.contains("localcommand")
            || text.starts_with("-F")
            || text.starts_with("-E")
            || text.starts_with("-I")
    }) || call.args.iter().any(|word| {
        let lower = word.text.to_ascii_lowercase();
        lower.starts_with("proxycommand")
            || lower.contains("localcommand")
            || lower.starts_with("knownhostscommand")
            || lower.starts_with("match ")
    });
    if risky {
        walker.out.doubt("ssh with an option that runs commands here");
    }
    if call.any_flag("LRDwW")
        && call.options().any(|text| text.starts_with(['-']) && text.contains(['L', 'R', 'D', 'w', 'W']))
    {
        walker.out.danger("ssh opens a tunnel");
    }
    let Some(inner) = SSH.step(walker, call) else { return };
    let Some((target, command)) = inner.split_first() else { return };
    walker.out.hosts.insert(target.text.rsplit('@').next().unwrap_or_default().to_owned());
    if command.is_empty() {
        return walker.code_from_input(true);
    }
    // As with scp, what a pipeline or a file gives leaves the machine.
    if walker.stdin == Stdin::Other && !target.hole && !call.flag('n') {
        walker.out.danger("ssh sends what it is given to another machine");
    }
    // What it does there counts like here.
    let command = match command.iter().position(|word| !word.text.starts_with('-')) {
        Some(start) => command.get(start..).unwrap_or_default(),
        None => command,
    };
    walker.joined(command);
}

fn copies(walker: &mut Walker, call: Call<'_>) {
    let words: Vec<&Word> = call.operands().collect();
    for word in &words {
        match word.text.split_once(':') {
            Some((target, _)) if !target.contains('/') => {
                walker.out.network = true;
                walker.out.hosts.insert(target.rsplit('@').next().unwrap_or_default().to_owned());
            }
            _ => walker.reads_file(&paths::tidy(&word.text)),
        }
    }
    if let Some(last) = words.last().filter(|word| !word.text.contains(':')) {
        walker.writes_file(&paths::tidy(&last.text));
    }
    walker.out.at_least(Effect::Write);
    if call.name == "rsync" && call.options().any(|text| text.starts_with("--dae")) {
        walker.out.danger("rsync serves files to others");
    }
    for long in ["backup-dir", "log-file", "partial-dir", "temp-dir", "write-batch", "only-write-batch"]
        .iter()
        .filter(|_| call.name == "rsync")
    {
        call.files('\0', long).iter().for_each(|path| walker.writes_file(path));
    }
    for long in ["files-from", "password-file", "include-from", "exclude-from"].iter().filter(|_| call.name == "rsync")
    {
        call.files('\0', long).iter().for_each(|path| walker.reads_file(path));
    }
    let tries = call.name == "rsync" && (call.flag('n') || call.has("--dry-run"));
    if call.any_flag("eSoFDbc") || call.options().any(|text| text.starts_with("--rs")) || call.may_hide_option() {
        walker.out.doubt(format!("{} with an option that can run commands", call.name));
    }
    if !tries
        && call
            .options()
            .any(|text| text.starts_with("--del") || text.starts_with("--rem") || text.starts_with("--inp"))
    {
        walker.out.danger(format!("{} removes files", call.name));
    }
    if walker.out.network || call.name == "sftp" || call.name == "rclone" {
        walker.out.danger(format!("{} moves files between machines", call.name));
    }
}
