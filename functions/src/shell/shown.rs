//! Commands whose output is full of secrets although they name no file that holds any: the environment, what services and
//! containers are given, and stores of passwords. A filter behind them may take only what is harmless.

use brush_parser::ast::{Command, CommandPrefixOrSuffixItem as Item};

use super::{call::Call, secrets::is_secret_variable, walk::Walker};

/// Programs that keep secrets, and the words with which they give them out. An option among them stands anywhere.
const STORES: &[(&[&str], &[&str])] = &[
    (&["op"], &["read", "item get", "document get", "inject", "run", "signin"]),
    (&["bw", "rbw"], &["get", "export", "list items", "code"]),
    (&["lpass"], &["show", "export"]),
    (&["gopass"], &["show", "cat", "otp"]),
    (&["sops"], &["-d", "--decrypt", "decrypt", "exec-env", "exec-file", "edit"]),
    (&["age", "rage"], &["-d", "--decrypt"]),
    (&["git-crypt"], &["unlock", "export-key"]),
    (&["security"], &["find-generic-password", "find-internet-password", "dump-keychain", "export"]),
    (&["keyctl"], &["print", "pipe", "read"]),
    (&["chamber"], &["read", "export", "env", "exec"]),
    (&["doppler"], &["secrets", "run", "configs tokens"]),
    (&["infisical"], &["secrets", "export", "run"]),
    (&["credstash"], &["get", "getall"]),
    (&["berglas"], &["access", "exec"]),
    (&["aws-vault"], &["exec", "export"]),
    (&["heroku"], &["config", "config:get", "pg:credentials:url", "auth:token"]),
    (&["dokku"], &["config", "config:show", "config:get", "config:export"]),
    (&["eb"], &["printenv"]),
    (&["cf"], &["env", "oauth-token"]),
    (&["vercel"], &["env pull"]),
    (&["netlify"], &["env:list", "env:get"]),
    (&["railway"], &["variables"]),
    (&["pulumi"], &["--show-secrets"]),
    (&["terraform", "tofu"], &["output -json", "show -json", "state pull"]),
    (&["rails", "bin/rails"], &["credentials:show", "encrypted:show"]),
    (&["argocd"], &["admin initial-password", "account generate-token"]),
    (&["npm"], &["token"]),
];

/// What the name of a variable, or of a field, must not be like to be shown.
const TELLING: [&str; 20] = [
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "cred",
    "auth",
    "dsn",
    "url",
    "conn",
    "private",
    "salt",
    "session",
    "cookie",
    "cert",
    "signature",
    "webhook",
    "env",
    "config",
    "=",
];

/// Notes what a program shows.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) {
    let words: Vec<&str> = call.operands().map(|word| word.text.as_str()).collect();
    let all =
        |name: &str| words.is_empty() && call.options().all(|text| !text.contains(['f', 'F'])) && call.name == name;
    match call.name {
        "printenv" if words.is_empty() && !call.has("--help") && !call.has("--version") => walker.shows_environment(),
        "printenv" if words.iter().any(|name| is_secret_variable(name)) => walker.shows_one(),
        "set" if call.args.is_empty() => walker.shows_environment(),
        "compgen" if call.any_flag("ev") || call.args.len() > 1 && call.has("-A") => walker.shows_environment(),
        "export" | "declare" | "typeset" if all(call.name) => walker.shows_environment(),
        "declare" | "typeset" if call.flag('p') && words.iter().any(|name| is_secret_variable(name)) => {
            walker.shows_one();
        }
        "ps" if shows_environments(call) => walker.out.danger("shows what processes are given in their environment"),
        "systemctl" if asks_environment(call) => {
            walker.out.danger("shows what services are given in their environment")
        }
        "terraform" | "tofu" if call.has("-raw") && words.iter().any(|name| is_secret_variable(name)) => {
            walker.shows_one();
        }
        _ if STORES.iter().any(|(names, verbs)| names.contains(&call.name) && gives_out(call, &words, verbs)) => {
            walker.out.danger(format!("{} gives out secrets", call.name));
        }
        _ => {}
    }
}

/// Whether `docker inspect` shows everything about a container, and with it what it is given in its environment.
pub(super) fn inspects_all(walker: &Walker, call: Call<'_>, verb: &str) -> bool {
    let other = ["image", "network", "volume", "node", "service", "plugin", "context", "buildx"];
    let kind = call.values('\0', "type").iter().any(|word| other.iter().any(|kind| word.text.contains(kind)));
    let formats = call.values('f', "format");
    let whole = |text: &str| {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        ["{{.}}", "{{json.}}", "{{json.Config}}", "{{.Config}}", "json"]
            .iter()
            .any(|all| text.trim_start_matches("--format=") == *all)
    };
    let picked = !formats.is_empty() && !formats.iter().any(|word| whole(&word.text));
    !other.iter().any(|kind| verb.starts_with(kind)) && !kind && !picked && !walker.is_narrowed()
}

