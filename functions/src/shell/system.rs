//! Programs that show or change the system, depending on their words.

use super::{call::Call, judge::named_paths, paths, reading::Effect, walk::Walker, word::OWN_PROCESS};

/// Judges the program if it is one of these.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>) -> bool {
    let first = call.operands().next().map(|word| word.text.as_str()).unwrap_or_default();
    let shows = match call.name {
        "kill" => return kill(walker, call),
        "pkill" => return pkill(walker, call),
        "getent" => !call.args.iter().any(|word| word.text.ends_with("shadow") || word.hole),
        "date" => !call.flag('s') && !call.long("set") && call.operands().all(|word| is_date_operand(call, &word.text)),
        "hostname" => call.operands().next().is_none() && !call.any_flag("Fb") && !call.long("file"),
        "domainname" | "nisdomainname" | "dnsdomainname" => call.operands().next().is_none(),
        "dmesg" => {
            !call.any_flag("CcDEn")
                && !["clear", "read-clear", "console-off", "console-on", "console-level"].iter().any(|name| {
                    call.options().any(|text| {
                        text.len() > 4 && name.starts_with(text.trim_start_matches("--")) && text.starts_with("--")
                    })
                })
        }
        "journalctl" => !call.options().any(|text| {
            ["--vac", "--rot", "--flu", "--syn", "--rel", "--set", "--upd", "--cursor-f"]
                .iter()
                .any(|start| text.starts_with(start) && !text.starts_with("--since"))
        }),
        "mount" => call.operands().next().is_none() && !call.any_flag("aoBMR"),
        "sysctl" => {
            !call.any_flag("wpf")
                && !call.has("--write")
                && !call.has("--system")
                && !call.args.iter().any(|word| word.text.contains('=') || word.text.starts_with("--load"))
        }
        "crontab" => call.flag('l') && !call.any_flag("re") && call.operands().count() <= usize::from(call.flag('u')),
        "ip" => is_ip_show(call),
        "ifconfig" => call.operands().count() <= 1 && !call.has("up") && !call.has("down"),
        "route" => !["add", "del", "flush", "delete", "change"].iter().any(|verb| call.has(verb)),
        "arp" => !call.any_flag("dsf") && !call.long("delete") && !call.long("set"),
        "ss" => {
            !call.flag('K')
                && !call.options().any(|text| text.starts_with("--ki"))
                && !call.flag('D')
                && !call.options().any(|text| text.starts_with("--dia"))
        }
        "fuser" => !call.flag('k') && !call.long("kill"),
        "iptables" | "ip6tables" | "iptables-legacy" | "iptables-nft" => {
            (call.any_flag("LS") || call.has("--list") || call.has("--list-rules"))
                && !call.any_flag("ADFIRXPENZ")
                && !call.options().any(|text| {
                    ["--app", "--del", "--flu", "--ins", "--rep", "--pol", "--new", "--zer", "--ren"]
                        .iter()
                        .any(|start| text.starts_with(start))
                })
        }
        "iptables-save" | "ip6tables-save" => !call.flag('f') && !call.long("file"),
        "nft" => first == "list" && !call.any_flag("f"),
        "ufw" => matches!(first, "status" | "version" | "show"),
        "ethtool" => call.options().all(|text| {
            matches!(
                text,
                "-i" | "-S" | "-k" | "-a" | "-g" | "-c" | "-T" | "--driver" | "--statistics" | "--show-features"
            )
        }),
        "chronyc" => matches!(first, "tracking" | "sources" | "sourcestats" | "activity"),
        "ntpq" => true,
        "dpkg" => {
            call.options().next().is_some()
                && call.options().all(|text| {
                    matches!(
                        text,
                        "-l" | "-L"
                            | "-s"
                            | "-S"
                            | "-p"
                            | "-V"
                            | "-C"
                            | "--list"
                            | "--status"
                            | "--listfiles"
                            | "--search"
                            | "--verify"
                            | "--get-selections"
                            | "--print-architecture"
                            | "--version"
                            | "--audit"
                            | "-I"
                            | "-c"
                            | "--info"
                            | "--contents"
                    )
                })
        }
        "rpm" => {
            (call.flag('q')
                || call.flag('V')
                || call.options().any(|text| text.starts_with("--que") || text.starts_with("--ver")))
                && !call.any_flag("eUF")
                && !call.options().any(|text| {
                    ["--era", "--ins", "--upg", "--imp", "--eval", "--def", "--pip"]
                        .iter()
                        .any(|start| text.starts_with(start))
                })
                && !call.options().any(|text| text.starts_with("-i"))
        }
        "last" | "lastb" => true,
        "history" => !call.any_flag("cdwanrs"),
        "tune" => false,
        _ => return false,
    };
    named_paths(walker, call, !shows);
    if call.may_hide_option() {
        walker.out.doubt(format!("words of {} that are only known while it runs", call.name));
    } else if !shows {
        walker.out.danger(reason(call.name));
    }
    true
}

