//! Programs that run another one: their own options are stepped over, and what they run is read in turn. An option that is
//! not in the list could take the next word, so it makes the whole dynamic.

use super::{
    call::Call,
    files, paths,
    reading::Effect,
    secrets, sudo,
    walk::{Stdin, Walker},
    word::Word,
};

/// How a wrapper's command line is built.
struct Wrapper {
    name: &'static str,
    /// Letters of options without a value.
    flags: &'static str,
    /// Letters of options with a value.
    valued: &'static str,
    /// Long options without a value (or with `=value`).
    long: &'static [&'static str],
    /// Long options whose value may be the next word.
    long_valued: &'static [&'static str],
    /// Words that come before the command.
    operands: usize,
    /// `name=value` words may come before the command.
    assigns: bool,
}

const fn wrapper(name: &'static str, flags: &'static str, valued: &'static str) -> Wrapper {
    Wrapper { name, flags, valued, long: &[], long_valued: &[], operands: 0, assigns: false }
}

const WRAPPERS: &[Wrapper] = &[
    wrapper("nohup", "", ""),
    wrapper("builtin", "", ""),
    wrapper("exec", "cl", "a"),
    wrapper("dbus-run-session", "", ""),
    wrapper("fakeroot", "", ""),
    wrapper("catchsegv", "", ""),
    wrapper("noglob", "", ""),
    wrapper("nocorrect", "", ""),
    wrapper("eatmydata", "", ""),
    wrapper("proxychains", "q", "f"),
    wrapper("proxychains4", "q", "f"),
    wrapper("torify", "", ""),
    wrapper("pkexec", "", ""),
    wrapper("caffeinate", "dimsu", "tw"),
    Wrapper { long: &["wait", "fork", "ctty"], ..wrapper("setsid", "cfw", "") },
    Wrapper { long_valued: &["adjustment"], ..wrapper("nice", "0123456789", "n") },
    Wrapper { long: &["ignore"], long_valued: &["class", "classdata"], ..wrapper("ionice", "t", "cn") },
    Wrapper {
        long: &["preserve-status", "foreground", "verbose"],
        long_valued: &["kill-after", "signal"],
        operands: 1,
        ..wrapper("timeout", "fpv", "ks")
    },
    Wrapper {
        long: &["append", "portability", "verbose", "quiet"],
        long_valued: &["format", "output"],
        ..wrapper("time", "apvq", "fo")
    },
    Wrapper { long_valued: &["input", "output", "error"], ..wrapper("stdbuf", "", "ioe") },
    Wrapper { long: &["all-tasks", "cpu-list"], operands: 1, ..wrapper("taskset", "ac", "") },
    Wrapper { long: &["batch", "fifo", "idle", "other", "rr"], operands: 1, ..wrapper("chrt", "abfior", "") },
    Wrapper {
        long: &["interleave", "localalloc"],
        long_valued: &["cpunodebind", "membind", "physcpubind", "preferred"],
        ..wrapper("numactl", "l", "Nmpi")
    },
    Wrapper { long: &["userspec", "groups", "skip-chdir"], operands: 1, ..wrapper("chroot", "", "") },
    Wrapper {
        long: &["mount", "uts", "ipc", "net", "pid", "user", "cgroup", "fork", "map-root-user"],
        ..wrapper("unshare", "muinpUCfrc", "")
    },
    Wrapper {
        long: &["mount", "uts", "ipc", "net", "pid", "user", "cgroup", "all"],
        long_valued: &["target", "setuid", "setgid"],
        ..wrapper("nsenter", "amuinpUC", "tSG")
    },
    Wrapper { long: &["track-origins", "quiet"], ..wrapper("valgrind", "qv", "") },
    Wrapper { long: &["follow-forks"], ..wrapper("strace", "cCdDfFhikqrtTvVxyzZ", "abeEIoOpPsSuUX") },
    wrapper("ltrace", "cCfhirStTVL", "adDelnopsuxX"),
    Wrapper {
        long: &["wait", "pty", "pipe", "scope", "user", "system", "quiet", "collect", "no-block"],
        long_valued: &["unit", "property", "description", "slice", "uid", "gid", "nice", "setenv"],
        ..wrapper("systemd-run", "tPqGdrS", "upEH")
    },
    Wrapper { long_valued: &["what", "who", "why", "mode"], ..wrapper("systemd-inhibit", "", "") },
    Wrapper { long: &["list"], ..wrapper("busybox", "", "") },
    wrapper("toybox", "", ""),
    Wrapper { long_valued: &["rate", "name"], ..wrapper("ts", "", "") },
    wrapper("unbuffer", "p", ""),
    Wrapper { operands: 1, ..wrapper("setarch", "vRFZLXBIST3", "") },
    wrapper("linux64", "vRFZLXBIST3", ""),
    wrapper("ip-netns", "", ""),
];

