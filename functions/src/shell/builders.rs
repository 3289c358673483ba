//! Programs that build, test and fetch what a project says: they run the project's own files as its people would, but bringing in,
//! publishing or installing other code is for someone to look at.

use super::{call::Call, languages, paths, reading::Effect, unfamiliar, walk::Walker, word::Word};

/// A builder and its verbs; what is listed nowhere counts as bringing in or giving away something.
struct Builder {
    names: &'static [&'static str],
    shows: &'static [&'static str],
    /// Verbs that run or change what is in the project.
    builds: &'static [&'static str],
    /// Verbs that only bring in what the project's files already name, if no package follows.
    restores: &'static [&'static str],
    /// Verbs that add packages of the usual registry to the project, change or remove them there.
    adds: &'static [&'static str],
    /// Whether no verb at all builds.
    bare: bool,
}

const BUILDERS: &[Builder] = &[
    Builder {
        names: &["npm", "yarn", "pnpm"],
        shows: &[
            "ls",
            "list",
            "view",
            "info",
            "outdated",
            "audit",
            "version",
            "why",
            "root",
            "bin",
            "whoami",
            "help",
            "search",
            "explain",
            "fund",
            "-v",
            "--version",
            "prefix",
            "config",
            "licenses",
            "doctor",
        ],
        builds: &[
            "run",
            "run-script",
            "start",
            "test",
            "t",
            "tst",
            "build",
            "lint",
            "dev",
            "format",
            "typecheck",
            "check",
            "pack",
            "rebuild",
            "dedupe",
            "prune",
            "workspaces",
            "serve",
            "preview",
            "watch",
            "coverage",
            "e2e",
            "ln",
        ],
        restores: &["ci", "install", "i", "clean-install"],
        adds: &["install", "i", "add", "uninstall", "remove", "rm", "un", "update", "upgrade", "up"],
        bare: true,
    },
    Builder {
        names: &["cargo"],
        shows: &[
            "tree",
            "metadata",
            "version",
            "search",
            "info",
            "help",
            "-V",
            "--version",
            "--list",
            "locate-project",
            "pkgid",
            "verify-project",
        ],
        builds: &[
            "build",
            "b",
            "test",
            "t",
            "run",
            "r",
            "check",
            "c",
            "clippy",
            "fmt",
            "doc",
            "d",
            "bench",
            "clean",
            "nextest",
            "fetch",
            "update",
            "fix",
            "generate-lockfile",
            "vendor",
            "expand",
            "audit",
            "deny",
            "llvm-cov",
            "tarpaulin",
            "new",
            "init",
            "add",
            "remove",
            "machete",
            "outdated",
            "miri",
            "xtask",
            "watch",
            "make",
        ],
        restores: &[],
        adds: &[],
        bare: true,
    },
    Builder {
        names: &["pip", "pip3", "pipx"],
        shows: &[
            "list",
            "show",
            "freeze",
            "check",
            "search",
            "help",
            "index",
            "debug",
            "--version",
            "-V",
            "config",
            "inspect",
            "hash",
        ],
        builds: &[],
        restores: &["install", "download", "wheel"],
        adds: &["install"],
        bare: true,
    },
    Builder {
        names: &["uv", "poetry", "pipenv", "pdm", "hatch", "rye"],
        shows: &["tree", "version", "show", "check", "env", "help", "--version", "graph", "info", "list"],
        builds: &["run", "build", "lock", "export", "test", "fmt", "venv", "clean", "init", "new"],
        restores: &["sync", "install"],
        adds: &["add", "remove", "update"],
        bare: true,
    },
    Builder {
        names: &[
            "bundle", "bundler", "composer", "gem", "mix", "dotnet", "go", "stack", "cabal", "rebar3", "dune", "pub",
            "flutter", "dart", "nuget", "conda", "mamba",
        ],
        shows: &[
            "list",
            "show",
            "info",
            "outdated",
            "check",
            "help",
            "env",
            "version",
            "--version",
            "--info",
            "doc",
            "licenses",
            "why",
            "search",
            "audit",
            "tree",
            "status",
            "validate",
            "diagnose",
            "deps",
            "doctor",
            "devices",
            "analyze",
        ],
        builds: &[
            "exec",
            "build",
            "test",
            "run",
            "vet",
            "fmt",
            "mod",
            "generate",
            "format",
            "compile",
            "phx.server",
            "ecto.migrate",
            "ecto.migrations",
            "ef migrations",
            "clean",
            "watch",
            "dump-autoload",
            "dumpautoload",
            "run-script",
            "work",
            "tool",
            "bench",
            "lint",
            "publish-local",
            "lock",
        ],
        restores: &["install", "restore", "deps.get", "get"],
        adds: &["add", "require", "remove", "update", "get"],
        bare: true,
    },
    Builder {
        names: &["rustup", "nvm", "pyenv", "rbenv", "asdf", "mise", "volta", "sdk", "corepack", "fnm"],
        shows: &[
            "show",
            "list",
            "ls",
            "current",
            "which",
            "version",
            "versions",
            "check",
            "component list",
            "toolchain list",
            "target list",
            "--version",
            "doc",
            "ls-remote",
        ],
        builds: &["use", "local", "shell", "override", "exec", "run"],
        restores: &[],
        adds: &[],
        bare: true,
    },
    Builder {
        names: &["terraform", "tofu", "terragrunt", "pulumi", "cdk"],
        shows: &[
            "show",
            "output",
            "validate",
            "version",
            "providers",
            "graph",
            "state list",
            "state show",
            "workspace list",
            "workspace show",
            "-version",
            "--version",
            "stack ls",
            "ls",
            "diff",
            "synth",
            "preview",
            "about",
        ],
        builds: &["plan", "init", "fmt", "get", "test", "run-all plan"],
        restores: &[],
        adds: &[],
        bare: true,
    },
];

