//! Files that hold secrets, also when a pattern or something that is not known yet stands for a part of their names.

use super::{
    call::Call,
    word::{HOLE, Word},
};

/// Where secrets lie, as the last parts of a path.
const ENDS: &[&str] = &[
    "etc/shadow",
    "etc/shadow-",
    "etc/gshadow",
    "etc/sudoers",
    "etc/master.passwd",
    "etc/security/opasswd",
    "etc/krb5.keytab",
    "etc/ssl/private",
    "etc/ssh/ssh_host_rsa_key",
    "etc/ssh/ssh_host_ed25519_key",
    "etc/ssh/ssh_host_ecdsa_key",
    "etc/kubernetes/admin.conf",
    ".ssh/id_rsa",
    ".ssh/id_dsa",
    ".ssh/id_ecdsa",
    ".ssh/id_ed25519",
    ".ssh",
    ".aws/credentials",
    ".aws",
    ".azure/accessTokens.json",
    ".gnupg",
    ".pgpass",
    ".netrc",
    ".git-credentials",
    ".docker/config.json",
    ".kube/config",
    ".my.cnf",
    ".vault-token",
    ".config/gcloud",
    "application_default_credentials.json",
    "gcloud/credentials.db",
    "gcloud/access_tokens.db",
    ".npmrc",
    ".pypirc",
    ".htpasswd",
    ".env",
    ".bash_history",
    ".zsh_history",
    ".psql_history",
    ".mysql_history",
    ".terraformrc",
    "wp-config.php",
    "terraform.tfstate",
    "serviceaccount/token",
    "run/secrets",
    "dev/mem",
    "dev/kmem",
    "proc/kcore",
];

/// Ends of names of files that are keys.
const KEYS: [&str; 9] = [".key", ".keytab", ".p12", ".pfx", ".jks", ".kdbx", ".ppk", "_rsa", "_ed25519"];

/// Whether a path is, or may turn out to be, a file or folder that holds secrets.
#[must_use]
pub fn is_secret(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let Some(name) = parts.last() else { return false };
    // A process's view of the root is the root.
    if let ["proc", _, "root", rest @ ..] = parts.as_slice() {
        return is_secret(&format!("/{}", rest.join("/")));
    }
    if parts.first() == Some(&"proc") && matches!(*name, "environ" | "mem") {
        return true;
    }
    let inside = |folder: &str| parts.iter().rev().skip(1).any(|part| *part == folder);
    if (inside("private") && path.contains("ssl/private")) || inside(".gnupg") || path.contains("etc/sudoers") {
        return true;
    }
    if path.contains("run/secrets/") || inside(".ssh") && name.starts_with("id_") && !name.ends_with(".pub") {
        return true;
    }
    is_secret_name(name) || ENDS.iter().any(|end| may_end_in(&parts, end, path.starts_with('/')))
}

/// Whether a search for what keys begin with goes through others' files.
pub(super) fn seeks_keys(call: Call<'_>) -> bool {
    let deep = match call.name {
        "grep" | "egrep" | "fgrep" | "zgrep" => call.any_flag("rR") || call.long("recursive"),
        "rg" | "ag" | "ack" => true,
        _ => false,
    };
    let sought = |text: &str| {
        let text = text.to_ascii_uppercase();
        ["PRIVATE KEY", "AWS_SECRET", "AKIA", "PRIVATE.KEY"].iter().any(|key| text.contains(key))
    };
    let all = |word: &Word| {
        let path = super::paths::tidy(&word.text);
        matches!(path.as_str(), "/" | "/etc" | "/root" | "/home" | "/var" | "/opt" | "/srv" | "~")
    };
    let any = |text: &str| {
        let text = text.to_ascii_lowercase();
        ["passw", "secret", "private", "api_key", "apikey", "api.key", "token", "credential"]
            .iter()
            .any(|key| text.contains(key))
    };
    deep && call.args.iter().any(|word| sought(&word.text))
        && call.operands().any(|word| word.text.starts_with(['/', '~', HOLE]))
        || deep && call.args.iter().any(|word| any(&word.text)) && call.operands().any(all)
}

