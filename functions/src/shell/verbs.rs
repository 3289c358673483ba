//! Programs whose first words say what they do: `git log`, `systemctl stop`, `kubectl get`. A verb that only shows is listed;
//! every other one counts as changing something.

use super::{
    call::Call, cloud, containers, judge::named_paths, looks, paths, reading::Effect, repository, shown, walk::Walker,
    word::Word,
};

/// A program with verbs.
struct Program {
    names: &'static [&'static str],
    /// Global options whose value is the next word.
    valued: &'static [&'static str],
    /// Verbs that show; two words where the first alone does not tell.
    shows: &'static [&'static str],
    /// Verbs that make or add.
    writes: &'static [&'static str],
    /// Verbs that run code of the caller.
    runs: &'static [&'static str],
    /// Whether the words alone, without a verb, only show.
    bare: bool,
}

const PROGRAMS: &[Program] = &[
    Program {
        names: &["systemctl"],
        valued: &[
            "-t",
            "--type",
            "-p",
            "--property",
            "-n",
            "--lines",
            "-o",
            "--output",
            "--state",
            "-H",
            "--host",
            "-M",
            "--machine",
        ],
        shows: &[
            "status",
            "show",
            "list-units",
            "list-unit-files",
            "list-timers",
            "list-sockets",
            "list-dependencies",
            "list-jobs",
            "list-machines",
            "is-active",
            "is-enabled",
            "is-failed",
            "is-system-running",
            "cat",
            "get-default",
            "help",
            "show-environment",
        ],
        writes: &[],
        runs: &["edit"],
        bare: true,
    },
    Program { names: &["service"], valued: &[], shows: &["--status-all"], writes: &[], runs: &[], bare: false },
    Program {
        names: &[
            "loginctl",
            "timedatectl",
            "hostnamectl",
            "localectl",
            "resolvectl",
            "networkctl",
            "machinectl",
            "systemd-analyze",
            "coredumpctl",
            "bootctl",
        ],
        valued: &["-p", "--property"],
        shows: &[
            "status",
            "show",
            "list",
            "list-sessions",
            "list-users",
            "list-seats",
            "show-user",
            "show-session",
            "user-status",
            "session-status",
            "list-timezones",
            "timesync-status",
            "query",
            "statistics",
            "dns",
            "lldp",
            "blame",
            "time",
            "critical-chain",
            "info",
            "list-locales",
            "verify",
            "security",
            "calendar",
        ],
        writes: &[],
        runs: &[],
        bare: true,
    },
    Program {
        names: &["git"],
        valued: &["-C", "--git-dir", "--work-tree", "--namespace"],
        shows: &[
            "log",
            "show",
            "status",
            "diff",
            "blame",
            "shortlog",
            "describe",
            "rev-parse",
            "rev-list",
            "ls-files",
            "ls-tree",
            "cat-file",
            "grep",
            "reflog",
            "whatchanged",
            "version",
            "help",
            "name-rev",
            "merge-base",
            "for-each-ref",
            "show-ref",
            "count-objects",
            "cherry",
            "annotate",
            "ls-remote",
            "check-ignore",
            "diff-tree",
            "diff-index",
            "diff-files",
            "show-branch",
            "range-diff",
            "var",
            "fsck",
            "verify-commit",
            "verify-tag",
        ],
        writes: &[],
        runs: &[],
        bare: true,
    },
    Program {
        names: &["docker", "podman", "nerdctl"],
        valued: &[
            "-f",
            "--file",
            "-p",
            "--project-name",
            "-H",
            "--host",
            "-c",
            "--context",
            "--config",
            "-l",
            "--log-level",
        ],
        shows: &[
            "ps",
            "images",
            "logs",
            "inspect",
            "stats",
            "top",
            "version",
            "info",
            "port",
            "diff",
            "history",
            "search",
            "events",
            "container ls",
            "container ps",
            "container list",
            "container inspect",
            "container logs",
            "container top",
            "container stats",
            "image ls",
            "image list",
            "image inspect",
            "image history",
            "network ls",
            "network list",
            "network inspect",
            "volume ls",
            "volume list",
            "volume inspect",
            "system df",
            "system info",
            "compose ps",
            "compose logs",
            "compose ls",
            "compose config",
            "compose images",
            "compose top",
            "compose version",
            "node ls",
            "service ls",
            "service ps",
            "service logs",
            "stack ls",
            "stack ps",
            "context ls",
        ],
        writes: &[
            "pull",
            "tag",
            "start",
            "restart",
            "container start",
            "container restart",
            "compose restart",
            "compose up",
            "compose build",
            "compose pull",
            "compose start",
            "compose create",
        ],
        runs: &["exec", "buildx", "container exec", "container run", "compose exec", "compose run"],
        bare: true,
    },
    Program {
        names: &["docker-compose"],
        valued: &["-f", "--file", "-p", "--project-name"],
        shows: &["ps", "logs", "config", "images", "top", "version", "ls"],
        writes: &["up", "build", "pull", "start", "restart", "create"],
        runs: &["exec", "run"],
        bare: true,
    },
    Program {
        names: &["kubectl", "oc", "k", "k3s-kubectl", "microk8s.kubectl"],
        valued: &["-n", "--namespace", "--context", "--cluster", "--kubeconfig", "-s", "--server", "--user"],
        shows: &[
            "get",
            "describe",
            "logs",
            "top",
            "explain",
            "version",
            "cluster-info",
            "api-resources",
            "api-versions",
            "config view",
            "config get-contexts",
            "config current-context",
            "auth can-i",
            "auth whoami",
            "rollout status",
            "rollout history",
            "diff",
            "events",
            "wait",
        ],
        writes: &[],
        runs: &["exec", "run", "debug", "cp", "attach", "port-forward", "proxy", "edit"],
        bare: true,
    },
    Program {
        names: &["crictl", "ctr"],
        valued: &["-n", "--namespace", "-r"],
        shows: &[
            "ps",
            "pods",
            "images",
            "logs",
            "inspect",
            "inspecti",
            "inspectp",
            "info",
            "stats",
            "version",
            "containers ls",
            "containers list",
            "containers info",
            "tasks ls",
            "tasks list",
            "images list",
            "namespaces ls",
            "images ls",
        ],
        writes: &[],
        runs: &["exec", "run"],
        bare: true,
    },
    Program {
        names: &["helm"],
        valued: &["-n", "--namespace", "--kube-context", "--kubeconfig"],
        shows: &["list", "ls", "status", "history", "get", "show", "search", "version", "env", "template", "lint"],
        writes: &[],
        runs: &["plugin"],
        bare: true,
    },
    Program {
        names: &["apt", "apt-get", "aptitude"],
        valued: &["-o", "-c", "-t"],
        shows: &["list", "show", "search", "policy", "depends", "rdepends", "changelog", "showpkg"],
        writes: &["update"],
        runs: &[],
        bare: true,
    },
    Program {
        names: &["yum", "dnf", "microdnf", "zypper"],
        valued: &[],
        shows: &[
            "list",
            "info",
            "search",
            "repolist",
            "provides",
            "check-update",
            "history",
            "deplist",
            "repoquery",
            "repos",
            "lr",
            "se",
            "if",
        ],
        writes: &[],
        runs: &["shell"],
        bare: true,
    },
    Program {
        names: &["apk", "snap", "flatpak", "brew", "port"],
        valued: &[],
        shows: &[
            "info",
            "list",
            "search",
            "version",
            "find",
            "policy",
            "outdated",
            "deps",
            "uses",
            "ls",
            "services",
            "--version",
        ],
        writes: &[],
        runs: &[],
        bare: true,
    },
    Program { names: &["pacman"], valued: &[], shows: &[], writes: &[], runs: &[], bare: false },
    Program {
        names: &[
            "supervisorctl",
            "pm2",
            "monit",
            "nginx",
            "apachectl",
            "apache2ctl",
            "httpd",
            "haproxy",
            "rabbitmqctl",
            "rabbitmq-diagnostics",
            "ceph",
            "vault",
            "consul",
            "nomad",
            "etcdctl",
            "zpool",
            "zfs",
            "aws",
            "gcloud",
            "az",
            "gh",
            "glab",
            "firewall-cmd",
            "nmcli",
            "virsh",
            "lxc",
            "incus",
            "fail2ban-client",
            "certbot",
            "postconf",
            "kadmin",
            "doctl",
            "oci",
            "ibmcloud",
            "pvesh",
            "qm",
        ],
        valued: &[],
        shows: &[
            "status",
            "list",
            "ls",
            "show",
            "info",
            "version",
            "-v",
            "-V",
            "-t",
            "-T",
            "-S",
            "-n",
            "describe",
            "summary",
            "certificates",
            "iostat",
            "history",
            "--version",
            "--state",
            "--list-all",
            "--get-active-zones",
            "configtest",
            "health",
            "df",
        ],
        writes: &[],
        runs: &["exec", "ssh"],
        bare: false,
    },
];