/// Reads what the call wraps; false if it is no wrapper.
pub(super) fn unwrap(walker: &mut Walker, call: Call<'_>) -> bool {
    match call.name {
        "sudo" => sudo::sudo(walker, call),
        "doas" => sudo::doas(walker, call),
        "su" | "runuser" => sudo::su(walker, call),
        "env" => env(walker, call),
        "command" => command(walker, call),
        "xargs" => xargs(walker, call),
        "parallel" => parallel(walker, call),
        "find" => find(walker, call),
        "watch" => watch(walker, call),
        "flock" => flock(walker, call),
        "script" => script(walker, call),
        "trap" => trap(walker, call),
        "alias" => call.args.iter().for_each(|word| alias(walker, word)),
        _ => match WRAPPERS.iter().find(|wrapper| wrapper.name == call.name) {
            Some(wrapper) => plain(walker, call, wrapper),
            None => return false,
        },
    }
    true
}

/// Whether a process of the caller's own, by its number, is looked at.
fn watches_one(walker: &Walker, call: Call<'_>) -> bool {
    let numbers = call.values('p', "attach");
    let plain = |word: &&Word| {
        let text = word.text.trim_start_matches("--attach=").trim_start_matches("-p");
        text.is_empty() || word.exact().is_some() && text.parse::<u32>().is_ok_and(|number| number > 1)
    };
    !walker.out.privileged && !call.flag('o') && !numbers.is_empty() && numbers.iter().all(plain)
}

/// Whether a root of its own, or the namespaces of another process, are only looked at. Those of the first process are the machine's.
fn looks_elsewhere(walker: &Walker, call: Call<'_>, wrapper: &Wrapper) -> bool {
    let first = call.values('t', "target").iter().any(|word| {
        let number = word.text.trim_start_matches("--target=").trim_start_matches("-t");
        !number.is_empty() && number.parse::<u32>().is_ok_and(|number| number <= 1) || word.hole
    });
    let mut probe = walker.apart();
    let inner = step(&mut probe, call, wrapper).unwrap_or_default();
    if !matches!(call.name, "chroot" | "nsenter") || first || inner.is_empty() || !probe.out.is_harmless() {
        return false;
    }
    probe.invoke(inner);
    probe.out.is_harmless() && !probe.out.typed
}

