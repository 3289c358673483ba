//! Programs of other languages, whose code is not read here: a script that lies in a file is run like any program by path, code
//! in the command line or from the input is only known while it runs.

use super::{
    call::Call,
    judge::named_paths,
    paths,
    reading::Effect,
    snippets,
    walk::{Stdin, Walker},
    word::Word,
};

/// How a language is started.
struct Language {
    names: &'static [&'static str],
    /// Options without a value that load no code; a trailing `*` matches any end.
    flags: &'static [&'static str],
    /// Such options whose value is the next word.
    valued: &'static [&'static str],
}

const LANGUAGES: &[Language] = &[
    Language {
        names: &["python", "python2", "python3", "pypy", "pypy3"],
        flags: &["-u", "-B", "-O", "-OO", "-s", "-E", "-I", "-q", "-b", "-v"],
        valued: &["-W", "-X"],
    },
    Language { names: &["perl"], flags: &["-w", "-W", "-T", "-t", "-c", "-p", "-n", "-pi"], valued: &[] },
    Language { names: &["ruby"], flags: &["-w", "-W*", "-c"], valued: &[] },
    Language {
        names: &["node", "nodejs"],
        flags: &[
            "--max-old-space-size=*",
            "--trace-warnings",
            "--no-warnings",
            "--test",
            "--watch",
            "--enable-source-maps",
            "--check",
            "-c",
            "--experimental-*",
            "--env-file=*",
        ],
        valued: &[],
    },
    Language { names: &["php"], flags: &["-l", "-n"], valued: &[] },
    Language {
        names: &["java"],
        flags: &["-X*", "-D*", "-ea", "-server", "-jar", "--enable-preview"],
        valued: &["-cp", "-classpath", "--class-path"],
    },
    Language {
        names: &["lua", "luajit", "Rscript", "julia", "tclsh", "groovy", "ts-node", "tsx"],
        flags: &["--vanilla", "-q"],
        valued: &[],
    },
];

/// Languages and programs that are only asked for their version.
const OTHERS: [&str; 27] = [
    "irb",
    "ghci",
    "runghc",
    "scala",
    "jshell",
    "osascript",
    "pwsh",
    "powershell",
    "fish",
    "nu",
    "xonsh",
    "elvish",
    "gdb",
    "lldb",
    "ed",
    "ex",
    "expect",
    "R",
    "m4",
    "gnuplot",
    "emacs",
    "wish",
    "deno",
    "bun",
    "swift",
    "erl",
    "iex",
];

/// Modules that `python -m` runs without being given code.
const MODULES: [&str; 24] = [
    "pytest",
    "unittest",
    "json.tool",
    "venv",
    "black",
    "flake8",
    "mypy",
    "ruff",
    "isort",
    "pylint",
    "build",
    "compileall",
    "py_compile",
    "coverage",
    "tox",
    "nox",
    "doctest",
    "mkdocs",
    "sphinx",
    "site",
    "sysconfig",
    "calendar",
    "tabnanny",
    "pydoc",
];

/// Editors.
const EDITORS: [&str; 10] = ["vi", "vim", "vimdiff", "nvim", "view", "nano", "pico", "micro", "helix", "hx"];

/// Judges the program if it is one of these.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    let versioned = call.name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is = |names: &[&str]| names.contains(&call.name) || names.contains(&versioned);
    let asks = matches!(call.args, [word] if matches!(word.text.as_str(), "--version" | "-V" | "-version" | "-v" | "--help" | "-h"));
    if let Some(language) = LANGUAGES.iter().find(|language| is(language.names)) {
        if !asks {
            named_paths(walker, call, false);
            run(walker, call, language, versioned.starts_with("py"));
        }
    } else if EDITORS.contains(&call.name) {
        edit(walker, call);
    } else if is(&OTHERS) {
        if !asks {
            other(walker, call);
        }
    } else {
        return false;
    }
    true
}

