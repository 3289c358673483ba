//! Names of files: written one way, and those that matter more than others.

/// A path without doubled slashes, `.` and, in absolute paths, `..`.
#[must_use]
pub fn tidy(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if absolute => {
                parts.pop();
            }
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

/// Places whose loss takes the system with it.
const SYSTEM: [&str; 13] =
    ["/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/sbin", "/sys", "/usr", "/var", "/run"];

/// Whether a path is part of the system.
#[must_use]
pub fn is_system(path: &str) -> bool {
    path == "/"
        || SYSTEM
            .iter()
            .any(|place| path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Files that hold secrets.
#[must_use]
pub fn is_secret(path: &str) -> bool {
    const ANYWHERE: [&str; 14] = [
        "/.ssh/id_",
        "/.aws/credentials",
        "/.pgpass",
        "/.netrc",
        "/.git-credentials",
        "/.docker/config.json",
        "/.kube/config",
        "/.my.cnf",
        "/.vault-token",
        "/etc/shadow",
        "/etc/gshadow",
        "/etc/sudoers",
        "/etc/ssl/private",
        "/serviceaccount/token",
    ];
    let whole = format!("/{path}");
    ANYWHERE.iter().any(|place| whole.contains(place))
        || whole.contains("/etc/ssh/ssh_host_") && !whole.ends_with(".pub")
        || whole.starts_with("//proc/") && (whole.ends_with("/environ") || whole.ends_with("/mem"))
        || whole == "//dev/mem"
}

/// Devices that swallow, give or mirror bytes and hold nothing.
pub(super) fn is_sink(path: &str) -> bool {
    matches!(path, "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty" | "/dev/full" | "/dev/fd/1" | "/dev/fd/2")
}

/// Whether an argument of a program that is not about files still looks like a file's name.
pub(super) fn looks_like_path(text: &str) -> bool {
    !text.contains("://") && (text.starts_with(['/', '~']) || text.starts_with("./") || text.starts_with("../"))
}