/// Tools that `npx` and the like may run without fetching code that nobody has looked at: what projects commonly carry.
const LOCAL_TOOLS: [&str; 22] = [
    "tsc",
    "eslint",
    "prettier",
    "jest",
    "vitest",
    "playwright",
    "cypress",
    "mocha",
    "vite",
    "webpack",
    "rollup",
    "next",
    "nuxt",
    "ts-node",
    "tsx",
    "husky",
    "lint-staged",
    "stylelint",
    "prisma",
    "turbo",
    "nx",
    "biome",
];

/// Tools of projects that change a database by files of theirs, and what they only show.
const MIGRATORS: [&str; 8] =
    ["sequelize-cli", "sequelize", "knex", "typeorm", "mikro-orm", "drizzle-kit", "node-pg-migrate", "db-migrate"];
const MIGRATORS_SHOW: [&str; 10] = [
    "db:migrate:status",
    "migrate:status",
    "migrate:list",
    "migrate:currentVersion",
    "migration:show",
    "migration:list",
    "migration:pending",
    "check",
    "--version",
    "--help",
];

/// Judges the program if it is one of these.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    match call.name {
        "make" | "gmake" | "ninja" | "just" | "task" | "rake" | "ant" | "mvn" | "mvnw" | "gradle" | "gradlew"
        | "cmake" | "bazel" | "sbt" | "meson" | "scons" | "invoke" | "tox" | "nox" => make(walker, call),
        "npx" | "bunx" | "uvx" | "pnpx" => fetched(walker, call, call.args),
        _ => match BUILDERS.iter().find(|builder| builder.names.contains(&call.name)) {
            Some(builder) => build(walker, call, builder),
            None => return false,
        },
    }
    if languages::wipes(call) {
        walker.out.danger(format!("{} is told to drop all data", call.name));
    }
    true
}