/// Whether a setting of apt names programs or the files that name them.
fn runs_hooks(call: Call<'_>) -> bool {
    call.flag('c')
        || call.args.iter().any(|word| {
            let text = word.text.to_ascii_lowercase();
            ["invoke", "dir::", "::methods", "::tools", "post-", "pre-", "proxy-auto", "solver"]
                .iter()
                .any(|name| text.contains("::") && text.contains(name))
        })
}

/// Judges the program if it is one of these.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    let Some(program) = PROGRAMS.iter().find(|program| program.names.contains(&call.name)) else { return false };
    let words = operands(walker, call, program);
    let first = words.first().map(|word| word.text.as_str()).unwrap_or_default();
    let second = words.get(1).map(|word| word.text.as_str()).unwrap_or_default();
    let both = format!("{first} {second}");
    let among = |verbs: &[&str]| verbs.iter().any(|verb| *verb == first || *verb == both);
    named_paths(walker, call, false);
    if words.first().is_some_and(|word| word.hole) {
        walker.out.doubt(format!("what {} does is only known while it runs", call.name));
    } else if program.names.contains(&"apt") && runs_hooks(call) {
        walker.out.doubt(format!("{} with a setting that runs commands", call.name));
    } else if call.name == "git" {
        repository::judge(walker, call, first, &words, among(program.shows));
    } else if let ("docker" | "podman" | "nerdctl", "run" | "create" | "build" | "cp", _)
    | (
        "docker" | "podman" | "nerdctl",
        _,
        "container run" | "container create" | "image build" | "buildx build" | "container cp",
    ) = (call.name, first, both.as_str())
    {
        match both.rsplit(' ').find(|word| matches!(*word, "run" | "create" | "build" | "cp")) {
            Some("build") => containers::build(walker, call),
            Some("cp") => containers::copy(walker, call),
            _ => containers::run(walker, call),
        }
    } else if let ("docker" | "podman" | "nerdctl", "exec", _)
    | ("docker" | "podman" | "nerdctl", _, "container exec" | "compose exec")
    | ("docker-compose", "exec", _) = (call.name, first, both.as_str())
    {
        containers::exec(walker, call);
    } else if first == "exec" && (is_cluster(call.name) || call.name == "crictl") && call.name != "helm" {
        containers::exec_in_pod(walker, call);
    } else if matches!(call.name, "aws" | "gcloud" | "az" | "gh" | "glab" | "doctl" | "oci" | "ibmcloud") {
        cloud::judge(walker, call, &words);
    } else if call.name == "systemctl"
        && call.has("--user")
        && matches!(first, "start" | "stop" | "restart" | "reload" | "daemon-reload")
    {
        walker.out.at_least(Effect::Write);
    } else if is_cluster(call.name) && rehearses(call) {
        // It is worked out, and nothing is kept of it.
    } else if call.name == "resolvectl" && words.len() > 2 && matches!(first, "dns" | "domain") {
        walker.out.danger("resolvectl changes where names are looked up");
    } else if among(program.shows) && containers::shows_secret(call, &words) && is_cluster(call.name) {
        walker.out.danger(format!("{} {first} shows secrets", call.name));
    } else if both.contains("inspect")
        && matches!(call.name, "docker" | "podman" | "nerdctl")
        && (containers::asks_environment(call) || shown::inspects_all(walker, call, first))
    {
        walker.out.danger(format!("{} {first} shows the secrets that a container is given", call.name));
    } else if first.is_empty() && program.bare || call.name == "service" && second == "status" {
    } else if is_compose(call.name, first)
        && call.values('f', "file").iter().any(|word| paths::is_staging(&paths::tidy(&word.text)))
    {
        walker.out.doubt("services that a file from anywhere describes");
    } else if among(program.runs) {
        walker.out.doubt(format!("{} {first} runs a command", call.name));
    } else if among(program.shows) {
    } else if among(program.writes) {
        walker.out.at_least(Effect::Write);
    } else if looks::judge(walker, call) {
    } else {
        walker.out.danger(format!("{} {first} changes something", call.name).replace("  ", " "));
    }
    if !walker.out.commands.is_empty()
        && (call.name == "systemctl" || call.name.ends_with("ctl"))
        && call.args.iter().any(|word| word.may_be_option())
        && !among(program.shows)
    {
        walker.out.doubt(format!("words of {} that are only known while it runs", call.name));
    }
    true
}