fn gives_out(call: Call<'_>, words: &[&str], verbs: &[&str]) -> bool {
    verbs.iter().any(|verb| match verb.split_once(' ') {
        _ if verb.starts_with('-') => call.has(verb),
        Some((first, option)) if option.starts_with('-') => words.first() == Some(&first) && call.has(option),
        Some((first, second)) => words.first() == Some(&first) && words.get(1) == Some(&second),
        None => words.first() == Some(verb),
    })
}

/// `ps eww`, `ps auxe`: among its letters without a dash, `e` is the environment.
fn shows_environments(call: Call<'_>) -> bool {
    let mut args = call.args.iter().map(|word| word.text.as_str());
    while let Some(text) = args.next() {
        if text.starts_with("--") {
            continue;
        }
        if text.starts_with('-') {
            // The next word is the option's.
            if text.ends_with(['C', 'o', 'O', 'u', 'U', 'p', 'g', 'G', 't', 's', 'q', 'N', 'k']) {
                args.next();
            }
            continue;
        }
        if text.chars().all(|c| c.is_ascii_alphabetic()) && text.contains('e') {
            return true;
        }
        if text.ends_with(['o', 'O', 'k', 'p', 'U', 't']) {
            args.next();
        }
    }
    call.flag('E')
}

fn asks_environment(call: Call<'_>) -> bool {
    let named = call.values('p', "property").iter().any(|word| word.text.contains("Environment"));
    call.has("show-environment") || call.has("show") && named
}

impl Walker {
    /// Everything in the environment is printed, unless what comes behind takes only a part of it.
    pub(super) fn shows_environment(&mut self) {
        if !self.is_narrowed() {
            self.out.danger("shows the whole environment, and the secrets in it");
        }
    }

    fn shows_one(&mut self) {
        self.out.danger("shows a secret of the environment");
    }

    /// Whether the next command of the pipeline passes on nothing that could be a secret.
    pub(super) fn is_narrowed(&self) -> bool {
        let words: Vec<&str> = self.followed.iter().map(String::as_str).collect();
        let Some((name, args)) = words.split_first() else { return false };
        match *name {
            "wc" => args.iter().all(|arg| arg.starts_with('-')),
            "cut" => matches!(args, ["-d=", "-f1"] | ["-d", "=", "-f1"] | ["-d", "=", "-f", "1"] | ["-f1", "-d="]),
            "grep" | "egrep" | "fgrep" => takes_harmless(args),
            "jq" => matches!(args, [.., filter] if is_harmless_filter(filter)),
            _ => false,
        }
    }
}

/// What another command of a pipeline is called with, as far as it stands there.
pub(super) fn words_of(command: Option<&Command>) -> Vec<String> {
    let Some(Command::Simple(simple)) = command else { return Vec::new() };
    if simple.prefix.is_some() {
        return Vec::new();
    }
    let mut words = Vec::new();
    let items = simple.suffix.as_ref().map(|suffix| suffix.0.as_slice()).unwrap_or_default();
    for raw in simple.word_or_name.iter().chain(items.iter().filter_map(|item| match item {
        Item::Word(word) | Item::AssignmentWord(_, word) => Some(word),
        _ => None,
    })) {
        if raw.value.contains(['$', '`', '\\']) {
            return Vec::new();
        }
        words.push(raw.value.chars().filter(|c| !matches!(c, '\'' | '"')).collect());
    }
    words
}

/// A search for lines that hold one plain word, which is not like a secret's name; no lines around them.
fn takes_harmless(args: &[&str]) -> bool {
    let (options, patterns): (Vec<&str>, Vec<&str>) = args.iter().partition(|arg| arg.starts_with('-'));
    let tame = options.iter().all(|option| {
        option.starts_with("--color") || option.chars().skip(1).all(|c| "iEFwxnqcm1".contains(c)) && option.len() > 1
    });
    let [pattern] = patterns.as_slice() else { return false };
    let harmless = |part: &str| {
        let part = part.trim_start_matches('^').trim_end_matches('=').to_ascii_lowercase();
        let plain = part.len() > 2 && part.chars().all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c));
        plain && !TELLING.iter().any(|word| part.contains(word))
    };
    tame && pattern.split('|').all(harmless)
}

/// `.[0].State.Status`: a path that goes by the environment.
fn is_harmless_filter(filter: &str) -> bool {
    const PARTS: [&str; 10] = [
        "State",
        "NetworkSettings",
        "Mounts",
        "HostConfig",
        "Name",
        "Image",
        "Created",
        "RestartCount",
        "Platform",
        "Id",
    ];
    let plain = filter.chars().all(|c| c.is_ascii_alphanumeric() || ".[]_".contains(c));
    let first =
        filter.trim_start_matches(|c: char| !c.is_ascii_alphabetic()).split(['.', '[']).next().unwrap_or_default();
    plain && PARTS.contains(&first)
}
