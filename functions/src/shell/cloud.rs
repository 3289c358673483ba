//! Commands of clouds and of places where code is kept: `aws`, `gcloud`, `az`, `gh`. Services first, then a verb, then what it is
//! about.

use super::{call::Call, paths, reading::Effect, walk::Walker, word::Word};

/// Programs of cloud providers: one of the first words says whether it only looks.
pub(super) fn judge(walker: &mut Walker, call: Call<'_>, words: &[&Word]) {
    walker.out.network = true;
    let texts: Vec<&str> = words.iter().take(5).map(|word| word.text.as_str()).collect();
    let secret = [
        "get-secret",
        "password",
        "token",
        "credential",
        "secret",
        "access-key",
        "decrypt",
        "get-parameter",
        "config-helper",
        "keys",
    ];
    let verb = looking_verb(call.name, &texts);
    if texts.iter().any(|text| secret.iter().any(|word| text.contains(word)))
        && !verb.is_some_and(|verb| verb.starts_with("list") || verb.starts_with("describe"))
    {
        walker.out.danger(format!("{} shows or changes secrets", call.name));
    } else if words.is_empty() || verb.is_some() {
    } else if let ("aws", ["s3", "cp" | "sync", from, to, ..]) = (call.name, texts.as_slice())
        && from.starts_with("s3://")
        && !to.contains("://")
    {
        // Only what comes here: what goes there leaves the machine.
        walker.out.at_least(Effect::Write);
        walker.writes_file(&paths::tidy(to));
        if call.options().any(|text| text.starts_with("--del") || text.starts_with("--endpoint")) {
            walker.out.danger("aws s3 sync removes files, or fetches from anywhere");
        }
    } else {
        walker.out.danger(format!("{} {} changes something", call.name, texts.first().copied().unwrap_or_default()));
    }
}

/// The verb of a command that only looks: the first one behind the names of services. What it is about may be called like a
/// verb.
fn looking_verb<'a>(program: &str, words: &[&'a str]) -> Option<&'a str> {
    const LOOKS: [&str; 11] =
        ["describe", "list", "ls", "show", "get-", "view", "status", "diff", "whoami", "version", "checks"];
    const CHANGES: [&str; 76] = [
        "abandon",
        "accept",
        "activate",
        "add",
        "allocate",
        "api",
        "apply",
        "approve",
        "archive",
        "assign",
        "associate",
        "attach",
        "authorize",
        "cancel",
        "change",
        "checkout",
        "clone",
        "close",
        "comment",
        "copy",
        "cp",
        "create",
        "deactivate",
        "deallocate",
        "delete",
        "deploy",
        "deregister",
        "destroy",
        "detach",
        "develop",
        "disable",
        "disassociate",
        "drain",
        "edit",
        "enable",
        "exec",
        "execute",
        "export",
        "failover",
        "fork",
        "grant",
        "import",
        "invoke",
        "lock",
        "login",
        "merge",
        "modify",
        "move",
        "mv",
        "patch",
        "promote",
        "publish",
        "purge",
        "put",
        "reboot",
        "register",
        "remove",
        "rename",
        "reopen",
        "replace",
        "reset",
        "resize",
        "restart",
        "restore",
        "revoke",
        "rm",
        "rollback",
        "rsync",
        "run",
        "scp",
        "set",
        "ssh",
        "start",
        "stop",
        "sync",
        "update",
    ];
    let looks =
        |word: &str| LOOKS.iter().any(|start| word.starts_with(start)) || matches!(word, "get" | "help" | "info");
    let stem = |word: &str| word.split('-').next().unwrap_or_default().to_owned();
    let changes = |word: &str| CHANGES.contains(&stem(word).as_str()) || stem(word) == "terminate";
    let found = match (program, words) {
        (_, ["api" | "rest" | "alias", ..]) => None,
        ("aws", [service, verb, ..]) => Some(*verb).filter(|verb| looks(verb) || (*service, *verb) == ("logs", "tail")),
        ("gh" | "glab", [first, second, ..]) => {
            if looks(second) || !changes(second) {
                [*second, *first].into_iter().find(|word| looks(word))
            } else {
                None
            }
        }
        (_, words) => {
            let verbs = words.iter().enumerate().filter(|(place, word)| looks(word) || (*place > 0 && changes(word)));
            verbs.map(|(_, word)| *word).next()
        }
    };
    found.filter(|verb| looks(verb) || *verb == "tail")
}