fn run(walker: &mut Walker, call: Call<'_>, language: &Language, is_python: bool) {
    let mut args = call.args.iter();
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if word.may_be_option() {
            break;
        } else if let Some(harmless) = snippet(language, call, text, args.as_slice()) {
            if harmless {
                in_place(walker, call);
                if let Some(code) = args.as_slice().first().and_then(Word::exact).filter(|_| is_python) {
                    snippets::python_reads(code).iter().for_each(|path| walker.reads_file(&paths::tidy(path)));
                }
                return walker.out.at_least(Effect::Write);
            }
            break;
        } else if is_python && text == "-m" {
            return module(walker, args.as_slice());
        } else if text.starts_with("-D") && text.contains("agent") {
            break;
        } else if language.valued.contains(&text) {
            args.next();
        } else if text.starts_with('-') {
            let known = |flag: &&str| flag.strip_suffix('*').map_or(text == *flag, |start| text.starts_with(start));
            let loads = [
                "--experimental-loader",
                "--experimental-policy",
                "--experimental-default-config",
                "-Xbootclasspath",
                "-Xrun",
            ];
            if !language.flags.iter().any(known) || loads.iter().any(|start| text.starts_with(start)) {
                break;
            }
        } else {
            if wipes(call) {
                walker.out.danger(format!("{} is told to drop all data", paths::name(text)));
            }
            if takes_code(paths::name(text), args.as_slice()) {
                walker.out.doubt(format!("{} runs code that is not read here", paths::name(text)));
            }
            return walker.script(word);
        }
    }
    let typed = call.args.is_empty() || matches!(call.args, [word] if word.text == "-");
    if let (true, Stdin::Text(code)) = (typed, &walker.stdin)
        && (is_python && snippets::python(code) || language.names.contains(&"node") && snippets::node(code))
    {
        let files: Vec<String> = snippets::python_reads(code).into_iter().map(paths::tidy).collect();
        files.iter().filter(|_| is_python).for_each(|path| walker.reads_file(path));
        return walker.out.at_least(Effect::Write);
    }
    walker.out.doubt(format!("{} runs code that is not read here", call.name));
}

/// Whether a project's own tool is told to take code: `manage.py shell -c`, `rails runner`.
pub(super) fn takes_code(name: &str, args: &[Word]) -> bool {
    let verbs: &[&str] = match name {
        "manage.py" | "django-admin" => &["shell", "shell_plus", "dbshell"],
        "rails" => &["runner", "r", "console", "c", "dbconsole"],
        "artisan" => &["tinker", "db"],
        "console" => &["doctrine:query:sql", "dbal:run-sql", "doctrine:query:dql"],
        "wp" => &["eval", "eval-file", "shell", "db"],
        "drush" => &["php", "php-eval", "ev", "sql-query", "sqlq", "sql:query"],
        "flask" => &["shell"],
        _ => return false,
    };
    args.iter().find(|word| !word.text.starts_with('-')).is_some_and(|word| verbs.contains(&word.text.as_str()))
}

/// Files that Perl changes where they lie.
fn in_place(walker: &mut Walker, call: Call<'_>) {
    if call.name == "perl" && call.flag('i') {
        let blank = ["s/.*//", "s/.*//g", "s/.*//s", "s/.+//", "s/.*//gs", "s/.*//sg", "s/^.*$//"];
        if call.args.iter().any(|word| blank.contains(&word.text.trim_end_matches(';'))) {
            walker.out.danger("perl empties a file");
        }
        call.operands().skip(1).for_each(|word| walker.writes_file(&paths::tidy(&word.text)));
    }
}

/// What a project's own tools call the loss of all data.
pub(super) fn wipes(call: Call<'_>) -> bool {
    const VERBS: [&str; 18] = [
        "db:migrate:undo:all",
        "db:schema:load",
        "drop-all",
        "dropAll",
        "ecto.drop",
        "ecto.reset",
        "schema:drop",
        "--force-reset",
        "db:migrate:reset",
        "migrate:fresh",
        "migrate:reset",
        "migrate:refresh",
        "db:wipe",
        "db:drop",
        "db:reset",
        "db:purge",
        "flush",
        "reset_db",
    ];
    // A tool, and the words that together say it.
    const ORDERS: [(&str, &[&str]); 9] = [
        ("flyway", &["clean"]),
        ("flyway", &["undo"]),
        ("liquibase", &["rollback"]),
        ("prisma", &["migrate", "reset"]),
        ("prisma", &["--accept-data-loss"]),
        ("knex", &["migrate:rollback", "--all"]),
        ("ef", &["database", "drop"]),
        ("manage.py", &["migrate", "zero"]),
        ("ecto.rollback", &["--all"]),
    ];
    let has = |word: &str| call.args.iter().any(|arg| arg.text == word);
    let is_tool = |tool: &str| call.name == tool || call.args.iter().any(|arg| paths::name(&arg.text) == tool);
    VERBS.iter().any(|verb| has(verb))
        || ORDERS.iter().any(|(tool, words)| is_tool(tool) && words.iter().all(|word| has(word)))
}