fn plain(walker: &mut Walker, call: Call<'_>, wrapper: &Wrapper) {
    let elsewhere = matches!(call.name, "chroot" | "unshare" | "nsenter" | "pkexec");
    walker.out.privileged |= elsewhere;
    if elsewhere && !looks_elsewhere(walker, call, wrapper) {
        walker.out.danger(format!("{} leaves the session's own place", call.name));
    }
    match call.name {
        "systemd-run" if !call.has("--user") => walker.out.danger("systemd-run runs as the system"),
        "exec" if call.flag('a') => walker.out.danger("exec -a gives a program another's name"),
        _ => {}
    }
    if matches!(call.name, "strace" | "ltrace") && matches!(call.args, [word] if word.text == "-V") {
        return;
    }
    let Some(inner) = step(walker, call, wrapper) else { return };
    if matches!(call.name, "strace" | "ltrace" | "time") {
        let own = Call { args: call.args.get(..call.args.len() - inner.len()).unwrap_or_default(), ..call };
        for word in own.values('E', "env") {
            if let Some((name, value)) = word.text.trim_start_matches("-E").split_once('=') {
                walker.environment(name, &Word::plain(value));
            }
        }
        for path in own.files('o', "output") {
            match path.starts_with(['|', '!']) {
                true => walker.out.doubt(format!("{} hands what it finds to a command", call.name)),
                false => walker.writes_file(&path),
            }
        }
    }
    if inner.is_empty() {
        match call.name {
            // One's own processes only: others need rights that sudo gives.
            "strace" | "ltrace" if watches_one(walker, call) => walker.out.at_least(Effect::Write),
            "chroot" | "unshare" | "nsenter" | "setarch" | "linux64" | "systemd-run" | "strace" | "ltrace"
            | "pkexec" => {
                walker.out.danger(format!("{} without a command it names", call.name));
            }
            _ => {}
        }
    }
    let timed = walker.timed;
    walker.timed |= call.name == "timeout";
    walker.invoke(inner);
    walker.timed = timed;
}

/// The words from the wrapped command on; `None`, with a doubt noted, if they cannot be told apart.
fn step<'a>(walker: &mut Walker, call: Call<'a>, wrapper: &Wrapper) -> Option<&'a [Word]> {
    let mut rest = call.args;
    while let Some((word, behind)) = rest.split_first() {
        let text = word.text.as_str();
        if word.may_be_option() {
            walker.out.doubt(format!("options of {} that are only known while it runs", call.name));
            return None;
        }
        if text == "--" {
            rest = behind;
            break;
        }
        if wrapper.assigns
            && !text.starts_with('-')
            && let Some((name, value)) = text.split_once('=')
        {
            walker.environment(name, &Word { text: value.to_owned(), ..word.clone() });
            rest = behind;
            continue;
        }
        if text.len() < 2 || !text.starts_with('-') {
            break;
        }
        match skip(text, wrapper) {
            Some(words) => rest = behind.get(words - 1..).unwrap_or_default(),
            None => {
                walker.out.doubt(format!("an option of {} that is not known here", call.name));
                return None;
            }
        }
    }
    rest.get(wrapper.operands..).or(Some(&[]))
}

/// How many words an option takes.
fn skip(text: &str, wrapper: &Wrapper) -> Option<usize> {
    if let Some(long) = text.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        if wrapper.long_valued.contains(&name) {
            return Some(if value.is_some() { 1 } else { 2 });
        }
        return wrapper.long.contains(&name).then_some(1);
    }
    let mut letters = text.chars().skip(1);
    while let Some(letter) = letters.next() {
        if wrapper.valued.contains(letter) {
            return Some(if letters.next().is_some() { 1 } else { 2 });
        }
        if !wrapper.flags.contains(letter) {
            return None;
        }
    }
    Some(1)
}

pub(super) const fn options(name: &'static str, flags: &'static str, valued: &'static str) -> Options {
    Options(Wrapper { assigns: true, ..wrapper(name, flags, valued) })
}

/// The options of a wrapper that needs more than stepping over.
pub(super) struct Options(Wrapper);

impl Options {
    pub(super) const fn long(self, long: &'static [&'static str], long_valued: &'static [&'static str]) -> Self {
        Self(Wrapper { long, long_valued, ..self.0 })
    }

    pub(super) const fn operands(self, operands: usize) -> Self {
        Self(Wrapper { operands, assigns: false, ..self.0 })
    }

    pub(super) fn step<'a>(&self, walker: &mut Walker, call: Call<'a>) -> Option<&'a [Word]> {
        step(walker, call, &self.0)
    }
}