/// Runs what its own files say, unless these come from elsewhere or the target says more.
fn make(walker: &mut Walker, call: Call<'_>) {
    walker.out.at_least(Effect::Write);
    let mut args = call.args.iter().peekable();
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if text.starts_with("--eval")
            || text == "-E" && call.name != "just"
            || text.contains("$(")
            || text.contains('`')
            || text.starts_with("SHELL=")
        {
            return walker.out.doubt(format!("{} with code of its own", call.name));
        }
        if matches!(text, "-f" | "--file" | "--makefile" | "-C" | "--directory" | "-P" | "-D" | "-I" | "-b")
            && text != "-D"
        {
            if let Some(file) = args.next() {
                walker.script(file);
            }
        } else if let Some(file) =
            text.strip_prefix("-f").or_else(|| text.strip_prefix("--file=")).or_else(|| text.strip_prefix("-C"))
        {
            walker.script(&Word { text: file.to_owned(), ..word.clone() });
        } else if word.text.contains([' ', '\t'])
            && walker.tells_danger(text.split_once('=').map_or(text, |(_, value)| value))
        {
            walker.out.danger(format!("a word of {} is a command that can hurt", call.name));
        } else if word.may_be_option() && !text.starts_with("-j") {
            return walker.out.doubt(format!("options of {} that are only known while it runs", call.name));
        } else if matches!(
            text,
            "install"
                | "uninstall"
                | "destroy"
                | "purge"
                | "nuke"
                | "publish"
                | "deploy:production"
                | "release:perform"
                | "db:drop"
                | "db:reset"
        ) && !(matches!(call.name, "mvn" | "mvnw") && text == "install")
            && !["-n", "--dry-run", "--just-print"].iter().any(|option| call.has(option))
        {
            walker.out.danger(format!("{} {text} changes more than the project", call.name));
        } else if !text.starts_with('-')
            && !text.contains('=')
            && unfamiliar::tells_more(call, text)
            && !["-n", "--dry-run", "--just-print"].iter().any(|option| call.has(option))
        {
            walker.out.danger(format!("{} {text} says that it changes more than the project", call.name));
        }
    }
}

fn build(walker: &mut Walker, call: Call<'_>, builder: &Builder) {
    let words: Vec<&Word> = call.args.iter().filter(|word| !word.text.starts_with(['-', '+'])).collect();
    let options_ask =
        call.args.iter().any(|word| builder.shows.contains(&word.text.as_str()) && word.text.starts_with('-'));
    let first = words.first().map(|word| word.text.as_str()).unwrap_or_default();
    let both = format!("{first} {}", words.get(1).map(|word| word.text.as_str()).unwrap_or_default());
    let among = |verbs: &[&str]| verbs.iter().any(|verb| *verb == first || *verb == both);
    if words.first().is_some_and(|word| word.hole) {
        walker.out.doubt(format!("what {} does is only known while it runs", call.name));
    } else if matches!((call.name, first), ("npm" | "pnpm" | "yarn", "exec" | "dlx" | "x")) {
        fetched(walker, call, call.args.get(1..).unwrap_or_default());
    } else if matches!(call.name, "yarn" | "pnpm") && MIGRATORS.contains(&first) {
        fetched(walker, call, call.args);
    } else if call.name == "uv" && first == "pip" {
        let inner = call.args.iter().skip_while(|word| word.text != "pip").cloned().collect::<Vec<_>>();
        walker.invoke(&inner);
    } else if call.name == "npm" && first == "config" && words.len() > 2 {
        walker.out.danger("npm config changes settings");
    } else if matches!((call.name, first), ("cargo", "install" | "publish" | "login" | "yank" | "owner")) {
        walker.out.danger(format!("cargo {first} brings in or gives away code"));
    } else if matches!(
        (call.name, first),
        ("bundle" | "bundler", "exec") | ("uv" | "poetry" | "pipenv" | "pdm" | "hatch" | "rye", "run")
    ) {
        let inner = call.args.iter().skip_while(|word| word.text != first).skip(1).cloned().collect::<Vec<_>>();
        walker.out.at_least(Effect::Write);
        walker.invoke(&inner);
    } else if call.name == "go" && matches!(first, "run" | "tool") && words.iter().any(|word| word.text.contains('@')) {
        walker.out.danger("go runs code that it fetches");
    } else if call.name == "go" && words.iter().any(|word| paths::is_staging(&paths::tidy(&word.text))) {
        walker.out.danger("go runs a file from where anyone may put one");
    } else if call.name == "go" && call.options().any(|text| text.contains("exec") || text.contains("toolexec")) {
        walker.out.doubt("go with a program of its own");
    } else if matches!((call.name, both.as_str()), ("cargo", "make" | "fix --broken-code")) {
        walker.out.at_least(Effect::Write);
    } else if among(builder.shows) || options_ask || first.is_empty() && builder.bare && call.name != "yarn" {
    } else if first.is_empty() || among(builder.builds) {
        let task = if matches!(first, "run" | "run-script") { words.get(1) } else { words.first() };
        if task.is_some_and(|task| unfamiliar::tells_more(call, &task.text)) {
            walker.out.danger(format!("{} says that it changes more than the project", call.name));
        }
        configured(walker, call);
        walker.out.at_least(Effect::Write);
    } else if among(builder.restores) && restores(call, &words) {
        walker.out.at_least(Effect::Write);
    } else if builder.adds.contains(&first) && adds(call, &words) {
        walker.out.network = true;
        walker.out.at_least(Effect::Write);
    } else {
        walker.out.danger(format!("{} {first} brings in, removes or gives away something", call.name));
    }
}

