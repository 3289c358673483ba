//! Programs that work on files and whose options decide what happens to them.

use super::{
    call::Call,
    judge::operands,
    looks, paths,
    reading::Effect,
    secrets::is_secret,
    walk::{Stdin, Walker},
    word::Word,
};

/// Judges the program if it is one of these.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    match call.name {
        "rm" | "unlink" => remove(walker, call),
        "install" => install(walker, call),
        "mv" => move_files(walker, call),
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

/// Folders and ends of names of what a build or a run makes again.
const MADE_AGAIN: [&str; 34] = [
    "node_modules",
    "target",
    "build",
    "dist",
    "out",
    "obj",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".cache",
    ".next",
    ".nuxt",
    ".turbo",
    ".parcel-cache",
    "coverage",
    "htmlcov",
    ".tox",
    ".nox",
    ".venv",
    "venv",
    "tmp",
    "temp",
    ".gradle",
    ".eggs",
    ".coverage",
    ".nyc_output",
    ".sass-cache",
    ".DS_Store",
    "nohup.out",
    "core",
    "a.out",
    "package-lock.json",
    "yarn.lock",
];
const MADE_AGAIN_ENDS: [&str; 14] = [
    ".o",
    ".obj",
    ".pyc",
    ".pyo",
    ".class",
    ".tmp",
    ".temp",
    ".swp",
    ".swo",
    "~",
    ".egg-info",
    ".pid",
    ".lock",
    ".rej",
];