fn env(walker: &mut Walker, call: Call<'_>) {
    const ENV: Options = options("env", "i0v-", "uC").long(
        &["ignore-environment", "null", "debug", "block-signal", "default-signal", "ignore-signal"],
        &["unset", "chdir"],
    );
    if call.flag('S') || call.long("split-string") {
        // It splits text into a command line of its own, with escapes of its own.
        let texts = call.values('S', "split-string").into_iter().chain(call.operands());
        let text: Vec<&str> =
            texts.map(|word| word.text.trim_start_matches("-S").trim_start_matches("--split-string=")).collect();
        walker.out.doubt("env -S makes a command line of a text");
        return walker.other_shell(&text.join(" "));
    }
    if let Some(inner) = ENV.step(walker, call) {
        let clean = call.has("-") || call.flag('i') || call.long("ignore-environment");
        if inner.is_empty() && !clean && !call.has("--version") && !call.has("--help") {
            walker.shows_environment();
        }
        walker.invoke(inner);
    }
}

fn command(walker: &mut Walker, call: Call<'_>) {
    if (call.flag('v') || call.flag('V'))
        && call.args.first().is_some_and(|word| matches!(word.text.as_str(), "-v" | "-V" | "-pv" | "-pV"))
    {
        return;
    }
    const COMMAND: Options = options("command", "p", "").operands(0);
    if let Some(inner) = COMMAND.step(walker, call) {
        walker.invoke(inner);
    }
}

fn xargs(walker: &mut Walker, call: Call<'_>) {
    const XARGS: Options = options("xargs", "0rtxpo", "adEeIiLlnPs")
        .long(
            &["null", "no-run-if-empty", "verbose", "exit", "interactive", "open-tty", "show-limits"],
            &[
                "arg-file",
                "delimiter",
                "max-args",
                "max-procs",
                "max-chars",
                "max-lines",
                "replace",
                "eof",
                "process-slot-var",
            ],
        )
        .operands(0);
    // `-i`, `-e` and `-l` take a value only in the same word.
    let args: Vec<Word> = call
        .args
        .iter()
        .map(|word| if matches!(word.text.as_str(), "-i" | "-e" | "-l") { Word::plain("-r") } else { word.clone() })
        .collect();
    let spread = Call { args: &args, ..call };
    let Some(inner) = XARGS.step(walker, spread) else { return };
    let Some(_) = inner.first() else { return };
    if walker.stdin != Stdin::Client && walker.out.reads.iter().any(|path| secrets::is_secret(path)) {
        walker.out.danger("hands the name of a file that holds secrets to a command");
    }
    let replaced = replaced_word(spread);
    let fed = match &walker.stdin {
        Stdin::Text(text) if !text.contains(['\'', '"', '\\']) => text.split_whitespace().map(Word::plain).collect(),
        // Names that were found begin with the folder that was searched.
        Stdin::Names => vec![Word { solid: true, ..Word::unknown() }],
        _ => vec![Word::unknown()],
    };
    let names = walker.stdin == Stdin::Names;
    let words = match replaced {
        Some(mark) => inner
            .iter()
            .map(|word| Word { solid: names && word.text.starts_with(&mark) || word.solid, ..holed(word, &mark) })
            .collect(),
        None => [inner, &fed].concat(),
    };
    let stdin = std::mem::replace(&mut walker.stdin, Stdin::Other);
    walker.invoke(&words);
    walker.stdin = stdin;
}

/// What xargs replaces by its input (`-I {}`).
fn replaced_word(call: Call<'_>) -> Option<String> {
    let mut args = call.args.iter();
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if text == "-I" || text == "--replace" {
            return Some(args.next().map(|word| word.text.clone()).unwrap_or_default());
        }
        for start in ["-I", "-i", "--replace="] {
            if let Some(mark) = text.strip_prefix(start) {
                return Some(if mark.is_empty() { "{}".to_owned() } else { mark.to_owned() });
            }
        }
        if !text.starts_with('-') {
            break;
        }
    }
    None
}