impl Walker {
    /// Whether a word stands for the number that a program wrote down for whoever wants to signal it: `$(cat app.pid)`.
    pub(super) fn is_process(&self, raw: &str) -> bool {
        let bare = raw.trim_matches('"');
        let code = bare.strip_prefix("$(").and_then(|rest| rest.strip_suffix(')'));
        let code = code.or_else(|| bare.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')));
        let file = code.map(str::trim).and_then(|code| code.strip_prefix("cat ").or_else(|| code.strip_prefix('<')));
        let tame = |c: char| c.is_ascii_alphanumeric() || "/._-~".contains(c);
        file.map(str::trim).is_some_and(|file| {
            file.ends_with(".pid") && file.chars().all(tame) && !self.made.contains(&paths::tidy(file))
        })
    }
}

/// Only processes of one's own can be ended, unless everything is or the first of all is meant.
fn kill(walker: &mut Walker, call: Call<'_>) -> bool {
    let mut args = call.args.iter().map(|word| word.text.as_str()).peekable();
    match args.peek() {
        Some(&("-l" | "-L" | "--list" | "-0")) => return true,
        Some(&("-s" | "-n" | "--signal")) => {
            args.next();
            args.next();
        }
        Some(text) if text.starts_with('-') => {
            args.next();
        }
        _ => {}
    }
    let own = |text: &str| {
        let number = text.parse::<u32>().is_ok_and(|pid| pid > 1);
        number || text.starts_with('%') || text.chars().all(|c| c == OWN_PROCESS)
    };
    let targets: Vec<&str> = args.filter(|text| *text != "--").collect();
    if targets.iter().all(|text| text.starts_with('%') || text.chars().all(|c| c == OWN_PROCESS)) && !targets.is_empty()
    {
        return true;
    }
    match !targets.is_empty() && targets.len() < 16 && targets.into_iter().all(own) {
        true => walker.out.at_least(Effect::Write),
        false => walker.out.danger("kill ends processes that are not named one by one"),
    }
    true
}

/// `pkill -f worker.py`: a program of the caller's own, told to end by a name that no service of the machine has.
fn pkill(walker: &mut Walker, call: Call<'_>) -> bool {
    const SERVICES: [&str; 44] = [
        "ssh",
        "sshd",
        "systemd",
        "init",
        "cron",
        "crond",
        "postgres",
        "mysql",
        "mysqld",
        "mariadb",
        "nginx",
        "apache",
        "apache2",
        "httpd",
        "docker",
        "dockerd",
        "containerd",
        "kubelet",
        "kube",
        "java",
        "python",
        "python3",
        "node",
        "ruby",
        "perl",
        "php",
        "bash",
        "sh",
        "zsh",
        "redis",
        "mongo",
        "mongod",
        "rabbitmq",
        "beam",
        "kafka",
        "etcd",
        "consul",
        "vault",
        "haproxy",
        "envoy",
        "agent",
        "dbus",
        "rsyslog",
        "tmux",
    ];
    let signal = |text: &str| {
        let name = text.trim_start_matches('-').to_ascii_uppercase();
        matches!(name.trim_start_matches("SIG"), "TERM" | "HUP" | "INT" | "USR1" | "USR2" | "15" | "1" | "2")
    };
    let mut options = call.options();
    let tame = options.all(|text| matches!(text, "-f" | "-x" | "--full" | "-e" | "-fx") || signal(text));
    let mut operands = call.operands();
    let pattern = operands.next().and_then(|word| word.exact()).unwrap_or_default();
    let plain = pattern.chars().all(|c| c.is_ascii_alphanumeric() || "._-/ ".contains(c)) && pattern.len() >= 4;
    let mut words = pattern.split([' ', '/', '.']).filter(|word| !word.is_empty());
    // `node server.js` says more than `node`.
    let own = words.clone().count() > 1 && words.clone().any(|word| word.len() > 3 && !SERVICES.contains(&word))
        || words.all(|word| {
            !SERVICES.contains(&word) && !SERVICES.iter().any(|service| service.len() > 4 && service.starts_with(word))
        });
    let full = call.flag('f') || call.long("full");
    match tame && full && plain && own && operands.next().is_none() && !walker.out.privileged {
        true => walker.out.at_least(Effect::Write),
        false => walker.out.danger("pkill ends processes"),
    }
    true
}

fn reason(name: &str) -> String {
    match name {
        "date" | "hostname" | "sysctl" => format!("{name} changes a setting of the machine"),
        "crontab" => "crontab changes what runs on a schedule".to_owned(),
        "journalctl" | "dmesg" | "history" => format!("{name} removes logs"),
        "iptables" | "ip6tables" | "nft" | "ufw" | "iptables-legacy" | "iptables-nft" => {
            format!("{name} changes the firewall")
        }
        "getent" => "getent shows password hashes".to_owned(),
        "dpkg" | "rpm" => format!("{name} changes installed packages"),
        "mount" => "mount changes file systems".to_owned(),
        _ => format!("{name} changes the system"),
    }
}

/// A format, or the value of an option that only shows.
fn is_date_operand(call: Call<'_>, text: &str) -> bool {
    text.starts_with('+')
        || call.any_flag("drfI")
        || call.options().any(|option| option.starts_with("--d") || option.starts_with("--ref"))
}

fn is_ip_show(call: Call<'_>) -> bool {
    if call.any_flag("b") && call.options().any(|text| text == "-b" || text.starts_with("-ba"))
        || call.long("batch") && call.options().any(|text| text.starts_with("--b"))
    {
        return false;
    }
    let valued = |text: &str| matches!(text, "-f" | "-family" | "-n" | "-netns" | "-l" | "-loops" | "-rc" | "-rcvbuf");
    let mut words: Vec<&str> = Vec::new();
    let mut args = call.args.iter().map(|word| word.text.as_str());
    while let Some(text) = args.next() {
        if valued(text) {
            args.next();
        } else if !text.starts_with('-') {
            words.push(text);
        }
    }
    // `ip netns exec` runs a command.
    const CHANGING: [&str; 17] = [
        "a", "add", "append", "change", "del", "delete", "d", "exec", "flush", "f", "replace", "r", "set", "save",
        "restore", "attach", "identify",
    ];
    match words.as_slice() {
        [] => true,
        [_object] => true,
        [_object, verb, ..] => {
            !CHANGING.contains(verb)
                && ["show", "list", "ls", "get", "route", "lst", "sh", "s", "l", "g"].iter().any(|known| known == verb)
        }
    }
}