/// Words that are not global options.
fn operands<'a>(walker: &mut Walker, call: Call<'a>, program: &Program) -> Vec<&'a Word> {
    let mut words = Vec::new();
    let mut args = call.args.iter();
    while let Some(word) = args.next() {
        if program.valued.contains(&word.text.as_str()) {
            args.next();
        } else if call.name == "git"
            && words.is_empty()
            && (word.text == "-c"
                || word.text.starts_with("--config-env")
                || word.text.starts_with("--exec-path=")
                || word.text == "-p")
        {
            let setting = if word.text == "-c" { args.next() } else { None };
            if !setting.is_some_and(|word| repository::is_harmless_setting(&word.text)) && word.text != "-p" {
                walker.out.doubt("git with settings of its own");
            }
        } else if !word.text.starts_with('-') || program.shows.contains(&word.text.as_str()) {
            words.push(word);
        }
    }
    words
}

/// Whether services are started as a project's file says.
fn is_compose(name: &str, verb: &str) -> bool {
    name == "docker-compose" || verb == "compose"
}

/// Clusters, whose secrets are shown like everything else.
fn is_cluster(name: &str) -> bool {
    matches!(name, "kubectl" | "oc" | "k" | "k3s-kubectl" | "microk8s.kubectl" | "helm")
}

/// Whether a change is only tried.
fn rehearses(call: Call<'_>) -> bool {
    let options: Vec<&str> = call.options().filter(|text| text.starts_with("--dry-run")).collect();
    let tried = |text: &&str| matches!(*text, "--dry-run" | "--dry-run=client" | "--dry-run=server");
    let verbs = ["apply", "create", "delete", "replace", "patch", "scale", "label", "annotate", "upgrade", "install"];
    !options.is_empty()
        && options.iter().all(tried)
        && verbs.iter().any(|verb| call.has(verb))
        && !call.may_hide_option()
}