/// A word in which `mark` stands for what is not known.
fn holed(word: &Word, mark: &str) -> Word {
    if mark.is_empty() || !word.text.contains(mark) {
        return word.clone();
    }
    let text = word.text.replace(mark, &super::word::HOLE.to_string());
    Word { text, hole: true, made: true, ..word.clone() }
}

fn parallel(walker: &mut Walker, call: Call<'_>) {
    let mut words: Vec<Word> = Vec::new();
    for word in call.args {
        if word.text.starts_with(":::") {
            break;
        }
        words.push(word.clone());
    }
    let start = words.iter().position(|word| !word.text.starts_with('-')).unwrap_or(words.len());
    walker.out.doubt("parallel makes command lines of its input");
    walker.joined(words.get(start..).unwrap_or_default());
}

fn find(walker: &mut Walker, call: Call<'_>) {
    let roots: Vec<String> = call
        .args
        .iter()
        .take_while(|word| !word.text.starts_with(['-', '(', '!']))
        .map(|word| paths::tidy(&word.text))
        .collect();
    let again = seeks_what_is_made_again(call, &roots);
    for (place, word) in call.args.iter().enumerate() {
        match word.text.as_str() {
            "-exec" | "-execdir" | "-ok" | "-okdir" => {
                let behind = call.args.get(place + 1..).unwrap_or_default();
                let ends = |word: &Word| word.text == ";" || word.text == "+";
                let length = behind.iter().position(ends).unwrap_or(behind.len());
                let inner: Vec<Word> = behind.iter().take(length).map(found).collect();
                if again && inner.first().is_some_and(|word| word.text == "rm") {
                    walker.out.at_least(Effect::Write);
                    continue;
                }
                on_found(walker, &roots, &inner);
            }
            "-name" | "-iname" | "-path" | "-ipath" | "-wholename" => {
                let sought = call.args.get(place + 1).map(|word| word.text.as_str()).unwrap_or_default();
                let name = paths::name(sought);
                let below = |root: &String| secrets::is_secret(&format!("{root}/{name}"));
                if secrets::is_secret(sought) || roots.iter().any(below) || name == "shadow" || name.contains("id_rsa")
                {
                    walker.out.danger("looks for files that hold secrets");
                }
            }
            "-delete" if again => walker.out.at_least(Effect::Write),
            "-delete" => walker.out.danger("find -delete removes what it finds"),
            "-fprint" | "-fprint0" | "-fprintf" | "-fls" => {
                if let Some(target) = call.args.get(place + 1) {
                    walker.writes_file(&paths::tidy(&target.text));
                }
            }
            "-files0-from" => walker.out.at_least(Effect::Read),
            _ if word.may_be_option() => walker.out.doubt("options of find that are only known while it runs"),
            _ => {}
        }
    }
    for root in &roots {
        walker.names_file(root);
    }
}

/// Whether only what a build or a run makes again is looked for, by one name: `find . -name '*.pyc'`, `find /tmp -name 'app-*'`.
fn seeks_what_is_made_again(call: Call<'_>, roots: &[String]) -> bool {
    let other = |word: &Word| {
        matches!(word.text.as_str(), "-o" | "-or" | "!" | "-not" | "," | "-path" | "-wholename") || word.hole
    };
    let mut names = call.args.windows(2).filter_map(|pair| match pair {
        [option, name] if matches!(option.text.as_str(), "-name" | "-iname") => Some(name.text.as_str()),
        _ => None,
    });
    let (Some(name), None) = (names.next(), names.next()) else { return false };
    let own = |root: &String| {
        root == "." || !paths::is_wide(root) && !paths::is_system(root) && !root.starts_with(['/', '~'])
    };
    let temporary = |root: &String| root == "/tmp" || root == "/var/tmp";
    let begins = name.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c)).count() >= 3;
    let made =
        !roots.is_empty() && roots.iter().all(own) && files::is_named_as_made_again(name.trim_start_matches('*'));
    !call.args.iter().any(other) && (made || begins && !roots.is_empty() && roots.iter().all(temporary))
}

