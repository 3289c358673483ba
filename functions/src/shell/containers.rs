//! Containers and clusters: who may run a container as they like owns the machine.

use super::{call::Call, paths, reading::Effect, walk::Walker, word::Word};

/// Options of `docker run` without a value that open nothing of the machine to the container.
const PLAIN: [&str; 11] = ["-d", "--detach", "--rm", "-i", "-t", "-it", "-ti", "--read-only", "--init", "-q", "-dit"];

/// Such options with a value.
const VALUED: [&str; 21] = [
    "-p",
    "--publish",
    "--name",
    "-e",
    "--env",
    "-w",
    "--workdir",
    "-m",
    "--memory",
    "--cpus",
    "--label",
    "-l",
    "--restart",
    "--hostname",
    "-h",
    "--pull",
    "--platform",
    "--log-driver",
    "--health-cmd",
    "--env-file",
    "--stop-timeout",
];

/// `docker run` and `docker create`.
pub(super) fn run(walker: &mut Walker, call: Call<'_>) {
    let mut args = call.args.iter().skip_while(|word| !matches!(word.text.as_str(), "run" | "create")).skip(1);
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if word.may_be_option() {
            return walker.out.doubt("options of a container that are only known while it runs");
        }
        if !text.starts_with('-') {
            break;
        }
        let name = text.split('=').next().unwrap_or_default();
        let valued = VALUED.contains(&name);
        if !valued && !PLAIN.contains(&name) {
            return walker.out.danger(format!("{} run {name} can open the machine to the container", call.name));
        }
        if valued && !text.contains('=') {
            args.next();
        }
    }
    walker.out.at_least(Effect::Write);
}

/// `docker exec` and the like: what runs in the container is judged as if it ran here, unless it is someone else there.
pub(super) fn exec(walker: &mut Walker, call: Call<'_>) {
    walker.out.at_least(Effect::Write);
    let mut args = call.args.iter().skip_while(|word| word.text != "exec").skip(1);
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        if word.may_be_option() {
            return walker.out.doubt("options of a container that are only known while it runs");
        }
        if !text.starts_with('-') {
            let inner: Vec<Word> = args.cloned().collect();
            return match inner.is_empty() {
                true => walker.out.doubt(format!("{} exec without a command", call.name)),
                false => walker.invoke(&inner),
            };
        }
        let name = text.split('=').next().unwrap_or_default();
        let valued = matches!(name, "-e" | "--env" | "-w" | "--workdir" | "--env-file" | "--detach-keys" | "--index");
        if !valued && !PLAIN.contains(&name) && text != "-T" && text != "--interactive" && text != "--tty" {
            return walker.out.danger(format!("{} exec {name} can be someone else in the container", call.name));
        }
        if valued && !text.contains('=') {
            args.next();
        }
    }
    walker.out.doubt(format!("{} exec without a container", call.name));
}

/// `kubectl exec`: what runs in the pod is judged as if it ran here.
pub(super) fn exec_in_pod(walker: &mut Walker, call: Call<'_>) {
    const FLAGS: [&str; 9] = ["-i", "-t", "-it", "-ti", "--stdin", "--tty", "-q", "--quiet", "-s"];
    const VALUED: [&str; 10] = [
        "-n",
        "--namespace",
        "-c",
        "--container",
        "--context",
        "--kubeconfig",
        "--cluster",
        "--request-timeout",
        "--pod-running-timeout",
        "-r",
    ];
    walker.out.at_least(Effect::Write);
    let mut args = call.args.iter().skip_while(|word| word.text != "exec").skip(1);
    let mut pod = false;
    while let Some(word) = args.next() {
        let text = word.text.as_str();
        let name = text.split('=').next().unwrap_or_default();
        if word.may_be_option() && !pod {
            return walker.out.doubt("options of a container that are only known while it runs");
        } else if text == "--" || pod && !text.starts_with('-') {
            let first = (text != "--").then_some(word);
            let inner: Vec<Word> = first.into_iter().chain(args).cloned().collect();
            return match inner.is_empty() {
                true => walker.out.doubt(format!("{} exec without a command", call.name)),
                false => walker.invoke(&inner),
            };
        } else if !text.starts_with('-') {
            pod = true;
        } else if VALUED.contains(&name) {
            if !text.contains('=') {
                args.next();
            }
        } else if !FLAGS.contains(&name) {
            return walker.out.doubt(format!("an option of {} exec that is not known here", call.name));
        }
    }
    walker.out.doubt(format!("{} exec without a command", call.name));
}

/// Whether a format asks for what a container is given in its environment.
pub(super) fn asks_environment(call: Call<'_>) -> bool {
    let asks = |text: &str| text.contains(".Env") || text.contains("json .Config}") || text.contains("json .Config }");
    call.args.iter().any(|word| asks(&word.text))
}

/// `docker build`, with the project's own file.
pub(super) fn build(walker: &mut Walker, call: Call<'_>) {
    let odd = call.options().any(|text| {
        ["--allow", "--secret", "--ssh", "--network=host", "--privileged", "--push"]
            .iter()
            .any(|start| text.starts_with(start))
    });
    let context = call.operands().last().map(|word| word.text.as_str()).unwrap_or_default();
    if odd || context == "-" || call.has("-") || context.contains("://") || paths::is_staging(context) {
        return walker.out.doubt(format!("{} build with files from elsewhere", call.name));
    }
    walker.out.at_least(Effect::Write);
}

/// Whether `docker cp` puts files into a container rather than taking them out; both are changes, the first of what runs.
pub(super) fn copy(walker: &mut Walker, call: Call<'_>) {
    let words: Vec<&Word> = call.operands().collect();
    for (_, path) in words.iter().filter_map(|word| word.text.split_once(':')) {
        walker.reads_file(&paths::tidy(path));
    }
    match words.last() {
        Some(target) if !target.text.contains(':') => walker.writes_file(&paths::tidy(&target.text)),
        _ => walker.out.danger(format!("{} cp changes a container", call.name)),
    }
}

/// Whether a read of a cluster shows what is secret.
pub(super) fn shows_secret(call: Call<'_>, words: &[&Word]) -> bool {
    let secret = words
        .iter()
        .skip(1)
        .any(|word| word.text.split([',', '/']).any(|kind| matches!(kind, "secret" | "secrets")) || word.hole);
    let content = call.args.iter().any(|word| {
        let text = word.text.as_str();
        let formats = ["yaml", "json", "jsonpath", "go-template", "custom-columns", "template"];
        formats.iter().any(|format| {
            text.trim_start_matches("-o").trim_start_matches("--output").trim_start_matches('=').starts_with(format)
        })
    });
    secret && content
        || call.args.iter().any(|word| word.text.starts_with("--raw"))
        || words.first().is_some_and(|word| word.text == "config") && call.has("--raw")
}