/// Settings in the command line can name other programs.
fn configured(walker: &mut Walker, call: Call<'_>) {
    let names = ["--config", "--script-shell", "--node-options", "--manifest-path=/tmp"];
    if call.options().any(|text| names.iter().any(|start| text.starts_with(start))) {
        walker.out.doubt(format!("{} with settings of its own", call.name));
    }
}

/// Whether packages of the usual registry are added to the project, by their names.
fn adds(call: Call<'_>, words: &[&Word]) -> bool {
    let machine = matches!(call.name, "pipx" | "gem" | "conda" | "mamba" | "nuget" | "stack" | "cabal");
    let named = |word: &&Word| {
        let text = word.text.as_str();
        let scoped = text.starts_with('@') || matches!(call.name, "composer" | "go");
        let archive = [".whl", ".gz", ".tgz", ".zip", ".bz2"].iter().any(|end| text.ends_with(end));
        word.exact().is_some()
            && !text.starts_with(['.', '/', '~'])
            && !text.contains(':')
            && !text.contains('+')
            && !archive
            && (scoped || !text.contains('/'))
    };
    !machine && !from_elsewhere(call) && words.iter().skip(1).all(named)
}

/// Whether packages come from another place than usual, or go to one.
fn from_elsewhere(call: Call<'_>) -> bool {
    let elsewhere = [
        "--index",
        "-i",
        "--extra-index",
        "--registry",
        "--find-links",
        "-g",
        "--global",
        "--trusted",
        "--prefix",
        "--target",
        "--root",
        "--source",
        "-t",
    ];
    call.options()
        .any(|text| elsewhere.iter().any(|start| text == *start || start.starts_with("--") && text.starts_with(start)))
}

/// Whether only what the project's files name is brought in.
fn restores(call: Call<'_>, words: &[&Word]) -> bool {
    if from_elsewhere(call) {
        return false;
    }
    let listed: Vec<&str> = words.iter().skip(1).map(|word| word.text.as_str()).collect();
    if call.name.starts_with("pip") {
        let file = call.has("-r") || call.has("--requirement") || call.has("-e") || call.has("--editable");
        let own = |text: &&str| text.starts_with('.') || text.ends_with(".txt") || text.ends_with(".in");
        return call.name != "pipx"
            && (file || listed.iter().any(|text| text.starts_with('.')))
            && !listed.is_empty()
            && listed.iter().all(own);
    }
    call.name != "go" && call.name != "gem" && call.name != "conda" && call.name != "mamba" && listed.is_empty()
}

/// Whether a migrator only shows what it did and would do.
fn shows_changes(args: &[Word]) -> bool {
    let mut words = args.iter().filter_map(Word::exact);
    words.next().is_some_and(|tool| MIGRATORS.contains(&tool))
        && words.next().is_some_and(|verb| MIGRATORS_SHOW.contains(&verb))
        && args.iter().all(|word| word.exact().is_some())
}

/// A tool is fetched and run, unless it is one that projects carry.
fn fetched(walker: &mut Walker, call: Call<'_>, args: &[Word]) {
    let tool = args.iter().find(|word| !word.text.starts_with('-'));
    let known = tool.is_some_and(|word| !word.hole && LOCAL_TOOLS.contains(&word.text.as_str())) || shows_changes(args);
    let others = args.iter().any(|word| {
        word.text.starts_with("-p")
            || word.text.starts_with("--package")
            || word.text.starts_with("-c")
            || word.text.starts_with("--call")
    });
    match known && !others {
        true => walker.out.at_least(Effect::Write),
        false if tool.is_none() && args.len() == 1 => {}
        false => walker.out.doubt(format!("{} runs code that it fetches", call.name)),
    }
    if let Some(word) = tool.filter(|word| paths::looks_like_path(&word.text)) {
        walker.script(word);
    }
}