/// What is run on the files that are found below some folders.
fn on_found(walker: &mut Walker, roots: &[String], words: &[Word]) {
    let stdin = std::mem::replace(&mut walker.stdin, Stdin::Other);
    let before = std::mem::replace(&mut walker.out.effect, Effect::Read);
    if words.first().is_some_and(|word| matches!(word.text.as_str(), "tee" | "sponge")) {
        walker.out.danger("writes over every file that it finds");
    }
    walker.invoke(words);
    walker.stdin = stdin;
    if walker.out.effect == Effect::Write && roots.iter().any(|root| is_far(root)) {
        walker.out.danger("changes files all over the system");
    }
    if roots.iter().any(|root| secrets::is_secret(root)) {
        walker.out.danger("reads files that hold secrets");
    }
    walker.out.at_least(before);
}

/// A folder that is not the caller's own.
fn is_far(root: &str) -> bool {
    paths::is_system(root) || paths::is_wide(root) && !matches!(root, "." | "~") && !root.starts_with("./")
}

/// A word of `-exec`, where `{}` is a file that was found: its name begins with the folder that was searched.
fn found(word: &Word) -> Word {
    Word { solid: word.text.starts_with("{}") || word.solid, ..holed(word, "{}") }
}

fn watch(walker: &mut Walker, call: Call<'_>) {
    const WATCH: Options = options("watch", "bcdegtpxwrC", "nqs")
        .long(
            &[
                "beep",
                "color",
                "no-color",
                "differences",
                "errexit",
                "chgexit",
                "no-title",
                "precise",
                "exec",
                "no-wrap",
            ],
            &["interval", "equexit", "shotsdir"],
        )
        .operands(0);
    if let Some(inner) = WATCH.step(walker, call) {
        walker.joined(inner);
    }
}

fn flock(walker: &mut Walker, call: Call<'_>) {
    const FLOCK: Options = options("flock", "esxnuoFv", "wEc")
        .long(
            &["exclusive", "shared", "nonblock", "nb", "unlock", "close", "no-fork", "verbose"],
            &["timeout", "wait", "conflict-exit-code", "command"],
        )
        .operands(1);
    for code in call.args.iter().skip_while(|word| word.text != "-c" && word.text != "--command").skip(1).take(1) {
        walker.joined(std::slice::from_ref(code));
    }
    if call.args.iter().any(|word| word.text == "-c" || word.text == "--command") {
        return;
    }
    if let Some(inner) = FLOCK.step(walker, call) {
        walker.invoke(inner);
    }
}

fn script(walker: &mut Walker, call: Call<'_>) {
    let code = call.values('c', "command");
    if code.is_empty() {
        walker.out.doubt("commands that come from its input");
    }
    walker.out.at_least(Effect::Write);
    let words: Vec<Word> = code.into_iter().filter(|word| !word.text.starts_with('-')).cloned().collect();
    match words.is_empty() {
        true => walker.out.doubt("commands that come from its input"),
        false => walker.joined(&words),
    }
}

fn trap(walker: &mut Walker, call: Call<'_>) {
    if let Some(code) = call.args.iter().find(|word| !word.text.starts_with('-')) {
        walker.joined(std::slice::from_ref(code));
    }
}

fn alias(walker: &mut Walker, word: &Word) {
    if let Some((_, code)) = word.text.split_once('=') {
        walker.joined(&[Word { text: code.to_owned(), ..word.clone() }]);
    }
}