/// Whether losing a path costs nothing but time.
fn is_made_again(word: &Word) -> bool {
    let path = paths::tidy(&word.text);
    let mut parts = path.split('/').collect::<Vec<_>>();
    if paths::is_wide(&path) || paths::is_system(&path) || word.hole && !paths::is_own(&path) {
        return false;
    }
    if path.contains("/.ansible/tmp/ansible-tmp-") && !word.glob {
        return true;
    }
    if matches!(parts.as_slice(), ["", "tmp" | "var", ..]) {
        return !word.glob;
    }
    if parts.last() == Some(&"*") {
        parts.pop();
    }
    let name = parts.last().copied().unwrap_or_default();
    // `target/debug`
    let within = !path.starts_with(['/', '~']) && parts.first().is_some_and(|first| MADE_AGAIN.contains(first));
    within && parts.len() > 1 && !word.glob
        || MADE_AGAIN.contains(&name)
        || MADE_AGAIN_ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether a name, or the end of one, is that of something which is made again.
pub(super) fn is_named_as_made_again(name: &str) -> bool {
    !name.contains(['*', '?', '[', '/'])
        && (MADE_AGAIN.contains(&name) || MADE_AGAIN_ENDS.iter().any(|end| name.len() > 1 && name.ends_with(end)))
}

/// Ends of names of files that keep data or keys.
const KEEPS: [&str; 24] = [
    ".db", ".db3", ".sqlite", ".sqlite3", ".sql", ".dump", ".rdb", ".aof", ".ibd", ".frm", ".mdf", ".ldf", ".bak",
    ".backup", ".bson", ".tar", ".tgz", ".zip", ".7z", ".pem", ".crt", ".img", ".qcow2", ".vmdk",
];
/// Ends of names of files that a database works with.
const DATABASES: [&str; 10] = [".db", ".db3", ".sqlite", ".sqlite3", ".rdb", ".aof", ".ibd", ".frm", ".mdf", ".ldf"];

/// Whether a file is a database by its name, and no copy of one.
pub(super) fn is_database(path: &str) -> bool {
    let name = paths::name(path).to_ascii_lowercase();
    let copy = ["bak", "backup", "copy", "old", "tmp", "test", "dump", "snapshot", "export"];
    DATABASES.iter().any(|end| name.ends_with(end))
        && !path.starts_with("/tmp/")
        && !copy.iter().any(|word| path.contains(word))
}

/// How many files may be named for each to have been meant.
const MOST_NAMED: usize = 8;

/// Whether losing one file is an ordinary thing: it is not a part of the system, nor hidden, and its name does not say that it keeps
/// data, a copy of data, or a key.
#[must_use]
pub fn is_light(path: &str) -> bool {
    let path = paths::tidy(path);
    let name = paths::name(&path).to_ascii_lowercase();
    let plain = [".gz", ".bz2", ".xz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    let hidden = path.split('/').any(|part| part.starts_with('.') && !matches!(part, "." | ".."));
    !paths::is_wide(&path)
        && !paths::is_system(&path)
        && !is_secret(&path)
        && !hidden
        && !plain.contains("backup")
        && !KEEPS.iter().any(|end| plain.ends_with(end))
}

/// Whether the words are a few files, each by its name.
fn are_light(walker: &Walker, words: &[&Word]) -> bool {
    let named = |word: &&Word| {
        word.exact().is_some_and(|text| {
            !text.ends_with('/') && walker.places_of(&paths::tidy(text)).iter().all(|path| is_light(path))
        })
    };
    words.len() <= MOST_NAMED && words.iter().all(named)
}

fn remove(walker: &mut Walker, call: Call<'_>) {
    let tree = call.any_flag("rR") || call.long("recursive");
    let words: Vec<&Word> = call.operands().collect();
    for word in &words {
        walker.changes_file(&paths::tidy(&word.text));
    }
    walker.out.at_least(Effect::Write);
    let moved = words.iter().any(|word| walker.moved.contains(&paths::tidy(&word.text)));
    let light = !moved && words.iter().all(|word| is_made_again(word)) || !tree && are_light(walker, &words);
    if words.is_empty() || call.may_hide_option() || !light {
        walker.out.danger(if tree { "rm with -r removes a tree" } else { "rm removes files" });
    }
}

fn install(walker: &mut Walker, call: Call<'_>) {
    operands(walker, call, true);
    if call.operands().any(|word| word.fresh || word.text == "/dev/null") {
        walker.out.danger("a copy of nothing empties a file");
    }
    let mode = |word: &&Word| is_tame(word.text.trim_start_matches("--mode=").trim_start_matches("-m"));
    let modes = call.values('m', "mode").into_iter().filter(|word| word.text != "-m").all(|word| mode(&word));
    if !modes || call.any_flag("og") || call.long("owner") || call.long("group") {
        walker.out.danger("install gives a file rights or an owner");
    }
}

fn move_files(walker: &mut Walker, call: Call<'_>) {
    operands(walker, call, true);
    walker.moved.extend(call.operands().map(|word| paths::tidy(&word.text)));
    walker.out.at_least(Effect::Write);
    if call.operands().any(|word| word.fresh) {
        walker.out.danger("a file of nothing takes the place of another");
    }
    let words: Vec<String> = call.operands().map(|word| paths::tidy(&word.text)).collect();
    if let Some((target, sources)) = words.split_last() {
        let whole =
            |path: &str| paths::is_wide(path) && path != "." && path != "*" && !path.contains(super::word::HOLE);
        if sources.iter().any(|path| whole(path)) {
            walker.out.danger("mv takes a whole folder of the system or a home from its place");
        }
        if paths::is_sink(target) {
            walker.out.danger("mv loses files");
        }
        let keys =
            |path: &String| is_secret(path) && (paths::is_staging(target) || !paths::name(path).contains(".env"));
        if sources.iter().any(keys) {
            walker.out.danger("mv takes secrets from their place");
        }
    }
    for word in call.values('t', "target-directory") {
        walker.writes_file(&paths::tidy(word.text.trim_start_matches("--target-directory=")));
    }
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
    let nothing = |word: &&&Word| {
        word.fresh || matches!(word.text.as_str(), "/dev/null" | "/dev/zero" | "/dev/urandom" | "/dev/random")
    };
    if sources.iter().any(|word| nothing(&word)) || gives_nothing(walker, sources) {
        walker.out.danger("a copy of nothing empties a file");
    }
    if matches!(call.name, "ln" | "link" | "symlink") || call.flag('s') || call.has("--symbolic-link") {
        link(walker, call, sources, target);
    }
}

/// Input from which nothing comes, by its name among files.
fn gives_nothing(walker: &Walker, sources: &[&Word]) -> bool {
    let input = |word: &&&Word| matches!(word.text.as_str(), "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0");
    walker.from_nothing && sources.iter().any(|word| input(&word))
}

/// A link that leads out of what is the caller's own, or takes the place of data.
fn link(walker: &mut Walker, call: Call<'_>, sources: &[&Word], target: Option<&Word>) {
    let leads = |word: &&&Word| {
        let path = paths::tidy(&word.text);
        let wide = path.starts_with('/') && paths::is_wide(&path) && path.matches('/').count() == 1;
        wide || ["/etc", "/root", "/proc", "/dev", "/sys", "/boot"]
            .iter()
            .any(|place| path.starts_with(&format!("{place}/")))
    };
    let climbs = |word: &&&Word| {
        let path = paths::tidy(&word.text);
        path.starts_with("../")
            && ["etc/", "root/", "proc/"].iter().any(|place| path.trim_start_matches("../").starts_with(place))
    };
    if sources.iter().any(|word| leads(&word) || climbs(&word)) {
        walker.out.danger("a link that leads into the system");
    }
    let replaces = call.flag('f') || call.long("force");
    if replaces && target.is_some_and(|word| word.hole || keeps(&word.text)) {
        walker.out.danger("a link takes the place of data");
    }
}

/// Whether a file by its name keeps data or keys.
fn keeps(path: &str) -> bool {
    let name = paths::name(path).to_ascii_lowercase();
    KEEPS.iter().any(|end| name.ends_with(end))
}

fn tee(walker: &mut Walker, call: Call<'_>) {
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

fn disk_dump(walker: &mut Walker, call: Call<'_>) {
    for word in call.args {
        match word.text.split_once('=') {
            Some(("if", path)) => {
                let path = paths::tidy(path);
                if path.starts_with("/dev/")
                    && !super::endless::DEVICES.contains(&path.as_str())
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
        if word.text.starts_with(super::word::HOLE) {
            walker.out.danger("dd with operands that are only known while it runs");
        }
    }
}

fn rights(walker: &mut Walker, call: Call<'_>) {
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
pub(super) fn opens(call: Call<'_>) -> bool {
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
fn is_tame(mode: &str) -> bool {
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

/// Filters that can write to a file they are given.
fn output(walker: &mut Walker, call: Call<'_>) {
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
fn from_nothing(walker: &mut Walker, call: Call<'_>) {
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

fn archive(walker: &mut Walker, call: Call<'_>) {
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

fn compress(walker: &mut Walker, call: Call<'_>) {
    let shows = call.any_flag("clt")
        || ["stdout", "to-stdout", "list", "test"].iter().any(|name| call.has(&format!("--{name}")));
    operands(walker, call, !shows);
    if !shows && (call.operands().next().is_some() || call.may_hide_option()) {
        walker.out.at_least(Effect::Write);
    }
}

fn pager(walker: &mut Walker, call: Call<'_>) {
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