/// Whether the name of a variable tells that it holds a secret: `DB_PASSWORD`, `AWS_SECRET_ACCESS_KEY`.
pub(super) fn is_secret_variable(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let mut words = name.split('_').map(str::to_ascii_lowercase);
    let named = words.any(|word| {
        matches!(
            word.as_str(),
            "password"
                | "passwd"
                | "passphrase"
                | "secret"
                | "token"
                | "apikey"
                | "pgpassword"
                | "credentials"
                | "pwd"
                | "pass"
        )
    });
    let key = ["_KEY", "_DSN"].iter().any(|end| name.to_ascii_uppercase().ends_with(end));
    plain && name != "PWD" && name != "OLDPWD" && (named || key || name == "DATABASE_URL")
}

/// Whether the name of a file alone tells that it is a key or a file of settings with passwords.
pub(super) fn is_secret_name(name: &str) -> bool {
    let sample = [".example", ".sample", ".template", ".dist"].iter().any(|end| name.ends_with(end));
    let settings = name.starts_with(".env.") || name.ends_with(".env") && !name.contains('*');
    let key =
        KEYS.iter().any(|end| name.ends_with(end)) || name.starts_with("id_rsa") || name.starts_with("id_ed25519");
    let key = key || name == "privkey.pem" || name.starts_with("ssh_host_");
    let key = key && !name.ends_with(".pub");
    (settings && !sample) || key
}

/// Whether the last parts of a path match `end`.
fn may_end_in(parts: &[&str], end: &str, absolute: bool) -> bool {
    let wanted: Vec<&str> = end.split('/').collect();
    let Some(start) = parts.len().checked_sub(wanted.len()) else { return false };
    // Places of the system lie at the root; a part of a path that nothing is known about says nothing.
    if !end.starts_with('.')
        && end.contains('/')
        && wanted.first().is_some_and(|first| *first == "etc" || *first == "dev")
        && (!absolute || start != 0)
    {
        return false;
    }
    let behind = parts.get(start..).unwrap_or_default();
    let told = behind.iter().any(|part| part.chars().any(|c| !"*?[]".contains(c) && c != HOLE));
    told && behind.iter().zip(&wanted).all(|(pattern, name)| matches(pattern, name))
}

/// Whether a file name pattern may stand for `name`. A dot at the beginning must be written out, but something that is
/// not known may be anything.
fn matches(pattern: &str, name: &str) -> bool {
    if pattern == name {
        return true;
    }
    if !pattern.contains(['*', '?', '[', HOLE]) || name.starts_with('.') && pattern.starts_with(['*', '?', '[']) {
        return false;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let mut reach = vec![false; name.len() + 1];
    if let Some(first) = reach.first_mut() {
        *first = true;
    }
    let mut at = 0;
    while let Some(c) = pattern.get(at) {
        let mut next = vec![false; name.len() + 1];
        let class = (*c == '[').then(|| pattern.iter().skip(at + 2).position(|c| *c == ']')).flatten();
        for (index, _) in reach.iter().enumerate().filter(|(_, reached)| **reached) {
            match *c {
                '*' | HOLE => next.iter_mut().skip(index).for_each(|slot| *slot = true),
                _ => {
                    // A class may hold the letter: better one too many.
                    let fits = *c == '?' || class.is_some() || name.get(index) == Some(c);
                    if let Some(slot) = next.get_mut(index + 1).filter(|_| fits && index < name.len()) {
                        *slot = true;
                    }
                }
            }
        }
        reach = next;
        at += class.map_or(1, |length| length + 3);
    }
    reach.last() == Some(&true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_name_pattern_and_place() {
        for path in [
            "/etc/shadow",
            "/etc/sha*",
            "/etc/s?adow",
            "/etc/[s]hadow",
            "/???/shadow",
            "/e*/s*w",
            "/etc/*",
            "~/.ssh/*",
            "/home/a/.ssh/id_ed25519",
            "/home/*/.ssh/id_*",
            ".env",
            "app/.env.production",
            "a/server.key",
            "/etc/sha\u{FFFC}dow",
            "\u{FFFC}/.aws/credentials",
            "/proc/1/environ",
            ".ssh/id_rsa",
            "/root/.ssh",
            "/proc/self/environ",
        ] {
            assert!(is_secret(path), "{path}");
        }
        for path in [
            "/etc/hosts",
            "/etc/passwd",
            "*",
            "src/*",
            "\u{FFFC}",
            "~/.ssh/config",
            "~/.ssh/id_rsa.pub",
            "~/.ssh/known_hosts",
            ".env.example",
            "/var/log/*.log",
            "/home/a/*",
            "README.md",
            "/etc/nginx/nginx.conf",
            "a/\u{FFFC}/b",
            "keyboard",
        ] {
            assert!(!is_secret(path), "{path}");
        }
    }
}
