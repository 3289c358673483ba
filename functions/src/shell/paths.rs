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
const SYSTEM: [&str; 18] = [
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/root", "/sbin", "/sys", "/usr",
    "/var", "/run", "/selinux", "/cgroup", "/nix",
];
/// Folders at the root that hold what is people's or services' own.
const OPEN: [&str; 12] =
    ["tmp", "home", "srv", "opt", "mnt", "media", "data", "app", "workspace", "work", "code", "repo"];

/// Whether a path is part of the system.
#[must_use]
pub fn is_system(path: &str) -> bool {
    let at_root = path.strip_prefix('/').is_some_and(|name| !name.contains('/') && !OPEN.contains(&name));
    path == "/" || at_root || SYSTEM.iter().any(|place| is_below(path, place)) && !is_below(path, "/var/tmp")
}

/// The last part of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Whether a path is `place` or lies in it.
fn is_below(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a program there was put there by anyone: folders that everybody may write to, and devices.
pub(super) fn is_staging(path: &str) -> bool {
    ["/tmp", "/var/tmp", "/dev", "/proc", "/run"].iter().any(|place| is_below(path, place))
}

/// Whether a path is not known only where it begins, as with `$HOME/app/run`.
pub(super) fn is_own(path: &str) -> bool {
    let rest = path.strip_prefix(super::word::HOLE).unwrap_or_default();
    rest.starts_with('/') && !rest.contains(super::word::HOLE) && !rest.contains("..")
}

/// Whether a path is a whole home, project or disk rather than something in one.
pub(super) fn is_wide(path: &str) -> bool {
    let path = path.trim_end_matches("/*").trim_end_matches("/.");
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let open =
        |part: &&str| matches!(*part, "~" | "." | ".." | "*" | ".*") || part.chars().all(|c| c == super::word::HOLE);
    let shallow = path.starts_with('/') && parts.len() < 3 && parts.first() != Some(&"tmp");
    path == "/tmp" || shallow || parts.iter().all(open)
}

/// Devices that swallow, give or mirror bytes and hold nothing.
pub(super) fn is_sink(path: &str) -> bool {
    matches!(path, "/dev/null" | "/dev/stdout" | "/dev/stderr" | "/dev/tty" | "/dev/full" | "/dev/fd/1" | "/dev/fd/2")
}

/// Whether a path is a disk, or the memory of the machine.
pub(super) fn is_disk(path: &str) -> bool {
    const DISKS: [&str; 13] =
        ["sd", "vd", "xvd", "hd", "nvme", "mmcblk", "loop", "md", "dm-", "mapper/", "disk/", "mem", "kmem"];
    path.strip_prefix("/dev/").is_some_and(|name| DISKS.iter().any(|disk| name.starts_with(disk)))
}

/// Whether an argument of a program that is not about files still looks like a file's name.
pub(super) fn looks_like_path(text: &str) -> bool {
    !text.contains("://") && (text.starts_with(['/', '~']) || text.starts_with("./") || text.starts_with("../"))
}