/// Whether the code in the command line is harmless; `None` if the word does not begin any.
fn snippet(language: &Language, call: Call<'_>, option: &str, rest: &[Word]) -> Option<bool> {
    let code = rest.first().and_then(Word::exact);
    let is = |name: &str| language.names.contains(&name);
    match option {
        "-c" if is("python") => Some(code.is_some_and(snippets::python)),
        "-e" | "-p" | "-pe" | "--eval" | "--print" if is("node") => Some(code.is_some_and(snippets::node)),
        _ if is("perl") && option.ends_with('e') && option.starts_with('-') => {
            let letters = option.get(1..).unwrap_or_default();
            let alone = letters.contains(['p', 'n']) && call.options().count() == 1;
            let behind = letters == "e"
                && call.args.first().is_some_and(|word| matches!(word.text.as_str(), "-pi" | "-i" | "-p" | "-n"));
            let plain =
                letters.chars().all(|c| "pnliae0".contains(c)) && (alone || behind && call.options().count() == 2);
            Some(plain && code.is_some_and(snippets::perl))
        }
        _ => None,
    }
}

fn module(walker: &mut Walker, words: &[Word]) {
    let Some((module, args)) = words.split_first() else { return walker.out.doubt("python -m without a module") };
    let name = module.text.as_str();
    match name {
        "pip" => walker.invoke(&[&[Word::plain("pip")], args].concat()),
        "http.server" => walker.out.danger("opens files to others"),
        _ if module.hole => walker.out.doubt("a module that is only known while it runs"),
        _ if MODULES.contains(&name) => walker.out.at_least(Effect::Write),
        // Modules of the project itself.
        _ if name.contains('_')
            || name.contains('.') && !STANDARD.contains(&name.split('.').next().unwrap_or_default()) =>
        {
            walker.out.at_least(Effect::Write);
        }
        _ if STANDARD.contains(&name) => walker.out.doubt("a module that can run code"),
        _ => walker.out.at_least(Effect::Write),
    }
}

/// Modules of the standard library that run code, serve or fetch.
const STANDARD: [&str; 18] = [
    "timeit",
    "code",
    "codeop",
    "pdb",
    "profile",
    "cProfile",
    "trace",
    "runpy",
    "smtpd",
    "asyncio",
    "idlelib",
    "tkinter",
    "turtledemo",
    "ensurepip",
    "pty",
    "webbrowser",
    "ftplib",
    "telnetlib",
];

/// What is typed into an editor is not judged, as in a shell; options and commands behind `+` can run other programs.
fn edit(walker: &mut Walker, call: Call<'_>) {
    walker.out.typed = true;
    for word in call.args {
        let text = word.text.as_str();
        let line = text.strip_prefix('+').is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit()));
        if text.starts_with(['-', '+'])
            && !line
            && !matches!(text, "-R" | "-n" | "-l" | "-O" | "-o" | "-p" | "-d" | "--")
            || word.may_be_option()
        {
            return walker.out.doubt(format!("{} with an option that can run commands", call.name));
        }
        if !text.starts_with(['-', '+']) {
            let path = paths::tidy(text);
            walker.reads_file(&path);
            walker.writes_file(&path);
        }
    }
    walker.out.at_least(Effect::Write);
}

fn other(walker: &mut Walker, call: Call<'_>) {
    let first = call.operands().next().map(|word| word.text.as_str()).unwrap_or_default();
    let project = match call.name {
        "deno" => matches!(first, "test" | "fmt" | "lint" | "check" | "task"),
        "bun" => matches!(first, "test" | "run") || first == "install" && call.operands().count() == 1,
        "swift" => matches!(first, "build" | "test" | "package"),
        _ => false,
    };
    match project {
        true => walker.out.at_least(Effect::Write),
        false => walker.out.doubt(format!("{} runs code that is not read here", call.name)),
    }
}
